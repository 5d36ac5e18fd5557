"""Small windows over the main one: a text to read; choosing files; what other windows are made of."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable, Sequence

from ras.gui.theme import Theme


def choose_archive(parent: tk.Misc) -> list[str]:
    """The files of one or several archives; empty when the user thought better of it."""
    from tkinter import filedialog

    chosen = filedialog.askopenfilenames(
        parent=parent,
        title="Open Discord archives",
        filetypes=[("Discord archives", _archive_patterns()), ("All files", "*")],
    )
    return [str(path) for path in chosen or ()]


def _archive_patterns() -> tuple[str, ...]:
    """In capitals too: on Linux Tk takes them for other endings."""
    from ras.gui.incoming import archive_endings

    return tuple(f"*{each}" for ending in archive_endings() for each in (ending, ending.upper()))


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


def choose_folder(parent: tk.Misc, title: str) -> str | None:
    from tkinter import filedialog

    chosen = filedialog.askdirectory(parent=parent, title=title, mustexist=True)
    return str(chosen) if chosen else None


def choose_csv(parent: tk.Misc) -> str | None:
    """Where to write a table; the dialog asks before a file is overwritten."""
    from tkinter import filedialog

    chosen = filedialog.asksaveasfilename(
        parent=parent,
        title="Save the list as a table",
        initialfile="left-out.csv",
        defaultextension=".csv",
        filetypes=[("Tables (CSV)", "*.csv"), ("All files", "*")],
    )
    return str(chosen) if chosen else None


def dialog(
    parent: tk.Tk, theme: Theme, title: str, buttons: Sequence[tuple[str, Callable[[], None]]] = ()
) -> tuple[tk.Toplevel, ttk.Frame]:
    """A window over the main one that Escape and its button close, and the frame for what it says.

    ``buttons`` stand before the one that closes.
    """
    window, frame, row = dialog_with_row(parent, theme, title)
    for label, command in buttons:
        ttk.Button(row, text=label, command=command).pack(side="right", padx=(0, theme.px(8)))
    return window, frame


def dialog_with_row(parent: tk.Tk, theme: Theme, title: str) -> tuple[tk.Toplevel, ttk.Frame, ttk.Frame]:
    """The same, and the row that has the button that closes on its right, for more of them."""
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
    window.bind("<Escape>", lambda _event: window.destroy())
    window.geometry(f"+{parent.winfo_rootx() + theme.px(80)}+{parent.winfo_rooty() + theme.px(60)}")
    close.focus_set()
    return window, frame, row


def centre(window: tk.Toplevel, parent: tk.Tk) -> None:
    """Put a window as large as it needs to be over the middle of the main one, within the screen."""
    window.update_idletasks()
    left = parent.winfo_rootx() + (parent.winfo_width() - window.winfo_reqwidth()) // 2
    top = parent.winfo_rooty() + (parent.winfo_height() - window.winfo_reqheight()) // 3
    window.geometry(f"+{max(0, left)}+{max(0, top)}")


def place_over(window: tk.Toplevel, parent: tk.Tk, theme: Theme, most: tuple[int, int], least: tuple[int, int]) -> None:
    """Put a window over the main one, no larger than that. ``most`` and ``least``: its size at 100 %."""
    px, sizes = theme.px, (parent.winfo_width() - theme.px(48), parent.winfo_height() - theme.px(40))
    width, height = (min(px(high), max(px(low), size)) for high, low, size in zip(most, least, sizes))
    left = parent.winfo_rootx() + (parent.winfo_width() - width) // 2
    top = parent.winfo_rooty() + (parent.winfo_height() - height) // 3
    window.geometry(f"{width}x{height}+{max(0, left)}+{max(0, top)}")
    window.minsize(px(least[0]), px(least[1]))


def show_text(parent: tk.Tk, theme: Theme, title: str, text: str) -> tk.Toplevel:
    """A longer text to read and to copy from."""
    window, frame = dialog(parent, theme, title)
    box = tk.Text(frame, width=84, height=18, wrap="word", borderwidth=0, highlightthickness=0, font="RasBody")
    box.configure(background=theme.palette.panel, foreground=theme.palette.text, padx=theme.px(12), pady=theme.px(10))
    box.insert("1.0", text)
    box.configure(state="disabled")
    box.pack(fill="both", expand=True)
    return window


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
