"""One section of the health page, as a card: its sign, a sentence, lines with bars, and what can be done."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from PIL import Image

from ras.gui import shapes
from ras.health.words import TROUBLE, Line, Section

if TYPE_CHECKING:
    from PIL import ImageTk

    from ras.gui.theme import Theme


class HealthCard(ttk.Frame):
    """Texts wrap within the card’s width."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, style="Panel.TFrame", padding=theme.px(14))
        self._theme = theme
        self._texts: list[tuple[ttk.Label, int]] = []
        """Each label that wraps, and how much less wide than the card it is."""
        self._section: Section | None = None
        self._width = 0
        """Pixels that the texts were wrapped for."""
        self.columnconfigure(1, weight=1)
        self.bind("<Configure>", lambda event: self._resized(event.width))
        self.bind("<<ThemeChanged>>", lambda _event: self._redraw(), add=True)

    def show(self, section: Section) -> None:
        if section == self._section:
            return
        self._section = section
        self._redraw()

    def _redraw(self) -> None:
        section, theme, px = self._section, self._theme, self._theme.px
        if section is None:
            return
        for child in self.winfo_children():
            child.destroy()
        self._texts = []
        colours, trouble = theme.palette, section.state == TROUBLE
        sign = theme.icon("warning", 18, colours.error_text) if trouble else theme.icon("check", 18, colours.link)
        ttk.Label(self, image=sign, style="Card.TLabel").grid(row=0, column=0, padx=(0, px(8)))
        title = ttk.Label(self, text=section.title, style="Card.Title.TLabel")
        title.grid(row=0, column=1, sticky="w")
        self._text(section.sentence, "Card.TLabel").grid(row=1, columnspan=2, sticky="ew", pady=(px(6), 0))
        if section.lines:
            lines = ttk.Frame(self, style="Card.TFrame")
            lines.grid(row=2, columnspan=2, sticky="ew", pady=(px(8), 0))
            lines.columnconfigure(1, weight=1)
            names = [theme.elided(theme.shown(line.name), "RasSmall", px(172)) for line in section.lines]
            widest = max(theme.measure(name, "RasSmall") for name in names)
            for number, (name, line) in enumerate(zip(names, section.lines)):
                self._line(lines, number, name, line, widest)
        if section.remedy:
            self._text(section.remedy, "Card.Muted.TLabel").grid(row=3, columnspan=2, sticky="ew", pady=(px(8), 0))
        self._wrap()

    def _line(self, parent: ttk.Frame, number: int, shown: str, line: Line, widest: int) -> None:
        theme, px = self._theme, self._theme.px
        gap = px(2)
        name = ttk.Label(parent, text=shown, style="Card.Muted.TLabel")
        if line.share is None:
            name.grid(row=number, column=0, sticky="nw", pady=gap)
            value = ttk.Label(parent, text=theme.shown(line.value), style="Card.TLabel", justify="left")
            value.grid(row=number, column=1, columnspan=2, sticky="w", padx=(px(14), 0), pady=gap)
            self._texts.append((value, 3 * px(14) + widest + px(4)))
            return
        name.grid(row=number, column=0, sticky="w", pady=gap)
        bar = ttk.Label(parent, image=_bar(theme, line.share, (px(110), px(6))), style="Card.TLabel")
        bar.grid(row=number, column=1, sticky="e", padx=px(12), pady=gap)
        ttk.Label(parent, text=line.value, style="Card.TLabel").grid(row=number, column=2, sticky="e", pady=gap)

    def _text(self, text: str, style: str) -> ttk.Label:
        label = ttk.Label(self, text=self._theme.shown(text), style=style, justify="left")
        self._texts.append((label, 2 * self._theme.px(14)))
        return label

    def _resized(self, width: int) -> None:
        # Not for one pixel: of an odd width one of two columns has one more, and which one is decided by how wide their
        # texts are. Wrapped anew, these would give it to the other, and so on without end.
        if abs(width - self._width) > 1:
            self._width = width
            self._wrap()

    def _wrap(self) -> None:
        if self._width > 1:
            for label, taken in self._texts:
                label.configure(wraplength=max(self._theme.px(60), self._width - taken))


def _bar(theme: Theme, share: float, size: tuple[int, int]) -> ImageTk.PhotoImage:
    """Filled as far as the share goes; a little of it is seen in any case."""
    colours, filled = theme.palette, max(size[1], round(size[0] * min(1.0, share)))

    def draw() -> Image.Image:
        bar = shapes.rounded_box(size, size[1] // 2, colours.raised, behind=colours.panel)
        done = shapes.rounded_box((filled, size[1]), size[1] // 2, colours.link)
        bar.paste(done, (0, 0), done)
        return bar

    return theme.image(("health", filled, size), draw)
