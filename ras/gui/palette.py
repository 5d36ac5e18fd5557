"""The colours of the window, dark and light."""

from __future__ import annotations

from dataclasses import dataclass


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
