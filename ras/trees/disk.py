"""A folder on the disk as a tree of files."""

from __future__ import annotations

import contextlib
import os
from typing import BinaryIO

LEADS_OUT = "it is a link that leads out of the folder; open the file that it leads to"


class DiskTree:
    """See ``Tree``. Every folder is listed once. Links that lead out of the folder have names, but nothing behind them.

    ``named`` is a file that the user asked for by itself: as a link it may lead anywhere.
    """

    def __init__(self, root: str, named: str = "") -> None:
        self.root = os.path.abspath(root)
        self._named = named
        self._listed: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def files(self, folder: str = "") -> tuple[str, ...]:
        return self._list(folder)[0]

    def folders(self, folder: str = "") -> tuple[str, ...]:
        return self._list(folder)[1]

    def open(self, name: str) -> BinaryIO:
        path = self._path(name)
        if self.leads_out(name):
            raise OSError(None, LEADS_OUT)
        if not os.path.isfile(path):
            os.stat(path)  # a missing file gets the system's own words; opening a pipe would wait forever
            raise OSError(None, "it is not a regular file")
        return open(path, "rb", buffering=0)

    def size(self, name: str) -> int:
        return os.stat(self._path(name)).st_size

    def modified(self, name: str) -> float:
        return os.stat(self._path(name)).st_mtime

    def close(self) -> None:
        """Nothing is held open."""

    def leads_out(self, name: str) -> bool:
        """Whether a file or folder, or one above it, is a link to what is not in this folder."""
        if name == self._named:
            return False
        try:
            root, path = (os.path.normcase(os.path.realpath(each)) for each in (self.root, self._path(name)))
        except (OSError, ValueError):  # no name that the system can have
            return False
        return path != root and not path.startswith(root.rstrip(os.sep) + os.sep)

    def _path(self, name: str) -> str:
        # Joined by hand: on Windows os.path.join would leave the root for a part like "D:name".
        return f"{self.root.rstrip(os.sep)}{os.sep}{name.replace('/', os.sep)}" if name else self.root

    def _list(self, folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if folder not in self._listed:
            self._listed[folder] = ((), ()) if self.leads_out(folder) else self._read(folder)
        return self._listed[folder]

    def _read(self, folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        files: list[str] = []
        folders: list[str] = []
        # Not there, no folder, no access, or no name that the system can have: then there is nothing in it.
        with contextlib.suppress(OSError, ValueError), os.scandir(self._path(folder)) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif not _leads_to_folder(entry):
                    files.append(entry.name)
        return tuple(files), tuple(folders)


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a link to a folder."""
    try:
        return entry.is_dir()
    except OSError:  # links in a circle
        return False
