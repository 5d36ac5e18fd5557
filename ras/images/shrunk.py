"""A picture that is kept at a fraction of its size and still resized as exactly as the whole one."""

from __future__ import annotations

from typing import Tuple

from PIL.Image import Image, Resampling, Transpose

Box = Tuple[float, float, float, float]
"""(left, top, right, bottom), in pixels."""

_MOVES = {
    Transpose.FLIP_LEFT_RIGHT: lambda x, y: (1 - x, y),
    Transpose.FLIP_TOP_BOTTOM: lambda x, y: (x, 1 - y),
    Transpose.ROTATE_90: lambda x, y: (y, 1 - x),
    Transpose.ROTATE_180: lambda x, y: (1 - x, 1 - y),
    Transpose.ROTATE_270: lambda x, y: (1 - y, x),
    Transpose.TRANSPOSE: lambda x, y: (y, x),
    Transpose.TRANSVERSE: lambda x, y: (1 - y, 1 - x),
}
"""Where a point lies afterwards, in shares of the picture's sides."""


class Shrunk:
    """Says its whole size, and is resized like the whole picture from the fewer pixels that were decoded.

    A side of 2,121 pixels becomes 531 at a quarter, the last of which is a quarter wide. Taken for whole, it would
    shift what is in the picture by up to a third of a pixel of what encoders see.
    """

    def __init__(self, image: Image, size: tuple[int, int], extent: Box | None = None) -> None:
        """``extent``: what of ``image`` (RGB) the whole picture, of this ``size``, covers; all of it if None."""
        self.image = image
        self.size = size
        self.extent: Box = extent or (0, 0, image.width, image.height)

    @property
    def width(self) -> int:
        return self.size[0]

    @property
    def height(self) -> int:
        return self.size[1]

    def resize(
        self, size: tuple[int, int], resample: Resampling, box: Box | None = None, reducing_gap: float | None = None
    ) -> Image:
        """As ``Image.resize``; ``box`` is in pixels of the whole picture."""
        left, top, right, bottom = self.extent
        if box is not None:
            x, y = (right - left) / self.width, (bottom - top) / self.height
            left, right = left + box[0] * x, min(right, left + box[2] * x)
            top, bottom = top + box[1] * y, min(bottom, top + box[3] * y)
        return self.image.resize(size, resample, (left, top, right, bottom), reducing_gap)

    def reduced(self, factor: int) -> Shrunk:
        """With 1/``factor`` of the pixels on each side, each the mean of those that it replaces."""
        left, top, right, bottom = self.extent
        smaller = (left / factor, top / factor, right / factor, bottom / factor)
        return Shrunk(self.image.reduce(factor), self.size, smaller)

    def turned(self, way: Transpose) -> Shrunk:
        """Mirrored or turned, as by ``Image.transpose``."""
        left, top, right, bottom = self.extent
        width, height = self.image.size
        image = self.image.transpose(way)
        (x1, y1), (x2, y2) = (_MOVES[way](x / width, y / height) for x, y in ((left, top), (right, bottom)))
        extent = (
            min(x1, x2) * image.width,
            min(y1, y2) * image.height,
            max(x1, x2) * image.width,
            max(y1, y2) * image.height,
        )
        stays_wide = way in (Transpose.FLIP_LEFT_RIGHT, Transpose.FLIP_TOP_BOTTOM, Transpose.ROTATE_180)
        return Shrunk(image, self.size if stays_wide else (self.height, self.width), extent)
