"""Do the keypoints of two pictures lie alike? Matching them by signature, and the projection that most agree on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ras.matching.codebook import ones
from ras.matching.features import ANGLES, PLACES, SCALES, Features, points_of
from ras.matching.keypoints import load_opencv
from ras.matching.query import QueryFeatures, Side

RATIO = 0.85
"""A match's distance to that of the next best (Lowe 2004)."""
FARTHEST = 22
"""Bits in which the signatures of a match may differ."""
SAME = 4
"""Pixels within which keypoints are at the same place."""
TOLERANCE = 5.0
"""Pixels of the reduced picture by which an inlier may be off."""

AROUND = 10.0
"""Pixels around the place where a projection takes a keypoint, in which its like is looked for to fit it anew."""
CLOSE = 2.5
"""Pixels by which a keypoint may be off then."""
_FEWEST = 12
"""Keypoints without which a projection is not fitted anew."""


@dataclass(frozen=True)
class Projection:
    """How the query lies on a picture."""

    matrix: np.ndarray
    """float64 (3, 3): homogeneous pixels of the reduced query → of the reduced picture."""
    mirrored: bool
    """Whether it is the query's mirror image that is projected."""
    inliers: int


def project(query: QueryFeatures, features: Features) -> Projection | None:
    """The projection of the query onto the picture that most keypoints agree on; None where fewer than four do."""
    found = [
        projection
        for number, side in enumerate(query.sides)
        if (projection := _project(side, features, bool(number))) is not None
    ]
    return max(found, key=lambda one: one.inliers, default=None)


def fitted(query: QueryFeatures, features: Features, projection: Projection) -> Projection:
    """The projection, fitted to all keypoints that are alike and lie where it says, of which ``match`` leaves out many.

    It is off by a pixel where the given one is off by five, which matters in photos of a screen. The same one where too
    few keypoints are there.
    """
    side = query.sides[int(projection.mirrored)].keypoints
    source, target = points_of(side), points_of(features.keypoints)
    placed = np.concatenate([source, np.ones((len(source), 1))], axis=1) @ projection.matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):
        placed = np.where(placed[:, 2:] > 0, placed[:, :2] / placed[:, 2:], np.inf)
    near = np.abs(placed[:, None] - target[None]).max(axis=2) <= AROUND
    far = np.where(near, ones(side["signature"][:, None] ^ features.keypoints["signature"][None]), np.uint8(255))
    nearest, rows = far.argmin(axis=1), np.arange(len(source))
    rows = rows[(far[rows, nearest] <= FARTHEST) & (far.argmin(axis=0)[nearest] == rows)]
    if len(rows) < _FEWEST:
        return projection
    cv2 = load_opencv()
    cv2.setRNGSeed(1)
    source, target = source[rows], target[nearest[rows]]
    matrix, mask = cv2.findHomography(source, target, cv2.RANSAC, CLOSE, maxIters=500)
    if matrix is None or mask.sum() < _FEWEST or not is_sane(matrix, source):
        return projection
    return replace(projection, matrix=matrix)


def _project(side: Side, features: Features, mirrored: bool) -> Projection | None:
    mine, theirs = match(side.keypoints, features.keypoints)
    if len(mine) < 4:
        return None
    one, other = side.keypoints[mine], features.keypoints[theirs]
    source, target = points_of(one), points_of(other)
    inside = _most_agreed(one, other, source, target)
    if inside.sum() < 4:
        return None
    matrix, inside = _refined(source, target, inside)
    inliers = _distinct(source[inside], target[inside])
    return Projection(matrix, mirrored, inliers) if inliers >= 4 else None


