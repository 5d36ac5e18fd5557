"""What people drop and paste, sorted by kind: exports, pictures, and things that RAS has no use for."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Sequence
from urllib.parse import unquote, urlsplit

from ras.records import Job
from ras.text import clean


@dataclass(frozen=True)
class Incoming:
    """Files by kind. ``refusals``: a sentence for each that is neither."""

    archives: tuple[str, ...]
    pictures: tuple[str, ...]
    refusals: tuple[str, ...]


def sort_files(paths: Sequence[str]) -> Job[Incoming]:
    """Look at the first bytes of each file: names lie. A job, since a disk may be slow to answer."""
    from ras.images import is_searched, kind_name, sniff_format

    archives, pictures, refusals = [], [], []
    for path in paths:
        yield from ()
        name = f"“{clean(os.path.basename(path) or path, longest=100)}”"
        try:
            with open(path, "rb") as file:
                head = file.read(64)
        except IsADirectoryError:
            refusals.append(f"{name} is a folder. Drop the export (JSON) or the picture itself.")
            continue
        except (OSError, ValueError) as exc:
            folder = os.path.isdir(path)  # Windows says "permission denied" of a folder
            reason = "it is a folder" if folder else getattr(exc, "strerror", None) or str(exc)
            refusals.append(f"{name} cannot be used: {reason}.")
            continue
        kind = sniff_format(head)
        if kind is not None and is_searched(kind):
            pictures.append(path)
        elif kind is not None:
            refusals.append(f"{name} is a {kind_name(kind)} picture; RAS searches for PNG and JPEG pictures.")
        elif path.lower().endswith(".json") or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            archives.append(path)
        else:
            refusals.append(f"{name} is neither a picture (PNG or JPEG) nor a Discord export (JSON).")
    return Incoming(tuple(archives), tuple(pictures), tuple(refusals))


def paths_in(text: str) -> list[str]:
    """The files that a text names: a path or a file:// URL a line, as file managers copy them."""
    paths = []
    for line in text.replace("\0", "").splitlines():
        entry = line.strip().strip('"')
        if entry.startswith("#") or entry in ("copy", "cut", "x-special/nautilus-clipboard"):
            continue
        path = path_of_url(entry) if entry.lower().startswith("file:") else os.path.expanduser(entry)
        if path and os.path.isabs(path):
            paths.append(path)
    return paths


def path_of_url(url: str) -> str:
    """The path of a file:// URL of this machine, else an empty string."""
    parts = urlsplit(url)
    if parts.scheme.lower() != "file" or parts.netloc not in ("", "localhost"):
        return ""
    path = unquote(parts.path)
    if sys.platform == "win32":
        path = path.lstrip("/").replace("/", "\\")
    return path
