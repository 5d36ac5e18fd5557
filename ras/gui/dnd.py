"""Drag and drop onto the window, by tkinterdnd2 where it loads."""

from __future__ import annotations

import logging
import tkinter as tk
from typing import TYPE_CHECKING, Any, Callable

from ras.gui.incoming import from_numbers, paths_in

if TYPE_CHECKING:
    from ras.gui.drag_out import DragOut

log = logging.getLogger(__name__)

_PAGES = ("text/html", "HTML Format")
"""A piece of a page, with the picture in it, as X11 and Windows call it."""


def accept_drops(
    window: tk.Widget,
    *,
    hovering: Callable[[bool], None],
    files: Callable[[list[str]], None],
    link: Callable[[str], None],
    refuse: Callable[[str], None],
    out: Callable[[], DragOut],
) -> bool:
    """Take files and links to pictures that are dropped anywhere on the window; whether that works here.

    What is dragged ``out`` of the window itself is not taken as such. Without all this, nothing else suffers.
    """
    try:
        from tkinterdnd2 import COPY, DND_FILES, DND_TEXT, REFUSE_DROP, TkinterDnD

        TkinterDnD._require(window.winfo_toplevel())
        # The package gives its methods to every widget but the root, which no type says.
        target: Any = window
        target.drop_target_register(DND_FILES, DND_TEXT, *_PAGES)
    except (ImportError, RuntimeError, AttributeError, tk.TclError) as exc:
        log.warning("Drag and drop does not work here: %s", exc)
        return False

    def over(event: Any) -> str:
        welcome = not out().is_unwelcome(event.x_root, event.y_root)
        hovering(welcome)
        return str(COPY if welcome else REFUSE_DROP)

    def left(_event: Any) -> str:
        hovering(False)
        return str(COPY)

    def dropped(event: Any) -> str:
        hovering(False)
        entries = _entries(window, event.data)
        if not out().take("\n".join(entries), event.x_root, event.y_root):
            # Called later: until this returns, the program that the drag comes from waits.
            window.after(1, lambda: _take(event.data, entries, files, link, refuse))
        return str(COPY)

    target.dnd_bind("<<DropEnter>>", over)
    target.dnd_bind("<<DropPosition>>", over)
    target.dnd_bind("<<DropLeave>>", left)
    target.dnd_bind("<<Drop>>", dropped)
    return True


def _entries(window: tk.Widget, data: str) -> list[str]:
    data = from_numbers(data)
    try:
        return [str(entry) for entry in window.tk.splitlist(data)]
    except tk.TclError:  # a dropped text is no Tcl list
        return [data]


def _take(
    data: str,
    entries: list[str],
    files: Callable[[list[str]], None],
    link: Callable[[str], None],
    refuse: Callable[[str], None],
) -> None:
    data = from_numbers(data)
    paths = paths_in("\n".join(entries)) or paths_in(data)
    from ras.gui.picture_links import link_in

    found = "" if paths else link_in(data) or link_in("\n".join(entries))
    if paths:
        files(paths)
    elif found:
        link(found)
    else:
        refuse(
            "That was neither a file nor the link of a picture. Save the picture first and drop its file, or copy the "
            "picture and paste it."
        )
