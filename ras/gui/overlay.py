"""Draws what a pane shows: a part of a picture, and the query laid over it where both show the same. No Tk here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence, Tuple

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    import numpy as np

    from ras.gui.zoom import Size, Zoom
    from ras.records import MatchedRegion, Point

Matrix = Tuple[float, ...]
"""A projection of the plane, 3 × 3, row by row."""

MOST_PIXELS = 16_000_000
"""Of a picture that is kept to be looked at: 64 MB in Pillow, and a third more for its smaller copies."""
_SMALLEST = 256
_COARSE = 4.0
"""From so many pixels of the screen on, those of the picture are shown as squares."""
_OFF = 0.03
"""In shares of a side: a projection that takes the region's corners no nearer to each other is none."""


@dataclass(frozen=True)
class Layers:
    """A picture, and copies of it of half, a quarter … of its size, so that any part of it is drawn at once."""

    images: tuple[Image.Image, ...]
    """The largest first."""
    size: Size
    """Of the whole picture, whose largest image may be smaller."""

    @property
    def reduced(self) -> bool:
        """Whether there is less to see of it than it has."""
        return self.images[0].width < self.size[0] * 0.9

    def at_scale(self, scale: float) -> Image.Image:
        """The smallest copy that has a pixel for each one of the screen."""
        enough = [image for image in self.images if image.width >= self.size[0] * scale]
        return enough[-1] if enough else self.images[0]


def layers(image: Image.Image, size: Size | None = None) -> Layers:
    """``size``: of the whole picture, where ``image`` (RGB) is a reduced one."""
    whole = size or image.size
    factor = 1
    while image.width * image.height > MOST_PIXELS * factor * factor:
        factor += 1
    images = [image.reduce(factor) if factor > 1 else image]
    while max(images[-1].size) > 2 * _SMALLEST and min(images[-1].size) > 2:
        images.append(images[-1].reduce(2))
    return Layers(tuple(images), whole)


def draw_part(picture: Layers, zoom: Zoom, room: Size, ground: str) -> Image.Image:
    """The pane's picture (RGB, of the size ``room``); ``ground`` is beside it."""
    face = Image.new("RGB", room, ground)
    scale = zoom.scale(picture.size, room)
    corner = _corner(picture.size, zoom, room, scale)
    seen, source = [], []
    image = picture.at_scale(scale)
    for start, side, pixels, have in zip(corner, picture.size, room, image.size):
        first, last = max(0, round(start)), min(pixels, max(round(start) + 1, round(start + side * scale)))
        seen.append((first, last))
        source.append([max(0.0, min(1.0, (at - start) / (side * scale))) * have for at in (first, last)])
    (left, right), (top, bottom) = seen
    if right <= left or bottom <= top or any(high <= low for low, high in source):
        return face
    resample = Image.Resampling.NEAREST if scale >= _COARSE else Image.Resampling.BILINEAR
    box = (source[0][0], source[1][0], source[0][1], source[1][1])
    face.paste(image.resize((right - left, bottom - top), resample, box), (left, top))
    return face


def draw_over(
    picture: Layers, query: Layers, onto_query: Matrix, blend: float, zoom: Zoom, room: Size, ground: str
) -> Image.Image:
    """The same with the query over it, by ``blend`` of 0 to 1. ``onto_query``: shares of one → shares of the other."""
    import numpy as np

    face = draw_part(picture, zoom, room, ground)
    if blend <= 0:
        return face
    scale = zoom.scale(picture.size, room)
    left, top = _corner(picture.size, zoom, room, scale)
    wide, high = (side * scale for side in picture.size)
    shares = np.array([[1 / wide, 0, -left / wide], [0, 1 / high, -top / high], [0, 0, 1]])
    to_query = np.array(onto_query).reshape(3, 3) @ shares
    image = query.at_scale(_scale_at(to_query, room, query.size))
    matrix = np.diag([image.width, image.height, 1.0]) @ to_query
    if abs(matrix[2, 2]) < 1e-12:
        return face
    # What lies behind whoever looks would be drawn, too, upside down: only what is before them is.
    depths = np.array([(0, 0, 1), (room[0], 0, 1), (0, room[1], 1), (*room, 1)], float) @ to_query[2]
    coefficients = tuple((matrix / matrix[2, 2]).ravel()[:8].tolist())
    flat = Image.new("L", image.size, round(255 * min(1.0, blend)))
    method, sharp = Image.Transform.PERSPECTIVE, Image.Resampling.BILINEAR
    mask = flat.transform(room, method, coefficients, sharp, fillcolor=0)
    if depths.min() <= 0:
        mask = _before_the_eye(mask, to_query[2])
    face.paste(image.transform(room, method, coefficients, sharp), (0, 0), mask)
    return face


