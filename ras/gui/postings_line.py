"""In the details, of a picture that was posted more than once: how often, first by whom, and the way to see it all."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable

from ras.gui.theme import Theme

if TYPE_CHECKING:
    from ras.gui.arrangement import Mark

_NAMES = (60, 36, 28, 22, 17, 12)
"""Characters of the author's name: as many as there is room for."""


class PostingsLine(ttk.Frame):
    """``turn`` shows every posting among the results, or again one tile for all of them."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, turn: Callable[[], None]) -> None:
        super().__init__(parent, style="Card.TFrame")
        self._theme = theme
        self._mark: Mark | None = None
        self._label = ttk.Label(self, style="Card.TLabel", justify="left")
        self._label.grid(row=0, columnspan=2, sticky="w")
        self.button = ttk.Button(self, style="Card.Link.TButton", command=turn, takefocus=True)
        self.button.grid(row=1, sticky="w")
        self.columnconfigure(1, weight=1)

    @property
    def text(self) -> str:
        """What is said; empty where it was posted once."""
        return "" if self._mark is None else self._theme.shown(self._mark.about)

    @property
    def height(self) -> int:
        """What it needs, whether or not it has been laid out already."""
        return self._label.winfo_reqheight() + self.button.winfo_reqheight() if self._mark is not None else 0

    def show(self, mark: Mark | None) -> bool:
        """Whether something else is to be said than before; then call ``fit``."""
        before, self._mark = self._mark, mark
        return mark != before

    def fit(self, width: int) -> None:
        """On two lines as a rule; of the names rather the author's is cut than the date."""
        if self._mark is None:
            return
        self._word_button(short=False)
        for longest in _NAMES:
            text = self._theme.shown(self._mark.about_with(longest))
            if self._theme.measure(text, "RasBody") <= 1.75 * width:
                break
        self._label.configure(text=text, wraplength=width)

    def takes(self, other: ttk.Button, width: int) -> bool:
        """Put another button, named already, beside the own one; whether there is room for it."""
        gap = self._theme.px(8)
        if self._mark is not None:
            self._word_button(short=True)
            if self.button.winfo_reqwidth() + gap + other.winfo_reqwidth() <= width:
                other.grid(in_=self, row=1, column=1, sticky="w", padx=(gap, 0), pady=0)
                return True
            self._word_button(short=False)
        return False

    def _word_button(self, *, short: bool) -> None:
        if self._mark is not None and self._mark.unfolded:
            self.button.configure(text="As one result" if short else "Show as one result")
        elif self._mark is not None:
            self.button.configure(
                text=f"All {self._mark.total} posts" if short else f"Show all {self._mark.total} posts"
            )
