"""The ttk styles: widgets with round corners, whose images are drawn for the palette and the screen's scale in use.

sv-ttk and other pixmap themes ship sprites of one size, so that at 200 % corners, arrows and scroll bars stay small or
blur. Ours are a handful of rounded boxes, drawn by shapes.py. ``Card.`` styles stand on a panel, the others on the
ground of the window.
"""

from __future__ import annotations

from tkinter import ttk
from typing import TYPE_CHECKING, Any

from ras.gui import shapes

if TYPE_CHECKING:
    from PIL import ImageTk

    from ras.gui.theme import Theme


def build_styles(theme: Theme, style: ttk.Style) -> None:
    """Fill the ttk theme in use, which is new and empty, with the styles of ``theme.palette``."""
    colours = theme.palette
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
    _labels_and_frames(theme, style)
    _buttons(theme, style)
    _notices(theme, style)
    _progress_bar(theme, style)
    _scroll_bars(theme, style)
    _table(theme, style)


def _grounds(theme: Theme) -> tuple[tuple[str, str], ...]:
    """(prefix of the style, what it stands on)."""
    return ("", theme.palette.ground), ("Card.", theme.palette.panel)


def _element(
    theme: Theme,
    style: ttk.Style,
    name: str,
    radius: int,
    fill: str | None,
    states: dict[str, tuple[str | None, str | None]] | None = None,
    padding: int | None = None,
    behind: str | None = None,
) -> None:
    """A rounded box that stretches: ``states`` maps ttk states to (fill, outline); ``padding`` is ``radius`` else.

    ttk lays its middle side by side, and where there is transparency, Tk asks the screen for each of them what is
    behind: hence it is large, and there is none where all such boxes stand on the same colour, ``behind``.
    """
    side = 2 * radius + theme.px(16)
    size = 2 * radius + theme.px(160), 2 * radius + theme.px(160 if behind else 24)

    def box(fill: str | None, outline: str | None) -> ImageTk.PhotoImage:
        line = theme.px(2) if outline else 0
        return theme.image((name, fill, outline), lambda: shapes.rounded_box(size, radius, fill, outline, line, behind))

    variants: Any = [(*state.split(), box(*look)) for state, look in (states or {}).items()]
    style.element_create(
        name,
        "image",
        box(fill, None),
        *variants,
        border=radius,
        width=side,
        height=side,
        padding=radius if padding is None else padding,
        sticky="nswe",
    )


def _labels_and_frames(theme: Theme, style: ttk.Style) -> None:
    colours = theme.palette
    for prefix, ground in _grounds(theme):
        style.configure(f"{prefix}TFrame", background=ground)
        style.configure(f"{prefix}TLabel", background=ground)
        style.configure(f"{prefix}Muted.TLabel", background=ground, foreground=colours.muted, font="RasSmall")
        style.configure(f"{prefix}Strong.TLabel", background=ground, font="RasStrong")
        style.configure(f"{prefix}Title.TLabel", background=ground, font="RasTitle")
        style.configure(f"{prefix}Large.TLabel", background=ground, font="RasLarge")
    style.configure("Number.TLabel", foreground=colours.link, font="RasStrong")
    _element(theme, style, "Panel.border", theme.px(10), colours.panel, behind=colours.ground)
    style.layout("Panel.TFrame", [("Panel.border", {"sticky": "nswe"})])
    style.configure("Panel.TFrame", background=colours.ground)


