"""Where in the program something happened, without where on this computer the program lies."""

from __future__ import annotations

import linecache
import os
import re
import sysconfig
from pathlib import Path

from ras.launch.frozen import is_frozen
from ras.paths import REPOSITORY

ELSEWHERE = "(outside of the program)"

_PACKAGES = re.compile(r".*[/\\](?:site|dist)-packages[/\\]")
_FROZEN = re.compile(r"<frozen [\w.]+>")
_INSIDE = re.compile(r"[\w.+-]+(?:/[\w.+-]+)*\.py")


def place_of(file: str) -> str:
    """``ras/gui/app.py``, ``site-packages/PIL/Image.py``, ``python/json/decoder.py``: the file of a frame."""
    if _FROZEN.fullmatch(file):
        return file
    inside = _PACKAGES.sub("", file)
    if inside != file:
        return _checked("site-packages/", inside)
    file = _real(file)  # the program may have been started through a link
    for folder, prefix in ((str(REPOSITORY), ""), (os.path.realpath(sysconfig.get_path("stdlib")), "python/")):
        if _is_within(file, folder):
            return _checked(prefix, os.path.relpath(file, folder))
    return ELSEWHERE


def line_of(file: str, number: int) -> str:
    """The line of code, where the program has its source with it."""
    lines = source_of(file)
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def source_of(file: str) -> list[str]:
    """The lines of a file that has a place; none where there are none."""
    return linecache.getlines(_real(file))


def without_home(text: str) -> str:
    """The text with ``~`` for the user's folder, whose name is mostly that of a person."""
    for home in {str(Path.home()), os.path.realpath(str(Path.home()))}:
        if len(home) > 3:  # not the root of a disk
            text = re.sub(re.escape(home) + r"(?![\w-])", "~", text, flags=re.IGNORECASE if os.name == "nt" else 0)
    return text


def _real(file: str) -> str:
    """The path without links; empty where it is none.

    A relative one is that of a file within a program that was built, else of the one that Python 3.8 was started with.
    """
    try:
        return os.path.realpath(os.path.join(str(REPOSITORY), file) if is_frozen() else file)
    except (OSError, ValueError):  # e.g. the current folder is gone
        return ""


def _checked(prefix: str, inside: str) -> str:
    inside = inside.replace("\\", "/")
    safe = ".." not in inside.split("/") and _INSIDE.fullmatch(inside)
    return prefix + inside if safe else ELSEWHERE


def _is_within(file: str, folder: str) -> bool:
    return os.path.normcase(file).startswith(os.path.normcase(folder).rstrip(os.sep) + os.sep)
