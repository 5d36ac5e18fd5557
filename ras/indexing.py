"""From records to embeddings: fetch, decode and preprocess in threads, encode in batches, in bounded memory.

``embed_images`` yields them as they come; ``fill_store`` keeps those that the store does not have yet.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Container, Generator, Iterator, Sequence

from ras.errors import PictureError
from ras.images import decode_image, is_large, make_preview
from ras.pace import Pace
from ras.records import Archive, ImageRecord, IndexReport, Job, Notice, Progress, Skipped
from ras.store import Entry, Failure

if TYPE_CHECKING:
    import numpy as np

    from ras.encoders.base import Encoder
    from ras.store import EmbeddingStore

# A batch that is not full is encoded all the same once its first picture has waited this long (seconds):
# so results show while the rest is still being downloaded.
PATIENCE = 0.25

# At least this often (seconds) the pipeline yields, so that its consumer can cancel it.
HEARTBEAT = 0.2

# What was indexed is committed after this many pictures or seconds: a power cut costs no more than that.
COMMIT_PICTURES = 64
COMMIT_SECONDS = 1.0


@dataclass(frozen=True)
class Embedded:
    """One picture that was encoded. ``index`` is the record's place in what ``embed_images`` was given."""

    index: int
    content_hash: str
    """SHA-256 of the picture's bytes, hexadecimal."""
    embedding: np.ndarray | None
    """float32 (dimension,), length 1; None where the same bytes were yielded before or known: look up their hash."""
    preview: bytes | None
    """A small JPEG; None where ``embedding`` is."""


@dataclass(frozen=True)
class _Prepared:
    """What a thread made of one record; without ``row`` and ``preview`` where the same bytes were met before."""

    index: int
    content_hash: str
    row: np.ndarray | None
    preview: bytes | None


class _Preparer:
    """The part that runs in threads: record → bytes → hash → pixels → the encoder's row and a preview."""

    def __init__(
        self,
        records: Sequence[ImageRecord],
        fetch: Callable[[ImageRecord], bytes],
        encoder: Encoder,
        extra_formats: bool,
        max_pixels: int,
        known: Container[str],
    ) -> None:
        self._known = known
        self._records = records
        self._fetch = fetch
        self._encoder = encoder
        self._extra_formats = extra_formats
        self._max_pixels = max_pixels
        self._first_with: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        # Downloads wait, decoding computes: as many decoders as cores, however many downloads there are.
        # It also bounds memory, since a decoded picture can be a hundred times its file.
        self._decoding = threading.BoundedSemaphore(os.cpu_count() or 2)
        self._large = threading.Lock()
        self.outcomes: queue.SimpleQueue[_Prepared | Skipped | BaseException] = queue.SimpleQueue()
        self.stopped = threading.Event()

    def __call__(self, index: int) -> None:
        """Put one outcome into ``outcomes``; nothing once ``stopped`` is set."""
        if self.stopped.is_set():
            return
        record = self._records[index]
        try:
            self._prepare(index, record)
        except PictureError as exc:
            self.outcomes.put(Skipped(record, exc.reason, str(exc)))
        except BaseException as exc:  # noqa: BLE001  a bug: raised again on the consumer's thread
            self.outcomes.put(exc)

    def _prepare(self, index: int, record: ImageRecord) -> None:
        data = self._fetch(record)
        content_hash = hashlib.sha256(data).hexdigest()
        if content_hash in self._known:
            self.outcomes.put(_Prepared(index, content_hash, None, None))
            return
        mine: Future[None] = Future()
        with self._lock:
            first = self._first_with.setdefault(content_hash, mine)
        if first is not mine:
            # Wait until the first record with these bytes has put its outcome into the queue: so the consumer always
            # knows the embedding of a content before it meets its twins. What the first could not decode, nor can we.
            first.result()
            self.outcomes.put(_Prepared(index, content_hash, None, None))
            return
        try:
            with self._large if is_large(data) else contextlib.nullcontext(), self._decoding:
                image = decode_image(data, extra_formats=self._extra_formats, max_pixels=self._max_pixels)
                row, preview = self._encoder.preprocess(image), make_preview(image)
        except BaseException as exc:
            mine.set_exception(exc)
            raise
        self.outcomes.put(_Prepared(index, content_hash, row, preview))
        mine.set_result(None)


def embed_images(
    records: Sequence[ImageRecord],
    fetch: Callable[[ImageRecord], bytes],
    encoder: Encoder,
    *,
    connections: int,
    max_pixels: int,
    extra_formats: bool = False,
    known: Container[str] = (),
    stage: str = "Searching",
) -> Generator[Embedded | Skipped | Progress | Notice, None, None]:
    """Encode the pictures of the records, each content once, in the order in which they arrive.

    Yields an ``Embedded`` or a ``Skipped`` for every record, the encoder's notices, and ``Progress`` in between, at
    least every ``HEARTBEAT`` seconds while the encoder does not compute. At each yield the consumer may close the
    generator, which stops the threads after what they are at. ``fetch`` is called by ``connections`` threads at once
    and may raise PictureError. ``known`` holds content hashes that need no encoding any more. Memory is bounded
    by the look-ahead, not by the number of records.
    """
    prepare = _Preparer(records, fetch, encoder, extra_formats, max_pixels, known)
    pool = ThreadPoolExecutor(connections, thread_name_prefix="fetch")
    look_ahead = connections + 2 * encoder.batch_size
    pace = Pace()
    submitted = settled = 0
    batch: list[_Prepared] = []
    batch_since = last_yield = time.monotonic()
    try:
        yield Progress(stage, 0, len(records))
        while settled < len(records):
            while submitted < len(records) and submitted - settled < look_ahead:
                pool.submit(prepare, submitted)
                submitted += 1
            outcome: _Prepared | Skipped | BaseException | None = None
            if settled + len(batch) < submitted:
                with contextlib.suppress(queue.Empty):
                    outcome = prepare.outcomes.get(timeout=PATIENCE if batch else HEARTBEAT)
            now = time.monotonic()
            if isinstance(outcome, BaseException):
                raise outcome
            if isinstance(outcome, Skipped):
                settled += 1
                yield outcome
            elif outcome is not None:
                if not batch:
                    batch_since = now
                batch.append(outcome)
            full = len(batch) >= encoder.batch_size or settled + len(batch) == len(records)
            if batch and (full or now - batch_since >= PATIENCE):
                for embedded in _encode(batch, encoder):
                    settled += 1
                    yield embedded
                for sentence in encoder.take_notices():
                    yield Notice(sentence)
                batch = []
                last_yield = 0.0
            if now - last_yield >= HEARTBEAT:
                last_yield = now
                yield Progress(stage, settled, len(records), "pictures", pace.seconds_left(settled, len(records)))
    finally:
        prepare.stopped.set()
        pool.shutdown(wait=False)


def _encode(batch: list[_Prepared], encoder: Encoder) -> Iterator[Embedded]:
    import numpy as np

    rows = [item.row for item in batch if item.row is not None]
    embeddings = iter(encoder.encode_batch(np.stack(rows)) if rows else ())
    for item in batch:
        yield Embedded(item.index, item.content_hash, None if item.row is None else next(embeddings), item.preview)


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
