"""The right column: the selected result at length, and what can be done with it."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from PIL import ImageTk

from ras.gui import shapes
from ras.gui.action_board import Action, ActionBoard
from ras.gui.dates import long_date
from ras.gui.region_outline import worth_outlining
from ras.gui.theme import Theme
from ras.gui.tooltip import Tooltip
from ras.gui.verdict_lines import VerdictLines
from ras.text import count, size

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.archive.context import NearbyMessage
    from ras.records import Point, SearchResult


class DetailsPanel(ttk.Frame):
    """Shows one result. ``actions``: the first is the main one. ``reveal`` shows the picture that is veiled;
    ``compare`` shows it large; ``around`` shows the messages around its own, or no longer.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        actions: Sequence[Action],
        close: Callable[[], None],
        reveal: Callable[[], None],
        compare: Callable[[], None],
        around: Callable[[], None],
    ) -> None:
        super().__init__(parent, style="Panel.TFrame", padding=theme.px(16))
        px = theme.px
        self._theme = theme
        self._result: SearchResult | None = None
        self._image: Image | None = None
        self.region: tuple[Point, ...] = ()
        """What of the picture is outlined: corners in shares of its sides."""
        self._sharp = self._veiled = False
        self._about: list[str] = []
        self._message = ""
        self._around = False
        """Whether other messages are shown, too."""
        self._photo: ImageTk.PhotoImage | None = None
        self.columnconfigure(0, weight=1)
        # Where the window is low the message gives way first: its text scrolls, a button that is cut off is lost.
        self.rowconfigure(5, weight=1)

        self.verdict = VerdictLines(self, theme, close=close)
        self.verdict.grid(row=0, sticky="ew")
        self._picture = tk.Label(self, borderwidth=0, anchor="center", compound="center", font="RasStrong")
        self._picture.grid(row=1, sticky="ew", pady=(px(8), 0))
        for event in ("<Button-1>", "<Return>", "<space>"):
            self._picture.bind(event, lambda _event: reveal())
        self._picture.bind("<Double-Button-1>", lambda _event: compare())
        Tooltip(self._picture, theme, lambda: "" if self._veiled else "Double-click to compare it with the query (F4)")
        self._author = ttk.Label(self, style="Card.Strong.TLabel")
        self._author.grid(row=2, sticky="w", pady=(px(12), 0))
        self._facts = ttk.Label(self, style="Card.Muted.TLabel", justify="left")
        self._facts.grid(row=3, sticky="ew", pady=(px(2), px(10)))
        self._text = tk.Text(
            self, wrap="word", height=1, width=10, borderwidth=0, highlightthickness=0, font="RasBody", state="disabled"
        )
        self._text.configure(padx=px(10), pady=px(8), spacing3=px(2))
        self._text.grid(row=5, sticky="nsew", pady=(0, px(12)))
        self.around_button = ttk.Button(
            self, text="Show messages around it", style="Card.Link.TButton", command=around, takefocus=True
        )
        self._text.bind("<Tab>", lambda event: self._leave_text(event, forward=True))
        self._text.bind("<Shift-Tab>", lambda event: self._leave_text(event, forward=False))

        self.board = ActionBoard(self, theme, actions)
        self.board.grid(row=6, sticky="ew")
        self.around_button.grid(row=4, sticky="w", pady=(0, px(4)))
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

    def show(self, result: SearchResult, link_state: str, *, veiled: bool, encoder_id: str = "") -> None:
        """``link_state``: a few words on whether the picture can still be had. ``encoder_id``: what made the score."""
        theme, record = self._theme, result.record
        self._result = result
        self._image, self._sharp, self._veiled = None, False, veiled
        self._picture.configure(
            text="Spoiler – click to show" if veiled else "",
            takefocus=veiled,
            cursor="hand2" if veiled else "",
            highlightthickness=theme.px(2) if veiled else 0,
        )
        if result.preview is not None:
            picture = shapes.open_preview(result.preview)
            self._image = shapes.veiled(picture) if veiled else picture
        matched = result.matched_region
        self.region = matched.picture if matched and not veiled and worth_outlining(matched.picture) else ()
        self.verdict.show(result, encoder_id)
        self.board.show(result)
        self._about = [
            f"#{theme.shown(record.channel.name)} · {theme.shown(record.channel.guild_name)}",
            long_date(record.timestamp),
            theme.shown(record.file_name) + (f" · {size(record.file_size)}" if record.file_size else ""),
            link_state,
        ]
        self._fit_facts()
        self.show_message_alone()

    def show_message_alone(self) -> None:
        """The text of the result's own message."""
        if self._result is None:
            return
        colours = self._theme.palette
        content = self._message = self._theme.shown(self._result.record.content, lines=True)
        self._around = False
        self.around_button.configure(text="Show messages around it")
        self._text.configure(state="normal")
        self._text.delete("1.0", "end")
        self._text.insert("1.0", content or "(a picture without words)")
        self._text.configure(state="disabled", foreground=colours.text if content else colours.muted)
        self._fit_facts()
        self._draw()

    def show_around(self, key: str, messages: Sequence[NearbyMessage]) -> None:
        """The message and those around it, scrolled to it, if ``key`` is still the record that is shown."""
        if self._result is None or self._result.record.key != key:
            return
        theme, text, own = self._theme, self._text, self._result.record.message_id
        self._around = True
        self.around_button.configure(text="Show the message alone")
        text.configure(state="normal", foreground=theme.palette.text)
        text.delete("1.0", "end")
        for message in messages:
            start = text.index("end-1c")
            author = theme.elided(theme.shown(message.author), "RasStrong", self._width() - 2 * theme.px(12))
            text.insert("end", f"{author}\n", "author")
            text.insert("end", f"{long_date(message.timestamp)}\n", "time")
            shown = [theme.shown(message.content, lines=True)]
            if message.pictures:
                shown.append(f"[{count(message.pictures, 'picture')}]")
            text.insert("end", "\n".join(part for part in shown if part) + "\n", "words")
            if message.id == own:
                text.tag_add("own", start, "end-1c")
                text.mark_set("own", start)
        text.configure(state="disabled")
        self._fit_facts()
        self._draw()
        text.update_idletasks()
        text.yview("own")

    def sharpen(self, key: str, image: Image) -> None:
        """Replace the preview by a better one, if ``key`` is still the record that is shown."""
        if self._result is not None and self._result.record.key == key:
            self._image, self._sharp = image, True
            self._draw()

    def picture_size(self) -> tuple[int, int]:
        """The room for the picture, in pixels: what the other parts leave, and enough of the message to read on."""
        px, width = self._theme.px, self._width()
        others = self.verdict.height + self.board.height
        others += sum(part.winfo_reqheight() for part in (self._author, self._facts))
        others += self.around_button.winfo_reqheight() + px(4)
        left = self.winfo_height() - 2 * px(16) - others - sum(px(gap) for gap in (8, *self._gaps()))
        return width, max(px(28), min(round(width * 0.8), left - self._message_height(width)))

    def _width(self) -> int:
        """Of all that stands in the panel."""
        return max(self._theme.px(120), self.winfo_width() - 2 * self._theme.px(16))

    def _message_height(self, width: int) -> int:
        """What the message wants, five lines at most; fewer the lower the window, down to one."""
        theme = self._theme
        if self._around:
            return max(theme.px(60), round(self.winfo_height() * 0.36))
        room = width - 2 * theme.px(12)
        lines = self._message.splitlines() or [""]
        rows = sum(1 + theme.measure(line[:400], "RasBody") // room for line in lines[:5])
        rows = 1 if self._is_low() else min(3 if self._is_low(640) else 5, rows + 1)
        return rows * (theme.line_height("RasBody") + theme.px(2)) + 2 * theme.px(10)

    def _gaps(self) -> tuple[int, int, int, int]:
        """Between picture, author, facts, message, and buttons."""
        return (6, 0, 6, 6) if self._is_low() else (12, 2, 10, 12)

    def _resized(self, _event: object) -> None:
        px, (author, facts, message, buttons) = self._theme.px, self._gaps()
        self._author.grid_configure(pady=(px(author), 0))
        self._facts.grid_configure(pady=(px(facts), px(message)))
        self._text.grid_configure(pady=(0, px(buttons)))
        self._fit_facts()
        self._draw()

    def _fit_facts(self) -> None:
        """Each fact on two lines at most, on one in a low window."""
        if self._result is not None:
            width = self._width()
            self.verdict.fit(width, low=self._is_low())
            self.board.fit(low=self._is_low(640), only_main=self._around)
            room = round(width * (1 if self._is_low() else 1.8))
            author = self._theme.shown(self._result.record.author)
            self._author.configure(text=self._theme.elided(author, "RasStrong", room), wraplength=width)
            facts = [self._theme.elided(fact, "RasSmall", room) for fact in self._about if fact]
            self._facts.configure(text="\n".join(facts), wraplength=width)

    def _is_low(self, height: float = 520) -> bool:
        return 1 < self.winfo_height() < self._theme.px(height)

    def _draw(self) -> None:
        if self._result is None or self.winfo_width() <= 1:
            return
        theme, colours = self._theme, self._theme.palette
        room = self.picture_size()
        if self._image is not None:
            face = shapes.framed(
                self._image,
                room,
                theme.px(8),
                colours.well,
                colours.panel,
                fill=self._veiled,  # its shape alone may tell what it is
                region=self.region,
                line=theme.px(3),
            )
        else:
            face = shapes.rounded_box(room, theme.px(8), colours.well, behind=colours.panel)
        self._photo = ImageTk.PhotoImage(face, master=self)
        self._picture.configure(image=str(self._photo))

    def _recolour(self) -> None:
        colours = self._theme.palette
        self._picture.configure(
            background=colours.panel,
            foreground="#ffffff",
            highlightcolor=colours.link,
            highlightbackground=colours.panel,
        )
        self._text.configure(
            background=colours.well,
            foreground=colours.text,
            selectbackground=colours.accent,
            selectforeground=colours.on_accent,
            highlightcolor=colours.link,
            highlightbackground=colours.well,
            highlightthickness=self._theme.px(2),
        )
        self._text.tag_configure("author", font="RasStrong", spacing1=self._theme.px(6))
        self._text.tag_configure("time", font="RasSmall", foreground=colours.muted)
        self._text.tag_configure("own", background=colours.soft)
        self._draw()

    def _leave_text(self, event: tk.Event[tk.Misc], *, forward: bool) -> str:
        (event.widget.tk_focusNext() if forward else event.widget.tk_focusPrev()).focus_set()  # type: ignore[union-attr]
        return "break"
