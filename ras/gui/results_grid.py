"""Results as tiles on one canvas: layout, scrolling, selection. Only the tiles that can be seen exist."""

from __future__ import annotations

import time
import tkinter as tk
from tkinter import ttk
from typing import Callable, Mapping, Sequence

from ras.gui.arrangement import Mark
from ras.gui.grid_controls import GridControls
from ras.gui.interpreter import undisturbed
from ras.gui.list_head import ListHead
from ras.gui.preview_queue import PreviewQueue
from ras.gui.scrolling import Glide
from ras.gui.theme import Theme, has_focus
from ras.gui.tile_canvas import TileCanvas
from ras.gui.tile_images import TileImages
from ras.gui.tile_layout import lay_out, lay_out_list
from ras.gui.tile_pool import AnyTile, TilePool, dress, is_joined, signs_on
from ras.records import SearchResult

_DRAG_SECONDS = 0.2
"""Between two changes of the size that somebody makes who drags the window's edge, at most."""


class ResultsGrid(ttk.Frame):
    """``show`` replaces what is shown, without flicker; the selection stays with its picture.

    ``turned``: the postings of a picture that was posted again are asked for, or no longer. ``order``: by a heading.
    """

    own_keys = (("Move among the results", "Arrows"), ("Menu of a result", "Shift+F10"))
    """Of ``GridControls``, those that no action of a result has: what they do, and as they are shown."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        selected: Callable[[SearchResult | None], None],
        opened: Callable[[SearchResult], None],
        menu: Callable[[SearchResult, int, int], None],
        turned: Callable[[SearchResult], None],
        order: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._on_selected = selected
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self.head = ListHead(self, theme, order=order)
        self.head.grid(row=0, column=0, sticky="ew")
        self.head.grid_remove()
        self.canvas = TileCanvas(self, highlightthickness=0, borderwidth=0, takefocus=True, yscrollincrement=1)
        self.canvas.grid(row=1, column=0, sticky="nsew")
        self._bar = ttk.Scrollbar(self, command=self.canvas.yview)
        self._bar.grid(row=1, column=1, sticky="ns")
        self.canvas.configure(yscrollcommand=self._scrolled)
        self._glide = Glide(self.canvas, step=theme.px(90))

        self._results: tuple[SearchResult, ...] = ()
        self._marks: Mapping[str, Mark] = {}
        self._places: dict[str, int] = {}
        self._selected: str | None = None
        self._touched = False
        self._hovered: int | None = None
        self._revealed: set[str] = set()
        self.spoilers_shown = False
        """All of them, whether or not they were revealed one by one."""
        self._tiles = TilePool(self.canvas, theme)
        self._images = TileImages(self.canvas, theme)
        self._previews = PreviewQueue(self.canvas, self._decode)
        self._settling: str | None = None
        self._resized_at = 0.0
        self._region = 0
        self._size, self._as_list = 3, False
        self.layout = lay_out(theme, theme.px(800))
        self.canvas.bind("<Configure>", self._resized)
        self.canvas.bind("<<ThemeChanged>>", self._recolour)
        self.controls = GridControls(self, theme, opened=opened, menu=menu, turned=turned)
        self._recolour()

    @property
    def selection(self) -> SearchResult | None:
        return None if self.selected_place is None else self._results[self.selected_place]

    @property
    def selected_place(self) -> int | None:
        """Of the selection, from 0."""
        return self._places.get(self._selected or "")

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
        return self._previews.idle and self._settling is None

    @property
    def chosen(self) -> SearchResult | None:
        """What the user has selected, not what is selected for being the best so far."""
        return self.selection if self._touched else None

    def result_at(self, place: int) -> SearchResult:
        return self._results[place]

    def place_of(self, result: SearchResult) -> int | None:
        """None where it is not shown."""
        return self._places.get(result.record.key)

    def mark(self, result: SearchResult) -> Mark | None:
        """What its tile says of the other postings of its picture."""
        return self._marks.get(result.record.key)

    def show(self, results: Sequence[SearchResult], marks: Mapping[str, Mark] | None = None) -> None:
        """``marks``: see ``Arranged``."""
        shown_before = bool(self._results)
        before = self.selection
        self._results, self._marks = tuple(results), marks or {}
        with undisturbed():
            self._places = {result.record.key: place for place, result in enumerate(self._results)}
        if not self._results:
            self._touched = False
        if not self._results or not shown_before:
            self.canvas.yview_moveto(0)
            self._glide.stop()
        self._set_region()
        self.refresh()
        after = self.selection
        if after != before:
            if after is None:
                self._selected = None
            self._on_selected(after)
        self.event_generate("<<Arranged>>")

    def select(self, place: int) -> None:
        if not self._results:
            return
        self._touched = True
        place = max(0, min(place, len(self._results) - 1))
        self._selected = self._results[place].record.key
        self._see(place)
        self.refresh()
        self._on_selected(self._results[place])

    def follow_best(self) -> None:
        """Keep the best result selected, unless the user has selected one since the grid was last empty."""
        if self._results and not self._touched and self._selected != self._results[0].record.key:
            self.select(0)
            self._touched = False

    def see_selection(self) -> None:
        """Scroll to it, after other results have come."""
        if self.selected_place is not None:
            self._see(self.selected_place)

    def look(self, *, size: int, as_list: bool) -> None:
        """Show a list from now on, or tiles of this size (of ``tile_layout.SIZES``)."""
        if (size, as_list) != (self._size, self._as_list):
            self._size, self._as_list = size, as_list
            self._lay_out()

    def is_veiled(self, result: SearchResult) -> bool:
        return result.record.spoiler and not self.spoilers_shown and result.record.key not in self._revealed

    def reveal_selected(self) -> None:
        """Show the selected picture from now on, if it is a spoiler."""
        result = self.selection
        if result is not None and self.is_veiled(result):
            self._revealed.add(result.record.key)
            self.refresh()
            self._on_selected(result)

    def hover(self, place: int | None) -> None:
        """The mouse is over the tile there."""
        if place != self._hovered:
            self._hovered = place
            self.canvas.configure(cursor="" if place is None else "hand2")
            self.refresh()

    def on_pill(self, place: int, x: int, y: int) -> bool:
        """Whether a point of the canvas is on what the tile says of the other postings."""
        tile = self._tiles.get(self._results[place].record.key)
        return tile is not None and tile.is_on_mark(x, y)

    def show_spoilers(self, shown: bool) -> None:
        """Show all spoilers from now on, or again only those that were revealed one by one."""
        self.spoilers_shown = shown
        self.refresh()
        if self.selection is not None:
            self._on_selected(self.selection)

    # -- layout ----------------------------------------------------------------------------------------------------

    def _resized(self, _event: object) -> None:
        # Tiles are drawn anew for their size; while the window's edge is being dragged, that waits. A single change,
        # such as the details that come with the first results, does not.
        if self._settling is not None:
            self.after_cancel(self._settling)
        now = time.monotonic()
        dragged = now - self._resized_at < _DRAG_SECONDS
        self._resized_at = now
        self._settling = self.after(40 if dragged and len(self._tiles) else 1, self._lay_out)

    def _lay_out(self) -> None:
        self._settling = None
        if self.canvas.winfo_width() <= 1:
            return
        before, width = self.layout, self.canvas.winfo_width()
        self.layout = lay_out_list(self._theme, width) if self._as_list else lay_out(self._theme, width, self._size)
        if self.layout.tile != before.tile:
            self._images.forget()
        if self.layout != before:
            self._tiles.drop()
            self._show_head()
        self._set_region()
        if self.selected_place is not None:
            self._see(self.selected_place)
        self.refresh()

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
        self.refresh()

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
        self._tiles.drop()
        self.refresh()

    def refresh(self) -> None:
        """Make the tiles that can be seen exist and say what they should; take back those that cannot."""
        if self.canvas.winfo_width() <= 1:  # not laid out yet
            return
        seen = self.layout.seen(int(self.canvas.canvasy(0)), self.canvas.winfo_height(), len(self._results))
        self._tiles.keep(lambda key: self._places.get(key, -1) in seen)
        self._previews.wanted.clear()
        for place in seen:
            result = self._results[place]
            tile = self._tiles.take(result.record.key, self.layout)
            tile.put(*self.layout.origin(place))
            tile.say(result, self.mark(result))
            self._dress(tile, place, result)
        self.canvas.flush()
        self._previews.work()

    def _show_head(self) -> None:
        if self.layout.columns_of_list:
            self.head.show(self.layout.columns_of_list, self.layout.left)
            self.head.grid()
        else:
            self.head.grid_remove()

    def _dress(self, tile: AnyTile, place: int, result: SearchResult) -> None:
        state = "hover" if place == self._hovered else "rest"
        if result.record.key == self._selected:
            state = "focus" if has_focus(self.canvas) else "selected"
        dressed = dress(
            tile, self._images, self.layout, result, self.mark(result), state, veiled=self.is_veiled(result)
        )
        if not dressed:
            self._previews.wanted.append(result)

    def _decode(self, result: SearchResult) -> None:
        """Decode its preview and show it."""
        tile, place = self._tiles.get(result.record.key), self._places.get(result.record.key)
        if tile is None or place is None:
            return
        mark, face = self.mark(result), self.layout.face
        signs = signs_on(tile, self._images, self.layout, result, mark)
        self._images.decode(result, face, signs, veiled=self.is_veiled(result), joined=is_joined(mark))
        self._dress(tile, place, result)
        self.canvas.flush()
