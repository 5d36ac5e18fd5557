"""The threads that calculate: they decode and shrink pictures one by one, encode them in batches, and describe them.

As many threads as cores do all of it, a batch before the next picture, and features last: so no core waits while there
is anything to do, and decoding and encoding never fight over cores. Beside a graphics card one more thread feeds it.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import logging
import math
import os
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Container

from ras.errors import PictureError
from ras.images import is_large
from ras.indexing.backlog import Backlog
from ras.indexing.outcomes import Broken, Described, Embedded, Twin
from ras.indexing.preparing import Limits, needed_side, prepared, reduced

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from ras.encoders.base import Encoder
    from ras.matching.extractor import FeatureExtractor

log = logging.getLogger(__name__)

# A batch that is not full is encoded all the same once its first picture has waited this long (seconds):
# so results show while the rest is still being downloaded.
PATIENCE = 0.25


@dataclass(frozen=True)
class _Fetched:
    index: int
    data: bytes
    is_local: bool
    content_hash: str = ""
    """Known from the second time on that it is looked at."""
    is_known: bool = False
    """It needs no encoding: it is decoded for its features."""


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


class Compute:
    """Takes the bytes of pictures and puts an outcome for each, in any order, and what was asked for of features.

    Announce with ``expect`` how many will come, then ``offer`` or ``drop`` each of them. ``put`` is called in any of
    the threads, with the outcomes of one or more pictures. All methods may be called by any thread.
    """

    def __init__(
        self,
        encoder: Encoder,
        limits: Limits,
        known: Container[str],
        put: Callable[..., None],
        extractor: FeatureExtractor | None = None,
        known_features: Container[str] = (),
        postpone: bool = False,
    ) -> None:
        """``known``: content hashes that need no encoding; ``known_features``: that need no features.

        With ``postpone``, features may be left out of pictures that can be had again at any time.
        """
        self._encoder = encoder
        self._extractor = extractor
        self._limits = limits
        self._known = known
        self._known_features = known_features
        self._postpone = postpone
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
        self._backlog = Backlog(self.threads)
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

    def offer(self, index: int, data: bytes, is_local: bool = False) -> None:
        """``is_local``: the bytes can be had again at no cost."""
        with self._changed:
            self._fetched.append(_Fetched(index, data, is_local))
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

    @property
    def promised(self) -> int:
        """How many contents will have had a ``Described``. It grows before the outcome of their picture is put."""
        return self._backlog.promised

    def stop(self) -> None:
        """The threads end after what they are at; nothing waits for them."""
        with self._changed:
            self.stopped = True
            self._fetched.clear()
            self._backlog.clear()
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
            if self._large and not self._large_at_work and self._has_room(self._large[0]):
                self._large_at_work = True
                return functools.partial(self._decode_large, self._large.popleft())
            if self._fetched and self._has_room(self._fetched[0]):
                return functools.partial(self._prepare, self._fetched.popleft())
            # What is still there has no room in the backlog.
            crowded = bool(self._fetched) or (bool(self._large) and not self._large_at_work)
            describe = self._backlog.take(urgent=crowded or not self._coming)
            if describe is not None:
                return describe
            self._changed.wait(patience)
        return None

    def _has_room(self, fetched: _Fetched) -> bool:
        """Whether the picture, decoded, would not be too much for the backlog."""
        return not self._backlog.is_full or self._may_go_without(fetched)

    def _may_go_without(self, fetched: _Fetched) -> bool:
        return self._postpone and fetched.is_local

    def _wants_features(self, content_hash: str, fetched: _Fetched) -> bool:
        """Whether the picture is to be described now."""
        if self._extractor is None or content_hash in self._known_features:
            return False
        with self._changed:
            return not (self._backlog.is_full and self._may_go_without(fetched))

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
        is_known = content_hash in self._known
        if is_known and not self._wants_features(content_hash, fetched):
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
        first_of_content = dataclasses.replace(fetched, content_hash=content_hash, is_known=is_known)
        if is_large(fetched.data, needed_side(self._encoder, self._extractor)):
            with self._changed:
                self._large.append(first_of_content)
                self._changed.notify()
            return
        self._decode(first_of_content)

    def _decode_large(self, fetched: _Fetched) -> None:
        """One at a time: a decoded picture can be a thousand times its file."""
        try:
            self._decode(fetched)
        finally:
            with self._changed:
                self._large_at_work = False
                self._changed.notify()

    def _decode(self, fetched: _Fetched) -> None:
        index, content_hash, extractor = fetched.index, fetched.content_hash, self._extractor
        row = None
        try:
            if fetched.is_known and extractor is not None:
                image: Image | None = reduced(fetched.data, self._encoder, self._limits, extractor)
            else:
                describe = self._wants_features(content_hash, fetched)
                taken, preview, image = prepared(fetched.data, self._encoder, self._limits, extractor, describe)
                row = _Row(index, content_hash, taken, preview)
        except PictureError as exc:
            # Features that may come later are no reason to give up a picture that is known.
            may_wait = fetched.is_known and self._postpone
            self._put(Embedded(index, content_hash, None, None) if may_wait else Broken(index, content_hash, exc))
            self._one_less(fetched)
            return
        with self._changed:
            if row is not None:
                if not self._rows:
                    self._rows_since = time.monotonic()
                self._rows.append(row)
            if extractor is not None and image is not None:
                self._backlog.add(functools.partial(self._describe, extractor, index, content_hash, image))
            self._forget(fetched)
        if row is None:
            self._put(Embedded(index, content_hash, None, None))

    def _describe(self, extractor: FeatureExtractor, index: int, content_hash: str, image: Image) -> None:
        try:
            features = extractor.extract(image)
        finally:
            with self._changed:
                self._backlog.done()
        self._put(Described(index, content_hash, features))

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
