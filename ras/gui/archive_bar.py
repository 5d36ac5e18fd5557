"""The line on top: which archive is open, what is in it, how much of it is indexed, and the way to another."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable

from ras.gui.theme import Theme
from ras.gui.wording import index_label
from ras.text import count

if TYPE_CHECKING:
    from ras.gui.bench import ArchiveFacts, IndexState


class ArchiveBar(ttk.Frame):
    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        can_drop: bool,
        open_archive: Callable[[], None],
        index: Callable[[], None],
        show_failures: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._theme, self._can_drop = theme, can_drop
        self._index, self._show_failures = index, show_failures
        self._texts = ("", "")
        self.columnconfigure(0, weight=1)
        self._name = ttk.Label(self, style="Large.TLabel")
        self._name.grid(row=0, column=0, sticky="w")
        self._about = ttk.Label(self, style="Muted.TLabel")
        self._about.grid(row=1, column=0, sticky="w")
        self.index_button = ttk.Button(self, compound="left")
        self.index_button.grid(row=0, column=1, rowspan=2, sticky="e", padx=(theme.px(12), 0))
        self.index_button.grid_remove()
        self._button = ttk.Button(self, text="Open archive …", command=open_archive)
        self._button.grid(row=0, column=2, rowspan=2, sticky="e", padx=(theme.px(8), 0))
        self._checked = False
        self.bind("<Configure>", lambda _event: self._fit())
        self.bind("<<ThemeChanged>>", lambda _event: self._draw_check(), add=True)
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

    def show_index(self, state: IndexState | None, busy: str = "") -> None:
        """How much of the archive is indexed, as a button where there is something to be done about it.

        ``busy``: what goes on (``Indexing …``), during which it cannot be pressed. Nothing is shown without a state.
        """
        if state is None or not state.pictures:
            self.index_button.grid_remove()
            self._fit()
            return
        done = not state.fresh and not state.unfinished
        self._checked = done and not busy and bool(state.indexed)
        self.index_button.configure(
            text=busy or index_label(state),
            style="Quiet.TButton" if done and not busy else "TButton",
            state="disabled" if busy or (done and not state.failed) else "normal",
            command=self._show_failures if done else self._index,
        )
        self._draw_check()
        self.index_button.grid()
        self._fit()

    def _draw_check(self) -> None:
        icon = self._theme.icon("check", 16, self._theme.palette.muted)
        self.index_button.configure(image=icon if self._checked else "")

    def _say(self, name: str, about: str) -> None:
        self._texts = (name, about)
        self._fit()

    def _fit(self) -> None:
        buttons = [button for button in (self.index_button, self._button) if button.grid_info()]
        taken = sum(button.winfo_reqwidth() + self._theme.px(16) for button in buttons)
        room = max(self._theme.px(80), self.winfo_width() - taken)
        if self.winfo_width() <= 1:
            room = self._theme.px(600)
        self._name.configure(text=self._theme.elided(self._texts[0], "RasLarge", room))
        self._about.configure(text=self._theme.elided(self._texts[1], "RasSmall", room))
