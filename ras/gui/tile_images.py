"""The images that tiles are made of: cards, pills, and the results' previews, decoded and framed, the latest kept."""

from __future__ import annotations

import tkinter as tk
from collections import OrderedDict
from typing import TYPE_CHECKING, Callable, NamedTuple, Tuple, Union

from PIL import Image, ImageTk

from ras.gui import shapes
from ras.gui.list_row import bar_size
from ras.gui.score_bar import score_bar
from ras.gui.tile import mark_size, mark_text, pill_colours, pill_size, sign_edge
from ras.gui.verdict_words import badge_text

if TYPE_CHECKING:
    from ras.gui.arrangement import Mark
    from ras.gui.theme import Theme
    from ras.records import SearchResult

_MOST_PIXELS = 12_000_000
"""Of previews that are kept ready, of 4 bytes each: somewhat more than the largest screens can show at a time."""


class Signs(NamedTuple):
    """The pills that texts stand on, in two corners of a tile's picture.

    They are part of it: for an image that lets through what is behind, Tk asks the screen for that at every drawing,
    and has to wait for the answer. Two on each tile took longer than all the rest of a frame.
    """

    verdict: tuple[int, int]
    colour: str
    opacity: float
    mark: tuple[int, int] | None
    """Size of the one that says of other postings."""
    unfolded: bool


_Key = Tuple[Union[str, Signs, None], bool, bool]
"""The record's key, or the signs alone of what stands in for pictures; whether it is veiled, and joined to others."""


class TileImages:
    """Images for tiles of one size and one palette; ``forget`` them where either changes."""

    def __init__(self, canvas: tk.Canvas, theme: Theme) -> None:
        self._canvas, self._theme = canvas, theme
        self._pictures: OrderedDict[_Key, ImageTk.PhotoImage] = OrderedDict()
        self._signs: dict[_Key, Signs | None] = {}
        """What each of the pictures bears."""
        self._blanks: dict[bool, Image.Image] = {}
        """What stands in for pictures, before it bears signs."""
        self._parts: dict[str, ImageTk.PhotoImage] = {}

    def forget(self) -> None:
        self._pictures.clear()
        self._signs.clear()
        self._blanks.clear()
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

    def signs(self, result: SearchResult, mark: Mark | None, size: tuple[int, int]) -> Signs:
        """What the picture of a tile bears, where that is of this ``size``: each pill as wide as its text needs."""
        colour, opacity, _ = pill_colours(self._theme, result.verdict)
        wide = None if mark is None else mark_size(self._theme, mark_text(self._theme, mark, size[0]))
        verdict = pill_size(self._theme, badge_text(result))
        return Signs(verdict, colour, opacity, wide, mark is not None and mark.unfolded)

    def mark_pill(self, mark: Mark) -> ImageTk.PhotoImage:
        """What the number of postings stands on in a row of the list."""
        size, behind = mark_size(self._theme, mark.text), self._ground(mark.unfolded)

        def draw() -> Image.Image:
            box = Image.new("RGB", size, behind)
            pill = self._mark_pill(size, mark.unfolded)
            box.paste(pill, (0, 0), pill)
            return box

        return self._part(f"mark {mark.unfolded} {size}", draw)

    def score_bar(self, result: SearchResult, *, joined: bool) -> ImageTk.PhotoImage:
        """A score as a bar: as long as it is high."""
        return score_bar(self._theme, result, bar_size(self._theme), self._ground(joined))

    def blank(self, size: tuple[int, int], signs: Signs | None = None, *, joined: bool = False) -> ImageTk.PhotoImage:
        """In place of a picture that is not decoded yet, or has no preview."""

        key = (signs, False, joined)
        photo = self._pictures.get(key)
        if photo is not None:
            self._pictures.move_to_end(key)
            return photo
        if joined not in self._blanks:
            theme, colours = self._theme, self._theme.palette
            face = shapes.rounded_box(size, theme.px(6), colours.well, behind=self._ground(joined))
            sign = shapes.icon("picture", theme.px(40), colours.line)
            face.paste(sign, ((face.width - sign.width) // 2, (face.height - sign.height) // 2), sign)
            self._blanks[joined] = face
        return self._signed(key, self._blanks[joined].copy(), signs)

    def ready(self, result: SearchResult, *, veiled: bool, joined: bool = False) -> ImageTk.PhotoImage | None:
        """The result's picture if it is decoded already."""
        key = (result.record.key, veiled, joined)
        photo = self._pictures.get(key)
        if photo is not None:
            self._pictures.move_to_end(key)
        return photo

    def bears(self, result: SearchResult, signs: Signs | None, *, veiled: bool, joined: bool = False) -> bool:
        """Whether the result's picture is decoded, and has these signs."""
        key = (result.record.key, veiled, joined)
        return key in self._pictures and self._signs[key] == signs

    def decode(
        self,
        result: SearchResult,
        size: tuple[int, int],
        signs: Signs | None = None,
        *,
        veiled: bool,
        joined: bool = False,
    ) -> ImageTk.PhotoImage | None:
        """The result's picture in a frame of ``size``; some milliseconds. None where it has no preview."""
        if result.preview is None:
            return None
        theme, colours = self._theme, self._theme.palette
        picture = shapes.open_preview(result.preview)
        if veiled:
            picture = shapes.veiled(picture)
        face = shapes.framed(picture, size, theme.px(6), colours.well, self._ground(joined), fill=veiled)
        return self._signed((result.record.key, veiled, joined), face, signs)

    def _signed(self, key: _Key, face: Image.Image, signs: Signs | None) -> ImageTk.PhotoImage:
        """Draw the signs on a picture, and keep it."""
        if signs is not None:
            edge = sign_edge(self._theme)
            verdict = shapes.pill(signs.verdict, signs.colour, signs.opacity)
            face.paste(verdict, (edge, edge), verdict)
            if signs.mark is not None:
                mark = self._mark_pill(signs.mark, signs.unfolded)
                face.paste(mark, (face.width - edge - mark.width, face.height - edge - mark.height), mark)
        photo = self._pictures[key] = ImageTk.PhotoImage(face, master=self._canvas)
        self._pictures.move_to_end(key)
        self._signs[key] = signs
        if len(self._pictures) > _MOST_PIXELS // (face.width * face.height):
            del self._signs[self._pictures.popitem(last=False)[0]]
        return photo

    def _mark_pill(self, size: tuple[int, int], unfolded: bool) -> Image.Image:
        """What the number of postings stands on, with an arrow that says which way a click turns."""
        side = self._theme.px(12)
        box = shapes.pill(size, "#000000", 0.72)
        arrow = shapes.icon("down" if unfolded else "right", side, "#ffffff")
        box.alpha_composite(arrow, (size[0] - side - self._theme.px(7), (size[1] - side) // 2))
        return box

    def _ground(self, joined: bool) -> str:
        return self._theme.palette.soft if joined else self._theme.palette.panel

    def _part(self, name: str, draw: Callable[[], Image.Image]) -> ImageTk.PhotoImage:
        if name not in self._parts:
            self._parts[name] = ImageTk.PhotoImage(draw(), master=self._canvas)
        return self._parts[name]
