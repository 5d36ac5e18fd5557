"""Makes the features that pictures in the store still lack: of their files, or of previews where those are gone."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Callable, Container, Generator, Sequence

from ras.cdn import is_dead
from ras.errors import DecodeError, SkipReason
from ras.images import decode_image
from ras.indexing.commits import Commits
from ras.indexing.compute import usable_cores
from ras.indexing.outcomes import Described, Embedded
from ras.indexing.pipeline import HEARTBEAT
from ras.media import seems_local
from ras.records import ImageRecord, Job, Notice, Progress, Skipped
from ras.store import FeatureEntry

if TYPE_CHECKING:
    import numpy as np

    from ras.encoders.base import Encoder
    from ras.matching.extractor import FeatureExtractor
    from ras.store import EmbeddingStore

log = logging.getLogger(__name__)

STAGE = "Indexing details"

# So many pictures are described from their previews at once: enough for all cores, and not much to lose by a stop.
PREVIEWS = 64


class Anything(Container[str]):
    """Here no picture needs encoding, whatever its bytes are by now."""

    def __contains__(self, content_hash: object) -> bool:
        return True


def add_details(
    records: Sequence[ImageRecord],
    store: EmbeddingStore,
    encoder: Encoder,
    extractor: FeatureExtractor,
    embed: Callable[..., Generator[Embedded | Described | Skipped | Progress | Notice, None, None]],
) -> Job[None]:
    """Make features of those of the records that have an embedding and lack them, each content once.

    ``embed`` is ``embed_images`` that wants nothing but records, ``known`` and a stage. A picture that cannot be had
    any more, or has other bytes by now, is described from its preview, so that it is not tried each time; where the
    network is in trouble it is left for the next time. Neither is a failure: the picture is indexed. Raises StoreError.
    """
    lacking = store.lacking_features(records, encoder.id, extractor.id)
    wanted = easiest(records, lacking, store.contents_of(records, encoder.id))
    if not wanted:
        return
    content_of = {record.key: content for record, content in wanted}
    shown = Progress(STAGE, 0, len(wanted))
    with Commits(store, encoder) as commits, contextlib.closing(
        embed([record for record, _ in wanted], known=Anything(), stage=STAGE)
    ) as events:
        gone = _Gone(store, extractor, commits, [content for _, content in wanted])
        for event in events:
            gone.settled += isinstance(event, (Embedded, Skipped))
            if isinstance(event, Described):
                commits.features.append(FeatureEntry(event.content_hash, extractor.id, event.features))
            elif isinstance(event, Embedded):
                content = wanted[event.index][1]
                if not gone.is_hash_of(event.content_hash, content):
                    gone.waiting.append(content)
            elif isinstance(event, Skipped):
                if event.reason is not SkipReason.NETWORK:
                    gone.waiting.append(content_of[event.record.key])
            elif isinstance(event, Progress):
                shown = event
                yield gone.progress(shown)
            else:
                yield event
            commits.when_due()
            if len(gone.waiting) >= PREVIEWS:
                yield from gone.describe(shown)
        yield from gone.describe(shown)


def easiest(records: Sequence[ImageRecord], lacking: np.ndarray, contents: np.ndarray) -> list[tuple[ImageRecord, int]]:
    """Of each content whose records lack something, the record whose picture is had most easily, and its id."""
    chosen: dict[int, ImageRecord] = {}
    now = datetime.now(timezone.utc)
    for record, lacks, content in zip(records, lacking, contents.tolist()):
        if lacks and content >= 0:
            before = chosen.get(content)
            # Of those that are as easily had, the newest link.
            if before is None or _cost(record, now) <= _cost(before, now):
                chosen[content] = record
    return [(record, content) for content, record in chosen.items()]


def _cost(record: ImageRecord, now: datetime) -> int:
    if seems_local(record):
        return 0
    return 2 if is_dead(record.url, now) else 1


class _Gone:
    """Contents whose files cannot be had any more."""

    def __init__(
        self, store: EmbeddingStore, extractor: FeatureExtractor, commits: Commits, contents: Sequence[int]
    ) -> None:
        """``contents``: all that may turn out to be gone."""
        self.waiting: list[int] = []
        """Those that are to be described from their previews."""
        self.settled = 0
        """How many pictures, of all, are settled or wait."""
        self._store = store
        self._extractor = extractor
        self._commits = commits
        self._hashes = store.content_hashes(contents)

    def is_hash_of(self, content_hash: str, content: int) -> bool:
        return self._hashes.get(content) == content_hash

    def progress(self, shown: Progress) -> Progress:
        """Those that wait are not done yet; and none has failed."""
        return dataclasses.replace(shown, done=self.settled - len(self.waiting), failed=0)

    def describe(self, shown: Progress) -> Job[None]:
        """Describe those that wait, on all cores."""
        if not self.waiting:
            return
        previews = self._store.previews(self.waiting)
        pool = ThreadPoolExecutor(usable_cores(), thread_name_prefix="details")
        at_work = {pool.submit(_described, data, self._extractor): content for content, data in previews.items()}
        try:
            while at_work:
                for future in wait(at_work, HEARTBEAT, FIRST_COMPLETED).done:
                    content = at_work.pop(future)
                    data = future.result()
                    if data is not None and content in self._hashes:
                        entry = FeatureEntry(self._hashes[content], self._extractor.id, data)
                        self._commits.features.append(entry)
                    self.waiting.remove(content)
                self._commits.when_due()
                yield self.progress(shown)
        finally:
            for future in at_work:
                future.cancel()
            pool.shutdown(wait=False)
        self.waiting.clear()  # what is left has no preview
        yield self.progress(shown)


def _described(preview: bytes, extractor: FeatureExtractor) -> bytes | None:
    """The features of a preview; None where it cannot be decoded."""
    try:
        image = decode_image(preview)
    except DecodeError as exc:
        log.warning("A preview cannot be described: %s", exc)
        return None
    return extractor.extract(extractor.reduced(image))
