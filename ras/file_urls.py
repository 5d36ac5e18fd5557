"""Files as URLs, the way in which some desktops and programs hand them over."""

from __future__ import annotations

import sys
from urllib.parse import unquote, urlsplit


def is_file_url(text: str) -> bool:
    return text[:5].lower() == "file:"


def path_of_url(url: str) -> str:
    """The path of a file:// URL of this machine, else an empty string."""
    try:
        parts = urlsplit(url)
    except ValueError:  # “file://[” is said to be an address of IPv6
        return ""
    if parts.scheme.lower() != "file" or parts.netloc not in ("", "localhost"):
        return ""
    # In the file system's own encoding, with which any bytes can be a name: “%FF” is no UTF-8, and a file's name.
    path = unquote(parts.path, sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
    if sys.platform == "win32":
        path = path.lstrip("/").replace("/", "\\")
    return path
