"""Reads files of message objects as Discord's API gives them: what Discrub and bots write.

``[{…}, …]``; one object a line; an object with a member that holds them; the answers of Discord's search, whose
messages stand in arrays of arrays. Objects are as in Discord's reference of the message object, perhaps shortened.
"""

from __future__ import annotations

import json
import re
from array import array
from typing import Any, Generator, NamedTuple

from ras.archive.api.objects import Message, decoders
from ras.archive.api.pictures import Pictures
from ras.archive.api.places import Places
from ras.archive.export import Export, ExportFile
from ras.archive.json_stream import ElementStream
from ras.archive.media import MediaFolder
from ras.archive.messages import Found, Posted, records_of
from ras.archive.missing import what_is_missing
from ras.archive.room import Room
from ras.archive.seems import head_text
from ras.archive.timestamps import posted_at
from ras.archive.values import id_of, text_of
from ras.errors import ArchiveError
from ras.records import ImageRecord, PictureKinds

_HEAD_BYTES = 64 * 1024
_AT_ONCE = 1000
"""Messages that records are made of before there is a word of progress."""

_MEMBERS = ("messages", "data", "items", "results")
"""Names of the member that holds the messages."""
_MOST_MEMBERS = 50

_SPACE = re.compile(r"\s*")
_MEMBER = re.compile(r'\s*(?:,\s*)?"((?:[^"\\]|\\.){0,100})"\s*:\s*')
_ELEMENTS = re.compile(r"\[\s*(?:\[\s*)?(?=\{)")
_LIKE_A_MESSAGE = re.compile(r'(?=.*"id"\s*:\s*"?\d{15,20}\b)(?=.*"channel_id"\s*:)(?=.*"author"\s*:\s*\{)', re.DOTALL)

_decode = json.JSONDecoder(strict=False).raw_decode


class _Layout(NamedTuple):
    key: str | None
    """The member that holds the messages; None where the document does."""
    element_start: str
    """A pattern for ``ElementStream``."""


def recognises(head: str, file: ExportFile) -> bool:
    """Whether a text that starts like this may be messages as Discord's API has them."""
    return _layout(head) is not None


def read(export: ExportFile, kinds: PictureKinds, room: Room, keep_ids: bool = False) -> Generator[int, None, Export]:
    """Read one file; yields how many bytes of it are through, often. Raises ArchiveError and OSError."""
    with export.open() as file:
        layout = _layout(head_text(file.read(_HEAD_BYTES)))
    if layout is None:
        raise ArchiveError(f"“{export.shown}” holds no messages of Discord.")
    places, pictures = Places(), Pictures(kinds, MediaFolder(export))
    # A search finds a message several times, as what was looked for and as what stands around that. Its pictures are
    # made one where exports are merged.
    ids = array("Q")
    waiting: list[tuple[Posted, list[Found]]] = []
    last: Message | None = None
    with export.open() as file:
        decode = decoders(kinds)
        stream: ElementStream[Message] = ElementStream(
            file, layout.key, decode.block, decode.element, layout.element_start
        )
        for batch in stream:
            last = batch[-1] if batch else last
            ids.extend(int(message.id) for message in batch)
            for message in batch:
                new = places.see(message)
                if new is not None:
                    room.take_channel(new)
            for message in filter(pictures.worth_a_look, batch):
                found = pictures.of(message)
                if found:
                    posted = pictures.posted(message, places.channel_of(message))
                    waiting.append((posted, room.take(found, posted.author)))
            yield stream.bytes_read
            if room.full:
                break
    if last is None:
        raise ArchiveError(f"“{export.shown}” holds no messages of Discord that can be read.")
    # Only now is it known whether the file is of one channel, and of which server.
    places.name(export, stream.members)
    records: list[ImageRecord] = []
    for number, (posted, found) in enumerate(waiting):
        records += records_of(places.placed(posted), found)
        if number % _AT_ONCE == 0:
            yield stream.bytes_read
    import numpy as np

    when = posted_at(text_of(last.timestamp) or text_of(last.created_at), last.id)
    return Export(
        path=export.path,
        channels=places.channels,
        message_count=len(np.unique(np.frombuffer(ids, np.uint64))),
        message_ids=ids if keep_ids else None,
        records=tuple(records),
        exported_at=export.modified,
        warnings=tuple(what_is_missing(export.shown, stream.damaged, stream.closed or room.full, len(ids), when)),
    )


def _layout(head: str) -> _Layout | None:
    """Where the messages are in a document that starts like this; None where it has none."""
    position = _space(head, 0)
    array_start = _ELEMENTS.match(head, position)
    if array_start is not None:
        return _of(head, array_start.end(), None)
    if head[position : position + 1] != "{":
        return None
    at = position + 1
    for _ in range(_MOST_MEMBERS):
        member = _MEMBER.match(head, at)
        if member is None:
            break
        array_start = _ELEMENTS.match(head, member.end())
        if member[1] in _MEMBERS and array_start is not None:
            return _of(head, array_start.end(), member[1])
        try:
            _, at = _decode(head, member.end())
        except (ValueError, RecursionError):
            break
    return _of(head, position, None)


def _of(head: str, position: int, key: str | None) -> _Layout | None:
    """Whether the element at this place is a message, and how it and others start."""
    try:
        value, _ = _decode(head, position)
    except (ValueError, RecursionError):  # damaged, or longer than the head
        return _Layout(key, r"\{") if _LIKE_A_MESSAGE.match(head, position) else None
    return _Layout(key, _start(value)) if _is_message(value) else None


def _is_message(value: Any) -> bool:
    """Whether it is an API's message, and not one of DiscordChatExporter, a data package or another program."""
    if not isinstance(value, dict) or len(id_of(value.get("id"))) < 15 or "content" not in value:
        return False
    if value.keys() & {"isPinned", "timestampEdited"} or not value.keys() & {"author", "author_id"}:
        return False
    return bool(value.keys() & {"channel_id", "attachments", "embeds", "message_snapshots"})


def _start(first: dict[str, Any]) -> str:
    """What elements start with: their first two members, which those of a message's own arrays are not.

    A message that is replied to starts so too, but it stands in no array.
    """
    names = [name for name in list(first)[:2] if re.fullmatch(r"\w{1,50}", name, re.ASCII)]
    if len(names) < 2:
        return r"\{"
    if isinstance(first[names[0]], (dict, list)):
        more = r"[\[{]"
    else:
        more = rf'(?:"(?:[^"\\]|\\.){{0,6000}}"|[-+\w.]{{1,40}})\s*,\s*"{names[1]}"\s*:'
    return rf'(?:(?<=[,\[\n])|(?<=[,\[\n] ))\{{\s*"{names[0]}"\s*:\s*{more}'


def _space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()
