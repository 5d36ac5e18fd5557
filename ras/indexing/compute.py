"""The threads that calculate: they decode and shrink pictures one by one and encode them in batches.

As many threads as cores do both, a batch before the next picture: so no core waits while there is anything to do, and
decoding and encoding never fight over cores. Beside a graphics card one more thread feeds it.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import math
import os
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Container, Union

from ras.errors import PictureError
from ras.images import decode_shrunk, is_large, make_preview

if TYPE_CHECKING:
    import numpy as np

    from ras.encoders.base import Encoder

log = logging.getLogger(__name__)

# A batch that is not full is encoded all the same once its first picture has waited this long (seconds):
# so results show while the rest is still being downloaded.
PATIENCE = 0.25


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
class Twin:
    """A picture with the bytes of another one of this run, whose outcome is its own."""

    index: int
    content_hash: str


@dataclass(frozen=True)
class Broken:
    """A picture that failed, with a PictureError; any other error is a bug, or the encoder's."""

    index: int
    content_hash: str
    """Empty where its bytes could not be had."""
    error: BaseException


Outcome = Union[Embedded, Twin, Broken]


@dataclass(frozen=True)
class Limits:
    """What pictures are decoded at all; see ``decode_image``."""

    max_pixels: int
    extra_formats: bool


@dataclass(frozen=True)
class _Fetched:
    index: int
    data: bytes
    content_hash: str = ""
    """Known from the second time on that it is looked at."""


@dataclass(frozen=True)
class _Row:
    """What is left of a decoded picture: what the encoder takes, and a preview."""

    index: int
    content_hash: str
    row: np.ndarray
    preview: bytes


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepared(data: bytes, encoder: Encoder, limits: Limits) -> tuple[np.ndarray, bytes]:
    """A picture's bytes → what the encoder takes of it, and a preview, from the same pixels. Raises DecodeError."""
    picture = decode_shrunk(
        data, at_least=encoder.decode_side, extra_formats=limits.extra_formats, max_pixels=limits.max_pixels
    )
    return encoder.preprocess(picture), make_preview(picture)


