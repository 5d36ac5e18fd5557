"""Reading a picture, copied files, or a path from the clipboard."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, List, Union

from ras.errors import DecodeError, RASError, SkipReason
from ras.gui.incoming import from_numbers, paths_in
from ras.records import Job

if TYPE_CHECKING:
    from PIL.Image import Image

Pasted = Union["Image", List[str], str]
"""A picture, the paths of files, or a link."""

_NOTHING = "There is no picture on the clipboard, and no file. Copy one and paste again."
_NO_HELPER = (
    "To paste a picture, RAS needs a small program that is not installed: xclip (on X11) or wl-clipboard (on Wayland). "
    "Install it, or drop the picture on the window instead."
)


class ClipboardError(RASError):
    """Nothing on the clipboard can be used, or it cannot be read here."""


def text_on_clipboard(root: tk.Misc) -> str | None:
    """Text or copied files as text, by Tk; None where the clipboard holds a picture or nothing. On the Tk thread.

    On X11 this asks what there is first: a picture is read by a helper program, which must not be started for text.
    """
    kinds = ["UTF8_STRING"]
    if root.tk.call("tk", "windowingsystem") == "x11":
        kinds = _selection(root, "TARGETS").split()
    for kind in ("text/uri-list", "UTF8_STRING", "STRING", "text/html"):
        if kind in kinds and not any(target.startswith("image/") for target in kinds):
            text = _selection(root, kind)
            if kind.startswith("text/"):
                text = from_numbers(text)
            if text:
                return text
    return None


def _selection(root: tk.Misc, kind: str) -> str:
    try:
        return str(root.tk.call("selection", "get", "-selection", "CLIPBOARD", "-type", kind))
    except tk.TclError:  # nothing there, or not of this kind
        return ""


def paste(text: str | None) -> Job[Pasted]:
    """A picture, the paths of files, or a link: from the text if there was one, else from the system's clipboard.

    The picture was decoded in another process. A job: on Linux a helper program is asked, which in turn may ask this
    very program, so that the Tk thread must be free to answer. Raises ClipboardError.
    """
    yield from ()
    paths = paths_in(text) if text else []
    if paths:
        return paths
    from ras.gui.picture_links import link_in

    link = link_in(text) if text else ""
    if link:
        return link
    from ras.gui.clipboard_picture import NoHelper, picture_on_clipboard
    from ras.images import decode_image

    try:
        found = picture_on_clipboard()
    except NoHelper as exc:
        raise ClipboardError(_NOTHING if text else _NO_HELPER) from exc
    except Exception as exc:
        raise ClipboardError(_NOTHING) from exc
    if not found:
        raise ClipboardError(_NOTHING)
    if isinstance(found, list):
        return found
    try:
        return decode_image(found, extra_formats=True)
    except DecodeError as exc:
        if exc.reason is SkipReason.NOT_A_PICTURE:  # some programs give a text, whatever they are asked for
            raise ClipboardError(_NOTHING) from exc
        raise ClipboardError(f"The picture on the clipboard cannot be used. {exc} Copy it anew and try again.") from exc
