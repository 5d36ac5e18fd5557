"""The window. Everything that imports tkinter is in this package; importing the package itself loads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

if TYPE_CHECKING:
    from ras.one_window import Reception
    from ras.settings import Settings


def main(settings: Settings, paths: Sequence[str] = (), reception: Reception | None = None) -> int:
    """Open the window with the files ``paths`` (exports, a picture), run until it is closed; returns the exit code.

    ``reception`` hears of the files of later starts.
    """
    from ras.gui.start import run

    return run(settings, paths, reception)
