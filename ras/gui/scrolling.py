"""Wheels of every platform, and a canvas that glides instead of jumping."""

from __future__ import annotations

import time
import tkinter as tk
from typing import Any

_FRAME = 0.015
"""Seconds from one frame to the next: a little less than most screens take."""
_SECONDS = 0.14


class Glide:
    """Smooth vertical scrolling of a canvas: by wheel, touch pad, or to a place that is asked for."""

    def __init__(self, canvas: tk.Canvas, step: int) -> None:
        self._canvas, self._step = canvas, step
        self._timer: str | None = None
        self._from = self._to = 0.0
        self._since = self._due = 0.0
        on_wheel(canvas, self._wheel)

    def to(self, top: float) -> None:
        """Glide until the pixel row ``top`` of the scroll region is the first that is seen."""
        total, seen = self._heights()
        self._from = self._canvas.canvasy(0)
        self._to = max(0.0, min(float(top), total - seen))
        self._since = time.perf_counter()
        if self._timer is None:
            self._due = self._since
            self._timer = self._canvas.after(1, self._frame)

    def stop(self) -> None:
        if self._timer is not None:
            self._canvas.after_cancel(self._timer)
            self._timer = None

    def _wheel(self, notches: float) -> None:
        start = self._to if self._timer is not None else self._canvas.canvasy(0)
        self.to(start - notches * self._step)

    def _heights(self) -> tuple[float, float]:
        region = str(self._canvas.cget("scrollregion")).split()
        return float(region[3]) if region else 0.0, float(self._canvas.winfo_height())

    def _frame(self) -> None:
        self._timer = None
        part = min(1.0, (time.perf_counter() - self._since) / _SECONDS)
        eased = 1 - (1 - part) ** 3
        total, _ = self._heights()
        if total > 0:
            self._canvas.yview_moveto((self._from + (self._to - self._from) * eased) / total)
        if part < 1.0:
            # From when this frame was due, not from when it was there: drawing does not make the next one later.
            now = time.perf_counter()
            self._due = max(self._due + _FRAME, now)
            self._timer = self._canvas.after(max(1, round((self._due - now) * 1000)), self._frame)


def on_wheel(widget: tk.Misc, turned: Any) -> None:
    """Call ``turned(notches)``, up being positive, for the wheel of Windows, macOS and X11 alike."""
    system = widget.tk.call("tk", "windowingsystem")

    def wheel(event: tk.Event[tk.Misc]) -> str:
        turned(notches_of(event))
        return "break"

    widget.bind("<MouseWheel>", wheel)
    if system == "x11":
        widget.bind("<Button-4>", lambda _event: turned(1.0))
        widget.bind("<Button-5>", lambda _event: turned(-1.0))


def notches_of(event: tk.Event[tk.Misc]) -> float:
    """What the event of a wheel says, up being positive."""
    if str(event.num) in ("4", "5"):
        return 1.0 if str(event.num) == "4" else -1.0
    return event.delta / 120 if abs(event.delta) >= 30 else event.delta / 4
