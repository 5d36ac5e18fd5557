"""The panel over the results in which is typed and chosen which of them are wanted."""

from __future__ import annotations

import dataclasses
import tkinter as tk
from tkinter import ttk
from typing import Callable

from ras.gui.fitted_label import FittedLabel
from ras.gui.theme import Theme, has_focus
from ras.gui.wanted import KINDS, VERDICTS, Wanted

_FIELDS = {
    "author": "Author",
    "channel": "Channel",
    "name": "File name",
    "after": "From",
    "before": "Until",
    "kind": "Kind",
    "verdict": "Verdict",
    "least": "At least %",
}
_CHOICES = {"kind": KINDS, "verdict": VERDICTS}
_LATER_MS = 90
"""After a key, so that a name that is typed in one go is looked for once."""


class FilterPanel(ttk.Frame):
    """``changed`` is called a moment after what is wanted has changed; ``search`` on the button that has the archive
    searched for it; ``closed`` when Escape was pressed and there was nothing left to clear.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        changed: Callable[[], None],
        search: Callable[[], None],
        closed: Callable[[], None],
    ) -> None:
        super().__init__(parent, style="Panel.TFrame", padding=(theme.px(8), theme.px(8)))
        px = theme.px
        self._theme, self._changed, self._closed = theme, changed, closed
        self._texts = {field: tk.StringVar(self) for field in _FIELDS}
        self.controls: dict[str, ttk.Entry | ttk.Menubutton] = {}
        self._menus: list[tk.Menu] = []
        self._timer: str | None = None
        self._columns = 0
        self._cells = [self._make(field, label) for field, label in _FIELDS.items()]
        self._foot = ttk.Frame(self, style="Card.TFrame")
        self._foot.columnconfigure(0, weight=1)
        self._said = FittedLabel(self._foot, theme, "Card.Muted.TLabel")
        self._said.grid(row=0, column=0, sticky="ew")
        self.search_button = ttk.Button(self._foot, text="Search only these", style="Card.Link.TButton", command=search)
        self.search_button.grid(row=0, column=1, padx=(px(10), 0))
        self.clear_button = ttk.Button(self._foot, text="Clear", style="Card.Link.TButton", command=self.clear)
        self.clear_button.grid(row=0, column=2, padx=(px(10), 0))
        for widget in (*self.controls.values(), self.search_button, self.clear_button):
            widget.bind("<Escape>", lambda _event: self._escape())
        self.bind("<Configure>", lambda event: self._lay_out(event.width))
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self.bind("<Destroy>", lambda _event: self._stop_waiting(), add=True)
        self._recolour()
        self._enable()

    @property
    def wanted(self) -> Wanted:
        return Wanted(**{field: text.get() for field, text in self._texts.items()})

    @property
    def said(self) -> str:
        """What is said of the results, or of what was typed."""
        return self._said.text

    def focus_first(self) -> None:
        """The field that was used last would be a guess; the first one is always the same."""
        first = self.controls["author"]
        first.focus_set()
        if isinstance(first, ttk.Entry):
            first.select_range(0, "end")

    def say(self, text: str) -> None:
        """How many results there are, or what is wrong with a field."""
        self._said.say(next(iter(self.wanted.wrong.values()), text))

    def clear(self) -> None:
        for field, text in self._texts.items():
            text.set("")
            self._show_choice(field)
        self._tell()
        if any(has_focus(button) for button in (self.search_button, self.clear_button)):
            self.focus_first()

    def _make(self, field: str, label: str) -> ttk.Frame:
        cell = ttk.Frame(self, style="Card.TFrame")
        cell.columnconfigure(0, weight=1)
        ttk.Label(cell, text=label, style="Card.Muted.TLabel").grid(row=0, sticky="w")
        control: ttk.Entry | ttk.Menubutton
        if field in _CHOICES:
            control = ttk.Menubutton(cell, style="Field.TMenubutton", width=4)
            menu = tk.Menu(control, tearoff=False)
            for value, name in _CHOICES[field].items():
                menu.add_radiobutton(
                    label=name, value=value, variable=self._texts[field], command=lambda: self._chosen(field)
                )
            control.configure(menu=menu)
            control.bind("<Configure>", lambda _event: self._show_choice(field))
            self._menus.append(menu)
        else:
            control = ttk.Entry(cell, style="Card.TEntry", textvariable=self._texts[field], width=4)
            self._texts[field].trace_add("write", lambda *_: self._typed())
            control.bind("<Return>", lambda _event: self._tell())
        control.grid(row=1, sticky="ew", pady=(self._theme.px(2), 0))
        self.controls[field] = control
        return cell

    def _show_choice(self, field: str) -> None:
        """Show what is chosen, as far as there is room for it."""
        control = self.controls.get(field)
        if isinstance(control, ttk.Menubutton):
            room = control.winfo_width() - self._theme.px(40)
            name = _CHOICES[field][self._texts[field].get()]
            control.configure(text=name if room < 1 else self._theme.elided(name, "RasBody", room))

    def _chosen(self, field: str) -> None:
        self._show_choice(field)
        self._tell()

    def _typed(self) -> None:
        self._stop_waiting()
        self._timer = self.after(_LATER_MS, self._tell)

    def _tell(self) -> None:
        self._stop_waiting()
        self._enable()
        self._changed()

    def _enable(self) -> None:
        wanted = self.wanted
        for field, control in self.controls.items():
            if isinstance(control, ttk.Entry):
                control.state(["invalid" if field in wanted.wrong else "!invalid"])
        self.clear_button.state(["!disabled" if wanted else "disabled"])
        by_record = dataclasses.replace(wanted, verdict="", least="")
        self.search_button.state(["!disabled" if by_record.filter(()) else "disabled"])

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self.after_cancel(self._timer)
            self._timer = None

    def _escape(self) -> str:
        if self.wanted:
            self.clear()
        else:
            self._closed()
        return "break"

    def _lay_out(self, width: int) -> None:
        columns = len(self._cells) if width >= self._theme.px(860) else len(self._cells) // 2
        if columns == self._columns:
            return
        self._columns, gap = columns, self._theme.px(8)
        for number, cell in enumerate(self._cells):
            row, column = divmod(number, columns)
            cell.grid(row=row, column=column, sticky="ew", padx=gap // 2, pady=(0, gap // 2))
        for column in range(len(self._cells)):
            self.columnconfigure(
                column, weight=1 if column < columns else 0, uniform="" if column >= columns else "cell"
            )
        self._foot.grid(row=2, column=0, columnspan=columns, sticky="ew", padx=gap // 2)

    def _recolour(self) -> None:
        for menu in self._menus:
            self._theme.colour_menu(menu)
