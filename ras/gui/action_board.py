"""What can be done with a result, as buttons: the main one, the others in pairs below it."""

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
    """``actions``: the first is the main one. One that is left without a neighbour is as wide as the main one. The
    last row goes where there is little room: the context menu has it, too.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, actions: Sequence[Action]) -> None:
        super().__init__(parent, style="Card.TFrame")
        px = theme.px
        self._gap = px(5)
        self._result: SearchResult | None = None
        self.buttons: list[tuple[Action, ttk.Button]] = []
        self.columnconfigure((0, 1), weight=1, uniform="half")
        for place, action in enumerate(actions):
            alone = place == 0 or (place % 2 == 1 and place == len(actions) - 1)
            row, column = divmod(place + 1, 2) if place else (0, 0)
            button = ttk.Button(self, text=action.short or action.label)
            button.configure(
                style="Card.Half.TButton" if place else "Card.Accent.TButton",
                command=lambda action=action: self._run(action),
            )
            button.grid(
                row=row,
                column=column,
                columnspan=2 if alone else 1,
                sticky="ew",
                padx=(0 if alone or not column else px(3), 0 if alone or column else px(3)),
                pady=(self._gap if row else 0, 0),
            )
            self.buttons.append((action, button))
            Tooltip(button, theme, lambda action=action: self._told(action))  # type: ignore[misc]

    @property
    def height(self) -> int:
        """What the buttons need that are shown, whether or not they have been laid out already."""
        rows = {(place + 1) // 2: button for place, (_, button) in enumerate(self.buttons) if button.winfo_manager()}
        return sum(button.winfo_reqheight() for button in rows.values()) + (len(rows) - 1) * self._gap

    def show(self, result: SearchResult) -> None:
        """Offer what can be done with the result."""
        self._result = result
        for action, button in self.buttons:
            button.configure(state="normal" if action.possible(result) else "disabled")

    def fit(self, *, low: bool, only_main: bool = False) -> None:
        """Give up the last row where it is ``low``, or all but the main button."""
        last = len(self.buttons) // 2
        for place, (_, button) in enumerate(self.buttons):
            if place:
                if only_main or (low and (place + 1) // 2 == last):
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
