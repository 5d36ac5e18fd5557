"""The rectangle on the query's picture under the mouse and the keyboard, and how it is drawn."""

from __future__ import annotations

import tkinter as tk
from typing import Callable

from PIL import Image, ImageDraw

from ras.gui.crop_box import HANDLES, CropBox
from ras.gui.shapes import rounded_mask
from ras.gui.theme import Theme
from ras.records import Point

_PAUSE_MS = 600
"""After the last key, the rectangle is taken as let go."""
_DIM = 0.35
"""How bright what is left out still is."""
_CURSORS = {
    "nw": "top_left_corner",
    "n": "top_side",
    "ne": "top_right_corner",
    "e": "right_side",
    "se": "bottom_right_corner",
    "s": "bottom_side",
    "sw": "bottom_left_corner",
    "w": "left_side",
    "inside": "fleur",
    "": "crosshair",
}
_ARROWS = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, -1), "Down": (0, 1)}


class CropDrag:
    """Bound to a canvas that shows a picture at ``place``.

    Mouse: a drag beside the rectangle makes a new one, one inside of it moves it, one at its edge resizes it. Keyboard:
    the arrows move it, with Shift resize it, with Control by a single pixel; Esc takes it back.
    """

    def __init__(
        self,
        canvas: tk.Canvas,
        theme: Theme,
        *,
        click: Callable[[], None],
        changed: Callable[[CropBox | None], None],
        ended: Callable[[CropBox | None], None],
        pause: int | None = _PAUSE_MS,
    ) -> None:
        """``pause``: after the last key, in milliseconds; None waits for Enter, which is the canvas's own."""
        self._canvas, self._theme = canvas, theme
        self._click, self._changed, self._ended = click, changed, ended
        self._pause = pause
        self._size: tuple[int, int] | None = None
        self.crop: CropBox | None = None
        self.place = (0, 0, 1, 1)
        """(left, top, width, height) of the picture on the canvas."""
        self._pressed: tuple[Point, str, CropBox | None] | None = None
        """Where, on what, and the rectangle at that moment."""
        self._moved = False
        self._timer: str | None = None
        canvas.bind("<Button-1>", self._press, add=True)
        canvas.bind("<B1-Motion>", self._drag)
        canvas.bind("<ButtonRelease-1>", self._release)
        canvas.bind("<Motion>", self._hover)
        canvas.bind("<Escape>", self._escape)
        for key, way in _ARROWS.items():
            for modifiers in ("", "Shift-", "Control-", "Control-Shift-"):
                canvas.bind(
                    f"<{modifiers}{key}>",
                    lambda _event, way=way, modifiers=modifiers: self._arrow(way, modifiers),  # type: ignore[misc]
                )

    def use(self, size: tuple[int, int] | None, crop: CropBox | None) -> None:
        """Another picture, of ``size`` pixels (None: there is none), or another rectangle on it."""
        self._stop_timer()
        self._size, self.crop, self._pressed = size, crop, None
        self._canvas.configure(cursor="crosshair" if size else "hand2")

    @property
    def active(self) -> bool:
        """Whether the rectangle is being changed this moment."""
        return self._timer is not None or (self._pressed is not None and self._moved)

    def begin(self) -> None:
        """A rectangle in the middle, where there is none: for the keyboard."""
        if self._size is not None and self.crop is None:
            self._change(CropBox.middle(self._size))
            self._wait()

    def end_now(self) -> bool:
        """Take the rectangle as let go, if the keyboard changed it a moment ago; whether it did."""
        if self._timer is None:
            return False
        self._stop_timer()
        self._ended(self.crop)
        return True

    def undo(self) -> None:
        """Back to the whole picture."""
        if self.crop is not None:
            self._stop_timer()
            self._change(None)
            self._ended(None)

    # -- mouse -----------------------------------------------------------------------------------------------------

    def _press(self, event: tk.Event[tk.Canvas]) -> None:
        self._canvas.focus_set()
        self._moved = False
        self._pressed = ((event.x, event.y), self._part_at(event.x, event.y), self.crop)

    def _drag(self, event: tk.Event[tk.Canvas]) -> None:
        if self._pressed is None or self._size is None:
            return
        (x, y), part, before = self._pressed
        if not self._moved and max(abs(event.x - x), abs(event.y - y)) < self._theme.px(4):
            return  # a click by an unsteady hand
        self._moved = True
        self._stop_timer()
        right, down = self._length(event.x - x, event.y - y)
        if part and before is not None:
            self._change(before.moved(right, down) if part == "inside" else before.resized(part, right, down))
        else:
            self._change(CropBox.between(self._point(x, y), self._point(event.x, event.y), self._size))

    def _release(self, _event: object) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return
        if self._moved:
            self._ended(self.crop)
        elif self.crop is None:
            self._click()

    def _hover(self, event: tk.Event[tk.Canvas]) -> None:
        if self._size is not None:
            self._canvas.configure(cursor=_CURSORS[self._part_at(event.x, event.y)])

    def _part_at(self, x: float, y: float) -> str:
        """A handle's name, ``inside``, or nothing; anywhere along an edge is its handle."""
        if self.crop is None:
            return ""
        left, top, right, bottom = _on_canvas(self.crop, self.place)
        near = self._theme.px(7)
        if not (left - near <= x <= right + near and top - near <= y <= bottom + near):
            return ""
        # Of a narrow rectangle, some must be left to move it by.
        across, along = min(near, (right - left) / 4), min(near, (bottom - top) / 4)
        part = "n" if y < top + along else "s" if y > bottom - along else ""
        part += "w" if x < left + across else "e" if x > right - across else ""
        return part or "inside"

    def _point(self, x: float, y: float) -> Point:
        """On the canvas → in pixels of the picture."""
        left, top, _, _ = self.place
        return self._length(x - left, y - top)

    def _length(self, x: float, y: float) -> Point:
        assert self._size is not None
        _, _, width, height = self.place
        return x * self._size[0] / width, y * self._size[1] / height

    # -- keyboard --------------------------------------------------------------------------------------------------

    def _arrow(self, way: tuple[int, int], modifiers: str) -> str | None:
        if self._size is None:
            return None
        if self.crop is None:
            self.begin()
            return "break"
        steps = [1 if "Control" in modifiers else max(1, round(side * 0.02)) for side in self._size]
        right, down = way[0] * steps[0], way[1] * steps[1]
        self._change(self.crop.grown(right, down) if "Shift" in modifiers else self.crop.moved(right, down))
        self._wait()
        return "break"

    def _escape(self, _event: object) -> str | None:
        if self._pressed is not None and self._moved:
            before = self._pressed[2]
            self._pressed = None
            self._change(before)
        elif self.crop is not None:
            self.undo()
        else:
            return None  # it is for the search, then
        return "break"

    def _change(self, crop: CropBox | None) -> None:
        self.crop = crop
        self._changed(crop)

    def _wait(self) -> None:
        self._stop_timer()
        if self._pause is not None:
            self._timer = self._canvas.after(self._pause, self.end_now)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._canvas.after_cancel(self._timer)
            self._timer = None


