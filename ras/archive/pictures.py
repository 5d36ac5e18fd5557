"""Which attached files may be pictures, by their name alone: exports state no type."""

from __future__ import annotations

import re

# fmt: off
_PICTURES = frozenset((
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "gif", "webp", "bmp", "dib", "tif", "tiff", "avif",
    "avifs", "heic", "heif", "ico", "jxl", "jp2", "jpx", "j2k",
))
# fmt: on
_BEGINNINGS = ("png", "jpg", "jpeg", "jfif")
"""Browsers and hosts add to these: ``jpg_large``, ``jpg:orig``, ``png~1``."""
_EXTENSION = re.compile(r"[a-z0-9]{1,5}", re.ASCII)


def may_be_picture(file_name: str) -> bool:
    """Whether a file of this name is worth looking at.

    - The extensions of pixel formats: yes, also of those that RAS does not read, so that they are counted as skipped.
    - What browsers make of them (``photo.jpg_large``, ``image.png~1``): yes.
    - No extension, only digits, or something too long or odd to be one (``Screenshot at 12.33 by me``): yes, the
      content decides.
    - Any other extension (``mp4``, ``zip``, ``txt``, ``osz``, …): no. Servers are full of them, and downloading each
      in the hope of a renamed picture would cost more than it finds.
    """
    name, dot, extension = file_name.lower().strip(" .").rpartition(".")
    if not dot or not name or extension in _PICTURES or extension.startswith(_BEGINNINGS):
        return True
    return extension.isdigit() or not _EXTENSION.fullmatch(extension)


def ends_as_picture(file_name: str) -> bool:
    """Whether the name says outright that it is a picture's: what a link must do, since most lead to web pages."""
    name, _, extension = file_name.lower().rpartition(".")
    return bool(name) and (extension in _PICTURES or extension.startswith(_BEGINNINGS))
