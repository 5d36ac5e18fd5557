"""A database of Discord History Tracker as a tree of files: the pictures that it keeps, named by their URLs."""

from __future__ import annotations

import io
import os
from typing import Any, BinaryIO, NamedTuple, Sequence
from urllib.parse import quote, unquote

from ras.trees.database import SQLITE_MAGIC, Database

__all__ = ["SQLITE_MAGIC", "BlobTree", "blob_name", "downloaded", "keeps_blobs"]

_WINDOW = 8 * 1024 * 1024
"""Bytes read at once where little is asked for: SQLite looks at a blob from its start for each part of it."""
_MOST_FILES = 5_000_000
_MOST_PARAMETERS = 500
"""SQLite before 3.32 takes 999."""


class BlobTree:
    """See ``Tree``. A file's name is the ``normalized_url`` of its blob, quoted by ``blob_name``; there are no folders.

    Where the tracker keeps blobs in a file of their own, that file is the tree. Text in the place of a blob is no file.
    """

    def __init__(self, path: str) -> None:
        self.root = os.path.abspath(path)
        self._table: _Table | None = None

    def files(self, folder: str = "") -> tuple[str, ...]:
        if folder:
            return ()
        with Database(self.root) as database:
            table = self._table_of(database)
            # Of the table with nothing but blobs, the index has all names: the blobs' pages are not visited.
            only = "WHERE status = 200" if table.name == "downloads" else ""
            found = database.rows(f"SELECT {table.key} FROM {table.name} {only} LIMIT {_MOST_FILES}")
            return tuple(blob_name(url) for (url,) in found if isinstance(url, str) and url)

    def folders(self, folder: str = "") -> tuple[str, ...]:
        return ()

    def open(self, name: str) -> BinaryIO:
        return _Blob(self, name, self.size(name))  # type: ignore[return-value]  # io.RawIOBase is one in all but name

    def size(self, name: str) -> int:
        # The length of a blob stands before it: none of it is read.
        return int(self._of(name, "length(blob)"))

    def modified(self, name: str) -> float:
        return os.path.getmtime(self.root)

    def close(self) -> None:
        """Nothing is held open: a connection belongs to one thread, and opening one takes no time."""

    def part(self, name: str, start: int, length: int) -> bytes:
        """Bytes of a file, from ``start`` on, ``length`` at most."""
        return bytes(self._of(name, "substr(blob, ?, ?)", start + 1, length))

    def _of(self, name: str, what: str, *parameters: int) -> Any:
        with Database(self.root) as database:
            table = self._table_of(database)
            query = f"SELECT {what} FROM {table.name} WHERE {table.key} = ? AND {_IS_BLOB} LIMIT 1"
            # A name of the disk may hold lone surrogates, which no text of a database does.
            url = unquote(name).encode("utf-8", "replace").decode()
            for row in database.rows(query, (*parameters, url)):
                return row[0]
        raise FileNotFoundError(2, "it is not in the database")

    def _table_of(self, database: Database) -> _Table:
        table = self._table = self._table or _table_in(database)
        if table is None:
            raise OSError(None, "it is no database of Discord History Tracker with pictures in it")
        return table


def blob_name(normalized_url: str) -> str:
    """The name of the file that holds the blob of a URL: no part of it is a folder, or leads out of one."""
    name = quote(normalized_url, safe="", errors="replace")
    return name if name.strip(".") else name.replace(".", "%2E")


def keeps_blobs(database: Database) -> bool:
    """Whether it has a table for what the tracker downloaded."""
    return _table_in(database) is not None


def downloaded(database: Database, urls: Sequence[str]) -> set[str]:
    """Those of the ``normalized_url``s whose pictures were downloaded and are there."""
    table = _table_in(database)
    if table is None:
        return set()
    found: set[str] = set()
    for start in range(0, len(urls), _MOST_PARAMETERS):
        some = urls[start : start + _MOST_PARAMETERS]
        there = _among(database, some, table.name, table.key, _IS_BLOB)
        found |= there & _among(database, some, table.facts, table.key, "status = 200") if table.facts else there
    return found


def _among(database: Database, urls: Sequence[str], table: str, key: str, condition: str) -> set[str]:
    query = f"SELECT {key} FROM {table} WHERE {key} IN ({','.join('?' * len(urls))}) AND {condition}"
    return {str(url) for (url,) in database.rows(query, urls)}


_IS_BLOB = "typeof(blob) = 'blob' AND length(blob) > 0"


class _Table(NamedTuple):
    name: str
    key: str
    """The column of the URL."""
    facts: str
    """The table that has the HTTP status of downloads; empty where there is none."""


def _table_in(database: Database) -> _Table | None:
    """Where blobs are kept: since version 7 of the tracker's schema, or from version 4 to 6. None: nowhere."""
    for name, key, facts in (
        ("download_blobs", "normalized_url", "download_metadata"),
        ("downloads", "normalized_url", "downloads"),
        ("downloads", "url", "downloads"),
    ):
        # Without its key it is not the tracker's, and each look at it would be one at all of it.
        if {key, "blob"} <= database.columns(name) and database.is_key(name, key):
            knows = {key, "status"} <= database.columns(facts) and database.is_key(facts, key)
            return _Table(name, key, facts if knows else "")
    return None


class _Blob(io.RawIOBase):
    """A file of a BlobTree, read through a window: as much as is asked for, but not little by little."""

    def __init__(self, tree: BlobTree, name: str, size: int) -> None:
        self._tree, self._name, self._size = tree, name, size
        self._position = 0
        self._window, self._window_start = b"", 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._size - self._position)
        if wanted <= 0:
            return 0
        offset = self._position - self._window_start
        if offset + wanted > len(self._window):
            self._window = self._tree.part(self._name, self._position, max(wanted, _WINDOW))
            self._window_start, offset = self._position, 0
        data = self._window[offset : offset + wanted]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
