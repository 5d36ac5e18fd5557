"""The ttk styles of forms: fields to type in, ticks, and the names of pages; on a panel, or on the ground."""

from __future__ import annotations

from tkinter import ttk
from typing import TYPE_CHECKING, Any

from ras.gui import shapes

if TYPE_CHECKING:
    from PIL import Image, ImageTk

    from ras.gui.theme import Theme


def build_form_styles(theme: Theme, style: ttk.Style) -> None:
    """Add them to the ttk theme in use."""
    _fields(theme, style)
    _ticks(theme, style)
    _page_names(theme, style)
    _keys(theme, style)
    _slider(theme, style)


def _box(
    theme: Theme, fill: str | None, outline: str | None, line: float = 2, corner: int = 7, middle: int = 160
) -> ImageTk.PhotoImage:
    """A rounded box that stretches; ``middle``: so wide between its corners."""
    radius = theme.px(corner)
    size = 2 * radius + theme.px(middle), 2 * radius + theme.px(min(middle, 24))
    return theme.image(
        ("form", fill, outline, line, size),
        lambda: shapes.rounded_box(size, radius, fill, outline, theme.px(line) if outline else 0),
    )


def _side(theme: Theme) -> int:
    """Of the least box with round corners."""
    return 2 * theme.px(7) + theme.px(16)


def _fields(theme: Theme, style: ttk.Style) -> None:
    colours, px = theme.palette, theme.px
    style.element_create(
        "Form.field",
        "image",
        _box(theme, colours.well, colours.muted, 1),
        ("invalid", _box(theme, colours.well, colours.error_text)),
        ("focus", _box(theme, colours.well, colours.link)),
        border=px(7),
        width=_side(theme),
        height=_side(theme),
        padding=px(7),
        sticky="nswe",
    )
    text: Any = ("Entry.padding", {"sticky": "nswe", "children": [("Entry.textarea", {"sticky": "nswe"})]})
    for prefix, ground in (("", colours.ground), ("Card.", colours.panel)):
        name = f"{prefix}TEntry"
        style.layout(name, [("Form.field", {"sticky": "nswe", "children": [text]})])
        style.configure(name, background=ground, foreground=colours.text, padding=(px(3), 0))
        style.configure(f"{prefix}Wrong.TLabel", background=ground, foreground=colours.error_text, font="RasSmall")


def _ticks(theme: Theme, style: ttk.Style) -> None:
    colours, px = theme.palette, theme.px
    side = px(20)

    def tick(fill: str, outline: str | None, checked: bool) -> ImageTk.PhotoImage:
        def draw() -> Image.Image:
            box = shapes.rounded_box((side, side), px(5), fill, outline, px(1.5) if outline else 0)
            if checked:
                sign = shapes.icon("check", side, colours.on_accent)
                box.alpha_composite(sign)
            return box

        return theme.image(("tick", fill, outline, checked), draw)

    style.element_create(
        "Form.tick",
        "image",
        tick(colours.well, colours.muted, False),
        ("selected", "active", tick(colours.accent_hover, None, True)),
        ("selected", tick(colours.accent, None, True)),
        ("active", tick(colours.raised, colours.text, False)),
        sticky="w",
    )
    style.element_create(
        "Form.ring",
        "image",
        _box(theme, None, None),
        ("focus", _box(theme, None, colours.link)),
        border=px(7),
        width=_side(theme),
        height=_side(theme),
        padding=px(3),
    )
    parts: Any = [("Form.tick", {"side": "left", "sticky": "w"}), ("Checkbutton.label", {"sticky": "nswe"})]
    padding: Any = ("Checkbutton.padding", {"sticky": "nswe", "children": parts})
    style.layout("Card.TCheckbutton", [("Form.ring", {"sticky": "nswe", "children": [padding]})])
    style.configure(
        "Card.TCheckbutton",
        background=colours.panel,
        foreground=colours.text,
        font="RasStrong",
        padding=(0, px(1)),
    )
    style.map("Card.TCheckbutton", background=[])


def _page_names(theme: Theme, style: ttk.Style) -> None:
    colours, px = theme.palette, theme.px
    style.element_create(
        "Form.page",
        "image",
        _box(theme, None, None),
        ("selected", "focus", _box(theme, colours.accent, colours.text)),
        ("selected", _box(theme, colours.accent, None)),
        ("focus", _box(theme, colours.raised, colours.text)),
        ("active", _box(theme, colours.raised, None)),
        border=px(7),
        width=_side(theme),
        height=_side(theme),
        padding=px(7),
        sticky="nswe",
    )
    label: Any = ("Radiobutton.label", {"sticky": "nswe"})
    style.layout("Page.TRadiobutton", [("Form.page", {"sticky": "nswe", "children": [label]})])
    style.configure(
        "Page.TRadiobutton", background=colours.ground, foreground=colours.text, padding=(px(8), px(4)), anchor="w"
    )
    style.map("Page.TRadiobutton", background=[], foreground=[("selected", colours.on_accent)])


def _keys(theme: Theme, style: ttk.Style) -> None:
    """Keys of a keyboard, in a text."""
    colours, px = theme.palette, theme.px
    cap = _box(theme, colours.raised, colours.line, 1, corner=4, middle=4)
    padding = (px(6), px(2), px(6), px(2))
    style.element_create("Form.key", "image", cap, border=px(4), padding=padding, sticky="nswe")
    style.layout("Key.TLabel", [("Form.key", {"sticky": "nswe", "children": [("Label.label", {"sticky": ""})]})])
    style.configure("Key.TLabel", background=colours.panel, foreground=colours.text, font="RasSmall")


def _slider(theme: Theme, style: ttk.Style) -> None:
    """Between two sides that are worth the same: its trough is not filled."""
    colours, px = theme.palette, theme.px
    side, thick = px(18), px(6)

    def thumb(fill: str, outline: str | None) -> ImageTk.PhotoImage:
        line = px(2) if outline else 0
        return theme.image(
            ("slider", fill, outline), lambda: shapes.rounded_box((side, side), side // 2, fill, outline, line)
        )

    trough = theme.image("slider-trough", lambda: shapes.rounded_box((px(40), thick), thick // 2, colours.raised))
    style.element_create("Blend.trough", "image", trough, border=thick // 2, sticky="we")
    style.element_create(
        "Blend.slider",
        "image",
        thumb(colours.accent, None),
        ("pressed", thumb(colours.accent_hover, colours.text)),
        ("focus", thumb(colours.accent, colours.text)),
        ("active", thumb(colours.accent_hover, None)),
        sticky="",
    )
    for prefix, ground in (("", colours.ground), ("Card.", colours.panel)):
        style.layout(
            f"{prefix}Blend.Horizontal.TScale",
            [
                ("Blend.trough", {"sticky": "we"}),
                ("Blend.slider", {"side": "left", "sticky": ""}),
            ],
        )
        style.configure(f"{prefix}Blend.Horizontal.TScale", background=ground)
