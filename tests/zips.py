"""Zips for tests: of folders, and byte by byte, so that they can lie.

zip_folder(tmp_path / "export")                                  # export.zip beside the folder
raw_zip(path, [Raw(b"a.json", data), Raw(b"b", data, size=5)])   # what it says of b is not true
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence


def zip_folder(folder: Path, path: Path | None = None, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """All files of the folder, by their names in it."""
    path = path or folder.with_name(folder.name + ".zip")
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder).as_posix())
    return path


@dataclass
class Raw:
    """A file of a zip; what is None is told as it is."""

    name: bytes
    data: bytes = b""
    method: int = 8
    flags: int = 0
    packed: bytes | None = None
    """The data as it stands in the zip."""
    size: int | None = None
    crc: int | None = None
    extra: bytes = b""
    attributes: int = 0
    offset: int | None = None

    @property
    def stored(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method == 8:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            return packer.compress(self.data) + packer.flush()
        return self.data


def raw_zip(
    path: Path, files: Sequence[Raw], *, before: bytes = b"", comment: bytes = b"", zip64: bool = False
) -> Path:
    """``before`` stands before the zip, as in one that unpacks itself; offsets do not count it."""
    body, directory = bytearray(), bytearray()
    for file in files:
        size = len(file.data) if file.size is None else file.size
        crc = zlib.crc32(file.data) if file.crc is None else file.crc
        offset = len(body) if file.offset is None else file.offset
        stored = file.stored
        facts = (file.flags, file.method, 0x6A00, 0x5861, crc)  # 2024-03-01 13:16
        if file.offset is None:
            body += struct.pack(
                "<4s5H3L2H", b"PK\3\4", 45, *facts, len(stored), min(size, 0xFFFFFFFF), len(file.name), 0
            )
            body += file.name + stored
        sizes, extra = (len(stored), size, offset), file.extra
        if zip64:
            extra += struct.pack("<2H3Q", 1, 24, size, len(stored), offset)
            sizes = (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
        lengths = (len(file.name), len(extra), 0, 0, 0)
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 0x031E, 45, *facts, *sizes[:2], *lengths, file.attributes, sizes[2]
        )
        directory += file.name + extra
    end = b""
    number, start = len(files), len(body)
    if zip64:
        end += struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, number, number, len(directory), start)
        end += struct.pack("<4sLQL", b"PK\6\7", 0, start + len(directory), 1)
        number, start = 0xFFFF, 0xFFFFFFFF
    counted = min(number, 0xFFFF)
    end += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, counted, counted, len(directory), start, len(comment)) + comment
    path.write_bytes(before + body + directory + end)
    return path
