"""What is learnt of a host while its pictures are fetched: that it wants a pause, that it cannot be reached."""

from __future__ import annotations

import logging
import re
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from ras.text import duration

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long the network is waited for, in seconds, and how often it is asked again."""

    connect: float = 6.0
    read: float = 15.0
    """Without a single byte."""
    total: float = 180.0
    """For one picture with all its tries, without the pauses that a server asks for."""
    tries: int = 4
    backoff: float = 0.5
    """Before the second try, at most; each further one may wait twice as long."""
    longest_pause: float = 90.0
    """That a server may ask for (``Retry-After``); who asks for more is not asked again."""
    unreached: float = 3.0
    """How long a host's failures may last if nothing was ever reached: then there is no network."""
    lost: float = 15.0
    """The same if the network was there before: it may come back."""
    throttled: float = 120.0
    """How long a host may go on with nothing but 429."""


class PassingTrouble(Exception):
    """Something that another try may get over. Its text ends a sentence."""

    def __init__(self, text: str, *, throttled: bool = False, final: bool = False) -> None:
        super().__init__(text)
        self.throttled = throttled
        self.final = final
        """Not by trying again at once."""


class Host:
    """What all threads know of a host: when it may be asked again, and whether that is given up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.resume_at = 0.0
        self.given_up = ""
        """The sentence with the reason."""
        self._lock = threading.Lock()
        self._failures = 0
        self._failing_since = 0.0
        self._pauses = 0

    def answered(self) -> None:
        """It works: forget the failures."""
        with self._lock:
            self._failures = self._pauses = 0

    def failed(self, trouble: PassingTrouble, started: float, patience: float) -> None:
        """A try that began at ``started`` failed. Failures alone, for longer than ``patience``: give the host up."""
        with self._lock:
            self._failing_since = min(self._failing_since, started) if self._failures else started
            self._failures += 1
            if self._failures >= 3 and time.monotonic() - self._failing_since >= patience and not self.given_up:
                self.given_up = f"Downloads were given up: {trouble}. Check the network and search again."
                log.warning("%s", self.given_up)

    def pause(self, asked: float | None, patience: Patience) -> None:
        """It asks to be left alone for so many seconds (None: it does not say), and all threads shall."""
        with self._lock:
            now = time.monotonic()
            if asked is not None and asked > patience.longest_pause:
                wait = duration(min(asked, 1e6))
                self.given_up = f"Downloads were given up: {self.name} asks to wait {wait}. Search again later."
            # Requests that were under way are refused as well; they must not count as many refusals.
            if now >= self.resume_at:
                self._pauses += 1
            step = min(patience.backoff * 2 ** (self._pauses - 1), patience.longest_pause)
            self.resume_at = max(self.resume_at, now + max(asked or 0.0, step))


def retry_after(stated: str) -> float | None:
    """Seconds, from seconds or an HTTP date; None where it says nothing."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", stated):
        return float(stated)
    try:
        moment = parsedate_to_datetime(stated)
    except (TypeError, ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
