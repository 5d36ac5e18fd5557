"""Reads one huge JSON document piece by piece: the elements of its one long array in batches, other members one by one.

The array is cut into blocks that are decoded at once. A block goes from the start of one element to a place where an
element seems to end; *that it decodes proves the cut*, since a cut anywhere else leaves brackets or a string open. In
an indented document the place is exact: strings cannot hold line breaks, so a line break, the elements' indentation
and ``}`` is the end of an element. In others it is where text like an element's start follows. A block that does not
decode (a damaged element, another layout) is walked element by element instead, and only what is damaged is lost.

The array is a member of an object, or the whole document. It may be one of arrays, which are read as if they were one
(Discord's search answers so); and a document may be no array at all, but elements one after the other, a line each.
"""

from __future__ import annotations

import re
import time
from typing import Any, BinaryIO, Callable, Generator, Generic, Iterator, TypeVar

from ras.archive.json_values import Incomplete, Malformed, end_of_value, skip_space
from ras.archive.lenient_json import lenient_json
from ras.archive.text_blocks import TextBlocks

T = TypeVar("T")

_BLOCK = 256 * 1024
"""Bytes read at once. What fits the processor's cache decodes twice as fast as blocks of some megabytes."""
_LONGEST = 16 * 1024 * 1024
"""No element may be longer. Discord's are some kilobytes, but DCE lists everyone who reacted: 40,000 people fit."""
_LONGEST_WALKED = 4 * 1024 * 1024
"""The same where indentation does not show an element's end. Finding it can take twenty times its size in memory."""
_LONGEST_MEMBER = 256 * 1024
"""The same for the object's other members."""
_MOST_OF_MEMBERS = 1024 * 1024
"""Bytes of all those that are kept: in memory they can take twenty times as much."""
_MOST_SPACE = 100
"""Blocks of white space in a row."""
_TAIL = 200
"""More than an element's start, or the object's end behind its array, is long."""
_WALK_SECONDS = 0.1
"""How long elements are walked one by one until there is a batch again."""

_MOST_MEMBERS = 1000
"""DCE writes six. Each one costs a look at the buffer, so that a million would take hours."""

_ENDING = re.compile(rb'\][ \t\r\n]*(?:,[ \t\r\n]*"\w{1,50}"[ \t\r\n]*:[ \t\r\n]*\d{1,20}[ \t\r\n]*)?\}[ \t\r\n]*\Z')
"""How an object with its array ends, with a number at most behind it."""
_ARRAY_ENDING = re.compile(rb"\][ \t\r\n]*\Z")
_LINES_ENDING = re.compile(rb"\n[ \t\r\n]*\Z")
_INDENT = re.compile(rb"\r?\n([ \t]+)\{")
_INNER_INDENT = re.compile(rb"\{[ \t]*\r?\n([ \t]+)")
_OPENS = re.compile(rb"[ \t\r\n]*\[")
_EMPTY = re.compile(rb"(?:[ \t\r\n,]*\[[ \t\r\n]*\])+")
_NEXT_ARRAY = re.compile(rb"\][ \t\r\n]*,(?:[ \t\r\n]*\[[ \t\r\n]*\][ \t\r\n]*,)*[ \t\r\n]*\[")


