"""A line that says how far a job is: a sentence, a bar, and buttons that stop it or let it pause."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable

from ras.gui.fitted_label import FittedLabel
from ras.gui.theme import Theme
from ras.gui.wording import progress_text
from ras.records import Progress


class ProgressLine(ttk.Frame):
    """Takes no room until ``show``; put it into a grid. ``failed`` is the word for pictures that could not be had.

    With ``pause``, a button stands before the one that stops.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        stop_label: str,
        stop: Callable[[], None],
        pause: Callable[[], None] | None = None,
        failed: str = "skipped",
    ) -> None:
        super().__init__(parent)
        px = theme.px
        self._failed = failed
        self.columnconfigure(0, weight=1)
        self._text = FittedLabel(self, theme)
        self._text.grid(row=0, column=0, sticky="ew")
        self._bar = ttk.Progressbar(self, length=px(180))
        self._bar.grid(row=0, column=1, padx=px(12))
        self.pause: ttk.Button | None = None
        if pause is not None:
            self.pause = ttk.Button(self, style="Quiet.TButton", command=pause)
            self.pause.grid(row=0, column=2, padx=(0, px(4)))
        self.stop = ttk.Button(self, text=stop_label, style="Quiet.TButton", command=stop)
        self.stop.grid(row=0, column=3)

    @property
    def text(self) -> str:
        """What is said; empty while the line is not there."""
        return self._text.text

    def show(self, event: Progress) -> None:
        self._text.say(progress_text(event, self._failed))
        fill(self._bar, event)
        self.grid()

    def second(self, label: str, state: str) -> None:
        """What stands on the button before the one that stops: ``Pause``, ``Resume``."""
        if self.pause is not None:
            self.pause.configure(text=label, state=state)

    def hide(self) -> None:
        self._text.say("")
        self._bar.stop()
        self.grid_remove()


def fill(bar: ttk.Progressbar, event: Progress) -> None:
    """Bring a bar in line with an event; without a total it runs to and fro."""
    if event.total:
        bar.stop()
        bar.configure(mode="determinate", maximum=event.total, value=event.done)
    elif str(bar.cget("mode")) != "indeterminate":
        bar.configure(mode="indeterminate")
        bar.start(20)
