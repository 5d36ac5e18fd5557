"""Reads the messages of one channel of Discord's data package: ``messages.csv``, or ``messages.json`` in newer ones."""

# ruff: noqa: UP006  msgspec evaluates the annotations of its Structs, on Python 3.8 too.
from __future__ import annotations

import codecs
import re
from collections import deque
from datetime import timedelta
from typing import Any, BinaryIO, Deque, Iterator, List, NamedTuple

import msgspec

from ras.archive.json_stream import ElementStream
from ras.archive.lenient_json import lenient_json
from ras.archive.timestamps import parse_timestamp, snowflake_time
from ras.archive.values import id_of, text_of

_BLOCK = 256 * 1024
_LONGEST_ROW = 128 * 1024
"""Characters. A message has 4,000 at most, and ten attachments."""
_BATCH = 500


class PackageMessage(NamedTuple):
    """A message as the package has it."""

    id: str
    timestamp: str
    content: str
    attachments: str
    """URLs with spaces between."""


class JsonMessages:
    """The messages of a ``messages.json``, in batches: an array of objects."""

    def __init__(self, file: BinaryIO) -> None:
        self._stream: ElementStream[PackageMessage] = ElementStream(
            file, None, _decode_messages, _decode_message, r'\{[ \t\r\n]*"ID"[ \t\r\n]*:'
        )

    def __iter__(self) -> Iterator[list[PackageMessage]]:
        return iter(self._stream)

    @property
    def damaged(self) -> int:
        """Messages that were left out."""
        return self._stream.damaged

    @property
    def closed(self) -> bool:
        """Whether nothing is missing at the end."""
        return self._stream.found and self._stream.closed

    @property
    def bytes_read(self) -> int:
        return self._stream.bytes_read


class _Message(msgspec.Struct, gc=False):
    ID: Any = None
    Timestamp: Any = None
    Contents: Any = None
    Attachments: Any = None


_MESSAGES = msgspec.json.Decoder(List[_Message])


def _decode_messages(raw: bytes) -> list[PackageMessage]:
    try:
        decoded = _MESSAGES.decode(raw)
    except msgspec.MsgspecError as exc:  # a ValueError in newer versions only
        raise ValueError(str(exc)) from exc
    messages = [
        PackageMessage(id_of(one.ID), text_of(one.Timestamp), text_of(one.Contents), text_of(one.Attachments))
        for one in decoded
    ]
    if not all(message.id for message in messages):
        raise ValueError("a message has no id")
    return messages


def _decode_message(raw: bytes) -> PackageMessage | None:
    try:
        value = lenient_json(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not id_of(value.get("ID")):
        return None
    return PackageMessage(
        id_of(value["ID"]), *(text_of(value.get(key)) for key in ("Timestamp", "Contents", "Attachments"))
    )


class CsvMessages:
    """The messages of a ``messages.csv``, in batches: a row each, whose quoted cells may hold line breaks.

    A row ends where a line ends and all quotes are closed. Behind one that makes no sense, or does not end, reading
    goes on at the next line that looks like a row's first, with an id and the day that is in it: in a message that was
    cut, a line that somebody wrote may look like one.
    """

    # Python's csv takes neither null characters nor bare carriage returns.
    _CELL = re.compile(r'"([^"]*(?:""[^"]*)*)"(?=,|\Z)|([^,]*)')
    _FIRST_LINE = re.compile(r'"?(\d{1,20})"?,"?(\d{4}-\d\d-\d\d)', re.ASCII)

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._columns: tuple[str, ...] = ("id", "timestamp", "contents", "attachments")
        self.damaged = 0
        """Messages that were left out."""
        self.closed = True
        """Whether nothing is missing at the end."""
        self.bytes_read = 0

    def __iter__(self) -> Iterator[list[PackageMessage]]:
        batch: list[PackageMessage] = []
        row: list[str] = []
        open_quotes, length = 0, 0
        lines = self._lines()
        again: Deque[str] = deque()
        while True:
            line = again.popleft() if again else next(lines, None)
            if line == "" or len(batch) >= _BATCH:
                yield batch
                batch = []
            if line == "":
                continue
            if line is not None:
                row.append(line)
                open_quotes ^= line.count('"') & 1
                length += len(line)
                if open_quotes and length <= _LONGEST_ROW:
                    continue
            elif not row:
                break
            message = None if open_quotes else self._message(row)
            if message is not None:
                batch.append(message)
            elif row[0].strip() and (open_quotes or not self._is_header(row)):
                starts = (number for number in range(1, len(row)) if self._is_first(row[number]))
                rest = row[next(starts, len(row)) :]
                again.extendleft(reversed(rest))
                # The last row of a file that was cut is no damage.
                if not rest and (line is None or not line.endswith("\n")):
                    self.closed = False
                else:
                    self.damaged += 1
            row, open_quotes, length = [], 0, 0
        yield batch

    def _is_first(self, line: str) -> bool:
        match = self._FIRST_LINE.match(line)
        if match is None or not id_of(match[1]):
            return False
        day, told = snowflake_time(match[1]), parse_timestamp(f"{match[2]} 00:00")
        return told is not None and abs(day - told) <= timedelta(days=2)  # dates may be of another zone

    def _lines(self) -> Iterator[str]:
        """The file's lines, with their ends; an empty text now and then, while there is no line yet."""
        pending = b""
        while True:
            chunk = self._file.read(_BLOCK)
            if not self.bytes_read and chunk.startswith(codecs.BOM_UTF8):
                pending, chunk = b"", chunk[len(codecs.BOM_UTF8) :]
                self.bytes_read += len(codecs.BOM_UTF8)
            self.bytes_read += len(chunk)
            *whole, pending = (pending + chunk).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace") + "\n"
            if not chunk:
                break
            # What is so long is no row: it is cut into pieces, none of which makes sense.
            if len(pending) > 4 * _LONGEST_ROW:
                yield pending.decode("utf-8", "replace") + "\n"
                pending = b""
            yield ""
        if pending:
            yield pending.decode("utf-8", "replace")

    def _cells(self, row: list[str]) -> list[str]:
        text = "".join(row)
        text = text[: -2 if text.endswith("\r\n") else -1] if text.endswith("\n") else text
        cells = []
        position = -1
        while position < len(text):
            match = self._CELL.match(text, position + 1)
            assert match is not None  # an empty cell matches anywhere
            quoted, bare = match.groups()
            cells.append(bare if quoted is None else quoted.replace('""', '"'))
            position = match.end()
        return cells

    def _message(self, row: list[str]) -> PackageMessage | None:
        cells = self._cells(row)
        if len(cells) != len(self._columns):
            return None
        named = dict(zip(self._columns, cells))
        message_id = id_of(named.get("id"))
        if not message_id:
            return None
        return PackageMessage(message_id, *(named.get(name, "") for name in ("timestamp", "contents", "attachments")))

    def _is_header(self, row: list[str]) -> bool:
        names = tuple(cell.strip().lower() for cell in self._cells(row))
        if not {"id", "contents"} <= set(names):
            return False
        self._columns = names
        return True
