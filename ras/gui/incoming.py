"""What people drop and paste, sorted by kind: exports, pictures, and things that RAS has no use for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Sequence

from ras.file_urls import is_file_url, path_of_url
from ras.records import Job
from ras.text import clean

_STARTS = (b"{", b"[{", b"PK\x03\x04", b"SQLite format 3\0")
"""What files of other names start with: JSON, a zip, a database of Discord History Tracker."""


@dataclass(frozen=True)
class Incoming:
    """Files by kind. ``refusals``: a sentence for each that is neither."""

    archives: tuple[str, ...]
    pictures: tuple[str, ...]
    refusals: tuple[str, ...]


def sort_files(paths: Sequence[str]) -> Job[Incoming]:
    """Look at the first bytes of each file: names lie. A job, since a disk may be slow to answer.

    A folder is an archive: whether there are exports in it is found out by reading it.
    """
    from ras.images import is_searched, kind_name, sniff_format

    endings = archive_endings()
    archives, pictures, refusals = [], [], []
    for path in paths:
        yield from ()
        name = f"“{clean(os.path.basename(path) or path, longest=100)}”"
        try:
            if os.path.isdir(path):
                archives.append(path)
                continue
            with open(path, "rb") as file:
                head = file.read(64)
        except (OSError, ValueError) as exc:
            refusals.append(f"{name} cannot be used: {getattr(exc, 'strerror', None) or exc}.")
            continue
        kind = sniff_format(head)
        if kind is not None and is_searched(kind):
            pictures.append(path)
        elif kind is not None:
            refusals.append(f"{name} is a {kind_name(kind)} picture; RAS searches for PNG and JPEG pictures.")
        elif path.lower().endswith(endings) or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_STARTS):
            archives.append(path)
        else:
            refusals.append(f"{name} is neither a picture (PNG or JPEG) nor a Discord archive.")
    return Incoming(tuple(archives), tuple(pictures), tuple(refusals))


def archive_endings() -> tuple[str, ...]:
    """Of files that may be archives, or hold some; in small letters."""
    from ras.archive.formats import ENDINGS

    return (*ENDINGS, ".zip")


def paths_in(text: str) -> list[str]:
    """The files that a text names: a path or a file:// URL a line, as file managers copy them."""
    paths = []
    for line in text.replace("\0", "").splitlines():
        entry = line.strip().strip('"')
        if entry.startswith("#") or entry in ("copy", "cut", "x-special/nautilus-clipboard"):
            continue
        path = path_of_url(entry) if is_file_url(entry) else os.path.expanduser(entry)
        if path and os.path.isabs(path):
            paths.append(path)
    return paths


def from_numbers(text: str) -> str:
    """What Tk makes of a type that it does not know, as a text: ``0x66 0x69 …`` or ``102 105 …``, one for each byte."""
    try:
        data = bytes(int(number, 0) & 0xFF for number in text.split())
    except ValueError:
        return text
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
