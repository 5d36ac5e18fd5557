"""A piece of the screen as the query: the window steps aside, and a rectangle is dragged on what was behind it."""

from __future__ import annotations

import os
import sys
import tkinter as tk
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageTk

from ras.errors import RASError
from ras.gui.crop_box import CropBox
from ras.gui.crop_drag import CropDrag
from ras.records import Job

if TYPE_CHECKING:
    from ras.gui.app import App

_ASIDE_MS = 350
"""Until the window is gone from the screen: window managers fade it out."""
_DIM = 0.45
_NOT_HERE = (
    "RAS cannot see the screen here. Take a screenshot with the system’s own key or program, copy it, and paste it "
    "with Ctrl+V."
)


class ScreenError(RASError):
    """The screen cannot be had on this system."""


@dataclass(frozen=True)
class Screenshot:
    image: Image.Image
    bright: Image.Image
    """As large as the screen in the units of Tk, which differ where the system scales windows itself."""
    dim: Image.Image


def grab_screen(size: tuple[int, int]) -> Job[Screenshot]:
    """``size``: of the screen, as Tk has it. Raises ScreenError."""
    yield from ()
    from PIL import ImageGrab

    display = os.environ.get("DISPLAY") if sys.platform not in ("win32", "darwin") else None
    if os.environ.get("WAYLAND_DISPLAY"):
        display = None  # X11 has only black there; Pillow asks the desktop’s own program
    # Decoded within this process where it comes as a file: the system's own program wrote it just now.
    try:
        image = ImageGrab.grab(xdisplay=display).convert("RGB")
    except Exception as exc:  # Pillow raises anything, from OSError to what its helper programs make of it
        raise ScreenError(_NOT_HERE) from exc
    if len(image.resize((64, 64)).getcolors(4096) or ()) == 1:  # what a system shows a program that may not look
        raise ScreenError(_NOT_HERE)
    bright = image if image.size == size else image.resize(size, Image.Resampling.BILINEAR)
    return Screenshot(image, bright, Image.eval(bright, lambda value: round(value * _DIM)))


class ScreenPiece:
    """``take`` is the whole of it; one at a time."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.window: tk.Toplevel | None = None
        self._photos: list[ImageTk.PhotoImage] = []
        self._busy = False
        self._timer = ""

    def take(self) -> None:
        if self._busy:
            return
        self._busy = True
        root = self._app.root
        root.withdraw()
        root.after(_ASIDE_MS, self._grab)

    def _grab(self) -> None:
        root = self._app.root
        size = (root.winfo_screenwidth(), root.winfo_screenheight())
        self._app.pump.start(self._app.workers.draw, lambda: grab_screen(size), done=self._show, failed=self._failed)

    def _failed(self, error: BaseException) -> None:
        self._end()
        self._app.failed(error)

    def _show(self, shot: Screenshot) -> None:
        app, theme = self._app, self._app.theme
        width, height = shot.bright.size
        window = self.window = tk.Toplevel(app.root, background="black", cursor="crosshair")
        if app.root.tk.call("tk", "windowingsystem") == "x11":
            window.wm_overrideredirect(True)  # the window manager would leave room for its bars
            window.geometry(f"{width}x{height}+0+0")
        else:
            window.attributes("-fullscreen", True)
        window.attributes("-topmost", True)
        window.title("A piece of the screen")
        self._photos = [ImageTk.PhotoImage(image, master=window) for image in (shot.dim, shot.bright)]
        canvas = tk.Canvas(window, width=width, height=height, highlightthickness=0, borderwidth=0)
        canvas.pack(fill="both", expand=True)
        canvas.create_image(0, 0, image=self._photos[0], anchor="nw")
        # A window of its own cuts the bright picture to the rectangle, however fast the mouse moves.
        piece = tk.Canvas(canvas, highlightthickness=theme.px(2), highlightbackground="#ffffff", borderwidth=0)
        inside = piece.create_image(0, 0, image=self._photos[1], anchor="nw")
        said = tk.Label(
            canvas,
            text="Drag a rectangle around what you search for. Esc cancels.",
            font="RasStrong",
            background="#1e1f22",
            foreground="#f2f3f5",
            padx=theme.px(16),
            pady=theme.px(9),
        )
        said.place(relx=0.5, y=theme.px(28), anchor="n")

        def changed(crop: CropBox | None) -> None:
            if crop is None:
                piece.place_forget()
                return
            said.place_forget()  # it may lie on what is searched for
            edge = theme.px(2)
            piece.place(
                x=crop.left - edge, y=crop.top - edge, width=crop.width + 2 * edge, height=crop.height + 2 * edge
            )
            piece.coords(inside, edge - crop.left, edge - crop.top)

        def ended(crop: CropBox | None) -> None:
            if crop is not None:
                self._end()
                across, along = shot.image.width / width, shot.image.height / height
                left, top, right, bottom = crop.box
                box = (left * across, top * along, right * across, bottom * along)
                app.inputs.load_query(shot.image.crop(box), "Piece of the screen")

        drag = CropDrag(canvas, theme, click=lambda: None, changed=changed, ended=ended, pause=None)
        drag.place = (0, 0, width, height)
        drag.use((width, height), None)
        canvas.bind("<Return>", lambda _event: ended(drag.crop))
        canvas.bind("<Escape>", lambda _event: self._end())
        for button in ("<Button-2>", "<Button-3>"):
            canvas.bind(button, lambda _event: self._end())
        window.update_idletasks()
        canvas.focus_force()
        self._timer = window.after(50, canvas.focus_force)  # some window managers give it away once more

    def _end(self) -> None:
        """Back to the window."""
        self._busy = False
        if self.window is not None:
            self.window.after_cancel(self._timer)
            self.window.destroy()
            self.window, self._photos = None, []
        root = self._app.root
        root.deiconify()
        root.lift()
        root.focus_force()
