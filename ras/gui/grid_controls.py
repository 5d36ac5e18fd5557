"""Keyboard and mouse on the results: which tile is meant, and what is to be done with it."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Callable

from ras.gui.tile_tip import TileTip

if TYPE_CHECKING:
    from ras.gui.results_grid import ResultsGrid
    from ras.gui.theme import Theme
    from ras.records import SearchResult


class GridControls:
    """``opened``, ``menu`` and ``turned`` are called with the result that is meant; see ``ResultsGrid``."""

    def __init__(
        self,
        grid: ResultsGrid,
        theme: Theme,
        *,
        opened: Callable[[SearchResult], None],
        menu: Callable[[SearchResult, int, int], None],
        turned: Callable[[SearchResult], None],
    ) -> None:
        self._grid, self._canvas = grid, grid.canvas
        self._opened, self._menu, self._turned = opened, menu, turned
        canvas, system = grid.canvas, grid.tk.call("tk", "windowingsystem")
        self.tip = TileTip(grid, theme)
        canvas.bind("<Motion>", self._moved)
        canvas.bind("<Leave>", lambda _event: grid.hover(None))
        canvas.bind("<FocusIn>", lambda _event: self._focused())
        canvas.bind("<FocusOut>", lambda _event: grid.refresh())
        canvas.bind("<Button-1>", self._clicked)
        canvas.bind("<Double-Button-1>", self._double_clicked)
        for button in ("<Button-2>", "<Control-Button-1>") if system == "aqua" else ("<Button-3>",):
            canvas.bind(button, self._context)
        for key in ("<Shift-F10>", "<Menu>" if system == "x11" else "<App>"):
            canvas.bind(key, self._context_by_key)
        canvas.bind("<Return>", lambda _event: self._enter())
        canvas.bind("<space>", lambda _event: grid.reveal_selected())
        moves: dict[str, Callable[[int], int]] = {
            "<Left>": lambda place: place - 1,
            "<Right>": lambda place: place + 1,
            "<Up>": lambda place: place - grid.layout.columns if place >= grid.layout.columns else place,
            "<Down>": lambda place: place + grid.layout.columns,
            "<Home>": lambda place: 0,
            "<End>": lambda place: grid.amount - 1,
            "<Prior>": lambda place: max(place % grid.layout.columns, place - self._page()),
            "<Next>": lambda place: place + self._page(),
        }
        for key, move in moves.items():
            canvas.bind(key, lambda _event, move=move: self._move(move))  # type: ignore[misc]

    def _moved(self, event: tk.Event[tk.Misc]) -> None:
        place = self._place_under(event)
        self._grid.hover(place)
        self.tip.over(place)

    @property
    def can_turn(self) -> bool:
        """Whether the selected picture was posted more than once, and is one tile for it, or was."""
        result = self._grid.selection
        return result is not None and self._grid.mark(result) is not None

    def turn_selected(self) -> None:
        """Unfold the postings of the selected picture, or fold them."""
        result = self._grid.selection
        if result is not None and self.can_turn:
            self._turned(result)

    def _page(self) -> int:
        return self._grid.layout.columns * self._grid.layout.rows_in(self._canvas.winfo_height())

    def _move(self, move: Callable[[int], int]) -> str:
        place = self._grid.selected_place
        self._grid.select(0 if place is None else move(place))
        return "break"

    def _focused(self) -> None:
        if self._grid.selection is None and self._grid.amount:
            self._grid.select(0)
        else:
            self._grid.refresh()

    def _enter(self) -> None:
        """Open the message of the selection; where it stands for several, show these first."""
        result = self._grid.selection
        if result is None:
            return
        mark = self._grid.mark(result)
        if mark is None or mark.unfolded:
            self._opened(result)
        else:
            self._turned(result)

    def _place_under(self, event: tk.Event[tk.Misc]) -> int | None:
        place = self._grid.layout.place_at(event.x, int(self._canvas.canvasy(event.y)))
        return place if place is not None and place < self._grid.amount else None

    def _is_on_pill(self, place: int, event: tk.Event[tk.Misc]) -> bool:
        return self._grid.on_pill(place, event.x, int(self._canvas.canvasy(event.y)))

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        self._canvas.focus_set()
        place = self._place_under(event)
        if place is None:
            return
        # The first click on a veiled picture selects it, as on any other; it also lifts the veil, as in Discord.
        on_pill = self._is_on_pill(place, event)
        self._grid.select(place)
        if on_pill:
            self.turn_selected()
        else:
            self._grid.reveal_selected()

    def _double_clicked(self, event: tk.Event[tk.Misc]) -> None:
        place = self._place_under(event)
        if place is not None and not self._is_on_pill(place, event):
            self._enter()

    def _context(self, event: tk.Event[tk.Misc]) -> None:
        self._canvas.focus_set()
        place = self._place_under(event)
        if place is not None:
            self._grid.select(place)
            self._menu(self._grid.result_at(place), event.x_root, event.y_root)

    def _context_by_key(self, _event: object) -> str:
        grid, place = self._grid, self._grid.selected_place
        if place is not None:
            x, y = grid.layout.origin(place)
            top = y - int(self._canvas.canvasy(0))
            middle = grid.layout.tile[0] // 2
            left = self._canvas.winfo_rootx() + x + middle
            self._menu(grid.result_at(place), left, self._canvas.winfo_rooty() + top + middle)
        return "break"
