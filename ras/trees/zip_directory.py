"""What a zip says it holds: its list of files, read in bounded memory and taken for no more than a claim."""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO, Dict, Iterator, NamedTuple, Tuple

MOST_FILES = 1_000_000
_MOST_FOLDERS = 100_000
_MOST_NAMES = 100_000_000
"""Characters of all names together, those of folders with all that is above them."""
_DEEPEST = 64
_LONGEST = 4096
"""Folders above a file, and characters of its whole name: no system has longer ones, so these are left out."""
_MOST_GROWTH = 400
"""How many times its size a zip may hold. JSON packs to a tenth or a twentieth, a bomb to a thousandth."""
_ALWAYS_FINE = 1_000_000_000
"""So many bytes are read whatever they were packed to: a flat export of one word may be packed well."""

# From PKWARE's APPNOTE.TXT: 4.3.16 end of the list, 4.3.15 and 4.3.14 the same of ZIP64, 4.3.12 an entry of the list.
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_HEADER = struct.Struct("<4s6H3L5H2L")
_END_MAGIC, _LOCATOR_MAGIC, _END64_MAGIC, _HEADER_MAGIC = b"PK\5\6", b"PK\6\7", b"PK\6\6", b"PK\1\2"
_LONGEST_COMMENT = 0xFFFF
_FULL = 0xFFFFFFFF
_WRAP = 1 << 32
_UTF8 = 0x800

_FACTS = struct.Struct("<QQQL4H")


class Entry(NamedTuple):
    """A file of a zip, as its list has it."""

    offset: int
    """Of its own header, from the beginning of the zip file."""
    packed: int
    """Bytes in the zip."""
    size: int
    """Bytes unpacked."""
    crc: int
    flags: int
    method: int
    time: int
    date: int
    """In the form of MS-DOS, local time."""


Folder = Tuple[Dict[str, bytes], Dict[str, None]]
"""Files by name, each an ``entry_of`` to be; and the names of folders."""


def entry_of(facts: bytes) -> Entry:
    return Entry(*_FACTS.unpack(facts))


def read_directory(file: BinaryIO) -> dict[str, Folder]:
    """The folders of a zip by name, ``""`` the outermost. Of two files of one name the one that was added last counts.

    Links, names that lead out, and those that no system could have are left out. Raises OSError where the list cannot
    be read, and for a zip that holds much more than it could in earnest, before anything is unpacked of it.
    """
    packed = os.fstat(file.fileno()).st_size
    folders: dict[str, Folder] = {"": ({}, {})}
    whole = names = number = 0
    for name, entry, is_link in _entries(file, packed):
        number, whole = number + 1, whole + entry.size
        if number > MOST_FILES:
            raise OSError(None, f"it holds more than {MOST_FILES:,} files; unpack it and open the folder")
        if names > _MOST_NAMES or len(folders) > _MOST_FOLDERS:
            raise OSError(None, f"it holds more than {_MOST_FOLDERS:,} folders, or very long names")
        if whole > max(_ALWAYS_FINE, _MOST_GROWTH * packed):
            raise OSError(None, "it would unpack to far more than such a zip can hold in earnest (a “zip bomb”)")
        name = name.replace("\\", "/")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if is_link or not parts or ".." in parts or "\0" in name or name[0] == "/" or name[-1] == "/":
            continue
        if len(parts) > _DEEPEST or len(name) > _LONGEST:
            continue
        folder = "/".join(parts[:-1])
        names += _add_folder(folders, folder) + len(parts[-1])
        folders[folder][0][parts[-1]] = _FACTS.pack(*entry)
    return folders


def _add_folder(folders: dict[str, Folder], folder: str) -> int:
    """Add it and those above it that are not there; returns how long their names are, together."""
    length, below = 0, ""
    while folder not in folders:
        length += len(folder)
        folders[folder] = ({}, {below: None} if below else {})
        folder, _, below = folder.rpartition("/")
    if below:
        folders[folder][1][below] = None
    return length


