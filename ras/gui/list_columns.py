"""Which columns a list of results has, and where they stand in the width that there is. No Tk here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ras.gui.theme import Theme


@dataclass(frozen=True)
class Column:
    name: str
    heading: str
    least: int
    """Width in pixels of a screen of 96 dpi."""
    grows: int = 0
    """Its share of the room that is left over."""
    orders: tuple[str, str] = ("likeness", "-likeness")
    """What a click on the heading orders the results by, and a second one."""
    below: str = ""
    """Name of the column that stands in a second line of this one, having no room of its own."""


_COLUMNS = (
    Column("verdict", "Verdict", 76),
    Column("score", "Likeness", 98),
    Column("author", "Author", 84, 3, ("author", "-author")),
    Column("channel", "Channel", 84, 2, ("channel", "-channel")),
    Column("date", "Date", 82, 0, ("-date", "date")),
    Column("name", "File name", 96, 3, ("name", "-name")),
    Column("posts", "Posts", 86),
)
_FIRST_TO_GO = ("name", "channel", "score", "date")
"""Where there is no room for all. The date goes no further than below the author: when it was is always to be seen."""


def place_columns(theme: Theme, left: int, width: int) -> tuple[tuple[Column, int, int], ...]:
    """The columns that have room between ``left`` and ``width``, and where each begins and ends, in pixels."""
    columns = list(_COLUMNS)
    for name in _FIRST_TO_GO:
        if left + sum(theme.px(column.least) for column in columns) > width:
            columns = [column for column in columns if column.name != name]
            if name == "date":
                columns = [
                    replace(column, heading="Author, date", below=name) if column.name == "author" else column
                    for column in columns
                ]
    spare = max(0, width - left - sum(theme.px(column.least) for column in columns))
    shares = sum(column.grows for column in columns)
    placed = []
    for column in columns:
        right = left + theme.px(column.least) + spare * column.grows // max(1, shares)
        placed.append((column, left, right))
        left = right
    return tuple(placed)
