"""The index of local features over all that the store has: mapped files, and in memory what is in none yet."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Sequence

from ras.errors import StoreError
from ras.indexing import usable_cores
from ras.matching import Features, QueryFeatures, inverted
from ras.matching.features import KEYPOINT
from ras.records import Job, Notice, Progress
from ras.store import FeatureSegment
from ras.store.connection import BUSY_SECONDS
from ras.store.sentences import sentence_of
from ras.strategies.exact import HEARTBEAT
from ras.strategies.segment_file import UnusableSegment, open_segment, write_segment

if TYPE_CHECKING:
    import numpy as np

    from ras.store import EmbeddingStore

log = logging.getLogger(__name__)

STAGE = "Preparing the search for copies"

LOOSE_PICTURES = 512
"""Of one part in memory: a search while an archive is being indexed makes no more than the last one of them anew."""

_READ_AT_ONCE = 512
"""Features, when a part is made: so that it can be stopped."""


class FeatureIndex:
    """Which pictures have keypoints like those of a query. Belongs to the thread of its store.

    Whatever was indexed is in it, from the first search after on: files hold ``inverted.SEGMENT_PICTURES`` pictures
    each and are made as soon as there are so many; the rest is kept in memory.
    """

    def __init__(self, store: EmbeddingStore, features_id: str) -> None:
        self._store, self.features_id = store, features_id
        self._generation: int | None = None
        self._may_write = not store.read_only
        self._files: dict[str, tuple[inverted.Segment, np.ndarray]] = {}
        """Name of a file → the file, mapped, and its contents."""
        self._loose: list[tuple[inverted.Segment, np.ndarray]] = []
        """Parts in memory, and their contents."""
        self.version = 0
        """Grows when it has become another."""

    contents: np.ndarray
    """int64 (pictures,): their content ids, each once."""
    _inverted: inverted.InvertedFiles

    def refresh(self) -> Job[None]:
        """Bring it up to the store. Raises StoreError."""
        import numpy as np

        # Asked first: what is committed from here on makes the next search look again.
        generation = self._store.features_generation(self.features_id)
        if generation == self._generation:
            return
        waiting = yield from self.make_files()
        self._loose = [
            (part, contents)
            for part, contents in self._loose
            if len(contents) >= LOOSE_PICTURES and np.isin(contents, waiting).all()
        ]
        new = _without(waiting, [contents for _, contents in self._loose])
        while len(new):
            most = inverted.SEGMENT_PICTURES if len(new) >= inverted.SEGMENT_PICTURES else LOOSE_PICTURES
            self._loose.append(((yield from self._built(new[:most])), new[:most]))
            new = new[most:]
        self._use([*self._files.values(), *self._loose])
        self._generation = generation

    def make_files(self) -> Job[np.ndarray]:
        """Open the files that there are and make those that can be made; → the contents, int64, that are in none.

        A file that is not what was written is set aside, with a Notice, and made anew; where none can be written, a
        Notice says so, and memory serves. Raises StoreError.
        """
        yield Progress(STAGE, 0)
        featured = self._store.featured_contents(self.features_id)
        before, self._files = self._files, {}
        may_write = self._may_write
        for facts in self._store.segments(self.features_id):
            yield Progress(STAGE, 0)
            try:
                known = before.get(facts.file)
                opened = open_segment(self._store.segments_folder, facts) if known is None else known[0]
                self._files[facts.file] = opened, facts.contents
            except UnusableSegment as exc:
                yield Notice(self._store.drop_segment(facts, str(exc)))
            except OSError as exc:  # that may pass: nothing is set aside for it, and nothing made in its place
                log.warning("%s cannot be read: %s", facts.file, exc)
                may_write = False
        waiting = _without(featured, [contents for _, contents in self._files.values()])
        while may_write and len(waiting) >= inverted.SEGMENT_PICTURES:
            contents = waiting[: inverted.SEGMENT_PICTURES]
            part = yield from self._built(contents)
            yield Progress(STAGE, 0)
            try:
                if not self._keep(part, contents):
                    return (yield from self.make_files())  # with the file that another program made meanwhile
            except (OSError, StoreError) as exc:
                yield Notice(self._not_kept(exc))
                self._may_write = may_write = False
                self._loose.append((part, contents))
            else:
                waiting = waiting[inverted.SEGMENT_PICTURES :]
        return waiting

    def _not_kept(self, exc: OSError | StoreError) -> str:
        log.info("The index of local features stays in memory, since it cannot be written: %s", exc)
        why = sentence_of(exc, self._store.folder, BUSY_SECONDS) if isinstance(exc, OSError) else exc
        return f"The index for finding altered copies stays in memory, and is made once more at the next start. {why}"

    def candidates(self, query: QueryFeatures, allowed: np.ndarray, most: int) -> Job[np.ndarray]:
        """The pictures that the query's keypoints speak for: places int64 (n,) in ``contents``, the best first.

        ``allowed``, bool (pictures,): only these.
        """
        import numpy as np

        if not query.sides or not len(query.sides[0].keypoints) or not allowed.any():
            return np.zeros(0, np.int64)
        collected, last_yield = inverted.Collected(), time.monotonic()
        with ThreadPoolExecutor(usable_cores(), thread_name_prefix="vote") as pool:
            parts = iter(range(len(self._inverted.parts)))
            waiting: deque[Future[inverted.Votes]] = deque()
            try:
                while True:
                    # A few ahead, and not all: their votes take memory until they are collected.
                    for number in itertools.islice(parts, usable_cores() + 1 - len(waiting)):
                        waiting.append(pool.submit(self._inverted.votes, number, query, allowed))
                    if not waiting:
                        break
                    collected.add(waiting.popleft().result())
                    if time.monotonic() - last_yield >= HEARTBEAT:
                        last_yield = time.monotonic()
                        yield Progress("Comparing", 0)
            finally:
                for one in waiting:
                    one.cancel()
        return inverted.tally(collected.together(), self._inverted.counts, most)[0]

    def _use(self, parts: Sequence[tuple[inverted.Segment, np.ndarray]]) -> None:
        import numpy as np

        self._inverted = inverted.InvertedFiles([part for part, _ in parts])
        self.contents = np.concatenate([np.zeros(0, np.int64), *(contents for _, contents in parts)])
        self.version += 1

    @property
    def counts(self) -> np.ndarray:
        """int64 (pictures,): how many keypoints each has."""
        return self._inverted.counts

    @property
    def hashes(self) -> np.ndarray:
        """uint8 (pictures, 32): their perceptual hashes."""
        return self._inverted.hashes

    def _built(self, contents: np.ndarray) -> Job[inverted.Segment]:
        """An inverted file, in memory, of these contents in their order."""
        import numpy as np

        keypoints: list[np.ndarray] = []
        hashes: list[bytes] = []
        for start in range(0, len(contents), _READ_AT_ONCE):
            yield Progress(STAGE, start, len(contents))
            ids = contents[start : start + _READ_AT_ONCE].tolist()
            found = self._store.features(ids, self.features_id)
            for id in ids:
                features = unpacked(found.get(id))
                # What is gone by now, or damaged, has no keypoints and is found by none.
                keypoints.append(np.zeros(0, KEYPOINT) if features is None else np.array(features.keypoints))
                hashes.append(bytes(32) if features is None else features.hash)
        return inverted.build(keypoints, hashes)

    def _keep(self, part: inverted.Segment, contents: np.ndarray) -> bool:
        """Make a file of it, and open that. False where another program was quicker. Raises OSError and StoreError."""
        folder = self._store.segments_folder
        name, size, sha256 = write_segment(folder, part)
        facts = FeatureSegment(0, name, len(contents), size, sha256, contents)
        kept = False
        try:
            kept = self._store.add_segment(self.features_id, facts)
        finally:
            if not kept:
                with contextlib.suppress(OSError):
                    (folder / name).unlink()
        if kept:
            try:
                self._files[name] = open_segment(folder, facts), contents
            except UnusableSegment as exc:
                raise StoreError(f"{name} {exc}.") from exc
        return kept


def unpacked(data: bytes | None) -> Features | None:
    """The features that the store has of a picture; None where they are gone or damaged."""
    if data is None:
        return None
    try:
        return Features.unpack(data)
    except ValueError as exc:
        log.warning("Features in the store are damaged: %s", exc)
        return None


def _without(contents: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray:
    """Those of the contents that are in none of the others."""
    import numpy as np

    rest: np.ndarray = contents[~np.isin(contents, np.concatenate([np.zeros(0, np.int64), *others]))]
    return rest
