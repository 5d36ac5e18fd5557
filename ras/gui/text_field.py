"""A description to search for, in place of a picture or beside it; how much it counts is then set by a slider."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable

from ras.gui.commands import key_sequences
from ras.gui.theme import Theme, has_focus
from ras.gui.tooltip import Tooltip

LONGEST = 300
"""Characters; CLIP reads about as many."""
_HINT = "or describe it: cat with a hat"
_PAUSE_MS = 500
"""After the last key on the slider, it is taken as let go."""


class TextField(ttk.Frame):
    """``changed`` hears of every change, ``search`` of Enter and of the slider that was let go."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        changed: Callable[[], None],
        search: Callable[[], None],
        paste: Callable[[], bool],
    ) -> None:
        super().__init__(parent, style="Card.TFrame")
        self._theme, self._search = theme, search
        self.columnconfigure(0, weight=1)
        self._text = tk.StringVar(self)
        typed = (self.register(lambda text: len(text) <= LONGEST), "%P")
        self.entry = ttk.Entry(
            self, style="Card.TEntry", textvariable=self._text, font="RasBody", validate="key", validatecommand=typed
        )
        self.entry.grid(row=0, column=0, columnspan=3, sticky="ew")
        self._hint = tk.Label(self.entry, font="RasSmall", borderwidth=0, padx=0, pady=0, cursor="xterm")
        self._hint.bind("<Button-1>", lambda _event: self.entry.focus_set())
        self._weight = tk.DoubleVar(self, 0.5)
        self._ends = [ttk.Label(self, text=text, style="Card.Muted.TLabel") for text in ("Picture", "Words")]
        self.slider = ttk.Scale(
            self,
            from_=0.1,
            to=0.9,
            variable=self._weight,
            style="Card.Blend.Horizontal.TScale",
            command=lambda _value: changed(),
        )
        Tooltip(self.slider, theme, lambda: f"The words count {self._weight.get():.0%}".replace("%", " %"))
        self._timer: str | None = None
        self._text.trace_add("write", lambda *_: self._show_hint())
        self._text.trace_add("write", lambda *_: changed())
        self.entry.bind("<Return>", lambda _event: search())
        self.entry.bind("<Escape>", lambda _event: self._clear())
        for keys in key_sequences("Mod-v", self):
            self.entry.bind(keys, lambda _event: self._pasted(paste))
        for key, what in (("c", "Copy"), ("x", "Cut"), ("a", "SelectAll")):
            for keys in key_sequences(f"Mod-{key}", self):
                self.entry.bind(keys, lambda _event, what=what: self._edit(what))  # type: ignore[misc]
        self.slider.bind("<ButtonRelease-1>", lambda _event: self._wait(1))
        self.slider.bind("<KeyRelease>", lambda event: self._wait(_PAUSE_MS) if event.keysym != "Tab" else None)
        self.bind("<Configure>", lambda _event: self._show_hint())
        self.bind("<<ThemeChanged>>", lambda _event: self._show_hint(), add=True)

    @property
    def text(self) -> str:
        return " ".join(self._text.get().split())

    @property
    def weight(self) -> float:
        """How much the text counts beside a picture."""
        return round(float(self._weight.get()), 2)

    @property
    def in_use(self) -> bool:
        """Whether the keyboard is at the slider, where it stays when a search starts."""
        return has_focus(self.slider)

    def show(self, text: str, weight: float) -> None:
        """What an earlier query had."""
        self._weight.set(weight)
        self._text.set(text)

    def focus(self) -> None:
        self.entry.focus_set()
        self.entry.selection_range(0, "end")

    def show_slider(self, shown: bool) -> None:
        parts = (self._ends[0], self.slider, self._ends[1])
        if shown == bool(self.slider.grid_info()):
            return
        for column, part in enumerate(parts):
            if not shown:
                part.grid_remove()
            else:
                part.grid(row=1, column=column, sticky="ew", pady=(self._theme.px(6), 0), padx=self._gap(column))
        self.columnconfigure(0, weight=0 if shown else 1)
        self.columnconfigure(1, weight=1 if shown else 0)

    def _gap(self, column: int) -> tuple[int, int]:
        gap = self._theme.px(8) if column == 1 else 0
        return gap, gap

    def _show_hint(self) -> None:
        theme, colours = self._theme, self._theme.palette
        if self._text.get():
            self._hint.place_forget()
            return
        inset = theme.px(10)
        text = theme.elided(_HINT, "RasSmall", max(1, self.entry.winfo_width() - 2 * inset))
        self._hint.configure(text=text, background=colours.well, foreground=colours.muted)
        self._hint.place(x=inset, rely=0.5, anchor="w")

    def _clear(self) -> str | None:
        if not self._text.get():
            return None  # Esc is for the search, then
        self._text.set("")
        return "break"

    def _pasted(self, paste: Callable[[], bool]) -> str:
        """What is no text goes where it goes in the rest of the window."""
        if not paste():
            self.entry.event_generate("<<Paste>>")
        return "break"

    def _edit(self, what: str) -> str | None:
        """Not also what these keys do in the rest of the window."""
        if what == "SelectAll":
            self.entry.selection_range(0, "end")
        elif self.entry.selection_present():
            self.entry.event_generate(f"<<{what}>>")
        elif what == "Copy":
            return None
        return "break"

    def _wait(self, pause: int) -> None:
        if self._timer is not None:
            self.after_cancel(self._timer)
        self._timer = self.after(pause, self._rested)

    def _rested(self) -> None:
        self._timer = None
        self._search()
