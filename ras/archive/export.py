"""What a reader of one format makes of one file."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ras.records import Channel, ImageRecord
from ras.text import clean


@dataclass(frozen=True)
class Export:
    """One export file, read."""

    path: str
    channels: tuple[Channel, ...]
    message_count: int
    message_ids: array[int] | None
    """The ids of all messages, 8 bytes each, where they were asked for: to count a message of two exports once."""
    records: tuple[ImageRecord, ...]
    exported_at: datetime
    """When it was exported, as it says or else as its file does; of two exports the later one is right."""
    warnings: tuple[str, ...]


def shown_name(path: Path) -> str:
    """A file's name as a sentence shows it: it may hold anything but a slash."""
    return clean(path.name or str(path), longest=100)
