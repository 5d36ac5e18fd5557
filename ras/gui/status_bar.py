"""The line at the bottom: what is being done, how far it is, how long it takes; and the encoder in use."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable

from ras.gui.fitted_label import FittedLabel
from ras.gui.progress_line import ProgressLine, fill
from ras.gui.theme import Theme
from ras.gui.wording import progress_text, report_text
from ras.records import Progress, SearchReport


class StatusBar(ttk.Frame):
    """The job of the moment, and above it a line each for indexing and for a download that go on beside it."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        show_skipped: Callable[[], None],
        pause_indexing: Callable[[], None],
        stop_indexing: Callable[[], None],
        stop_download: Callable[[], None],
        progressed: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        px = theme.px
        self._show_skipped, self._progressed = show_skipped, progressed
        self.at: Progress | None = None
        """How far the job of the moment is, as was told last; None when it is over."""
        self.columnconfigure(0, weight=1)
        self._download = ProgressLine(self, theme, stop_label="Cancel download", stop=stop_download)
        self.indexing = ProgressLine(
            self, theme, stop_label="Stop", stop=stop_indexing, pause=pause_indexing, failed="left out"
        )
        for row, beside in enumerate((self._download, self.indexing)):
            beside.grid(row=row, column=0, sticky="ew", pady=(0, px(4)))
            beside.grid_remove()

        line = ttk.Frame(self)
        line.columnconfigure(0, weight=1)
        line.grid(row=2, column=0, sticky="ew")
        self._text = FittedLabel(line, theme)
        self._text.grid(row=0, column=0, sticky="ew")
        # One command for good: Tk keeps each that a button is given later, until the button is gone.
        self._press = show_skipped
        self.skipped = ttk.Button(line, style="Quiet.TButton", command=lambda: self._press())
        self.skipped.grid(row=0, column=1, padx=(px(8), 0))
        self.skipped.grid_remove()
        line.rowconfigure(0, minsize=self.skipped.winfo_reqheight())  # nothing above moves when it comes
        self._bar = ttk.Progressbar(line, length=px(220))
        self._bar.grid(row=0, column=2, padx=(px(12), 0))
        self._bar.grid_remove()
        self._encoder = ttk.Label(line, style="Muted.TLabel")
        self._encoder.grid(row=0, column=3, padx=(px(16), 0))

    @property
    def text(self) -> str:
        return self._text.text

    def say(self, text: str, show_skipped: Callable[[], None] | None = None, label: str = "Show left out …") -> None:
        """A plain sentence; nothing is in progress.

        ``show_skipped`` lists the pictures that it counts as left out, and is called by a button with this ``label``.
        """
        self.at = None
        self._text.say(text)
        self._bar.stop()
        self._bar.grid_remove()
        if show_skipped is None:
            self.skipped.grid_remove()
        else:
            self._press = show_skipped
            self.skipped.configure(text=label)
            self.skipped.grid()
        self._progressed()

    def show_encoder(self, text: str) -> None:
        self._encoder.configure(text=text)

    def progress(self, event: Progress) -> None:
        """How far the job of the moment is."""
        self.skipped.grid_remove()
        self._text.say(progress_text(event))
        fill(self._bar, event)
        self._bar.grid()
        self.at = event
        self._progressed()

    def report(self, report: SearchReport, total: int, seconds: float) -> None:
        show = self._show_skipped if report.skipped else None
        self.say(report_text(report, total, seconds), show, "Show skipped …")

    def download(self, event: Progress | None) -> None:
        """How far the download is, None when there is none."""
        if event is None:
            self._download.hide()
        else:
            self._download.show(event)
