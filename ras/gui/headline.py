"""What stands over the results: a headline, a comment, and a button for more of them."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable

from ras.gui.theme import Theme


class Headline(ttk.Frame):
    """The button stands beside the texts, or below them where there is no room."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, more: Callable[[], None]) -> None:
        super().__init__(parent)
        self._theme = theme
        self.columnconfigure(0, weight=1)
        self._head = ttk.Label(self, style="Title.TLabel", justify="left")
        self._head.grid(row=0, column=0, sticky="w")
        self._comment = ttk.Label(self, style="Muted.TLabel", justify="left")
        self._comment.grid(row=1, column=0, sticky="w")
        self.button = ttk.Button(self, style="Link.TButton", command=more)
        self._more = ""
        self.bind("<Configure>", lambda _event: self._fit())

    @property
    def text(self) -> str:
        return str(self._head.cget("text"))

    @property
    def comment(self) -> str:
        return str(self._comment.cget("text"))

    def say(self, head: str, comment: str, more: str = "") -> None:
        """``more``: on the button; without it there is none."""
        self._head.configure(text=head)
        self._comment.configure(text=comment)
        self._more = more
        self._fit()

    def _fit(self) -> None:
        theme, width = self._theme, self.winfo_width()
        if width <= 1:
            return
        around = self.button.winfo_reqwidth() - theme.measure(str(self.button.cget("text")), "RasBody")
        self.button.configure(text=theme.elided(self._more, "RasBody", width - around))
        gap = theme.px(14)
        texts = max(theme.measure(self.text, "RasTitle"), theme.measure(self.comment, "RasSmall"))
        beside = texts + gap + self.button.winfo_reqwidth() <= width
        small = theme.measure(self.text, "RasTitle") > 1.8 * width
        self._head.configure(style="Strong.TLabel" if small else "Title.TLabel")
        for label in (self._head, self._comment):
            label.configure(wraplength=width)
        if self.comment:
            self._comment.grid()
        else:
            self._comment.grid_remove()
        if not self._more:
            self.button.grid_remove()
        elif beside:
            self.button.grid(row=0, column=1, rowspan=2, sticky="e", padx=(gap, 0), pady=0)
        else:
            self.button.grid(row=2, column=0, rowspan=1, sticky="w", padx=0, pady=(theme.px(4), 0))
