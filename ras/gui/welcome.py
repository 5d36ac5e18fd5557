"""What stands where results will be: how it works on the first start, and plain words whenever there are none."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable, Sequence

from ras.gui import shapes
from ras.gui.theme import Theme


class Welcome(ttk.Frame):
    """An icon, a headline, a few lines, and buttons; centred."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon_name = "search"
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=2)
        self.rowconfigure(6, weight=3)
        self._icon = ttk.Label(self)
        self._icon.grid(row=1)
        self._head = ttk.Label(self, style="Large.TLabel", justify="center", anchor="center")
        self._head.grid(row=2, pady=(theme.px(14), theme.px(14)))
        self._lines = ttk.Label(self, style="Muted.TLabel", justify="center", anchor="center")
        self._lines.grid(row=3)
        self._steps = ttk.Frame(self)
        self._steps.grid(row=4)
        self._row = ttk.Frame(self)
        self._row.grid(row=5, pady=(theme.px(24), 0))
        self._numbers: list[ttk.Label] = []
        self._texts: list[ttk.Label] = []
        self.bind("<Configure>", lambda event: self._wrap(event.width))
        self.bind("<<ThemeChanged>>", lambda _event: self._draw(), add=True)

    @property
    def headline(self) -> str:
        return str(self._head.cget("text"))

    def show(
        self,
        icon: str,
        headline: str,
        lines: Sequence[str] = (),
        *,
        steps: Sequence[str] = (),
        buttons: Sequence[tuple[str, Callable[[], None]]] = (),
    ) -> None:
        """``lines`` are centred, ``steps`` numbered below each other; the first button is the main one."""
        self._icon_name = icon
        self._head.configure(text=headline)
        self._lines.configure(text="\n".join(lines))
        for old in (*self._row.winfo_children(), *self._steps.winfo_children()):
            old.destroy()
        px = self._theme.px
        self._numbers, self._texts = [], []
        for row, step in enumerate(steps):
            number = ttk.Label(self._steps, text=str(row + 1), style="Number.TLabel", compound="center")
            number.grid(row=row, column=0, pady=px(5))
            self._numbers.append(number)
            text = ttk.Label(self._steps, text=step)
            text.grid(row=row, column=1, sticky="w", padx=(px(12), 0))
            self._texts.append(text)
        for column, (label, command) in enumerate(buttons):
            style = "TButton" if column else "Accent.TButton"
            button = ttk.Button(self._row, text=label, style=style, command=command)
            button.grid(row=0, column=column, padx=px(6))
        # An empty frame keeps the size of what it held last.
        for frame, filled in ((self._steps, steps), (self._row, buttons), (self._lines, lines)):
            if filled:
                frame.grid()
            else:
                frame.grid_remove()
        self._draw()
        self._wrap(self.winfo_width())

    def _wrap(self, width: int) -> None:
        room = max(self._theme.px(200), width - self._theme.px(40))
        texts = [self._head, self._lines, *self._texts]
        for label in texts:
            label.configure(wraplength=room - (self._theme.px(50) if label in self._texts else 0))

    def _draw(self) -> None:
        theme, colours = self._theme, self._theme.palette
        self._icon.configure(image=theme.icon(self._icon_name, 60, colours.link))
        side = theme.px(26)
        disc = theme.image(("step", side), lambda: shapes.rounded_box((side, side), side // 2, colours.soft))
        for number in self._numbers:
            number.configure(image=disc)
