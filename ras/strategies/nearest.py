"""The nearest rows of a block by FAISS's own loop over float16, which needs no copy of the rows in float32.

For a view or two of a query it is several times faster than turning the rows into float32 with numpy. It is a part of
FAISS that is made for its own inverted files, so it is tried before it is relied on, and done without where it fails.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger(__name__)

# With more views than this, numpy's one product for all of them costs less than a pass for each.
MOST_VIEWS = 6


class NearestRows:
    """Finds the rows that are nearest to each of some views. May be used by several threads."""

    def __init__(self, views: np.ndarray) -> None:
        """float32 (v, d). Raises RuntimeError where this version of FAISS cannot."""
        import numpy as np

        self._views = np.ascontiguousarray(views, np.float32)
        try:
            import faiss

            self._faiss = faiss
            dimension = self._views.shape[1]
            self._coarse = faiss.IndexFlatIP(dimension)
            codes = faiss.ScalarQuantizer.QT_fp16
            # One list, and codes that stand for the rows themselves, not for what they differ from a centre by.
            self._index = faiss.IndexIVFScalarQuantizer(
                self._coarse, dimension, 1, codes, faiss.METRIC_INNER_PRODUCT, False
            )
            self._index.is_trained = True
            rows = np.stack([-self._views[0], self._views[0], 0 * self._views[0]]).astype(np.float16)
            places, _, _ = self.of(rows, 2)
            works = sorted(places[0].tolist()) == [1, 2]
        except (ImportError, AttributeError, TypeError, ValueError, RuntimeError) as exc:
            raise RuntimeError(f"FAISS cannot compare rows of float16: {exc}") from exc
        if not works:
            raise RuntimeError("FAISS compares rows of float16 wrongly")

    def of(self, block: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """float16 (b, d) rows, b > k → places int64 (v, k) in the block, scores float32 (v, k), floors float32 (v,).

        For each view its k nearest rows, in any order; no other row scores more than the view's floor. Where rows are
        not numbers there may be fewer (the places of the rest are -1): the floor is then infinite.
        """
        import numpy as np

        codes = np.ascontiguousarray(block).view(np.uint8)
        scores = np.full((len(self._views), k), -np.inf, np.float32)
        places = np.full((len(self._views), k), -1, np.int64)
        ids = np.arange(len(block), dtype=np.int64)
        pointer = self._faiss.swig_ptr
        for view, some_scores, some_places in zip(self._views, scores, places):
            scanner = self._scanner()
            scanner.set_query(pointer(view))
            scanner.set_list(0, 0.0)
            scanner.scan_codes(
                len(block), pointer(codes.reshape(-1)), pointer(ids), pointer(some_scores), pointer(some_places), k
            )
        floors = np.where((places < 0).any(axis=1), np.inf, scores.min(axis=1))
        return places, scores, floors

    def _scanner(self) -> Any:
        try:
            return self._index.get_InvertedListScanner(False, None, None)
        except TypeError:  # before FAISS 1.11 without search parameters, before 1.7.3 without a selector
            try:
                return self._index.get_InvertedListScanner(False, None)
            except TypeError:
                return self._index.get_InvertedListScanner(False)
