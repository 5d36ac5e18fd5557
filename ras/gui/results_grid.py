"""Results as tiles on one canvas. Only the tiles that can be seen exist, so that thousands of results cost nothing."""

from __future__ import annotations

import time
import tkinter as tk
from collections import OrderedDict
from tkinter import ttk
from typing import Callable, Sequence

from PIL import Image, ImageTk

from ras.gui import shapes
from ras.gui.dates import short_date
from ras.gui.scrolling import Glide
from ras.gui.theme import Theme, has_focus
from ras.records import SearchResult

_PICTURES = 400
"""Previews kept ready; about 100 KB each at 100 %."""
_SLICE = 0.008
"""Seconds that decoding previews may take before the window gets its turn."""


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
        self._tiles: dict[int, _Tile] = {}
        self._spare: list[_Tile] = []
        self._pictures: OrderedDict[tuple[str, bool], ImageTk.PhotoImage] = OrderedDict()
        self._frames: dict[str, ImageTk.PhotoImage] = {}
        self._wanted: list[int] = []
        self._decoding: str | None = None
        self._settling: str | None = None
        self.columns, self.tile_width, self.tile_height, self.face = 1, 1, 1, (1, 1)
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

    def place_at(self, x: int, y: int) -> int | None:
        """The result at a point of the canvas (window coordinates), None between tiles."""
        gap = self._gap
        column, in_x = divmod(x - gap, self.tile_width + gap)
        row, in_y = divmod(int(self.canvas.canvasy(y)) - gap // 2, self.tile_height + gap)
        place = row * self.columns + column
        inside = 0 <= column < self.columns and in_x < self.tile_width and in_y < self.tile_height and row >= 0
        return int(place) if inside and 0 <= place < len(self._results) else None

    @property
    def _gap(self) -> int:
        return self._theme.px(14)

    def _origin(self, place: int) -> tuple[int, int]:
        row, column = divmod(place, self.columns)
        gap = self._gap
        return gap + column * (self.tile_width + gap), gap // 2 + row * (self.tile_height + gap)

    def _bind(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", self._resized)
        canvas.bind("<<ThemeChanged>>", self._recolour)
        canvas.bind("<Motion>", lambda event: self._hover(self.place_at(event.x, event.y)))
        canvas.bind("<Leave>", lambda _event: self._hover(None))
        canvas.bind("<FocusIn>", lambda _event: self._focused())
        canvas.bind("<FocusOut>", lambda _event: self._refresh())
        canvas.bind("<Button-1>", self._clicked)
        canvas.bind("<Double-Button-1>", self._double_clicked)
        for button in (
            ("<Button-2>", "<Control-Button-1>") if self.tk.call("tk", "windowingsystem") == "aqua" else ("<Button-3>",)
        ):
            canvas.bind(button, self._context)
        for key in (
            ("<Shift-F10>", "<Menu>") if self.tk.call("tk", "windowingsystem") == "x11" else ("<Shift-F10>", "<App>")
        ):
            canvas.bind(key, self._context_by_key)
        canvas.bind("<Return>", lambda _event: self._open())
        canvas.bind("<space>", lambda _event: self._reveal_selected())
        moves: dict[str, Callable[[int], int]] = {
            "<Left>": lambda place: place - 1,
            "<Right>": lambda place: place + 1,
            "<Up>": lambda place: place - self.columns if place >= self.columns else place,
            "<Down>": lambda place: place + self.columns,
            "<Home>": lambda place: 0,
            "<End>": lambda place: len(self._results) - 1,
            "<Prior>": lambda place: max(place % self.columns, place - self.columns * self._rows_seen()),
            "<Next>": lambda place: place + self.columns * self._rows_seen(),
        }
        for key, move in moves.items():
            canvas.bind(key, lambda _event, move=move: self._move(move))  # type: ignore[misc]

    def _rows_seen(self) -> int:
        return max(1, self.canvas.winfo_height() // (self.tile_height + self._gap))

    def _move(self, move: Callable[[int], int]) -> str:
        place = self._places.get(self._selected or "")
        self.select(0 if place is None else move(place))
        return "break"

    def _focused(self) -> None:
        if self.selection is None and self._results:
            self.select(0)
        else:
            self._refresh()

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        place = self.place_at(event.x, event.y)
        if place is None:
            return
        # The first click on a veiled picture selects it, as on any other; it also lifts the veil, as in Discord.
        self.select(place)
        self._reveal_selected()

    def _double_clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self.place_at(event.x, event.y) is not None:
            self._open()

    def _context(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        place = self.place_at(event.x, event.y)
        if place is not None:
            self.select(place)
            self._on_menu(self._results[place], event.x_root, event.y_root)

    def _context_by_key(self, _event: object) -> str:
        result = self.selection
        if result is not None:
            x, y = self._origin(self._places[result.record.key])
            top = y - int(self.canvas.canvasy(0))
            middle = self.tile_width // 2
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

    def _hover(self, place: int | None) -> None:
        if place != self._hovered:
            self._hovered = place
            self.canvas.configure(cursor="" if place is None else "hand2")
            self._refresh()

    def _see(self, place: int) -> None:
        """Scroll as little as makes the whole tile visible."""
        gap = self._gap
        top = self._origin(place)[1]
        view, height = self.canvas.canvasy(0), self.canvas.winfo_height()
        if top - gap // 2 < view:
            self._glide.to(top - gap // 2)
        elif top + self.tile_height + gap // 2 > view + height:
            self._glide.to(top + self.tile_height + gap // 2 - height)

    def _resized(self, _event: object) -> None:
        # Tiles are drawn anew for their size; while the window's edge is being dragged, that waits.
        if self._settling is not None:
            self.after_cancel(self._settling)
        self._settling = self.after(40 if self._tiles else 1, self._lay_out)

    def _lay_out(self) -> None:
        self._settling = None
        theme, gap = self._theme, self._gap
        width = self.canvas.winfo_width() - gap
        least = theme.px(144)
        self.columns = max(1, width // (least + gap))
        tile_width = max(theme.px(120), width // self.columns - gap)
        inset = theme.px(8)
        if tile_width != self.tile_width:
            self.tile_width = tile_width
            face_width = tile_width - 2 * inset
            self.face = (face_width, round(face_width * 0.8))
            texts = theme.line_height("RasStrong") + 2 * theme.line_height("RasSmall") + theme.px(6)
            self.tile_height = inset + self.face[1] + theme.px(8) + texts + theme.px(10)
            self._forget_images()
        self._drop_tiles()
        self._set_region()
        place = self._places.get(self._selected or "")
        if place is not None:
            self._see(place)
        self._refresh()

    def _set_region(self) -> None:
        rows = -(-len(self._results) // self.columns)
        height = rows * (self.tile_height + self._gap)
        self.canvas.configure(scrollregion=(0, 0, 1, max(height, self.canvas.winfo_height())))

    def _scrolled(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            self._bar.grid_remove()
        else:
            self._bar.grid()
        self._refresh()

    def _recolour(self, _event: object = None) -> None:
        self.canvas.configure(background=self._theme.palette.ground)
        self._forget_images()
        self._drop_tiles()
        self._refresh()

    def _forget_images(self) -> None:
        self._pictures.clear()
        self._frames.clear()

    def _drop_tiles(self) -> None:
        self.canvas.delete("all")
        self._tiles.clear()
        self._spare.clear()

    def _refresh(self) -> None:
        """Make the tiles that can be seen exist and say what they should; take back those that cannot."""
        if self.tile_width <= 1:
            return
        pitch = self.tile_height + self._gap
        top = int(self.canvas.canvasy(0))
        first = max(0, top // pitch) * self.columns
        last = min(len(self._results), ((top + self.canvas.winfo_height()) // pitch + 1) * self.columns)
        for place in [place for place in self._tiles if not first <= place < last]:
            tile = self._tiles.pop(place)
            tile.hide()
            self._spare.append(tile)
        self._wanted = []
        for place in range(first, last):
            result = self._results[place]
            tile = self._tiles.get(place) or (self._spare.pop() if self._spare else _Tile(self.canvas, self._theme))
            if place not in self._tiles:
                self._tiles[place] = tile
                tile.move(*self._origin(place), self)
            tile.say(result, self)
            tile.card(self._card(place, result))
            tile.picture(self._picture(place, result), veiled=self.is_veiled(result))
        if self._wanted and self._decoding is None:
            self._decoding = self.after(1, self._decode)

    def _card(self, place: int, result: SearchResult) -> ImageTk.PhotoImage:
        colours, theme = self._theme.palette, self._theme
        state = "hover" if place == self._hovered else "rest"
        if result.record.key == self._selected:
            state = "focus" if has_focus(self.canvas) else "selected"
        edge = {"rest": None, "hover": colours.muted, "selected": colours.accent, "focus": colours.link}[state]
        if state not in self._frames:
            size = (self.tile_width, self.tile_height)
            box = shapes.rounded_box(size, theme.px(10), colours.panel, edge, theme.px(2), colours.ground)
            self._frames[state] = ImageTk.PhotoImage(box, master=self.canvas)
        return self._frames[state]

    def _picture(self, place: int, result: SearchResult) -> ImageTk.PhotoImage:
        key = (result.record.key, self.is_veiled(result))
        photo = self._pictures.get(key)
        if photo is not None:
            self._pictures.move_to_end(key)
            return photo
        if result.preview is not None:
            self._wanted.append(place)
        return self._blank()

    def _blank(self) -> ImageTk.PhotoImage:
        if "blank" not in self._frames:
            theme, colours = self._theme, self._theme.palette
            face = shapes.rounded_box(self.face, theme.px(6), colours.well, behind=colours.panel)
            sign = shapes.icon("picture", theme.px(40), colours.line)
            face.paste(sign, ((face.width - sign.width) // 2, (face.height - sign.height) // 2), sign)
            self._add_pill(face)
            self._frames["blank"] = ImageTk.PhotoImage(face, master=self.canvas)
        return self._frames["blank"]

    def _add_pill(self, face: Image.Image) -> None:
        width, height = self._theme.px(52), self._theme.line_height("RasBadge") + self._theme.px(4)
        shapes.with_pill(face, (self._theme.px(6), self._theme.px(6)), (width, height), "#000000", 0.72)

    def _decode(self) -> None:
        """Decode previews that are wanted, for a moment; come back for the rest."""
        self._decoding = None
        deadline = time.perf_counter() + _SLICE
        theme, colours = self._theme, self._theme.palette
        while self._wanted and time.perf_counter() < deadline:
            place = self._wanted.pop(0)
            tile, result = self._tiles.get(place), self._results[place] if place < len(self._results) else None
            if tile is None or result is None or result.preview is None:
                continue
            veiled = self.is_veiled(result)
            key = (result.record.key, veiled)
            if key not in self._pictures:
                picture = shapes.open_preview(result.preview)
                if veiled:
                    picture = shapes.veiled(picture)
                face = shapes.framed(picture, self.face, theme.px(6), colours.well, colours.panel, fill=veiled)
                self._add_pill(face)
                self._pictures[key] = ImageTk.PhotoImage(face, master=self.canvas)
                if len(self._pictures) > _PICTURES:
                    self._pictures.popitem(last=False)
            tile.picture(self._pictures[key], veiled=veiled)
        if self._wanted:
            self._decoding = self.after(1, self._decode)


class _Tile:
    """The canvas items of one tile. They are moved and changed, never made anew, while the grid scrolls."""

    def __init__(self, canvas: tk.Canvas, theme: Theme) -> None:
        colours = theme.palette
        self._canvas, self._theme = canvas, theme
        self._card = canvas.create_image(0, 0, anchor="nw")
        self._face = canvas.create_image(0, 0, anchor="nw")
        self._badge = canvas.create_text(0, 0, font="RasBadge", fill="#ffffff")
        self._veil = canvas.create_text(
            0, 0, font="RasStrong", fill="#ffffff", text="SPOILER\nclick to show", justify="center"
        )
        self._author = canvas.create_text(0, 0, font="RasStrong", fill=colours.text, anchor="nw")
        self._where = canvas.create_text(0, 0, font="RasSmall", fill=colours.muted, anchor="nw")
        self._file = canvas.create_text(0, 0, font="RasSmall", fill=colours.muted, anchor="nw")
        self._items = (self._card, self._face, self._badge, self._veil, self._author, self._where, self._file)
        self._said: tuple[str, float] | None = None
        self._images: dict[int, object] = {}

    def hide(self) -> None:
        for item in self._items:
            self._canvas.itemconfigure(item, state="hidden")

    def move(self, x: int, y: int, grid: ResultsGrid) -> None:
        px, canvas = self._theme.px, self._canvas
        inset, (width, height) = px(8), grid.face
        strong, small = self._theme.line_height("RasStrong"), self._theme.line_height("RasSmall")
        text = y + inset + height + px(8)
        canvas.coords(self._card, x, y)
        canvas.coords(self._face, x + inset, y + inset)
        pill = self._theme.line_height("RasBadge") + px(4)
        canvas.coords(self._badge, x + inset + px(6) + px(26), y + inset + px(6) + pill // 2)
        canvas.coords(self._veil, x + inset + width // 2, y + inset + height // 2)
        canvas.coords(self._author, x + inset + px(2), text)
        canvas.coords(self._where, x + inset + px(2), text + strong + px(3))
        canvas.coords(self._file, x + inset + px(2), text + strong + small + px(5))
        for item in self._items:
            canvas.itemconfigure(item, state="normal")

    def say(self, result: SearchResult, grid: ResultsGrid) -> None:
        said = (result.record.key, result.score)
        if said == self._said:
            return
        theme, canvas, record = self._theme, self._canvas, result.record
        room = grid.face[0] - theme.px(4)
        canvas.itemconfigure(self._badge, text=percent(result.score))
        if self._said is None or self._said[0] != record.key:
            date = f" · {short_date(record.timestamp)}"
            channel = theme.elided(
                f"#{theme.shown(record.channel.name)}", "RasSmall", room - theme.measure(date, "RasSmall")
            )
            canvas.itemconfigure(self._author, text=theme.elided(theme.shown(record.author), "RasStrong", room))
            canvas.itemconfigure(self._where, text=channel + date)
            canvas.itemconfigure(self._file, text=theme.elided(theme.shown(record.file_name), "RasSmall", room))
        self._said = said

    def card(self, image: ImageTk.PhotoImage) -> None:
        self._put(self._card, image)

    def picture(self, image: ImageTk.PhotoImage, *, veiled: bool) -> None:
        self._put(self._face, image)
        self._canvas.itemconfigure(self._veil, state="normal" if veiled else "hidden")

    def _put(self, item: int, image: ImageTk.PhotoImage) -> None:
        if self._images.get(item) is not image:
            self._canvas.itemconfigure(item, image=str(image))
            self._images[item] = image


def percent(score: float) -> str:
    """A cosine as people read it. 100 % is kept for what is as good as the same."""
    whole = round(score * 100)
    return f"{max(0, min(whole if score >= 0.9995 else 99, whole, 100))} %"
