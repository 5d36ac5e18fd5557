"""The left column: the drop zone with the query's preview, the mode, and the button that searches or cancels."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from PIL import ImageTk

from ras.gui import shapes
from ras.gui.theme import Theme, has_focus
from ras.gui.wording import mode_label, mode_word

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
        self._how.grid(row=2, sticky="w", pady=(theme.px(16), theme.px(4)))
        self._mode = tk.StringVar(self)
        self._modes = ttk.Menubutton(self)
        self.mode_menu = tk.Menu(self._modes, tearoff=False)
        self._modes.configure(menu=self.mode_menu)
        self._modes.grid(row=3, sticky="ew")
        self._word = ttk.Label(self, style="Card.Muted.TLabel", anchor="nw", justify="left")
        self._word.grid(row=4, sticky="ew", pady=(theme.px(6), 0))
        self.action = ttk.Button(self, text="Search", style="Card.Accent.TButton", command=search)
        self.action.grid(row=5, sticky="ew", pady=(theme.px(16), 0))
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

    def name_mode(self, label: str) -> None:
        """The mode that is chosen, while it is not known yet what the modes can do."""
        self._modes.configure(text=label)

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
        others = (self._caption, self._how, self._modes, self._word, self.action)
        shown = [part for part in others if part is not self._caption or part.grid_info()]
        taken = sum(part.winfo_reqheight() for part in shown) + px(10 + 16 + 4 + 6 + 16) + 2 * px(16)
        height = max(px(72), min(round(self.winfo_width() * 0.9), self.winfo_height() - taken))
        if height != self.zone.winfo_reqheight():
            self.zone.configure(height=height)

    def _wrap(self) -> None:
        width = max(1, self.winfo_width() - 2 * self._theme.px(16))
        self._word.configure(wraplength=width)
        self._name.configure(text=self._theme.elided(self._full_name, "RasStrong", width - self._theme.px(40)))

    def _recolour(self, _event: object = None) -> None:
        self._clear.configure(image=self._theme.icon("close", 16, self._theme.palette.muted))
        self._theme.colour_menu(self.mode_menu)


class DropZone(tk.Canvas):
    """A large area that takes a picture: by a drop (the window hears of it), a click, or the keyboard."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, can_drop: bool, browse: Callable[[], None], clear: Callable[[], None]
    ) -> None:
        super().__init__(
            parent, highlightthickness=0, borderwidth=0, takefocus=True, height=theme.px(228), cursor="hand2"
        )
        self._theme = theme
        self._can_drop = can_drop
        self._preview: Image | None = None
        self.lit = False
        self._photo: ImageTk.PhotoImage | None = None
        for event in ("<Configure>", "<<ThemeChanged>>", "<FocusIn>", "<FocusOut>", "<Enter>", "<Leave>"):
            self.bind(event, self._draw, add=True)
        self.bind("<Button-1>", lambda _event: self.focus_set())
        self.bind("<ButtonRelease-1>", lambda _event: browse())
        for key in ("<Return>", "<space>"):
            self.bind(key, lambda _event: browse())
        for key in ("<Delete>", "<BackSpace>"):
            self.bind(key, lambda _event: clear())

    def show(self, preview: Image | None) -> None:
        self._preview = preview
        self._draw()

    def light(self, lit: bool) -> None:
        """Glow while something is dragged over the window."""
        if lit != self.lit:
            self.lit = lit
            self._draw()

    def _draw(self, event: tk.Event[tk.Misc] | None = None) -> None:
        width, height = self.winfo_width(), self.winfo_height()
        if width < 20 or height < 20:
            return
        theme, colours = self._theme, self._theme.palette
        hovered = event is not None and str(event.type) == "Enter"
        focused = has_focus(self)
        self.configure(background=colours.panel)
        self.delete("all")
        line = theme.px(2)
        edge = colours.accent if self.lit else colours.link if focused else colours.muted if hovered else colours.line
        fill = colours.soft if self.lit else colours.well
        size, radius = (width, height), theme.px(10)
        if self._preview is None or self.lit:
            box = shapes.dashed_box(size, radius, fill, edge, line, colours.panel)
        else:
            box = shapes.rounded_box(size, radius, fill, edge, line, colours.panel)
            inner = (width - 2 * line, height - 2 * line)
            box.paste(shapes.framed(self._preview, inner, radius - line, fill, edge), (line, line))
        self._photo = ImageTk.PhotoImage(box, master=self)
        self.create_image(0, 0, image=self._photo, anchor="nw")
        if self._preview is None or self.lit:
            self._invite(width, height)

    def _invite(self, width: int, height: int) -> None:
        theme, colours = self._theme, self._theme.palette
        head = "Drop a picture here" if self._can_drop else "Choose a picture"
        tail = "or click to browse, Ctrl+V to paste" if self._can_drop else "Click to choose, or Ctrl+V to paste"
        if self.lit:
            head, tail = "Let go to use it", "Pictures are searched for, exports are opened"
        middle = height // 2
        icon = theme.icon("picture", 52, colours.link if self.lit else colours.muted)
        self.create_image(width // 2, middle - theme.px(34), image=icon)
        room = width - theme.px(32)
        self.create_text(
            width // 2,
            middle + theme.px(20),
            text=head,
            font="RasTitle",
            fill=colours.text,
            width=room,
            justify="center",
        )
        self.create_text(
            width // 2,
            middle + theme.px(48),
            text=tail,
            font="RasSmall",
            fill=colours.muted,
            width=room,
            justify="center",
        )
