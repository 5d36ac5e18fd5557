"""The exact search of stored embeddings: every row is compared, in bounded memory."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Sequence

from ras.records import Job, Progress, SearchResult
from ras.scoring import exact_scores, slack
from ras.strategies.stored import Coverage

if TYPE_CHECKING:
    import numpy as np

# At least this often (seconds) a search yields, so that it can be cancelled.
HEARTBEAT = 0.1

# Multiplications of one product. Up to here OpenBLAS starts no threads of its own (interface/gemm.c: 65,536 × 4), which
# would get in the way of ours: twice as many took twice as long here, and ten times as long on a busy machine.
SLICE_PRODUCTS = 1 << 18

# Rows that are turned into float32 at once, at most: they stay in the cache.
SLICE_ROWS = 256


def scan(coverage: Coverage, best: Sequence[Best], rows: np.ndarray) -> Job[None]:
    """Show the given rows of the view (int64, ascending) to each of ``best``, in one pass. Raises StaleView."""
    last_yield = time.monotonic()
    done = 0
    yield Progress("Searching", 0, len(rows))
    with _Products([one.views for one in best]) as products:
        everything = len(rows) == len(coverage.view.contents)
        for numbers, block in coverage.view.blocks(None if everything else rows):
            for one, scores in zip(best, products.of(block)):
                one.offer(numbers, block, scores)
            done += len(numbers)
            if time.monotonic() - last_yield >= HEARTBEAT:
                last_yield = time.monotonic()
                yield Progress("Searching", done, len(rows))


class _Products:
    """Approximate scores of stored rows for several queries: dot products in float32, within ``slack`` of the exact."""

    def __init__(self, views: Sequence[np.ndarray]) -> None:
        import numpy as np

        self._views = np.concatenate(views).astype(np.float32)
        ends = np.cumsum([len(one) for one in views])
        self._parts = [slice(end - len(one), end) for end, one in zip(ends, views)]
        self._slice = max(1, min(SLICE_ROWS, SLICE_PRODUCTS // self._views.size))
        # Turning float16 into float32 is most of the work, and numpy does it in one thread.
        self._threads = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="products")

    def __enter__(self) -> _Products:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def of(self, block: np.ndarray) -> np.ndarray:
        """float16 (b, d) → float32 (queries, b): the best of each query's views; -1 for rows that are no numbers."""
        import numpy as np

        scores = np.empty((len(self._parts), len(block)), np.float32)
        step = max(self._slice, -(-len(block) // self._threads))
        parts = [slice(start, start + step) for start in range(0, len(block), step)]
        list(self._pool.map(lambda part: self._into(scores[:, part], block[part]), parts))
        scores[~np.isfinite(scores)] = -1
        return scores

    def _into(self, scores: np.ndarray, block: np.ndarray) -> None:
        import numpy as np

        wide = np.empty((self._slice, block.shape[1]), np.float32)
        with np.errstate(invalid="ignore"):
            for start in range(0, len(block), self._slice):
                part = slice(start, start + self._slice)
                rows = wide[: len(block[part])]
                rows[...] = block[part]
                products = self._views @ rows.T
                for query, views in enumerate(self._parts):
                    products[views].max(axis=0, out=scores[query, part])


class Best:
    """The rows that one query's best results belong to, of those that were offered; never more than ``top_k``."""

    def __init__(self, views: np.ndarray, coverage: Coverage, top_k: int, mask: np.ndarray) -> None:
        import numpy as np

        self.views = views
        self._coverage, self._top_k, self._mask = coverage, top_k, mask
        self._slack = slack(views.shape[1])
        self._rows = np.empty(0, np.int64)
        self._scores = np.empty(0)

    def offer(self, rows: np.ndarray, block: np.ndarray, approximate: np.ndarray) -> None:
        """Row numbers (b,), their embeddings (b, d) and their approximate scores (b,)."""
        import numpy as np

        bound = self._scores[-1] - self._slack if len(self._scores) == self._top_k else -np.inf
        near = np.flatnonzero(approximate >= bound)
        if len(near) > self._top_k:
            # The exact score of the k-th is within the slack of its approximate one, and so are the others' scores.
            kth = np.partition(approximate[near], -self._top_k)[-self._top_k]
            near = near[approximate[near] >= kth - 2 * self._slack]
        if len(near):
            self._rows, self._scores = self._coverage.best(
                np.concatenate([self._rows, rows[near]]),
                np.concatenate([self._scores, exact_scores(self.views, block[near])]),
                self._top_k,
                self._mask,
            )

    def results(self) -> tuple[SearchResult, ...]:
        return self._coverage.results(self._rows, self._scores, self._top_k, self._mask)