def _buttons(theme: Theme, style: ttk.Style) -> None:
    colours, px = theme.palette, theme.px
    ring = colours.text
    looks = {
        "": (colours.raised, colours.hover, colours.text),
        "Accent.": (colours.accent, colours.accent_hover, colours.on_accent),
        "Quiet.": (None, colours.raised, colours.text),
        "Link.": (None, colours.raised, colours.link),
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
        # The text of a link stands in line with what is above it.
        _element(theme, style, element, px(7), rest, states, padding=px(2) if look == "Link." else None)
        label: Any = ("Button.padding", {"sticky": "nswe", "children": [("Button.label", {"sticky": "nswe"})]})
        for prefix, ground in _grounds(theme):
            name = f"{prefix}{look}TButton"
            style.layout(name, [(element, {"sticky": "nswe", "children": [label]})])
            padding = {"Quiet.": px(5), "Link.": px(1)}.get(look, (px(12), px(5)))
            style.configure(name, background=ground, foreground=text, padding=padding, anchor="center")
            style.map(name, background=[], foreground=[("disabled", colours.muted)])
            style.configure(f"{prefix}Accent.TButton", font="RasStrong")
    style.layout("Name.TButton", style.layout("Link.TButton"))
    style.configure("Name.TButton", background=colours.ground, foreground=colours.text, font="RasLarge", padding=px(1))
    style.map("Name.TButton", background=[])
    # Two of these share the width of a panel.
    style.configure("Card.Half.TButton", background=colours.panel, padding=(px(2), px(3)))
    arrow = theme.icon("down", 16, colours.muted)
    style.element_create("Choice.arrow", "image", arrow, sticky="e")
    inner: Any = [("Choice.arrow", {"side": "right", "sticky": "e"}), ("Menubutton.label", {"sticky": "nswe"})]
    padding_node: Any = ("Menubutton.padding", {"sticky": "nswe", "children": inner})
    for name, ground in (("TMenubutton", colours.panel), ("Ground.TMenubutton", colours.ground)):
        style.layout(name, [("Rounded.button", {"sticky": "nswe", "children": [padding_node]})])
        style.configure(name, background=ground, foreground=colours.text, padding=(px(12), px(5)))
        style.map(name, background=[], foreground=[("disabled", colours.muted)])


def _notices(theme: Theme, style: ttk.Style) -> None:
    colours, px = theme.palette, theme.px
    for kind, ground, text in (
        ("Notice", colours.notice, colours.notice_text),
        ("Error", colours.error, colours.error_text),
    ):
        _element(theme, style, f"{kind}.border", px(8), ground, behind=colours.ground)
        style.layout(f"{kind}.TFrame", [(f"{kind}.border", {"sticky": "nswe"})])
        style.configure(f"{kind}.TFrame", background=colours.ground)
        style.configure(f"{kind}.TLabel", background=ground, foreground=text)
        style.layout(f"{kind}.TButton", style.layout("Quiet.TButton"))
        style.configure(f"{kind}.TButton", background=ground, foreground=colours.text, padding=px(6))
        style.map(f"{kind}.TButton", background=[])
        style.layout(f"{kind}.Offer.TButton", style.layout("TButton"))
        style.configure(f"{kind}.Offer.TButton", background=ground, foreground=colours.text, padding=(px(10), px(4)))
        style.map(f"{kind}.Offer.TButton", background=[])


def _bar(theme: Theme, key: str, size: tuple[int, int], fill: str) -> ImageTk.PhotoImage:
    return theme.image(key, lambda: shapes.rounded_box(size, min(size) // 2, fill))


def _progress_bar(theme: Theme, style: ttk.Style) -> None:
    colours = theme.palette
    thick, long = theme.px(6), theme.px(40)
    trough = _bar(theme, "trough", (long * 4, thick), colours.raised)
    style.element_create("Slim.trough", "image", trough, border=thick // 2, width=long, sticky="we")
    done = _bar(theme, "pbar", (long * 4, thick), colours.accent)
    style.element_create("Slim.pbar", "image", done, border=thick // 2, width=thick * 2, sticky="we")
    style.layout(
        "Horizontal.TProgressbar",
        [("Slim.trough", {"sticky": "we", "children": [("Slim.pbar", {"side": "left", "sticky": ""})]})],
    )
    style.configure("Horizontal.TProgressbar", background=colours.ground, thickness=thick)


def _scroll_bars(theme: Theme, style: ttk.Style) -> None:
    colours = theme.palette
    wide, long = theme.px(10), theme.px(40)
    style.element_create(
        "Slim.thumb",
        "image",
        _bar(theme, "thumb", (wide, long), colours.raised),
        ("pressed", _bar(theme, "thumb-pressed", (wide, long), colours.muted)),
        ("active", _bar(theme, "thumb-active", (wide, long), colours.hover)),
        border=wide // 2,
        sticky="ns",
    )
    for prefix, ground in _grounds(theme):
        name = f"{prefix}Vertical.TScrollbar"
        style.layout(
            name,
            [("Vertical.Scrollbar.trough", {"sticky": "ns", "children": [("Slim.thumb", {"sticky": "nswe"})]})],
        )
        style.configure(name, background=ground, troughcolor=ground, bordercolor=ground, width=wide, borderwidth=0)
        style.configure(name, lightcolor=ground, darkcolor=ground, relief="flat")


def _table(theme: Theme, style: ttk.Style) -> None:
    colours, px = theme.palette, theme.px
    style.configure(
        "Treeview",
        background=colours.panel,
        fieldbackground=colours.panel,
        foreground=colours.text,
        rowheight=round(theme.line_height("RasBody") * 1.5),
        borderwidth=0,
    )
    style.layout("Treeview", [("Treeview.treearea", {"sticky": "nswe"})])
    style.map("Treeview", background=[("selected", colours.accent)], foreground=[("selected", colours.on_accent)])
    style.configure("Treeview.Cell", padding=(px(8) - 4, 0))  # Tk adds 4 pixels of its own at any scale
    style.configure("Treeview.Heading", background=colours.raised, font="RasStrong", padding=(px(8), px(4)))
    style.map("Treeview.Heading", background=[("active", colours.hover)])
