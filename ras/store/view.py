"""A view of an encoder's embeddings: one state of them, read shard by shard through memory maps."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Generator, Iterator, NoReturn, Sequence

import numpy as np

from ras.store.shards import MappedShard, Shard, ShardTrouble, check_shard, map_shard, was_checked


class EmbeddingView:
    """The embeddings of an encoder as of ``generation``. For the thread of the store that made it.

    ``contents`` is int64 (m,): the content id of each row, each once. Among them may be contents that no picture has
    any more. Memory stays bounded whatever the number of rows: a shard is let go when the next one is mapped.
    """

    def __init__(
        self,
        encoder_id: str,
        dimension: int,
        generation: int,
        folder: Path,
        shards: Sequence[Shard],
        fresh: tuple[np.ndarray, np.ndarray],
        give_up: Callable[[Shard, ShardTrouble | OSError], NoReturn],
    ) -> None:
        """``fresh`` are contents and rows that are in no shard yet; ``give_up`` raises StaleView for a shard."""
        self.encoder_id = encoder_id
        self.dimension = dimension
        self.generation = generation
        self._folder = folder
        self._shards = tuple(shards)
        self._fresh = fresh[1]
        self._give_up = give_up
        parts = [shard.contents for shard in self._shards] + [fresh[0]]
        self.contents: np.ndarray = np.concatenate(parts)
        self.contents.flags.writeable = False
        self._ends = np.cumsum([len(part) for part in parts])

    def blocks(
        self, rows: np.ndarray | None = None, held: int = 1
    ) -> Generator[tuple[np.ndarray, np.ndarray], None, None]:
        """Row numbers int64 (b,) and their embeddings float16 (b, d), ascending, a shard at a time.

        All rows, or the given ones, which must be sorted. A block is good until ``held`` others have been asked for.
        Raises StaleView.
        """
        parts = list(self._parts(rows))
        mapped: deque[MappedShard] = deque()
        with self._checks([part for part, _, _ in parts]) as checks:
            try:
                for part, begin, wanted in parts:
                    if part == len(self._shards):
                        yield _block(self._fresh, begin, wanted)
                        continue
                    while len(mapped) >= held:
                        mapped.popleft().release()
                    mapped.append(self._opened(part, checks.get(part)))
                    yield _block(mapped[-1].rows, begin, wanted)
            finally:
                for shard in mapped:
                    shard.release()

    def take(self, rows: np.ndarray) -> np.ndarray:
        """float16 (n, d): a copy of the given rows, in any order. Raises StaleView."""
        rows = np.asarray(rows, np.int64)
        order = np.argsort(rows, kind="stable")
        taken = np.empty((len(rows), self.dimension), np.float16)
        done = 0
        for numbers, block in self.blocks(rows[order]):
            taken[order[done : done + len(numbers)]] = block
            done += len(numbers)
        return taken

    def _parts(self, rows: np.ndarray | None) -> Iterator[tuple[int, int, np.ndarray | None]]:
        """Part number, its first row, the rows of it that are wanted (None: all); the last part is the fresh rows."""
        if rows is None:
            for part, end in enumerate(self._ends.tolist()):
                begin = int(self._ends[part - 1]) if part else 0
                if end > begin:
                    yield part, begin, None
            return
        rows = np.asarray(rows, np.int64)
        if len(rows) and (rows[0] < 0 or rows[-1] >= len(self.contents)):
            raise IndexError(f"The view has {len(self.contents)} rows.")
        cuts = np.searchsorted(rows, self._ends)
        low = 0
        for part, high in enumerate(cuts.tolist()):
            if high > low:
                yield part, int(self._ends[part - 1]) if part else 0, rows[low:high]
            low = high

    def _opened(self, part: int, check: Future[int] | None) -> MappedShard:
        shard = self._shards[part]
        try:
            if check is not None:
                check.result()
            return map_shard(self._folder, shard)
        except (ShardTrouble, OSError) as exc:
            self._give_up(shard, exc)

    @contextmanager
    def _checks(self, parts: Sequence[int]) -> Iterator[dict[int, Future[int]]]:
        """Check the files that are new to this process, in threads: hashing them takes longer than comparing rows."""
        new = [part for part in parts if part < len(self._shards) and not was_checked(self._folder, self._shards[part])]
        if not new:
            yield {}
            return
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="check") as pool:
            checks = {part: pool.submit(check_shard, self._folder, self._shards[part]) for part in new}
            try:
                yield checks
            finally:
                for check in checks.values():
                    check.cancel()


def _block(rows: np.ndarray, begin: int, wanted: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    if wanted is None:
        return np.arange(begin, begin + len(rows), dtype=np.int64), rows
    first, last = int(wanted[0]) - begin, int(wanted[-1]) - begin
    if last - first == len(wanted) - 1 and (np.diff(wanted) == 1).all():
        return wanted, rows[first : last + 1]  # a run of rows needs no copy
    return wanted, rows[wanted - begin]
