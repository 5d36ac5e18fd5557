"""One result on the canvas of the grid: a card with the picture, its verdict, and who posted it where and when."""

from __future__ import annotations

import itertools
import tkinter as tk
from typing import TYPE_CHECKING

from ras.gui.dates import short_date
from ras.gui.verdict_words import badge_text
from ras.records import Verdict

if TYPE_CHECKING:
    from PIL import ImageTk

    from ras.gui.theme import Theme
    from ras.records import SearchResult

_numbers = itertools.count()


def inset(theme: Theme) -> int:
    """From the edge of the card to the picture on it."""
    return theme.px(8)


def tile_height(theme: Theme, face_height: int) -> int:
    texts = theme.line_height("RasStrong") + 2 * theme.line_height("RasSmall") + theme.px(6)
    return inset(theme) + face_height + theme.px(8) + texts + theme.px(10)


def pill_size(theme: Theme, text: str) -> tuple[int, int]:
    """Of the pill that the verdict stands on."""
    return theme.measure(text, "RasBadge") + 2 * _pill_margin(theme), theme.line_height("RasBadge") + theme.px(4)


def _pill_margin(theme: Theme) -> int:
    """From either end of the pill to the verdict on it."""
    return theme.px(9)


def pill_colours(theme: Theme, verdict: Verdict) -> tuple[str, float, str]:
    """Of the pill its colour and opacity, and the colour of the text on it: copies stand out, what may be is quiet."""
    colours = theme.palette
    if verdict.is_copy:
        return colours.accent, 1.0, colours.on_accent
    if verdict is Verdict.ALIKE:
        return colours.soft, 1.0, colours.link
    return "#000000", 0.72, "#ffffff"


class Tile:
    """The canvas items of one tile. They are moved and changed, never made anew, and only where something differs:

    each call into Tk may have to wait for a worker thread that computes.
    """

    def __init__(self, canvas: tk.Canvas, theme: Theme, face: tuple[int, int]) -> None:
        self._canvas, self._theme = canvas, theme
        self._room = face[0] - theme.px(4)
        self._at = (0, 0)
        self._tag = f"tile-{next(_numbers)}"
        self._shown: dict[int, object] = {}
        self._result: SearchResult | None = None

        colours, px, edge = theme.palette, theme.px, inset(theme)
        strong, small = theme.line_height("RasStrong"), theme.line_height("RasSmall")
        pill_height = pill_size(theme, "")[1]
        pill, text = edge + px(6), edge + face[1] + px(8)

        def image(x: int, y: int) -> int:
            return canvas.create_image(x, y, anchor="nw", tags=self._tag)

        def line(y: int, font: str, colour: str) -> int:
            return canvas.create_text(edge + px(2), y, font=font, fill=colour, anchor="nw", tags=self._tag)

        self._card, self._face, self._pill = image(0, 0), image(edge, edge), image(pill, pill)
        self._badge = canvas.create_text(
            pill + _pill_margin(theme), pill + pill_height // 2, font="RasBadge", anchor="w", tags=self._tag
        )
        self._veil = canvas.create_text(
            edge + face[0] // 2,
            edge + face[1] // 2,
            font="RasStrong",
            fill="#ffffff",
            text="SPOILER\nclick to show",
            justify="center",
            tags=self._tag,
        )
        self._author = line(text, "RasStrong", colours.text)
        self._where = line(text + strong + px(3), "RasSmall", colours.muted)
        self._file = line(text + strong + small + px(5), "RasSmall", colours.muted)

    def put(self, x: int, y: int) -> None:
        """Move the tile, its top left corner to (x, y) of the canvas; a hidden one, too."""
        if self._at != (x, y):
            self._canvas.move(self._tag, x - self._at[0], y - self._at[1])
            self._at = (x, y)

    def hide(self) -> None:
        self.put(-10_000, -10_000)

    def say(self, result: SearchResult) -> None:
        if result is self._result:
            return
        theme, record = self._theme, result.record
        self._change(self._badge, text=badge_text(result), fill=pill_colours(theme, result.verdict)[2])
        if self._result is None or self._result.record != record:
            date = f" · {short_date(record.timestamp)}"
            room = self._room - theme.measure(date, "RasSmall")
            channel = theme.elided(f"#{theme.shown(record.channel.name)}", "RasSmall", room)
            self._change(self._author, text=theme.elided(theme.shown(record.author), "RasStrong", self._room))
            self._change(self._where, text=channel + date)
            self._change(self._file, text=theme.elided(theme.shown(record.file_name), "RasSmall", self._room))
        self._result = result

    def dress(
        self, *, card: ImageTk.PhotoImage, face: ImageTk.PhotoImage, pill: ImageTk.PhotoImage, veiled: bool
    ) -> None:
        for item, image in ((self._card, card), (self._face, face), (self._pill, pill)):
            self._change(item, image=str(image))
        self._change(self._veil, state="normal" if veiled else "hidden")

    def _change(self, item: int, **option: str) -> None:
        if self._shown.get(item) != option:
            self._canvas.itemconfigure(item, **option)  # type: ignore[arg-type]
            self._shown[item] = option
