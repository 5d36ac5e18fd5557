"""Tells by a file's first bytes whether it seems to be an export, and of which format."""

from __future__ import annotations

from typing import NamedTuple

from ras.archive.export import ExportFile, shown_name
from ras.archive.formats import FORMATS, SIZES, Format
from ras.archive.seems import head_text

_HEAD_BYTES = 64 * 1024


class Candidate(NamedTuple):
    """A file that seems to be an export."""

    file: ExportFile
    form: Format
    size: int
    """Bytes that there are to read."""


def looked_at(file: ExportFile) -> tuple[Candidate | None, bytes]:
    """The file with its format, if it has one, and its first bytes. Raises OSError."""
    with file.open() as opened:
        head, size = opened.read(_HEAD_BYTES), file.size
    text = head_text(head)
    form = next((form for form in FORMATS if form.recognises(text, file)), None)
    if form is None:
        return None, head
    return Candidate(file, form, SIZES[form](file) if form in SIZES else size), head


def not_opened(name: str, exc: OSError) -> str:
    """What to tell of a file that cannot be looked at."""
    return f"“{shown_name(name)}” could not be opened: {exc.strerror or exc}."
