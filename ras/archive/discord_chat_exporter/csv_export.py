"""Reads the CSV exports of DiscordChatExporter (``CsvMessageWriter.cs``), which have no ids of messages."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import islice
from typing import Generator, Iterator, NamedTuple

from ras.archive.discord_chat_exporter.csv_dialect import Dialect, Row
from ras.archive.discord_chat_exporter.csv_stream import RowStream
from ras.archive.discord_chat_exporter.culture_dates import CultureDates, exact_time
from ras.archive.discord_chat_exporter.export_channel import ChannelHints, channel_in_name
from ras.archive.export import Export, ExportFile
from ras.archive.media import MediaFolder, is_url, name_in_url
from ras.archive.messages import Found, Posted, records_of
from ras.archive.missing import what_is_missing
from ras.archive.pictures import may_be_picture
from ras.archive.room import Room
from ras.archive.text_links import linked_pictures
from ras.archive.timestamps import snowflake_time
from ras.archive.values import attachment_id_in, id_of
from ras.cdn import canonical_url
from ras.errors import ArchiveError
from ras.records import Channel, ImageRecord, PictureKinds

_DISCRIMINATOR = re.compile(r"#\d{4}\Z", re.ASCII)
_SAVED = re.compile(r"(.+)-(?:[0-9A-F]{5}|[0-9a-f]{5}|[0-9a-f]{16})(\.[^.]*)?", re.DOTALL)
_MOST_ATTACHMENTS = 100
"""Of a message; Discord has 10 at most."""
_AT_ONCE = 1000
"""Messages that records are made of before there is a word of progress."""


def recognises(head: str, file: ExportFile) -> bool:
    """Whether the first line names the columns of such an export."""
    return Dialect.of(head[:1000].encode("utf-8", "replace")) is not None


def read(export: ExportFile, kinds: PictureKinds, room: Room, keep_ids: bool = False) -> Generator[int, None, Export]:
    """Read one export; yields how many bytes of it are through, often. Raises ArchiveError and OSError.

    There are no ids to keep.
    """
    last = b""
    with export.open() as file:
        stream = RowStream(file)
        reading = _Reading(export, kinds, room)
        for batch in stream:
            assert stream.dialect is not None
            for raw in batch:
                reading.add(raw, stream.dialect)
            last = batch[-1] if batch else last
            yield stream.bytes_read
            if room.full:
                break
    if stream.dialect is None:
        raise ArchiveError(f"“{export.shown}” is no CSV export of DiscordChatExporter: it begins with other columns.")
    cut = not room.full and bool(stream.last.strip()) and not reading.add_last(stream.last, stream.dialect)
    records: list[ImageRecord] = []
    channel = reading.channel
    for number, message in enumerate(reading.messages):
        records += reading.records(message, channel)
        if number % _AT_ONCE == 0:
            yield stream.bytes_read
    damaged = reading.damaged + stream.damaged
    when = reading.time_of(last, stream.dialect) if cut else None
    return Export(
        path=export.path,
        channels=(channel,),
        message_count=reading.message_count,
        message_ids=None,
        records=tuple(records),
        exported_at=export.modified,
        warnings=tuple(what_is_missing(export.shown, damaged, not cut, reading.message_count, when)),
    )


class _Message(NamedTuple):
    """A message with pictures. Its channel and what its date means are not known before the end of the file."""

    author_id: str
    author: str
    date: str
    found: list[Found]
    sent_at: datetime | None
    """As its attachments' ids have it."""


