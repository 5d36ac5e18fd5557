"""Reads a text file block by block as UTF-8, without its byte order mark; UTF-16 is transcoded."""

from __future__ import annotations

import codecs
from typing import BinaryIO

_BLOCK = 256 * 1024
_MARK = 3
"""Bytes of the longest mark."""
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class TextBlocks:
    """The blocks of one file, in its order."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._transcode: codecs.IncrementalDecoder | None = None
        self.bytes_read = 0

    def read(self, size: int = 0) -> bytes:
        """The next block, of ``size`` bytes or some that are read quickly; empty only at the end. Raises OSError."""
        while True:
            block = self._file.read(size or _BLOCK)
            first = not self.bytes_read
            while first and 0 < len(block) < _MARK:
                more = self._file.read(_MARK)
                if not more:
                    break
                block += more
            self.bytes_read += len(block)
            if first and block[:2] in _UTF16:
                self._transcode = codecs.getincrementaldecoder(_UTF16[block[:2]])("replace")
                text = block[2:]
            else:
                text = block[len(codecs.BOM_UTF8) :] if first and block.startswith(codecs.BOM_UTF8) else block
            if self._transcode:
                text = self._transcode.decode(text, not block).encode("utf-8", "replace")
            if text or not block:
                return text
