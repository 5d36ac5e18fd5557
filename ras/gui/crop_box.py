"""The part of a picture that is to be searched for: a box that is dragged, moved and resized. No Tk here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ras.records import Point

LEAST = 8
"""Pixels of the picture a side; what is smaller has nothing in it."""

HANDLES: dict[str, Point] = {
    "nw": (0, 0),
    "n": (0.5, 0),
    "ne": (1, 0),
    "e": (1, 0.5),
    "se": (1, 1),
    "s": (0.5, 1),
    "sw": (0, 1),
    "w": (0, 0.5),
}
"""Where they stand on a box, in shares of its sides."""


@dataclass(frozen=True)
class CropBox:
    """In pixels of a picture of ``size``: never outside of it, never smaller than ``LEAST`` (or than the picture)."""

    left: int
    top: int
    right: int
    bottom: int
    size: tuple[int, int]

    @classmethod
    def between(cls, start: Point, end: Point, size: tuple[int, int]) -> CropBox:
        """From one corner to the opposite one, both in pixels of the picture."""
        sides = []
        for one, other, length in zip(start, end, size):
            low, high = (round(max(0, min(value, length))) for value in sorted((one, other)))
            least = min(LEAST, length)
            low = min(low, length - least)
            sides.append((low, max(high, low + least)))
        (left, right), (top, bottom) = sides
        return cls(left, top, right, bottom, size)

    @classmethod
    def middle(cls, size: tuple[int, int]) -> CropBox:
        """Half of each side, where nothing was dragged yet."""
        width, height = size
        return cls.between((width * 0.25, height * 0.25), (width * 0.75, height * 0.75), size)

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def box(self) -> tuple[int, int, int, int]:
        """As Pillow has it."""
        return self.left, self.top, self.right, self.bottom

    @property
    def whole(self) -> bool:
        """Whether it is the whole picture."""
        return self.box == (0, 0, *self.size)

    def moved(self, right: float, down: float) -> CropBox:
        """As far as the picture goes."""
        right = round(max(-self.left, min(right, self.size[0] - self.right)))
        down = round(max(-self.top, min(down, self.size[1] - self.bottom)))
        return CropBox(self.left + right, self.top + down, self.right + right, self.bottom + down, self.size)

    def resized(self, handle: str, right: float, down: float) -> CropBox:
        """With one of its ``HANDLES`` pulled; the opposite side stays, unless it is pulled past that."""
        left, top, far, bottom = (float(value) for value in self.box)
        if "w" in handle:
            left += right
        if "e" in handle:
            far += right
        if "n" in handle:
            top += down
        if "s" in handle:
            bottom += down
        return CropBox.between((left, top), (far, bottom), self.size)

    def grown(self, wider: float, higher: float) -> CropBox:
        """At its right and its lower side; where the picture ends, at the opposite one."""
        width = max(min(LEAST, self.size[0]), min(self.size[0], round(self.width + wider)))
        height = max(min(LEAST, self.size[1]), min(self.size[1], round(self.height + higher)))
        left, top = min(self.left, self.size[0] - width), min(self.top, self.size[1] - height)
        return CropBox(left, top, left + width, top + height, self.size)

    def of_whole(self, region: Sequence[Point]) -> tuple[Point, ...]:
        """Corners in shares of the box → in shares of the picture."""
        width, height = self.size
        return tuple(((self.left + x * self.width) / width, (self.top + y * self.height) / height) for x, y in region)
