"""What can be done with a result, as buttons: the main one where it is always seen, the others in pairs."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui.theme import Theme
from ras.gui.tooltip import Tooltip

if TYPE_CHECKING:
    from ras.records import SearchResult


@dataclass(frozen=True)
class Action:
    """Something to do with a result, in the panel and in the context menu."""

    label: str
    keys: str
    """The shortcut as it is shown, or ``""``."""
    run: Callable[[SearchResult], None]
    why_not: Callable[[SearchResult], str] = lambda _result: ""
    """A sentence on why it cannot be done with this result; empty where it can."""
    short: str = ""
    """The label where there is little room."""
    sequence: str = ""
    """The shortcut as ``Command`` has it, where it is not one of the grid's own keys."""

    def possible(self, result: SearchResult) -> bool:
        return not self.why_not(result)


class ActionBoard(ttk.Frame):
    """``actions``: the first is the main one, which stands in ``main`` where that is given. One that is left without
    a neighbour is as wide as the main one; so is each where the panel is too narrow for two.
    """

    def __init__(
        self, parent: tk.Misc, theme: Theme, actions: Sequence[Action], *, main: tk.Misc | None = None
    ) -> None:
        super().__init__(parent, style="Card.TFrame")
        self._gap, self._between = theme.px(5), theme.px(3)
        self._apart = main is not None
        self._result: SearchResult | None = None
        self._columns = 2
        self.buttons: list[tuple[Action, ttk.Button]] = []
        self.columnconfigure(0, weight=1, uniform="half")
        for place, action in enumerate(actions):
            button = ttk.Button(self if place or main is None else main, text=action.short or action.label)
            button.configure(
                style="Card.Half.TButton" if place else "Card.Accent.TButton",
                command=lambda action=action: self._run(action),
            )
            self.buttons.append((action, button))
            Tooltip(button, theme, lambda action=action: self._told(action))  # type: ignore[misc]
        self.buttons[0][1].grid(row=0, column=0, columnspan=2, sticky="ew")
        self._place()

    def _place(self) -> None:
        """All but the main one, from row 1 on."""
        self.columnconfigure(1, weight=self._columns - 1, uniform="half" if self._columns == 2 else "")
        last = len(self.buttons) - 2
        for place, (_, button) in enumerate(self.buttons[1:]):
            row, column = divmod(place, self._columns)
            alone = self._columns == 1 or (column == 0 and place == last)
            left, right = (0, 0) if alone else (column * self._between, (1 - column) * self._between)
            button.grid(row=row + 1, column=column, columnspan=2 if alone else 1, sticky="ew")
            button.grid_configure(padx=(left, right), pady=(self._gap, 0))

    @property
    def height(self) -> int:
        """What the buttons need that are shown here, whether or not they have been laid out already."""
        shown = [button.winfo_reqheight() + self._gap for _, button in self.buttons[1:] if button.winfo_manager()]
        main = 0 if self._apart else self.main_height
        return main + sum(shown[:: self._columns])

    @property
    def main_height(self) -> int:
        return self.buttons[0][1].winfo_reqheight()

    def show(self, result: SearchResult) -> None:
        """Offer what can be done with the result."""
        self._result = result
        for action, button in self.buttons:
            button.configure(state="normal" if action.possible(result) else "disabled")

    def fit(self, width: int, *, only_main: bool) -> None:
        """Give up all but the main button, or none: in two columns where their labels have room in that."""
        widest = max((button.winfo_reqwidth() for _, button in self.buttons[1:]), default=0)
        columns = 2 if 2 * (widest + self._between) <= width else 1
        if columns != self._columns:
            self._columns = columns
            self._place()
        for _, button in self.buttons[1:]:
            if only_main:
                button.grid_remove()
            else:
                button.grid()

    def _told(self, action: Action) -> str:
        """Why it cannot be done; else all of what the button does, and its keys."""
        does = f"{action.label} ({action.keys})" if action.keys else action.label
        return ("" if self._result is None else action.why_not(self._result)) or does

    def _run(self, action: Action) -> None:
        if self._result is not None:
            action.run(self._result)
