"""The right column: the selected result at length, and what can be done with it."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from PIL import ImageTk

from ras.gui import shapes
from ras.gui.dates import long_date
from ras.gui.results_grid import percent
from ras.gui.theme import Theme
from ras.text import size

if TYPE_CHECKING:
    from PIL.Image import Image

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


class DetailsPanel(ttk.Frame):
    """Shows one result. ``actions``: the first is the main one."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, actions: Sequence[Action], close: Callable[[], None]) -> None:
        super().__init__(parent, style="Panel.TFrame", padding=theme.px(16))
        px = theme.px
        self._theme = theme
        self._result: SearchResult | None = None
        self._image: Image | None = None
        self._sharp = False
        self._photo: ImageTk.PhotoImage | None = None
        self.columnconfigure(0, weight=1)
        self.rowconfigure(4, weight=1, minsize=px(46))

        head = ttk.Frame(self, style="Card.TFrame")
        head.columnconfigure(0, weight=1)
        head.grid(row=0, sticky="ew", pady=(0, px(8)))
        self._title = ttk.Label(head, style="Card.Title.TLabel")
        self._title.grid(row=0, column=0, sticky="w")
        self._close = ttk.Button(head, style="Card.Quiet.TButton", command=close, takefocus=False)
        self._close.grid(row=0, column=1, sticky="e")

        self._picture = tk.Label(self, borderwidth=0, anchor="center")
        self._picture.grid(row=1, sticky="ew")
        self._author = ttk.Label(self, style="Card.Strong.TLabel")
        self._author.grid(row=2, sticky="w", pady=(px(12), 0))
        self._facts = ttk.Label(self, style="Card.Muted.TLabel", justify="left")
        self._facts.grid(row=3, sticky="ew", pady=(px(2), px(10)))
        self._text = tk.Text(
            self, wrap="word", height=3, width=10, borderwidth=0, highlightthickness=0, font="RasBody", state="disabled"
        )
        self._text.configure(padx=px(10), pady=px(8), spacing3=px(2))
        self._text.grid(row=4, sticky="nsew", pady=(0, px(12)))
        self._text.bind("<Tab>", lambda event: self._leave_text(event, forward=True))
        self._text.bind("<Shift-Tab>", lambda event: self._leave_text(event, forward=False))

        self._buttons: list[tuple[Action, ttk.Button]] = []
        board = ttk.Frame(self, style="Card.TFrame")
        board.grid(row=5, sticky="ew")
        board.columnconfigure((0, 1), weight=1, uniform="half")
        for place, action in enumerate(actions):
            style = "Card.TButton" if place else "Card.Accent.TButton"
            button = ttk.Button(board, text=action.short or action.label, style=style)
            button.configure(command=lambda action=action: self._run(action))  # type: ignore[misc]
            row, column = divmod(place + 1, 2) if place else (0, 0)
            left = px(3) if place and column else 0
            right = px(3) if place and not column else 0
            button.grid(
                row=row, column=column, columnspan=1 if place else 2, sticky="ew", padx=(left, right), pady=(px(6), 0)
            )
            self._buttons.append((action, button))
        self.bind("<Configure>", self._resized, add=True)
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self._recolour()

    @property
    def is_sharp(self) -> bool:
        """Whether the picture itself is shown, not only the search's preview of it."""
        return self._sharp

    @property
    def result(self) -> SearchResult | None:
        return self._result

    def show(self, result: SearchResult, link_state: str, *, veiled: bool) -> None:
        """``link_state``: a few words on whether the picture can still be had."""
        theme, record = self._theme, result.record
        self._result = result
        self._image, self._sharp = None, False
        if result.preview is not None:
            picture = shapes.open_preview(result.preview)
            self._image = shapes.veiled(picture) if veiled else picture
        self._title.configure(text=f"{percent(result.score)} alike")
        facts = [
            f"#{theme.shown(record.channel.name)} · {theme.shown(record.channel.guild_name)}",
            long_date(record.timestamp),
            theme.shown(record.file_name) + (f" · {size(record.file_size)}" if record.file_size else ""),
            link_state,
        ]
        self._fit_author()
        self._facts.configure(text="\n".join(fact for fact in facts if fact))
        content = theme.shown(record.content, lines=True)
        self._text.configure(state="normal")
        self._text.delete("1.0", "end")
        self._text.insert("1.0", content or "(a picture without words)")
        self._text.configure(state="disabled", foreground=theme.palette.text if content else theme.palette.muted)
        for action, button in self._buttons:
            button.configure(state="normal" if action.possible(result) else "disabled")
        self._draw()

    def sharpen(self, key: str, image: Image) -> None:
        """Replace the preview by a better one, if ``key`` is still the record that is shown."""
        if self._result is not None and self._result.record.key == key:
            self._image, self._sharp = image, True
            self._draw()

    def picture_size(self) -> tuple[int, int]:
        """The room for the picture, in pixels."""
        px = self._theme.px
        width = max(px(120), self.winfo_width() - 2 * px(16))
        return width, max(px(64), min(round(width * 0.8), self.winfo_height() - px(368 if self._is_low() else 420)))

    def _resized(self, _event: object) -> None:
        # In a low window the message matters more than what the context menu has, too.
        for place, (_, button) in enumerate(self._buttons):
            if place > 2 and self._is_low():
                button.grid_remove()
            else:
                button.grid()
        self._fit_author()
        self._draw()

    def _fit_author(self) -> None:
        """The name on two lines at most, on one in a low window."""
        if self._result is not None:
            room = round(self.picture_size()[0] * (1 if self._is_low() else 1.8))
            author = self._theme.shown(self._result.record.author)
            self._author.configure(text=self._theme.elided(author, "RasStrong", room))

    def _is_low(self) -> bool:
        return 1 < self.winfo_height() < self._theme.px(500)

    def _run(self, action: Action) -> None:
        if self._result is not None:
            action.run(self._result)

    def _draw(self) -> None:
        if self._result is None or self.winfo_width() <= 1:
            return
        theme, colours = self._theme, self._theme.palette
        room = self.picture_size()
        if self._image is not None:
            face = shapes.framed(self._image, room, theme.px(8), colours.well, colours.panel)
        else:
            face = shapes.rounded_box(room, theme.px(8), colours.well, behind=colours.panel)
        self._photo = ImageTk.PhotoImage(face, master=self)
        self._picture.configure(image=str(self._photo))
        for label in (self._facts, self._author):
            label.configure(wraplength=room[0])

    def _recolour(self) -> None:
        colours = self._theme.palette
        self._picture.configure(background=colours.panel)
        self._close.configure(image=self._theme.icon("close", 16, colours.muted))
        self._text.configure(
            background=colours.well,
            foreground=colours.text,
            selectbackground=colours.accent,
            selectforeground=colours.on_accent,
            highlightcolor=colours.link,
            highlightbackground=colours.well,
            highlightthickness=self._theme.px(2),
        )
        self._draw()

    def _leave_text(self, event: tk.Event[tk.Misc], *, forward: bool) -> str:
        (event.widget.tk_focusNext() if forward else event.widget.tk_focusPrev()).focus_set()  # type: ignore[union-attr]
        return "break"
