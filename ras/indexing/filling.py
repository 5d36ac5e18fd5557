"""Keeps in the store what the pipeline makes of an archive's pictures, in small commits, so that nothing is lost."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from typing import TYPE_CHECKING, Callable

from ras.indexing.compute import Embedded
from ras.indexing.pipeline import embed_images
from ras.records import Archive, ImageRecord, IndexReport, Job, Progress, Skipped
from ras.store import Entry, Failure

if TYPE_CHECKING:
    from ras.encoders.base import Encoder
    from ras.store import EmbeddingStore

# What was indexed is committed after this many pictures or seconds: a power cut costs no more than that.
COMMIT_PICTURES = 64
COMMIT_SECONDS = 1.0


def fill_store(
    archive: Archive,
    store: EmbeddingStore,
    fetch: Callable[[ImageRecord], bytes],
    encoder: Encoder,
    *,
    connections: int,
    max_pixels: int,
    extra_formats: bool = False,
    limits: str = "",
    retry: bool = False,
) -> Job[IndexReport]:
    """Bring the pictures of the archive that the store lacks into it, and the archive's records.

    What was committed stays when the job is closed, killed or fails: the next call goes on from there. A picture that
    failed for good under the same ``limits`` (see ``Settings.limits``) is not tried again without ``retry``. Yields
    Progress over what is to be done, Skipped for every picture that cannot be had, and Notices. Raises StoreError.
    """
    started = time.monotonic()
    records = archive.records
    yield Progress("Indexing", 0)
    store.register(archive)
    yield Progress("Indexing", 0)
    missing = [record for record, content in zip(records, store.contents_of(records, encoder.id)) if content < 0]
    before = store.failures([record.key for record in missing])
    wanted: dict[str, ImageRecord] = {}
    for record in missing:
        failure = before.get(record.key)
        if failure is None or retry or failure.limits != limits or not failure.reason.permanent:
            wanted[record.key] = record  # of a picture that stands in several messages, the newest link
        else:
            yield Skipped(record, failure.reason, failure.detail)
    todo = tuple(wanted.values())
    encoded = reused = 0
    with _Commits(store, encoder) as commits, contextlib.closing(
        embed_images(
            todo,
            fetch,
            encoder,
            connections=connections,
            max_pixels=max_pixels,
            extra_formats=extra_formats,
            known=store.embedded_hashes(encoder.id),
            stage="Indexing",
        )
    ) as events:
        for event in events:
            if isinstance(event, Embedded):
                encoded += event.embedding is not None
                reused += event.embedding is None
                key = todo[event.index].key
                commits.entries.append(Entry(key, event.content_hash, event.embedding, event.preview))
            elif isinstance(event, Skipped):
                commits.failures.append(Failure(event.record.key, event.reason, event.detail, time.time(), limits))
            commits.when_due()
            if not isinstance(event, Embedded):
                yield event
    indexed = store.contents_of(records, encoder.id) >= 0
    failures = store.failures([record.key for record, there in zip(records, indexed) if not there])
    skipped = Counter(
        failures[record.key].reason.value
        for record, there in zip(records, indexed)
        if not there and record.key in failures
    )
    seconds = time.monotonic() - started
    return IndexReport(archive.name, len(records), int(indexed.sum()), encoded, reused, dict(skipped), seconds)


class _Commits:
    """What waits to be written; written in bulk, and what is left at the end, also when that came early."""

    def __init__(self, store: EmbeddingStore, encoder: Encoder) -> None:
        self._store, self._encoder = store, encoder
        self.entries: list[Entry] = []
        self.failures: list[Failure] = []
        self._last = time.monotonic()

    def when_due(self) -> None:
        waiting = len(self.entries) + len(self.failures)
        if waiting and (waiting >= COMMIT_PICTURES or time.monotonic() - self._last >= COMMIT_SECONDS):
            self._commit()

    def _commit(self) -> None:
        entries, failures, self.entries, self.failures = self.entries, self.failures, [], []
        self._store.add(self._encoder.id, self._encoder.dimension, entries, failures)
        self._last = time.monotonic()

    def __enter__(self) -> _Commits:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if self.entries or self.failures:
            self._commit()
