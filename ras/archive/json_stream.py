"""Reads one huge JSON object piece by piece: its members one by one, and those of its one long array in batches.

The array is cut into blocks that are decoded at once. A block goes from the start of one element to a place where an
element seems to end; *that it decodes proves the cut*, since a cut anywhere else leaves brackets or a string open. In
an indented document the place is exact: strings cannot hold line breaks, so a line break, the elements' indentation
and ``}`` is the end of an element. In others it is where text like an element's start follows. A block that does not
decode (a damaged element, another layout) is walked element by element instead, and only what is damaged is lost.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, BinaryIO, Callable, Generic, Iterator, TypeVar

T = TypeVar("T")

_BLOCK = 256 * 1024
"""Bytes read at once. What fits the processor's cache decodes twice as fast as blocks of some megabytes."""
_LONGEST = 64 * 1024 * 1024
"""No element or member may be longer; Discord's are some kilobytes. Keeps hostile files from filling the memory."""

_MOST_MEMBERS = 1000
"""DCE writes six. Each one costs a look at the buffer, so that a million would take hours."""

_SPACE = re.compile(rb"[ \t\r\n]*")
_INDENT = re.compile(rb"\r?\n([ \t]+)\{")
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

_scan = json.JSONDecoder(
    strict=False,
    # Only where values end matters here, and turning a million digits into a number takes minutes.
    parse_int=lambda _: 0,
    parse_float=lambda _: 0.0,
    object_pairs_hook=lambda _: None,
).raw_decode


class Malformed(ValueError):
    """The text at this place is no JSON, or there is too much of it."""


class Incomplete(Malformed):
    """The text breaks off in the middle of a value."""


