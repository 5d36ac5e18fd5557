"""The left column: the query, what is to be found and by which mode, and the button that searches or cancels."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui.accessible import name_icon
from ras.gui.drop_zone import DropZone
from ras.gui.query_strip import QueryStrip, StripItem
from ras.gui.text_field import TextField
from ras.gui.theme import Theme, has_focus
from ras.gui.tooltip import Tooltip
from ras.gui.wording import mode_label, mode_word
from ras.settings import MODES, SCOPES
from ras.text import unbroken, whole

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.engine import ModeState
    from ras.gui.crop_box import CropBox

_BESIDE = 56
"""The arrow of a choice and the gaps beside its label."""
_WORD_LINES = 3
"""That the word under the button may take before the picture gets smaller."""


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
        crop: Callable[[CropBox | None], None],
        describe: Callable[[str, float], None],
        choose_query: Callable[[int], None],
        paste: Callable[[], bool],
        choose_mode: Callable[[str], None],
        choose_scope: Callable[[str], None],
        search: Callable[[], None],
        cancel: Callable[[], None],
    ) -> None:
        super().__init__(parent, style="Panel.TFrame", padding=theme.px(16))
        self._theme = theme
        self._choose_mode = choose_mode
        self._search, self._cancel = search, cancel
        self._press = search
        self.columnconfigure(0, weight=1)
        self.zone = DropZone(
            self, theme, can_drop=can_drop, browse=browse, clear=clear, cropping=self._show_size, crop=crop
        )
        self.zone.grid(row=0, sticky="ew")

        caption = ttk.Frame(self, style="Card.TFrame")
        caption.columnconfigure(0, weight=1)
        caption.grid(row=1, sticky="ew", pady=(theme.px(10), 0))
        self._name = ttk.Label(caption, style="Card.Strong.TLabel")
        self._name.grid(row=0, sticky="w")
        self._about = ttk.Label(caption, style="Card.Muted.TLabel")
        self._about.grid(row=1, sticky="w")
        self._clear = ttk.Button(caption, style="Card.Quiet.TButton", command=clear)
        name_icon(self._clear, "Forget the picture")
        Tooltip(self._clear, theme, lambda: "Forget the picture")
        self.whole = ttk.Button(
            caption, text="Whole picture", style="Card.Link.TButton", command=self.zone.dragging.undo
        )
        self._size = (0, 0)
        self._caption = caption

        self._recent: tuple[StripItem, ...] = ()
        self._batch: tuple[StripItem, ...] = ()
        self.text_field = TextField(
            self,
            theme,
            changed=lambda: describe(self.text_field.text, self.text_field.weight),
            search=search,
            paste=paste,
        )
        self.text_field.grid(row=3, sticky="ew", pady=(theme.px(10), 0))
        self.text_field.grid_remove()

        self._how = ttk.Label(self, text="How to search", style="Card.Muted.TLabel")
        self._how.grid(row=4, sticky="w", pady=(theme.px(14), 0))
        self._labels: dict[ttk.Menubutton, str] = {}
        """What stands on them, where there is room for it."""
        self._scope, self._mode = tk.StringVar(self), tk.StringVar(self)
        self.scope_button, self.scope_menu = self._choice(row=5)
        for scope, label in SCOPES.items():
            self.scope_menu.add_radiobutton(
                label=label,
                value=scope,
                variable=self._scope,
                command=lambda scope=scope: choose_scope(scope),  # type: ignore[misc]
            )
        self._modes, self.mode_menu = self._choice(row=6)
        self.word = ""
        """What is said of the mode, under the button."""
        # One command for good: Tk keeps each that a button is given later, until the button is gone.
        self.action = ttk.Button(self, text="Search", style="Card.Accent.TButton", command=lambda: self._press())
        self.action.grid(row=7, sticky="ew", pady=(theme.px(16), 0))
        # What comes and goes while a search begins and ends stands below what is clicked on then, and does not move it.
        self._word = ttk.Label(self, style="Card.Muted.TLabel", anchor="nw", justify="left")
        self._word.grid(row=8, sticky="ew", pady=(theme.px(8), 0))
        self.strip = QueryStrip(self, theme, choose=choose_query)
        self._place_strip()
        self.strip.grid_remove()
        for part in (self, self._caption, self._word):
            part.bind("<Configure>", self._fit)
        self.bind("<<ThemeChanged>>", self._recolour, add=True)
        self._full_name = ""
        self._recolour()
        # The button comes when the picture is open.
        caption.rowconfigure((0, 1), minsize=self._clear.winfo_reqheight() // 2 + 1)
        self.show_nothing()

    def show_picture(self, preview: Image, name: str, size: tuple[int, int], crop: CropBox | None = None) -> None:
        """``size``: of the whole picture, in pixels; ``crop``: the part of it that is searched for."""
        self._size = size
        self.zone.show(preview, size, crop)
        self._full_name = self._theme.shown(name)
        self._show_size(crop)
        if crop is None:
            self.whole.grid_remove()
        else:  # not while the mouse drags: the picture would move under it
            self.whole.grid(row=2, column=0, columnspan=2, sticky="w")
        self._clear.grid(row=0, column=1, rowspan=2, sticky="e")
        self._caption.grid()
        self._fit()

    def show_loading(self, name: str, doing: str = "Opening") -> None:
        self._full_name = self._theme.shown(name)
        self._about.configure(text=f"{doing} the picture …")
        self.whole.grid_remove()
        self._caption.grid()
        self._fit()

    def show_nothing(self) -> None:
        self.zone.show(None)
        self._caption.grid_remove()
        self._fit()

    @property
    def about(self) -> str:
        """What is said under the picture's name."""
        return str(self._about.cget("text"))

    @property
    def in_use(self) -> bool:
        """Whether the keyboard is at work on the query, and stays there when a search starts."""
        return self.text_field.in_use or (self.zone.crop is not None and has_focus(self.zone))

    def show_text_field(self, shown: bool) -> None:
        if shown:
            self.text_field.grid()
        else:
            self.text_field.grid_remove()
        self._fit()

    def show_recent(self, items: Sequence[StripItem]) -> None:
        """The queries of late, the newest first."""
        self._recent = tuple(items)
        if not self._batch:
            self.strip.show(items)
            self._fit()

    def show_batch(self, items: Sequence[StripItem], place: int) -> None:
        """Pictures that are searched for together, in place of the queries of late; none, and those are back."""
        self._batch = tuple(items)
        self._place_strip()
        self.strip.show(items or self._recent, place if items else -1)
        self._fit()

    def _place_strip(self) -> None:
        """What is searched for together stands by its picture, the queries of late at the end; Tab goes there, too."""
        self.strip.grid(row=2 if self._batch else 9, sticky="ew", pady=(self._theme.px(10), 0))
        tk.Misc.lift(self.strip, self._caption if self._batch else self._word)  # a canvas has another lift

    def show_weight(self, shown: bool) -> None:
        """The slider, where there are a picture and a text."""
        self.text_field.show_slider(shown)
        self.update_idletasks()
        self._fit()

    def _show_size(self, crop: CropBox | None) -> None:
        width, height = self._size if crop is None else (crop.width, crop.height)
        self._about.configure(text=f"{'' if crop is None else 'Part: '}{whole(width)} × {whole(height)} pixels")

    def _choice(self, row: int) -> tuple[ttk.Menubutton, tk.Menu]:
        button = ttk.Menubutton(self)
        menu = tk.Menu(button, tearoff=False)
        button.configure(menu=menu)
        button.grid(row=row, sticky="ew", pady=(self._theme.px(6), 0))
        return button, menu

    def show_scope(self, scope: str) -> None:
        """What is to be found, a key of ``SCOPES``."""
        self._scope.set(scope)
        self._label(self.scope_button, SCOPES[scope])

    def name_mode(self, mode: str) -> None:
        """The mode that is chosen, while it is not known yet what the modes can do."""
        self._label(self._modes, {"auto": "Auto", **MODES}[mode])

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
            self._label(self._modes, mode_label(current) if current.mode != "auto" else current.label)
            self.say(mode_word(current, more))

    @property
    def mode_shown(self) -> str:
        """What stands on the button of the modes."""
        return self._labels[self._modes]

    def _label(self, button: ttk.Menubutton, text: str) -> None:
        self._labels[button] = text
        self._wrap()

    def say(self, word: str) -> None:
        """The word under the button: how long the mode takes, or what it lacks."""
        self.word = word
        self._word.configure(text=unbroken(word))
        self._fit()

    def show_action(self, *, busy: bool, ready: bool) -> None:
        """Search turns into Cancel while there is something to cancel."""
        self._press = self._cancel if busy else self._search
        self.action.configure(
            text="Cancel" if busy else "Search",
            style="Card.TButton" if busy else "Card.Accent.TButton",
            state="normal" if busy or ready else "disabled",
        )

    def _fit(self, _event: object = None) -> None:
        """The zone takes what the other parts leave: in a low window the button below must not be cut off.

        The menus have the queries and the choices, too: these give way one after the other.
        """
        if self.winfo_width() <= 1:
            return
        self._wrap()
        px = self._theme.px
        parts = self._parts()
        least: list[tk.Widget] = [self._how, self._word, self._modes, self.scope_button]
        if not self._batch:
            least.insert(0, self.strip)
        while self._left(parts) < px(72) and least:
            parts.pop(least.pop(0), None)
        for part in (self.strip, self._how, self._word, self._modes, self.scope_button):
            shown = part in parts and (part is not self.strip or bool(self.strip.items))
            if shown and not part.winfo_manager():
                part.grid()
            elif not shown:
                part.grid_remove()
        height = max(px(48), min(round(self.winfo_width() * 0.9), self._left(parts)))
        if height != self.zone.winfo_reqheight():
            self.zone.configure(height=height)

    def _parts(self) -> dict[tk.Widget, int]:
        """All but the zone, with the gap above each. The strip has its room before there is anything in it."""
        parts: dict[tk.Widget, int] = {self._how: 14, self.scope_button: 6, self._modes: 6, self.action: 16}
        parts.update({self._word: 8, self.strip: 10})
        for part in (self._caption, self.text_field):
            if part.winfo_manager():
                parts[part] = 10
        return parts

    def _left(self, parts: dict[tk.Widget, int]) -> int:
        """The height for the zone."""
        px = self._theme.px
        taken = sum(part.winfo_reqheight() + px(gap) for part, gap in parts.items())
        if self._word in parts:  # the zone must not grow and shrink with what is said
            taken += max(0, _WORD_LINES * self._theme.line_height("RasSmall") - self._word.winfo_reqheight())
        return self.winfo_height() - taken - 2 * px(16)

    def _wrap(self) -> None:
        width = max(1, self.winfo_width() - 2 * self._theme.px(16))
        self._word.configure(wraplength=width)
        room = width - self._theme.px(_BESIDE) if self.winfo_width() > 1 else 10_000
        for button, text in self._labels.items():
            button.configure(text=self._theme.elided(text, "RasBody", room))
        self._name.configure(text=self._theme.elided(self._full_name, "RasStrong", width - self._theme.px(40)))

    def _recolour(self, _event: object = None) -> None:
        self._clear.configure(image=self._theme.icon("close", 16, self._theme.palette.muted))
        for menu in (self.scope_menu, self.mode_menu):
            self._theme.colour_menu(menu)
