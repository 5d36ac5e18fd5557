"""The left column: the query, what is to be found and by which mode, and the button that searches or cancels."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui.drop_zone import DropZone
from ras.gui.theme import Theme
from ras.gui.wording import mode_label, mode_word
from ras.settings import MODES, SCOPES

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.engine import ModeState


class QueryPanel(ttk.Frame):
    """Shows what it is told and reports what is asked for; decides nothing."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        can_drop: bool,
        browse: Callable[[], None],
        clear: Callable[[], None],
        choose_mode: Callable[[str], None],
        choose_scope: Callable[[str], None],
        search: Callable[[], None],
        cancel: Callable[[], None],
    ) -> None:
        super().__init__(parent, style="Panel.TFrame", padding=theme.px(16))
        self._theme = theme
        self._choose_mode = choose_mode
        self._search, self._cancel = search, cancel
        self.columnconfigure(0, weight=1)
        self.zone = DropZone(self, theme, can_drop=can_drop, browse=browse, clear=clear)
        self.zone.grid(row=0, sticky="ew")

        caption = ttk.Frame(self, style="Card.TFrame")
        caption.columnconfigure(0, weight=1)
        caption.grid(row=1, sticky="ew", pady=(theme.px(10), 0))
        self._name = ttk.Label(caption, style="Card.Strong.TLabel")
        self._name.grid(row=0, sticky="w")
        self._about = ttk.Label(caption, style="Card.Muted.TLabel")
        self._about.grid(row=1, sticky="w")
        self._clear = ttk.Button(caption, style="Card.Quiet.TButton", command=clear)
        self._caption = caption

        self._how = ttk.Label(self, text="How to search", style="Card.Muted.TLabel")
        self._how.grid(row=2, sticky="w", pady=(theme.px(14), 0))
        self._scope, self._mode = tk.StringVar(self), tk.StringVar(self)
        self.scope_button, self.scope_menu = self._choice(row=3)
        for scope, label in SCOPES.items():
            self.scope_menu.add_radiobutton(
                label=label,
                value=scope,
                variable=self._scope,
                command=lambda scope=scope: choose_scope(scope),  # type: ignore[misc]
            )
        self._modes, self.mode_menu = self._choice(row=4)
        self._word = ttk.Label(self, style="Card.Muted.TLabel", anchor="nw", justify="left")
        self._word.grid(row=5, sticky="ew", pady=(theme.px(6), 0))
        self.action = ttk.Button(self, text="Search", style="Card.Accent.TButton", command=search)
        self.action.grid(row=6, sticky="ew", pady=(theme.px(16), 0))
        for part in (self, self._caption, self._word):
            part.bind("<Configure>", self._fit)
        self.bind("<<ThemeChanged>>", self._recolour, add=True)
        self._full_name = ""
        self._recolour()
        self.show_nothing()

    def show_picture(self, preview: Image, name: str, about: str) -> None:
        self.zone.show(preview)
        self._full_name = self._theme.shown(name)
        self._about.configure(text=about)
        self._clear.grid(row=0, column=1, rowspan=2, sticky="e")
        self._caption.grid()
        self._fit()

    def show_loading(self, name: str) -> None:
        self._full_name = self._theme.shown(name)
        self._about.configure(text="Opening the picture …")
        self._caption.grid()
        self._fit()

    def show_nothing(self) -> None:
        self.zone.show(None)
        self._caption.grid_remove()
        self._fit()

    def _choice(self, row: int) -> tuple[ttk.Menubutton, tk.Menu]:
        button = ttk.Menubutton(self)
        menu = tk.Menu(button, tearoff=False)
        button.configure(menu=menu)
        button.grid(row=row, sticky="ew", pady=(self._theme.px(6), 0))
        return button, menu

    def show_scope(self, scope: str) -> None:
        """What is to be found, a key of ``SCOPES``."""
        self._scope.set(scope)
        self.scope_button.configure(text=SCOPES[scope])

    def name_mode(self, mode: str) -> None:
        """The mode that is chosen, while it is not known yet what the modes can do."""
        self._modes.configure(text={"auto": "Auto", **MODES}[mode])

    def show_modes(self, states: Sequence[ModeState], chosen: str, more: str = "") -> None:
        """Offer the modes, each with how long it takes; of the chosen one the word below says all, and ``more``.

        One that is not ready can be chosen all the same: the word then has its reason, and a search falls back.
        """
        self.mode_menu.delete(0, "end")
        self._mode.set(chosen)
        for state in states:
            self.mode_menu.add_radiobutton(
                label=mode_label(state),
                value=state.mode,
                variable=self._mode,
                command=lambda mode=state.mode: self._choose_mode(mode),  # type: ignore[misc]
            )
        current = next((state for state in states if state.mode == chosen), None)
        if current is not None:
            self._modes.configure(text=mode_label(current) if current.mode != "auto" else current.label)
            self.say(mode_word(current, more))

    @property
    def word(self) -> str:
        """What is said under the mode."""
        return str(self._word.cget("text"))

    @property
    def mode_shown(self) -> str:
        """What stands on the button of the modes."""
        return str(self._modes.cget("text"))

    def say(self, word: str) -> None:
        """The word under the mode: how long it takes, or what is missing."""
        self._word.configure(text=word)
        self._fit()

    def show_action(self, *, busy: bool, ready: bool) -> None:
        """Search turns into Cancel while there is something to cancel."""
        self.action.configure(
            text="Cancel" if busy else "Search",
            style="Card.TButton" if busy else "Card.Accent.TButton",
            command=self._cancel if busy else self._search,
            state="normal" if busy or ready else "disabled",
        )

    def _fit(self, _event: object = None) -> None:
        """The zone takes what the other parts leave: in a low window the button below must not be cut off."""
        if self.winfo_width() <= 1:
            return
        self._wrap()
        px = self._theme.px
        left = self.winfo_height() - self._taken(named=True)
        if left < px(72):  # what the choices below are is plain without their name
            self._how.grid_remove()
            left = self.winfo_height() - self._taken(named=False)
        else:
            self._how.grid()
        height = max(px(48), min(round(self.winfo_width() * 0.9), left))
        if height != self.zone.winfo_reqheight():
            self.zone.configure(height=height)

    def _taken(self, *, named: bool) -> int:
        """The height of all but the zone, with or without a name over the choices."""
        px = self._theme.px
        parts = {self.scope_button: 6, self._modes: 6, self._word: 6, self.action: 16}  # and the gap above each
        if self._caption.grid_info():
            parts[self._caption] = 10
        if named:
            parts[self._how] = 14
        return sum(part.winfo_reqheight() + px(gap) for part, gap in parts.items()) + 2 * px(16)

    def _wrap(self) -> None:
        width = max(1, self.winfo_width() - 2 * self._theme.px(16))
        self._word.configure(wraplength=width)
        self._name.configure(text=self._theme.elided(self._full_name, "RasStrong", width - self._theme.px(40)))

    def _recolour(self, _event: object = None) -> None:
        self._clear.configure(image=self._theme.icon("close", 16, self._theme.palette.muted))
        for menu in (self.scope_menu, self.mode_menu):
            self._theme.colour_menu(menu)
