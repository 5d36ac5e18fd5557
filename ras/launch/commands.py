"""The commands of the program: the launcher's own, and those that it passes on."""

from __future__ import annotations

import os
from typing import Sequence

from ras.file_urls import is_file_url, path_of_url

COMMANDS = {
    "setup": "make or repair the private environment now (--reset makes it anew)",
    "shortcut": "put RAS among the programs of the desktop (--open-json: for JSON files, too; --remove: undo it)",
    "test": "run the test suite in that environment; what follows goes to pytest",
}
"""The launcher's own, for the help of the command line."""

PASSED_ON = ("search", "index", "show", "archives", "token", "doctor")

NEW_WINDOW = "--new-window"
"""Opens another window where one is open; without it, that one takes the files."""


def opens_window(arguments: Sequence[str]) -> bool:
    """Whether the window is what a call is for: no argument, or files alone, opened with RAS or dropped on its icon.

    A command's name is no file, though there be one: a folder “archives” would hide the command.
    """
    if arguments and arguments[0] in (*COMMANDS, *PASSED_ON):
        return False
    return all(argument == NEW_WINDOW or _is_file(argument) for argument in arguments)


def files_of(arguments: Sequence[str]) -> list[str]:
    """The files that a call which opens the window names, as absolute paths."""
    names = [argument for argument in arguments if argument != NEW_WINDOW]
    return [os.path.abspath(path_of_url(name) or name if is_file_url(name) else name) for name in names]


def _is_file(argument: str) -> bool:
    # A URL comes from a desktop, which has no terminal to read a refusal in: the window says what is wrong with it.
    return is_file_url(argument) or (not argument.startswith("-") and os.path.exists(argument))
