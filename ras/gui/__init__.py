"""The window. Everything that imports tkinter is in this package; importing the package itself loads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

if TYPE_CHECKING:
    from ras.settings import Settings


def main(settings: Settings, paths: Sequence[str] = ()) -> int:
    """Open the window with the files ``paths`` (exports, a picture), run until it is closed; returns the exit code."""
    from ras.gui.start import run

    return run(settings, paths)
