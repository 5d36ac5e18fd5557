"""The look of the window: its palette, fonts, sizes and drawn images, and texts cut to the room they have."""

from __future__ import annotations

import tkinter as tk
from functools import lru_cache
from tkinter import font as tkfont
from tkinter import ttk
from typing import Callable, Literal

from PIL import Image, ImageTk

from ras.gui import shapes
from ras.gui.form_styles import build_form_styles
from ras.gui.palette import PALETTES, Palette
from ras.gui.result_styles import build_result_styles
from ras.gui.screen import draws_emoji, screen_scale, system_theme
from ras.gui.styles import build_styles
from ras.text import clean

_LONGEST = 400
"""Characters; no line of the window has room for more."""


class Theme:
    """The look of one root window. ``palette`` changes with ``use``; widgets hear of it as ``<<ThemeChanged>>``."""

    def __init__(self, root: tk.Tk) -> None:
        self.root = root
        self.scale = screen_scale(root)
        self.name = "dark"
        self._emoji = draws_emoji(root)
        self._images: dict[object, ImageTk.PhotoImage] = {}
        self._style = ttk.Style(root)
        self._fonts = self._make_fonts()
        self._line_heights = {name: int(font.metrics("linespace")) for name, font in self._fonts.items()}
        self._widest = {name: max(font.measure(letter) for letter in "W@M%") for name, font in self._fonts.items()}
        # Each measurement is a call into Tk, and the texts of results (authors, channels) repeat.
        self.measure = lru_cache(maxsize=4096)(self._measure)
        self.elided = lru_cache(maxsize=4096)(self._elided)

    @property
    def palette(self) -> Palette:
        return PALETTES[self.name]

    def px(self, size: float) -> int:
        """A length in pixels of a 96-dpi screen → pixels of this one."""
        return max(1, round(size * self.scale)) if size > 0 else 0

    def shown(self, text: str, *, lines: bool = False) -> str:
        """Foreign text as this Tk can draw it: cleaned, and emoji as ▢ where drawing them would kill the program."""
        text = clean(text, lines=lines)
        if self._emoji or text.isascii():
            return text
        return "".join("▢" if _may_be_emoji(character) else character for character in text if character != "\ufe0f")

    def line_height(self, font: str) -> int:
        return self._line_heights[font]

    def _measure(self, text: str, font: str) -> int:
        """The width of a text in pixels."""
        return self._fonts[font].measure(text)

    def _elided(self, text: str, font: str, width: int) -> str:
        """The text, or as much of its start as fits ``width`` pixels, with an ellipsis."""
        start = text[:_LONGEST]
        if start == text and text.isascii() and len(text) * self._widest[font] <= width:
            return text  # most names are short: no call into Tk is needed to know it
        whole = self.measure(start, font)
        if whole <= width and start == text:
            return text
        # About as many characters as fit if all were of one width; then a step or two to what does.
        length = min(len(start), max(0, len(start) * width // max(1, whole)) + 1)
        while length and self.measure(start[:length].rstrip() + "…", font) > width:
            length -= 1
        while length < len(start) and self.measure(start[: length + 1].rstrip() + "…", font) <= width:
            length += 1
        return start[:length].rstrip() + "…"

    def image(self, key: object, draw: Callable[[], Image.Image]) -> ImageTk.PhotoImage:
        """A drawn image that lives as long as the theme; ``key`` names it within the palette that is in use."""
        full_key = (self.name, key)
        if full_key not in self._images:
            self._images[full_key] = ImageTk.PhotoImage(draw(), master=self.root)
        return self._images[full_key]

    def icon(self, name: str, side: float, colour: str) -> ImageTk.PhotoImage:
        pixels = self.px(side)
        return self.image((name, pixels, colour), lambda: shapes.icon(name, pixels, colour))

    def use(self, choice: str) -> None:
        """Switch to ``dark``, ``light``, or what the ``system`` says."""
        self.name = system_theme() if choice == "system" else choice
        name = f"ras-{self.name}"
        if name not in self._style.theme_names():
            self._style.theme_create(name, parent="clam")
            self._style.theme_use(name)
            build_styles(self, self._style)
            build_form_styles(self, self._style)
            build_result_styles(self, self._style)
        else:
            self._style.theme_use(name)
        colours = self.palette
        self.root.configure(background=colours.ground)
        for option, colour in (("background", colours.panel), ("foreground", colours.text)):
            self.root.option_add(f"*Menu.{option}", colour)

    def colour_menu(self, menu: tk.Menu, *, bar: bool = False) -> None:
        """Menus are drawn by Tk itself on X11 only; elsewhere the system's own look is right."""
        if self.root.tk.call("tk", "windowingsystem") != "x11":
            return
        colours = self.palette
        menu.configure(
            background=colours.ground if bar else colours.panel,
            foreground=colours.text,
            activebackground=colours.accent,
            activeforeground=colours.on_accent,
            disabledforeground=colours.muted,
            selectcolor=colours.text,
            relief="flat" if bar else "solid",
            borderwidth=0 if bar else 1,
            activeborderwidth=0,
            font="RasBody",
        )

    def _make_fonts(self) -> dict[str, tkfont.Font]:
        family = tkfont.Font(root=self.root, name="TkDefaultFont", exists=True).actual()
        base = abs(int(family["size"])) or 10
        sizes = {"RasBody": 0, "RasStrong": 0, "RasSmall": -1, "RasTitle": 2, "RasLarge": 6, "RasBadge": -1}
        fonts = {}
        for name, more in sizes.items():
            weight: Literal["bold", "normal"] = "normal" if name in ("RasBody", "RasSmall") else "bold"
            exists = name in tkfont.names(self.root)
            fonts[name] = tkfont.Font(self.root, name=name, exists=exists)
            fonts[name].configure(family=str(family["family"]), size=base + more, weight=weight)
        return fonts


def has_focus(widget: tk.Misc) -> bool:
    """Whether the widget has the keyboard. tkinter's focus_get raises KeyError while a menu of the menu bar is open."""
    return str(widget.tk.call("focus")) == str(widget)


def _may_be_emoji(character: str) -> bool:
    """Whether a colour font may come to draw it: pictographs beyond the BMP, symbols that have an emoji form."""
    point = ord(character)
    return (
        0x1F000 <= point <= 0x1FBFF
        or 0x2600 <= point <= 0x27BF
        or 0x2B00 <= point <= 0x2BFF
        or 0x231A <= point <= 0x23FF
    )
