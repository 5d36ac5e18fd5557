"""Faults of the program: logged with their traceback, shown in one dialog with "Copy details", never swallowed."""

from __future__ import annotations

import logging
import platform
import tkinter as tk
import traceback
from tkinter import ttk

from ras import __version__
from ras.gui.theme import Theme
from ras.log_file import log_path

log = logging.getLogger(__name__)


class CrashReporter:
    """Shows at most one dialog at a time: a fault in a timer would otherwise bury the screen."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self._root, self._theme = root, theme
        self.dialog: tk.Toplevel | None = None
        self.reported: list[BaseException] = []

    def report(self, error: BaseException) -> None:
        log.error("A fault of the program", exc_info=error)
        self.reported.append(error)
        if self.dialog is not None and self.dialog.winfo_exists():
            return
        details = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        tk_version = self._root.tk.call("info", "patchlevel")
        versions = f"RAS {__version__}, Python {platform.python_version()}, Tk {tk_version}, {platform.platform()}"
        self.dialog = self._show(f"{versions}\n\n{details}")

    def _show(self, details: str) -> tk.Toplevel:
        theme, px = self._theme, self._theme.px
        window = tk.Toplevel(self._root, background=theme.palette.ground)
        window.title("Something went wrong – RAS")
        window.transient(self._root)
        frame = ttk.Frame(window, padding=px(20))
        frame.pack(fill="both", expand=True)
        ttk.Label(frame, text="Something went wrong in RAS", style="Title.TLabel").pack(anchor="w")
        ttk.Label(
            frame,
            text="This is a fault of the program, not of yours. You can go on; if it comes again, please report it "
            f"with the details below. They are also in the log: {log_path()}",
            wraplength=px(520),
            justify="left",
        ).pack(anchor="w", pady=(px(8), px(12)))
        text = tk.Text(frame, height=10, width=80, wrap="word", borderwidth=0, font="TkFixedFont", highlightthickness=0)
        text.configure(background=theme.palette.well, foreground=theme.palette.text, padx=px(8), pady=px(8))
        text.insert("1.0", details)
        text.configure(state="disabled")
        text.pack(fill="both", expand=True)
        row = ttk.Frame(frame)
        row.pack(fill="x", pady=(px(14), 0))

        def copy() -> None:
            self._root.clipboard_clear()
            self._root.clipboard_append(details)

        close = ttk.Button(row, text="Close", style="Accent.TButton", command=window.destroy)
        close.pack(side="right")
        ttk.Button(row, text="Copy details", command=copy).pack(side="right", padx=px(8))
        window.bind("<Escape>", lambda _event: window.destroy())
        close.focus_set()
        return window
