"""A large area that takes a picture and shows it: the query."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Callable, Sequence

from PIL import ImageTk

from ras.gui import shapes
from ras.gui.theme import Theme, has_focus

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.records import Point


class DropZone(tk.Canvas):
    """Takes a picture by a drop (the window hears of it), a click, or the keyboard."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, can_drop: bool, browse: Callable[[], None], clear: Callable[[], None]
    ) -> None:
        super().__init__(
            parent, highlightthickness=0, borderwidth=0, takefocus=True, height=theme.px(228), cursor="hand2"
        )
        self._theme = theme
        self._can_drop = can_drop
        self._preview: Image | None = None
        self.region: tuple[Point, ...] = ()
        """What of the picture is outlined: corners in shares of its sides."""
        self.lit = False
        self._photo: ImageTk.PhotoImage | None = None
        for event in ("<Configure>", "<<ThemeChanged>>", "<FocusIn>", "<FocusOut>", "<Enter>", "<Leave>"):
            self.bind(event, self._draw, add=True)
        self.bind("<Button-1>", lambda _event: self.focus_set())
        self.bind("<ButtonRelease-1>", lambda _event: browse())
        for key in ("<Return>", "<space>"):
            self.bind(key, lambda _event: browse())
        for key in ("<Delete>", "<BackSpace>"):
            self.bind(key, lambda _event: clear())

    def show(self, preview: Image | None) -> None:
        self._preview, self.region = preview, ()
        self._draw()

    def outline(self, region: Sequence[Point]) -> None:
        """Outline a region of the picture; none where it is empty."""
        if tuple(region) != self.region:
            self.region = tuple(region)
            self._draw()

    def light(self, lit: bool) -> None:
        """Glow while something is dragged over the window."""
        if lit != self.lit:
            self.lit = lit
            self._draw()

    def _draw(self, event: tk.Event[tk.Misc] | None = None) -> None:
        width, height = self.winfo_width(), self.winfo_height()
        if width < 20 or height < 20:
            return
        theme, colours = self._theme, self._theme.palette
        hovered = event is not None and str(event.type) == "Enter"
        focused = has_focus(self)
        self.configure(background=colours.panel)
        self.delete("all")
        line = theme.px(2)
        edge = colours.accent if self.lit else colours.link if focused else colours.muted if hovered else colours.line
        fill = colours.soft if self.lit else colours.well
        size, radius = (width, height), theme.px(10)
        if self._preview is None or self.lit:
            box = shapes.dashed_box(size, radius, fill, edge, line, colours.panel)
        else:
            box = shapes.rounded_box(size, radius, fill, edge, line, colours.panel)
            inner = (width - 2 * line, height - 2 * line)
            box.paste(
                shapes.framed(self._preview, inner, radius - line, fill, edge, region=self.region, line=theme.px(3)),
                (line, line),
            )
        self._photo = ImageTk.PhotoImage(box, master=self)
        self.create_image(0, 0, image=self._photo, anchor="nw")
        if self._preview is None or self.lit:
            self._invite(width, height)

    def _invite(self, width: int, height: int) -> None:
        theme, colours = self._theme, self._theme.palette
        head = "Drop a picture here" if self._can_drop else "Choose a picture"
        tail = "or click to browse, Ctrl+V to paste" if self._can_drop else "Click to choose, or Ctrl+V to paste"
        if self.lit:
            head, tail = "Let go to use it", "Pictures are searched for, exports are opened"
        middle = height // 2
        icon = theme.icon("picture", 52, colours.link if self.lit else colours.muted)
        self.create_image(width // 2, middle - theme.px(34), image=icon)
        room = width - theme.px(32)
        self.create_text(
            width // 2,
            middle + theme.px(20),
            text=head,
            font="RasTitle",
            fill=colours.text,
            width=room,
            justify="center",
        )
        self.create_text(
            width // 2,
            middle + theme.px(48),
            text=tail,
            font="RasSmall",
            fill=colours.muted,
            width=room,
            justify="center",
        )
