"""Every format of export that RAS reads; a new one is a module of a folder beside this one, and an entry here."""

from __future__ import annotations

from typing import Callable, Generator, Mapping, Protocol

from ras.archive.api import message_lists
from ras.archive.data_package import package
from ras.archive.discord_chat_exporter import csv_export, html_export, json_export
from ras.archive.export import Export, ExportFile
from ras.archive.history_tracker import tracker
from ras.archive.room import Room
from ras.records import PictureKinds


class Format(Protocol):
    """A module that reads one format of export."""

    def recognises(self, head: str, file: ExportFile) -> bool:
        """Whether a file that starts with this text (its first 64 KB) may be of the format. Quick: no reading."""

    def read(
        self, export: ExportFile, kinds: PictureKinds, room: Room, keep_ids: bool = False
    ) -> Generator[int, None, Export]:
        """Read it, as far as there is room; yields how many bytes of it are through, often.

        Raises ArchiveError and OSError.
        """


FORMATS: tuple[Format, ...] = (
    # A tracker's database and a data package are told by more than their first words.
    tracker,
    package,
    # DiscordChatExporter's reader takes any object with a list of messages.
    message_lists,
    json_export,
    csv_export,
    html_export,
)

SIZES: Mapping[Format, Callable[[ExportFile], int]] = {package: package.total_size}
"""How many bytes there are to read, for formats that lie in more than the one file."""

ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".html", ".htm", ".dht")
"""Of the files that are looked at in a folder or zip; a single file that is opened may be called anything."""