def projection(region: MatchedRegion) -> Matrix | None:
    """Shares of the picture → shares of the query, from the corners of what both show; None where they do not say."""
    import numpy as np

    source, target = (np.array(points, float).reshape(-1, 2) for points in (region.picture, region.query))
    if len(source) < 3 or len(source) != len(target):
        return None
    found = _fitted(source, target) if len(source) > 3 else None
    if found is None:  # three corners, or four of which three are in a line: without perspective
        ones = np.ones((len(source), 1))
        affine, _, rank, _ = np.linalg.lstsq(np.hstack([source, ones]), target, rcond=None)
        if rank < 3:
            return None
        found = np.vstack([affine.T, (0, 0, 1)])
    if not np.isfinite(found).all() or abs(np.linalg.det(found)) < 1e-9:
        return None
    if np.abs(_mapped(found, source) - target).max() > _OFF:
        return None
    return tuple(found.ravel().tolist())


def inside(picture: Size, query: Size) -> Matrix:
    """Shares of the picture → shares of the query, where it stands in its middle as large as it fits."""
    shape = (picture[0] / picture[1]) / (query[0] / query[1])
    x, y = max(1.0, shape), max(1.0, 1 / shape)
    return (x, 0.0, (1 - x) / 2, 0.0, y, (1 - y) / 2, 0.0, 0.0, 1.0)


def mapped(matrix: Matrix, point: Point) -> Point | None:
    """Where a projection takes a point; None for what it has no place for."""
    x, y, depth = (sum(a * b for a, b in zip(matrix[row : row + 3], (*point, 1.0))) for row in (0, 3, 6))
    return (x / depth, y / depth) if depth > 1e-6 else None


def _fitted(source: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """The projection that fits best (direct linear transformation); None where the points leave it open."""
    import numpy as np

    rows = []
    for (x, y), (u, v) in zip(source.tolist(), target.tolist()):
        rows.append((x, y, 1, 0, 0, 0, -u * x, -u * y, -u))
        rows.append((0, 0, 0, x, y, 1, -v * x, -v * y, -v))
    _, values, vectors = np.linalg.svd(np.array(rows, float))
    if values[7] < 1e-6 * values[0]:
        return None
    found: np.ndarray = vectors[8].reshape(3, 3)
    depths = source @ found[2, :2] + found[2, 2]
    if depths.min() < 0 < depths.max() or not np.abs(depths).min() > 1e-9:
        return None
    found /= depths.mean()
    return found


def _mapped(matrix: np.ndarray, points: Sequence[Point] | np.ndarray) -> np.ndarray:
    import numpy as np

    projected = np.hstack([np.array(points, float), np.ones((len(points), 1))]) @ matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):  # infinitely far away
        flat: np.ndarray = projected[:, :2] / projected[:, 2:]
    return flat


def _corner(picture: Size, zoom: Zoom, room: Size, scale: float) -> tuple[float, float]:
    """Where in the pane the picture's top left corner is, perhaps beyond its edge."""
    return room[0] / 2 - zoom.x * picture[0] * scale, room[1] / 2 - zoom.y * picture[1] * scale


def _scale_at(to_query: np.ndarray, room: Size, query: Size) -> float:
    """Pixels of the pane for one of the query, in the pane's middle."""
    import numpy as np

    middle = (room[0] / 2, room[1] / 2)
    steps = _mapped(to_query, (middle, (middle[0] + 1, middle[1]), (middle[0], middle[1] + 1)))
    with np.errstate(invalid="ignore"):
        sides = (steps[1:] - steps[0]) * query
    if not np.isfinite(sides).all():
        return 1.0
    return float(1 / max(1e-6, abs(np.linalg.det(sides)) ** 0.5))


def _before_the_eye(mask: Image.Image, row: np.ndarray) -> Image.Image:
    """The mask where a projection's depth (``row`` times the place) is more than nothing."""
    a, b, c = (float(value) for value in row)
    wide, high = mask.size
    corners = [(0.0, 0.0), (float(wide), 0.0), (float(wide), float(high)), (0.0, float(high))]
    kept: list[Point] = []
    for start, end in zip([corners[-1], *corners[:-1]], corners):
        depths = [a * x + b * y + c for x, y in (start, end)]
        if (depths[0] > 0) != (depths[1] > 0):
            share = depths[0] / (depths[0] - depths[1])
            kept.append((start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
        if depths[1] > 0:
            kept.append(end)
    seen = Image.new("L", mask.size, 0)
    if len(kept) > 2:
        shape = Image.new("L", mask.size, 0)
        ImageDraw.Draw(shape).polygon(kept, fill=255)
        seen.paste(mask, (0, 0), shape)
    return seen
