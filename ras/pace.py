"""How fast a job goes, and how long it will still take, judged by its own recent past."""

from __future__ import annotations

import time
from collections import deque


class Pace:
    """Estimates from what was done in the last ``window`` seconds.

    The recent past, not the average since the start: a search that begins with local files and goes on with downloads
    changes its pace by a factor of ten. And from the first that was done, not from the start: loading a model is over
    by then and does not come again.
    """

    def __init__(self, window: float = 15.0) -> None:
        self._window = window
        self._samples: deque[tuple[float, int]] = deque()
        self.rate: float | None = None
        """Done a second, of late; None while it is too early to tell."""

    def seconds_left(self, done: int, total: int | None) -> float | None:
        """Note that ``done`` of ``total`` are through; None while it is too early to tell."""
        now = time.monotonic()
        if not done:
            return None
        # A sample every tenth of a second is enough, and keeps the deque short however often this is called.
        if not self._samples or now - self._samples[-1][0] >= 0.1:
            self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[0][0] > self._window:
            self._samples.popleft()
        start, done_then = self._samples[0]
        if now - start < 0.5 or done <= done_then:
            return None
        self.rate = (done - done_then) / (now - start)
        return None if total is None else max(0.0, (total - done) / self.rate)
