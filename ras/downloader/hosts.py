"""What is learnt of a host while its pictures are fetched: how much it takes at once, its pauses, its loss."""

from __future__ import annotations

import logging
import random
import re
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Callable

from ras.errors import HostGivenUp, SkipReason
from ras.text import count, duration

log = logging.getLogger(__name__)

# After so many rounds of requests without a refusal, one more at a time is tried. TCP takes one round; servers count
# over seconds or minutes, so that a quicker climb would only be refused again and again.
_ROUNDS = 10


@dataclass(frozen=True)
class Patience:
    """How long the network is waited for, in seconds, and how often it is asked again."""

    connect: float = 6.0
    read: float = 15.0
    """Without a single byte."""
    total: float = 180.0
    """For one picture with all its tries, without the pauses that a server asks for and the wait for one's turn, and
    without the time that its bytes take on the ``slowest`` line."""
    slowest: float = 10_000.0
    """Bytes a second that each of several downloads gets on the slowest line that is waited for."""
    tries: int = 4
    """In a row, that bring nothing: one that brings more of a picture, which the next goes on from, starts the count
    again."""
    tries_in_all: int = 30
    """For one picture, with those that brought something."""
    backoff: float = 0.5
    """Before the second try, at most; each further one may wait twice as long."""
    longest_pause: float = 90.0
    """That a server may ask for (``Retry-After``); who asks for more is not asked again."""
    unreached: float = 3.0
    """How long a host's failures may last if nothing was ever reached: then there is no network."""
    lost: float = 15.0
    """The same if the network was there before: it may come back."""
    useless: float = 120.0
    """How long a host may go on answering, and never with a picture: by 429, by errors, by a body that breaks off."""


class PassingTrouble(Exception):
    """Something that another try may get over. Its text ends a sentence."""

    def __init__(self, text: str, *, throttled: bool = False, final: bool = False, progress: bool = False) -> None:
        super().__init__(text)
        self.throttled = throttled
        self.final = final
        """Not by trying again at once."""
        self.progress = progress
        """More of the picture is there than before, and the next try can go on from it."""


class _Streak:
    """Failures with no success between them."""

    def __init__(self) -> None:
        self._number, self._since = 0, 0.0

    def add(self, started: float) -> None:
        self._since = min(self._since, started) if self._number else started
        self._number += 1

    def end(self) -> None:
        self._number = 0

    def lasts(self, seconds: float, now: float) -> bool:
        return self._number >= 3 and now - self._since >= seconds


class Host:
    """What all threads know of a host: how many may ask it at once, when again, and whether it is given up.

    It gets ``most`` requests at once until it refuses one. Then it is left alone for a while, and gets half as many
    (but one); one more after every ``_ROUNDS`` rounds of answers. So do TCP's senders share a line whose width nobody
    tells them: additive increase, multiplicative decrease (RFC 5681). Requests that were already under way when it
    refused one tell nothing new: more refusals count with the first, answers do not count.

    A request is made between ``enter`` and ``leave``; what came of it is told before ``leave``, with the moment that
    ``enter`` returned as ``started``. Moments are those of ``clock``.
    """

    def __init__(self, name: str, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.resume_at = 0.0
        self.given_up = ""
        """The sentence with the reason."""
        self._most = most
        self._clock = clock
        self._changed = threading.Condition()  # guards all that follows, and what is above
        self._limit = float(most)
        self._under_way = 0
        self._silent = _Streak()
        """No answer at all."""
        self._useless = _Streak()
        """That, and answers without a picture."""
        self._pauses = 0

    @property
    def limit(self) -> int:
        """How many requests it gets at the same time."""
        return int(self._limit)

    def enter(self, stop: Callable[[], None]) -> float:
        """Wait until it may be asked, and take one of the places; returns the moment.

        Raises HostGivenUp, and what ``stop`` raises, which is asked after each ``wake``.
        """
        with self._changed:
            while True:
                stop()
                if self.given_up:
                    raise HostGivenUp(self.given_up, SkipReason.NETWORK)
                now = self._clock()
                pause = self.resume_at - now
                if pause > 0:
                    # A little apart, so that the threads do not all come back in the same moment.
                    self._changed.wait(pause + random.uniform(0, min(pause, 0.5)))
                elif self._under_way >= self.limit:
                    self._changed.wait()
                else:
                    self._under_way += 1
                    return now

    def leave(self) -> None:
        """The request is over: its place is free."""
        with self._changed:
            self._under_way -= 1
            # All, not one: that one might be told to wait for the end of a pause, and the place would stay empty.
            self._changed.notify_all()

    def wake(self) -> None:
        """Have all that wait in ``enter`` ask their ``stop``."""
        with self._changed:
            self._changed.notify_all()

    def answered(self, started: float) -> None:
        """It works: forget the failures, and after a refusal, creep towards more requests at once."""
        with self._changed:
            self._silent.end()
            self._useless.end()
            if started < self.resume_at:
                return
            self._pauses = 0
            before = self.limit
            self._limit = min(self._most, self._limit + 1 / (_ROUNDS * self._limit))
            if self.limit > before:
                log.info("%s gets up to %s at the same time again.", self.name, count(self.limit, "request"))
                self._changed.notify_all()

    def failed(self, trouble: PassingTrouble, started: float, silent: float, useless: float, answered: bool) -> None:
        """A try that began at ``started`` failed, though the host may have ``answered``.

        It is given up when it did nothing but fail: for ``silent`` seconds without an answer, or for ``useless`` with.
        Some pictures that stall must not cost all the others, so an answer shows that the host is there.
        """
        with self._changed:
            self._useless.add(started)
            if answered:
                self._silent.end()
            else:
                self._silent.add(started)
            now = self._clock()
            if (self._silent.lasts(silent, now) or self._useless.lasts(useless, now)) and not self.given_up:
                self._give_up(f"Downloads were given up: {trouble}. Check the network and search again.")

    def pause(self, asked: float | None, patience: Patience, started: float) -> None:
        """It refuses: it asks to be left alone for so many seconds (None: it does not say), and all threads shall."""
        with self._changed:
            now = self._clock()
            if asked is not None and asked > patience.longest_pause and not self.given_up:
                wait = duration(min(asked, 1e6))
                self._give_up(f"Downloads were given up: {self.name} asks to wait {wait}. Search again later.")
            # Requests that were under way are refused as well; they must not count as many refusals.
            first = started >= self.resume_at
            if first:
                self._pauses += 1
                self._limit = max(1.0, self.limit // 2)
            step = min(patience.backoff * 2 ** (self._pauses - 1), patience.longest_pause)
            self.resume_at = max(self.resume_at, now + max(asked or 0.0, step))
            if first:
                log.info(
                    "%s refuses requests: it is left alone for %.1f s, and then gets up to %s at the same time.",
                    self.name,
                    self.resume_at - now,
                    count(self.limit, "request"),
                )

    def _give_up(self, sentence: str) -> None:
        self.given_up = sentence
        log.warning("%s", sentence)
        self._changed.notify_all()


def retry_after(stated: str) -> float | None:
    """Seconds, from seconds or an HTTP date; None where it says nothing."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", stated):
        return float(stated)
    try:
        moment = parsedate_to_datetime(stated)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
