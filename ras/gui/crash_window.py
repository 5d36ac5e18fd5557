"""The window with the report of a crash: to be read, copied, and found as a file."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path
from tkinter import ttk
from typing import Callable

from ras.gui import dialogs
from ras.gui.theme import Theme


class CrashWindow:
    """``lead`` says what it is; ``path``: None where the report could not be kept as a file."""

    def __init__(
        self,
        parent: tk.Tk,
        theme: Theme,
        title: str,
        lead: str,
        report: str,
        path: Path | None,
        *,
        show: Callable[[Path], None],
        label: str = "Show file",
    ) -> None:
        px = theme.px
        self.report = report
        self.window, frame, row = dialogs.dialog_with_row(parent, theme, title)
        self.lead = ttk.Label(frame, text=theme.shown(lead), justify="left")
        self.lead.pack(anchor="w", fill="x", pady=(0, px(12)))
        self.lead.bind("<Configure>", lambda event: self.lead.configure(wraplength=max(1, event.width)))
        card = ttk.Frame(frame, style="Panel.TFrame", padding=px(12))
        card.pack(fill="both", expand=True)
        self._theme = theme
        self.text = tk.Text(card, height=14, width=80, wrap="word", borderwidth=0, font="TkFixedFont")
        self.text.configure(highlightthickness=0, padx=0, pady=0)
        for line in report.splitlines():  # each cleaned behind its indent
            self.text.insert("end", f"{line[: len(line) - len(line.lstrip())]}{theme.shown(line)}\n")
        self.text.configure(state="disabled")
        bar = ttk.Scrollbar(card, command=self.text.yview, style="Card.Vertical.TScrollbar")
        self.text.configure(yscrollcommand=bar.set)
        bar.pack(side="right", fill="y", padx=(px(8), 0))
        self.text.pack(side="left", fill="both", expand=True)
        self.said = ttk.Label(row, style="Muted.TLabel")
        self.copy_button = ttk.Button(row, text="Copy", command=self._copy)
        self.copy_button.pack(side="left")
        self.show_button = ttk.Button(row, text=label, command=lambda: show(path) if path is not None else None)
        if path is not None:
            self.show_button.pack(side="left", padx=(px(8), 0))
        self.said.pack(side="left", padx=(px(10), 0))
        self.window.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self._recolour()
        dialogs.place_over(self.window, parent, theme, (820, 560), (420, 320))

    @property
    def exists(self) -> bool:
        return bool(self.window.winfo_exists())

    def _copy(self) -> None:
        self.window.clipboard_clear()
        self.window.clipboard_append(self.report)
        self.said.configure(text="On the clipboard.")

    def _recolour(self) -> None:
        colours = self._theme.palette
        self.window.configure(background=colours.ground)
        self.text.configure(background=colours.panel, foreground=colours.text, insertbackground=colours.text)
