"""Reads the JSON exports of DiscordChatExporter, 2.18 to 2.47 (``JsonMessageWriter.cs``)."""

# ruff: noqa: UP006, UP045  msgspec evaluates the annotations of its Structs, on Python 3.8 too.
from __future__ import annotations

import re
from array import array
from typing import Any, Generator, Iterator, List, Mapping, NamedTuple, Optional, Sequence
from urllib.parse import urlsplit

import msgspec

from ras.archive.export import Export, ExportFile
from ras.archive.json_stream import ElementStream, lenient_json
from ras.archive.media import MediaFolder, is_url, name_in_url
from ras.archive.messages import Found, Posted, records_of
from ras.archive.pictures import may_be_picture
from ras.archive.timestamps import parse_timestamp, posted_at
from ras.cdn import attachment_url, canonical_url, is_discord_host
from ras.errors import ArchiveError
from ras.records import Channel, ImageRecord, PictureKinds
from ras.text import count

# Only what records are made of: everything else is skipped without making objects of it. Single values are Any, since
# real exports have numbers for texts and the reverse; only a wrong shape sends a message to _coerced.


class _Attachment(msgspec.Struct, gc=False):
    id: Any = None
    url: Any = None
    fileName: Any = None
    fileSizeBytes: Any = None


class _Picture(msgspec.Struct, gc=False):
    url: Any = None
    canonicalUrl: Any = None


class _Embed(msgspec.Struct, gc=False):
    thumbnail: Optional[_Picture] = None
    image: Optional[_Picture] = None
    images: Optional[List[_Picture]] = None


class _Author(msgspec.Struct, gc=False):
    id: Any = None
    name: Any = None
    nickname: Any = None


class _Reference(msgspec.Struct, gc=False):
    channelId: Any = None


class _Forwarded(msgspec.Struct, gc=False):
    content: Any = None
    attachments: Optional[List[_Attachment]] = None
    embeds: Optional[List[_Embed]] = None


class _Message(msgspec.Struct, gc=False):
    id: str
    timestamp: Any = None
    content: Any = None
    author: Optional[_Author] = None
    attachments: Optional[List[_Attachment]] = None
    embeds: Optional[List[_Embed]] = None
    reference: Optional[_Reference] = None
    forwardedMessage: Optional[_Forwarded] = None


_MESSAGE_START = r'\{[ \t\r\n]*"id"[ \t\r\n]*:[ \t\r\n]*"?\d{1,20}"?[ \t\r\n]*,[ \t\r\n]*"type"[ \t\r\n]*:'
"""Nothing else in an export has an id that is followed by a type, but for the channel, which stands in no array."""

_HEAD = re.compile(r'\s*\{.*"(?:guild|channel|messages)"\s*:', re.DOTALL)


def recognises(head: str, file: ExportFile) -> bool:
    """Whether a text that starts like this may be such an export."""
    return _HEAD.match(head) is not None


def read(export: ExportFile, kinds: PictureKinds, keep_ids: bool = False) -> Generator[int, None, Export]:
    """Read one export; yields how many bytes of it are through, often. Raises ArchiveError and OSError."""
    with export.open() as file:
        stream: ElementStream[_Message] = ElementStream(
            file, "messages", _decode_messages, _decode_message, _MESSAGE_START
        )
        ids: array[int] | None = array("Q") if keep_ids else None
        media = MediaFolder(export)
        waiting: list[_Message] = []
        records: list[ImageRecord] = []
        channel: Channel | None = None
        message_count = 0
        last: _Message | None = None
        for batch in stream:
            message_count += len(batch)
            last = batch[-1] if batch else last
            waiting += [
                message for message in batch if message.attachments or message.embeds or message.forwardedMessage
            ]
            if ids is not None:
                ids.extend(int(message.id) for message in batch)
            if last and last.author is None and not stream.members.keys() & {"guild", "channel"}:
                break  # A list of messages of another program
            # Where the channel is only named after its messages, they wait for it.
            if channel is None and stream.members.keys() >= {"guild", "channel"}:
                channel = _channel(stream.members, export)
            if channel is not None:
                for message in waiting:
                    records += _records(message, channel, media)
                waiting.clear()
            yield stream.bytes_read
    if not stream.found or not (stream.members.keys() & {"guild", "channel"} or (last and last.author)):
        if not stream.found and not stream.closed:
            raise ArchiveError(f"“{export.shown}” ends before its first message. Export the channel again.")
        raise ArchiveError(
            f"“{export.shown}” is JSON, but no export of DiscordChatExporter: it has no list of messages."
        )
    channel = channel or _channel(stream.members, export)
    for message in waiting:
        records += _records(message, channel, media)
    return Export(
        path=export.path,
        channels=(channel,),
        message_count=message_count,
        message_ids=ids,
        records=tuple(records),
        exported_at=parse_timestamp(_text(stream.members.get("exportedAt"))) or export.modified,
        warnings=tuple(_warnings(export.shown, stream, message_count, last)),
    )


def _warnings(name: str, stream: ElementStream[_Message], message_count: int, last: _Message | None) -> list[str]:
    warnings = []
    if stream.damaged:
        warnings.append(f"“{name}” is damaged inside: {count(stream.damaged, 'message')} could not be read.")
    if not stream.closed:
        when = ""
        if last is not None:
            day = posted_at(_text(last.timestamp), last.id)
            when = f" up to {day.day} {day:%B %Y}"
        were = "was" if message_count == 1 else "were"
        warnings.append(
            f"“{name}” ends in the middle: {count(message_count, 'message')}{when} {were} read; "
            "export the channel again to get the rest."
        )
    return warnings


