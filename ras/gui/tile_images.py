"""The images that tiles are made of: cards, pills, and the results' previews, decoded and framed, the latest kept."""

from __future__ import annotations

import tkinter as tk
from collections import OrderedDict
from typing import TYPE_CHECKING, Callable

from PIL import Image, ImageTk

from ras.gui import shapes
from ras.gui.list_row import bar_size
from ras.gui.score_bar import score_bar
from ras.gui.tile import mark_size, pill_colours, pill_size
from ras.gui.verdict_words import badge_text

if TYPE_CHECKING:
    from ras.gui.theme import Theme
    from ras.records import SearchResult

_MOST_PIXELS = 12_000_000
"""Of previews that are kept ready, of 4 bytes each: somewhat more than the largest screens can show at a time."""


class TileImages:
    """Images for tiles of one size and one palette; ``forget`` them where either changes."""

    def __init__(self, canvas: tk.Canvas, theme: Theme) -> None:
        self._canvas, self._theme = canvas, theme
        self._pictures: OrderedDict[tuple[str, bool, bool], ImageTk.PhotoImage] = OrderedDict()
        self._parts: dict[str, ImageTk.PhotoImage] = {}

    def forget(self) -> None:
        self._pictures.clear()
        self._parts.clear()

    def card(self, size: tuple[int, int], state: str, *, joined: bool) -> ImageTk.PhotoImage:
        """The ground of a tile; ``state`` is ``rest``, ``hover``, ``selected`` or ``focus``. ``joined``: it is one of
        several postings of its picture that stand side by side.
        """
        theme, colours = self._theme, self._theme.palette
        fill = self._ground(joined)
        edge = {"rest": None, "hover": colours.muted, "selected": colours.accent, "focus": colours.link}[state]
        return self._part(
            f"{state} {fill}", lambda: shapes.rounded_box(size, theme.px(10), fill, edge, theme.px(2), colours.ground)
        )

    def pill(self, result: SearchResult) -> ImageTk.PhotoImage:
        """What the verdict stands on, as wide as its text needs."""
        size = pill_size(self._theme, badge_text(result))
        colour, opacity, _ = pill_colours(self._theme, result.verdict)
        return self._part(f"pill {colour} {size}", lambda: shapes.pill(size, colour, opacity))

    def mark_pill(self, text: str, *, unfolded: bool) -> ImageTk.PhotoImage:
        """What the number of postings stands on, with an arrow that says which way a click turns."""
        size = mark_size(self._theme, text)

        def draw() -> Image.Image:
            side = self._theme.px(12)
            box = shapes.pill(size, "#000000", 0.72)
            arrow = shapes.icon("down" if unfolded else "right", side, "#ffffff")
            box.alpha_composite(arrow, (size[0] - side - self._theme.px(7), (size[1] - side) // 2))
            return box

        return self._part(f"mark {unfolded} {size}", draw)

    def score_bar(self, result: SearchResult, *, joined: bool) -> ImageTk.PhotoImage:
        """A score as a bar: as long as it is high."""
        return score_bar(self._theme, result, bar_size(self._theme), self._ground(joined))

    def blank(self, size: tuple[int, int], *, joined: bool = False) -> ImageTk.PhotoImage:
        """In place of a picture that is not decoded yet, or has no preview."""

        def draw() -> Image.Image:
            theme, colours = self._theme, self._theme.palette
            face = shapes.rounded_box(size, theme.px(6), colours.well, behind=self._ground(joined))
            sign = shapes.icon("picture", theme.px(40), colours.line)
            face.paste(sign, ((face.width - sign.width) // 2, (face.height - sign.height) // 2), sign)
            return face

        return self._part(f"blank {joined}", draw)

    def ready(self, result: SearchResult, *, veiled: bool, joined: bool = False) -> ImageTk.PhotoImage | None:
        """The result's picture if it is decoded already."""
        key = (result.record.key, veiled, joined)
        photo = self._pictures.get(key)
        if photo is not None:
            self._pictures.move_to_end(key)
        return photo

    def decode(
        self, result: SearchResult, size: tuple[int, int], *, veiled: bool, joined: bool = False
    ) -> ImageTk.PhotoImage | None:
        """The result's picture in a frame of ``size``; some milliseconds. None where it has no preview."""
        if result.preview is None:
            return None
        theme, colours = self._theme, self._theme.palette
        picture = shapes.open_preview(result.preview)
        if veiled:
            picture = shapes.veiled(picture)
        face = shapes.framed(picture, size, theme.px(6), colours.well, self._ground(joined), fill=veiled)
        photo = self._pictures[result.record.key, veiled, joined] = ImageTk.PhotoImage(face, master=self._canvas)
        if len(self._pictures) > _MOST_PIXELS // (size[0] * size[1]):
            self._pictures.popitem(last=False)
        return photo

    def _ground(self, joined: bool) -> str:
        return self._theme.palette.soft if joined else self._theme.palette.panel

    def _part(self, name: str, draw: Callable[[], Image.Image]) -> ImageTk.PhotoImage:
        if name not in self._parts:
            self._parts[name] = ImageTk.PhotoImage(draw(), master=self._canvas)
        return self._parts[name]
