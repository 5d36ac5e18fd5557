"""The window that lists the shortcuts: keys as they look, what each does, in the order of the menus."""

from __future__ import annotations

import re
import tkinter as tk
from tkinter import ttk
from typing import Sequence, Tuple

from ras.gui import dialogs
from ras.gui.scroll_frame import ScrollFrame
from ras.gui.theme import Theme

TITLE = "Keyboard shortcuts"
Group = Tuple[str, Tuple[Tuple[str, str], ...]]
"""(heading, (what it does, the keys as they are shown)…)"""


class ShortcutsWindow:
    """Two columns where there is room for them, else one."""

    def __init__(self, parent: tk.Tk, theme: Theme, groups: Sequence[Group]) -> None:
        px = theme.px
        self._theme, self._columns = theme, 0
        self.window, frame = dialogs.dialog(parent, theme, TITLE)
        card = ttk.Frame(frame, style="Panel.TFrame", padding=px(16))
        card.pack(fill="both", expand=True)
        self._scroll = ScrollFrame(card, theme, card=True)
        self._scroll.pack(fill="both", expand=True)
        self._caps: list[ttk.Frame] = []
        self._blocks = [self._make(group) for group in groups]
        card.update_idletasks()
        widest = max((caps.winfo_reqwidth() for caps in self._caps), default=0)
        for block in self._blocks:
            block.columnconfigure(0, minsize=widest)
        self._lengths = [len(rows) + 2 for _, rows in groups]
        self._scroll.watch()
        self._scroll.canvas.bind("<Configure>", lambda event: self._lay_out(event.width), add=True)
        for keys, pages in (("<Prior>", -1.0), ("<Next>", 1.0), ("<Up>", -0.2), ("<Down>", 0.2)):
            self.window.bind(keys, lambda _event, pages=pages: self._scroll.page(pages))  # type: ignore[misc]
        dialogs.place_over(self.window, parent, theme, (880, 620), (420, 320))

    @property
    def text(self) -> str:
        """All that is listed, a line each."""
        lines = []
        for block in self._blocks:
            for label in block.grid_slaves(column=1):
                lines.append(str(label.cget("text")))
        return "\n".join(lines)

    def _make(self, group: Group) -> ttk.Frame:
        px = self._theme.px
        heading, rows = group
        block = ttk.Frame(self._scroll.inside, style="Card.TFrame")
        block.columnconfigure(1, weight=1)
        title = ttk.Label(block, text=heading, style="Card.Title.TLabel")
        title.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, px(4)))
        for number, (label, keys) in enumerate(rows, 1):
            caps = ttk.Frame(block, style="Card.TFrame")
            caps.grid(row=number, column=0, sticky="w", pady=px(2))
            self._caps.append(caps)
            for cap in re.split(r"(?<=.)\+(?=.)", keys):  # the last one may be + itself
                ttk.Label(caps, text=cap, style="Key.TLabel").pack(side="left", padx=(0, px(3)))
            told = ttk.Label(block, text=label.rstrip(" …"), style="Card.TLabel")
            told.grid(row=number, column=1, sticky="w", padx=(px(12), 0))
        return block

    def _lay_out(self, width: int) -> None:
        px = self._theme.px
        columns = 2 if width > px(640) else 1
        if columns == self._columns:
            return
        self._columns = columns
        half, taken, column, row = sum(self._lengths) / 2, 0, 0, 0
        for frame in self._scroll.inside.grid_slaves():
            frame.grid_forget()
        sides = [ttk.Frame(self._scroll.inside, style="Card.TFrame") for _ in range(columns)]
        for place, side in enumerate(sides):
            side.grid(row=0, column=place, sticky="nw", padx=(px(28) if place else 0, 0))
            side.lower()
            self._scroll.inside.columnconfigure(place, weight=1, uniform="side")
        if columns == 1:
            self._scroll.inside.columnconfigure(1, weight=0, uniform="")
        for block, length in zip(self._blocks, self._lengths):
            if columns == 2 and column == 0 and row and taken + length / 2 > half:
                column, row = 1, 0
            block.grid(in_=sides[column], row=row, column=0, sticky="w", pady=(0, px(16)))
            taken, row = taken + length, row + 1
