"""How the program is known to taskbar and dock: its icon in every size, and one name for all its windows."""

from __future__ import annotations

import logging
import sys
import tkinter as tk

from ras.paths import ASSETS

log = logging.getLogger(__name__)

APP_ID = "ReverseArchiveSearch.RAS"
"""As Windows wants it: company and product."""
SIZES = (16, 24, 32, 48, 64, 128, 256)
"""Pixels of what a window of X11 offers; its manager takes the nearest."""


def claim_place() -> None:
    """Before the first window: else Windows shows it as one of Python's, under Python's icon."""
    if sys.platform == "win32":
        import ctypes

        try:
            ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID(APP_ID)
        except (AttributeError, OSError) as exc:
            log.info("The taskbar was not told what this is: %s", exc)


def set_icon(root: tk.Tk) -> None:
    """The mark for the window and all that come after it."""
    system = root.tk.call("tk", "windowingsystem")
    try:
        if system == "win32":
            root.tk.call("wm", "iconbitmap", root, "-default", str(ASSETS / "icon.ico"))
        else:
            sizes = (512,) if system == "aqua" else tuple(reversed(SIZES))  # the dock takes the first alone
            root.iconphoto(True, *(tk.PhotoImage(master=root, file=str(ASSETS / "icons" / f"{n}.png")) for n in sizes))
    except tk.TclError as exc:
        log.info("The window has no icon: %s", exc)
