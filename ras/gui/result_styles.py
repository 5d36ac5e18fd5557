"""The ttk styles of what stands over the results: slim buttons and choices on the ground of the window."""

from __future__ import annotations

from tkinter import ttk
from typing import TYPE_CHECKING, Any

from ras.gui import shapes

if TYPE_CHECKING:
    from PIL import ImageTk

    from ras.gui.theme import Theme


def build_result_styles(theme: Theme, style: ttk.Style) -> None:
    """Add them to the ttk theme in use."""
    colours, px = theme.palette, theme.px

    def box(fill: str | None, outline: str | None = None) -> ImageTk.PhotoImage:
        side = px(28)
        return theme.image(
            ("slim", fill, outline),
            lambda: shapes.rounded_box((side, side), px(6), fill, outline, px(2) if outline else 0),
        )

    style.element_create(
        "Slim.box",
        "image",
        box(None),
        ("focus", "selected", box(colours.soft, colours.text)),
        ("focus", box(colours.raised, colours.text)),
        ("selected", box(colours.soft)),
        ("pressed", box(colours.hover)),
        ("active", box(colours.raised)),
        border=px(6),
        padding=px(2),
        sticky="nswe",
    )
    label: Any = ("Button.padding", {"sticky": "nswe", "children": [("Button.label", {"sticky": "nswe"})]})
    style.layout("Slim.TButton", [("Slim.box", {"sticky": "nswe", "children": [label]})])
    arrow: Any = ("Choice.arrow", {"side": "right", "sticky": "e"})
    inner: Any = (
        "Menubutton.padding",
        {"sticky": "nswe", "children": [arrow, ("Menubutton.label", {"sticky": "nswe"})]},
    )
    style.layout("Slim.TMenubutton", [("Slim.box", {"sticky": "nswe", "children": [inner]})])
    for name in ("Slim.TButton", "Slim.TMenubutton"):
        style.configure(
            name, background=colours.ground, foreground=colours.text, font="RasSmall", padding=(px(6), px(3))
        )
        style.map(name, background=[], foreground=[("disabled", colours.muted)])
    _slider(theme, style)
    # In the width of a column of fields.
    style.layout("Field.TMenubutton", [("Form.field", {"sticky": "nswe", "children": [inner]})])
    style.configure("Field.TMenubutton", background=colours.panel, foreground=colours.text, padding=(px(3), 0))
    style.map("Field.TMenubutton", background=[])


def _slider(theme: Theme, style: ttk.Style) -> None:
    colours, px = theme.palette, theme.px

    def knob(fill: str, ring: str | None = None) -> ImageTk.PhotoImage:
        side = px(16)
        return theme.image(
            ("knob", fill, ring),
            lambda: shapes.rounded_box((side, side), side // 2, fill, ring, px(2) if ring else 0),
        )

    trough = theme.image("slider", lambda: shapes.rounded_box((px(40), px(16)), px(8), None, None))
    line = theme.image("slider line", lambda: shapes.rounded_box((px(40), px(4)), px(2), colours.hover))
    style.element_create("Size.trough", "image", trough, border=px(7), sticky="we")
    style.element_create("Size.line", "image", line, border=px(2), sticky="we")
    style.element_create(
        "Size.slider",
        "image",
        knob(colours.muted),
        ("focus", knob(colours.accent, colours.text)),
        ("pressed", knob(colours.accent)),
        ("active", knob(colours.text)),
    )
    parts: Any = [("Size.line", {"sticky": "we"}), ("Size.slider", {"side": "left", "sticky": ""})]
    style.layout("Horizontal.TScale", [("Size.trough", {"sticky": "we", "children": parts})])
    style.configure("Horizontal.TScale", background=colours.ground)
