"""The nearest rows of a block by FAISS's own loop over float16, which needs no copy of the rows in float32.

For a view or two of a query it is several times faster than turning the rows into float32 with numpy. It is a part of
FAISS that is made for its own inverted files, so it is tried before it is relied on, and done without where it fails.
"""

from __future__ import annotations

import functools
import weakref
from typing import TYPE_CHECKING, Any, Callable

from ras.errors import ModeError
from ras.strategies.index_file import load_faiss

if TYPE_CHECKING:
    import numpy as np

# With more views than this, numpy's one product for all of them costs less than a pass for each.
MOST_VIEWS = 6


class NearestRows:
    """Finds the rows that are nearest to each of some views. For one thread at a time."""

    def __init__(self, views: np.ndarray) -> None:
        """float32 (v, d). Raises RuntimeError where this version of FAISS cannot."""
        import numpy as np

        self._views = np.ascontiguousarray(views, np.float32)
        self._ids = np.zeros(0, np.int64)
        faiss, self._index = _tried(self._views.shape[1])  # kept: the scanners refer to it, and to the views
        self._pointer = faiss.swig_ptr
        self._scanners = [_scanner(self._index, self._pointer(view)) for view in self._views]
        weakref.finalize(self, _free, self._scanners).atexit = False

    def of(self, block: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """float16 (b, d) rows, b > k → places int64 (v, k) in the block, scores float32 (v, k), floors float32 (v,).

        For each view its k nearest rows, in any order; no other row scores more than the view's floor. Where rows are
        not numbers there may be fewer (the places of the rest are -1): the floor is then infinite.
        """
        import numpy as np

        if len(self._ids) < len(block):
            self._ids = np.arange(len(block), dtype=np.int64)
        return _compare(self._scanners, self._pointer, block, self._ids, k)


@functools.lru_cache(maxsize=4)
def _tried(dimension: int) -> tuple[Any, Any]:
    """faiss, and an empty index of one list whose loop is what is wanted; it was seen to work. Raises RuntimeError."""
    import numpy as np

    try:
        faiss = load_faiss()
        coarse = faiss.IndexFlatIP(dimension)
        # Codes that stand for the rows themselves, not for what they differ from a centre by.
        kind = faiss.ScalarQuantizer.QT_fp16
        index = faiss.IndexIVFScalarQuantizer(coarse, dimension, 1, kind, faiss.METRIC_INNER_PRODUCT, False)
        index.is_trained = True
        view = np.full(dimension, dimension**-0.5, np.float32)
        rows = np.stack([-view, view, 0 * view]).astype(np.float16)
        scanners = [_scanner(index, faiss.swig_ptr(view))]
        places, scores, _ = _compare(scanners, faiss.swig_ptr, rows, np.arange(3, dtype=np.int64), 2)
        _free(scanners)
    except (ModeError, AttributeError, TypeError, ValueError, RuntimeError, MemoryError) as exc:
        raise RuntimeError(f"FAISS cannot compare rows of float16: {exc}") from exc
    order = np.argsort(-scores[0])
    if places[0][order].tolist() != [1, 2] or np.abs(scores[0][order] - [1, 0]).max() > 0.01:
        raise RuntimeError("FAISS compares rows of float16 wrongly")
    return faiss, index


def _scanner(index: Any, view: Any) -> Any:
    # Before FAISS 1.11 without search parameters, before 1.7.3 without a selector.
    for arguments in ((False, None, None), (False, None), (False,)):
        try:
            scanner = index.get_InvertedListScanner(*arguments)
        except TypeError:
            continue
        scanner.set_query(view)
        scanner.set_list(0, 0.0)
        return scanner
    raise TypeError("get_InvertedListScanner takes other arguments")


def _free(scanners: list[Any]) -> None:
    """They are the caller's, and SWIG frees only what it calls its own.

    Telling it that they are (``thisown``) ends in a crash after the third with FAISS 1.15, so they are freed by hand.
    """
    for scanner in scanners:
        scanner.__swig_destroy__(scanner)
    scanners.clear()


def _compare(
    scanners: list[Any], pointer: Callable[[np.ndarray], Any], block: np.ndarray, ids: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    import numpy as np

    rows = np.ascontiguousarray(block).view(np.uint8).reshape(-1)
    scores = np.full((len(scanners), k), -np.inf, np.float32)
    places = np.full((len(scanners), k), -1, np.int64)
    for scanner, some_scores, some_places in zip(scanners, scores, places):
        scanner.scan_codes(len(block), pointer(rows), pointer(ids), pointer(some_scores), pointer(some_places), k)
    floors = np.where((places < 0).any(axis=1), np.inf, scores.min(axis=1))
    return places, scores, floors
