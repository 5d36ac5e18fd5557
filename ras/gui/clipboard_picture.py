"""The picture on the system's clipboard, as the bytes of a file: they are a stranger's, and decoded like all others."""

from __future__ import annotations

import binascii
import io
import os
import shutil
import struct
import subprocess
import sys
import threading
from typing import Sequence

_MOST_BYTES = 256_000_000
_HELPER_SECONDS = 20.0
"""Another program that owns the clipboard may never answer."""
_KINDS = ("image/png", "image")
"""What is asked for, one after the other; the second is any kind of picture, which only wl-paste knows."""
_FILE_HEADER = struct.Struct("<2sIII")


class NoHelper(Exception):
    """There is no program here that reads the clipboard."""


def picture_on_clipboard() -> bytes | list[str] | None:
    """The bytes of a picture's file, or the paths of copied files; None where there is neither.

    Raises NoHelper, and what the system's ways raise: OSError, ValueError and others of Pillow.
    """
    if sys.platform == "win32":
        return _from_windows()
    if sys.platform == "darwin":
        return _from_mac()
    return _from_helper()


def _from_helper() -> bytes | None:
    wayland, x11 = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("DISPLAY")
    if shutil.which("wl-paste") and (wayland or not x11):
        found = (_output(["wl-paste", "-t", kind]) for kind in _KINDS)
        return next(filter(None, found), None)
    if shutil.which("xclip") and not wayland:
        return _output(["xclip", "-selection", "clipboard", "-t", "image/png", "-o"])
    raise NoHelper


def _from_mac() -> bytes | None:
    """AppleScript says it in hexadecimal: ``«data PNGf8950…»``."""
    said = _output(["osascript", "-e", "get the clipboard as «class PNGf»"], 2 * _MOST_BYTES)
    start, end = (said.find(b"PNGf"), said.rfind("»".encode())) if said else (-1, -1)
    return binascii.unhexlify(said[start + 4 : end]) if said and 0 <= start < end else None


def _from_windows() -> bytes | list[str] | None:
    from PIL import ImageGrab

    # Pillow knows what Windows has; of a picture it reads the header here, in Python, and no pixel yet.
    grabbed = ImageGrab.grabclipboard()
    if grabbed is None or isinstance(grabbed, list):
        return None if grabbed is None else [str(path) for path in grabbed]
    with grabbed:
        file = getattr(grabbed, "fp", None)
        data = file.getvalue() if isinstance(file, io.BytesIO) else None
    return bitmap_file(data) if data is not None and grabbed.format == "DIB" else data


def bitmap_file(bitmap: bytes) -> bytes:
    """A BMP file of what Windows calls a device-independent bitmap: it lacks the file's header. Raises struct.error."""
    (header,) = struct.unpack_from("<I", bitmap)
    if header == 12:  # of OS/2, with three bytes for a colour
        (depth,) = struct.unpack_from("<H", bitmap, 10)
        colours = 3 << depth if depth <= 8 else 0
    else:
        depth, compression, used = struct.unpack_from("<14xHI12xI", bitmap)
        masks = {3: 12, 6: 16}.get(compression, 0) if header == 40 else 0
        colours = 4 * (min(used, 256) or (1 << depth if depth <= 8 else 0)) + masks
    start = _FILE_HEADER.size + header + colours
    return _FILE_HEADER.pack(b"BM", _FILE_HEADER.size + len(bitmap), 0, start) + bitmap


def _output(command: Sequence[str], most: int = _MOST_BYTES) -> bytes | None:
    """What a program says; None where it says nothing, too much, fails or never ends. Raises OSError."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        timer = threading.Timer(_HELPER_SECONDS, process.kill)
        timer.start()
        try:
            data = process.stdout.read(most + 1)
            if len(data) > most:
                process.kill()
            process.wait()
        finally:
            timer.cancel()
    return data if process.returncode == 0 and 0 < len(data) <= most else None
