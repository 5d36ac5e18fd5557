"""Reads the JSON exports of DiscordChatExporter, 2.18 to 2.47 (``JsonMessageWriter.cs``)."""

from __future__ import annotations

import re
from array import array
from typing import Any, Generator, Mapping

from ras.archive.discord_chat_exporter.json_messages import MESSAGE_START, Message, decoders
from ras.archive.discord_chat_exporter.json_pictures import Pictures
from ras.archive.export import Export, ExportFile
from ras.archive.json_stream import ElementStream
from ras.archive.media import MediaFolder
from ras.archive.missing import what_is_missing
from ras.archive.room import Room
from ras.archive.timestamps import parse_timestamp, posted_at
from ras.archive.values import id_of, text_of
from ras.errors import ArchiveError
from ras.records import Channel, ImageRecord, PictureKinds

_HEAD = re.compile(r'\s*\{.*"(?:guild|channel|messages)"\s*:', re.DOTALL)


def recognises(head: str, file: ExportFile) -> bool:
    """Whether a text that starts like this may be such an export."""
    return _HEAD.match(head) is not None


def read(export: ExportFile, kinds: PictureKinds, room: Room, keep_ids: bool = False) -> Generator[int, None, Export]:
    """Read one export; yields how many bytes of it are through, often. Raises ArchiveError and OSError."""
    with export.open() as file:
        decode = decoders(kinds)
        stream: ElementStream[Message] = ElementStream(file, "messages", decode.block, decode.element, MESSAGE_START)
        ids: array[int] | None = array("Q") if keep_ids else None
        pictures = Pictures(kinds, MediaFolder(export))
        waiting: list[Message] = []
        records: list[ImageRecord] = []
        channel: Channel | None = None
        held = message_count = 0
        last: Message | None = None
        for batch in stream:
            message_count += len(batch)
            last = batch[-1] if batch else last
            waiting += pictures.worth_a_look(batch)
            if ids is not None:
                ids.extend(int(message.id) for message in batch)
            if last and last.author is None and not stream.members.keys() & {"guild", "channel"}:
                break  # A list of messages of another program
            # Where the channel is only named after its messages, they wait for it.
            if channel is None and stream.members.keys() >= {"guild", "channel"}:
                channel = _channel(stream.members, export)
            if channel is not None:
                for message in waiting:
                    records += room.take(pictures.records(message, channel))
                waiting.clear()
                room.release()
            else:
                for message in waiting[held:]:
                    room.hold(message)
                held = len(waiting)
            yield stream.bytes_read
            if room.full:
                break
    if not stream.found or not (stream.members.keys() & {"guild", "channel"} or (last and last.author)):
        if not stream.found and not stream.closed:
            raise ArchiveError(f"“{export.shown}” ends before its first message. Export the channel again.")
        raise ArchiveError(
            f"“{export.shown}” is JSON, but no export of DiscordChatExporter: it has no list of messages."
        )
    channel = channel or _channel(stream.members, export)
    room.release()
    for message in waiting:
        records += room.take(pictures.records(message, channel))
    when = posted_at(text_of(last.timestamp), last.id) if last else None
    return Export(
        path=export.path,
        channels=(channel,),
        message_count=message_count,
        message_ids=ids,
        records=tuple(records),
        exported_at=export.exported_at(parse_timestamp(text_of(stream.members.get("exportedAt")))),
        warnings=tuple(what_is_missing(export.shown, stream.damaged, stream.closed or room.full, message_count, when)),
    )


def _channel(members: Mapping[str, Any], export: ExportFile) -> Channel:
    guild, channel = members.get("guild"), members.get("channel")
    guild = guild if isinstance(guild, dict) else {}
    channel = channel if isinstance(channel, dict) else {}
    return Channel(
        id=id_of(channel.get("id")),
        name=text_of(channel.get("name")) or export.file_name.rpartition(".")[0],
        guild_id=id_of(guild.get("id")) or "0",
        guild_name=text_of(guild.get("name")),
        category=text_of(channel.get("category")),
    )