class _Reading:
    """Makes records of the rows of one file."""

    def __init__(self, export: ExportFile, kinds: PictureKinds, room: Room) -> None:
        self._links, self._room = kinds.links, room
        self._media = MediaFolder(export)
        self._named = channel_in_name(export.file_name)
        self._hints = ChannelHints()
        self._dates = CultureDates()
        self._last_time = export.modified
        self._next_attachment = _next_attachment(export.file_name)
        self.messages: list[_Message] = []
        """Those with pictures."""
        self.message_count = 0
        self.damaged = 0

    @property
    def channel(self) -> Channel:
        """As far as it is known."""
        return self._hints.complete(self._named)

    def add(self, raw: bytes, dialect: Dialect) -> None:
        """Read a row, if it may show a picture: most end with two empty cells and have no address in them."""
        if raw.rstrip(b"\r\n").endswith(b',"",""') and b"://" not in raw and not self._dates.is_open:
            self.message_count += 1
            return
        row, damaged = dialect.read(raw)
        self.damaged += damaged
        if row is not None:
            self._add(row)

    def add_last(self, raw: bytes, dialect: Dialect) -> bool:
        """The same for the last row of the file; False where it is cut."""
        row, damaged = dialect.read(raw)
        if row is None or damaged:
            return False
        self._add(row)
        return True

    def _add(self, row: Row) -> None:
        self.message_count += 1
        if self._dates.is_open:
            self._dates.learn(row.date)
        found = list(self._attached(row))
        ids = [one.attachment_id for one in found if one.attachment_id]
        sent_at = snowflake_time(ids[0]) if ids else None
        if sent_at is not None:
            self._dates.learn_from(row.date, sent_at)
        found = [one for one in found if may_be_picture(one.file_name)]
        if self._links and "://" in row.content:
            found += linked_pictures(row.content, self._media)
        found = [one._replace(content=row.content) for one in found]
        found = self._room.take(found, row.author, row.date) if found else found
        if found:
            self.messages.append(_Message(row.author_id, row.author, row.date, found, sent_at))

    def records(self, message: _Message, channel: Channel) -> list[ImageRecord]:
        """The records of one of the messages; to be called for one after the other, in their order."""
        posted = Posted(
            message_id="",
            author_id=id_of(message.author_id),
            # Who changed the name since then has no number behind it in other exports.
            author=_DISCRIMINATOR.sub("", message.author) or "unknown",
            channel=channel,
            timestamp=self._time(message.date, message.sent_at),
            media_root=self._media.root,
        )
        return records_of(posted, message.found)

    def time_of(self, raw: bytes, dialect: Dialect) -> datetime | None:
        """When the message of a row was posted, as far as its date says."""
        row, _ = dialect.read(raw)
        return None if row is None else exact_time(row.date) or self._dates.time(row.date)

    def _time(self, date: str, sent_at: datetime | None) -> datetime:
        """When a message was posted.

        Its date where that is exact, as since 2.41. Before, it is local time of somewhere to the minute, and days and
        months can be mixed up: the id of an attachment says it to some seconds. A message without one gets the date as
        it is read with the help of the others, and one without any date the time of the message before it.
        """
        exact = exact_time(date)
        if exact is None and sent_at is not None:
            self._dates.learn_from(date, sent_at)
        self._last_time = exact or sent_at or self._dates.time(date) or self._last_time
        return self._last_time

    def _attached(self, row: Row) -> Iterator[Found]:
        for text in _split(row.attachments, self._next_attachment):
            if is_url(text):
                canonical = canonical_url(text)
                self._hints.attachment(canonical)
                attachment_id, name = attachment_id_in(canonical), name_in_url(canonical)
                yield Found("attachment", attachment_id, name, text, self._media.find(text), None)
                continue
            path = self._media.locate(text)
            if path:
                name = name_in_url(text)
                saved = _SAVED.fullmatch(name)
                yield Found("attachment", None, saved[1] + (saved[2] or "") if saved else name, "", path, None)


def _next_attachment(file_name: str) -> re.Pattern[str]:
    """What stands between two attachments of a cell: a comma before an address, a whole path or the media folder.

    Names of servers, which are in the media folder's, and of files may hold commas.
    """
    whole = re.sub(r" \[part \d+\](?=\.[^.]*$)", "", file_name)
    folders = "|".join(re.escape(f"{name}_Files") for name in dict.fromkeys((file_name, whole)))
    return re.compile(rf",(?=https?://|[A-Za-z]:[\\/]|[\\/]|(?:{folders})[\\/])")


def _split(cell: str, between: re.Pattern[str]) -> Iterator[str]:
    """The attachments in a cell, the first ones of very many."""
    return islice(_all_in(cell, between), _MOST_ATTACHMENTS)


def _all_in(cell: str, between: re.Pattern[str]) -> Iterator[str]:
    for text in between.split(cell)[:_MOST_ATTACHMENTS]:
        if is_url(text):
            end = _end_of_url(text)
            yield text[:end]
            text = text[end + 1 :]
        # A media folder of another name is the same for all.
        folder = re.match(r"[^\\/]+(?=[\\/])", text)
        if folder:
            parts = re.split(rf",(?={re.escape(folder[0])}[\\/])", text, maxsplit=_MOST_ATTACHMENTS)
            yield from parts[:_MOST_ATTACHMENTS]
        elif text:
            yield text


def _end_of_url(text: str) -> int:
    """Where the comma stands behind an address that begins the text.

    Behind a comma that is part of an address there is no folder before the next parameter.
    """
    for match in re.finditer(r",[^?\\/]*([\\/]?)", text):
        if match[1]:
            return match.start()
    return len(text)
