"""The window's background threads: one for each kind of job that must not wait for another."""

from __future__ import annotations

import time

from ras.worker import Worker

_LAST_MOMENT = 0.8
"""Seconds that what runs has to end in when the window is closed."""


class Workers:
    """``search`` also builds engines and opens archives; ``chores`` are short; what ``look`` does may take its time;
    ``draw`` draws what is seen at once; ``fetch`` waits for the network.
    """

    def __init__(self) -> None:
        self.search, self.index, self.download = Worker("search"), Worker("index"), Worker("download")
        self.chores, self.look, self.draw = Worker("chores"), Worker("look"), Worker("draw")
        self.fetch = Worker("fetch")
        self.all = (self.index, self.search, self.download, self.chores, self.look, self.draw, self.fetch)

    def close(self) -> None:
        """Stop what runs. What does not stop at once ends with the program."""
        for worker in self.all:  # all at the same time, then wait
            worker.close(timeout=0)
        deadline = time.monotonic() + _LAST_MOMENT
        for worker in self.all:
            worker.close(timeout=max(0.0, deadline - time.monotonic()))
