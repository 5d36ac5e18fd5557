"""A frame that is higher than its window: it scrolls by wheel, and to whatever the keyboard goes to."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from ras.gui.scrolling import Glide, on_wheel
from ras.gui.theme import Theme


class ScrollFrame(ttk.Frame):
    """Put widgets into ``inside`` and call ``watch`` once they are there. ``card`` stands on a panel. With
    ``keeps_room`` the bar has its room, and this gap before it, also while it is not there.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, *, card: bool = False, keeps_room: int | None = None) -> None:
        prefix = "Card." if card else ""
        super().__init__(parent, style=f"{prefix}TFrame")
        self._theme, self._card = theme, card
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.canvas = tk.Canvas(self, borderwidth=0, highlightthickness=0, takefocus=False, width=1, height=1)
        self.canvas.grid(row=0, column=0, sticky="nsew")
        self._bar = ttk.Scrollbar(self, command=self.canvas.yview, style=f"{prefix}Vertical.TScrollbar")
        self._bar.grid(row=0, column=1, sticky="ns", padx=(theme.px(8) if keeps_room is None else keeps_room, 0))
        if keeps_room is not None:
            self.columnconfigure(1, minsize=self._bar.winfo_reqwidth() + keeps_room)
        self.canvas.configure(yscrollcommand=self._bar.set)
        self.inside = ttk.Frame(self.canvas, style=f"{prefix}TFrame")
        self._item = self.canvas.create_window(0, 0, anchor="nw", window=self.inside)
        self._step = theme.px(90)
        self._glide = Glide(self.canvas, self._step)
        self._fitting: str | None = None
        self.bind("<Destroy>", self._forget, add=True)
        self.canvas.bind("<Configure>", lambda _event: self._fit())
        self.inside.bind("<Configure>", lambda _event: self._fit())
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        # Not of each widget: one that hears of the focus counts as one that wants it when Tab is pressed.
        self.winfo_toplevel().bind("<FocusIn>", self._focused, add=True)
        self._recolour()

    def watch(self, widget: tk.Misc | None = None) -> None:
        """Let the wheel over what is inside scroll."""
        for child in (widget or self.inside).winfo_children():
            if not isinstance(child, (tk.Menu, tk.Toplevel)):
                on_wheel(child, self.wheel)
                self.watch(child)

    def see(self, widget: tk.Misc) -> None:
        """Scroll no further than needed to have all of the widget in view."""
        margin = self._theme.px(24)
        top = widget.winfo_rooty() - self.inside.winfo_rooty()
        seen_top = self.canvas.canvasy(0)
        seen = self.canvas.winfo_height()
        bottom = top + widget.winfo_height()
        if top < seen_top:
            self._glide.to(max(0, top - margin))
        elif bottom > seen_top + seen:
            self._glide.to(bottom + margin - seen)

    def to_top(self) -> None:
        """At once."""
        self._glide.stop()
        self.canvas.yview_moveto(0)

    def page(self, pages: float) -> None:
        """Scroll by so many heights of what is seen."""
        self._glide.to(self.canvas.canvasy(0) + pages * self.canvas.winfo_height() * 0.9)

    def wheel(self, notches: float) -> None:
        """As the wheel does it, up being positive."""
        self._glide.to(self.canvas.canvasy(0) - notches * self._step)

    def _focused(self, event: tk.Event[tk.Misc]) -> None:
        if str(event.widget).startswith(f"{self.inside}.") and self.winfo_ismapped():
            self.see(event.widget)

    def _fit(self) -> None:
        width, height = self.canvas.winfo_width(), max(self.inside.winfo_reqheight(), self.canvas.winfo_height())
        self.canvas.itemconfigure(self._item, width=width)
        self.canvas.configure(scrollregion=(0, 0, width, height))
        # Not at once: where the canvas is just being laid out, Tk would stop there and never show it.
        if self._fitting is None:
            self._fitting = self.after_idle(self._show_bar)

    def _show_bar(self) -> None:
        self._fitting = None
        if self.inside.winfo_reqheight() > self.canvas.winfo_height():
            self._bar.grid()
        else:
            self._bar.grid_remove()

    def _forget(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self and self._fitting is not None:
            self.after_cancel(self._fitting)

    def _recolour(self) -> None:
        colours = self._theme.palette
        self.canvas.configure(background=colours.panel if self._card else colours.ground)
