"""One row of a long list on its canvas: a group's, or the texts of one entry of it."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Sequence

if TYPE_CHECKING:
    from ras.gui.theme import Theme


class RowItems:
    """Stands where it was made and shows what it is told; ``edges`` are where each column begins, and the last ends.

    Only what differs is changed: each call into Tk may have to wait for a worker thread that computes.
    """

    def __init__(self, canvas: tk.Canvas, theme: Theme, y: int, edges: Sequence[int]) -> None:
        self._canvas, self._theme, self._edges = canvas, theme, tuple(edges)
        self._shown: dict[tuple[int, str], object] = {}
        colours, px = theme.palette, theme.px
        height = round(theme.line_height("RasBody") * 1.55)
        width, middle = edges[-1] + px(8), y + height // 2
        line = px(1)
        self._ground = canvas.create_rectangle(
            line, y + line, width - line, y + height - line, width=line, outline="", state="hidden"
        )
        self._arrow = canvas.create_image(px(8), middle, anchor="w", state="hidden")
        self._texts = [canvas.create_text(left, middle, anchor="w", font="RasBody") for left in edges[:-1]]
        self._about = canvas.create_text(0, middle, anchor="w", font="RasSmall", fill=colours.muted)
        self._middle = middle

    def hide(self) -> None:
        for item in (self._ground, self._arrow, self._about, *self._texts):
            self._change(item, state="hidden")

    def dress(self, state: str, *, ring: bool) -> None:
        """``state`` is ``rest`` or ``selected``; ``ring``: the keyboard is here."""
        colours = self._theme.palette
        self._change(
            self._ground,
            state="normal" if ring or state == "selected" else "hidden",
            fill=colours.soft if state == "selected" else colours.panel,
            outline=colours.link if ring else "",
        )

    def say_head(self, head: str, about: str, *, unfolded: bool) -> None:
        """The row of a group: its head, and beside it more quietly what there is to say about it."""
        theme, colours = self._theme, self._theme.palette
        left, right = self._edges[0], self._edges[-1]
        arrow = theme.icon("down" if unfolded else "right", 14, colours.muted)
        self._change(self._arrow, state="normal", image=str(arrow))
        first, *others = self._texts
        head = theme.elided(head, "RasStrong", right - left)
        self._change(first, state="normal", text=head, font="RasStrong", fill=colours.text)
        for item in others:
            self._change(item, state="hidden")
        start = left + theme.measure(head, "RasStrong") + theme.px(10)
        if self._shown.get((self._about, "x")) != start:
            self._canvas.coords(self._about, start, self._middle)
            self._shown[self._about, "x"] = start
        said = theme.elided(about, "RasSmall", max(1, right - start))
        self._change(self._about, state="normal", text=said)

    def say(self, cells: Sequence[str]) -> None:
        """The texts of an entry, one a column: the first matters most."""
        theme, colours = self._theme, self._theme.palette
        for item in (self._arrow, self._about):
            self._change(item, state="hidden")
        for number, (item, cell, left, right) in enumerate(zip(self._texts, cells, self._edges, self._edges[1:])):
            font = "RasBody" if number == 0 else "RasSmall"
            text = theme.elided(cell, font, right - left - theme.px(8))
            self._change(item, state="normal", text=text, font=font, fill=colours.muted if number else colours.text)

    def _change(self, item: int, **options: str) -> None:
        new = {name: value for name, value in options.items() if self._shown.get((item, name)) != value}
        if new:
            self._canvas.itemconfigure(item, **new)  # type: ignore[arg-type]
            self._shown.update({(item, name): value for name, value in new.items()})
