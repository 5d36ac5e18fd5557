"""The look: two palettes, fonts, sizes, and ttk styles whose images are drawn at the screen's own scale.

sv-ttk and other pixmap themes ship sprites of one size, so that at 200 % corners, arrows and scroll bars stay small or
blur. Ours are a handful of rounded boxes, drawn by shapes.py for the scale that is in use.
"""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any, Callable, Literal

from PIL import Image, ImageTk

from ras.gui import shapes
from ras.gui.screen import draws_emoji, screen_scale, system_theme
from ras.text import clean

FONTS = ("RasBody", "RasStrong", "RasSmall", "RasTitle", "RasLarge", "RasBadge")


@dataclass(frozen=True)
class Palette:
    """Colours by purpose. Texts keep a contrast of 4.5 and more (WCAG AA) on every ground they stand on."""

    ground: str
    """The window."""
    panel: str
    """Cards and tiles on it."""
    raised: str
    """Buttons at rest."""
    hover: str
    line: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    link: str
    """The accent as a text."""
    well: str
    """Behind pictures, and in troughs."""
    soft: str
    """A breath of the accent: the drop zone under a drag."""
    notice: str
    notice_text: str
    error: str
    error_text: str


DARK = Palette(
    ground="#1e1f22",
    panel="#2b2d31",
    raised="#3a3c42",
    hover="#474a51",
    line="#43454c",
    text="#f2f3f5",
    muted="#b5bac1",
    accent="#5865f2",
    accent_hover="#4954d6",
    on_accent="#ffffff",
    link="#a5adff",
    well="#232428",
    soft="#33364f",
    notice="#31344d",
    notice_text="#dfe2ff",
    error="#4a2c30",
    error_text="#ffd9d9",
)
LIGHT = Palette(
    ground="#f2f3f5",
    panel="#ffffff",
    raised="#e6e8eb",
    hover="#d8dbe0",
    line="#d0d3d9",
    text="#1e1f22",
    muted="#4e5058",
    accent="#4f5bdf",
    accent_hover="#3f4ac4",
    on_accent="#ffffff",
    link="#3f4ac4",
    well="#ebedf0",
    soft="#e4e6ff",
    notice="#e2e5fd",
    notice_text="#23285c",
    error="#fde3e3",
    error_text="#6b1717",
)
PALETTES = {"dark": DARK, "light": LIGHT}


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

    def measure(self, text: str, font: str) -> int:
        return self._fonts[font].measure(text)

    def line_height(self, font: str) -> int:
        return int(self._fonts[font].metrics("linespace"))

    def elided(self, text: str, font: str, width: int) -> str:
        """The text, or as much of its start as fits ``width`` pixels, with an ellipsis."""
        if self.measure(text, font) <= width:
            return text
        low, high = 0, min(len(text), 400)
        while low < high:
            middle = (low + high + 1) // 2
            if self.measure(text[:middle].rstrip() + "…", font) <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + "…"

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
            self._build()
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
        family = tkfont.nametofont("TkDefaultFont", root=self.root).actual()
        base = abs(int(family["size"])) or 10
        sizes = {"RasBody": 0, "RasStrong": 0, "RasSmall": -1, "RasTitle": 2, "RasLarge": 6, "RasBadge": -1}
        fonts = {}
        for name, more in sizes.items():
            weight: Literal["bold", "normal"] = "normal" if name in ("RasBody", "RasSmall") else "bold"
            exists = name in tkfont.names(self.root)
            fonts[name] = tkfont.Font(self.root, name=name, exists=exists)
            fonts[name].configure(family=str(family["family"]), size=base + more, weight=weight)
        return fonts

    def _build(self) -> None:
        """Make the ttk styles of the palette in use. ``Card.`` styles stand on a panel, the others on the ground."""
        style, colours, px = self._style, self.palette, self.px
        style.configure(
            ".",
            background=colours.ground,
            foreground=colours.text,
            font="RasBody",
            borderwidth=0,
            troughcolor=colours.well,
            fieldbackground=colours.panel,
            selectbackground=colours.accent,
            selectforeground=colours.on_accent,
            insertcolor=colours.text,
            focuscolor=colours.link,
        )
        self._buttons()
        self._bars()
        for prefix, ground in (("", colours.ground), ("Card.", colours.panel)):
            style.configure(f"{prefix}TFrame", background=ground)
            style.configure(f"{prefix}TLabel", background=ground)
            style.configure(f"{prefix}Muted.TLabel", background=ground, foreground=colours.muted, font="RasSmall")
            style.configure(f"{prefix}Strong.TLabel", background=ground, font="RasStrong")
            style.configure(f"{prefix}Title.TLabel", background=ground, font="RasTitle")
            style.configure(f"{prefix}Large.TLabel", background=ground, font="RasLarge")
        style.configure("Number.TLabel", foreground=colours.link, font="RasStrong")
        for kind in ("Notice", "Error"):
            ground = colours.notice if kind == "Notice" else colours.error
            text = colours.notice_text if kind == "Notice" else colours.error_text
            self._element(f"{kind}.border", px(8), ground)
            style.layout(f"{kind}.TFrame", [(f"{kind}.border", {"sticky": "nswe"})])
            style.configure(f"{kind}.TFrame", background=colours.ground)
            style.configure(f"{kind}.TLabel", background=ground, foreground=text)
        self._element("Panel.border", px(10), colours.panel)
        style.layout("Panel.TFrame", [("Panel.border", {"sticky": "nswe"})])
        style.configure("Panel.TFrame", background=colours.ground)
        style.configure(
            "Treeview",
            background=colours.panel,
            fieldbackground=colours.panel,
            foreground=colours.text,
            rowheight=round(self.line_height("RasBody") * 1.5),
            borderwidth=0,
        )
        style.layout("Treeview", [("Treeview.treearea", {"sticky": "nswe"})])
        style.map("Treeview", background=[("selected", colours.accent)], foreground=[("selected", colours.on_accent)])
        style.configure("Treeview.Heading", background=colours.raised, font="RasStrong", padding=(px(8), px(4)))
        style.map("Treeview.Heading", background=[("active", colours.hover)])

    def _element(
        self, name: str, radius: int, fill: str | None, states: dict[str, tuple[str | None, str | None]] | None = None
    ) -> None:
        """A rounded box that stretches: ``states`` maps ttk states to (fill, outline)."""
        side = 2 * radius + self.px(16)

        def box(fill: str | None, outline: str | None) -> ImageTk.PhotoImage:
            return self.image(
                (name, fill, outline),
                lambda: shapes.rounded_box((side, side), radius, fill, outline, self.px(2) if outline else 0),
            )

        variants: Any = [(*state.split(), box(*look)) for state, look in (states or {}).items()]
        self._style.element_create(name, "image", box(fill, None), *variants, border=radius, sticky="nswe")

    def _buttons(self) -> None:
        style, colours, px = self._style, self.palette, self.px
        ring = colours.text
        looks = {
            "": (colours.raised, colours.hover, colours.text),
            "Accent.": (colours.accent, colours.accent_hover, colours.on_accent),
            "Quiet.": (None, colours.raised, colours.text),
        }
        for look, (rest, hover, text) in looks.items():
            element = f"{look}Rounded.button"
            states = {
                "disabled": (colours.well if rest else None, None),
                "pressed": (hover, colours.line),
                "focus active": (hover, ring),
                "focus": (rest or colours.raised, ring),
                "active": (hover, None),
            }
            self._element(element, px(7), rest, states)
            label: Any = ("Button.padding", {"sticky": "nswe", "children": [("Button.label", {"sticky": "nswe"})]})
            for prefix, ground in (("", colours.ground), ("Card.", colours.panel)):
                name = f"{prefix}{look}TButton"
                style.layout(name, [(element, {"sticky": "nswe", "children": [label]})])
                padding = px(5) if look == "Quiet." else (px(12), px(5))
                style.configure(name, background=ground, foreground=text, padding=padding, anchor="center")
                style.map(
                    name,
                    background=[],
                    foreground=[("disabled", colours.muted)],
                )
                style.configure(f"{prefix}Accent.TButton", font="RasStrong")
        for kind in ("Notice", "Error"):
            ground = colours.notice if kind == "Notice" else colours.error
            style.layout(f"{kind}.TButton", style.layout("Quiet.TButton"))
            style.configure(f"{kind}.TButton", background=ground, foreground=colours.text, padding=px(6))
            style.map(f"{kind}.TButton", background=[])
        arrow = self.icon("down", 16, colours.muted)
        style.element_create("Choice.arrow", "image", arrow, sticky="e")
        inner: Any = [("Choice.arrow", {"side": "right", "sticky": "e"}), ("Menubutton.label", {"sticky": "nswe"})]
        padding_node: Any = ("Menubutton.padding", {"sticky": "nswe", "children": inner})
        style.layout("TMenubutton", [("Rounded.button", {"sticky": "nswe", "children": [padding_node]})])
        style.configure("TMenubutton", background=colours.panel, foreground=colours.text, padding=(px(12), px(5)))
        style.map("TMenubutton", background=[], foreground=[("disabled", colours.muted)])

    def _bars(self) -> None:
        style, colours, px = self._style, self.palette, self.px
        thick = px(6)

        def bar(key: str, size: tuple[int, int], fill: str) -> ImageTk.PhotoImage:
            return self.image(key, lambda: shapes.rounded_box(size, min(size) // 2, fill))

        long = px(40)
        style.element_create(
            "Slim.trough", "image", bar("trough", (long, thick), colours.raised), border=thick // 2, sticky="we"
        )
        style.element_create(
            "Slim.pbar", "image", bar("pbar", (thick * 2, thick), colours.accent), border=thick // 2, sticky="we"
        )
        style.layout(
            "Horizontal.TProgressbar",
            [("Slim.trough", {"sticky": "we", "children": [("Slim.pbar", {"side": "left", "sticky": ""})]})],
        )
        style.configure("Horizontal.TProgressbar", background=colours.ground, thickness=thick)
        wide = px(10)
        style.element_create(
            "Slim.thumb",
            "image",
            bar("thumb", (wide, long), colours.raised),
            ("pressed", bar("thumb-pressed", (wide, long), colours.muted)),
            ("active", bar("thumb-active", (wide, long), colours.hover)),
            border=wide // 2,
            sticky="ns",
        )
        for prefix, ground in (("", colours.ground), ("Card.", colours.panel)):
            name = f"{prefix}Vertical.TScrollbar"
            style.layout(
                name,
                [("Vertical.Scrollbar.trough", {"sticky": "ns", "children": [("Slim.thumb", {"sticky": "nswe"})]})],
            )
            style.configure(name, background=ground, troughcolor=ground, bordercolor=ground, width=wide, borderwidth=0)
            style.configure(name, lightcolor=ground, darkcolor=ground, relief="flat")


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
