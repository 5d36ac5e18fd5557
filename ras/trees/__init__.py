"""Trees of files: a folder, or a file that holds files (a zip, a database with blobs), read as if it were a folder.

A file inside of one has an ordinary path, ``/home/ann/export.zip/general.json``: records, the store and the settings
name it like any other file. Nothing is ever unpacked to the disk.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO, Iterable, Protocol

from ras.trees.blobs import SQLITE_MAGIC, BlobTree
from ras.trees.disk import DiskTree
from ras.trees.zipped import ZIP_MAGICS, ZipTree

__all__ = [
    "BlobTree",
    "DiskTree",
    "Tree",
    "TreeFile",
    "ZipTree",
    "exists",
    "holder_of",
    "is_tree",
    "missing",
    "open_tree",
]


class Tree(Protocol):
    """Files by their names: relative to the root, with slashes, never leading out. Thread-safe.

    Whatever cannot be had raises OSError, whose ``strerror`` ends a sentence.
    """

    root: str
    """Absolute path of the folder, or of the file that holds the files."""

    def files(self, folder: str = "") -> tuple[str, ...]:
        """The names (last parts) of files in a folder; empty where there is no such folder."""

    def folders(self, folder: str = "") -> tuple[str, ...]:
        """The names (last parts) of folders in a folder, links to folders left out."""

    def open(self, name: str) -> BinaryIO:
        """A file, to be read from its start to its end."""

    def size(self, name: str) -> int:
        """Bytes of a file as ``open`` reads it."""

    def modified(self, name: str) -> float:
        """When the file was written: seconds since 1970; of one in a zip, which has no time zone, in local time."""

    def close(self) -> None:
        """Let go of what is held open."""


@dataclass(frozen=True)
class TreeFile:
    """A file of a tree, whether or not it exists."""

    tree: Tree
    name: str
    """Relative to the tree, with slashes."""

    @property
    def path(self) -> str:
        """Absolute; of a file in a zip or database too."""
        # Joined by hand: on Windows os.path.join would leave the tree for a part like "D:name".
        return (
            f"{self.tree.root.rstrip(os.sep)}{os.sep}{self.name.replace('/', os.sep)}" if self.name else self.tree.root
        )


def open_tree(path: str) -> Tree:
    """The folder, zip or database at ``path``. Raises OSError."""
    if os.path.isdir(path):
        return DiskTree(path)
    magic = _magic(path)
    if magic.startswith(ZIP_MAGICS):
        return ZipTree(path)
    if magic.startswith(SQLITE_MAGIC):
        return BlobTree(path)
    raise OSError(None, "it is neither a folder nor a file that holds files")


def is_tree(path: str) -> bool:
    """Whether there is a file at ``path`` that holds files: False for a folder, and for what cannot be read."""
    try:
        return not os.path.isdir(path) and _magic(path).startswith((*ZIP_MAGICS, SQLITE_MAGIC))
    except OSError:
        return False


def holder_of(path: str) -> tuple[str, str] | None:
    """``/a/export.zip/b/c.json`` → (``/a/export.zip``, ``b/c.json``) where the first is a file that holds files."""
    inner: list[str] = []
    outer = os.path.abspath(path)
    while not os.path.lexists(outer):
        outer, name = os.path.split(outer)
        if not name:
            return None
        inner.insert(0, name)
    return (outer, "/".join(inner)) if inner and is_tree(outer) else None


def exists(path: str) -> bool:
    """Whether there is such a file or folder on the disk, or such a file in a file that holds files."""
    return not missing([path])


def missing(paths: Iterable[str]) -> list[str]:
    """Those of the paths that do not exist; what holds several of them is read once."""
    lost: list[str] = []
    trees: dict[str, Tree | None] = {}
    try:
        for path in paths:
            if not os.path.exists(path) and not _is_held(path, trees):
                lost.append(path)
    finally:
        for tree in trees.values():
            if tree is not None:
                tree.close()
    return lost


def _is_held(path: str, trees: dict[str, Tree | None]) -> bool:
    try:
        held = holder_of(path)
        if held is None:
            return False
        holder, name = held
        if holder not in trees:
            trees[holder] = None  # what cannot be opened is not tried again
            trees[holder] = open_tree(holder)
        tree = trees[holder]
        return tree is not None and tree.size(name) >= 0
    except (OSError, ValueError):
        return False


def _magic(path: str) -> bytes:
    if not os.path.isfile(path):
        os.stat(path)  # a missing file gets the system's own words; opening a pipe would wait forever
        raise OSError(None, "it is not a regular file")
    with open(path, "rb") as file:
        return file.read(16)
