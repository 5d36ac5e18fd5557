"""The check of one candidate: is it the query's picture, how was it altered, and what speaks for it?"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ras.matching import hashing
from ras.matching.alignment import Overlay, laid_over, laid_whole, laying
from ras.matching.colours import colour_changes, is_covered, same_colours
from ras.matching.features import Features
from ras.matching.geometry import Projection, fitted, project
from ras.matching.identity import IDENTICAL_DISTANCE, is_identical
from ras.matching.local import LONGEST
from ras.matching.query import QueryFeatures
from ras.matching.redescribed import is_contradicted
from ras.matching.regions import laying_changes, matched_region, shape_changes, whole_region
from ras.records import Change, Evidence, MatchedRegion, Verdict

log = logging.getLogger(__name__)

INLIERS = 8
AGREEMENT = 0.55
"""With so many inliers: the median correlation of blocks, less the share of blocks that show something else, from which
on two pictures are the same."""

MANY_INLIERS = 20
MANY_MEAN = 0.7
"""Who has so many must also agree so well in the mean: screenshots of one program, with other words in them, have many
inliers and a good median too, and are the hard case. It takes a quarter of them, and 1 in 250 true copies."""

COVERED_INLIERS = 60
COVERED_AGREEMENT = 0.93
"""Unless there are as many, and the median is as good, as where a text was written over a third of a picture."""

FEW_INLIERS = 6
FEW_AGREEMENT = 0.8
FEW_DISAGREEMENT = 0.15
"""The same where there are fewer inliers."""

ALIKE_INLIERS = 8
"""So many inliers say that pictures have something in common, also where they are not the same."""

WHOLE_DISTANCE = 70
"""Bits between two hashes up to which the whole pictures are laid over each other."""

WHOLE_AGREEMENT = 0.8
"""Of whole pictures whose keypoints say nothing: the median correlation from which on they are the same, where their
colours are: flags of one pattern are many pictures."""

FEWEST_BLOCKS = 3
"""Blocks with something in them, without which pictures cannot be compared."""

_WELL_LAID = 0.97
"""Mean correlation of blocks from which on a projection is not fitted anew."""

_ANOTHER = 0.25
"""Correlation below which a block shows something else."""

_AS_IS = hashing.WAYS[0]


@dataclass(frozen=True)
class Finding:
    """What a candidate is to the query."""

    verdict: Verdict
    evidence: Evidence
    changes: tuple[Change, ...] = ()
    region: MatchedRegion | None = None


def same_bytes(cosine: float) -> Finding:
    """What a picture is whose file is the query's, byte for byte."""
    return Finding(Verdict.IDENTICAL, Evidence(0, 1.0, 0, cosine), (), whole_region(_AS_IS))


def check(query: QueryFeatures, features: Features, preview: bytes | None, cosine: float, convincing: float) -> Finding:
    """Compare the query with a picture, by its features and its preview (JPEG or PNG).

    ``cosine``: of their embeddings; from ``convincing`` on they look alike.
    """
    distances = [hashing.distance(mine, features.hash) for mine in query.hashes]
    projection = project(query, features)
    inliers = 0 if projection is None else projection.inliers
    pixels = None
    if preview is not None and (inliers >= FEW_INLIERS or min(distances) <= WHOLE_DISTANCE):
        pixels = _open(preview)
    agreement = None
    if pixels is not None:
        if distances[0] <= IDENTICAL_DISTANCE and is_identical(query, features, pixels):
            whole = laid_whole(query.image, pixels, _AS_IS)
            return _finding(Verdict.IDENTICAL, inliers, whole, distances, cosine, [], whole_region(_AS_IS))
        if projection is not None and inliers >= FEW_INLIERS:
            projection, found = _best_laid(query, features, pixels, projection)
            agreement = agreement_of(found)
            region = matched_region(projection, query.image.size, features.size)
            luma = _as_projected(query.luma, projection)
            same = region is not None and _is_same(found, inliers)
            if region is not None and same and not is_contradicted(luma, projection.matrix, features, found):
                changes = shape_changes(projection, region, query.luma)
                return _finding(Verdict.ALTERED, inliers, found, distances, cosine, changes, region)
        if min(distances) <= WHOLE_DISTANCE:
            way = hashing.WAYS[int(np.argmin(distances))]
            whole = laid_whole(query.image, pixels, way)
            same = (agreement_of(whole) or 0) >= WHOLE_AGREEMENT and same_colours(whole)
            if same and not _is_contradicted_whole(query, features, way, whole):
                return _finding(
                    Verdict.ALTERED, inliers, whole, distances, cosine, laying_changes(way), whole_region(way)
                )
    alike = cosine >= convincing or inliers >= ALIKE_INLIERS
    evidence = Evidence(inliers, agreement, min(distances), cosine)
    return Finding(Verdict.ALIKE if alike else Verdict.UNLIKELY, evidence)


