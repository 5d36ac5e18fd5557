"""What a desktop needs to know of the program: its names, and how it is started."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ras.called import SETS_UP
from ras.paths import REPOSITORY

NAME = "Reverse Archive Search"
ID = "reverse-archive-search"
"""Of its files: letters and hyphens, which no system has to quote."""
SUMMARY = "Find where a picture was posted in a Discord archive"


class ShortcutError(Exception):
    """No shortcut can be made here; the text is a sentence for the user."""


def start_command() -> list[str]:
    """The program and its arguments that open the window, as absolute paths."""
    if getattr(sys, "frozen", False):
        program = Path(sys.executable)
        if sys.platform == "win32":  # typed was the one with a console
            window = program.with_name("RAS.exe")
            program = window if window.exists() else program
        return [os.path.abspath(str(program))]
    return [_python(), str(REPOSITORY / "run_app.py")] if SETS_UP else [_python(), "-m", "ras"]


def _python() -> str:
    """The Python that starts RAS: not that of the private environment, which the launcher may make anew."""
    python = Path(sys.executable)
    if (Path(sys.prefix) / "ras-environment.json").is_file():
        python = Path(getattr(sys, "_base_executable", "") or sys.executable)
        if python == Path(sys.executable):  # on some systems that is the environment's own
            names = ("python.exe",) if sys.platform == "win32" else ("bin/python3", "bin/python")
            found = (Path(sys.base_prefix) / name for name in names)
            python = next((each for each in found if each.exists()), python)
    if sys.platform == "win32":
        quiet = python.with_name("pythonw.exe")  # no console beside the window
        python = quiet if quiet.exists() else python
    return os.path.abspath(str(python))
