"""One setting in the window of the settings: its name, the control that changes it, help, and what is wrong."""

from __future__ import annotations

import os
import tkinter as tk
from tkinter import ttk
from typing import Any, Callable

from ras.gui import dialogs
from ras.gui.accessible import describe
from ras.gui.settings_fields import CHOICE, FILE, FOLDERS, NUMBER, TICK, Field, shown
from ras.gui.theme import Theme

_LINES = 4


class SettingRow(ttk.Frame):
    """``typed`` is called with the field and what its control has, whenever that changes."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, field: Field, value: Any, typed: Callable[[Field, Any], None]
    ) -> None:
        super().__init__(parent, style="Card.TFrame")
        px = theme.px
        self._theme, self.field, self._typed = theme, field, typed
        self.columnconfigure(0, weight=1)
        self._ticked, self._text = tk.BooleanVar(self), tk.StringVar(self)
        self._menu: tk.Menu | None = None
        if field.kind != TICK:
            ttk.Label(self, text=field.label, style="Card.Strong.TLabel").grid(row=0, sticky="w", pady=(0, px(5)))
        self.control: tk.Widget = self._make()
        describe(self.control, field.label, help=field.help)
        indent = px(20 + 3 + 7) if field.kind == TICK else 0
        self._help = ttk.Label(self, text=field.help, style="Card.Muted.TLabel", justify="left")
        self._help.grid(row=2, sticky="ew", padx=(indent, 0), pady=(px(1 if indent else 5), 0))
        self._wrong = ttk.Label(self, style="Card.Wrong.TLabel", justify="left", compound="left")
        self._wrong.grid(row=3, sticky="ew", padx=(indent, 0), pady=(px(4), 0))
        self._wrong.grid_remove()
        self._indent = indent
        self.bind("<Configure>", lambda event: self._wrap(event.width))
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self.bind("<Destroy>", lambda _event: self._let_go(), add=True)
        self.show(value)
        self._recolour()

    @property
    def wrong(self) -> str:
        """The sentence of error under the control."""
        return str(self._wrong.cget("text")).strip() if self._wrong.winfo_manager() else ""

    def show(self, value: Any) -> None:
        """Let the control have this value, or what was typed instead of one."""
        field = self.field
        if isinstance(self.control, tk.Text):
            self.control.delete("1.0", "end")
            self.control.insert("1.0", shown(field, value))
            self.control.edit_modified(False)
        elif field.kind == TICK:
            self._ticked.set(bool(value))
        elif field.kind == CHOICE:
            self._text.set(value)
            self.control.configure(text=f"{shown(field, value)}  ")  # type: ignore[call-arg]
        else:
            self._text.set(shown(field, value))

    def complain(self, sentence: str) -> None:
        """Say what is wrong with what was typed; an empty sentence: nothing is."""
        if isinstance(self.control, ttk.Entry):
            self.control.state(["invalid" if sentence else "!invalid"])
        self._wrong.configure(text=f" {sentence}" if sentence else "")
        if sentence:
            self._wrong.grid()
        else:
            self._wrong.grid_remove()

    def _make(self) -> tk.Widget:
        field, px = self.field, self._theme.px
        if field.kind == TICK:
            tick = ttk.Checkbutton(
                self,
                text=f" {field.label}",
                style="Card.TCheckbutton",
                variable=self._ticked,
                command=lambda: self._typed(field, self._ticked.get()),
            )
            tick.grid(row=1, sticky="w")
            tick.bind("<Return>", lambda _event: tick.invoke())
            return tick
        if field.kind == CHOICE:
            button = ttk.Menubutton(self)
            self._menu = menu = tk.Menu(button, tearoff=False)
            for value, label in field.options:
                menu.add_radiobutton(
                    label=label,
                    value=value,
                    variable=self._text,
                    command=lambda value=value: self._chosen(value),  # type: ignore[misc]
                )
            button.configure(menu=menu)
            button.grid(row=1, sticky="w")
            return button
        holder = ttk.Frame(self, style="Card.TFrame")
        holder.grid(row=1, sticky="ew")
        if field.kind in (NUMBER, FILE):
            entry = ttk.Entry(
                holder, style="Card.TEntry", textvariable=self._text, width=9 if field.kind == NUMBER else 30
            )
            self._text.trace_add("write", lambda *_: self._typed(field, self._text.get()))
            if field.kind == NUMBER:
                entry.configure(justify="right")
                entry.grid(row=0, column=0)
                entry.bind("<Up>", lambda _event: self._step(1))
                entry.bind("<Down>", lambda _event: self._step(-1))
                unit = ttk.Label(holder, text=field.unit, style="Card.TLabel")
                unit.grid(row=0, column=1, padx=(px(8), 0))
            else:
                holder.columnconfigure(0, weight=1)
                entry.grid(row=0, column=0, sticky="ew")
                choose = ttk.Button(holder, text="Choose …", style="Card.TButton", command=self._choose_file)
                choose.grid(row=0, column=1, padx=(px(8), 0))
            return entry
        return self._make_lines(holder)

    def _make_lines(self, holder: ttk.Frame) -> tk.Text:
        px = self._theme.px
        holder.columnconfigure(0, weight=1)
        box = tk.Text(holder, height=_LINES, width=20, wrap="none", undo=True, borderwidth=0, font="RasBody")
        box.configure(highlightthickness=px(1), padx=px(8), pady=px(6))
        box.grid(row=0, column=0, sticky="ew")
        box.bind("<<Modified>>", lambda _event: self._modified(box))
        # A form is walked through by Tab; nobody indents a host.
        for keys, step in (("<Tab>", "tk_focusNext"), ("<Shift-Tab>", "tk_focusPrev")):
            box.bind(keys, lambda _event, step=step: _go(getattr(box, step)()))  # type: ignore[misc]
        if self._theme.root.tk.call("tk", "windowingsystem") == "x11":
            box.bind("<ISO_Left_Tab>", lambda _event: _go(box.tk_focusPrev()))
        if self.field.kind == FOLDERS:
            add = ttk.Button(holder, text="Add a folder …", style="Card.TButton", command=self._add_folder)
            add.grid(row=1, column=0, sticky="w", pady=(px(8), 0))
        return box

    def _modified(self, box: tk.Text) -> None:
        if box.edit_modified():
            box.edit_modified(False)
            self._typed(self.field, box.get("1.0", "end-1c"))

    def _chosen(self, value: str) -> None:
        self.show(value)
        self._typed(self.field, value)

    def _step(self, step: int) -> str:
        """Up and Down count."""
        try:
            self._text.set(str(max(1, int(str(self._text.get())) + step)))
        except ValueError:
            self.bell()
        return "break"

    def _choose_file(self) -> None:
        path = dialogs.choose_weights(self)
        if path:
            self._text.set(os.path.normpath(path))

    def _add_folder(self) -> None:
        folder = dialogs.choose_folder(self, f"Add a folder to “{self.field.label}”")
        if folder and isinstance(self.control, tk.Text):
            before = self.control.get("1.0", "end-1c").strip()
            self.control.delete("1.0", "end")
            self.control.insert("1.0", "\n".join(part for part in (before, os.path.normpath(folder)) if part))

    def _let_go(self) -> None:
        """As long as there is a variable, Tk keeps what it calls, and with that the row and all of its window."""
        del self._ticked, self._text

    def _wrap(self, width: int) -> None:
        for label in (self._help, self._wrong):
            label.configure(wraplength=max(1, min(width, self._theme.px(620)) - self._indent))

    def _recolour(self) -> None:
        theme, colours = self._theme, self._theme.palette
        self._wrong.configure(image=theme.icon("warning", 16, colours.error_text))
        if self._menu is not None:
            theme.colour_menu(self._menu)
        if isinstance(self.control, tk.Text):
            self.control.configure(
                background=colours.well,
                foreground=colours.text,
                insertbackground=colours.text,
                selectbackground=colours.accent,
                selectforeground=colours.on_accent,
                highlightbackground=colours.muted,
                highlightcolor=colours.link,
            )


def _go(widget: tk.Misc | None) -> str:
    if widget is not None:
        widget.focus_set()
    return "break"
