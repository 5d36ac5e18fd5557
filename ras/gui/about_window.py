"""The box that says what this program is, which versions are here and where its data lie."""

from __future__ import annotations

from tkinter import ttk
from typing import TYPE_CHECKING, Sequence

from PIL import Image

from ras.gui import dialogs
from ras.paths import ASSETS, data_folder

if TYPE_CHECKING:
    from ras.gui.app import App

TITLE = "About Reverse Archive Search"
_WHAT = (
    "Finds where a picture was posted in a Discord archive. Everything happens on this computer; only pictures of the "
    "archive are downloaded."
)
_NO_LICENCE = "none comes with this copy; its packages have their own"


class AboutWindow:
    """``facts``: (name, version); ``licence``: its first line, or empty."""

    def __init__(self, app: App, facts: Sequence[tuple[str, str]], licence: str) -> None:
        self._app, theme, px = app, app.theme, app.theme.px
        folder = str(data_folder())
        self.text = "\n".join(f"{name}: {version}" for name, version in (*facts, ("Data folder", folder)))
        self.window, frame, row = dialogs.dialog_with_row(app.root, theme, TITLE)
        top = ttk.Frame(frame)
        top.pack(fill="x", pady=(0, px(14)))
        logo = theme.image(("about", px(56)), lambda: _logo(px(56)))
        ttk.Label(top, image=logo).pack(side="left", padx=(0, px(14)))
        ttk.Label(top, text=_WHAT, justify="left", wraplength=px(430)).pack(side="left")
        card = ttk.Frame(frame, style="Panel.TFrame", padding=px(14))
        card.pack(fill="x")
        card.columnconfigure(1, weight=1)
        lines = (*facts, ("Data folder", folder), ("Licence", licence or _NO_LICENCE))
        for number, (name, version) in enumerate(lines):
            ttk.Label(card, text=name, style="Card.TLabel").grid(row=number, column=0, sticky="nw", pady=px(1))
            told = ttk.Label(card, text=theme.shown(version), style="Card.TLabel", wraplength=px(330), justify="left")
            told.grid(row=number, column=1, sticky="w", padx=(px(20), 0), pady=px(1))
        self.copy_button = ttk.Button(row, text="Copy", command=self._copy)
        self.copy_button.pack(side="left")
        self.said = ttk.Label(row, style="Muted.TLabel")
        self.said.pack(side="left", padx=(px(10), 0))
        dialogs.centre(self.window, app.root)

    def _copy(self) -> None:
        """What somebody who helps wants to know."""
        self._app.root.clipboard_clear()
        self._app.root.clipboard_append(self.text)
        self.said.configure(text="On the clipboard.")


def _logo(side: int) -> Image.Image:
    with Image.open(ASSETS / "icon.png") as icon:
        image: Image.Image = icon.convert("RGBA").resize((side, side), Image.Resampling.LANCZOS)
    return image
