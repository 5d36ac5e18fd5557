"""Cuts a huge web page of DiscordChatExporter into its messages, in constant memory.

Only where messages begin is looked for, which reading them costs twenty times: a ``<div>`` with the class of a message
and its id. The exporter escapes what people write, so that no text looks like one.
"""

from __future__ import annotations

import re
from typing import BinaryIO, Iterator, NamedTuple

from ras.archive.discord_chat_exporter.html_elements import attributes_of, classes_of
from ras.archive.text_blocks import TextBlocks

_LONGEST = 4 * 1024 * 1024
"""Bytes of a message. Those with 10 embeds of 6,000 characters have some hundred thousand."""
_LONGEST_HEAD = 8 * 1024 * 1024
"""Before the first message: style sheets and fonts, perhaps inlined."""
_LONGEST_TAG = 1000
"""Of a message's first tag."""
_TAIL = 4096
"""More than stands behind the last message."""

_MARK = b"data-message-id"
_LOG = re.compile(rb"<div\s+class=[\"']?(?:chatlog(?=[\"'\s>])|chatlog__message-group)")
_GROUP = re.compile(rb"<div\s+class=[\"']?chatlog__message-group")
_END = re.compile(rb"<div\s+class=[\"']?postamble|</html\s*>", re.IGNORECASE)
_CLASSES = frozenset(("chatlog__message", "chatlog__message-container"))
_ID = re.compile(r"\d{1,19}", re.ASCII)
# At the beginning of a group: before its first message in old versions, inside of it since.
_AUTHOR = re.compile(rb"<span\s+class=[\"']?chatlog__(?:system-notification-)?author(?:-name)?[\"'\s>]")


class Cut(NamedTuple):
    """A message, unread."""

    id: str
    body: bytes
    header: bytes
    """Where its author is named; perhaps the body itself."""


class MessageStream:
    """Iterates over batches of a page's messages. Batches may be empty: there is one for every block that is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._blocks = TextBlocks(file)
        self._buffer = b""
        """Begins with the first tag of a message, once one was found; before, with the group's header."""
        self._searched = 0
        """How far in the buffer messages were looked for."""
        self._current = ""
        """The id of the message that the buffer begins with."""
        self._header = b""
        self.head = b""
        """What is before the log: the names of server and channel."""
        self.found = False
        """Whether there was a log."""
        self.closed = False
        """Whether the page's end was found."""
        self.damaged = 0
        """Messages that cannot be told from the one before, or are too long to be true (their beginnings count)."""

    @property
    def bytes_read(self) -> int:
        return self._blocks.bytes_read

    def __iter__(self) -> Iterator[list[Cut]]:
        yield from self._find_log()
        if not self.found:
            return
        while True:
            cuts = list(self._cuts())
            end = self._buffer[-_TAIL:]
            if len(self._buffer) > _LONGEST:
                cuts += self._too_long()
            yield cuts
            block = self._blocks.read()
            if not block:
                break
            self._buffer += block
        self.closed = _END.search(end) is not None
        if self._current:
            yield [self._cut(self._buffer, at_end=self.closed)]

    def _find_log(self) -> Iterator[list[Cut]]:
        while len(self._buffer) < _LONGEST_HEAD:
            block = self._blocks.read()
            if not block:
                return
            # The tag may lie across two blocks.
            start = max(0, len(self._buffer) - _LONGEST_TAG)
            self._buffer += block
            log = _LOG.search(self._buffer, start)
            if log is not None:
                self.found = True
                self.head, self._buffer = self._buffer[: log.start()], self._buffer[log.start() :]
                return
            yield []

    def _cuts(self) -> Iterator[Cut]:
        """The messages of the buffer but for the last one, which stays in it."""
        start, position = 0, self._searched
        while True:
            mark = self._buffer.find(_MARK, position)
            if mark < 0:
                break
            position = mark + len(_MARK)
            found = self._message_at(mark)
            if found is None:
                continue
            tag, message_id = found
            if self._current:
                yield self._cut(self._buffer[start:tag])
            else:
                self._begin_group(self._buffer[start:tag])
            start, self._current = tag, message_id
        self._buffer = self._buffer[start:]
        self._searched = max(0, len(self._buffer) - _LONGEST_TAG)
        # The tag of the message that the buffer begins with was found already.
        if self._current:
            self._searched = max(self._searched, self._buffer.find(_MARK) + len(_MARK))

    def _message_at(self, mark: int) -> tuple[int, str] | None:
        """Where the tag of a message begins that holds the text at ``mark``, and the message's id; None for no such."""
        start = self._buffer.rfind(b"<", max(0, mark - _LONGEST_TAG), mark)
        if start < 0 or self._buffer[start : start + 4].lower() != b"<div":
            return None
        end = self._buffer.find(b">", mark, mark + _LONGEST_TAG)
        if end < 0:
            return None
        attributes = attributes_of(self._buffer[start + 4 : end].decode("utf-8", "replace"))
        message_id = attributes.get("data-message-id", "")
        if not _ID.fullmatch(message_id) or not _CLASSES & classes_of(attributes):
            return None
        return start, message_id

    def _cut(self, text: bytes, *, at_end: bool = False) -> Cut:
        """The current message, and the next group's beginning that may be behind it."""
        groups = [group.start() for group in _GROUP.finditer(text)]
        body = text[: groups[0]] if groups else text
        if _AUTHOR.search(body):
            self._header = body
        cut = Cut(self._current, body, self._header)
        if groups:
            # A group that no message was found in has one without its id.
            self.damaged += len(groups) - (not at_end)
            self._begin_group(text[groups[-1] :])
        return cut

    def _begin_group(self, text: bytes) -> None:
        self._header = text[:_LONGEST]

    def _too_long(self) -> list[Cut]:
        """Let go of what cannot be one message; the next one is looked for behind it."""
        cuts = []
        if self._current:
            cuts.append(self._cut(self._buffer[:_LONGEST]))
            self.damaged += 1
        self._current = ""
        self._buffer = self._buffer[-_LONGEST_TAG:]
        self._searched = 0
        return cuts