class ElementStream(Generic[T]):
    """Iterates over batches of the elements of the array ``key`` of a JSON object, in constant memory.

    ``decode_block`` gets the text of a JSON array and returns its elements, or raises ValueError or RecursionError;
    ``decode_element`` gets the text of one element that was in such a block, and returns it or None where it is
    damaged. ``element_start`` matches what an element starts with and nothing inside of one does: it finds the next
    element in a document that is not indented. Batches may be empty: there is one for every block that is read.
    """

    def __init__(
        self,
        file: BinaryIO,
        key: str,
        decode_block: Callable[[bytes], list[T]],
        decode_element: Callable[[bytes], T | None],
        element_start: str,
    ) -> None:
        self._file = file
        self._key = key
        self._decode_block = decode_block
        self._decode_element = decode_element
        self._cuts = tuple(
            re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*(?=" + start + rb")") for start in (element_start.encode(), rb"\{")
        )
        self._next_element = re.compile(element_start.encode())
        self._transcode: codecs.IncrementalDecoder | None = None
        self._buffer = b""
        self._indent = b""
        self._at_end = False
        self._lost = False
        """Whether the buffer begins inside a damaged element whose end was not found yet."""

        self.members: dict[str, Any] = {}
        """The object's other members that were read so far. Those after the array come when it is through."""
        self.found = False
        """Whether there was an array of this name."""
        self.closed = False
        """Whether the object was closed properly: nothing is missing at the end."""
        self.damaged = 0
        """Elements that were left out."""
        self.bytes_read = 0

    def __iter__(self) -> Iterator[list[T]]:
        try:
            yield from self._object()
        except Malformed:
            self.closed = False

    def _object(self) -> Iterator[list[T]]:
        self._take(b"{")
        for _ in range(_MOST_MEMBERS):
            if self._peek() == b"}":
                self.closed = True
                return
            name = self._value()
            self._take(b":")
            if name == self._key and self._peek() == b"[":
                self.found = True
                yield from self._array()
            else:
                self.members[str(name)] = self._value()
            if self._peek() == b",":
                self._take(b",")

    def _array(self) -> Iterator[list[T]]:
        self._take(b"[")
        if len(self._buffer) < _BLOCK:
            self._fill()
        indent = _INDENT.match(self._buffer)
        self._indent = indent.group(1) if indent else b""
        if indent:
            shallower = rb"\n[ \t]{0,%d}\]" % (len(self._indent) - 1)
            self._next_element = re.compile(rb"\n" + self._indent + rb"\{|" + shallower)
        while True:
            following = self._peek()
            if following == b"]":
                self._take(b"]")
                return
            if following == b",":
                self._take(b",")
            yield self._batch()
            while self._lost:
                self._find_next_element()
                yield []

    def _batch(self) -> list[T]:
        if len(self._buffer) < _BLOCK:
            self._fill()
        cut = self._last_cut()
        while self._indent and not cut and len(self._buffer) < _LONGEST and self._fill(len(self._buffer)):
            cut = self._last_cut()
        if cut:
            try:
                elements = self._decode_block(b"[" + self._buffer[:cut] + b"]")
            except (ValueError, RecursionError):
                pass
            else:
                self._buffer = self._buffer[cut:]
                return elements
        return self._walk()

    def _last_cut(self) -> int:
        """Where the last whole element of the buffer seems to end; 0 where none does."""
        if self._indent:
            boundary = b"\n" + self._indent + b"}"
            found = self._buffer.rfind(boundary)
            return found + len(boundary) if found >= 0 else 0
        # Searching a little at the end is nearly always enough; a pattern cannot be searched for backwards.
        for tail in (8 * 1024, len(self._buffer)):
            for pattern in self._cuts:
                cut = 0
                for match in pattern.finditer(self._buffer, max(0, len(self._buffer) - tail)):
                    cut = match.start() + 1
                if cut:
                    return cut
        return 0

    def _walk(self) -> list[T]:
        """The elements of the buffer one by one; at least one is taken or skipped, or Incomplete is raised."""
        elements: list[T] = []
        text, position = self._buffer.decode("latin-1"), 0
        while True:
            position = _skip_space(self._buffer, position)
            if self._buffer[position : position + 1] == b",":
                position = _skip_space(self._buffer, position + 1)
            if self._buffer[position : position + 1] in (b"]", b""):
                break
            try:
                end = _end_of_value(text, position)
            except Incomplete:
                if position:
                    break
                if len(self._buffer) < _LONGEST and self._fill(len(self._buffer)):
                    text = self._buffer.decode("latin-1")
                    continue
                if self._at_end:
                    raise
                end = None
            except Malformed:
                end = None
            if end is not None:
                element = self._decode_element(self._buffer[position:end])
                if element is not None:
                    elements.append(element)
                else:
                    self.damaged += 1
                position = end
                continue
            self.damaged += 1
            following = self._next_element.search(self._buffer, position + 1)
            if following is None:
                self._lost = True
                break
            position = following.start()
        self._buffer = self._buffer[position:]
        return elements

    def _find_next_element(self) -> None:
        """Read on and look for the next element, or the end of an indented array; what is before it is dropped."""
        # It may lie across the end of what was read.
        self._buffer = self._buffer[-200:]
        if not self._fill():
            raise Incomplete
        following = self._next_element.search(self._buffer)
        if following is not None:
            self._buffer = self._buffer[following.start() :]
            self._lost = False

    def _value(self) -> Any:
        """The value of any kind that comes next, decoded as UTF-8."""
        self._peek()
        while True:
            try:
                end = _end_of_value(self._buffer.decode("latin-1"), 0)
                # A number may go on in what was not read yet.
                if end < len(self._buffer) or self._at_end:
                    break
            except Incomplete:
                if self._at_end:
                    raise
            if len(self._buffer) >= _LONGEST:
                raise Malformed
            self._fill(len(self._buffer))
        raw, self._buffer = self._buffer[:end], self._buffer[end:]
        try:
            return lenient_json(raw)
        except (ValueError, RecursionError) as exc:
            raise Malformed from exc

    def _peek(self) -> bytes:
        """The next byte that is no white space, now at the buffer's start. Raises Incomplete at the file's end."""
        while True:
            self._buffer = self._buffer[_skip_space(self._buffer, 0) :]
            if self._buffer:
                return self._buffer[:1]
            if not self._fill():
                raise Incomplete

    def _take(self, expected: bytes) -> None:
        if self._peek() != expected:
            raise Malformed
        self._buffer = self._buffer[1:]

    def _fill(self, size: int = 0) -> bool:
        """Read on, ``size`` bytes or a block; False at the end of the file."""
        if self._at_end:
            return False
        chunk = self._file.read(max(size, _BLOCK))
        first = self.bytes_read == 0
        self.bytes_read += len(chunk)
        self._at_end = not chunk
        if first:
            if chunk.startswith(codecs.BOM_UTF8):
                chunk = chunk[len(codecs.BOM_UTF8) :]
            elif chunk[:2] in _UTF16:
                self._transcode = codecs.getincrementaldecoder(_UTF16[chunk[:2]])("replace")
                chunk = chunk[2:]
        if self._transcode:
            chunk = self._transcode.decode(chunk, self._at_end).encode("utf-8")
        self._buffer += chunk
        return not self._at_end


def lenient_json(raw: bytes) -> Any:
    """One JSON value, read as leniently as can be: NaN, bare control characters and broken UTF-8 are taken.

    Lone surrogates become U+FFFD: no file, database or window could hold them. Raises ValueError or RecursionError.
    """
    text = raw.decode("utf-8", "replace")
    value = json.loads(text, strict=False, parse_int=_bounded_int)
    return _without_surrogates(value) if re.search(r"\\u[dD][89a-fA-F]", text) else value


def _bounded_int(digits: str) -> int:
    # Python before 3.11 takes minutes for a million digits; Discord's numbers have 20.
    return int(digits) if len(digits) <= 30 else 0


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(inner) for key, inner in value.items()}
    return value


def _skip_space(buffer: bytes, position: int) -> int:
    match = _SPACE.match(buffer, position)
    assert match is not None
    return match.end()


def _end_of_value(text: str, start: int) -> int:
    """Where the JSON value at ``start`` ends. Raises Incomplete where the text ends first, else Malformed."""
    try:
        _, end = _scan(text, start)
    except json.JSONDecodeError as exc:
        # A word, a number or an escape may be cut a few characters before the end.
        if exc.msg.startswith("Unterminated string") or exc.pos >= len(text) - 12:
            raise Incomplete from exc
        raise Malformed from exc
    except RecursionError as exc:
        raise Malformed from exc
    return end
