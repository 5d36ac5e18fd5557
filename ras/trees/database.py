"""A foreign SQLite database, opened to read its ordinary tables and nothing else of it."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Iterator, Sequence, Tuple

SQLITE_MAGIC = b"SQLite format 3\0"

_STEP_SECONDS = 20.0
"""No row may take longer to come. A table is read in order of its key, so that each takes some milliseconds."""
_STEPS = 100_000
"""Instructions of SQLite between two looks at the clock: some milliseconds."""
_LOCKED_SECONDS = 3.0

_FAILURES = (sqlite3.Error, OverflowError, MemoryError, UnicodeError)
"""What Python's sqlite3 raises: UnicodeError where SQLite's own message quotes a name that is no UTF-8."""

Row = Tuple[Any, ...]


class Database:
    """One database, read only, on the thread that opened it. Whatever cannot be had raises OSError.

    Its file is hostile input. A view, a virtual table or a generated column runs what its author wrote as soon as it is
    read: ``columns`` knows none of them, and callers name nothing that it does not know. What takes too long all the
    same is stopped. Nothing is written, not even what SQLite likes to leave beside a database in WAL mode, unless a WAL
    is there already: it holds the latest rows.
    """

    def __init__(self, path: str) -> None:
        self.stale = False
        """Whether rows that were written last are missing, since their WAL cannot be read."""
        self._deadline = 0.0
        self._tables: list[str] | None = None
        path = os.path.realpath(path)  # which is where SQLite looks for what lies beside it
        logs = [log for log in (f"{path}-wal", f"{path}-journal") if os.path.exists(log)]
        # SQLite would read what a link leads to, and old versions write to what one of this name does.
        if any(os.path.islink(f"{path}{ending}") for ending in ("-wal", "-journal", "-shm")):
            logs, self.stale = [], bool(logs)
        try:
            self._connection = self._connect(path, immutable=not logs)
        except sqlite3.OperationalError as exc:
            if not logs or _is_lock(exc):
                raise _translated(exc) from exc
            try:
                self._connection = self._connect(path, immutable=True)
            except _FAILURES as again:
                raise _translated(again) from again
            self.stale = True
        except _FAILURES as exc:
            raise _translated(exc) from exc

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def tables(self) -> list[str]:
        """The names of its ordinary tables."""
        if self._tables is None:
            found = self.rows("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND rootpage > 0")
            # What makes the thing is its SQL: SQLite does not look at the type that stands beside it.
            is_table = re.compile(r"CREATE\s+TABLE\s", re.IGNORECASE)
            self._tables = [name for name, sql in found if isinstance(name, str) and is_table.match(str(sql))]
        return self._tables

    def columns(self, table: str) -> frozenset[str]:
        """The names of the columns that an ordinary table stores; none where it is something else, or not there."""
        if table not in self.tables():
            return frozenset()
        return frozenset(str(row[1]) for row in self.rows(f"PRAGMA table_info({_quoted(table)})"))

    def is_key(self, table: str, column: str) -> bool:
        """Whether a row is found by this column without a look at all others, as by a primary key."""
        for index in list(self.rows(f"PRAGMA index_list({_quoted(table)})")):
            is_whole = len(index) < 5 or not index[4]  # and no partial index
            for place in list(self.rows(f"PRAGMA index_info({_quoted(str(index[1]))})")):
                if is_whole and place[0] == 0 and place[2] == column:
                    return True
        return False

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
        """What the query finds, row by row: those before a damaged one are sound."""
        try:
            self._deadline = time.monotonic() + _STEP_SECONDS
            for row in self._connection.execute(query, parameters):
                yield row
                self._deadline = time.monotonic() + _STEP_SECONDS
        except _FAILURES as exc:
            raise _translated(exc) from exc

    def _connect(self, path: str, immutable: bool) -> sqlite3.Connection:
        options = "?mode=ro&immutable=1" if immutable else "?mode=ro"
        connection = sqlite3.connect(_uri(path) + options, uri=True, timeout=_LOCKED_SECONDS, isolation_level=None)
        try:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            connection.set_progress_handler(self._too_late, _STEPS)
            self._deadline = time.monotonic() + _STEP_SECONDS
            # What SQLite's own page on foreign databases (security.html) asks for.
            for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
                connection.execute(f"PRAGMA {pragma}").close()
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _too_late(self) -> bool:
        return time.monotonic() > self._deadline


def _uri(path: str) -> str:
    uri = Path(os.path.abspath(path)).as_uri()
    # On a network share of Windows it is file://server/share/…: SQLite takes no host, but a path with two slashes.
    return uri if uri.startswith("file:///") else f"file:////{uri[len('file://') :]}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _is_lock(exc: sqlite3.Error) -> bool:
    return "locked" in str(exc) or "busy" in str(exc)


def _translated(exc: Exception) -> OSError:
    if isinstance(exc, sqlite3.Error) and _is_lock(exc):
        return OSError(None, "another program is writing to it; close that program and try again")
    if isinstance(exc, sqlite3.OperationalError) and str(exc) == "interrupted":
        return OSError(None, "reading it takes too long: the database is damaged, or was made to mislead")
    if isinstance(exc, MemoryError):
        return OSError(None, "it needs more memory than there is")
    if isinstance(exc, UnicodeError):
        return OSError(None, "the database cannot be read (its schema is damaged)")
    # The message may quote what stands in the file.
    said = "".join(letter if letter.isprintable() else " " for letter in str(exc)[:200])
    return OSError(None, f"the database cannot be read ({said})")
