"""The slim line between the headline and the results: filters, how many are shown, and in what order."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Callable

from ras.gui.accessible import name_icon
from ras.gui.fitted_label import FittedLabel
from ras.gui.theme import Theme
from ras.gui.tile_layout import SIZES
from ras.gui.tooltip import Tooltip
from ras.settings import BACKWARDS, ORDERS


class ResultsBar(ttk.Frame):
    """``filters`` folds the filters out or in; ``order`` is called with a key of ``ORDERS``, ``resize`` with a size of
    tiles; ``turn`` turns tiles into a list, or back; ``search_all`` on the button that is there after a search in some
    of the pictures only.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        filters: Callable[[], None],
        order: Callable[[str], None],
        resize: Callable[[int], None],
        turn: Callable[[], None],
        search_all: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.columnconfigure(1, weight=1)
        self.filter_button = ttk.Button(self, text=" Filter", style="Slim.TButton", compound="left", command=filters)
        self.filter_button.grid(row=0, column=0)
        self._said = FittedLabel(self, theme)
        self._said.grid(row=0, column=1, sticky="ew", padx=theme.px(8))
        self.all_button = ttk.Button(self, text="Search all", style="Slim.TButton", command=search_all)
        self.all_button.grid(row=0, column=2)
        self.all_button.grid_remove()
        self._order = tk.StringVar(self)
        self.order_button = ttk.Menubutton(self, style="Slim.TMenubutton")
        self._menu = tk.Menu(self.order_button, tearoff=False)
        for value, label in ORDERS.items():
            self._menu.add_radiobutton(
                label=label,
                value=value,
                variable=self._order,
                command=lambda value=value: order(value),  # type: ignore[misc]
            )
        self.order_button.configure(menu=self._menu)
        self.order_button.grid(row=0, column=3)
        self._size, self._as_list = 3, False
        self.slider = ttk.Scale(self, from_=min(SIZES), to=max(SIZES), length=theme.px(84), command=self._slid)
        self._resize = resize
        self.slider.grid(row=0, column=4, padx=(theme.px(8), 0))
        self.list_button = ttk.Button(self, style="Slim.TButton", command=turn)
        self.list_button.grid(row=0, column=5, padx=(theme.px(6), 0))
        name_icon(self.list_button, "Tiles or list")
        Tooltip(self.list_button, theme, lambda: "Tiles" if self.list_button.instate(["selected"]) else "List")
        Tooltip(self.filter_button, theme, lambda: "" if self._names_filter() else "Filter")
        Tooltip(self.slider, theme, lambda: "Size of the pictures")
        self.bind("<Configure>", lambda event: self._fit(event.width))
        self.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self._recolour()

    @property
    def text(self) -> str:
        return self._said.text

    def say(self, text: str) -> None:
        self._said.say(text)

    def show_filters(self, *, folded_out: bool, active: bool) -> None:
        """Whether the filters are folded out, and whether any is set."""
        self.filter_button.state(["selected" if folded_out or active else "!selected"])

    def offer_all(self, offered: bool) -> None:
        """Whether only some of the pictures were searched."""
        if offered:
            self.all_button.grid()
        else:
            self.all_button.grid_remove()
        self._fit(self.winfo_width())

    def show_order(self, order: str) -> None:
        self._order.set(order)
        self._fit(self.winfo_width())

    def show_size(self, size: int) -> None:
        self._size = size
        self.slider.set(size)

    def show_list(self, as_list: bool) -> None:
        self.list_button.state(["selected" if as_list else "!selected"])
        self._as_list = as_list
        self._fit(self.winfo_width())

    def _names_filter(self) -> bool:
        return str(self.filter_button.cget("compound")) == "left"

    def _slid(self, value: str) -> None:
        size = round(float(value))
        if size != self._size:
            self._size = size
            self._resize(size)

    def _fit(self, width: int) -> None:
        """Rows of the list have one size; without room for the slider, there are still the keys. Where even less is
        left, filters are an icon, and the order is cut.
        """
        theme = self._theme
        if self._as_list or width < theme.px(380):
            self.slider.grid_remove()
        else:
            self.slider.grid()
        order = ORDERS.get(self._order.get()) or BACKWARDS.get(self._order.get(), "")
        room = width - self.list_button.winfo_reqwidth() - theme.px(6)
        if self.all_button.winfo_manager():
            room -= self.all_button.winfo_reqwidth()
        for with_word in (True, False):
            self.filter_button.configure(compound="left" if with_word else "image")
            self.order_button.configure(text=f"{order}  ")
            over = self.filter_button.winfo_reqwidth() + self.order_button.winfo_reqwidth() - room
            if over <= 0 or width <= 1:
                return
        fitted = theme.elided(order, "RasSmall", max(0, theme.measure(order, "RasSmall") - over))
        self.order_button.configure(text=f"{fitted}  ")

    def _recolour(self) -> None:
        theme = self._theme
        theme.colour_menu(self._menu)
        self.list_button.configure(image=str(theme.icon("list", 14, theme.palette.text)))
        self.filter_button.configure(image=str(theme.icon("filter", 14, theme.palette.text)))
