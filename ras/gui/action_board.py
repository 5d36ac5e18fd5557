"""What can be done with a result, as buttons: the main one, the others in pairs below it."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui.theme import Theme

if TYPE_CHECKING:
    from ras.records import SearchResult


@dataclass(frozen=True)
class Action:
    """Something to do with a result, in the panel and in the context menu."""

    label: str
    keys: str
    """The shortcut as it is shown, or ``""``."""
    run: Callable[[SearchResult], None]
    possible: Callable[[SearchResult], bool] = lambda _result: True
    short: str = ""
    """The label where there is little room."""


class ActionBoard(ttk.Frame):
    """``actions``: the first is the main one. One that is left without a neighbour is as wide as the main one, and
    goes where there is little room: the context menu has it, too.
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

    def fit(self, *, low: bool) -> None:
        """Give up the last row where it is ``low``, if it has one button only."""
        button = self.buttons[-1][1]
        if len(self.buttons) % 2 == 0:
            if low:
                button.grid_remove()
            else:
                button.grid()

    def _run(self, action: Action) -> None:
        if self._result is not None:
            action.run(self._result)
