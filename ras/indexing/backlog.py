"""Pictures that wait for their features: how many may, and when a thread turns to them."""

from __future__ import annotations

from collections import deque
from typing import Callable

# While so many pictures wait for their features, none is decoded that would be one more.
BACKLOG = 64


class Backlog:
    """What threads that decode and encode make features of when they have time. Guarded by the lock of its owner."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._waiting: deque[Callable[[], None]] = deque()
        self._at_work = 0
        self.promised = 0
        """How many contents will have had a ``Described``."""

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= BACKLOG

    def add(self, describe: Callable[[], None]) -> None:
        """``describe`` makes the features of a picture."""
        self._waiting.append(describe)
        self.promised += 1

    def take(self, urgent: bool) -> Callable[[], None] | None:
        """What to do now, if anything; then ``done`` is to be called.

        Unless it is ``urgent``, a thread stays free for pictures that may come: no embedding should wait for features.
        """
        if not self._waiting or not (urgent or self._threads == 1 or self._threads - self._at_work > 1):
            return None
        self._at_work += 1
        return self._waiting.popleft()

    def done(self) -> None:
        self._at_work -= 1

    def clear(self) -> None:
        self._waiting.clear()
