"""The window is closed: asked about once while indexing runs, and at once where nothing does."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from ras.gui import dialogs

if TYPE_CHECKING:
    from ras.gui.app import App

_MS = 300
"""How often the question is brought up to date."""


class Closing:
    """``ask`` is what the window manager and the menu call; ``app.close`` closes in any case."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.window: tk.Toplevel | None = None
        self._text: ttk.Label | None = None

    @property
    def asked(self) -> str:
        """What is asked; empty while nothing is."""
        return "" if self._text is None or self.window is None else str(self._text.cget("text"))

    def ask(self) -> None:
        if not self._app.index.run.running:
            self._app.close()
        elif self.window is not None:
            self.window.lift()
            self.yes_button.focus_force()
        else:
            self._ask()

    def _ask(self) -> None:
        app, px = self._app, self._app.theme.px
        self.window, frame, row = dialogs.dialog_with_row(app.root, app.theme, "Close while indexing goes on?")
        self._text = ttk.Label(frame, justify="left", wraplength=px(440))
        self._text.pack(anchor="w")
        self.no_button, self.yes_button = row.winfo_children()[0], ttk.Button(row, text="Close", command=app.close)
        if isinstance(self.no_button, ttk.Button):
            self.no_button.configure(text="Keep open", style="TButton")
        self.yes_button.configure(style="Accent.TButton")
        self.yes_button.pack(side="right", padx=(0, px(8)))
        self.yes_button.focus_set()
        self.window.resizable(False, False)
        self.window.bind("<Destroy>", self._gone, add=True)
        self._tell()
        if self.window is not None:
            dialogs.centre(self.window, app.root)

    def _tell(self) -> None:
        """How far it is by now; there is nothing to ask once it is over."""
        if self.window is None or self._text is None:
            return
        run = self._app.index.run
        if not run.running:
            self.window.destroy()
            return
        at = "Indexing has just begun." if run.percent is None else f"Indexing is at {run.percent} %."
        self._text.configure(text=f"{at} What is done is kept, and the next time it goes on from there.")
        self.window.after(_MS, self._tell)

    def _gone(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self.window:
            self.window = self._text = None
