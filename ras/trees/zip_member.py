"""A file of a zip, unpacked as it is read: never more bytes than the zip says, and in bounded memory."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import zlib
from typing import Any, BinaryIO, Protocol

from ras.trees.zip_directory import Entry

_CHUNK = 64 * 1024
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 0x1
_LARGEST_DICTIONARY = 256 * 1024 * 1024


class _Decompressor(Protocol):
    """As the standard library's, see ``bz2.BZ2Decompressor``."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Member(io.RawIOBase):
    """Reads an entry of ``file``, which is its own and closed with it. All that goes wrong is an OSError."""

    def __init__(self, file: BinaryIO, entry: Entry) -> None:
        if entry.flags & _ENCRYPTED:
            raise OSError(None, "it is protected by a password; unpack the zip and open the folder")
        self._file = file
        self._packed, self._left, self._expected, self._crc = entry.packed, entry.size, entry.crc, 0
        file.seek(entry.offset)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\3\4"):
            raise OSError(None, "the zip is damaged: a file that it lists is not there")
        file.seek(sum(_LOCAL.unpack(header)[-2:]), io.SEEK_CUR)
        self._unpacker = self._make_unpacker(entry)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._left)
        if not wanted:
            return 0
        try:
            data = self._unpack(wanted)
        except (zlib.error, lzma.LZMAError, EOFError, ValueError) as exc:
            raise OSError(None, f"the zip is damaged ({exc})") from exc
        self._left -= len(data)
        self._crc = zlib.crc32(data, self._crc)
        if not self._left and self._crc != self._expected:
            raise OSError(None, "the zip is damaged (a checksum is wrong)")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _unpack(self, wanted: int) -> bytes:
        """At least one byte, at most so many."""
        unpacker = self._unpacker
        if unpacker is None:
            return self._take(wanted)
        while not unpacker.eof:
            data = unpacker.decompress(self._take(_CHUNK) if unpacker.needs_input else b"", wanted)
            if data:
                return data
        raise OSError(None, "the zip is damaged (there is less in it than it says)")

    def _take(self, most: int) -> bytes:
        data = self._file.read(min(most, self._packed))
        if not data:
            raise OSError(None, "the zip is damaged (there is less in it than it says)")
        self._packed -= len(data)
        return data

    def _make_unpacker(self, entry: Entry) -> _Decompressor | None:
        if entry.method == 0:
            return None
        if entry.method == 8:
            return _Inflater()
        if entry.method == 12:
            return _Bunzipper()
        if entry.method == 14 and entry.size:
            return self._make_lzma()
        if not entry.size:
            return None
        # E.g. 9, Deflate64, which the Explorer of Windows writes for files above 2 GB; or 93, Zstandard.
        raise OSError(None, "it is packed in a way that RAS cannot read; unpack the zip and open the folder")

    def _make_lzma(self) -> _Decompressor:
        # APPNOTE.TXT 5.8.8: version, length and properties as the LZMA SDK writes them.
        length = int.from_bytes(self._take(4)[2:], "little")
        properties = self._take(length) if length == 5 else b""
        if len(properties) != 5 or properties[0] >= 9 * 5 * 5:
            raise OSError(None, "the zip is damaged (a header is wrong)")
        rest, literal = divmod(properties[0], 9)
        dictionary = int.from_bytes(properties[1:], "little")
        if dictionary > _LARGEST_DICTIONARY:
            raise OSError(None, "unpacking it takes too much memory; unpack the zip and open the folder")
        about = {"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": literal, "lp": rest % 5, "pb": rest // 5}
        try:
            return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[about])
        except (lzma.LZMAError, ValueError) as exc:
            raise OSError(None, f"the zip is damaged ({exc})") from exc


class _Inflater:
    """zlib's, in the shape of the others."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._stream.eof

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        out = self._stream.decompress(self._stream.unconsumed_tail + data, max_length)
        # What fills the room may have left something behind that needs no more input to come out.
        self.needs_input = not self._stream.unconsumed_tail and len(out) < max_length
        return out


class _Bunzipper:
    """bz2's, whose errors are told from those of the disk."""

    def __init__(self) -> None:
        self._stream = bz2.BZ2Decompressor()

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def needs_input(self) -> bool:
        return self._stream.needs_input

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        try:
            return self._stream.decompress(data, max_length)
        except OSError as exc:
            raise OSError(None, f"the zip is damaged ({exc})") from exc
