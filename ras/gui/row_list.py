"""A long list in groups that fold, drawn on a canvas: only the rows that can be seen exist."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from tkinter import ttk
from typing import Callable, Sequence

from ras.gui.accessible import LIST, describe
from ras.gui.fold_rows import FoldRows
from ras.gui.row_items import RowItems
from ras.gui.scrolling import on_wheel
from ras.gui.theme import Theme, has_focus


@dataclass(frozen=True)
class RowGroup:
    head: str
    about: str
    """Beside the head, quieter."""
    size: int
    """How many rows it has."""


class RowList(ttk.Frame):
    """``columns``: (heading, share of the width). ``cells`` gives the texts of a row of a group, one a column.

    ``changed`` is called when the row with the keyboard or the selection is another, ``opened`` with the group and the
    row that was double-clicked, or had the keyboard when Enter was pressed.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        columns: Sequence[tuple[str, float]],
        cells: Callable[[int, int], Sequence[str]],
        changed: Callable[[], None],
        opened: Callable[[int, int], None],
    ) -> None:
        super().__init__(parent)
        self._theme, self._columns, self._cells = theme, tuple(columns), cells
        self._changed, self._opened = changed, opened
        self._groups: tuple[RowGroup, ...] = ()
        self.rows = FoldRows()
        self.cursor = 0
        """The row with the keyboard."""
        self._anchor = 0
        self._top = 0
        self._items: list[RowItems] = []
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self._row_height = round(theme.line_height("RasBody") * 1.55)
        self._head = tk.Canvas(self, height=self._row_height, highlightthickness=0, borderwidth=0)
        self._head.grid(row=0, column=0, sticky="ew")
        self.canvas = tk.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=True, height=self._row_height)
        self.canvas.grid(row=1, column=0, sticky="nsew")
        describe(self.canvas, "List", role=LIST, help="The arrows move, Shift with them selects, Ctrl+A selects all.")
        self._bar = ttk.Scrollbar(self, command=self._scroll)
        self._bar.grid(row=1, column=1, sticky="ns")
        self._bind_keys()

    @property
    def at_cursor(self) -> tuple[int, int | None] | None:
        """The group and row with the keyboard (None: the group itself); None where the list is empty."""
        return self.rows.at(self.cursor) if self.rows.amount else None

    @property
    def materialised(self) -> int:
        """How many rows exist just now."""
        return len(self._items)

    def show(self, groups: Sequence[RowGroup]) -> None:
        self._groups = tuple(groups)
        self.rows = FoldRows([group.size for group in groups])
        self.cursor = self._anchor = self._top = 0
        self._refresh()
        self._changed()

    def select(self, row: int, *, extend: bool = False, more: bool = False) -> None:
        """Select a row; ``extend``: from the row where the selection began to it; ``more``: as well, or no longer."""
        if not self.rows.amount:
            return
        self.cursor = max(0, min(row, self.rows.amount - 1))
        if more:
            self.rows.toggle(self.cursor)
        else:
            self.rows.select(self._anchor if extend else self.cursor, self.cursor)
        if not extend:
            self._anchor = self.cursor
        self._see(self.cursor)

    def select_all(self) -> None:
        self.rows.select(0, self.rows.amount - 1)
        self._told()

    def select_none(self) -> None:
        self.rows.select_none()
        self._told()

    def fold(self, group: int, unfolded: bool) -> None:
        self.rows.fold(group, unfolded)
        self.cursor = self._anchor = self.rows.row_of(group)
        self._see(self.cursor)

    # -- what is seen ----------------------------------------------------------------------------------------------

    @property
    def _seen(self) -> int:
        """How many whole rows there is room for."""
        return max(1, self.canvas.winfo_height() // self._row_height)

    def _see(self, row: int) -> None:
        self._top = max(row - self._seen + 1, min(self._top, row))
        self._told()

    def _told(self) -> None:
        self._refresh()
        self._changed()

    def _scroll(self, what: str, number: str, unit: str = "") -> None:
        """As Tk's scroll bars ask for it."""
        if what == "moveto":
            self._to(round(float(number) * self.rows.amount))
        else:
            self._to(self._top + int(number) * (self._seen if unit == "pages" else 1))

    def _to(self, top: int) -> None:
        top = max(0, min(top, self.rows.amount - self._seen))
        if top != self._top:
            self._top = top
            self._refresh()

    def _refresh(self) -> None:
        width, height = self.canvas.winfo_width(), self.canvas.winfo_height()
        if width <= 1:
            return
        amount = self.rows.amount
        self._top = max(0, min(self._top, amount - self._seen))
        room = -(-height // self._row_height)
        while len(self._items) < room:
            self._items.append(RowItems(self.canvas, self._theme, len(self._items) * self._row_height, self._edges()))
        focused = has_focus(self.canvas)
        for number, items in enumerate(self._items):
            row = self._top + number
            if row >= amount or number >= room:
                items.hide()
                continue
            group, place = self.rows.at(row)
            state = "selected" if self.rows.is_selected(row) else "rest"
            items.dress(state, ring=focused and row == self.cursor)
            if place is None:
                one = self._groups[group]
                items.say_head(one.head, one.about, unfolded=self.rows.is_unfolded(group))
            else:
                items.say(self._cells(group, place))
        if amount > self._seen:
            self._bar.set(self._top / amount, (self._top + self._seen) / amount)
            self._bar.grid()
        else:
            self._bar.grid_remove()

    def _edges(self) -> list[int]:
        """Where each column begins, and where the last one ends."""
        margin = self._theme.px(30)
        width = max(1, self.canvas.winfo_width() - margin - self._theme.px(8))
        total = sum(share for _, share in self._columns)
        edges = [margin]
        for _, share in self._columns:
            edges.append(edges[-1] + round(width * share / total))
        return edges

    def _lay_out(self, _event: object = None) -> None:
        colours, theme = self._theme.palette, self._theme
        self.canvas.configure(background=colours.panel)
        self.canvas.delete("all")
        self._items.clear()
        self._head.configure(background=colours.raised)
        self._head.delete("all")
        edges = self._edges()
        for (heading, _), left, right in zip(self._columns, edges, edges[1:]):
            text = theme.elided(heading, "RasStrong", right - left - theme.px(8))
            self._head.create_text(
                left, self._row_height // 2, text=text, font="RasStrong", fill=colours.text, anchor="w"
            )
        self._refresh()

    # -- keyboard and mouse ----------------------------------------------------------------------------------------

    def _bind_keys(self) -> None:
        canvas = self.canvas
        self.bind("<<ThemeChanged>>", self._lay_out, add=True)
        canvas.bind("<Configure>", self._lay_out)
        for event in ("<FocusIn>", "<FocusOut>"):
            canvas.bind(event, lambda _event: self._refresh())
        on_wheel(canvas, lambda notches: self._to(self._top - round(notches * 3)))
        canvas.bind("<Button-1>", lambda event: self._clicked(event))
        canvas.bind("<Shift-Button-1>", lambda event: self._clicked(event, extend=True))
        # On macOS a click with Control opens a menu, and Command is the key.
        main = "Command" if self.tk.call("tk", "windowingsystem") == "aqua" else "Control"
        canvas.bind(f"<{main}-Button-1>", lambda event: self._clicked(event, more=True))
        canvas.bind("<Double-Button-1>", lambda _event: self._open())
        canvas.bind("<Return>", lambda _event: self._enter())
        canvas.bind("<space>", lambda _event: self._enter(only_fold=True))
        canvas.bind("<Control-space>", lambda _event: self.select(self.cursor, more=True))
        canvas.bind("<Left>", lambda _event: self._turn(unfolded=False))
        canvas.bind("<Right>", lambda _event: self._turn(unfolded=True))
        for key in ("a", "A"):
            canvas.bind(f"<{main}-{key}>", lambda _event: self.select_all())
        moves: dict[str, Callable[[], int]] = {
            "Up": lambda: self.cursor - 1,
            "Down": lambda: self.cursor + 1,
            "Prior": lambda: self.cursor - self._seen,
            "Next": lambda: self.cursor + self._seen,
            "Home": lambda: 0,
            "End": lambda: self.rows.amount - 1,
        }
        for key, move in moves.items():
            canvas.bind(f"<{key}>", lambda _event, move=move: self.select(move()))  # type: ignore[misc]
            canvas.bind(f"<Shift-{key}>", lambda _event, move=move: self.select(move(), extend=True))  # type: ignore[misc]

    def _clicked(self, event: tk.Event[tk.Misc], *, extend: bool = False, more: bool = False) -> None:
        self.canvas.focus_set()
        row = self._top + event.y // self._row_height
        if row >= self.rows.amount:
            self.select_none()
            return
        self.select(row, extend=extend, more=more)
        group, place = self.rows.at(row)
        if place is None and not extend and not more:
            self.fold(group, not self.rows.is_unfolded(group))

    def _open(self) -> None:
        at = self.at_cursor
        if at is not None and at[1] is not None:
            self._opened(at[0], at[1])

    def _enter(self, *, only_fold: bool = False) -> None:
        at = self.at_cursor
        if at is not None and at[1] is None:
            self.fold(at[0], not self.rows.is_unfolded(at[0]))
        elif not only_fold:
            self._open()

    def _turn(self, *, unfolded: bool) -> None:
        """Unfold the group with the keyboard, or fold it, from any of its rows."""
        at = self.at_cursor
        if at is not None and self.rows.is_unfolded(at[0]) != unfolded:
            self.fold(at[0], unfolded)
        elif at is not None and unfolded and at[1] is None:
            self.select(self.cursor + 1)
