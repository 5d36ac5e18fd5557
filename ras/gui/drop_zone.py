"""A large area that takes a picture and shows it: the query."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Callable, Sequence

from PIL import ImageTk

from ras.gui import shapes
from ras.gui.crop_drag import CropDrag, draw_crop
from ras.gui.theme import Theme, has_focus

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.gui.crop_box import CropBox
    from ras.records import Point


class DropZone(tk.Canvas):
    """Takes a picture by a drop (the window hears of it), a click, or the keyboard.

    On the picture that it shows, a rectangle is dragged: ``cropping`` hears of every change, ``crop`` of what it came
    to; None is the whole picture.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        can_drop: bool,
        browse: Callable[[], None],
        clear: Callable[[], None],
        cropping: Callable[[CropBox | None], None],
        crop: Callable[[CropBox | None], None],
    ) -> None:
        super().__init__(
            parent, highlightthickness=0, borderwidth=0, takefocus=True, height=theme.px(228), cursor="hand2"
        )
        self._theme = theme
        self._can_drop = can_drop
        self._preview: Image | None = None
        self.region: tuple[Point, ...] = ()
        """What of the query is outlined: corners in shares of its sides."""
        self._face: Image | None = None
        """The zone as it is drawn without a rectangle on the picture."""
        self.lit = False
        self._photo: ImageTk.PhotoImage | None = None
        for event in ("<Configure>", "<<ThemeChanged>>", "<FocusIn>", "<FocusOut>", "<Enter>", "<Leave>"):
            self.bind(event, self._draw, add=True)
        self.dragging = CropDrag(self, theme, click=browse, changed=self._recropped, ended=crop)
        self._cropping = cropping
        for key in ("<Return>", "<space>"):
            self.bind(key, lambda _event: None if self.dragging.end_now() else browse())
        for key in ("<Delete>", "<BackSpace>"):
            self.bind(key, lambda _event: clear())

    def show(self, preview: Image | None, size: tuple[int, int] = (0, 0), crop: CropBox | None = None) -> None:
        """``size``: of the picture in full, in pixels, of which ``preview`` shows all."""
        if preview is not None and preview is self._preview and self.dragging.active:
            return  # what the mouse is about to change
        self._preview, self.region = preview, ()
        self.dragging.use(size if preview is not None else None, crop)
        self._draw()

    @property
    def crop(self) -> CropBox | None:
        """The rectangle on the picture."""
        return self.dragging.crop

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
            self._face = None
            box = shapes.dashed_box(size, radius, fill, edge, line, colours.panel)
        else:
            box = shapes.rounded_box(size, radius, fill, edge, line, colours.panel)
            inner = (width - 2 * line, height - 2 * line)
            region = self.region if self.crop is None else self.crop.of_whole(self.region)
            box.paste(
                shapes.framed(self._preview, inner, radius - line, fill, edge, region=region, line=theme.px(3)),
                (line, line),
                shapes.rounded_mask(*inner, radius - line),
            )
            left, top, wide, high = shapes.place_in(self._preview.size, inner)
            self.dragging.place = (left + line, top + line, wide, high)
            self._face = box
        self._show_face(box)
        if self._preview is None or self.lit:
            self._invite(width, height)

    def _recropped(self, crop: CropBox | None) -> None:
        """Only the rectangle is drawn anew: the mouse waits for it."""
        self._cropping(crop)
        if self._face is not None:
            self._show_face(self._face)

    def _show_face(self, face: Image) -> None:
        if self._face is not None and self.crop is not None:
            line = self._theme.px(2)
            hole = (line, line, face.width - line, face.height - line)
            face = draw_crop(face, self.crop, self.dragging.place, hole, self._theme.px(10) - line, self._theme.px(1))
        self._photo = ImageTk.PhotoImage(face, master=self)
        self.delete("face")
        self.create_image(0, 0, image=self._photo, anchor="nw", tags="face")

    def _invite(self, width: int, height: int) -> None:
        theme, colours = self._theme, self._theme.palette
        head = "Drop a picture here" if self._can_drop else "Choose a picture"
        tail = "or click to browse, Ctrl+V to paste" if self._can_drop else "Click to choose, or Ctrl+V to paste"
        if self.lit:
            head, tail = "Let go to use it", "A picture is searched for, archives are opened together"
        centre, room = width // 2, width - theme.px(32)
        icon = theme.icon("picture", 52, colours.link if self.lit else colours.muted)
        parts = [(self.create_image(centre, 0, image=icon, anchor="n"), theme.px(18))]
        for text, font, fill in ((head, "RasTitle", colours.text), (tail, "RasSmall", colours.muted)):
            item = self.create_text(centre, 0, text=text, font=font, fill=fill, width=room, anchor="n")
            self.itemconfigure(item, justify="center")
            parts.append((item, theme.px(10)))
        heights = {item: self._height_of(item) + gap for item, gap in parts}
        # In a low window the icon goes first, then the line that says more.
        for spare in (parts[0][0], parts[2][0]):
            if sum(heights.values()) > height - theme.px(12):
                self.delete(spare)
                del heights[spare]
        top = (height - sum(heights.values()) + theme.px(10)) // 2
        for item, taken in heights.items():
            self.coords(item, centre, top)
            top += taken

    def _height_of(self, item: int) -> int:
        _, top, _, bottom = self.bbox(item)
        return bottom - top
