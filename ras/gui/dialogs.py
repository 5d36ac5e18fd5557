"""Small windows over the main one: shortcuts, about, the doctor, the list of skipped pictures, choosing files."""

from __future__ import annotations

import platform
import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from ras import __version__
from ras.gui.theme import Theme

if TYPE_CHECKING:
    from ras.records import Skipped

_LISTED = 2000


def choose_archive(parent: tk.Misc) -> list[str]:
    """The export's file, or the files of its parts; empty when the user thought better of it."""
    from tkinter import filedialog

    chosen = filedialog.askopenfilenames(
        parent=parent,
        title="Open an export of a Discord channel",
        filetypes=[("Discord exports", "*.json"), ("All files", "*")],
    )
    return [str(path) for path in chosen or ()]


def choose_picture(parent: tk.Misc) -> str | None:
    from tkinter import filedialog

    chosen = filedialog.askopenfilename(
        parent=parent,
        title="Choose the picture to search for",
        filetypes=[("Pictures", ("*.png", "*.jpg", "*.jpeg", "*.PNG", "*.JPG", "*.JPEG")), ("All files", "*")],
    )
    return str(chosen) if chosen else None


def choose_weights(parent: tk.Misc) -> str | None:
    from tkinter import filedialog

    chosen = filedialog.askopenfilename(
        parent=parent, title="Choose a file with CLIP weights", filetypes=[("CLIP weights", "*.pt"), ("All files", "*")]
    )
    return str(chosen) if chosen else None


def dialog(
    parent: tk.Tk, theme: Theme, title: str, buttons: Sequence[tuple[str, Callable[[], None]]] = ()
) -> tuple[tk.Toplevel, ttk.Frame]:
    """A window over the main one that Escape and its button close, and the frame for what it says.

    ``buttons`` stand before the one that closes.
    """
    window = tk.Toplevel(parent, background=theme.palette.ground)
    window.title(f"{title} – RAS")
    window.transient(parent)
    frame = ttk.Frame(window, padding=theme.px(20))
    frame.pack(fill="both", expand=True)
    ttk.Label(frame, text=title, style="Large.TLabel").pack(anchor="w", pady=(0, theme.px(14)))
    row = ttk.Frame(frame)
    row.pack(side="bottom", fill="x", pady=(theme.px(16), 0))
    close = ttk.Button(row, text="Close", style="Accent.TButton", command=window.destroy)
    close.pack(side="right")
    for label, command in buttons:
        ttk.Button(row, text=label, command=command).pack(side="right", padx=(0, theme.px(8)))
    window.bind("<Escape>", lambda _event: window.destroy())
    window.geometry(f"+{parent.winfo_rootx() + theme.px(80)}+{parent.winfo_rooty() + theme.px(60)}")
    close.focus_set()
    return window, frame


def show_shortcuts(parent: tk.Tk, theme: Theme, shortcuts: Sequence[tuple[str, str]]) -> tk.Toplevel:
    """``shortcuts``: (what it does, the keys)."""
    window, frame = dialog(parent, theme, "Keyboard shortcuts")
    table = ttk.Frame(frame)
    table.pack(fill="both", expand=True)
    for row, (label, keys) in enumerate(shortcuts):
        ttk.Label(table, text=keys, style="Strong.TLabel").grid(row=row, column=0, sticky="w", pady=theme.px(2))
        ttk.Label(table, text=label).grid(row=row, column=1, sticky="w", padx=(theme.px(24), 0))
    return window


def show_about(parent: tk.Tk, theme: Theme, encoder: str) -> tk.Toplevel:
    import PIL

    window, frame = dialog(parent, theme, f"Reverse Archive Search {__version__}")
    lines = (
        "Finds where a picture was posted in a Discord archive.",
        "Everything happens on this computer; only pictures of the archive are downloaded.",
        "",
        f"Encoder in use: {encoder or 'not loaded yet'}",
        f"Python {platform.python_version()}, Tk {parent.tk.call('info', 'patchlevel')}, Pillow {PIL.__version__}",
        platform.platform(),
    )
    ttk.Label(frame, text="\n".join(lines), justify="left").pack(anchor="w")
    return window


def show_text(parent: tk.Tk, theme: Theme, title: str, text: str) -> tk.Toplevel:
    """A longer text to read and to copy from."""
    window, frame = dialog(parent, theme, title)
    box = tk.Text(frame, width=84, height=18, wrap="word", borderwidth=0, highlightthickness=0, font="RasBody")
    box.configure(background=theme.palette.panel, foreground=theme.palette.text, padx=theme.px(12), pady=theme.px(10))
    box.insert("1.0", text)
    box.configure(state="disabled")
    box.pack(fill="both", expand=True)
    return window


def show_skipped(parent: tk.Tk, theme: Theme, skipped: Sequence[Skipped]) -> tk.Toplevel:
    """The pictures that the last search left out, with the reason for each."""
    window, frame = dialog(parent, theme, f"Skipped pictures ({len(skipped):,})")
    _list(frame, theme, skipped)
    return window


def show_failures(
    parent: tk.Tk, theme: Theme, failures: Sequence[Skipped], try_again: Callable[[], None] | None
) -> tk.Toplevel:
    """The pictures that could not be indexed, with the reason for each."""

    def again() -> None:
        window.destroy()
        assert try_again is not None
        try_again()

    buttons = [("Try again", again)] if failures and try_again is not None else []
    window, frame = dialog(parent, theme, f"Left out of the index ({len(failures):,})", buttons)
    said = "What may come right by itself is tried again by the next indexing; “Try again” tries all of them now."
    ttk.Label(frame, text=said, style="Muted.TLabel").pack(anchor="w", pady=(0, theme.px(8)))
    _list(frame, theme, failures)
    return window


def _list(frame: ttk.Frame, theme: Theme, skipped: Sequence[Skipped]) -> None:
    if len(skipped) > _LISTED:
        ttk.Label(frame, text=f"The first {_LISTED:,} are listed.", style="Muted.TLabel").pack(anchor="w")
    columns = {
        "reason": ("Reason", 150),
        "file": ("File", 200),
        "channel": ("Channel", 120),
        "detail": ("Details", 380),
    }
    found = table(frame, theme, columns, stretch="detail")
    for entry in skipped[:_LISTED]:
        record = entry.record
        values = (entry.reason.text, record.file_name, f"#{record.channel.name}", entry.detail)
        found.insert("", "end", values=[theme.shown(value) for value in values])


def table(
    frame: ttk.Frame, theme: Theme, columns: dict[str, tuple[str, int]], *, stretch: str, height: int = 14
) -> ttk.Treeview:
    """A table with a scroll bar that fills ``frame``. ``columns``: name → (heading, width at 100 %)."""
    holder = ttk.Frame(frame)
    holder.pack(fill="both", expand=True)
    view = ttk.Treeview(holder, columns=tuple(columns), show="headings", height=height)
    for name, (heading, width) in columns.items():
        view.heading(name, text=heading, anchor="w")
        view.column(name, width=theme.px(width), anchor="w", stretch=name == stretch)
    bar = ttk.Scrollbar(holder, command=view.yview)
    view.configure(yscrollcommand=bar.set)
    bar.pack(side="right", fill="y")
    view.pack(side="left", fill="both", expand=True)
    return view
