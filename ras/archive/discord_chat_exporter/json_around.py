"""Finds a message in a JSON export of DiscordChatExporter, and those around it, without reading all of the file.

Messages stand in the order of their ids, oldest or newest first, and the text that a message starts with stands nowhere
else: halving the file comes to any message in a few looks. Where the order does not hold, or the file can only be read
from its start (in a zip, or in UTF-16), it is read up to the message.
"""

from __future__ import annotations

import io
import re
from collections import deque
from typing import BinaryIO, Generator, Iterator, NamedTuple

from ras.archive.discord_chat_exporter.json_messages import MESSAGE_START, Message, decoders
from ras.archive.export import ExportFile
from ras.archive.json_stream import ElementStream
from ras.records import PictureKinds

_LOOK = 64 * 1024
"""Bytes that one look takes; more where no message starts in them."""
_LONGEST_LOOK = 16 * 1024 * 1024
_MOST_LOOKS = 64
_START = re.compile(MESSAGE_START.replace(r"\d{1,20}", r"(\d{1,20})").encode())
_LIST = re.compile(rb'"messages"[ \t\r\n]*:[ \t\r\n]*\[')
_CHANNEL = re.compile(r'"channel"[ \t\r\n]*:[ \t\r\n]*\{[ \t\r\n]*"id"[ \t\r\n]*:[ \t\r\n]*"?(\d{1,20})"?')


class _Place(NamedTuple):
    """Where a message starts."""

    offset: int
    id: int


def channel_in(head: str) -> str:
    """The id of the channel that an export is of, from its beginning; empty where it does not say so there."""
    match = _CHANNEL.search(head)
    return match[1] if match else ""


def around(export: ExportFile, message_id: str, amount: int) -> Generator[None, None, list[Message]]:
    """The message and up to ``amount`` (at least 1) on each side, the oldest first; empty where it is not there.

    Yields often. Raises OSError.
    """
    with export.open() as file:
        if _can_jump(file):
            found = yield from _by_halves(file, export.size, int(message_id), amount)
            if found is not None:
                return found
            file.seek(0)
        return (yield from _collect(file, "messages", message_id, amount))


def _can_jump(file: BinaryIO) -> bool:
    # A file in a zip says that it can, and reads all again from its start.
    if not isinstance(file, (io.FileIO, io.BufferedReader)) or not file.seekable():
        return False
    beginning = file.read(64)
    file.seek(0)
    return b"\0" not in beginning  # which UTF-16 is full of


def _collect(
    file: BinaryIO, key: str | None, message_id: str, amount: int, most: int = 0
) -> Generator[None, None, list[Message]]:
    """Read until it is there with those behind it. ``most``: messages to look at, all if 0."""
    decode = decoders(PictureKinds(links=False))
    stream: ElementStream[Message] = ElementStream(file, key, decode.block, decode.element, MESSAGE_START)
    before: deque[Message] = deque(maxlen=amount)
    found: list[Message] = []
    seen = 0
    for batch in stream:
        for message in batch:
            seen += 1
            if found:
                found.append(message)
                if len(found) == len(before) + amount + 1:
                    return _oldest_first(found)
            elif message.id == message_id:
                found = [*before, message]
            else:
                before.append(message)
        if most and seen > most and not found:
            break
        yield
    return _oldest_first(found)


def _oldest_first(messages: list[Message]) -> list[Message]:
    return messages[::-1] if len(messages) > 1 and int(messages[0].id) > int(messages[-1].id) else messages


def _by_halves(file: BinaryIO, size: int, wanted: int, amount: int) -> Generator[None, None, list[Message] | None]:
    """None where the file must be read from its start instead."""
    messages = _LIST.search(_read(file, _LOOK))  # the channel, before it, starts like a message, too
    first = _next(file, messages.end(), size) if messages else None
    last = _last(file, size, first.offset) if first else None
    if first is None or last is None:
        return None
    newest_first = first.id > last.id
    if not min(first.id, last.id) <= wanted <= max(first.id, last.id):
        return []
    low, high = first, last
    for _ in range(_MOST_LOOKS):
        if low.id == wanted or high.offset - low.offset <= _LOOK:
            break
        yield
        middle = _next(file, (low.offset + high.offset) // 2, high.offset)
        if middle is None or middle.offset >= high.offset:
            # From the middle on there is one long message; it is before that.
            middle = _last(file, (low.offset + high.offset) // 2, low.offset)
            if middle is None or middle.offset <= low.offset:
                break
        if not min(low.id, high.id) <= middle.id <= max(low.id, high.id):
            return None  # out of order
        if (middle.id > wanted) != newest_first and middle.id != wanted:
            high = middle
        else:
            low = middle
    yield
    start = _before(file, low.offset, amount, first.offset)
    beyond = high.offset - start
    # In the look that is left there may be hundreds of short messages.
    file.seek(start)
    joined = io.BufferedReader(_Array(file), _LOOK)
    found = yield from _collect(joined, None, str(wanted), amount, most=max(1000, beyond // 100))
    return found or None


def _next(file: BinaryIO, start: int, end: int) -> _Place | None:
    """The first message that starts from ``start`` on."""
    look = _LOOK
    while True:
        file.seek(start)
        text = _read(file, look)
        match = _START.search(text)
        if match is not None:
            return _Place(start + match.start(), int(match[1]))
        if len(text) < look or start + look >= end or look >= _LONGEST_LOOK:
            return None
        look *= 4


def _last(file: BinaryIO, end: int, least: int) -> _Place | None:
    """The last message that starts before ``end``."""
    starts = _starts_before(file, end, 1, least)
    return starts[-1] if starts else None


def _before(file: BinaryIO, offset: int, amount: int, least: int) -> int:
    """Where the message starts that stands ``amount`` before the one at ``offset``, as far as there are so many."""
    starts = _starts_before(file, offset, amount, least)
    return starts[-amount:][0].offset if starts else offset


def _starts_before(file: BinaryIO, end: int, amount: int, least: int) -> list[_Place]:
    look = _LOOK
    while True:
        start = max(least, end - look)
        file.seek(start)
        text = _read(file, end - start)
        starts = [_Place(start + match.start(), int(match[1])) for match in _START.finditer(text)]
        if len(starts) >= amount or start <= least or look >= _LONGEST_LOOK:
            return starts
        look *= 4


def _read(file: BinaryIO, size: int) -> bytes:
    parts = []
    while size > 0:
        part = file.read(size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class _Array(io.RawIOBase):
    """What follows in a file, from the start of a message on, as an array of its own."""

    def __init__(self, file: BinaryIO) -> None:
        self._parts: Iterator[bytes] = iter([b"["])
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = next(self._parts, None)
        if part is None:
            part = self._file.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)
