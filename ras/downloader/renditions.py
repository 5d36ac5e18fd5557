"""Small renditions in place of large originals, once Discord's proxy was seen to send them as they should be.

Nobody documents the proxy, so nothing is taken on trust: in each run the first large pictures are fetched both ways and
compared, and only where all are alike, renditions are used for the rest. Whatever surprises leads back to originals.
"""

from __future__ import annotations

import dataclasses
import logging
import posixpath
import threading
from dataclasses import dataclass
from typing import Callable
from urllib.parse import urlsplit

from ras.cdn import expires_at, is_expired, rendition_url
from ras.downloader.likeness import Box, difference, unfit
from ras.errors import DecodeError, FetchError, SkipReason
from ras.images import upright_size
from ras.records import ImageRecord
from ras.settings import Settings
from ras.text import count, size

log = logging.getLogger(__name__)

SIDE = 768
"""Pixels of the longer side. Encoders and features take 512 at most of all but narrow pictures; at 768 all of their
copies are found that the original finds, with 0.96 of the keypoints (``benchmarks/renditions``)."""

SMALLEST = 300_000
"""Bytes of an original from which on a rendition may be worth its request."""

SAMPLES = 4
"""Pictures of each kind that must be alike before renditions are used."""

EACH = 100
"""One of so many renditions is compared with its original later on, too."""

MOST_IN_VAIN = 20
"""After so many originals that prove nothing, no larger than their renditions or damaged, no more is asked for."""
BY_NETWORK = 5
"""As many of these does it count where the network let a rendition down."""

SURPRISES = 3
SHARE = 0.1
"""After so many surprises, if they are as large a share of what was asked for, renditions are given up."""

FORMS = ("box", "width", "size")
"""How they are asked for, each if the one before is refuted: by the square in which they fit; by their width alone; by
their exact size, as Discord's own program does it, which takes the beginning of the original first."""

_KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""File endings of what may be asked for; the proxy keeps the kind of file, and with it transparency."""

Fetch = Callable[[ImageRecord], bytes]
"""Gives bytes that begin like a picture's, or raises FetchError."""


@dataclass(frozen=True)
class _Try:
    """What one picture is to be."""

    form: int
    compared: bool
    """Whether its original is fetched as well, and given."""
    proven: bool
    """Whether renditions are used already."""


@dataclass(frozen=True)
class _Got:
    """A rendition, or what is wrong with it."""

    data: bytes
    box: Box
    trouble: str = ""
    passing: bool = False
    """Whether the trouble is the network's."""


