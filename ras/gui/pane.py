"""A canvas that shows a drawn picture without ever holding up the window, and says how it is dragged and magnified."""

from __future__ import annotations

import time
import tkinter as tk
from typing import TYPE_CHECKING, Callable

from PIL import ImageTk

from ras.gui.scrolling import on_wheel

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.gui.theme import Theme

_BAND = 400_000
"""Pixels that Tk is handed at once: some 5 ms."""
_SLICE = 0.012
"""Seconds of the Tk thread until the window gets its turn."""


class Pane(tk.Canvas):
    """``dragged`` gets pixels; ``magnified`` notches of the wheel, up being positive, and where the pointer is."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        dragged: Callable[[Pane, float, float], None],
        magnified: Callable[[Pane, float, tuple[int, int]], None],
        resized: Callable[[], None],
    ) -> None:
        super().__init__(parent, borderwidth=0, highlightthickness=theme.px(2), takefocus=True, cursor="fleur")
        self.configure(width=1, height=1)
        self._theme = theme
        self._seen: list[ImageTk.PhotoImage] = []
        self._coming: list[ImageTk.PhotoImage] = []
        self._waiting: list[Image] = []
        self._timer: str | None = None
        self._from = (0, 0)
        self._pointer = (0, 0)
        self._moved = [0.0, 0.0]
        """How far the picture was dragged since it was asked for."""
        self.words = ""
        """Shown over the picture."""
        self.bind("<Button-1>", self._pressed)
        self.bind("<B1-Motion>", lambda event: self._drag(event, dragged))
        self.bind("<Motion>", self._point, add=True)
        on_wheel(self, lambda notches: magnified(self, notches, self._pointer))
        self.bind("<Configure>", lambda _event: resized(), add=True)
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self._recolour()

    @property
    def room(self) -> tuple[int, int]:
        """Pixels of the picture's place."""
        edge = 2 * int(str(self.cget("highlightthickness")))
        return max(1, self.winfo_width() - edge), max(1, self.winfo_height() - edge)

    def asked(self) -> None:
        """From now on a picture is drawn: what is dragged until it comes is made up for."""
        self._moved = [0.0, 0.0]

    def show(self, image: Image, words: str = "") -> None:
        """Put a picture of the size of ``room`` in the place of the last one, all of it at the same moment."""
        self.words = words
        rows = max(1, _BAND // image.width)
        bands = range(0, image.height, rows)
        self._waiting = [image.crop((0, top, image.width, min(top + rows, image.height))) for top in bands]
        self._coming = []
        if self._timer is None:
            self._hand_over()

    def clear(self, words: str) -> None:
        """Show these words instead of a picture."""
        self._waiting, self._coming, self._seen, self.words = [], [], [], ""
        self.delete("all")
        middle = self.winfo_width() // 2, self.winfo_height() // 2
        self.create_text(*middle, text=words, fill=self._theme.palette.muted, font="RasStrong", justify="center")

    def _hand_over(self) -> None:
        self._timer = None
        started = time.perf_counter()
        while self._waiting and time.perf_counter() - started < _SLICE:
            self._coming.append(ImageTk.PhotoImage(self._waiting.pop(0), master=self))
        if self._waiting:
            self._timer = self.after(1, self._hand_over)
            return
        self.delete("all")
        edge = int(str(self.cget("highlightthickness")))
        left, top = edge + self._moved[0], edge + self._moved[1]
        for photo in self._coming:
            self.create_image(left, top, image=photo, anchor="nw", tags="picture")
            top += photo.height()
        self._seen, self._coming = self._coming, []
        if self.words:
            self._say()

    def _say(self) -> None:
        middle = self.winfo_width() // 2, self.winfo_height() // 2
        room = self.room[0] - self._theme.px(32)
        self.create_text(*middle, text=self.words, fill="#ffffff", font="RasStrong", width=room, justify="center")

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        self.focus_set()
        self._from = (event.x, event.y)

    def _drag(self, event: tk.Event[tk.Misc], dragged: Callable[[Pane, float, float], None]) -> None:
        right, down = event.x - self._from[0], event.y - self._from[1]
        self._from = (event.x, event.y)
        dragged(self, right, down)

    def shift(self, right: float, down: float) -> None:
        """Move what is seen at once, until it is drawn anew."""
        self.move("picture", right, down)
        self._moved[0] += right
        self._moved[1] += down

    def _point(self, event: tk.Event[tk.Misc]) -> None:
        edge = int(str(self.cget("highlightthickness")))
        self._pointer = (event.x - edge, event.y - edge)

    def _recolour(self) -> None:
        colours = self._theme.palette
        self.configure(background=colours.well, highlightbackground=colours.well, highlightcolor=colours.link)
