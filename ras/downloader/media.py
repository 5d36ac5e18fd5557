"""How a picture is named in sentences."""

from __future__ import annotations

from ras.records import ImageRecord
from ras.text import clean


def quoted(record: ImageRecord) -> str:
    """Its name as a sentence shows it."""
    return f"“{clean(record.file_name, longest=100)}”"
