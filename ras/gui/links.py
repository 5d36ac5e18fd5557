"""The only ways out of the window: web pages and Discord's own links, and pictures in the system's viewer."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import webbrowser
from pathlib import Path
from urllib.parse import urlsplit

from ras.errors import RASError

PICTURE_ENDINGS = frozenset((".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp"))


_OPENING = 2.0
"""Seconds until nothing more is heard of a program that could not be started; chores wait for it."""

_MESSAGE = re.compile(r"discord://-/channels/(@me|[0-9]{1,20})/[0-9]{1,20}/[0-9]{1,20}", re.ASCII)
"""No other ``discord:`` URL: it comes from an export, and may invite somewhere, or carry arguments for the program."""


class OpenError(RASError):
    """Something was not opened: it is not safe, or this system has no program for it."""


def open_link(url: str) -> None:
    """Open a web page in the browser or the link of a message in Discord; blocks a moment. Anything else is refused."""
    if _MESSAGE.fullmatch(url):
        _hand_over(
            url, "Discord is not installed here, it seems: the link could not be opened. Open it in the browser."
        )
    elif urlsplit(url).scheme in ("https", "http") and url.isprintable() and " " not in url:
        if not webbrowser.open(url):
            raise OpenError(f"No web browser was found to open {url}. Copy the link instead.")
    else:
        raise OpenError("This link was not opened, because it is neither a web page nor a message in Discord.")


def open_picture(path: str) -> None:
    """Open a picture in the system's viewer, after a look at its content and its name; blocks a moment.

    The system chooses the program by the ending of the name, so that both must be a picture's.
    """
    from ras.images import sniff_format

    try:
        with open(path, "rb") as file:
            head = file.read(64)
    except OSError as exc:
        raise OpenError(f"{path} could not be opened: {exc.strerror or exc}.") from exc
    if sniff_format(head) is None or Path(path).suffix.lower() not in PICTURE_ENDINGS:
        raise OpenError(f"{path} was not opened, because it is not a picture.")
    _hand_over(path, f"No program was found to show {path}.")


def show_in_folder(path: str) -> None:
    """Show a file in the system's file manager."""
    if not os.path.isfile(path):
        raise OpenError(f"{path} is no longer there.")
    if sys.platform == "win32":
        subprocess.Popen(["explorer", "/select,", os.path.normpath(path)])
    elif sys.platform == "darwin":
        subprocess.Popen(["open", "-R", path])
    else:
        open_folder(os.path.dirname(path))


def open_folder(path: str) -> None:
    if not os.path.isdir(path):
        raise OpenError(f"{path} is no longer there.")
    _hand_over(path, f"No file manager was found to show {path}.")


def _hand_over(target: str, sorry: str) -> None:
    """Let the desktop open a target that was checked before."""
    try:
        if sys.platform == "win32":
            os.startfile(target)
            return
        command = "open" if sys.platform == "darwin" else "xdg-open"
        nothing = subprocess.DEVNULL
        process = subprocess.Popen([command, target], stdin=nothing, stdout=nothing, stderr=nothing)
        code = process.wait(_OPENING)
    except subprocess.TimeoutExpired:
        return  # some desktops wait until the program that they started ends
    except OSError as exc:
        raise OpenError(sorry) from exc
    if code != 0:
        raise OpenError(sorry)
