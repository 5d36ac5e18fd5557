"""A file that may be an export, and what a reader of one format makes of it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import BinaryIO

from ras.records import Channel, ImageRecord
from ras.text import clean
from ras.trees import TreeFile


class ExportFile(TreeFile):
    """A file that may be an export: of the folder that it lies in, of a larger folder, or of a zip."""

    @property
    def folder(self) -> str:
        """The name of the folder that it lies in; empty for the tree's own."""
        return self.name.rpartition("/")[0]

    @property
    def file_name(self) -> str:
        """The last part of its name."""
        return self.name.rpartition("/")[2]

    @property
    def shown(self) -> str:
        """Its name as a sentence shows it: it may hold anything but a slash."""
        return shown_name(self.name or self.path)

    @property
    def size(self) -> int:
        """Bytes. Raises OSError."""
        return self.tree.size(self.name)

    @property
    def modified(self) -> datetime:
        """When it was written, aware, no later than now; the beginning of 1970 where nobody knows."""
        try:
            written = datetime.fromtimestamp(self.tree.modified(self.name), timezone.utc)
            return min(written, datetime.now(timezone.utc))
        except (OSError, OverflowError, ValueError):
            return datetime.fromtimestamp(0, timezone.utc)

    def exported_at(self, said: datetime | None) -> datetime:
        """When it was exported, as it says itself; when it was written, where that is yet to come or it does not say.

        Else who writes a time into it decides which of two exports is the later one.
        """
        return said if said is not None and said <= datetime.now(timezone.utc) else self.modified

    def open(self) -> BinaryIO:
        """To be read from its start to its end. Raises OSError, as does reading."""
        return self.tree.open(self.name)

    def beside(self, name: str) -> ExportFile:
        """Another file; ``name`` is relative to the folder of this one."""
        return ExportFile(self.tree, f"{self.folder}/{name}" if self.folder else name)


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


def shown_name(path: str) -> str:
    """The name of a file or folder as a sentence shows it."""
    return clean(path.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or path, longest=100)