def match(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``KEYPOINT`` (n,) and (m,) → places int64 (k,) in each of those that are each other's nearest, by a margin."""
    none = np.zeros(0, np.int64)
    if not len(one) or len(other) < 2:
        return none, none
    far = ones(one["signature"][:, None] ^ other["signature"][None])
    nearest = far.argmin(axis=1)
    rows = np.arange(len(one))
    best = far[rows, nearest]
    mutual = (best <= FARTHEST) & (far.argmin(axis=0)[nearest] == rows)
    rows = rows[mutual]
    if not len(rows):
        return none, none
    near = far[rows]
    # The next best at another place: a corner often has several keypoints.
    x, y = (other[axis].astype(np.int32) for axis in ("x", "y"))
    same = _is_near(x, nearest[rows]) & _is_near(y, nearest[rows])
    second = np.maximum(near, same * np.uint8(64)).min(axis=1)
    good = best[rows] <= RATIO * second
    return rows[good], nearest[rows[good]]


def _is_near(places: np.ndarray, which: np.ndarray) -> np.ndarray:
    """(m,), (k,) → bool (k, m): which places are within ``SAME`` of those of ``which``."""
    # One comparison instead of two: what is below zero wraps around to more than any.
    near: np.ndarray = (places[None] - (places[which] - SAME * PLACES)[:, None]).astype(np.uint32) <= 2 * SAME * PLACES
    return near


def _most_agreed(one: np.ndarray, other: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """bool (k,): the matches that agree on one similarity, of those that each match alone suggests."""
    zoom = np.exp2((other["scale"].astype(np.float32) - one["scale"]) / SCALES)
    turn = (other["angle"].astype(np.float32) - one["angle"]) * (2 * np.pi / ANGLES)
    a, b = zoom * np.cos(turn), zoom * np.sin(turn)
    x, y = source[:, 0], source[:, 1]
    dx, dy = x[None] - x[:, None], y[None] - y[:, None]
    off_x = a[:, None] * dx - b[:, None] * dy - (target[None, :, 0] - target[:, None, 0])
    off_y = b[:, None] * dx + a[:, None] * dy - (target[None, :, 1] - target[:, None, 1])
    # A keypoint's own turn and zoom are rough: the farther away, the more it may be off.
    reach = 2 * TOLERANCE + 0.12 * zoom[:, None] * np.hypot(dx, dy)
    agree = np.hypot(off_x, off_y) <= reach
    similar = np.abs(np.log2(zoom[None] / zoom[:, None])) < 0.8
    apart = np.abs((turn[None] - turn[:, None] + np.pi) % (2 * np.pi) - np.pi)
    agree &= similar & (apart < 0.5)
    best: np.ndarray = agree[agree.sum(axis=1).argmax()]
    return best


def _refined(source: np.ndarray, target: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The affine map, then the homography, that fits the matches best; and which of them it fits."""
    matrix = np.eye(3)
    homogeneous = np.concatenate([source, np.ones((len(source), 1))], axis=1).astype(np.float64)
    for tolerance in (4 * TOLERANCE, 2 * TOLERANCE, 2 * TOLERANCE):
        if inside.sum() < 3:
            break
        matrix[:2] = np.linalg.lstsq(homogeneous[inside], target[inside].astype(np.float64), rcond=None)[0].T
        inside = np.hypot(*(homogeneous @ matrix[:2].T - target).T) <= tolerance
    affine = np.hypot(*(homogeneous @ matrix[:2].T - target).T) <= TOLERANCE
    near = np.hypot(*(homogeneous @ matrix[:2].T - target).T) <= 5 * TOLERANCE
    if near.sum() >= 6:
        cv2 = load_opencv()
        cv2.setRNGSeed(1)
        found, mask = cv2.findHomography(source[near], target[near], cv2.RANSAC, TOLERANCE, maxIters=500)
        if found is not None and mask.sum() > affine.sum() and is_sane(found, source):
            fits = np.zeros(len(source), bool)
            fits[np.flatnonzero(near)[mask.reshape(-1) > 0]] = True
            return found, fits
    return matrix, affine


def is_sane(matrix: np.ndarray, source: np.ndarray) -> bool:
    """Whether a projection neither flips nor folds what it maps, nor blows one part up beyond measure."""
    low, high = source.min(axis=0), source.max(axis=0)
    corners = np.array([[low[0], low[1], 1], [high[0], low[1], 1], [high[0], high[1], 1], [low[0], high[1], 1]])
    depth = corners @ matrix[2]
    if depth.min() <= 0 or depth.max() > 3 * depth.min():
        return False
    points = (corners @ matrix[:2].T) / depth[:, None]
    sides = np.roll(points, -1, axis=0) - points
    turns = sides[:, 0] * np.roll(sides[:, 1], -1) - sides[:, 1] * np.roll(sides[:, 0], -1)
    return bool((turns > 0).all())


def _distinct(source: np.ndarray, target: np.ndarray) -> int:
    """How many places the matches are at, in the picture where they are fewer."""
    return min(len(np.unique(np.round(points / 3), axis=0)) for points in (source, target)) if len(source) else 0
