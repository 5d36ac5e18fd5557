"""One result on the canvas of the grid: a card with the picture, its verdict, and who posted it where and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ras.gui.dates import short_date
from ras.gui.tile_items import TileItems
from ras.gui.verdict_words import badge_text
from ras.records import Verdict

if TYPE_CHECKING:
    from PIL import ImageTk

    from ras.gui.arrangement import Mark
    from ras.gui.theme import Theme
    from ras.gui.tile_canvas import TileCanvas
    from ras.records import SearchResult


def inset(theme: Theme) -> int:
    """From the edge of the card to the picture on it."""
    return theme.px(8)


def tile_height(theme: Theme, face_height: int) -> int:
    texts = theme.line_height("RasStrong") + 2 * theme.line_height("RasSmall") + theme.px(6)
    return inset(theme) + face_height + theme.px(8) + texts + theme.px(10)


def pill_size(theme: Theme, text: str) -> tuple[int, int]:
    """Of the pill that the verdict stands on."""
    return theme.measure(text, "RasBadge") + 2 * _pill_margin(theme), theme.line_height("RasBadge") + theme.px(4)


def mark_size(theme: Theme, text: str) -> tuple[int, int]:
    """Of the pill that says of other postings, with the arrow at its end."""
    width, height = pill_size(theme, text)
    return width + theme.px(14), height


def mark_text(theme: Theme, mark: Mark, room: int) -> str:
    """What is said of other postings on a picture that is so wide: ``7 posts``, or where that is too much, ``7``."""
    fits = mark_size(theme, mark.text)[0] <= room - 2 * sign_edge(theme)
    return mark.text if fits else mark.text.split()[0]


def sign_edge(theme: Theme) -> int:
    """From the edges of the picture to the pills on it."""
    return theme.px(6)


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


class Tile(TileItems):
    def __init__(self, canvas: TileCanvas, theme: Theme, face: tuple[int, int]) -> None:
        super().__init__(canvas)
        self._theme = theme
        self._room, self._face_width = face[0] - theme.px(4), face[0]
        self._mark_corner = (inset(theme) + face[0] - sign_edge(theme), inset(theme) + face[1] - sign_edge(theme))
        """The bottom right one of the pill that says of other postings, from that of the tile."""
        self._result: SearchResult | None = None
        self._mark: Mark | None = None

        colours, px, edge = theme.palette, theme.px, inset(theme)
        strong, small = theme.line_height("RasStrong"), theme.line_height("RasSmall")
        pill_height = pill_size(theme, "")[1]
        pill, text = edge + sign_edge(theme), edge + face[1] + px(8)

        def image(x: int, y: int) -> int:
            return canvas.create_image(x, y, anchor="nw", tags=self._tag)

        def line(y: int, font: str, colour: str) -> int:
            return canvas.create_text(edge + px(2), y, font=font, fill=colour, anchor="nw", tags=self._tag)

        self._card, self._face = image(0, 0), image(edge, edge)
        self._badge = canvas.create_text(
            pill + _pill_margin(theme), pill + pill_height // 2, font="RasBadge", anchor="w", tags=self._tag
        )
        self._veil = canvas.create_text(
            edge + face[0] // 2,
            edge + face[1] // 2,
            font="RasStrong",
            fill="#ffffff",
            text="Spoiler\nclick to show",
            justify="center",
            tags=self._tag,
        )
        self._others = canvas.create_text(
            0, self._mark_corner[1] - pill_height // 2, font="RasBadge", anchor="w", fill="#ffffff", tags=self._tag
        )
        self._author = line(text, "RasStrong", colours.text)
        self._where = line(text + strong + px(3), "RasSmall", colours.muted)
        self._file = line(text + strong + small + px(5), "RasSmall", colours.muted)

    def is_on_mark(self, x: int, y: int) -> bool:
        """Whether a point of the canvas is on the pill that says of other postings."""
        if self._mark is None:
            return False
        width, height = mark_size(self._theme, self._mark_text(self._mark))
        right, bottom = (start + inside for start, inside in zip(self._at, self._mark_corner))
        return right - width <= x < right and bottom - height <= y < bottom

    def say(self, result: SearchResult, mark: Mark | None) -> None:
        if result is self._result and mark == self._mark:
            return
        theme, record = self._theme, result.record
        self._say_mark(mark)
        self._change(self._badge, text=badge_text(result), fill=pill_colours(theme, result.verdict)[2])
        if self._result is None or self._result.record != record or mark != self._mark:
            date = short_date(record.timestamp)
            room = self._room - theme.measure(f" · {date}", "RasSmall")
            channel = theme.elided(f"#{theme.shown(record.channel.name)}", "RasSmall", room)
            where = f"{channel} · {date}" if len(channel) > 3 else theme.elided(date, "RasSmall", self._room)
            self._change(self._author, text=theme.elided(theme.shown(record.author), "RasStrong", self._room))
            self._change(self._where, text=where)
            last = theme.shown(record.file_name if mark is None or mark.unfolded else mark.first)
            self._change(self._file, text=theme.elided(last, "RasSmall", self._room))
        self._result, self._mark = result, mark

    def _say_mark(self, mark: Mark | None) -> None:
        text = "" if mark is None else self._mark_text(mark)
        self._change(self._others, text=text)
        if mark is not None:
            right, bottom = self._mark_corner
            left = right - mark_size(self._theme, text)[0] + _pill_margin(self._theme)
            middle = bottom - pill_size(self._theme, "")[1] // 2
            self._canvas.later("coords", self._others, self._at[0] + left, self._at[1] + middle)

    def _mark_text(self, mark: Mark) -> str:
        return mark_text(self._theme, mark, self._face_width)

    def dress(self, *, card: ImageTk.PhotoImage, face: ImageTk.PhotoImage, veiled: bool) -> None:
        for item, image in ((self._card, card), (self._face, face)):
            self._change(item, image=str(image))
        self._change(self._veil, state="normal" if veiled else "hidden")
