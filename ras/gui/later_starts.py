"""What later starts of the program hand over reaches the window, which comes to the front."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any, Callable, Sequence

if TYPE_CHECKING:
    from ras.one_window import Reception

LOOK_MS = 120


def listen(root: tk.Tk, reception: Reception, take_files: Callable[[Sequence[str]], object]) -> None:
    """Look from time to time at what the reception's thread has heard, as long as there is a window."""

    def look() -> None:
        root.after(LOOK_MS, look)
        handed = reception.take()
        if handed:
            come_to_the_front(root)
            paths = [path for each in handed for path in each.paths]
            if paths:
                take_files(paths)

    look()


def listen_to_the_dock(root: tk.Tk, take_files: Callable[[Sequence[str]], object], leave: Callable[[], object]) -> None:
    """macOS tells a program that runs of files that are to be opened, and starts no second one; and to quit.

    Without a word on that from the program Tk would end it at once, and nothing would be asked or saved.
    """
    if root.tk.call("tk", "windowingsystem") == "aqua":
        root.createcommand("::tk::mac::OpenDocument", lambda *paths: take_files([str(path) for path in paths]))
        root.createcommand("::tk::mac::ReopenApplication", lambda: come_to_the_front(root))
        root.createcommand("::tk::mac::Quit", lambda: leave() and None)


def come_to_the_front(root: tk.Tk) -> None:
    if root.state() in ("iconic", "withdrawn"):
        root.deiconify()
    # Window managers keep a window from lifting itself above the one in use, but for one that is always on top.
    root.attributes("-topmost", True)
    root.lift()
    root.focus_force()
    root.after(300, lambda: _let_others_above(root))


def _let_others_above(root: Any) -> None:
    root.attributes("-topmost", False)
