"""RAS among the programs of the desktop: a shortcut for each system, offered for JSON files where that is wished.

Standard library only: it works before anything is installed. What a system is given is made by functions without
effects, and put there by ``install`` and taken away by ``remove`` of the system's module.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ras.desktop.program import ShortcutError, start_command

__all__ = ["ShortcutError", "install", "remove", "start_command"]


def install(open_json: bool) -> list[Path]:
    """Put RAS among the programs, and among those that open JSON files, or not; the files that were made.

    What an earlier call made is replaced. Raises ShortcutError and OSError.
    """
    command = start_command()
    if sys.platform == "win32":
        from ras.desktop import windows

        return windows.install(command, open_json)
    if sys.platform == "darwin":
        from ras.desktop import macos

        return macos.install(command, open_json)
    from ras.desktop import freedesktop

    return freedesktop.install(command, open_json)


def remove() -> list[Path]:
    """Undo ``install``; the files that were removed, none where there is nothing. Raises ShortcutError and OSError."""
    if sys.platform == "win32":
        from ras.desktop import windows

        return windows.remove()
    if sys.platform == "darwin":
        from ras.desktop import macos

        return macos.remove()
    from ras.desktop import freedesktop

    return freedesktop.remove()
