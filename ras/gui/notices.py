"""The bar for sentences that the user should read but need not answer: fallbacks, warnings, errors with a way out."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable

from ras.gui.accessible import name_icon
from ras.gui.theme import Theme, has_focus
from ras.gui.tooltip import Tooltip


class NoticeBar(ttk.Frame):
    """Shows the newest sentence; closing it shows the one before. Takes no room while there is none.

    A sentence may offer something to do about it, by a button, which takes it back.
    """

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, style="Notice.TFrame", padding=(theme.px(14), theme.px(8)))
        self._theme = theme
        self.sentences: list[tuple[str, str]] = []
        """(kind, sentence), the newest last; kind is ``Notice`` or ``Error``."""
        self._offers: dict[tuple[str, str], tuple[str, Callable[[], None]]] = {}
        """Sentence → what the button says, and does."""
        self.columnconfigure(1, weight=1)
        self._icon = ttk.Label(self)
        self._icon.grid(row=0, column=0, padx=(0, theme.px(10)))
        self._text = ttk.Label(self, justify="left", anchor="w")
        self._text.grid(row=0, column=1, sticky="ew")
        self._more = ttk.Label(self)
        self._more.grid(row=0, column=2, padx=theme.px(8))
        self._close = ttk.Button(self, command=self.dismiss)
        name_icon(self._close, "Close this notice")
        Tooltip(self._close, theme, lambda: "Close this notice")
        self._close.grid(row=0, column=4)
        self.offer_button = ttk.Button(self, command=self._accept)
        self.offer_button.grid(row=0, column=3, padx=(0, theme.px(8)))
        self.offer_button.grid_remove()
        self.bind("<Configure>", lambda _event: self._wrap())
        self.bind("<<ThemeChanged>>", lambda _event: self._draw(), add=True)

    def say(self, sentence: str, kind: str = "Notice", offer: tuple[str, Callable[[], None]] | None = None) -> None:
        """``offer``: what a button beside it says, and does."""
        entry = (kind, self._theme.shown(sentence))
        self._offers.pop(entry, None)
        if offer is not None:
            self._offers[entry] = offer
        if entry in self.sentences:
            self.sentences.remove(entry)
        self.sentences.append(entry)
        self._draw()

    def dismiss(self) -> None:
        if self.sentences:
            self.sentences.pop()
        self._draw()

    def withdraw(self, sentence: str) -> None:
        """Take back what no longer holds, if it is still there."""
        shown = self._theme.shown(sentence)
        self.sentences = [entry for entry in self.sentences if entry[1] != shown]
        self._draw()

    def _accept(self) -> None:
        offer = self._offers.get(self.sentences[-1]) if self.sentences else None
        if offer is not None:
            self.sentences.pop()
            self._draw()
            offer[1]()

    def _wrap(self) -> None:
        taken = self._theme.px(130)
        if self.offer_button.winfo_manager():
            taken += self.offer_button.winfo_reqwidth() + self._theme.px(8)
        self._text.configure(wraplength=max(1, self.winfo_width() - taken))

    def clear(self, kind: str) -> None:
        """Take back what was said of one kind, since it no longer holds."""
        self.sentences = [entry for entry in self.sentences if entry[0] != kind]
        self._draw()

    def _draw(self) -> None:
        self._offers = {entry: offer for entry, offer in self._offers.items() if entry in self.sentences}
        offer = self._offers.get(self.sentences[-1]) if self.sentences else None
        if offer is None and has_focus(self.offer_button):  # it goes: the next Space is for nothing that follows here
            self.winfo_toplevel().focus_set()
        if not self.sentences:
            self.grid_remove()
            return
        kind, sentence = self.sentences[-1]
        colours = self._theme.palette
        colour = colours.notice_text if kind == "Notice" else colours.error_text
        self.configure(style=f"{kind}.TFrame")
        self._icon.configure(
            style=f"{kind}.TLabel", image=self._theme.icon("info" if kind == "Notice" else "warning", 20, colour)
        )
        self._text.configure(style=f"{kind}.TLabel", text=sentence)
        others = len(self.sentences) - 1
        self._more.configure(style=f"{kind}.TLabel", text=f"{others} more" if others else "")
        self._close.configure(style=f"{kind}.TButton", image=self._theme.icon("close", 16, colour))
        if offer is None:
            self.offer_button.grid_remove()
        else:
            self.offer_button.configure(text=offer[0], style=f"{kind}.Offer.TButton")
            self.offer_button.grid()
        self._wrap()
        self.grid()