def _is_same(overlay: Overlay, inliers: int) -> bool:
    """Whether pictures that a projection of so many inliers takes into each other show the same."""
    agreement = agreement_of(overlay)
    if agreement is None:
        return False
    disagreement = float((overlay.compared < _ANOTHER).mean())
    if inliers >= INLIERS and agreement - disagreement >= AGREEMENT:
        covered = inliers >= COVERED_INLIERS and agreement >= COVERED_AGREEMENT
        if inliers < MANY_INLIERS or overlay.compared.mean() >= MANY_MEAN or covered:
            return True
    return agreement >= FEW_AGREEMENT and disagreement <= FEW_DISAGREEMENT


def agreement_of(overlay: Overlay) -> float | None:
    """Median of the blocks' correlations; None where there is too little to compare."""
    compared = overlay.compared
    return float(np.median(compared)) if len(compared) >= FEWEST_BLOCKS else None


def _finding(
    verdict: Verdict,
    inliers: int,
    overlay: Overlay,
    distances: list[int],
    cosine: float,
    changes: list[Change],
    region: MatchedRegion,
) -> Finding:
    if verdict is Verdict.ALTERED:
        changes = [*changes, *[Change.COVERED] * is_covered(overlay), *colour_changes(overlay)] or [Change.RESAVED]
    return Finding(verdict, Evidence(inliers, agreement_of(overlay), min(distances), cosine), tuple(changes), region)


def _is_contradicted_whole(
    query: QueryFeatures, features: Features, way: tuple[int, int, int], overlay: Overlay
) -> bool:
    if not query.sides:  # no OpenCV
        return False
    return is_contradicted(query.luma, laying(way, query.image.size, features.size), features, overlay)


def _best_laid(
    query: QueryFeatures, features: Features, preview: np.ndarray, projection: Projection
) -> tuple[Projection, Overlay]:
    """The projection, fitted anew if what it lays agrees better then."""
    found = _projected(query, features, preview, projection)
    if len(found.compared) and found.compared.mean() >= _WELL_LAID:
        return projection, found
    anew = fitted(query, features, projection)
    if anew is projection:
        return projection, found
    other = _projected(query, features, preview, anew)
    if len(other.compared) < max(FEWEST_BLOCKS, 0.8 * len(found.compared)):
        return projection, found
    if len(found.compared) and other.compared.mean() < found.compared.mean():
        return projection, found
    return anew, other


def _as_projected(pixels: np.ndarray, projection: Projection) -> np.ndarray:
    """The query's pixels, or those of its mirror image."""
    return np.ascontiguousarray(pixels[:, ::-1]) if projection.mirrored else pixels


def _projected(query: QueryFeatures, features: Features, preview: np.ndarray, projection: Projection) -> Overlay:
    """The query, laid over the preview as the projection says."""
    pixels = _as_projected(np.asarray(query.image), projection)
    x, y = preview.shape[1] / features.size[0], preview.shape[0] / features.size[1]
    # From the centres of the reduced picture's pixels to those of the preview's.
    scale = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
    return laid_over(pixels, preview, scale @ projection.matrix)


def _open(preview: bytes) -> np.ndarray | None:
    """uint8 (h, w, 3); None where the store's preview is damaged."""
    # Within this process, for hundreds of them are compared in a search: RAS made it, from pixels.
    try:
        with Image.open(io.BytesIO(preview), formats=("JPEG", "PNG")) as image:
            return np.asarray(image.convert("RGB")) if max(image.size) <= LONGEST else None
    except Exception as exc:  # noqa: BLE001  Pillow promises OSError and raises whatever its parsers run into
        log.warning("A preview is damaged, and its picture is compared without it: %r", exc)
        return None