class _Trial:
    """What is known of the renditions of one kind of file. The lock is its owner's."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.proven = self.given_up = False
        self._form = 0
        self._claimed = self._alike = self._vain = self._asked = self._surprises = 0

    def next(self) -> _Try | None:
        """What to do with the next picture; None: fetch its original."""
        if self.given_up:
            return None
        if self.proven:
            self._asked += 1
            return _Try(self._form, compared=self._asked % EACH == 0, proven=True)
        if self._claimed + self._alike >= SAMPLES:
            return None  # what comes of those is awaited
        self._claimed += 1
        return _Try(self._form, compared=True, proven=False)

    def alike(self, made: _Try) -> None:
        """The rendition is the original, shrunk."""
        if self._is_sample(made):
            self._claimed -= 1
            self._alike += 1
            self.proven = self._alike == SAMPLES
            if self.proven:
                log.info("Renditions of %s pictures are used from now on (by %s).", self.kind, FORMS[self._form])

    def in_vain(self, made: _Try, weight: int = 1) -> None:
        """It says nothing of renditions."""
        if self._is_sample(made):
            self._claimed -= 1
            self._vain += weight
            if self._vain >= MOST_IN_VAIN:
                self._give_up("none could be compared")

    def surprise(self, made: _Try, what: str, refuted: bool) -> None:
        """``refuted``: seen beside the original, which is no accident."""
        if self._is_sample(made):
            log.info("Not as it should be, a rendition of a %s picture by %s: %s", self.kind, FORMS[self._form], what)
            self._form += 1
            self._claimed = self._alike = 0
            if self._form == len(FORMS):
                self._give_up(what)
        elif made.proven:
            self._surprises += 1
            if refuted or (self._surprises >= SURPRISES and self._surprises >= SHARE * self._asked):
                self._give_up(what)

    def _is_sample(self, made: _Try) -> bool:
        """Whether it counts: it was asked for in the form that is being proven."""
        return not (made.proven or self.proven or self.given_up) and made.form == self._form

    def _give_up(self, what: str) -> None:
        if not self.given_up:
            self.given_up = True
            log.info("From now on originals of %s pictures are fetched: %s", self.kind, what)


class Renditions:
    """Fetches pictures small where that is proven to be as good. For one run, and all of its threads."""

    def __init__(self, settings: Settings, original: Fetch, rendition: Fetch, beginning: Fetch) -> None:
        """``rendition`` is to be impatient, to follow no redirect, and to read little more than ``file_size`` bytes;
        ``beginning`` gives the first bytes at least."""
        self._settings = settings
        self._original, self._rendition, self._beginning = original, rendition, beginning
        self._lock = threading.Lock()
        self._trials = {kind: _Trial(kind) for kind in _KINDS.values()}
        self._used = self._saved = 0

    def fetch(self, record: ImageRecord) -> bytes:
        """The picture's bytes: a rendition's, or those of the original. Raises FetchError, by the original."""
        trial = self._trial_of(record)
        with self._lock:
            made = None if trial is None else trial.next()
        if trial is None or made is None:
            return self._original(record)
        got = self._ask(record, FORMS[made.form])
        if got is not None and not got.trouble and not made.compared:
            trouble = unfit(got.data, got.box, SIDE // 2, record.file_size or 0)
            if trouble is None:
                with self._lock:
                    self._used += 1
                    self._saved += (record.file_size or 0) - len(got.data)
                return got.data
            got = dataclasses.replace(got, trouble=trouble)
        try:
            original = self._original(record)
        except FetchError:  # that a picture is gone, or the network, is not the renditions' fault
            with self._lock:
                trial.in_vain(made)
            raise
        self._judge(trial, made, got, original)
        return original

    def notices(self) -> list[str]:
        """A sentence for the user on what was saved since the last one, if anything was."""
        with self._lock:
            used, saved = self._used, self._saved
            if not used or saved <= 0:
                return []
            self._used = self._saved = 0
        if used == 1:
            return [f"A small preview was fetched instead of 1 original: about {size(saved)} less."]
        return [f"Small previews were fetched instead of {count(used, 'original')}: about {size(saved)} less."]

    def _judge(self, trial: _Trial, made: _Try, got: _Got | None, original: bytes) -> None:
        """Learn from a rendition, or from what came of asking for it, beside the original."""
        trouble, alike = ("", False) if got is None else (got.trouble, False)
        if got is not None and not trouble:
            try:
                trouble = difference(original, got.data, got.box, self._settings) or ""
                alike = not trouble and _is_larger(original) and len(got.data) < len(original)
            except DecodeError as exc:
                log.debug("A rendition has no original to be compared with: %s", exc)
        with self._lock:
            self._saved -= 0 if got is None else len(got.data)
            if alike:
                trial.alike(made)
            elif got is None or not trouble:
                trial.in_vain(made)
            elif got.passing and not made.proven:
                trial.in_vain(made, BY_NETWORK)
            else:
                trial.surprise(made, trouble, refuted=not got.trouble)

    def _trial_of(self, record: ImageRecord) -> _Trial | None:
        """None where no rendition shall be asked for."""
        if not self._settings.small_previews or record.file_size is None or record.file_size < SMALLEST:
            return None
        if expires_at(record.url) is None or is_expired(record.url) or rendition_url(record.url, SIDE) is None:
            return None
        kind = _KINDS.get(posixpath.splitext(urlsplit(record.url).path)[1].lower())
        return None if kind is None else self._trials[kind]

    def _ask(self, record: ImageRecord, form: str) -> _Got | None:
        """A rendition; None where the original turns out to be no larger."""
        box: Box = (SIDE, None if form == "width" else SIDE)
        try:
            if form == "size":
                whole = upright_size(self._beginning(record))
                if whole is None or max(whole) <= SIDE:
                    return None
                box = (max(1, round(whole[0] * SIDE / max(whole))), max(1, round(whole[1] * SIDE / max(whole))))
            url = rendition_url(record.url, *box) or ""
            data = self._rendition(dataclasses.replace(record, url=url))
        except FetchError as exc:
            return _Got(b"", box, str(exc), exc.reason is SkipReason.NETWORK)
        return _Got(data, box)


def _is_larger(original: bytes) -> bool:
    """Whether it had to be shrunk, so that its rendition proves something."""
    there = upright_size(original)
    return there is not None and max(there) > SIDE
