"""The line on top: which archive is open, what is in it, and the way to another."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable

from ras.gui.theme import Theme
from ras.text import count

if TYPE_CHECKING:
    from ras.gui.bench import ArchiveFacts


class ArchiveBar(ttk.Frame):
    def __init__(self, parent: tk.Misc, theme: Theme, *, can_drop: bool, open_archive: Callable[[], None]) -> None:
        super().__init__(parent)
        self._theme, self._can_drop = theme, can_drop
        self._texts = ("", "")
        self.columnconfigure(0, weight=1)
        self._name = ttk.Label(self, style="Large.TLabel")
        self._name.grid(row=0, column=0, sticky="w")
        self._about = ttk.Label(self, style="Muted.TLabel")
        self._about.grid(row=1, column=0, sticky="w")
        self._button = ttk.Button(self, text="Open archive …", command=open_archive)
        self._button.grid(row=0, column=1, rowspan=2, sticky="e", padx=(theme.px(12), 0))
        self.bind("<Configure>", lambda _event: self._fit())
        self.show_nothing()

    @property
    def about(self) -> str:
        """What is said of the archive."""
        return self._texts[1]

    def show_nothing(self) -> None:
        drop = ", or drop it on this window" if self._can_drop else ""
        self._say("No archive open", f"Open an export of a Discord channel (JSON){drop}.")

    def show_reading(self, name: str) -> None:
        self._say(self._theme.shown(name), "Reading the archive …")

    def show(self, facts: ArchiveFacts) -> None:
        archive = facts.archive
        parts = [f"{count(len(archive.records), 'picture')} in {count(len(archive.channels), 'channel')}"]
        parts.append(count(archive.message_count, "message"))
        if facts.expired:
            parts.append(f"{count(facts.expired, 'link')} expired")
        self._say(self._theme.shown(archive.name), " · ".join(parts))

    def _say(self, name: str, about: str) -> None:
        self._texts = (name, about)
        self._fit()

    def _fit(self) -> None:
        room = max(self._theme.px(80), self.winfo_width() - self._button.winfo_reqwidth() - self._theme.px(20))
        if self.winfo_width() <= 1:
            room = self._theme.px(600)
        self._name.configure(text=self._theme.elided(self._texts[0], "RasLarge", room))
        self._about.configure(text=self._theme.elided(self._texts[1], "RasSmall", room))
