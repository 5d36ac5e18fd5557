"""The root window: sharp on every screen, with its icon, where it was the last time."""

from __future__ import annotations

import re
import tkinter as tk

from ras.gui import interpreter
from ras.gui.screen import claim_true_pixels

TITLE = "Reverse Archive Search"
ZOOMED = "zoomed"


def make_root() -> tk.Tk:
    """One per process: a second Tk root may end up collected on another thread, which aborts the interpreter."""
    claim_true_pixels()
    interpreter.share()
    root = tk.Tk(className="RAS")
    root.withdraw()
    root.title(TITLE)
    return root


def place(root: tk.Tk, geometry: str, scale: float) -> None:
    """Give the window its last size and place, as far as today's screen allows."""
    screen = (
        root.winfo_vrootwidth() or root.winfo_screenwidth(),
        root.winfo_vrootheight() or root.winfo_screenheight(),
    )
    root.minsize(min(round(760 * scale), screen[0]), min(round(540 * scale), screen[1]))
    default = (min(round(1240 * scale), round(screen[0] * 0.9)), min(round(800 * scale), round(screen[1] * 0.88)))
    root.geometry(fitted(geometry, screen, default))
    if geometry == ZOOMED:
        zoom(root)


def fitted(geometry: str, screen: tuple[int, int], default: tuple[int, int]) -> str:
    """A geometry that is on the screen as a whole; the default size, centred, where ``geometry`` is none."""
    match = re.fullmatch(r"(\d+)x(\d+)\+(-?\d+)\+(-?\d+)", geometry)
    if match is None:
        width, height = default
        x, y = (screen[0] - width) // 2, (screen[1] - height) // 3
    else:
        width, height, x, y = (int(part) for part in match.groups())
        width, height = max(200, min(width, screen[0])), max(200, min(height, screen[1]))
    x, y = max(0, min(x, screen[0] - width)), max(0, min(y, screen[1] - height))
    return f"{width}x{height}+{x}+{y}"


def zoom(root: tk.Tk) -> None:
    if root.tk.call("tk", "windowingsystem") == "x11":
        root.attributes("-zoomed", True)
    else:
        root.state("zoomed")


def geometry_of(root: tk.Tk) -> str:
    """What ``place`` takes."""
    if root.tk.call("tk", "windowingsystem") == "x11":
        zoomed = bool(root.attributes("-zoomed"))
    else:
        zoomed = root.state() == "zoomed"
    return ZOOMED if zoomed else root.geometry()