class ElementStream(Generic[T]):
    """Iterates over batches of the elements of the array ``key`` of a JSON object, in constant memory.

    Where ``key`` is None, the elements are those of the document itself: of its array, or those that stand in it one
    after the other.

    ``decode_block`` gets the text of a JSON array and returns its elements, or raises ValueError or RecursionError;
    in a document whose array is one of arrays, it gets an array of arrays and returns the elements of all.
    ``decode_element`` gets the text of one element that was in such a block, and returns it or None where it is
    damaged. Elements are objects: anything else counts as damaged. ``element_start`` matches what an element starts
    with and nothing inside of one does: it finds the next element in a document that is not indented. Batches may be
    empty: there is one for every block that is read.
    """

    def __init__(
        self,
        file: BinaryIO,
        key: str | None,
        decode_block: Callable[[bytes], list[T]],
        decode_element: Callable[[bytes], T | None],
        element_start: str,
    ) -> None:
        self._text = TextBlocks(file)
        self._key = key
        self._decode_block = decode_block
        self._decode_element = decode_element
        self._element_start = element_start.encode()
        self._next_element = re.compile(self._element_start)
        self._ending = _ENDING
        self._is_nested = self._is_lines = False
        self._buffer = b""
        self._indent = b""
        self._at_end = False
        self._kept = 0
        """Bytes of the object's other members."""
        self._seen_twice = 0
        """Bytes that were looked at again, since the next element seems to begin inside of a damaged one."""
        self._lost = False
        """Whether the buffer begins inside a damaged element whose end was not found yet."""

        self.members: dict[str, Any] = {}
        """The object's other members that were read so far. Those after the array come when it is through."""
        self.found = False
        """Whether there was an array of this name."""
        self.closed = False
        """Whether the document was closed properly: nothing is missing at the end."""
        self.damaged = 0
        """Elements that were left out."""

    @property
    def bytes_read(self) -> int:
        return self._text.bytes_read

    def __iter__(self) -> Iterator[list[T]]:
        try:
            if self._key is not None:
                yield from self._object()
            elif self._peek() == b"[":
                self.found, self._ending = True, _ARRAY_ENDING
                yield from self._array()
                self.closed = True
            else:
                self.found, self._ending = True, _LINES_ENDING
                yield from self._lines()
        except Malformed:
            self.closed = False

    def _object(self) -> Iterator[list[T]]:
        self._take(b"{")
        for _ in range(_MOST_MEMBERS):
            if self._peek() == b"}":
                self.closed = True
                return
            name = yield from self._value()
            self._take(b":")
            if name == self._key and self._peek() == b"[":
                self.found = True
                yield from self._array()
            else:
                value = yield from self._value()
                if self._kept <= _MOST_OF_MEMBERS:
                    self.members[str(name)] = value
            if self._peek() == b",":
                self._take(b",")

    def _array(self) -> Iterator[list[T]]:
        self._take(b"[")
        self._learn_layout()
        self._is_nested = _OPENS.match(self._buffer) is not None
        if self._is_nested:
            self._ending = re.compile(rb"\][ \t\r\n]*" + self._ending.pattern)
        separator = rb"(?:\][ \t\r\n]*,[ \t\r\n]*\[|,)" if self._is_nested else rb","
        self._cuts = tuple(
            re.compile(rb"\}[ \t\r\n]*" + separator + rb"[ \t\r\n]*(?=" + start + rb")")
            for start in (self._element_start, rb"\{")
        )
        depth = 1
        while depth:
            following = self._peek()
            if following == b"]":
                self._take(b"]")
                depth -= 1
                continue
            if following == b",":
                self._take(b",")
                if self._is_nested and self._peek() in (b"[", b"]"):
                    continue
            elif following == b"[" and self._is_nested and depth == 1:
                empty = _EMPTY.match(self._buffer)
                if empty is not None:
                    self._buffer = self._buffer[empty.end() :]
                    continue
                self._take(b"[")
                self._learn_layout()
                depth = 2
                continue
            yield self._batch()
            yield from self._after_what_is_lost()

    def _learn_layout(self) -> None:
        """Look at how the elements of an array are indented, at its beginning."""
        if len(self._buffer) < _BLOCK:
            self._fill()
        indent = _INDENT.match(self._buffer)
        self._indent = indent.group(1) if indent else b""
        if indent:
            array_end = rb"[ \t]{0,%d}\]" % (len(self._indent) - 1)
            self._next_element = re.compile(rb"\n(?:" + self._indent + rb"\{|" + array_end + rb")")

    def _lines(self) -> Iterator[list[T]]:
        self._is_lines = True
        self._learn_indent_of_lines()
        while True:
            try:
                following = self._peek()
            except Incomplete:
                self.closed = True
                return
            if following in (b"]", b","):  # of an array that was cut into lines
                self._buffer = self._buffer.lstrip(b"], \t\r\n")
            yield self._batch()
            yield from self._after_what_is_lost()

    def _learn_indent_of_lines(self) -> None:
        """Whether an element has lines of its own: then only what is indented less than they are begins another."""
        if len(self._buffer) < _BLOCK:
            self._fill()
        inner = _INNER_INDENT.match(self._buffer)
        most = rb"{0,%d}" % (len(inner.group(1)) - 1) if inner else rb"*"
        self._next_element = re.compile(rb"\n[ \t\r]" + most + rb"\{")

    def _after_what_is_lost(self) -> Iterator[list[T]]:
        while self._lost:
            self._find_next_element()
            yield []

    def _batch(self) -> list[T]:
        if len(self._buffer) < _BLOCK:
            self._fill()
        # What is longer has an element in it that must be walked, unless indentation shows its end.
        cut = self._last_cut() if self._indent or len(self._buffer) <= 2 * _BLOCK else 0
        if self._indent and not cut and len(self._buffer) < _LONGEST and self._fill(len(self._buffer)):
            return []
        if cut:
            try:
                elements = self._decode_block(self._as_array(cut))
            except (ValueError, RecursionError):
                pass
            else:
                self._buffer = self._buffer[cut:]
                return elements
        return self._walk()

    def _as_array(self, cut: int) -> bytes:
        """What is before this place of the buffer, as the text of an array."""
        if self._is_lines:
            lines = (line.strip(b" \t\r,") for line in self._buffer[:cut].split(b"\n"))
            return b"[" + b",".join(filter(None, lines)) + b"]"
        # A view: each copy of a block is a tenth of all the time.
        block = memoryview(self._buffer)[:cut]
        return b"".join((b"[[", block, b"]]") if self._is_nested else (b"[", block, b"]"))

    def _last_cut(self) -> int:
        """Where the last whole element of the buffer seems to end; 0 where none does."""
        if self._is_lines:
            return self._buffer.rfind(b"\n") + 1
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
        """The elements of the buffer one by one, for a moment. What is longer than the buffer makes it longer."""
        elements: list[T] = []
        position, started = 0, time.monotonic()
        while time.monotonic() - started < _WALK_SECONDS:
            position = skip_space(self._buffer, position)
            if self._buffer[position : position + 1] == b",":
                position = skip_space(self._buffer, position + 1)
            between = _NEXT_ARRAY.match(self._buffer, position) if self._is_nested else None
            if between is not None:
                position = between.end()
                continue
            if self._buffer[position : position + 1] in (b"]", b""):
                break
            try:
                if self._buffer[position : position + 1] != b"{":
                    raise Malformed(position + 1)
                end = self._end_of_value(position)
            except Incomplete as exc:
                if position or (len(self._buffer) < _LONGEST_WALKED and self._fill(len(self._buffer))):
                    break
                if self._at_end and not self._ending.search(self._buffer, max(0, len(self._buffer) - _TAIL)):
                    raise
                position = self._after_damage(position, exc.reach)
            except Malformed as exc:
                position = self._after_damage(position, exc.reach)
            else:
                element = self._decode_element(self._buffer[position:end])
                if element is not None:
                    elements.append(element)
                else:
                    self.damaged += 1
                position = end
            if self._lost:
                break
        self._buffer = self._buffer[position:]
        return elements

    def _after_damage(self, position: int, reach: int) -> int:
        """Where the element behind a damaged one begins; ``reach`` is how far the damaged one was looked at."""
        self.damaged += 1
        following = self._next_element.search(self._buffer, position + 1)
        if following is not None and following.start() < reach:
            # It may be the next one, e.g. behind a quote that is missing, or a part of this one, which fails as well.
            # To look at everything twice is all right; a hostile file would have it a thousand times.
            self._seen_twice += reach - following.start()
            if self._seen_twice > self.bytes_read:
                following = self._next_element.search(self._buffer, reach)
        self._lost = following is None
        return following.start() if following is not None else position + 1

    def _find_next_element(self) -> None:
        """Read on and look for the next element, or the end of the array; what is before it is dropped."""
        # It may lie across the end of what was read.
        self._buffer = self._buffer[-_TAIL:]
        following = (self._next_element if self._fill() else self._ending).search(self._buffer)
        if following is None and self._at_end:
            raise Incomplete(0)
        if following is not None:
            self._buffer = self._buffer[following.start() :]
            self._lost = False

    def _value(self) -> Generator[list[T], None, Any]:
        """The value of any kind that comes next, decoded as UTF-8. Yields empty batches while it is read."""
        self._peek()
        while True:
            try:
                end = self._end_of_value(0)
                # A number may go on in what was not read yet.
                if end < len(self._buffer) or self._at_end:
                    break
            except Incomplete:
                if self._at_end:
                    raise
            if len(self._buffer) >= _LONGEST_MEMBER:
                raise Malformed(0)
            self._fill(len(self._buffer))
            yield []
        raw, self._buffer = self._buffer[:end], self._buffer[end:]
        self._kept += len(raw)
        try:
            return lenient_json(raw)
        except (ValueError, RecursionError) as exc:
            raise Malformed(0) from exc

    def _end_of_value(self, start: int) -> int:
        return end_of_value(self._buffer, start, 4 * _LONGEST_WALKED)

    def _peek(self) -> bytes:
        """The next byte that is no white space, now at the buffer's start. Raises Incomplete at the file's end."""
        for _ in range(_MOST_SPACE):
            self._buffer = self._buffer[skip_space(self._buffer, 0) :]
            if self._buffer:
                return self._buffer[:1]
            if not self._fill():
                raise Incomplete(0)
        raise Malformed(0)

    def _take(self, expected: bytes) -> None:
        if self._peek() != expected:
            raise Malformed(0)
        self._buffer = self._buffer[1:]

    def _fill(self, size: int = 0) -> bool:
        """Read on, ``size`` bytes or a block; False at the end of the file."""
        if self._at_end:
            return False
        chunk = self._text.read(max(size, _BLOCK))
        self._at_end = not chunk
        self._buffer += chunk
        return not self._at_end
