"""A database of Discord History Tracker as a tree of files: the pictures that it keeps, named by their URLs."""

from __future__ import annotations

import contextlib
import io
import os
import sqlite3
from pathlib import Path
from typing import BinaryIO, Iterator
from urllib.parse import quote, unquote

SQLITE_MAGIC = b"SQLite format 3\0"


class BlobTree:
    """See ``Tree``. A file's name is the ``normalized_url`` of its blob, quoted by ``blob_name``; there are no folders.

    Where the tracker keeps blobs in a file of their own, that file is the tree.
    """

    def __init__(self, path: str) -> None:
        self.root = os.path.abspath(path)

    def files(self, folder: str = "") -> tuple[str, ...]:
        if folder:
            return ()
        with self._open() as connection:
            return tuple(blob_name(url) for (url,) in connection.execute("SELECT normalized_url FROM download_blobs"))

    def folders(self, folder: str = "") -> tuple[str, ...]:
        return ()

    def open(self, name: str) -> BinaryIO:
        with self._open() as connection:
            found = connection.execute("SELECT blob FROM download_blobs WHERE normalized_url = ?", (unquote(name),))
            return io.BytesIO(_blob(found.fetchone()))

    def size(self, name: str) -> int:
        with self._open() as connection:
            query = "SELECT length(CAST(blob AS BLOB)) FROM download_blobs WHERE normalized_url = ?"
            found = connection.execute(query, (unquote(name),)).fetchone()
        if found is None or not isinstance(found[0], int):
            raise FileNotFoundError(2, "it is not in the database")
        return found[0]

    def modified(self, name: str) -> float:
        return os.path.getmtime(self.root)

    def close(self) -> None:
        """Nothing is held open: a connection belongs to one thread, and opening one takes no time."""

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(f"{Path(self.root).as_uri()}?mode=ro", uri=True, timeout=5)
            with contextlib.closing(connection):
                yield connection
        except sqlite3.Error as exc:
            raise OSError(None, f"the database cannot be read ({exc})") from exc


def blob_name(normalized_url: str) -> str:
    return quote(normalized_url, safe="", errors="replace")


def _blob(row: tuple[object, ...] | None) -> bytes:
    if row is None or not isinstance(row[0], bytes):
        raise FileNotFoundError(2, "it is not in the database")
    return row[0]
