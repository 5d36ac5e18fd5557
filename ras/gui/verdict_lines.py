"""The head of the details: what a result is to the query, what was changed, and what says so."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable

from ras.gui.theme import Theme
from ras.gui.tooltip import Tooltip
from ras.gui.verdict_words import changes_text, evidence_text, score_text

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
        Tooltip(self._close, theme, lambda: "Hide the details")
        self._changes = ttk.Label(self, style="Card.TLabel", justify="left")
        self._changes.grid(row=1, column=0, columnspan=2, sticky="w")
        self._why = ttk.Label(self, style="Card.Muted.TLabel", justify="left")
        self._why.grid(row=2, column=0, columnspan=2, sticky="w")
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self._recolour()

    @property
    def text(self) -> str:
        """All that is said, a line each."""
        texts = (str(label.cget("text")) for label in (self._title, self._changes, self._why))
        return "\n".join(text for text in texts if text)

    @property
    def height(self) -> int:
        """What the lines need, whether or not they have been laid out already."""
        first = max(self._title.winfo_reqheight(), self._close.winfo_reqheight())
        return first + sum(label.winfo_reqheight() for label in (self._changes, self._why) if label.winfo_manager())

    def show(self, result: SearchResult, encoder_id: str) -> None:
        """``encoder_id``: what made the score. Call ``fit`` after it."""
        self._result, self._encoder_id = result, encoder_id

    def fit(self, width: int, *, low: bool) -> None:
        """Each line on two lines at most; where it is ``low``, on one, as far as that goes."""
        result, theme = self._result, self._theme
        if result is None:
            return
        room = round(width * (1 if low else 1.8))
        beside = max(1, width - self._close.winfo_reqwidth() - theme.px(4))
        style = "Card.Strong.TLabel" if low else "Card.Title.TLabel"
        self._title.configure(text=result.verdict_title, style=style, wraplength=beside)
        said = [
            score_text(result.score, "" if low else self._encoder_id, of_text=result.of_text),
            evidence_text(result.evidence),
        ]
        if low:
            parts = [part for text in said for part in text.split("; ") if part]
            while len(parts) > 1 and theme.measure(" · ".join(parts), "RasSmall") > room:
                parts.pop()
            said = [" · ".join(parts)]
        why = "\n".join(theme.elided(text, "RasSmall", room) for text in said if text)
        for label, text in ((self._changes, theme.elided(changes_text(result), "RasBody", room)), (self._why, why)):
            label.configure(text=text, wraplength=width)
            if text:
                label.grid()
            else:
                label.grid_remove()

    def _recolour(self) -> None:
        self._close.configure(image=self._theme.icon("close", 16, self._theme.palette.muted))
