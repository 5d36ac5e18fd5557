"""Puts a picture on the system's clipboard. Tk can put texts there only; on Linux and macOS other programs can."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Sequence

from ras.gui.clipboard import ClipboardError
from ras.gui.picture_file import PictureFile, picture_file
from ras.records import Job

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.records import SearchResult

_MOST_PIXELS = 60_000_000
"""Programs that paste hold all of it in memory, and several times."""
_NO_HELPER = (
    "To copy a picture, RAS needs a small program that is not installed: xclip (on X11) or wl-copy of wl-clipboard (on "
    "Wayland). Install it, or save the picture instead."
)
_REFUSED = "The clipboard does not take the picture: close what uses it and try again, or save the picture instead."
_HELPER_SECONDS = 20
_CF_DIB = 8
_GMEM_MOVEABLE = 2
_FILE_HEADER = 14
"""Bytes of a BMP file before what Windows calls a device-independent bitmap."""
_MAC_SCRIPT = (
    "on run argv",
    "set the clipboard to (read (POSIX file (item 1 of argv)) as «class PNGf»)",
    "end run",
)


def copy_picture(result: SearchResult, media_folders: Sequence[str], window: int) -> Job[bool]:
    """Whether it was the picture itself, and not only its preview. Raises RASError. ``window``: its number in the
    system, which Windows asks for.
    """
    yield from ()
    from ras.images import decode_image

    file = picture_file(result, media_folders)
    image = decode_image(file.data, extra_formats=True, max_pixels=_MOST_PIXELS)
    if sys.platform == "win32":
        _to_windows(image, window)
    elif sys.platform == "darwin":
        _to_mac(_as_png(file, image))
    else:
        _to_helper(_as_png(file, image))
    return not file.is_preview


def _as_png(file: PictureFile, image: Image) -> bytes:
    if file.kind == "PNG":
        return file.data
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=1)
    return written.getvalue()


def _to_helper(png: bytes) -> None:
    """By xclip or wl-copy, which go on in the background for as long as the picture is on the clipboard."""
    wayland = shutil.which("wl-copy") if os.environ.get("WAYLAND_DISPLAY") else None
    xclip = shutil.which("xclip")
    if wayland is not None:
        command = [wayland, "--type", "image/png"]
    elif xclip is not None:
        command = [xclip, "-selection", "clipboard", "-t", "image/png", "-i"]
    else:
        raise ClipboardError(_NO_HELPER)
    _run(command, png)


def _to_mac(png: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        file.write(png)
        file.flush()
        _run(["osascript", *(part for line in _MAC_SCRIPT for part in ("-e", line)), file.name], b"")


def _run(command: Sequence[str], given: bytes) -> None:
    try:
        # No pipes for what it says: whoever stays in the background would keep them open.
        ended = subprocess.run(
            command,
            input=given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_HELPER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise ClipboardError(_REFUSED) from exc
    if ended.returncode != 0:
        raise ClipboardError(_REFUSED)


def device_independent_bitmap(image: Image) -> bytes:
    """What Windows has pictures as on its clipboard: a BMP file without the header of the file."""
    written = io.BytesIO()
    image.save(written, "BMP")
    return written.getvalue()[_FILE_HEADER:]


def _to_windows(image: Image, window: int) -> None:
    if sys.platform != "win32":
        return
    import ctypes

    user, kernel = ctypes.WinDLL("user32", use_last_error=True), ctypes.WinDLL("kernel32", use_last_error=True)
    # Handles and addresses have 64 bits; without this ctypes cuts them to 32.
    kernel.GlobalAlloc.restype = kernel.GlobalLock.restype = user.SetClipboardData.restype = ctypes.c_void_p
    kernel.GlobalAlloc.argtypes = (ctypes.c_uint, ctypes.c_size_t)
    for function in (kernel.GlobalLock, kernel.GlobalUnlock, kernel.GlobalFree, user.OpenClipboard):
        function.argtypes = (ctypes.c_void_p,)
    user.SetClipboardData.argtypes = (ctypes.c_uint, ctypes.c_void_p)
    data = device_independent_bitmap(image)
    handle = kernel.GlobalAlloc(_GMEM_MOVEABLE, len(data))
    place = kernel.GlobalLock(handle) if handle else None
    if not place:
        raise ClipboardError(_REFUSED)
    ctypes.memmove(place, data, len(data))
    kernel.GlobalUnlock(handle)
    for _ in range(10):  # another program may be looking at it
        if user.OpenClipboard(window):
            break
        time.sleep(0.05)
    else:
        kernel.GlobalFree(handle)
        raise ClipboardError(_REFUSED)
    try:
        user.EmptyClipboard()
        if not user.SetClipboardData(_CF_DIB, handle):  # from here on the memory is the system's
            kernel.GlobalFree(handle)
            raise ClipboardError(_REFUSED)
    finally:
        user.CloseClipboard()
