"""Which part of the query is which part of a picture: outlines, and what they tell of how it was altered."""

from __future__ import annotations

import math

import numpy as np

from ras.matching.geometry import Projection
from ras.records import Change, MatchedRegion

WHOLE = 0.93
"""A region that covers this share of a picture is all of it: projections are off by a little."""

_STRIP = 0.94
"""Share of the width that a picture under a caption has."""

_SMALLEST = 1.0
"""Square pixels of a picture: less is no region, but what a projection leaves that squeezes everything onto a line."""

_NEAREST = 1e-3
"""Depth, as a share of the largest, from which on a point of the query is in view: it has no place where it is 0."""


_SHADES = 16
"""Levels of brightness around the median: what is within them is of one shade."""

_PLAIN_FRAME = 0.85
_PLAIN_BAR = 0.6
"""Shares of one shade that a frame, and a bar with a text on it, have at least."""


def matched_region(projection: Projection, query: tuple[int, int], picture: tuple[int, int]) -> MatchedRegion | None:
    """Where both show the same; None if nowhere. ``query``, ``picture``: sizes (pixels) of the reduced pictures."""
    outline = _projected(projection.matrix, _in_view(projection.matrix, query))
    inside = _clipped(outline, *picture)
    if len(inside) < 3 or _area(inside) < _SMALLEST:
        return None
    back = _projected(np.linalg.inv(projection.matrix), inside) / query
    if projection.mirrored:
        back[:, 0] = 1 - back[:, 0]
    return MatchedRegion(_points(back), _points(inside / picture))


def whole_region(way: tuple[int, int, int]) -> MatchedRegion:
    """The whole of both, laid as ``hashing.WAYS`` says."""
    transposed, left_right, top_bottom = way
    corners = _corners(1, 1)
    back = corners.copy()
    if top_bottom:
        back[:, 1] = 1 - back[:, 1]
    if left_right:
        back[:, 0] = 1 - back[:, 0]
    if transposed:
        back = back[:, ::-1]
    return MatchedRegion(_points(back), _points(corners))


def laying_changes(way: tuple[int, int, int]) -> list[Change]:
    """What laying a picture another way does to it."""
    flips = sum(way) % 2
    turned = way not in ((0, 0, 0), (0, 1, 0))
    return [Change.MIRRORED] * flips + [Change.TURNED] * turned


def shape_changes(projection: Projection, region: MatchedRegion, luma: np.ndarray) -> list[Change]:
    """Cropped, mirrored, turned, stretched, seen at an angle; framed, with a caption, or part of a larger picture.

    ``luma``: the reduced query, uint8 (h, w).
    """
    query = luma.shape[1], luma.shape[0]
    changes = []
    on_picture, on_query = (np.array(points) for points in (region.picture, region.query))
    if _area(on_picture) < WHOLE:
        changes.append(Change.CROPPED)
    if projection.mirrored:
        changes.append(Change.MIRRORED)
    depths = _depths(projection.matrix, query)
    tilted = depths.max() > 1.08 * depths.min()
    if depths.min() > 0:  # else it is seen so much from the side that there is no telling how else it lies
        linear = _linear(projection.matrix, query)
        turn = math.degrees(math.atan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))
        if abs(turn) > 2:
            changes.append(Change.TURNED)
        long, short = np.linalg.svd(linear, compute_uv=False)
        if not tilted and long > 1.08 * short:
            changes.append(Change.STRETCHED)
    if tilted:
        changes.append(Change.TILTED)
    added = _added(on_query, luma)
    return [*changes, added] if added is not None else changes


