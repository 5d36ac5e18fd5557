"""Results as tiles on one canvas: layout, scrolling, selection. Only the tiles that can be seen exist."""

from __future__ import annotations

import time
import tkinter as tk
from tkinter import ttk
from typing import Callable, Sequence

from ras.gui.scrolling import Glide
from ras.gui.theme import Theme, has_focus
from ras.gui.tile import Tile
from ras.gui.tile_images import TileImages
from ras.gui.tile_layout import lay_out
from ras.records import SearchResult

_SLICE = 0.008
"""Seconds that decoding previews may take before the window gets its turn."""
_DRAG_SECONDS = 0.2
"""Between two changes of the size that somebody makes who drags the window's edge, at most."""


class ResultsGrid(ttk.Frame):
    """``show`` replaces what is shown, without flicker; the selection stays with its picture."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        selected: Callable[[SearchResult | None], None],
        opened: Callable[[SearchResult], None],
        menu: Callable[[SearchResult, int, int], None],
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._on_selected, self._on_opened, self._on_menu = selected, opened, menu
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.canvas = tk.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=True, yscrollincrement=1)
        self.canvas.grid(row=0, column=0, sticky="nsew")
        self._bar = ttk.Scrollbar(self, command=self.canvas.yview)
        self._bar.grid(row=0, column=1, sticky="ns")
        self.canvas.configure(yscrollcommand=self._scrolled)
        self._glide = Glide(self.canvas, step=theme.px(90))

        self._results: tuple[SearchResult, ...] = ()
        self._places: dict[str, int] = {}
        self._selected: str | None = None
        self._touched = False
        self._hovered: int | None = None
        self._revealed: set[str] = set()
        self._tiles: dict[str, Tile] = {}
        """By the key of the record."""
        self._spare: list[Tile] = []
        self._images = TileImages(self.canvas, theme)
        self._wanted: list[SearchResult] = []
        self._decoding: str | None = None
        self._settling: str | None = None
        self._resized_at = 0.0
        self._region = 0
        self.layout = lay_out(theme, theme.px(800))
        self._bind()
        self._recolour()

    @property
    def selection(self) -> SearchResult | None:
        place = self._places.get(self._selected or "")
        return None if place is None else self._results[place]

    @property
    def amount(self) -> int:
        """How many results are shown."""
        return len(self._results)

    @property
    def materialised(self) -> int:
        """How many tiles exist just now."""
        return len(self._tiles)

    @property
    def complete(self) -> bool:
        """Whether every tile that can be seen has its picture."""
        return not self._wanted and self._decoding is None and self._settling is None

    @property
    def chosen(self) -> SearchResult | None:
        """What the user has selected, not what is selected for being the best so far."""
        return self.selection if self._touched else None

    def show(self, results: Sequence[SearchResult]) -> None:
        shown_before = bool(self._results)
        before = self.selection
        self._results = tuple(results)
        self._places = {result.record.key: place for place, result in enumerate(self._results)}
        if not self._results:
            self._touched = False
        if not self._results or not shown_before:
            self.canvas.yview_moveto(0)
            self._glide.stop()
        self._set_region()
        self._refresh()
        after = self.selection
        if after != before:
            if after is None:
                self._selected = None
            self._on_selected(after)

    def select(self, place: int) -> None:
        if not self._results:
            return
        self._touched = True
        place = max(0, min(place, len(self._results) - 1))
        self._selected = self._results[place].record.key
        self._see(place)
        self._refresh()
        self._on_selected(self._results[place])

    def follow_best(self) -> None:
        """Keep the best result selected, unless the user has selected one since the grid was last empty."""
        if self._results and not self._touched and self._selected != self._results[0].record.key:
            self.select(0)
            self._touched = False

    def reveal(self, key: str) -> None:
        """Show a spoiler's picture from now on."""
        self._revealed.add(key)
        self._refresh()

    def is_veiled(self, result: SearchResult) -> bool:
        return result.record.spoiler and result.record.key not in self._revealed

    # -- layout ----------------------------------------------------------------------------------------------------

    def _resized(self, _event: object) -> None:
        # Tiles are drawn anew for their size; while the window's edge is being dragged, that waits. A single change,
        # such as the details that come with the first results, does not.
        if self._settling is not None:
            self.after_cancel(self._settling)
        now = time.monotonic()
        dragged = now - self._resized_at < _DRAG_SECONDS
        self._resized_at = now
        self._settling = self.after(40 if dragged and self._tiles else 1, self._lay_out)

    def _lay_out(self) -> None:
        self._settling = None
        before, self.layout = self.layout, lay_out(self._theme, self.canvas.winfo_width())
        if self.layout.tile != before.tile:
            self._images.forget()
        if self.layout != before:
            self._drop_tiles()
        self._set_region()
        place = self._places.get(self._selected or "")
        if place is not None:
            self._see(place)
        self._refresh()

    def _set_region(self) -> None:
        height = max(self.layout.height(len(self._results)), self.canvas.winfo_height())
        if height != self._region:
            self._region = height
            self.canvas.configure(scrollregion=(0, 0, 1, height))

    def _scrolled(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if not self._results:
            return  # what comes next will mostly need it, and would have to be laid out anew for it
        if float(first) <= 0 and float(last) >= 1:
            self._bar.grid_remove()
        else:
            self._bar.grid()
        self._refresh()

    def _see(self, place: int) -> None:
        """Scroll as little as makes the whole tile visible."""
        top = self.layout.origin(place)[1] - self.layout.gap // 2
        view, seen = self.canvas.canvasy(0), self.canvas.winfo_height()
        if top < view:
            self._glide.to(top)
        elif top + self.layout.pitch > view + seen:
            self._glide.to(top + self.layout.pitch - seen)

    # -- tiles -----------------------------------------------------------------------------------------------------

    def _recolour(self, _event: object = None) -> None:
        self.canvas.configure(background=self._theme.palette.ground)
        self._images.forget()
        self._drop_tiles()
        self._refresh()

    def _drop_tiles(self) -> None:
        self.canvas.delete("all")
        self._tiles.clear()
        self._spare.clear()

    def _refresh(self) -> None:
        """Make the tiles that can be seen exist and say what they should; take back those that cannot."""
        if self.canvas.winfo_width() <= 1:  # not laid out yet
            return
        seen = self.layout.seen(int(self.canvas.canvasy(0)), self.canvas.winfo_height(), len(self._results))
        for key in [key for key in self._tiles if self._places.get(key, -1) not in seen]:
            tile = self._tiles.pop(key)
            tile.hide()
            self._spare.append(tile)
        self._wanted = []
        for place in seen:
            result = self._results[place]
            tile = self._tiles.get(result.record.key) or self._new_tile(result.record.key)
            tile.put(*self.layout.origin(place))
            tile.say(result)
            self._dress(tile, place, result)
        if self._wanted and self._decoding is None:
            self._decoding = self.after(1, self._decode)

    def _new_tile(self, key: str) -> Tile:
        tile = self._tiles[key] = self._spare.pop() if self._spare else Tile(self.canvas, self._theme, self.layout.face)
        return tile

    def _dress(self, tile: Tile, place: int, result: SearchResult) -> None:
        images, veiled = self._images, self.is_veiled(result)
        face = images.ready(result, veiled=veiled)
        if face is None:
            face = images.blank(self.layout.face)
            if result.preview is not None:
                self._wanted.append(result)
        state = "hover" if place == self._hovered else "rest"
        if result.record.key == self._selected:
            state = "focus" if has_focus(self.canvas) else "selected"
        card = images.card(self.layout.tile, state)
        tile.dress(card=card, face=face, pill=images.pill(result), veiled=veiled)

    def _decode(self) -> None:
        """Decode previews that are wanted, for a moment; come back for the rest."""
        self._decoding = None
        deadline = time.perf_counter() + _SLICE
        while self._wanted and time.perf_counter() < deadline:
            result = self._wanted.pop(0)
            self._images.decode(result, self.layout.face, veiled=self.is_veiled(result))
            tile, place = self._tiles.get(result.record.key), self._places.get(result.record.key)
            if tile is not None and place is not None:
                self._dress(tile, place, result)
        if self._wanted:
            self._decoding = self.after(1, self._decode)

    # -- keyboard and mouse ----------------------------------------------------------------------------------------

    def _bind(self) -> None:
        canvas, system = self.canvas, self.tk.call("tk", "windowingsystem")
        canvas.bind("<Configure>", self._resized)
        canvas.bind("<<ThemeChanged>>", self._recolour)
        canvas.bind("<Motion>", lambda event: self._hover(self._place_under(event)))
        canvas.bind("<Leave>", lambda _event: self._hover(None))
        canvas.bind("<FocusIn>", lambda _event: self._focused())
        canvas.bind("<FocusOut>", lambda _event: self._refresh())
        canvas.bind("<Button-1>", self._clicked)
        canvas.bind("<Double-Button-1>", self._double_clicked)
        for button in ("<Button-2>", "<Control-Button-1>") if system == "aqua" else ("<Button-3>",):
            canvas.bind(button, self._context)
        for key in ("<Shift-F10>", "<Menu>" if system == "x11" else "<App>"):
            canvas.bind(key, self._context_by_key)
        canvas.bind("<Return>", lambda _event: self._open())
        canvas.bind("<space>", lambda _event: self._reveal_selected())
        moves: dict[str, Callable[[int], int]] = {
            "<Left>": lambda place: place - 1,
            "<Right>": lambda place: place + 1,
            "<Up>": lambda place: place - self.layout.columns if place >= self.layout.columns else place,
            "<Down>": lambda place: place + self.layout.columns,
            "<Home>": lambda place: 0,
            "<End>": lambda place: len(self._results) - 1,
            "<Prior>": lambda place: max(place % self.layout.columns, place - self._page()),
            "<Next>": lambda place: place + self._page(),
        }
        for key, move in moves.items():
            canvas.bind(key, lambda _event, move=move: self._move(move))  # type: ignore[misc]

    def _page(self) -> int:
        return self.layout.columns * self.layout.rows_in(self.canvas.winfo_height())

    def _move(self, move: Callable[[int], int]) -> str:
        place = self._places.get(self._selected or "")
        self.select(0 if place is None else move(place))
        return "break"

    def _focused(self) -> None:
        if self.selection is None and self._results:
            self.select(0)
        else:
            self._refresh()

    def _place_under(self, event: tk.Event[tk.Misc]) -> int | None:
        place = self.layout.place_at(event.x, int(self.canvas.canvasy(event.y)))
        return place if place is not None and place < len(self._results) else None

    def _hover(self, place: int | None) -> None:
        if place != self._hovered:
            self._hovered = place
            self.canvas.configure(cursor="" if place is None else "hand2")
            self._refresh()

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        place = self._place_under(event)
        if place is None:
            return
        # The first click on a veiled picture selects it, as on any other; it also lifts the veil, as in Discord.
        self.select(place)
        self._reveal_selected()

    def _double_clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self._place_under(event) is not None:
            self._open()

    def _context(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        place = self._place_under(event)
        if place is not None:
            self.select(place)
            self._on_menu(self._results[place], event.x_root, event.y_root)

    def _context_by_key(self, _event: object) -> str:
        result = self.selection
        if result is not None:
            x, y = self.layout.origin(self._places[result.record.key])
            top = y - int(self.canvas.canvasy(0))
            middle = self.layout.tile[0] // 2
            self._on_menu(result, self.canvas.winfo_rootx() + x + middle, self.canvas.winfo_rooty() + top + middle)
        return "break"

    def _open(self) -> None:
        if self.selection is not None:
            self._on_opened(self.selection)

    def _reveal_selected(self) -> None:
        result = self.selection
        if result is not None and self.is_veiled(result):
            self.reveal(result.record.key)
            self._on_selected(result)
