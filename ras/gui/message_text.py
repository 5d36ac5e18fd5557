"""The words of a message in the details, alone or among the messages around it: to be read, marked and copied."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui.dates import long_date
from ras.gui.scrolling import notches_of
from ras.gui.theme import Theme
from ras.text import count

if TYPE_CHECKING:
    from ras.archive.context import NearbyMessage


class MessageText(tk.Text):
    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(
            parent, wrap="word", height=1, width=10, borderwidth=0, font="RasBody", state="disabled", takefocus=True
        )
        px = theme.px
        self._theme, self._words = theme, ""
        self.configure(padx=px(10), pady=px(8), spacing3=px(2))
        self.around = False
        """Whether other messages are shown, too."""
        self.bind("<Tab>", lambda _event: self._leave(self.tk_focusNext()))
        self.bind("<Shift-Tab>", lambda _event: self._leave(self.tk_focusPrev()))
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self._recolour()

    def say(self, content: str) -> None:
        """The text of one message."""
        self._words, self.around = self._theme.shown(content, lines=True), False
        self._replace([(self._words or "(a picture without words)", "words" if self._words else "none")])

    def say_around(self, messages: Sequence[NearbyMessage], own: str, width: int) -> None:
        """Several messages, scrolled to the one whose id is ``own``; names are cut to ``width``."""
        theme = self._theme
        self.around = True
        parts: list[tuple[str, str]] = []
        for message in messages:
            shown = [theme.shown(message.content, lines=True)]
            if message.pictures:
                shown.append(f"[{count(message.pictures, 'picture')}]")
            author = theme.elided(theme.shown(message.author), "RasStrong", width - 2 * theme.px(12))
            tag = " own" if message.id == own else ""
            parts += [
                (f"{author}\n", f"author{tag}"),
                (f"{long_date(message.timestamp)}\n", f"time{tag}"),
                ("\n".join(part for part in shown if part) + "\n", f"words{tag}"),
            ]
        self._replace(parts)

    def see_own(self) -> None:
        """Scroll to the message that the others are around."""
        ranges = self.tag_ranges("own")
        if ranges:
            self.update_idletasks()
            self.yview(ranges[0])

    def wanted_height(self, width: int, most: int) -> int:
        """In pixels, of the message alone at this width, but ``most`` rows at most: the rest of it is scrolled to."""
        theme = self._theme
        room = width - 2 * theme.px(12)
        rows = sum(1 + theme.measure(line[:400], "RasBody") // room for line in self._words.splitlines()[:most])
        return min(most, rows + 1) * (theme.line_height("RasBody") + theme.px(2)) + 2 * theme.px(10)

    def hand_on_wheel(self, wheel: Callable[[float], None]) -> None:
        """Turned beyond either end of the text, it is for ``wheel`` (notches, up being positive)."""
        for event in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            self.bind(event, lambda event: self._turned(notches_of(event), wheel))

    def _replace(self, parts: Sequence[tuple[str, str]]) -> None:
        self.configure(state="normal")
        self.delete("1.0", "end")
        for text, tags in parts:
            self.insert("end", text, tuple(tags.split()))
        self.configure(state="disabled")

    def _turned(self, notches: float, wheel: Callable[[float], None]) -> str | None:
        first, last = self.yview()
        if (notches > 0 and first > 0) or (notches < 0 and last < 1):
            return None  # Tk scrolls the text
        wheel(notches)
        return "break"

    def _leave(self, neighbour: tk.Misc | None) -> str:
        if neighbour is not None:
            neighbour.focus_set()
        return "break"

    def _recolour(self) -> None:
        colours, px = self._theme.palette, self._theme.px
        self.configure(
            background=colours.well,
            foreground=colours.text,
            selectbackground=colours.accent,
            selectforeground=colours.on_accent,
            highlightcolor=colours.link,
            highlightbackground=colours.well,
            highlightthickness=px(2),
        )
        self.tag_configure("author", font="RasStrong", spacing1=px(6))
        self.tag_configure("time", font="RasSmall", foreground=colours.muted)
        self.tag_configure("none", foreground=colours.muted)
        self.tag_configure("own", background=colours.soft)
