"""A row of small pictures under the query: those of late, or those that are searched for together."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Sequence

from PIL import Image, ImageTk

from ras.gui import shapes
from ras.gui.theme import Theme, has_focus
from ras.gui.tooltip import Tooltip

if TYPE_CHECKING:
    from ras.gui.palette import Palette

SIDE = 34


@dataclass(frozen=True)
class StripItem:
    image: Image.Image | None
    """None is shown as the sign of a text."""
    name: str
    """Under the mouse."""
    mark: str = ""
    """``found``, ``alike``, ``nothing``; empty where that is not known."""


class QueryStrip(tk.Canvas):
    """As many as there is room for, around the one that is chosen. Keyboard: the arrows choose, Enter takes it."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, choose: Callable[[int], None]) -> None:
        super().__init__(parent, highlightthickness=0, borderwidth=0, takefocus=True, height=theme.px(SIDE), width=1)
        self._theme, self._choose = theme, choose
        self.items: tuple[StripItem, ...] = ()
        self.selected = -1
        """Of the items, the one that is shown; -1 for none."""
        self._cursor = 0
        self._first = 0
        self._under = -1
        self._photos: list[ImageTk.PhotoImage] = []
        for event in ("<Configure>", "<<ThemeChanged>>", "<FocusIn>", "<FocusOut>"):
            self.bind(event, lambda _event: self._draw(), add=True)
        self.bind("<Motion>", self._hover)
        self.bind("<Leave>", lambda _event: self._hover(None), add=True)
        self.bind("<Button-1>", lambda event: self._take(self._at(event.x)))
        self.bind("<Left>", lambda _event: self._step(-1))
        self.bind("<Right>", lambda _event: self._step(1))
        for key in ("<Return>", "<space>"):
            self.bind(key, lambda _event: self._take(self._cursor))
        self.tooltip = Tooltip(self, theme, self._told)

    def show(self, items: Sequence[StripItem], selected: int = -1) -> None:
        self.items, self.selected = tuple(items), selected
        self._cursor = max(0, min(self._cursor if selected < 0 else selected, len(self.items) - 1))
        self._draw()

    @property
    def room(self) -> int:
        """How many are seen at once."""
        return max(1, (self.winfo_width() + self._gap) // (self._theme.px(SIDE) + self._gap))

    @property
    def _gap(self) -> int:
        return self._theme.px(6)

    def _told(self) -> str:
        if not 0 <= self._under < len(self.items):
            return ""
        item = self.items[self._under]
        said = {"found": "found", "alike": "only look-alikes", "nothing": "probably not in this archive"}
        return self._theme.shown(item.name) + (f": {said[item.mark]}" if item.mark else "")

    def _at(self, x: int) -> int:
        place, inside = divmod(x, self._theme.px(SIDE) + self._gap)
        index = self._first + place
        seen = place < self.room and index < len(self.items) and inside < self._theme.px(SIDE)
        return index if seen else -1

    def _hover(self, event: tk.Event[tk.Misc] | None) -> None:
        under = -1 if event is None else self._at(event.x)
        if under != self._under:
            self._under = under
            self.configure(cursor="hand2" if under >= 0 else "")
            self._draw()
            if under >= 0:
                self.tooltip._wait()

    def _step(self, way: int) -> str:
        self._cursor = max(0, min(self._cursor + way, len(self.items) - 1))
        self._draw()
        return "break"

    def _take(self, index: int) -> None:
        if 0 <= index < len(self.items):
            self._cursor = index
            self._choose(index)

    def _draw(self) -> None:
        self.configure(background=self._theme.palette.panel)
        self.delete("all")
        if self.winfo_width() <= 1:
            return
        kept = self._cursor if has_focus(self) else self.selected
        if kept >= 0:
            low = max(0, kept - self.room + 1)
            self._first = max(low, min(self._first, kept))
        self._first = max(0, min(self._first, len(self.items) - self.room))
        self._photos = []
        for place, item in enumerate(self.items[self._first : self._first + self.room]):
            index = self._first + place
            photo = ImageTk.PhotoImage(self._face(item, index), master=self)
            self._photos.append(photo)
            self.create_image(place * (self._theme.px(SIDE) + self._gap), 0, image=photo, anchor="nw")

    def _face(self, item: StripItem, index: int) -> Image.Image:
        theme, colours = self._theme, self._theme.palette
        side, line, radius = theme.px(SIDE), theme.px(2), theme.px(6)
        edge = colours.line
        if has_focus(self) and index == self._cursor:
            edge = colours.text
        elif index == self.selected:
            edge = colours.link
        elif index == self._under:
            edge = colours.muted
        box = shapes.rounded_box((side, side), radius, colours.well, edge, line, colours.panel)
        inner = (side - 2 * line, side - 2 * line)
        if item.image is not None:
            face = shapes.framed(item.image, inner, 0, colours.well, colours.well, fill=True)
            box.paste(face, (line, line), shapes.rounded_mask(*inner, radius - line))
        else:
            sign = shapes.icon("search", theme.px(18), colours.muted)
            box.paste(sign, ((side - sign.width) // 2, (side - sign.height) // 2), sign)
        if item.mark:
            self._draw_mark(box, item.mark, colours)
        return box

    def _draw_mark(self, box: Image.Image, mark: str, colours: Palette) -> None:
        """In the corner, told apart by its shape, not by its colour alone."""
        side = self._theme.px(14)
        ground = {"found": colours.accent, "alike": colours.soft, "nothing": colours.raised}[mark]
        colour = {"found": colours.on_accent, "alike": colours.link, "nothing": colours.muted}[mark]
        pill = shapes.pill((side, side), ground, 1.0)
        sign = shapes.icon({"found": "check", "alike": "search", "nothing": "close"}[mark], side, colour)
        pill.alpha_composite(sign)
        corner = box.width - side - self._theme.px(1)
        box.paste(pill, (corner, corner), pill)