def _entries(file: BinaryIO, packed: int) -> Iterator[tuple[str, Entry, bool]]:
    """Each entry of the list: its name, its facts, whether it is a link."""
    start, end, shift = _find_list(file, packed)
    # The Finder of the Mac writes zips of more than 4 GB without ZIP64: offsets begin anew, and files stand in order.
    wraps, last = shift > 0 and shift % _WRAP == 0, 0
    shift = 0 if wraps else shift
    file.seek(start)
    place = start
    while place + _HEADER.size <= end:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size or not header.startswith(_HEADER_MAGIC):
            raise OSError(None, "the zip is damaged: its list of files cannot be read")
        _, _, _, flags, method, time, date, crc, *sizes, disk, _, attributes, offset = _HEADER.unpack(header)
        packed_size, size, name_length, extra_length, comment_length = sizes
        raw = file.read(name_length)
        extra = dict(_extras(file.read(extra_length)))
        if comment_length:
            file.seek(comment_length, os.SEEK_CUR)
        place += _HEADER.size + name_length + extra_length + comment_length
        if _FULL in (size, packed_size, offset):
            longs = (extra.get(1, b"")[at : at + 8] for at in (0, 8, 16))
            size, packed_size, offset = (
                int.from_bytes(next(longs), "little") if value == _FULL else value
                for value in (size, packed_size, offset)
            )
        if wraps:
            offset += (last - offset + _WRAP - 1) // _WRAP * _WRAP if offset < last else 0
            last = offset
        if offset + shift + packed_size > packed or disk not in (0, 0xFFFF):
            raise OSError(None, "the zip is damaged or cut: not all that it lists is in it")
        entry = Entry(offset + shift, packed_size, size, crc, flags, method, time, date)
        yield _name(raw, flags, extra), entry, attributes >> 28 == 0xA


def _find_list(file: BinaryIO, packed: int) -> tuple[int, int, int]:
    """Where the list begins and ends, and how far all is shifted by what stands before the zip."""
    begin = max(0, packed - _END.size - _LONGEST_COMMENT)
    file.seek(begin)
    tail = file.read(packed - begin)
    at = tail.rfind(_END_MAGIC)
    # The four letters may stand in the comment at the very end, too.
    while at >= 0 and (len(tail) - at < _END.size or at + _END.size + _END.unpack_from(tail, at)[7] > len(tail)):
        at = tail.rfind(_END_MAGIC, 0, at)
    if at < 0:
        raise OSError(None, "the zip is damaged or cut: its list of files is missing; copy or download it again")
    _, disk, list_disk, _, _, length, offset, _ = _END.unpack_from(tail, at)
    end = begin + at
    if disk != list_disk or disk not in (0, 0xFFFF):
        raise OSError(None, "it is a part of a zip that was split; join the parts first")
    file.seek(max(0, end - _LOCATOR.size))
    locator = file.read(_LOCATOR.size)
    if locator.startswith(_LOCATOR_MAGIC) and len(locator) == _LOCATOR.size:
        # Right before its locator, unless it has more to say; then the locator tells, if nothing stands before the zip.
        for place in (end - _LOCATOR.size - _END64.size, _LOCATOR.unpack(locator)[2]):
            if 0 <= place <= packed - _END64.size:
                file.seek(place)
                found = file.read(_END64.size)
                if found.startswith(_END64_MAGIC):
                    length, offset = _END64.unpack(found)[8:]
                    end = place
                    break
    shift = end - length - offset
    if shift < 0:
        raise OSError(None, "the zip is damaged or cut: its list of files cannot be read")
    return end - length, end, shift


def _extras(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 4 <= len(data):
        kind, length = struct.unpack_from("<2H", data, place)
        yield kind, data[place + 4 : place + 4 + length]
        place += 4 + length


def _name(raw: bytes, flags: int, extra: dict[int, bytes]) -> str:
    """Zips that do not say so are in UTF-8 as well, but for those that programs of old wrote on Windows."""
    if flags & _UTF8:
        return raw.decode("utf-8", "replace")
    unicode = extra.get(0x7075, b"")
    if unicode[:1] == b"\1" and int.from_bytes(unicode[1:5], "little") == zlib.crc32(raw):
        return unicode[5:].decode("utf-8", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")