_MESSAGES = msgspec.json.Decoder(List[_Message])
_ID = re.compile(r"\d{1,19}", re.ASCII)


def _decode_messages(raw: bytes) -> list[_Message]:
    try:
        messages = _MESSAGES.decode(raw)
    except msgspec.MsgspecError as exc:  # a ValueError in newer versions only
        raise ValueError(str(exc)) from exc
    if not all(map(_ID.fullmatch, [message.id for message in messages])):
        raise ValueError("a message has no id")
    return messages


def _decode_message(raw: bytes) -> _Message | None:
    try:
        return _decode_messages(b"[" + raw + b"]")[0]
    except (ValueError, RecursionError):
        pass
    try:
        return _coerced(lenient_json(raw))
    except (ValueError, RecursionError):
        return None


def _coerced(raw: Any) -> _Message | None:
    """A message of values of any shape: what has the right one is kept. None without an id."""
    if not isinstance(raw, dict) or not _id(raw.get("id")):
        return None

    def structs(kind: Any, value: Any) -> list[Any]:
        values = value if isinstance(value, list) else []
        return [struct(kind, inner) for inner in values if isinstance(inner, dict)]

    def struct(kind: Any, value: Any) -> Any:
        if not isinstance(value, dict):
            return None
        fields = {name: value.get(name) for name in kind.__struct_fields__}
        for name, inner in shapes.items():
            if name in fields:
                fields[name] = structs(inner, fields[name]) if name.endswith("s") else struct(inner, fields[name])
        return kind(**fields)

    shapes = {
        "author": _Author,
        "attachments": _Attachment,
        "embeds": _Embed,
        "reference": _Reference,
        "forwardedMessage": _Forwarded,
        "thumbnail": _Picture,
        "image": _Picture,
        "images": _Picture,
    }
    message: _Message = struct(_Message, raw)
    message.id = _id(raw["id"])
    return message


class _Source(NamedTuple):
    """Where pictures of a message come from: the message itself or the one that it forwards."""

    attachments: Sequence[_Attachment]
    embeds: Sequence[_Embed]
    content: str
    channel_id: str
    """Where the attachments were posted: a part of their URL."""
    forwarded: bool


def _records(message: _Message, channel: Channel, media: MediaFolder) -> list[ImageRecord]:
    """One record for each picture of a message: its own, then the forwarded message's."""
    content = _text(message.content)
    sources = [_Source(message.attachments or (), message.embeds or (), content, channel.id, False)]
    forwarded = message.forwardedMessage
    if forwarded is not None:
        content = content or _text(forwarded.content)
        home = _id(message.reference.channelId) if message.reference else ""
        sources.append(_Source(forwarded.attachments or (), forwarded.embeds or (), content, home, True))
    author = message.author or _Author()
    posted = Posted(
        message_id=message.id,
        author_id=_id(author.id),
        author=_text(author.nickname) or _text(author.name) or "unknown",
        channel=channel,
        timestamp=posted_at(_text(message.timestamp), message.id),
        media_root=media.root,
    )
    found = [
        picture._replace(kind="forwarded" if source.forwarded else picture.kind, content=source.content)
        for source in sources
        for picture in (*_attachments(source, media), *_embedded(source, media))
    ]
    return records_of(posted, found)


def _attachments(source: _Source, media: MediaFolder) -> Iterator[Found]:
    for attachment in source.attachments:
        attachment_id, text = _id(attachment.id), _text(attachment.url)
        file_name = _text(attachment.fileName) or name_in_url(text)
        if not may_be_picture(file_name) or not (attachment_id or text):
            continue
        if is_url(text):
            url, path = text, media.find(text)
        else:
            known = attachment_id and source.channel_id
            url = attachment_url(source.channel_id, attachment_id, file_name) if known else ""
            path = (media.locate(text) if text else None) or (media.find(url) if url else None)
        size = attachment.fileSizeBytes
        yield Found("attachment", attachment_id or None, file_name, url, path, size if _is_size(size) else None)


def _embedded(source: _Source, media: MediaFolder) -> Iterator[Found]:
    for embed in source.embeds:
        for picture in (embed.image, *(embed.images or ()), embed.thumbnail):
            if picture is None:
                continue
            text, canonical = _text(picture.url), _text(picture.canonicalUrl)
            urls = [url for url in (text, canonical) if is_url(url)]
            # DCE's url is Discord's own proxy where Discord has one, and what may be downloaded by default.
            url = next((url for url in urls if is_discord_host(_host(url))), urls[0] if urls else "")
            path = media.find(url) if is_url(text) else media.locate(text) if text else None
            if url or path:
                yield Found("embed", None, name_in_url(canonical_url(url) if url else path or ""), url, path, None)


def _channel(members: Mapping[str, Any], export: ExportFile) -> Channel:
    guild, channel = members.get("guild"), members.get("channel")
    guild = guild if isinstance(guild, dict) else {}
    channel = channel if isinstance(channel, dict) else {}
    return Channel(
        id=_id(channel.get("id")),
        name=_text(channel.get("name")) or export.file_name.rpartition(".")[0],
        guild_id=_id(guild.get("id")) or "0",
        guild_name=_text(guild.get("name")),
        category=_text(channel.get("category")),
    )


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    # Longer numbers are nonsense, and Python refuses to write very long ones.
    return str(value) if type(value) is int and abs(value) < 10**20 else ""


def _id(value: Any) -> str:
    """A Discord id, or an empty text: ids become parts of links."""
    text = _text(value)
    return text if _ID.fullmatch(text) else ""


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**62
