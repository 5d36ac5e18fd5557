"""What the window needs: tkinter, a display, and tkinterdnd2 for drag and drop."""

from __future__ import annotations

import importlib.util
from typing import Any

from ras.doctor.check import OK, SETUP, WARNING, Check
from ras.doctor.trying import probe
from ras.launch import missing_tkinter


def tkinter() -> Check:
    if importlib.util.find_spec("tkinter") is None:
        return Check(
            "tkinter", WARNING, "This Python has no tkinter: RAS searches, but has no window.", missing_tkinter()
        )
    found = probe("import tkinter; say(version=tkinter.Tcl().eval('info patchlevel'))")
    if "error" in found:
        return Check("tkinter", WARNING, f"tkinter does not load ({found['error']}).", missing_tkinter())
    return Check("tkinter", OK, f"Tk {found['version']}.")


def display() -> Check:
    found = _tk()
    if "error" in found:
        return Check(
            "Display", WARNING, f"No window can be opened ({found['error']}).", "Searching on the command line works."
        )
    return Check("Display", OK, "A window can be opened, {} × {} pixels of screen.".format(*found["screen"]))


def drag_and_drop() -> Check:
    name = "Drag and drop"
    if importlib.util.find_spec("tkinterdnd2") is None:
        return Check(name, WARNING, "tkinterdnd2 is not installed; pictures can be browsed for and pasted.", SETUP)
    if "error" in _tk():
        return Check(name, WARNING, "It cannot be tried without a display.")
    found = probe("import tkinter, tkinterdnd2; say(version=str(tkinterdnd2.TkinterDnD.Tk().TkdndVersion))")
    if "error" in found:
        remedy = "Browse for pictures, or paste them; both work."
        return Check(name, WARNING, f"tkinterdnd2 does not load here ({found['error']}).", remedy)
    return Check(name, OK, f"Works (tkdnd {found['version']}).")


def _tk() -> dict[str, Any]:
    return probe(
        "import tkinter; root = tkinter.Tk(); say(screen=[root.winfo_screenwidth(), root.winfo_screenheight()])"
    )
