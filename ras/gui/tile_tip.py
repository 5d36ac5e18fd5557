"""What is said of a result while the mouse rests on it: its verdict in full, its score as a bar, and its postings."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from ras.gui.score_bar import score_bar
from ras.gui.theme import Theme
from ras.gui.verdict_words import score_text

if TYPE_CHECKING:
    from ras.gui.results_grid import ResultsGrid

_REST_MS = 600


class TileTip:
    """Comes once the mouse rests on a tile, beside the pointer, and goes as soon as anything else is done."""

    def __init__(self, grid: ResultsGrid, theme: Theme) -> None:
        self._grid, self._theme = grid, theme
        self._place: int | None = None
        self._timer: str | None = None
        self.window: tk.Toplevel | None = None
        # A tag of its own: on the canvas, the more special bindings of the controls would be run instead.
        tag = f"TileTip{grid.canvas}"
        grid.canvas.bindtags((tag, *grid.canvas.bindtags()))
        for event in ("<Leave>", "<Button>", "<Key>", "<MouseWheel>", "<FocusOut>", "<Destroy>"):
            grid.canvas.bind_class(tag, event, lambda _event: self.hide())

    @property
    def text(self) -> str:
        """All that it says; empty while it is not there."""
        labels = [] if self.window is None else self.window.winfo_children()[0].winfo_children()
        return "\n".join(str(label.cget("text")).strip() for label in labels)

    def over(self, place: int | None) -> None:
        """The mouse is over the tile there."""
        if place != self._place:
            self.hide()
            self._place = place
            if place is not None:
                self._timer = self._grid.after(_REST_MS, self._show)

    def hide(self) -> None:
        self._place = None
        if self._timer is not None:
            self._grid.after_cancel(self._timer)
            self._timer = None
        if self.window is not None:
            self.window.destroy()
            self.window = None

    def _show(self) -> None:
        self._timer = None
        grid, theme, colours = self._grid, self._theme, self._theme.palette
        if self._place is None or self._place >= grid.amount:
            return
        result = grid.result_at(self._place)
        mark = grid.mark(result)
        # A name of its own, each time the same: Tk never forgets one (Tk_GetUid).
        window = self.window = tk.Toplevel(grid, name="tip", background=colours.line)
        window.wm_overrideredirect(True)
        frame = tk.Frame(window, background=colours.raised, padx=theme.px(10), pady=theme.px(7))
        frame.pack(padx=1, pady=1)

        def line(text: str, font: str = "RasSmall") -> ttk.Label:
            label = ttk.Label(frame, text=text, font=font, background=colours.raised, wraplength=theme.px(300))
            label.pack(anchor="w", pady=(0, theme.px(2)))
            return label

        line(result.verdict_text, "RasStrong")
        said = line(score_text(result.score, "", of_text=result.of_text))
        if not result.of_text:  # of words, scores are low even where they fit
            bar = score_bar(theme, result, (theme.px(72), theme.px(6)), colours.raised)
            said.configure(image=str(bar), compound="left", text=f"  {said.cget('text')}")
        if mark is not None:
            line(f"{theme.shown(mark.about)}.")
        window.update_idletasks()
        x, y = grid.winfo_pointerxy()
        gap = theme.px(16)
        left = min(x + gap // 2, window.winfo_screenwidth() - window.winfo_reqwidth())
        below = y + gap + window.winfo_reqheight() <= window.winfo_screenheight()
        window.geometry(f"+{max(0, left)}+{y + gap if below else y - gap - window.winfo_reqheight()}")
