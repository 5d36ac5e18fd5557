"""A zip as a tree of files. Nothing is unpacked to the disk: its files are read as streams."""

from __future__ import annotations

import io
import os
import time
from typing import BinaryIO

from ras.trees.zip_directory import Entry, entry_of, read_directory
from ras.trees.zip_member import Member

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")


class ZipTree:
    """See ``Tree``. Raises OSError where it is no zip that can be read, or a bomb (see ``zip_directory``).

    Only its list is kept: every file that is opened opens the zip anew, so that nothing is in the way of who moves or
    deletes it, and threads do not wait for each other. A zip that was replaced meanwhile is noticed.
    """

    def __init__(self, path: str) -> None:
        self.root = os.path.abspath(path)
        with open(self.root, "rb") as file:
            self._state = _state(file)
            self._folders = read_directory(file)

    def files(self, folder: str = "") -> tuple[str, ...]:
        return tuple(self._folders[folder][0]) if folder in self._folders else ()

    def folders(self, folder: str = "") -> tuple[str, ...]:
        return tuple(self._folders[folder][1]) if folder in self._folders else ()

    def open(self, name: str) -> BinaryIO:
        entry = self._entry(name)
        file = open(self.root, "rb", buffering=0)  # noqa: SIM115  closed with the member
        try:
            if _state(file) != self._state:
                raise OSError(None, "the zip has changed since it was opened; open it again")
            return io.BufferedReader(Member(file, entry), 64 * 1024)
        except BaseException:
            file.close()
            raise

    def size(self, name: str) -> int:
        return self._entry(name).size

    def modified(self, name: str) -> float:
        entry = self._entry(name)
        day = (1980 + (entry.date >> 9), entry.date >> 5 & 0xF, entry.date & 0x1F)
        clock = (entry.time >> 11, entry.time >> 5 & 0x3F, (entry.time & 0x1F) * 2)
        try:
            return time.mktime((*day, *clock, 0, 0, -1)) if entry.date else os.path.getmtime(self.root)
        except (OverflowError, ValueError):
            return os.path.getmtime(self.root)

    def close(self) -> None:
        """Nothing is held open."""

    def _entry(self, name: str) -> Entry:
        folder, _, last = name.rpartition("/")
        try:
            return entry_of(self._folders[folder][0][last])
        except KeyError:
            raise FileNotFoundError(2, "it is not in the zip") from None


def _state(file: BinaryIO | io.FileIO) -> tuple[int, int, int]:
    """Changes when the file is written or another takes its place."""
    about = os.fstat(file.fileno())
    return about.st_size, about.st_mtime_ns, about.st_ino
