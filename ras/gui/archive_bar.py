"""The line on top: which archive is open, what is in it, how much of it is indexed, and the way to another."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui.commands import shown_keys
from ras.gui.theme import Theme
from ras.gui.tooltip import Tooltip
from ras.gui.wording import index_label
from ras.text import count

if TYPE_CHECKING:
    from ras.gui.bench import ArchiveFacts, IndexState
    from ras.records import Archive


class ArchiveBar(ttk.Frame):
    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        can_drop: bool,
        open_archive: Callable[[], None],
        switch: Callable[[], None],
        index: Callable[[], None],
        show_failures: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._theme, self._can_drop = theme, can_drop
        self._index, self._show_failures = index, show_failures
        self._texts = ("", "")
        self._shown: ArchiveFacts | None = None
        self._condition: tuple[Archive | None, Sequence[str]] = (None, ())
        self.columnconfigure(0, weight=1)
        self.name_button = ttk.Button(self, style="Name.TButton", compound="right", command=switch)
        self.name_button.grid(row=0, column=0, sticky="w")
        self.name_button.bind("<Down>", lambda _event: switch())
        keys = shown_keys("Alt-a", self.tk.call("tk", "windowingsystem") == "aqua")
        Tooltip(self.name_button, theme, lambda: f"Switch archive ({keys})")
        self._about = ttk.Label(self, style="Muted.TLabel")
        self._about.grid(row=1, column=0, sticky="w", padx=(theme.px(3), 0))
        # One command for good: Tk keeps each that a button is given later, until the button is gone.
        self._press: Callable[[], None] = index
        self.index_button = ttk.Button(self, compound="left", command=lambda: self._press())
        self.index_button.grid(row=0, column=1, rowspan=2, sticky="e", padx=(theme.px(12), 0))
        self.index_button.grid_remove()
        self._button = ttk.Button(self, text="Open archive …", command=open_archive)
        self._button.grid(row=0, column=2, rowspan=2, sticky="e", padx=(theme.px(8), 0))
        self._checked = False
        self.bind("<Configure>", lambda _event: self._fit())
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self.show_nothing()
        self._recolour()

    @property
    def about(self) -> str:
        """What is said of the archive."""
        return self._texts[1]

    @property
    def below_name(self) -> tuple[int, int]:
        """Where on the screen something drops down from the name."""
        name = self.name_button
        return name.winfo_rootx(), name.winfo_rooty() + name.winfo_height() + self._theme.px(2)

    def show_nothing(self) -> None:
        self._shown = None
        drop = " or drop" if self._can_drop else ""
        self._say("No archive open", f"Open{drop} Discord exports, a folder or zip of them, or Discord’s data package.")

    def show_reading(self, name: str) -> None:
        self._shown = None
        self._say(self._theme.shown(name), "Reading the archive …")

    def show(self, facts: ArchiveFacts) -> None:
        archive = facts.archive
        parts = [f"{count(len(archive.records), 'picture')} in {count(len(archive.channels), 'channel')}"]
        if self._condition[0] is archive:
            parts += self._condition[1]
        # Last, since a narrow window cuts the end.
        parts.append(count(archive.message_count, "message"))
        self._shown = facts
        self._say(self._theme.shown(archive.name), " · ".join(parts))

    def show_condition(self, archive: Archive, parts: Sequence[str]) -> None:
        """Where its pictures can be had from, which is known a little later."""
        self._condition = (archive, parts)
        if self._shown is not None and self._shown.archive is archive:
            self.show(self._shown)

    def show_index(self, state: IndexState | None, busy: str = "", label: str = "") -> None:
        """How much of the archive is indexed, as a button where there is something to be done about it.

        ``busy``: what goes on (``Indexing …``), during which it cannot be pressed. ``label``: what it offers instead of
        to index what is new. Nothing is shown without a state.
        """
        if state is None or not state.pictures:
            self.index_button.grid_remove()
            self._fit()
            return
        done = not state.fresh and not state.unfinished
        self._checked = done and not busy and bool(state.indexed)
        self._press = self._show_failures if done else self._index
        self.index_button.configure(
            text=busy or (not done and label) or index_label(state),
            style="Quiet.TButton" if done and not busy else "TButton",
            state="disabled" if busy or (done and not state.failed) else "normal",
        )
        self._draw_check()
        self.index_button.grid()
        self._fit()

    def _draw_check(self) -> None:
        icon = self._theme.icon("check", 16, self._theme.palette.muted)
        self.index_button.configure(image=icon if self._checked else "")

    def _recolour(self) -> None:
        self.name_button.configure(image=self._theme.icon("down", 18, self._theme.palette.muted))
        self._draw_check()

    def _say(self, name: str, about: str) -> None:
        self._texts = (name, about)
        self._fit()

    def _fit(self) -> None:
        buttons = [button for button in (self.index_button, self._button) if button.grid_info()]
        taken = sum(button.winfo_reqwidth() + self._theme.px(16) for button in buttons)
        room = max(self._theme.px(80), self.winfo_width() - taken)
        if self.winfo_width() <= 1:
            room = self._theme.px(600)
        arrow = self._theme.px(34)
        self.name_button.configure(text=self._theme.elided(self._texts[0], "RasLarge", room - arrow))
        self._about.configure(text=self._theme.elided(self._texts[1], "RasSmall", room))
