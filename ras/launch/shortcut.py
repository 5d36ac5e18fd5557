"""The command ``shortcut``: RAS among the programs of the desktop, or no longer."""

from __future__ import annotations

from typing import Sequence

from ras.called import NAME
from ras.launch.place import SetupError
from ras.launch.terminal import say

_USAGE = f"Usage: {NAME} shortcut [--open-json | --remove]"


def shortcut(arguments: Sequence[str]) -> int:
    """Raises SetupError with a sentence where it cannot be done."""
    from ras.desktop import ShortcutError, install, remove

    if list(arguments) not in ([], ["--open-json"], ["--remove"]):
        say(_USAGE)
        return 2
    try:
        if "--remove" in arguments:
            removed = remove()
            print("\n".join(f"Removed {path}" for path in removed) or "There was no shortcut.")
            return 0
        open_json = "--open-json" in arguments
        made = install(open_json)
    except ShortcutError as exc:
        raise SetupError(str(exc)) from exc
    except OSError as exc:
        raise SetupError(f"The shortcut could not be changed: {exc}.") from exc
    offered = " and is offered for JSON files (what opens them by default stays as it is)" if open_json else ""
    print(f"Reverse Archive Search is among your programs now{offered}: {made[-1]}")
    print(f"Undo it with: {NAME} shortcut --remove")
    return 0