def _added(on_query: np.ndarray, luma: np.ndarray) -> Change | None:
    """What stands around the region on the query."""
    if _area(on_query) >= WHOLE:
        return None
    (left, top), (right, bottom) = on_query.min(axis=0), on_query.max(axis=0)
    boxlike = _area(on_query) > 0.9 * (right - left) * (bottom - top)
    if not boxlike:
        return Change.EMBEDDED
    plain = _plain_share((left, top, right, bottom), luma)
    margins = left, 1 - right, top, 1 - bottom
    if min(margins) > 0.01 and max(margins) < 0.25 and plain >= _PLAIN_FRAME:
        return Change.FRAMED
    if right - left >= _STRIP and bottom - top >= 0.5 and plain >= _PLAIN_BAR:
        return Change.CAPTION
    return Change.EMBEDDED


def _plain_share(box: tuple[float, float, float, float], luma: np.ndarray) -> float:
    """How much of what is outside the box is of one shade, as frames are, and the ground of captions."""
    height, width = luma.shape
    outside = np.ones(luma.shape, bool)
    left, top, right, bottom = box
    # A little more than the box: a projection is off by a pixel or two, and copies have soft edges.
    rows = slice(max(0, math.floor(top * height) - 3), math.ceil(bottom * height) + 3)
    outside[rows, max(0, math.floor(left * width) - 3) : math.ceil(right * width) + 3] = False
    around = luma[outside].astype(np.int16)
    return float((np.abs(around - np.median(around)) <= _SHADES).mean()) if len(around) else 1.0


def _linear(matrix: np.ndarray, query: tuple[int, int]) -> np.ndarray:
    """The projection around the query's middle, float64 (2, 2)."""
    middle = matrix @ (query[0] / 2, query[1] / 2, 1)
    linear: np.ndarray = (matrix[:2, :2] - np.outer(middle[:2] / middle[2], matrix[2, :2])) / middle[2]
    return linear


def _depths(matrix: np.ndarray, query: tuple[int, int]) -> np.ndarray:
    """float64 (4,): how far away the query's corners are; 0 and less lie behind whoever looks."""
    depths: np.ndarray = _corners(*query) @ matrix[2, :2] + matrix[2, 2]
    return depths


def _in_view(matrix: np.ndarray, query: tuple[int, int]) -> np.ndarray:
    """The part of the query that a projection has a place for: all of it, but for the wildest; float64 (n, 2)."""
    farthest = _depths(matrix, query).max()
    if farthest <= 0:
        return np.zeros((0, 2))
    return _beyond(_corners(*query), (matrix[2, 0], matrix[2, 1]), _NEAREST * farthest - matrix[2, 2])


def _corners(width: float, height: float) -> np.ndarray:
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)


def _projected(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, 2) → (n, 2)."""
    mapped = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ matrix.T
    flat: np.ndarray = mapped[:, :2] / mapped[:, 2:]
    return flat


def _clipped(points: np.ndarray, width: float, height: float) -> np.ndarray:
    """The part of a convex polygon (n, 2) inside a picture (Sutherland and Hodgman 1974)."""
    for direction, least in (((1, 0), 0.0), ((-1, 0), -width), ((0, 1), 0.0), ((0, -1), -height)):
        points = _beyond(points, direction, least)
    return points


def _beyond(points: np.ndarray, direction: tuple[float, float], least: float) -> np.ndarray:
    """The part of a convex polygon (n, 2) whose points reach at least so far in a direction."""
    reach = points @ np.array(direction, np.float64) - least
    kept: list[np.ndarray] = []
    for number in range(len(points)):
        here, before = reach[number], reach[number - 1]
        if (here >= 0) != (before >= 0):
            kept.append(points[number - 1] + before / (before - here) * (points[number] - points[number - 1]))
        if here >= 0:
            kept.append(points[number])
    return np.array(kept, np.float64).reshape(-1, 2)


def _area(points: np.ndarray) -> float:
    x, y = points[:, 0], points[:, 1]
    return 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def _points(points: np.ndarray) -> tuple[tuple[float, float], ...]:
    return tuple((round(min(1.0, max(0.0, x)), 4), round(min(1.0, max(0.0, y)), 4)) for x, y in points.tolist())
