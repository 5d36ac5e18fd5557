"""Cuts a huge CSV file of DiscordChatExporter into its rows, in constant memory."""

from __future__ import annotations

from typing import BinaryIO, Iterator

from ras.archive.discord_chat_exporter.csv_dialect import Dialect
from ras.archive.text_blocks import TextBlocks

_LONGEST_ROW = 256 * 1024
"""Bytes. Messages have 4,000 characters and 10 attachments at most."""
_LONGEST_UNCLOSED = 32 * 1024
"""A row in which a quote is open for so long has lost one."""
_HEAD = 1024
"""More bytes than the header has, or the start of a row."""


class RowStream:
    """Iterates over batches of rows, unread. Batches may be empty: there is one for every block that is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._blocks = TextBlocks(file)
        self._buffer = b""
        """Begins with the start of a row."""
        self._lost = False
        """Whether it begins inside of what cannot be a row, whose end was not found yet."""
        self.dialect: Dialect | None = None
        """Known once the first batch came; None where the file has another header."""
        self.last = b""
        """The last row, which may be cut. It is in no batch."""
        self.damaged = 0
        """Rows that were left out."""

    @property
    def bytes_read(self) -> int:
        return self._blocks.bytes_read

    def __iter__(self) -> Iterator[list[bytes]]:
        more = True
        while more and len(self._buffer) < _HEAD:
            more = self._fill()
        header = Dialect.of(self._buffer)
        if header is None:
            return
        self.dialect, end = header
        self._buffer = self._buffer[end:]
        while True:
            rows = list(self._rows(self.dialect))
            if len(self._buffer) > _LONGEST_ROW:
                # The next start of a row is looked for behind it.
                self.damaged += not self._lost
                self._lost = True
                self._buffer = self._buffer[-_HEAD:]
            yield rows
            if not self._fill():
                break
        if self._lost:
            return
        # The file may end with an open quote.
        yield list(self._rows(self.dialect, at_end=True))
        self.last = self._buffer

    def _rows(self, dialect: Dialect, *, at_end: bool = False) -> Iterator[bytes]:
        """The rows of the buffer but for the last one, which stays in it."""
        start = position = quotes = 0
        first = -1
        """The first place where the row would end, if no quote were open there."""
        while True:
            found = dialect.next_row.search(self._buffer, position)
            if found is None and not (at_end and first >= 0):
                break
            end = found.end() if found else len(self._buffer)
            if not dialect.quoted and not self._lost:
                quotes += self._buffer.count(b'"', position, end)
                if quotes % 2 and found and end - start < _LONGEST_UNCLOSED:
                    first = end if first < 0 else first
                    position = end
                    continue
                if quotes % 2 and first >= 0:
                    end = first
            if not self._lost:
                yield self._buffer[start:end]
            self._lost = False
            start = position = end
            quotes, first = 0, -1
        self._buffer = self._buffer[start:]

    def _fill(self) -> bool:
        block = self._blocks.read()
        self._buffer += block
        return bool(block)
