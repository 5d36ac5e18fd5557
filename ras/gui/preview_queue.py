"""Previews that are still to be decoded, a few at a time, so that the window stays alive."""

from __future__ import annotations

import time
import tkinter as tk
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from ras.records import SearchResult

_SLICE = 0.004
"""Seconds that decoding may take before the window gets its turn."""


class PreviewQueue:
    """``decode`` decodes one and shows it."""

    def __init__(self, canvas: tk.Canvas, decode: Callable[[SearchResult], None]) -> None:
        self._canvas, self._decode = canvas, decode
        self.wanted: list[SearchResult] = []
        """The first is decoded first."""
        self._timer: str | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is wanted any more."""
        return not self.wanted and self._timer is None

    def work(self) -> None:
        """See to what is wanted, in a moment."""
        if self.wanted and self._timer is None:
            self._timer = self._canvas.after(1, self._work)

    def _work(self) -> None:
        self._timer = None
        deadline = time.perf_counter() + _SLICE
        while self.wanted and time.perf_counter() < deadline:
            self._decode(self.wanted.pop(0))
        self.work()
