"""A question at the foot of a window, with two buttons: asked before something that is not undone by itself."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable

from ras.gui.theme import Theme


class Question(ttk.Frame):
    """Takes no room until ``ask``; put it into a grid. ``answered`` is called in any case, once it is gone."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, no: str, yes: str, answered: Callable[[], None]) -> None:
        super().__init__(parent, style="Panel.TFrame", padding=theme.px(12))
        self._theme, self._answered = theme, answered
        self._do: Callable[[], None] = lambda: None
        self.columnconfigure(0, weight=1)
        self._text = ttk.Label(self, style="Card.TLabel", justify="left")
        self._text.grid(row=0, column=0, sticky="ew")
        self.no_button = ttk.Button(self, text=no, style="Card.TButton", command=self.dismiss)
        self.no_button.grid(row=0, column=1, padx=theme.px(8))
        self.yes_button = ttk.Button(self, text=yes, style="Card.Accent.TButton", command=self._confirm)
        self.yes_button.grid(row=0, column=2)

    @property
    def text(self) -> str:
        """What is asked; empty while nothing is."""
        return str(self._text.cget("text")) if self.winfo_manager() else ""

    def ask(self, text: str, do: Callable[[], None]) -> None:
        """``do`` is called if the answer is yes."""
        self._do = do
        self._text.configure(text=text)
        self.grid()
        self.no_button.focus_set()

    def dismiss(self) -> None:
        self.grid_remove()
        self._answered()

    def wrap(self, width: int) -> None:
        """Fit the text into a window of this width."""
        self._text.configure(wraplength=max(1, width - self._theme.px(230)))

    def _confirm(self) -> None:
        self.dismiss()
        self._do()
