"""The line at the bottom: what is being done, how far it is, how long it takes; and the encoder in use."""

from __future__ import annotations

import time
import tkinter as tk
from tkinter import ttk
from typing import Callable

from ras.errors import SkipReason
from ras.gui.theme import Theme
from ras.records import Progress, SearchReport
from ras.text import count, duration, size


class StatusBar(ttk.Frame):
    """Two rows at most: the job of the moment, and above it a download that goes on beside it."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, show_skipped: Callable[[], None], stop_download: Callable[[], None]
    ) -> None:
        super().__init__(parent)
        px = theme.px
        self._theme = theme
        self.columnconfigure(0, weight=1)
        self._download = ttk.Frame(self)
        self._download.columnconfigure(0, weight=1)
        self._download_text = ttk.Label(self._download, style="Muted.TLabel")
        self._download_text.grid(row=0, column=0, sticky="w")
        self._download_bar = ttk.Progressbar(self._download, length=px(180))
        self._download_bar.grid(row=0, column=1, padx=px(12))
        ttk.Button(self._download, text="Cancel download", style="Quiet.TButton", command=stop_download).grid(
            row=0, column=2
        )
        self._download.grid(row=0, column=0, sticky="ew", pady=(0, px(4)))
        self._download.grid_remove()

        line = ttk.Frame(self)
        line.columnconfigure(0, weight=1)
        line.grid(row=1, column=0, sticky="ew")
        self._text = ttk.Label(line, style="Muted.TLabel")
        self._text.grid(row=0, column=0, sticky="w")
        self._skipped = ttk.Button(line, text="Show skipped …", style="Quiet.TButton", command=show_skipped)
        self._skipped.grid(row=0, column=1, padx=(px(8), 0))
        self._skipped.grid_remove()
        self._bar = ttk.Progressbar(line, length=px(220))
        self._bar.grid(row=0, column=2, padx=(px(12), 0))
        self._bar.grid_remove()
        self._encoder = ttk.Label(line, style="Muted.TLabel")
        self._encoder.grid(row=0, column=3, padx=(px(16), 0))
        self._started = 0.0
        self._stage = ""

    @property
    def text(self) -> str:
        return str(self._text.cget("text"))

    def say(self, text: str) -> None:
        """A plain sentence; nothing is in progress."""
        self._text.configure(text=text)
        self._bar.stop()
        self._bar.grid_remove()
        self._skipped.grid_remove()
        self._stage = ""

    def show_encoder(self, text: str) -> None:
        self._encoder.configure(text=text)

    def progress(self, event: Progress) -> None:
        """How far the job of the moment is."""
        if event.stage != self._stage:
            self._stage, self._started = event.stage, time.monotonic()
            self._skipped.grid_remove()
        self._text.configure(text=progress_text(event, time.monotonic() - self._started))
        _fill(self._bar, event)
        self._bar.grid()

    def report(self, report: SearchReport, total: int, seconds: float) -> None:
        self.say(report_text(report, total, seconds))
        if report.skipped:
            self._skipped.grid()

    def download(self, event: Progress | None) -> None:
        """How far the download is, None when there is none."""
        if event is None:
            self._download_bar.stop()
            self._download.grid_remove()
            return
        self._download_text.configure(text=progress_text(event, 0))
        _fill(self._download_bar, event)
        self._download.grid()


def _fill(bar: ttk.Progressbar, event: Progress) -> None:
    if event.total:
        bar.stop()
        bar.configure(mode="determinate", maximum=event.total, value=event.done)
    elif str(bar.cget("mode")) != "indeterminate":
        bar.configure(mode="indeterminate")
        bar.start(20)


def progress_text(event: Progress, seconds: float) -> str:
    """``Searching: 1,204 of 3,561 · 38 pictures/s · about 1 min left``."""
    if event.unit == "bytes":
        done, total = size(event.done), size(event.total) if event.total else None
        parts = [f"{event.stage}: {done} of {total}" if total else f"{event.stage}: {done}"]
    elif event.total:
        parts = [f"{event.stage}: {event.done:,} of {count(event.total, event.unit.rstrip('s'))}"]
    else:
        parts = [f"{event.stage}: {count(event.done, event.unit.rstrip('s'))}" if event.done else f"{event.stage} …"]
    if event.unit == "pictures" and event.done and seconds > 1:
        parts.append(f"{event.done / seconds:,.0f} pictures/s")
    if event.seconds_left is not None:
        parts.append(f"about {duration(event.seconds_left)} left".replace("about under", "under"))
    return " · ".join(parts)


def report_text(report: SearchReport, total: int, seconds: float) -> str:
    """``Compared 3,210 of 3,561 pictures in 41 s; skipped 351: 340 link expired, 11 other kind of file.``"""
    compared = f"Compared {report.searched:,} of {count(total, 'picture')} in {duration(seconds)}"
    if not report.skipped:
        return compared + "."
    return f"{compared}; skipped {sum(report.skipped.values()):,}: {reasons_text(report.skipped)}."


def reasons_text(skipped: dict[str, int]) -> str:
    ordered = sorted(skipped.items(), key=lambda item: -item[1])
    return ", ".join(f"{number:,} {SkipReason(reason).text}" for reason, number in ordered)
