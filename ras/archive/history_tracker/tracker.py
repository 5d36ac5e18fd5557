"""Reads the databases of Discord History Tracker (``.dht``), which may hold the pictures too."""

from __future__ import annotations

import os
from array import array
from datetime import datetime, timedelta, timezone
from typing import Generator, Iterator, Sequence

from ras.archive.export import Export, ExportFile
from ras.archive.history_tracker.database import NEWEST, Blobs, TrackerDatabase, TrackerMessage, User
from ras.archive.history_tracker.pictures import Pictures
from ras.archive.messages import Found, Posted, records_of
from ras.archive.room import Room
from ras.archive.timestamps import posted_at
from ras.errors import ArchiveError
from ras.records import Channel, ImageRecord, PictureKinds
from ras.text import clean, count
from ras.trees import DiskTree
from ras.trees.blobs import blob_name
from ras.trees.database import Database

_BATCH = 300
"""Messages with pictures whose blobs are looked up at once."""
_YIELD = 2_000
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_OTHERS = (
    ({"moz_places"}, "the history of Firefox"),
    ({"urls", "visits"}, "the history of Chrome"),
    ({"message", "chat", "handle"}, "the messages of an iPhone or Mac"),
    ({"ZWAMESSAGE"}, "the messages of WhatsApp"),
    ({"records", "archives"}, "the store of RAS itself"),
)
"""Databases that people have at hand, by tables of theirs."""


def recognises(head: str, file: ExportFile) -> bool:
    """Whether it is an SQLite database: whose, only its tables say."""
    return head.startswith("SQLite format 3\0")


def read(export: ExportFile, kinds: PictureKinds, room: Room, keep_ids: bool = False) -> Generator[int, None, Export]:
    """Read one database; yields how many bytes of it are through, as far as can be told.

    Raises ArchiveError and OSError.
    """
    if not isinstance(export.tree, DiskTree):
        raise ArchiveError(
            f"“{export.shown}” is a database and cannot be read inside of a zip. Unpack the zip and open the file."
        )
    with Database(export.path) as database:
        tracker = TrackerDatabase(database)
        if not tracker.is_one:
            raise ArchiveError(f"“{export.shown}” is a database, but {_seems(tracker, export)}.")
        blobs = Blobs(export.path, tracker, database)
        reading = _Reading(kinds, blobs, room, array("Q") if keep_ids else None)
        try:
            reading.users, reading.channels = tracker.users(), tracker.channels()
            size = export.size
            first, last = tracker.first_and_last()
            for through in reading.messages(tracker):
                yield size * (through - first) // (last - first + 1) if last > first else 0
                if room.full:
                    break
        except OSError as exc:
            if not reading.message_count:
                raise
            reading.broke_off = str(exc.strerror or exc)
        finally:
            blobs.close()
        return Export(
            path=export.path,
            channels=tuple(reading.used.values()),
            message_count=reading.message_count,
            message_ids=reading.ids,
            records=tuple(reading.records),
            exported_at=export.modified,
            warnings=tuple(_warnings(export.shown, tracker.version, database.stale, blobs, reading)),
        )


