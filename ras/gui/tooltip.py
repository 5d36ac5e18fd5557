"""A few words under the mouse that say what a button without words does, or why it cannot be pressed."""

from __future__ import annotations

import tkinter as tk
from typing import Callable

from ras.gui.accessible import describe
from ras.gui.theme import Theme

_REST_MS = 400


class Tooltip:
    """Shows what ``text`` says once the mouse rests on ``widget``; nothing where that is empty."""

    def __init__(self, widget: tk.Widget, theme: Theme, text: Callable[[], str]) -> None:
        self._widget, self._theme, self._text = widget, theme, text
        self._timer: str | None = None
        self.window: tk.Toplevel | None = None
        widget.bind("<Enter>", lambda _event: self._wait(), add=True)
        describe(widget, help=text)
        for event in ("<Leave>", "<Button>", "<Destroy>"):
            widget.bind(event, lambda _event: self._hide(), add=True)

    def _wait(self) -> None:
        self._hide()
        self._timer = self._widget.after(_REST_MS, self._show)

    def _show(self) -> None:
        self._timer = None
        text = self._text()
        if not text:
            return
        theme, colours = self._theme, self._theme.palette
        # A name of its own, each time the same: Tk never forgets one (Tk_GetUid).
        window = self.window = tk.Toplevel(self._widget, name="tip", background=colours.line)
        window.wm_overrideredirect(True)
        label = tk.Label(
            window, text=text, background=colours.raised, foreground=colours.text, font="RasSmall", justify="left"
        )
        label.configure(padx=theme.px(8), pady=theme.px(5), wraplength=theme.px(260))
        label.pack(padx=1, pady=1)
        window.update_idletasks()
        left = min(self._widget.winfo_rootx(), self._widget.winfo_screenwidth() - window.winfo_reqwidth())
        top = self._widget.winfo_rooty() - window.winfo_reqheight() - theme.px(4)
        window.geometry(f"+{max(0, left)}+{max(0, top)}")

    def _hide(self) -> None:
        if self._timer is not None:
            self._widget.after_cancel(self._timer)
            self._timer = None
        if self.window is not None:
            self.window.destroy()
            self.window = None
