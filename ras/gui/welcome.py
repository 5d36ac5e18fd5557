"""What stands where results will be: how it works on the first start, and plain words whenever there are none."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable, Sequence

from PIL import Image, ImageTk

from ras.gui import shapes
from ras.gui.theme import Theme

_SIDE = 88
"""Of a picture that is offered."""
_WIDEST = 560
"""Of the steps: longer lines read badly, and their numbers would stand far off the middle."""


class Welcome(ttk.Frame):
    """An icon, a headline, a few lines, buttons, and pictures to choose from; centred."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon_name = "search"
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=2)
        self.rowconfigure(7, weight=3)
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
        self._offer = ttk.Frame(self)
        self._offer.grid(row=6, pady=(theme.px(26), 0))
        self._offered: tuple[tuple[Image.Image, ttk.Button], ...] = ()
        self._faces: list[ImageTk.PhotoImage] = []
        self._numbers: list[ttk.Label] = []
        self._texts: list[ttk.Label] = []
        self._shown: object = None
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
        pictures: Sequence[tuple[Image.Image, str, Callable[[], None]]] = (),
    ) -> None:
        """``lines`` are centred, ``steps`` numbered below each other; the first button is the main one.

        ``pictures`` (picture, name, what a click does) stand in a row at the end.
        """
        labels, names = [label for label, _ in buttons], [name for _, name, _ in pictures]
        shown = (icon, headline, list(lines), list(steps), labels, names)
        if shown == self._shown:  # a button made anew would lose the keyboard
            return
        self._shown = shown
        self._icon_name = icon
        self._head.configure(text=headline)
        self._lines.configure(text="\n".join(lines))
        for old in (*self._row.winfo_children(), *self._steps.winfo_children(), *self._offer.winfo_children()):
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
        self._offered = tuple((picture, self._offer_one(name, choose)) for picture, name, choose in pictures)
        for column, (_, button) in enumerate(self._offered):
            button.grid(row=1, column=column, padx=px(2))
        if pictures:
            caption = ttk.Label(self._offer, text="or try one of these", style="Muted.TLabel")
            caption.grid(row=0, columnspan=len(pictures), pady=(0, px(8)))
        # An empty frame keeps the size of what it held last.
        for frame, filled in (
            (self._steps, steps),
            (self._row, buttons),
            (self._lines, lines),
            (self._offer, pictures),
        ):
            if filled:
                frame.grid()
            else:
                frame.grid_remove()
        self._draw()
        self._wrap(self.winfo_width())

    def focus_button(self) -> None:
        """Give the keyboard to the main button, if there is one."""
        for button in self._row.winfo_children()[:1]:
            button.focus_set()

    def _offer_one(self, name: str, choose: Callable[[], None]) -> ttk.Button:
        return ttk.Button(self._offer, text=name, compound="top", style="Quiet.TButton", command=choose)

    def _wrap(self, width: int) -> None:
        px = self._theme.px
        room = max(px(200), width - px(40))
        for label in (self._head, self._lines):
            label.configure(wraplength=room)
        for label in self._texts:
            label.configure(wraplength=min(px(_WIDEST), room - px(50)))

    def _draw(self) -> None:
        theme, colours = self._theme, self._theme.palette
        self._icon.configure(image=theme.icon(self._icon_name, 60, colours.link))
        side = theme.px(26)
        disc = theme.image(("step", side), lambda: shapes.rounded_box((side, side), side // 2, colours.soft))
        for number in self._numbers:
            number.configure(image=disc)
        self._faces = []
        for picture, button in self._offered:
            size = (theme.px(_SIDE), theme.px(_SIDE * 0.8))
            face = ImageTk.PhotoImage(
                shapes.framed(picture, size, theme.px(6), colours.well, colours.ground, fill=True), master=self
            )
            button.configure(image=str(face))
            self._faces.append(face)
