"""Every format of export that RAS reads; a new one is a module of this folder and an entry here."""

from __future__ import annotations

from typing import Generator, Protocol

from ras.archive import discord_chat_exporter
from ras.archive.export import Export, ExportFile
from ras.records import PictureKinds


class Format(Protocol):
    """A module that reads one format of export."""

    def recognises(self, head: str, file: ExportFile) -> bool:
        """Whether a file that starts with this text (its first 64 KB) may be of the format. Quick: no reading."""

    def read(self, export: ExportFile, kinds: PictureKinds, keep_ids: bool = False) -> Generator[int, None, Export]:
        """Read it; yields how many bytes of it are through, often. Raises ArchiveError and OSError."""


FORMATS: tuple[Format, ...] = (discord_chat_exporter,)

ENDINGS = (".json", ".csv", ".html", ".htm", ".dht")
"""Of the files that are looked at in a folder or zip; a single file that is opened may be called anything."""
