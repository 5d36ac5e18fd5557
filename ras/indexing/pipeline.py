"""Records in, embeddings and features out: fetching, decoding and encoding overlap, in bounded memory.

    records ──▶ fetch ──bytes──▶ decode, shrink ──row──▶ encode a batch ──▶ embeddings
                                               └─image─▶ extract ──▶ features
              (threads that wait)   (threads that calculate, see ``compute``)      (whoever drains the generator)

What flows is bounded by a window over the records: a record enters it when one before it was settled, so whoever drains
slowly slows everything down.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Callable, Container, Generator, Iterator, Sequence

from ras.cdn import is_dead
from ras.errors import HostGivenUp, PictureError, SkipReason
from ras.images import decoder_notices
from ras.indexing.compute import Compute
from ras.indexing.outcomes import Broken, Described, Embedded, Outcome, Twin
from ras.indexing.preparing import Limits
from ras.media import seems_local
from ras.pace import Pace
from ras.records import ImageRecord, Notice, Progress, Skipped

if TYPE_CHECKING:
    from ras.encoders.base import Encoder
    from ras.matching.extractor import FeatureExtractor

# At least this often (seconds) the pipeline yields, so that its consumer can cancel it.
HEARTBEAT = 0.2

# While bytes that wait to be decoded exceed this, no more is fetched.
MOST_BYTES = 256_000_000

# So many records, evenly spread, tell how many of the rest have a dead link.
_SAMPLE = 1000


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
    extractor: FeatureExtractor | None = None,
    known_features: Container[str] = (),
    postpone: bool = False,
    expect: Callable[[Sequence[ImageRecord]], None] | None = None,
) -> Generator[Embedded | Described | Skipped | Progress | Notice, None, None]:
    """Encode the pictures of the records, each content once, in the order in which they arrive.

    Yields an ``Embedded`` or a ``Skipped`` for every record, the encoder's notices, and ``Progress`` in between, at
    least every ``HEARTBEAT`` seconds. At each yield the consumer may close the generator, which stops the threads
    after what they are at. ``fetch`` is called by ``connections`` threads at once and may raise PictureError. ``known``
    holds content hashes that need no encoding any more. Memory is bounded by the window and by the bytes that wait
    in it, not by the number of records.

    With an ``extractor``, a ``Described`` follows the ``Embedded`` of each content that is not in ``known_features``,
    also where it is ``known``. Features are made when there is nothing else to do, or too many pictures wait for them;
    with ``postpone``, pictures that come from a file of the export then go without. ``expect`` is told the records
    before the first is fetched.
    """
    if expect is not None:
        expect(records)
    limits = Limits(max_pixels, extra_formats)
    outcomes: queue.SimpleQueue[tuple[Outcome, ...]] = queue.SimpleQueue()
    compute = Compute(
        encoder, limits, known, lambda *some: outcomes.put(some), extractor, known_features, postpone=postpone
    )
    run = _Run(records, fetch, encoder, connections, compute, outcomes, stage)
    try:
        yield from run.events()
    finally:
        run.stop()


class _Run:
    """One run of the pipeline. All but ``_bring`` belongs to the thread that drains it."""

    def __init__(
        self,
        records: Sequence[ImageRecord],
        fetch: Callable[[ImageRecord], bytes],
        encoder: Encoder,
        connections: int,
        compute: Compute,
        outcomes: queue.SimpleQueue[tuple[Outcome, ...]],
        stage: str,
    ) -> None:
        self._records = records
        self._fetch = fetch
        self._encoder = encoder
        self._connections = connections
        self._stage = stage
        self._outcomes = outcomes
        self._compute = compute
        self._submitted = self._settled = self._failed = self._described = 0
        self._refused: dict[str, PictureError] = {}
        """Content hash → why it could not be decoded."""
        self._twins: dict[str, list[int]] = {}
        """Content hash → records with these bytes that wait for the outcome of the first."""
        self._early: dict[str, Described] = {}
        """Content hash → features that came before the outcome of the first picture."""
        self._time_left = _TimeLeft(records)
        self._wanted: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        for number in range(min(connections, len(records))):
            threading.Thread(target=self._bring, name=f"fetch-{number}").start()

    def stop(self) -> None:
        self._compute.stop()
        self._wanted.put(None)

    def events(self) -> Generator[Embedded | Described | Skipped | Progress | Notice, None, None]:
        last_progress = time.monotonic()
        yield Progress(self._stage, 0, len(self._records))
        while not self._is_through():
            self._submit()
            with contextlib.suppress(queue.Empty):
                patience = max(0.0, last_progress + HEARTBEAT - time.monotonic())
                for outcome in self._outcomes.get(timeout=patience):
                    yield from self._settle(outcome)
            now = time.monotonic()
            if now - last_progress >= HEARTBEAT or self._is_through():
                last_progress = now
                for sentence in (*self._encoder.take_notices(), *decoder_notices()):
                    yield Notice(sentence)
                yield self._progress()

    def _is_through(self) -> bool:
        # Once all pictures are settled, no features are promised any more.
        return self._settled == len(self._records) and self._described == self._compute.promised

    def _submit(self) -> None:
        """Let records into the window while there is room."""
        threads = self._compute.threads
        batches = min(self._encoder.batches_at_once, threads) + 2  # in the encoder, one that waits, one that grows
        window = self._connections + threads + batches * self._encoder.batch_size
        end = min(len(self._records), self._settled + window)
        if self._submitted < end and self._compute.waiting_bytes <= MOST_BYTES:
            self._compute.expect(end - self._submitted)
            for index in range(self._submitted, end):
                self._wanted.put(index)
            self._submitted = end

    def _bring(self) -> None:
        """Runs in threads: fetch the bytes of one record after the other and hand them over to be decoded."""
        while True:
            index = self._wanted.get()
            if index is None or self._compute.stopped:
                self._wanted.put(None)  # for the next thread
                return
            record = self._records[index]
            try:
                data = self._fetch(record)
            except BaseException as exc:  # noqa: BLE001  what is no PictureError is a bug: raised where outcomes are drained
                self._compute.drop(index, exc)
            else:
                # A file that the export names and that is not there was fetched by its link.
                self._compute.offer(index, data, seems_local(record))

    def _settle(self, outcome: Outcome) -> Iterator[Embedded | Described | Skipped]:
        """The outcome of a record, and of those with the same bytes that wait for it. Raises what is a bug."""
        content = outcome.content_hash
        if isinstance(outcome, Described):
            self._described += 1
            if self._compute.is_open(content):
                self._early[content] = outcome
            else:
                yield outcome
            return
        if isinstance(outcome, Twin):
            if self._compute.is_open(content):
                self._twins.setdefault(content, []).append(outcome.index)
            else:
                yield self._twin(outcome.index, content)
            return
        if isinstance(outcome, Broken):
            if not isinstance(outcome.error, PictureError):
                raise outcome.error
            if content:
                self._refused[content] = outcome.error
            yield self._skipped(outcome.index, outcome.error)
        else:
            self._settled += 1
            yield outcome
        if content:
            self._compute.settled(content)
            for index in self._twins.pop(content, ()):
                yield self._twin(index, content)
            if content in self._early:
                yield self._early.pop(content)

    def _twin(self, index: int, content: str) -> Embedded | Skipped:
        if content in self._refused:
            return self._skipped(index, self._refused[content])
        self._settled += 1
        return Embedded(index, content, None, None)

    def _skipped(self, index: int, error: PictureError) -> Skipped:
        self._settled += 1
        self._failed += 1
        self._time_left.skipped(error.reason)
        return Skipped(self._records[index], error.reason, str(error), isinstance(error, HostGivenUp))

    def _progress(self) -> Progress:
        rate, left = self._time_left.measure(self._settled)
        done, total = self._settled, len(self._records)
        return Progress(self._stage, done, total, "pictures", left, rate, self._compute.bytes_read, self._failed)


class _TimeLeft:
    """How long the rest takes. Records whose link is dead cost nothing, and often stand in long rows."""

    def __init__(self, records: Sequence[ImageRecord]) -> None:
        self._amount = len(records)
        self._step = max(1, len(records) // _SAMPLE)
        now = datetime.now(timezone.utc)
        self._costly = [
            record.local_path is not None or not is_dead(record.url, now) for record in records[:: self._step]
        ]
        self._dead = 0
        self._pace = Pace()

    def skipped(self, reason: SkipReason) -> None:
        self._dead += reason in (SkipReason.EXPIRED, SkipReason.MISSING)

    def measure(self, settled: int) -> tuple[float | None, float | None]:
        """(pictures a second, seconds left), each None while it is too early to tell."""
        before, rest = self._costly[: settled // self._step], self._costly[settled // self._step :]
        still = float(self._amount - settled)
        # Where dead links did not fail, they are refreshed, and cost as much as others.
        if self._dead >= (len(before) - sum(before)) * self._step / 2:
            still *= sum(rest) / max(1, len(rest))
        done = settled - self._dead
        left = self._pace.seconds_left(done, done + math.ceil(still))
        return self._pace.rate, left
