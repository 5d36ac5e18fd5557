"""RAS as one program without a Python beside it, which bundle/ras.spec makes: there is no environment to prepare."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Sequence


def is_frozen() -> bool:
    return bool(getattr(sys, "frozen", False))


def leave_libraries_to_others() -> None:
    """Let browsers and viewers that RAS starts find the system's libraries, not those that the program brings.

    PyInstaller names its own in the environment; this process has read that already. And let this program itself, where
    it is started anew, find its own again: else it would take them for named.
    """
    if is_frozen():
        os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
        for name in ("LD_LIBRARY_PATH", "LIBPATH"):
            before = os.environ.pop(name + "_ORIG", None)
            os.environ.pop(name, None)
            if before is not None:
                os.environ[name] = before


def stand_in(arguments: Sequence[str]) -> bool:
    """Run ``-c CODE`` as Python would, whose place this program has in ``sys.executable``; whether that was asked for.

    The doctor tries libraries so, each in a process that may crash.
    """
    if not is_frozen() or len(arguments) != 2 or arguments[0] != "-c":
        return False
    sys.path.insert(0, "")  # as Python does
    try:
        exec(compile(arguments[1], "<string>", "exec"), {"__name__": "__main__"})
    except Exception:  # noqa: BLE001  told as Python tells it
        traceback.print_exc()
        sys.exit(1)
    return True
