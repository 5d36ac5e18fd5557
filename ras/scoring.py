"""Scores that every strategy agrees on, to the last bit, and the order of results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from ras.records import Evidence, SearchResult, Verdict

if TYPE_CHECKING:
    import numpy as np

Merit = Tuple[int, float, float]
RankKey = Tuple[int, float, float, int]

# A block of this many rows in float64, and its product, take 16 MB at 512 dimensions.
BLOCK_ROWS = 2048


def to_stored(embeddings: np.ndarray) -> np.ndarray:
    """Embeddings of any float type → float16, the precision that is stored and that every mode ranks by."""
    import numpy as np

    return np.asarray(embeddings).astype(np.float16)


def exact_scores(views: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Views of a query, float32 (v, d), and stored embeddings, float16 (n, d) → their scores, float64 (n,).

    The score of a row is its best dot product with a view. It does not depend on the other rows of the call: a matrix
    product of BLAS would, since it splits and orders its sums by the shape of the matrices, and ranks would change with
    the way the rows were found. A row that holds something else than numbers scores -1, which is the least.
    """
    import numpy as np

    scores = np.full(len(rows), -np.inf)
    with np.errstate(invalid="ignore"):  # infinite times zero
        for start in range(0, len(rows), BLOCK_ROWS):
            part = slice(start, start + BLOCK_ROWS)
            block = rows[part].astype(np.float64, order="C")
            product = np.empty_like(block)
            for view in views:
                # Summed along the contiguous axis, which numpy does row by row, in an order set by d alone.
                np.maximum(scores[part], np.multiply(block, view, out=product).sum(axis=1), out=scores[part])
    scores[~np.isfinite(scores)] = -1
    return scores


def slack(dimension: int) -> float:
    """How far a dot product that was summed in float32, in any order, may be from the exact one.

    The bound of Higham, Accuracy and Stability of Numerical Algorithms, section 3.1: d · u · |x| · |y|, where u is
    2⁻²⁴ and the lengths are 1 here; twice that, since an embedding is a little longer once it is rounded.
    """
    return 2 * dimension * 2.0**-24


_TELLING = 8
"""As many inliers are worth what whole pictures that agree are."""

_NO_CHANCE = 6
"""Fewer inliers are there by chance: of queries whose picture was not among 10,000, 1 % found one with so many."""


def rank_key(result: SearchResult) -> RankKey:
    """Results in ascending order of this are ranked: see ``merit``; ties go to what stands first in the archive."""
    return (*merit(result.verdict, result.evidence, result.score), result.place)


def merit(verdict: Verdict, evidence: Evidence | None, score: float) -> Merit:
    """The less, the better: the surest verdict first, then what speaks most for it.

    Of altered copies the product of inliers and agreement tells the right one best from pictures that are built alike
    (see ``benchmarks/quality``). Of all else first what has something in common with the query, then by score.
    """
    strength = 0.0
    if evidence is not None and verdict is Verdict.IDENTICAL:
        strength = evidence.agreement or 0.0
    elif evidence is not None and verdict is Verdict.ALTERED:
        strength = (evidence.agreement or 0.0) * max(evidence.inliers, _TELLING)
    elif evidence is not None and evidence.inliers >= _NO_CHANCE:
        strength = evidence.inliers
    return verdict.level, -strength, -score
