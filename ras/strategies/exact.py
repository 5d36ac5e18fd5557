"""The exact search of stored embeddings: every row is compared, in bounded memory."""

from __future__ import annotations

import itertools
import logging
import os
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from queue import SimpleQueue
from typing import TYPE_CHECKING, Sequence, Tuple

from ras.records import Job, Progress
from ras.scoring import exact_scores, slack
from ras.strategies.nearest import MOST_VIEWS, NearestRows
from ras.strategies.stored import Coverage

if TYPE_CHECKING:
    import numpy as np

    Found = Tuple[np.ndarray, np.ndarray, np.ndarray]

log = logging.getLogger(__name__)

THREADS = min(8, os.cpu_count() or 1)

# At least this often (seconds) a search yields, so that it can be cancelled.
HEARTBEAT = 0.1

# Multiplications of one product. Up to here OpenBLAS starts no threads of its own (interface/gemm.c: 65,536 × 4), which
# would get in the way of ours: twice as many took twice as long here, and ten times as long on a busy machine.
SLICE_PRODUCTS = 1 << 18

# Rows that are turned into float32 at once, at most: they stay in the cache.
SLICE_ROWS = 256
LEAST_ROWS = 16  # of many views at once

# From so many rows on it pays to set up ``NearestRows``, and of a block it finds so many more than are asked for.
WORTH_NEAREST = 5_000
SPARE = 32


def scan(coverage: Coverage, best: Sequence[Best], rows: np.ndarray) -> Job[None]:
    """Show the given rows of the view (int64, ascending) to each of ``best``, in one pass. Raises StaleView."""
    last_yield = time.monotonic()
    done = 0
    yield Progress("Searching", 0, len(rows))
    # What takes the time, in numpy and FAISS, is done in one thread there.
    with ThreadPoolExecutor(THREADS, thread_name_prefix="compare") as pool:
        products = _Products([one.views for one in best], pool)
        nearest = _Nearest.for_queries(best, pool) if len(rows) >= WORTH_NEAREST else None
        everything = len(rows) == len(coverage.view.contents)
        ahead = 0 if nearest is None else 2 * THREADS
        waiting: deque[tuple[np.ndarray, np.ndarray, Future[Found] | None]] = deque()
        with closing(coverage.view.blocks(None if everything else rows, held=ahead + 1)) as blocks:
            while done < len(rows):
                for block in itertools.islice(blocks, ahead + 1 - len(waiting)):
                    waiting.append((*block, None if nearest is None else nearest.begin(block[1])))
                numbers, embeddings, found = waiting.popleft()
                if nearest is None or not nearest.offer(numbers, embeddings, found):
                    for one, scores in zip(best, products.of(embeddings)):
                        one.offer(numbers, embeddings, scores)
                done += len(numbers)
                if time.monotonic() - last_yield >= HEARTBEAT:
                    last_yield = time.monotonic()
                    yield Progress("Searching", done, len(rows))