class _Reading:
    """What was read of a database so far."""

    def __init__(self, kinds: PictureKinds, blobs: Blobs, room: Room, ids: array[int] | None) -> None:
        self._kinds, self._blobs, self._room = kinds, blobs, room
        self.pictures = Pictures(kinds)
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.ids = ids
        self.message_count = 0
        self.broke_off = ""
        """Why it was not read to its end."""
        self.records: list[ImageRecord] = []
        self.used: dict[str, Channel] = {}
        """The channels that have messages."""

    def messages(self, tracker: TrackerDatabase) -> Iterator[int]:
        """Read all messages; yields the id of the latest one, often. What was read is kept where OSError is raised."""
        waiting: list[TrackerMessage] = []
        try:
            for message in tracker.messages(with_reactions=self._kinds.emoji):
                self.message_count += 1
                if self.ids is not None:
                    self.ids.append(message.id)
                if message.channel_id not in self.used:
                    channel = self.used[message.channel_id] = self._channel(message.channel_id)
                    self._room.take_channel(channel)
                if self.pictures.worth_a_look(message, self.users.get(message.sender_id)):
                    waiting.append(message)
                if len(waiting) >= _BATCH:
                    self._take(waiting)
                    yield message.id
                elif not self.message_count % _YIELD:
                    yield message.id
        except OSError:
            self._take(waiting)
            raise
        self._take(waiting)

    def _channel(self, channel_id: str) -> Channel:
        return self.channels.get(channel_id) or Channel(channel_id, f"channel {channel_id}".rstrip(), "0", "")

    def _take(self, messages: list[TrackerMessage]) -> None:
        """Make records of messages, and forget them."""
        found = [(message, [*self.pictures.of(message, self.users.get(message.sender_id))]) for message in messages]
        urls = {key for _, pictures in found for _, keys in pictures for key in keys}
        there = self._blobs.downloaded(sorted(urls))
        for message, pictures in found:
            author = self.users.get(message.sender_id)
            posted = Posted(
                message_id=str(message.id),
                author_id=message.sender_id,
                author=(author.name if author else "") or "unknown",
                channel=self.used[message.channel_id],
                timestamp=_posted_at(message),
                media_root=self._blobs.root,
            )
            records = records_of(posted, [self._local(*picture, there) for picture in pictures])
            self.records += self._room.take(records)
        messages.clear()

    def _local(self, picture: Found, keys: Sequence[str], there: set[str]) -> Found:
        blob = next((key for key in keys if key in there), None)
        if blob is None:
            return picture
        return picture._replace(local_path=os.path.join(self._blobs.root, blob_name(blob)))


def _posted_at(message: TrackerMessage) -> datetime:
    if type(message.timestamp) is int and 0 < message.timestamp < 2**43:
        when = _UNIX_EPOCH + timedelta(milliseconds=message.timestamp)
        return posted_at(when.isoformat(), str(message.id))
    return posted_at("", str(message.id))


def _seems(tracker: TrackerDatabase, export: ExportFile) -> str:
    names = set(tracker.table_names)
    if tracker.keeps_blobs and "messages" not in names:
        name = export.file_name
        whole = clean(name[: -len("_downloads")], longest=100) if name.endswith("_downloads") else "….dht"
        return f"holds nothing but pictures that Discord History Tracker downloaded. Open “{whole}” beside it"
    if {"metadata", "messages"} <= names:
        return "its tables are not those of Discord History Tracker as RAS knows them. Update RAS, or export once more"
    for tables, what in _OTHERS:
        if tables <= names:
            return f"not one of Discord History Tracker; it seems to be {what}"
    if not names:
        return "there is nothing in it that can be read"
    shown = ", ".join(f"“{clean(name, longest=30)}”" for name in tracker.table_names[:3])
    return f"not one of Discord History Tracker; it belongs to another program (it has {shown} in it)"


def _warnings(name: str, version: int | None, stale: bool, blobs: Blobs, reading: _Reading) -> Iterator[str]:
    if version is None or version > NEWEST:
        yield (
            f"“{name}” was made by a version of Discord History Tracker that RAS does not know; what RAS understands "
            "was read."
        )
    if reading.broke_off:
        yield (
            f"“{name}” was not read to its end ({reading.broke_off}): {count(reading.message_count, 'message')} "
            "were read."
        )
    if reading.pictures.damaged:
        yield f"“{name}” is damaged inside: {count(reading.pictures.damaged, 'embed')} could not be read."
    if stale:
        yield f"What was written last to “{name}” is missing. Open it once with Discord History Tracker and close it."
    if blobs.missing:
        yield (
            f"The pictures that Discord History Tracker downloaded are in “{clean(blobs.missing, longest=100)}”, which "
            f"is missing beside “{name}”. Put it there to search without the network."
        )
    if blobs.unread:
        yield f"The pictures that “{name}” keeps could not be read ({blobs.unread}); they are searched by their links."
