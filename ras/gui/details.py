"""The right column: the selected result at length, and what can be done with it.

Where the window is too low for all of it, it scrolls; the main button stays.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from PIL import ImageTk

from ras.gui import shapes
from ras.gui.action_board import Action, ActionBoard
from ras.gui.dates import long_date
from ras.gui.message_text import MessageText
from ras.gui.postings_line import PostingsLine
from ras.gui.region_outline import worth_outlining
from ras.gui.scroll_frame import ScrollFrame
from ras.gui.theme import Theme
from ras.gui.tooltip import Tooltip
from ras.gui.verdict_lines import VerdictLines
from ras.text import size

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.archive.context import NearbyMessage
    from ras.gui.arrangement import Mark
    from ras.records import Point, SearchResult


_LEAST, _MOST, _SCROLLED = 0.42, 0.8, 0.6
"""Heights of the picture as shares of its width: where less is left for it the panel scrolls, and it has the last."""
_AROUND, _ALONE = ("Show messages around it", "Messages around it"), ("Show the message alone", "The message alone")
"""What the button says, and where that is too wide."""
_FOOT = 10
"""Over the main button."""


class DetailsPanel(ttk.Frame):
    """Shows one result. ``actions``: the first is the main one. ``reveal`` shows the picture that is veiled;
    ``compare`` shows it large; ``around`` shows the messages around its own, or no longer. ``mark`` says of the other
    postings of its picture, which ``turn`` shows, or no longer.
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
        mark: Callable[[SearchResult], Mark | None],
        turn: Callable[[], None],
    ) -> None:
        px = theme.px
        super().__init__(parent, style="Panel.TFrame", padding=(px(16), px(16), px(2), px(16)))
        self._theme, self._mark = theme, mark
        self._result: SearchResult | None = None
        self._image: Image | None = None
        self.region: tuple[Point, ...] = ()
        """What of the picture is outlined: corners in shares of its sides."""
        self._sharp = self._veiled = self._beside = False
        self._about: list[str] = []
        self._photo: ImageTk.PhotoImage | None = None
        self._drawn: tuple[Image | None, object] = (None, None)
        """What it was drawn of, and how."""
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.scroll = ScrollFrame(self, theme, card=True, keeps_room=px(4))
        self.scroll.grid(row=0, sticky="nsew")
        inside = self.scroll.inside
        inside.columnconfigure(0, weight=1)

        self.verdict = VerdictLines(inside, theme, close=close)
        self.verdict.grid(row=0, sticky="ew")
        self.picture = self._picture = tk.Label(
            inside, borderwidth=0, anchor="center", compound="center", font="RasStrong"
        )
        self._picture.configure(padx=0, pady=0)
        self._picture.grid(row=1, sticky="ew", pady=(px(8), 0))
        for event in ("<Button-1>", "<Return>", "<space>"):
            self._picture.bind(event, lambda _event: reveal())
        self._picture.bind("<Double-Button-1>", lambda _event: compare())
        self.picture_tip = "Double-click to compare it with the query (F4)"
        Tooltip(self._picture, theme, lambda: "" if self._veiled else self.picture_tip)
        self._author = ttk.Label(inside, style="Card.Strong.TLabel")
        self._author.grid(row=2, sticky="w", pady=(px(10), 0))
        self._facts = ttk.Label(inside, style="Card.Muted.TLabel", justify="left")
        self._facts.grid(row=3, sticky="ew", pady=(px(2), 0))
        self.postings = PostingsLine(inside, theme, turn=turn)
        self.postings.grid(row=4, sticky="ew", pady=(px(6), 0))
        self.around_button = ttk.Button(inside, style="Card.Link.TButton", command=around, takefocus=True)
        self._text = MessageText(inside, theme)
        self._text.grid(row=6, sticky="nsew")
        foot = ttk.Frame(self, style="Card.TFrame", padding=(0, px(_FOOT), px(14), 0))
        foot.grid(row=1, sticky="ew")
        foot.columnconfigure(0, weight=1)
        self.board = ActionBoard(inside, theme, actions, main=foot)
        self.board.grid(row=7, sticky="ew", pady=(px(6), 0))
        self.scroll.watch()
        self._text.hand_on_wheel(self.scroll.wheel)
        for widget in (self.around_button, self.postings.button, *(button for _, button in self.board.buttons)):
            widget.bind("<Prior>", lambda _event: self.scroll.page(-1))
            widget.bind("<Next>", lambda _event: self.scroll.page(1))
        self.bind("<Configure>", lambda _event: self._lay_out(), add=True)
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self._recolour()

    @property
    def is_sharp(self) -> bool:
        """Whether the picture itself is shown, not only the search's preview of it."""
        return self._sharp

    @property
    def result(self) -> SearchResult | None:
        return self._result

    @property
    def scrolls(self) -> bool:
        """Whether the panel is too low for all that it shows."""
        return self._left() < round(_LEAST * self._width()) + self._message_heights()[0]

    def show(self, result: SearchResult, link_state: str, *, veiled: bool, encoder_id: str = "") -> None:
        """``link_state``: a few words on whether the picture can still be had. ``encoder_id``: what made the score."""
        theme, record = self._theme, result.record
        if self._result is None or self._result.record.key != record.key:
            self.scroll.to_top()
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
        self.postings.show(self._mark(result))
        self.show_message_alone()

    def show_message_alone(self) -> None:
        """The text of the result's own message."""
        if self._result is not None:
            self._text.say(self._result.record.content)
            self._lay_out()

    def show_around(self, key: str, messages: Sequence[NearbyMessage]) -> None:
        """The message and those around it, scrolled to it, if ``key`` is still the record that is shown."""
        if self._result is not None and self._result.record.key == key:
            self._text.say_around(messages, self._result.record.message_id, self._width())
            self._lay_out()
            self._text.see_own()
            if self.scrolls:
                self.scroll.see(self._text)

    def show_postings(self) -> None:
        """What is said of the other postings, after they were unfolded, folded, or others came."""
        if self._result is not None and self.postings.show(self._mark(self._result)):
            self._lay_out()

    def say_link_state(self, key: str, link_state: str) -> None:
        """What is known by now of whether the picture can be had, if ``key`` is still the record that is shown."""
        if self._result is not None and self._result.record.key == key and self._about[-1] != link_state:
            self._about[-1] = link_state
            self._lay_out()

    def sharpen(self, key: str, image: Image) -> None:
        """Replace the preview by a better one, if ``key`` is still the record that is shown."""
        if self._result is not None and self._result.record.key == key:
            self._image, self._sharp = image, True
            self._draw()

    def picture_size(self) -> tuple[int, int]:
        """The room for the picture, in pixels: what the other parts leave, and enough of the message to read on."""
        width, (_, message) = self._width(), self._message_heights()
        if self.scrolls:
            return width, round(_SCROLLED * width)
        return width, max(round(_LEAST * width), min(round(_MOST * width), self._left() - message))

    def _width(self) -> int:
        """Of all that stands in the panel."""
        return max(self._theme.px(120), self.winfo_width() - 2 * self._theme.px(16))

    def _place_around_button(self, width: int) -> None:
        """Beside that of the postings, where they have room in one row."""
        long, short = _AROUND if not self._text.around else _ALONE
        self.around_button.configure(text=short)
        self._beside = self.postings.takes(self.around_button, width)
        if not self._beside:
            self.around_button.configure(text=long)
            if self.around_button.winfo_reqwidth() > width:
                self.around_button.configure(text=short)
            self.around_button.grid(in_=self.scroll.inside, row=5, column=0, sticky="w", padx=0)
        self.around_button.grid_configure(pady=0 if self._beside else self._theme.px(2))

    def _left(self) -> int:
        """The height for picture and message."""
        px, around = self._theme.px, self._text.around
        others = 2 * px(16) + px(_FOOT) + self.board.main_height + sum(px(gap) for gap in (8, 10, 2, 2, 2))
        others += self.verdict.height + (self.postings.height + px(6) if self.postings.height else 0)
        others += sum(part.winfo_reqheight() for part in (self._author, self._facts))
        others += 0 if self._beside else self.around_button.winfo_reqheight()
        return self.winfo_height() - others - (0 if around else self.board.height + px(6))

    def _message_heights(self) -> tuple[int, int]:
        """The least of what the message has, and what it wants."""
        if self._text.around:
            height = max(self._theme.px(160), round(self.winfo_height() * 0.36))
            return height, height
        return self._text.wanted_height(self._width(), 2), self._text.wanted_height(self._width(), 5)

    def _lay_out(self) -> None:
        if self._result is None or self.winfo_width() <= 1:
            return
        width, theme = self._width(), self._theme
        self.verdict.fit(width)
        self.postings.fit(width)
        self.board.fit(width, only_main=self._text.around)
        for part, there in ((self.postings, self.postings.height), (self.board, not self._text.around)):
            if there:
                part.grid()
            else:
                part.grid_remove()
        self._place_around_button(width)
        room = round(width * 1.8)  # two lines at most
        author = theme.shown(self._result.record.author)
        self._author.configure(text=theme.elided(author, "RasStrong", room), wraplength=width)
        facts = [theme.elided(fact, "RasSmall", room) for fact in self._about if fact]
        self._facts.configure(text="\n".join(facts), wraplength=width)
        left = self._left() - self.picture_size()[1]
        self.scroll.inside.rowconfigure(6, minsize=self._message_heights()[1] if self.scrolls else left)
        self._draw()

    def _draw(self) -> None:
        if self._result is None or self.winfo_width() <= 1:
            return
        theme, colours = self._theme, self._theme.palette
        room = self.picture_size()
        if self._veiled:  # a ring stands around it, which shows where the keyboard is
            room = (room[0] - 2 * theme.px(2), room[1] - 2 * theme.px(2))
        image, how = self._image, (room, self.region, self._veiled, colours)
        if self._drawn[0] is image and self._drawn[1] == how:
            return
        self._drawn = (image, how)
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
        self._draw()