def _parts(rows: int, least: int) -> list[slice]:
    """So many rows in a part for each thread, with at least so many."""
    step = max(least, -(-rows // THREADS))
    return [slice(start, start + step) for start in range(0, rows, step)]


class _Nearest:
    """The quicker way for a single query of few views, where FAISS can be had."""

    def __init__(self, best: Best, pool: ThreadPoolExecutor) -> None:
        """Raises RuntimeError where FAISS cannot."""
        self._best, self._pool = best, pool
        self._idle: SimpleQueue[NearestRows] = SimpleQueue()
        for _ in range(THREADS):
            self._idle.put(NearestRows(best.views))

    @classmethod
    def for_queries(cls, best: Sequence[Best], pool: ThreadPoolExecutor) -> _Nearest | None:
        if len(best) != 1 or len(best[0].views) > MOST_VIEWS:
            return None
        try:
            return cls(best[0], pool)
        except RuntimeError as exc:
            log.info("Rows are compared by numpy: %s", exc)
            return None

    def begin(self, block: np.ndarray) -> Future[Found] | None:
        """Look for the nearest rows of a block on a thread; None where it is not worth it."""
        # Once the best are there, hardly a row of a block is among them.
        k = SPARE + (self._best.top_k if self._best.bound == -float("inf") else 0)
        return self._pool.submit(self._find, block, k) if len(block) > k else None

    def offer(self, rows: np.ndarray, block: np.ndarray, found: Future[Found] | None) -> bool:
        """Show a block to the query. False, and nothing is taken, where that takes more than its nearest rows."""
        if found is None:
            return False
        places, scores, floors = found.result()
        near = sorted(set(places[scores >= self._best.bound].tolist()))
        return self._best.offer_nearest(rows, block, near, float(floors.max()))

    def _find(self, block: np.ndarray, k: int) -> Found:
        rows = self._idle.get()
        try:
            return rows.of(block, k)
        finally:
            self._idle.put(rows)


class _Products:
    """Approximate scores of stored rows for several queries: dot products in float32, within ``slack`` of the exact."""

    def __init__(self, views: Sequence[np.ndarray], pool: ThreadPoolExecutor) -> None:
        import numpy as np

        self._views = np.concatenate(views).astype(np.float32)
        ends = np.cumsum([len(one) for one in views])
        self._queries = [slice(end - len(one), end) for end, one in zip(ends, views)]
        self._slice = max(LEAST_ROWS, min(SLICE_ROWS, SLICE_PRODUCTS // self._views.size))
        self._pool = pool

    def of(self, block: np.ndarray) -> np.ndarray:
        """float16 (b, d) → float32 (queries, b): the best of each query's views; -1 for rows that are no numbers."""
        import numpy as np

        scores = np.empty((len(self._queries), len(block)), np.float32)
        list(self._pool.map(lambda part: self._into(scores[:, part], block[part]), _parts(len(block), self._slice)))
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
                for query, views in enumerate(self._queries):
                    products[views].max(axis=0, out=scores[query, part])


class Best:
    """The rows that one query's best results belong to, of those that were offered."""

    def __init__(self, views: np.ndarray, coverage: Coverage, top_k: int, mask: np.ndarray) -> None:
        import numpy as np

        self.views, self.top_k = views, top_k
        self._coverage, self._mask = coverage, mask
        self._slack = slack(views.shape[1])
        self._rows = np.empty(0, np.int64)
        self._scores = np.empty(0)
        # Rows that may be among the best. They are looked at in bulk, since hardly one of a block is.
        self._waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self._waiting_rows = 0

    @property
    def bound(self) -> float:
        """No row with a lower approximate score is among the best."""
        return float(self._scores[-1]) - self._slack if len(self._scores) == self.top_k else -float("inf")

    def offer(self, rows: np.ndarray, block: np.ndarray, approximate: np.ndarray) -> None:
        """Row numbers (b,), their embeddings (b, d) and their approximate scores (b,)."""
        import numpy as np

        near = np.flatnonzero(approximate >= self.bound)
        if len(near) > self.top_k:
            # The exact score of the k-th is within the slack of its approximate one, and so are the others' scores.
            kth = np.partition(approximate[near], -self.top_k)[-self.top_k]
            near = near[approximate[near] >= kth - 2 * self._slack]
        self._take(rows, block, near)

    def offer_nearest(self, rows: np.ndarray, block: np.ndarray, near: Sequence[int], floor: float) -> bool:
        """The same by the places of a block's nearest rows; the approximate scores of the others are ``floor`` at most.

        False, and nothing is taken, where one of the others might be among the best.
        """
        if floor < self.bound:
            self._take(rows, block, near)
            return True
        # Not before these are compared, perhaps.
        before = self._rows, self._scores, list(self._waiting), self._waiting_rows
        self._take(rows, block, near)
        self._settle()
        if floor < self.bound:
            return True
        self._rows, self._scores, self._waiting, self._waiting_rows = before
        return False

    def nearest(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows, int64 (n,), and their scores, float64 (n,), the best first; n ≤ ``top_k``."""
        self._settle()
        return self._rows, self._scores

    def _take(self, rows: np.ndarray, block: np.ndarray, near: Sequence[int] | np.ndarray) -> None:
        if len(near):
            self._waiting.append((rows[near], block[near]))
            self._waiting_rows += len(near)
            if self._waiting_rows >= self.top_k or len(self._scores) < self.top_k:
                self._settle()

    def _settle(self) -> None:
        """Give what waits its exact score, and keep the best: at most ``top_k``."""
        import numpy as np

        if not self._waiting:
            return
        rows, embeddings = (np.concatenate(parts) for parts in zip(*self._waiting))
        self._waiting, self._waiting_rows = [], 0
        self._rows, self._scores = self._coverage.best(
            np.concatenate([self._rows, rows]),
            np.concatenate([self._scores, exact_scores(self.views, embeddings)]),
            self.top_k,
            self._mask,
        )
