"""A label of one line that cuts its text to the room it has."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from ras.gui.theme import Theme


class FittedLabel(ttk.Label):
    """Small and muted. Put it into a column that takes what is left over, and have it fill that (``sticky="ew"``)."""

    def __init__(self, parent: tk.Misc, theme: Theme, style: str = "Muted.TLabel") -> None:
        super().__init__(parent, style=style)
        self._theme = theme
        self.text = ""
        """The whole of it."""
        self.bind("<Configure>", lambda _event: self._fit())

    def say(self, text: str) -> None:
        self.text = text
        self._fit()

    def _fit(self) -> None:
        width = self.winfo_width()
        shown = self.text if width <= 1 else self._theme.elided(self.text, "RasSmall", width)
        if shown != self.cget("text"):
            self.configure(text=shown)