class Compute:
    """Takes the bytes of pictures and puts an outcome for each, in any order.

    Announce with ``expect`` how many will come, then ``offer`` or ``drop`` each of them. ``put`` is called in any of
    the threads, with the outcomes of one or more pictures. All methods may be called by any thread.
    """

    def __init__(self, encoder: Encoder, limits: Limits, known: Container[str], put: Callable[..., None]) -> None:
        """``known``: content hashes that need no encoding."""
        self._encoder = encoder
        self._limits = limits
        self._known = known
        self._put = put
        self.threads = usable_cores() + (encoder.device != "cpu")
        self.bytes_read = 0
        self.waiting_bytes = 0
        """Of pictures that were offered and are not decoded yet."""
        self.stopped = False
        self._changed = threading.Condition()  # guards all that follows
        self._fetched: deque[_Fetched] = deque()
        self._large: deque[_Fetched] = deque()
        self._large_at_work = False
        self._rows: list[_Row] = []
        self._rows_since = 0.0
        self._encoding = 0
        self._begun = False
        self._coming = 0
        """How many pictures may still become rows."""
        self._seen: set[bytes] = set()
        self._in_flight: set[str] = set()
        for number in range(self.threads):
            threading.Thread(target=self._work, name=f"compute-{number}").start()

    def expect(self, pictures: int) -> None:
        with self._changed:
            self._coming += pictures

    def offer(self, index: int, data: bytes) -> None:
        with self._changed:
            self._fetched.append(_Fetched(index, data))
            self.waiting_bytes += len(data)
            self.bytes_read += len(data)
            self._changed.notify()

    def drop(self, index: int, error: BaseException) -> None:
        """The picture will not come."""
        self._put(Broken(index, "", error))
        self._one_less()

    def is_open(self, content_hash: str) -> bool:
        """Whether the outcome of the first picture with these bytes has not been ``settled``."""
        with self._changed:
            return content_hash in self._in_flight

    def settled(self, content_hash: str) -> None:
        """The outcome of the first picture with these bytes is known now to whoever waits for it."""
        with self._changed:
            self._in_flight.discard(content_hash)

    def stop(self) -> None:
        """The threads end after what they are at; nothing waits for them."""
        with self._changed:
            self.stopped = True
            self._fetched.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                task = self._next_task()
            if task is None:
                return
            try:
                task()
            except BaseException as exc:  # noqa: BLE001  a bug, or the encoder's failure: raised again by the consumer
                self._put(Broken(-1, "", exc))

    def _next_task(self) -> Callable[[], None] | None:
        """Wait for something to do; None at the end."""
        while not self.stopped:
            patience = None
            if self._rows and self._encoding < self._encoder.batches_at_once:
                patience = self._rows_since + PATIENCE - time.monotonic()
                # The first picture goes alone, so that there is something to see.
                hasten = patience <= 0 or not self._begun or not self._coming
                if hasten or len(self._rows) >= self._encoder.batch_size:
                    return self._next_batch()
            if self._large and not self._large_at_work:
                self._large_at_work = True
                return functools.partial(self._decode_large, self._large.popleft())
            if self._fetched:
                return functools.partial(self._prepare, self._fetched.popleft())
            self._changed.wait(patience)
        return None

    def _next_batch(self) -> Callable[[], None]:
        amount = self._encoder.batch_size
        if not self._coming:  # the last ones are shared out evenly
            free = min(self._encoder.batches_at_once, self.threads) - self._encoding
            amount = min(amount, math.ceil(len(self._rows) / free))
        batch, self._rows = self._rows[:amount], self._rows[amount:]
        self._rows_since = time.monotonic()
        self._begun = True
        self._encoding += 1
        return functools.partial(self._encode, batch)

    def _prepare(self, fetched: _Fetched) -> None:
        digest = hashlib.sha256(fetched.data)
        content_hash = digest.hexdigest()
        if content_hash in self._known:
            self._put(Embedded(fetched.index, content_hash, None, None))
            self._one_less(fetched)
            return
        with self._changed:
            first = digest.digest() not in self._seen
            if first:
                self._seen.add(digest.digest())
                self._in_flight.add(content_hash)
        if not first:
            self._put(Twin(fetched.index, content_hash))
            self._one_less(fetched)
            return
        known = _Fetched(fetched.index, fetched.data, content_hash)
        if is_large(fetched.data, self._encoder.decode_side):
            with self._changed:
                self._large.append(known)
                self._changed.notify()
            return
        self._decode(known)

    def _decode_large(self, fetched: _Fetched) -> None:
        """One at a time: a decoded picture can be a thousand times its file."""
        try:
            self._decode(fetched)
        finally:
            with self._changed:
                self._large_at_work = False
                self._changed.notify()

    def _decode(self, fetched: _Fetched) -> None:
        try:
            row = _Row(fetched.index, fetched.content_hash, *prepared(fetched.data, self._encoder, self._limits))
        except PictureError as exc:
            self._put(Broken(fetched.index, fetched.content_hash, exc))
            self._one_less(fetched)
            return
        with self._changed:
            if not self._rows:
                self._rows_since = time.monotonic()
            self._rows.append(row)
            self._forget(fetched)

    def _encode(self, batch: list[_Row]) -> None:
        import numpy as np

        try:
            embeddings = self._encoder.encode_batch(np.stack([item.row for item in batch]))
        finally:
            with self._changed:
                self._encoding -= 1
        self._put(
            *(
                Embedded(item.index, item.content_hash, embedding, item.preview)
                for item, embedding in zip(batch, embeddings)
            )
        )

    def _one_less(self, fetched: _Fetched | None = None) -> None:
        with self._changed:
            self._forget(fetched)

    def _forget(self, fetched: _Fetched | None) -> None:
        """A picture became a row, or never will."""
        if fetched is not None:
            self.waiting_bytes -= len(fetched.data)
        self._coming -= 1
        # One that waits may have to look at the clock, or to take the last batch.
        self._changed.notify_all() if not self._coming else self._changed.notify()
