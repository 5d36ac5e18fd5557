"""The commands of the program: the launcher's own, and those that it passes on."""

from __future__ import annotations

import os
from typing import Sequence

COMMANDS = {
    "setup": "make or repair the private environment now (--reset makes it anew)",
    "test": "run the test suite in that environment; what follows goes to pytest",
}
"""The launcher's own, for the help of the command line."""

PASSED_ON = ("search", "index", "archives", "doctor")


def opens_window(arguments: Sequence[str]) -> bool:
    """Whether the window is what a call is for: no argument, or files alone, opened with RAS or dropped on its icon.

    A command's name is no file, though there be one: a folder “archives” would hide the command.
    """
    if arguments and arguments[0] in (*COMMANDS, *PASSED_ON):
        return False
    return all(not argument.startswith("-") and os.path.exists(argument) for argument in arguments)
