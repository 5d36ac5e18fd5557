"""One result as a row of the list: its picture, small, and the facts of it in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from ras.gui.dates import short_date
from ras.gui.list_columns import Column
from ras.gui.tile import mark_size, pill_size
from ras.gui.tile_items import TileItems
from ras.gui.verdict_words import verdict_word
from ras.text import decimal, percent

if TYPE_CHECKING:
    from PIL import ImageTk

    from ras.gui.arrangement import Mark
    from ras.gui.theme import Theme
    from ras.gui.tile_canvas import TileCanvas
    from ras.records import SearchResult


def bar_size(theme: Theme) -> tuple[int, int]:
    """Of the bar that shows a score."""
    return theme.px(40), theme.px(6)


class ListRow(TileItems):
    """Stands in for a ``Tile``. ``columns``: (column, left, right) from the left edge of the row."""

    def __init__(
        self,
        canvas: TileCanvas,
        theme: Theme,
        face: tuple[int, int],
        height: int,
        columns: Sequence[tuple[Column, int, int]],
    ) -> None:
        super().__init__(canvas)
        self._theme, self._columns = theme, columns
        self._result: SearchResult | None = None
        self._mark: Mark | None = None
        colours, px, middle = theme.palette, theme.px, height // 2
        margin = (height - face[1]) // 2
        self._card = canvas.create_image(0, 0, anchor="nw", tags=self._tag)
        self._face = canvas.create_image(margin, margin, anchor="nw", tags=self._tag)
        self._veil = canvas.create_text(
            margin + face[0] // 2, middle, font="RasSmall", fill="#ffffff", text="Spoiler", tags=self._tag
        )
        self._texts: dict[str, int] = {}
        self._bar = canvas.create_image(0, middle, anchor="w", state="hidden", tags=self._tag)
        self._sign = canvas.create_image(0, middle, anchor="w", tags=self._tag)
        for column, left, _ in columns:
            strong, quiet = column.name == "author", column.name in ("channel", "date", "name")
            line = middle
            if column.below:
                lines = [theme.line_height(font) for font in ("RasStrong", "RasSmall")]
                line -= lines[1] // 2
                self._texts[column.below] = canvas.create_text(
                    left, middle + lines[0] // 2, font="RasSmall", fill=colours.muted, anchor="w", tags=self._tag
                )
            if column.name == "score":
                canvas.itemconfigure(self._bar, state="normal")
                canvas.move(self._bar, left, 0)
                left += bar_size(theme)[0] + px(8)
            elif column.name == "posts":
                self._mark_left = left
                canvas.move(self._sign, left, 0)
                left += px(9)
            font = "RasBadge" if column.name == "posts" else "RasStrong" if strong else "RasSmall"
            colour = "#ffffff" if column.name == "posts" else colours.muted if quiet else colours.text
            self._texts[column.name] = canvas.create_text(
                left, line, font=font, fill=colour, anchor="w", tags=self._tag
            )
        self._middle = middle

    def is_on_mark(self, x: int, y: int) -> bool:
        """Whether a point of the canvas is on the pill that says of other postings."""
        if self._mark is None:
            return False
        width, height = mark_size(self._theme, self._mark.text)
        left, top = self._at[0] + self._mark_left, self._at[1] + self._middle - pill_size(self._theme, "")[1] // 2
        return left <= x < left + width and top <= y < top + height

    def say(self, result: SearchResult, mark: Mark | None) -> None:
        if result is self._result and mark == self._mark:
            return
        theme, record = self._theme, result.record
        said = {
            "verdict": verdict_word(result.verdict),
            "score": decimal(result.score, 2) if result.of_text else percent(result.score),
            "author": theme.shown(record.author),
            "channel": f"#{theme.shown(record.channel.name)}",
            "date": short_date(record.timestamp),
            "name": theme.shown(record.file_name),
            "posts": "" if mark is None else mark.text,
        }
        for column, left, right in self._columns:
            for name in filter(None, (column.name, column.below)):
                text = said[name]
                if name != "posts":
                    font = "RasStrong" if name == "author" else "RasSmall"
                    text = theme.elided(text, font, right - left - theme.px(8))
                self._change(self._texts[name], text=text)
        self._result, self._mark = result, mark

    def dress(
        self,
        *,
        card: ImageTk.PhotoImage,
        face: ImageTk.PhotoImage,
        bar: ImageTk.PhotoImage,
        mark: ImageTk.PhotoImage | None,
        veiled: bool,
    ) -> None:
        """``bar``: shows the score; ``mark``: the pill that the number of postings stands on."""
        for item, image in ((self._card, card), (self._face, face)):
            self._change(item, image=str(image))
        # Of words, scores are low even where they fit: a bar would say that they do not.
        of_text = self._result is not None and self._result.of_text
        self._change(self._bar, image="" if of_text else str(bar))
        self._change(self._sign, image="" if mark is None else str(mark))
        self._change(self._veil, state="normal" if veiled else "hidden")
