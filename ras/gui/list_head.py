"""The headings over a list of results: what the columns are, and by which of them the results are ordered."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Callable, Sequence

from PIL import Image

from ras.gui import shapes
from ras.gui.list_columns import Column

if TYPE_CHECKING:
    from PIL import ImageTk

    from ras.gui.theme import Theme


class ListHead(tk.Canvas):
    """``order`` is called with an order of ``settings`` when a heading is clicked."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, order: Callable[[str], None]) -> None:
        height = theme.line_height("RasSmall") + theme.px(10)
        super().__init__(parent, height=height, highlightthickness=0, borderwidth=0)
        self._theme, self._choose, self._height = theme, order, height
        self._columns: Sequence[tuple[Column, int, int]] = ()
        self._left = 0
        self.order = "likeness"
        self.bind("<Button-1>", self._clicked)
        self.bind("<Motion>", lambda event: self.configure(cursor="hand2" if self._column_at(event.x) else ""))
        self.bind("<<ThemeChanged>>", lambda _event: self._draw(), add=True)

    def show(self, columns: Sequence[tuple[Column, int, int]], left: int) -> None:
        """``left``: of the rows on their canvas."""
        self._columns, self._left = columns, left
        self._draw()

    def show_order(self, order: str) -> None:
        self.order = order
        self._draw()

    def place_of(self, name: str) -> int:
        """Where the heading of a column begins."""
        return next(self._left + left for column, left, _ in self._columns if column.name == name)

    def _draw(self) -> None:
        theme, colours, middle = self._theme, self._theme.palette, self._height // 2
        self.configure(background=colours.ground)
        self.delete("all")
        for column, left, right in self._columns:
            left, room = self._left + left, right - left - theme.px(8)
            sorted_by = self.order in column.orders and column.name != "verdict" and column.name != "posts"
            text = theme.elided(column.heading, "RasSmall", room - theme.px(14) * sorted_by)
            colour = colours.text if sorted_by else colours.muted
            self.create_text(left, middle, text=text, font="RasSmall", fill=colour, anchor="w")
            if sorted_by:
                arrow = self._arrow(down=self.order == column.orders[0])
                self.create_image(left + theme.measure(text, "RasSmall") + theme.px(3), middle, image=arrow, anchor="w")

    def _arrow(self, *, down: bool) -> ImageTk.PhotoImage:
        """Down where the order is the one of the first click."""
        theme, colour = self._theme, self._theme.palette.text
        side = theme.px(12)
        if down:
            return theme.icon("down", 12, colour)
        return theme.image(
            ("up", side, colour), lambda: shapes.icon("down", side, colour).transpose(Image.Transpose.ROTATE_180)
        )

    def _column_at(self, x: int) -> Column | None:
        inside = (column for column, left, right in self._columns if self._left + left <= x < self._left + right)
        column = next(inside, None)
        return None if column is None or column.name == "posts" else column

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        column = self._column_at(event.x)
        if column is not None:
            first, second = column.orders
            self._choose(second if self.order == first else first)
