"""Which changes a file of settings would make: said before any is made. And which file, to read or to write."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui import dialogs

if TYPE_CHECKING:
    from ras.gui.theme import Theme


class ImportQuestion:
    """The changes that a file of settings would make, to be taken or not."""

    def __init__(
        self, root: tk.Tk, theme: Theme, over: tk.Toplevel, title: str, lines: Sequence[str], take: Callable[[], None]
    ) -> None:
        px = theme.px
        self._take = take
        self.window, frame, row = dialogs.dialog_with_row(root, theme, "Import settings")
        self.window.transient(over)
        ttk.Label(frame, text=title, style="Strong.TLabel").pack(anchor="w", pady=(0, px(8)))
        self.box = tk.Text(frame, width=64, height=min(12, len(lines) + 1), wrap="word", borderwidth=0, font="RasBody")
        self.box.configure(background=theme.palette.panel, foreground=theme.palette.text, highlightthickness=0)
        self.box.configure(padx=px(12), pady=px(10), spacing3=px(3))
        self.box.insert("1.0", "\n".join(theme.shown(line) for line in lines).strip())
        self.box.configure(state="disabled")
        self.box.pack(fill="both", expand=True)
        self.no_button = row.winfo_children()[0]
        if isinstance(self.no_button, ttk.Button):
            self.no_button.configure(text="Cancel", style="TButton")
        self.yes_button = ttk.Button(row, text="Import", style="Accent.TButton", command=self._taken)
        self.yes_button.pack(side="right", padx=(0, px(8)))
        dialogs.centre(self.window, root)
        over.bind("<Destroy>", lambda event: self._close() if event.widget is over else None, add=True)

    @property
    def text(self) -> str:
        return self.box.get("1.0", "end-1c")

    def _close(self) -> None:
        if self.window.winfo_exists():
            self.window.destroy()

    def _taken(self) -> None:
        self.window.destroy()
        self._take()


def choose_target(parent: tk.Misc) -> str | None:
    """Where to write the settings; the dialog asks before a file is overwritten."""
    from tkinter import filedialog

    chosen = filedialog.asksaveasfilename(
        parent=parent,
        title="Export the settings",
        initialfile="ras-settings.json",
        defaultextension=".json",
        filetypes=[("Settings (JSON)", "*.json"), ("All files", "*")],
    )
    return str(chosen) if chosen else None


def choose_source(parent: tk.Misc) -> str | None:
    from tkinter import filedialog

    chosen = filedialog.askopenfilename(
        parent=parent, title="Import settings", filetypes=[("Settings (JSON)", "*.json"), ("All files", "*")]
    )
    return str(chosen) if chosen else None
