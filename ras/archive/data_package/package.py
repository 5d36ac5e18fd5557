"""Reads the data package that Discord sends to its users: all that they posted, a folder for each channel."""

from __future__ import annotations

import contextlib
import re
from array import array
from dataclasses import dataclass, field
from typing import Generator, Iterator

from ras.archive.assets import emoji_in
from ras.archive.data_package.layout import INDEX, Package, channel_files, channel_of, holds_channels, package_of
from ras.archive.data_package.messages import CsvMessages, JsonMessages, PackageMessage
from ras.archive.export import Export, ExportFile
from ras.archive.media import is_url, name_in_url
from ras.archive.messages import Found, Posted, records_of
from ras.archive.pictures import may_be_picture
from ras.archive.room import Room
from ras.archive.text_links import linked_pictures
from ras.archive.timestamps import posted_at
from ras.archive.values import attachment_id_in
from ras.cdn import canonical_url
from ras.errors import ArchiveError
from ras.records import Channel, ImageRecord, PictureKinds
from ras.text import count

_STARTS = {
    "messages.json": re.compile(r'\s*\[\s*\{\s*"ID"\s*:'),
    "messages.csv": re.compile(r'\s*"?ID"?,"?Timestamp"?,"?Contents"?', re.IGNORECASE),
}


def recognises(head: str, file: ExportFile) -> bool:
    """Whether it is a package's list of channels, which stands for all of it, or the messages of one channel."""
    name = file.file_name.lower()
    if name == INDEX:
        return holds_channels(file.tree, file.folder)
    return name in _STARTS and _STARTS[name].match(head) is not None


def total_size(export: ExportFile) -> int:
    """Bytes of all files of messages that ``read`` reads."""
    total = 0
    for _, file in channel_files(export):
        with contextlib.suppress(OSError):  # said where it is read
            total += file.size if file is not None else 0
    return total


def read(export: ExportFile, kinds: PictureKinds, room: Room, keep_ids: bool = False) -> Generator[int, None, Export]:
    """Read a package or one channel of it; yields how many bytes of ``total_size`` are through, often.

    Raises ArchiveError where there are no messages at all, and OSError.
    """
    package = package_of(export)
    reading = _Reading(kinds, package, room, array("Q") if keep_ids else None)
    done = 0
    for folder, file in channel_files(export):
        channel = channel_of(export.tree, folder, package)
        if file is None:
            reading.missing += 1
            continue
        reading.channels.append(channel)
        through = 0
        try:
            for through in reading.channel(channel, file):
                yield done + through
        except OSError as exc:
            reading.unread.append(f"{exc.strerror or exc}")
        done += through
        yield done
        if room.full:
            break
    if not reading.message_count and (reading.missing or reading.unread or reading.damaged or reading.cut):
        reason = f" ({reading.unread[0]})" if reading.unread else ""
        raise ArchiveError(
            f"“{package.shown}” is a data package of Discord, but none of its messages can be read{reason}. "
            "Request it again, or unpack it again."
        )
    return Export(
        path=export.path,
        channels=tuple(reading.channels),
        message_count=reading.message_count,
        message_ids=reading.ids,
        records=tuple(reading.records),
        exported_at=export.modified,
        warnings=tuple(reading.warnings(package.shown)),
    )


@dataclass
class _Reading:
    kinds: PictureKinds
    package: Package
    room: Room
    ids: array[int] | None
    message_count: int = 0
    damaged: int = 0
    missing: int = 0
    """Channels that come without their messages."""
    cut: int = 0
    """Channels whose messages end in the middle."""
    unread: list[str] = field(default_factory=list)
    """Why channels could not be read to their end."""
    records: list[ImageRecord] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)

    def channel(self, channel: Channel, file: ExportFile) -> Iterator[int]:
        """Read the messages of a channel; yields how many bytes of them are through."""
        with file.open() as opened:
            is_csv = file.file_name.lower().endswith(".csv")
            messages = CsvMessages(opened) if is_csv else JsonMessages(opened)
            try:
                for batch in messages:
                    self.message_count += len(batch)
                    if self.ids is not None:
                        self.ids.extend(int(message.id) for message in batch)
                    for message in batch:
                        if message.attachments or "://" in message.content or "<" in message.content:
                            self.records += self.room.take(self._records(message, channel))
                    yield messages.bytes_read
                    if self.room.full:
                        return
            finally:
                self.damaged += messages.damaged
            self.cut += not messages.closed

    def _records(self, message: PackageMessage, channel: Channel) -> list[ImageRecord]:
        found = [*_attached(message)]
        if self.kinds.links:
            found += linked_pictures(message.content)
        if self.kinds.emoji:
            found += emoji_in(message.content)
        posted = Posted(
            message_id=message.id,
            author_id=self.package.owner_id,
            author=self.package.owner,
            channel=channel,
            timestamp=posted_at(message.timestamp, message.id),
        )
        return records_of(posted, [picture._replace(content=message.content) for picture in found])

    def warnings(self, name: str) -> Iterator[str]:
        if self.damaged:
            yield f"“{name}” is damaged inside: {count(self.damaged, 'message')} could not be read."
        if self.cut or self.unread:
            yield (
                f"“{name}” is damaged inside: the messages of {count(self.cut + len(self.unread), 'channel')} end in "
                "the middle. Request the package again, or unpack it again."
            )
        if self.missing:
            yield (
                f"“{name}” names {count(self.missing, 'channel')} without the messages, as Discord’s packages do at "
                "times. Request the package again to get them."
            )


def _attached(message: PackageMessage) -> Iterator[Found]:
    for url in message.attachments.split():
        canonical = canonical_url(url)
        name = name_in_url(canonical)
        if is_url(url) and may_be_picture(name):
            yield Found("attachment", attachment_id_in(canonical), name, url, None, None)
