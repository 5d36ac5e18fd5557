"""Names of controls for screen readers: what a control without words is called, what it is for, what it shows.

Tk 9.1 hands them on (``tk accessible``, TIP 733); of an earlier Tk a screen reader hears the titles of windows and
nothing else, and what is said here is kept quiet.
"""

from __future__ import annotations

import logging
import tkinter as tk
from tkinter import ttk
from typing import Callable, Union

log = logging.getLogger(__name__)

Words = Union[str, Callable[[], str]]

BUTTON, LABEL, LIST, FIELD, PICTURE, SLIDER = "Button", "Label", "Listbox", "Entry", "Canvas", "Scale"
"""Roles that Tk knows."""

_COMMANDS = "::tk::accessible::"


def is_heard(widget: tk.Misc) -> bool:
    """Whether this Tk hands anything on."""
    return bool(widget.tk.call("info", "commands", f"{_COMMANDS}set_acc_name"))


def describe(widget: tk.Misc, name: Words = "", *, role: str = "", help: Words = "", value: Words = "") -> None:
    """Say it as soon as the widget is seen. What is empty is left as Tk has it."""
    if not is_heard(widget):
        return
    said = {"role": role, "name": name, "help": help, "value": value}
    root = widget.nametowidget(".")

    def say() -> None:
        if widget.winfo_exists():
            for what, words in said.items():
                _set(widget, what, words if isinstance(words, str) else words())

    # Tk says its own defaults when a widget is mapped, after the widget's own bindings: these come after that.
    widget.bind("<Map>", lambda _event: root.after_idle(say), add=True)
    if widget.winfo_ismapped():
        say()


def name_icon(button: ttk.Button, words: str) -> None:
    """Give a button that shows only an icon the text that it would have: every Tk hands that on where it can."""
    button.configure(text=words, compound="image")
    describe(button, words, role=BUTTON)


def tell(widget: tk.Misc, value: str) -> None:
    """Say what the widget shows now: the selected one of a list, for example."""
    if is_heard(widget) and widget.winfo_exists():
        _set(widget, "value", value)
        _call(widget, "emit_selection_change")


def _set(widget: tk.Misc, what: str, words: str) -> None:
    if words:
        _call(widget, f"set_acc_{what}", words)


def _call(widget: tk.Misc, command: str, *words: str) -> None:
    try:
        widget.tk.call(f"{_COMMANDS}{command}", str(widget), *words)
    except tk.TclError as exc:
        log.info("A screen reader was not told of %s: %s", widget, exc)