def _on_canvas(crop: CropBox, place: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    left, top, width, height = place
    across, along = width / crop.size[0], height / crop.size[1]
    return left + crop.left * across, top + crop.top * along, left + crop.right * across, top + crop.bottom * along


def draw_crop(
    face: Image.Image,
    crop: CropBox,
    place: tuple[int, int, int, int],
    hole: tuple[int, int, int, int],
    radius: int,
    pixel: int,
) -> Image.Image:
    """The face of the zone with the rectangle on its picture: what is left out is dark, and handles stand on the edge.

    ``place``: of the picture on the face, beyond whose ``hole`` (with round corners) nothing is drawn. ``pixel``: one
    of a screen of 96 dpi.
    """
    far = (min(hole[2], place[0] + place[2]), min(hole[3], place[1] + place[3]))
    area = (max(hole[0], place[0]), max(hole[1], place[1]), *far)
    drawn = face.copy()
    drawn.paste(Image.eval(face.crop(area), lambda value: round(value * _DIM)), area[:2])
    left, top, right, bottom = (round(value) for value in _on_canvas(crop, place))
    left, top, right, bottom = max(left, area[0]), max(top, area[1]), min(right, area[2]), min(bottom, area[3])
    if right > left and bottom > top:
        drawn.paste(face.crop((left, top, right, bottom)), (left, top))
        pen = ImageDraw.Draw(drawn)
        pen.rectangle((left, top, right - 1, bottom - 1), outline="#ffffff", width=pixel)
        half = 3 * pixel
        for x, y in HANDLES.values():
            across, along = left + x * (right - left - 1), top + y * (bottom - top - 1)
            across = max(area[0] + half, min(across, area[2] - 1 - half))
            along = max(area[1] + half, min(along, area[3] - 1 - half))
            spot = (across - half, along - half, across + half, along + half)
            pen.rectangle(spot, fill="#ffffff", outline="#1e1f22", width=max(1, pixel // 2))
    shown = face.copy()
    shown.paste(drawn.crop(hole), hole[:2], rounded_mask(hole[2] - hole[0], hole[3] - hole[1], radius))
    return shown
