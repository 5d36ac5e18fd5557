"""Keys that Tk's own widgets do not know: Enter, where they take the space bar alone."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk


def bind_enter(root: tk.Tk) -> None:
    """Enter presses buttons and opens the menus of choices."""
    root.bind_class("TButton", "<Return>", _press)
    root.bind_class("TMenubutton", "<Return>", lambda event: event.widget.event_generate("<space>"))


def _press(event: tk.Event[tk.Misc]) -> None:
    if isinstance(event.widget, ttk.Button):
        event.widget.invoke()
