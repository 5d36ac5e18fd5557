"""The head of the details: what a result is to the query, what was changed, and what says so."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable

from ras.gui.accessible import name_icon
from ras.gui.score_bar import score_bar
from ras.gui.theme import Theme
from ras.gui.tooltip import Tooltip
from ras.gui.verdict_words import changes_text, evidence_text, score_text
from ras.text import unbroken

if TYPE_CHECKING:
    from ras.records import SearchResult


class VerdictLines(ttk.Frame):
    """Stands on a panel, beside the button that closes it."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, close: Callable[[], None]) -> None:
        super().__init__(parent, style="Card.TFrame")
        self._theme = theme
        self._result: SearchResult | None = None
        self._encoder_id = ""
        self.columnconfigure(0, weight=1)
        self._title = ttk.Label(self, style="Card.Title.TLabel", justify="left")
        self._title.grid(row=0, column=0, sticky="w")
        self._close = ttk.Button(self, style="Card.Quiet.TButton", command=close, takefocus=False)
        self._close.grid(row=0, column=1, sticky="ne")
        name_icon(self._close, "Hide the details")
        Tooltip(self._close, theme, lambda: "Hide the details")
        self._changes = ttk.Label(self, style="Card.TLabel", justify="left")
        self._changes.grid(row=1, column=0, columnspan=2, sticky="w")
        self._score = ttk.Label(self, style="Card.Muted.TLabel", justify="left")
        self._score.grid(row=2, column=0, columnspan=2, sticky="w")
        self._why = ttk.Label(self, style="Card.Muted.TLabel", justify="left")
        self._why.grid(row=3, column=0, columnspan=2, sticky="w")
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self._recolour()

    @property
    def text(self) -> str:
        """All that is said, a line each."""
        labels = (self._title, self._changes, self._score, self._why)
        texts = (str(label.cget("text")).replace("\u00a0", " ").strip() for label in labels)
        return "\n".join(text for text in texts if text)

    @property
    def height(self) -> int:
        """What the lines need, whether or not they have been laid out already."""
        first = max(self._title.winfo_reqheight(), self._close.winfo_reqheight())
        below = (self._changes, self._score, self._why)
        return first + sum(label.winfo_reqheight() for label in below if label.winfo_manager())

    def show(self, result: SearchResult, encoder_id: str) -> None:
        """``encoder_id``: what made the score. Call ``fit`` after it."""
        self._result, self._encoder_id = result, encoder_id

    def fit(self, width: int) -> None:
        """Each line on two lines at most; the score on one, beside its bar."""
        result, theme = self._result, self._theme
        if result is None:
            return
        room = round(width * 1.8)
        beside = max(1, width - self._close.winfo_reqwidth() - theme.px(4))
        title = result.verdict_title
        style = "Card.Strong.TLabel" if theme.measure(title, "RasTitle") > beside else "Card.Title.TLabel"
        self._title.configure(text=title, style=style, wraplength=beside)
        self._fit_score(result, width)
        texts = (
            (self._changes, theme.elided(changes_text(result), "RasBody", room)),
            (self._why, theme.elided(evidence_text(result.evidence), "RasSmall", room)),
        )
        for label, text in texts:
            label.configure(text=unbroken(text), wraplength=width)
            if text:
                label.grid()
            else:
                label.grid_remove()

    def _fit_score(self, result: SearchResult, width: int) -> None:
        """With a bar, but for words: of them scores are low even where they fit."""
        theme, label = self._theme, self._score
        image, gap = "", ""
        if not result.of_text:
            image, gap = str(score_bar(theme, result, (theme.px(60), theme.px(6)), theme.palette.panel)), " "
        for encoder_id in (self._encoder_id, ""):
            said = score_text(result.score, encoder_id, of_text=result.of_text)
            label.configure(image=image, compound="left", text=f"{gap}{said}")
            if label.winfo_reqwidth() <= width:
                break

    def _recolour(self) -> None:
        if self._result is not None and not self._result.of_text:
            self._fit_score(self._result, self.winfo_width())
        self._close.configure(image=self._theme.icon("close", 16, self._theme.palette.muted))
