"""facts.sqlite: opening it, transactions, and SQLite's errors as sentences."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import sqlite3
import time
from pathlib import Path
from typing import Iterator

from ras.errors import StoreError
from ras.store.schema import APPLICATION_ID, MIGRATIONS, TABLES, migrate, version_of

log = logging.getLogger(__name__)

FILE = "facts.sqlite"
MARK = "facts.damaged"
"""A file of this name says that SQLite found facts.sqlite damaged while it was used: set aside at the next opening."""

BUSY_SECONDS = 10.0
"""How long to wait for another program that writes."""

SYNC_SECONDS = 5.0
"""Commits are forced to the disk this often. In WAL mode a power cut takes back those after that, and harms nothing:
so it costs a few seconds of indexing, and a commit costs no wait for the disk."""

VFS: str | None = None
"""SQLite's file layer; None is its default. Tests set one that cannot share memory, as on network shares."""

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_MISTAKE = re.compile(r"no such (table|column|function)|near \"|syntax error|has no column|ambiguous|incomplete input")


class DamagedFacts(Exception):
    """facts.sqlite is no database any more. Caught by the store, which sets the folder aside."""


class Facts:
    """An open facts.sqlite, for the thread that opened it. Raises StoreError and DamagedFacts on opening."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read_only = False
        self.in_wal = False
        self._synced = time.monotonic()
        if os.path.exists(folder / MARK):
            raise DamagedFacts("SQLite had found it damaged")
        self.connection = self._open()

    def close(self) -> None:
        self.connection.close()

    @contextlib.contextmanager
    def transaction(self, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction that writes: alone from its first moment, committed at the end, undone on any exception.

        ``durable``: when it is through, not even a power cut undoes it. Needed before deleting what it made obsolete.
        """
        if self.read_only:
            raise StoreError(
                f"The embedding store in {self.folder} can be searched but not changed: "
                "its folder is write-protected. Make it writable and start RAS again."
            )
        with self.translated():
            sync = durable or not self.in_wal or time.monotonic() - self._synced >= SYNC_SECONDS
            self.connection.execute(f"PRAGMA synchronous = {'FULL' if sync else 'NORMAL'}")
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            if sync:
                self._synced = time.monotonic()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Statements that read one state of the facts, whatever others commit meanwhile."""
        with self.translated():
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self._roll_back()

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Raise SQLite's and the system's errors as StoreError."""
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            sentence = self._sentence(exc)
            if sentence is None:
                raise
            raise StoreError(sentence) from exc

    def tidy_up(self) -> None:
        """Move what waits in the write-ahead log into facts.sqlite, where nobody else is in the way."""
        if self.in_wal and not self.read_only:
            with self.translated():
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _roll_back(self) -> None:
        self._end(self.connection)

    def _end(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            try:
                connection.execute("ROLLBACK")
            except sqlite3.Error:
                log.exception("A transaction on %s could not be undone.", self.folder)

    def _sentence(self, exc: sqlite3.Error | OSError) -> str | None:
        """What to tell the user; None where the error is a bug."""
        store = f"The embedding store in {self.folder}"
        if isinstance(exc, OSError):
            if exc.errno in _FULL:
                return _full(self.folder)
            if exc.errno in _DENIED:
                return f"{store} cannot be written ({exc.strerror}): make its folder writable."
            return f"{store} cannot be written: {exc.strerror or exc}."
        text = str(exc)
        if not isinstance(exc, sqlite3.DatabaseError) or isinstance(
            exc, (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.NotSupportedError)
        ):
            return None
        if "disk is full" in text:
            return _full(self.folder)
        if "locked" in text or "busy" in text:
            return (
                f"{store} is being written by another program for longer than {BUSY_SECONDS:.0f} seconds. "
                "Try again when it is through; on a network share, move the folder to a local disk (RAS_HOME)."
            )
        if is_damage(exc):
            self.mark_damaged()
            return (
                f"{store} is damaged ({text}). Start RAS again: it sets the folder aside and begins a new store, "
                "into which archives can be indexed again."
            )
        if "readonly" in text or "unable to open" in text:
            return f"{store} cannot be written ({text}): make its folder writable."
        if _MISTAKE.search(text):
            return None
        return f"{store} cannot be read or written ({text}). Is its disk full, disconnected or damaged?"

    def mark_damaged(self) -> None:
        """Have the next opening set the store aside."""
        with contextlib.suppress(OSError):  # then the next opening finds the damage by itself, or its first use does
            (self.folder / MARK).touch()

    def _open(self) -> sqlite3.Connection:
        path = self.folder / FILE
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return self._open_to_write(path)
        except (OSError, sqlite3.Error) as exc:
            if is_damage(exc):
                raise DamagedFacts(str(exc)) from exc
            denied = isinstance(exc, sqlite3.Error) and re.search("readonly|unable to open", str(exc))
            if not os.path.isfile(path) or not (denied or (isinstance(exc, OSError) and exc.errno in _DENIED)):
                raise StoreError(self._why_not_opened(exc)) from exc
        self.read_only = True
        try:
            return self._open_to_read(path)
        except sqlite3.Error as exc:
            if is_damage(exc):
                raise StoreError(
                    f"The embedding store in {self.folder} is damaged ({exc}), and it cannot be set aside since it is "
                    "write-protected."
                ) from exc
            raise StoreError(self._why_not_opened(exc)) from exc

    def _why_not_opened(self, exc: sqlite3.Error | OSError) -> str:
        if isinstance(exc, OSError) or "unable to open" in str(exc) or "readonly" in str(exc):
            reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
            return (
                f"The embedding store in {self.folder} cannot be opened or made ({reason}). "
                "Make that folder writable, or choose another one with RAS_HOME."
            )
        return self._sentence(exc) or f"The embedding store in {self.folder} cannot be opened ({exc})."

    def _connect(self, path: Path, mode: str) -> sqlite3.Connection:
        uri = path.absolute().as_uri()
        if not uri.startswith("file:///"):  # a Windows share: its server must stand in the path for SQLite
            uri = uri.replace("file://", "file:////", 1)
        vfs = f"&vfs={VFS}" if VFS else ""
        return sqlite3.connect(f"{uri}?{mode}{vfs}", uri=True, timeout=BUSY_SECONDS, isolation_level=None)

    def _open_to_write(self, path: Path) -> sqlite3.Connection:
        connection = self._connect(path, "mode=rwc")
        try:
            self._refuse_foreign(connection)
            if version_of(connection) == 0:
                # Must stand before the first table: pages that become free can be given back bit by bit.
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self.in_wal = _use_wal(connection)
            migrate(connection)
            self._look_into(connection)
            try:
                # Where the file is write-protected this fails, and nothing before it.
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE counters SET value = value")
                connection.execute("ROLLBACK")
            except sqlite3.OperationalError as exc:
                if "locked" not in str(exc):  # another program writes: so it can be written
                    raise
            return connection
        except BaseException:
            connection.close()
            raise

    def _open_to_read(self, path: Path) -> sqlite3.Connection:
        log_file = path.with_name(path.name + "-wal")
        waiting = log_file.exists() and log_file.stat().st_size > 0
        for mode in ("mode=ro", "mode=ro&immutable=1"):
            connection = self._connect(path, mode)
            try:
                version = version_of(connection)
                self._refuse_foreign(connection)
                if version != len(MIGRATIONS):
                    raise StoreError(
                        f"The embedding store in {self.folder} was written by an older RAS and cannot be brought up "
                        "to date, since it is write-protected. Make its folder writable and start RAS again."
                    )
                self._look_into(connection)
                return connection
            except sqlite3.OperationalError as exc:
                connection.close()
                # Without a place for its shared memory a WAL database opens only as one that nobody changes. That
                # leaves out the log, so it must have none.
                if mode.endswith("immutable=1") or is_damage(exc):
                    raise
                if waiting:
                    raise StoreError(
                        f"The embedding store in {self.folder} was not closed properly and is write-protected. "
                        "Make its folder writable and start RAS again."
                    ) from exc
            except BaseException:
                connection.close()
                raise
        raise AssertionError("the loop returns or raises")

    def _refuse_foreign(self, connection: sqlite3.Connection) -> None:
        # In one transaction: another thread or program may be making the tables just now.
        connection.execute("BEGIN")
        try:
            version = version_of(connection)
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        finally:
            self._end(connection)
        if tables and application != APPLICATION_ID:
            raise StoreError(
                f"{self.folder / FILE} is a database of another program. Move it away, or choose another folder "
                "with RAS_HOME."
            )
        if version > len(MIGRATIONS):
            raise StoreError(
                f"The embedding store in {self.folder} was written by a newer RAS; update RAS, or move that folder "
                "away to begin a new one."
            )

    def _look_into(self, connection: sqlite3.Connection) -> None:
        """Read the root of every table: damage there should be found now and not in the middle of work."""
        for table in TABLES:
            try:
                connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()
            except sqlite3.OperationalError as exc:
                if "no such table" in str(exc):
                    raise sqlite3.DatabaseError(f"database disk image is malformed: {exc}") from exc
                raise


def is_damage(exc: BaseException) -> bool:
    return isinstance(exc, sqlite3.DatabaseError) and re.search("malformed|not a database", str(exc)) is not None


def _use_wal(connection: sqlite3.Connection) -> bool:
    """Switch to the write-ahead log, with which readers and a writer don't wait for each other; False where the file
    system cannot have it (it needs shared memory): SQLite then keeps to its older journal."""
    try:
        return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]) == "wal"
    except sqlite3.OperationalError as exc:
        if "locked" in str(exc):
            # Another program is just opening it too, and decides.
            return str(connection.execute("PRAGMA journal_mode").fetchone()[0]) == "wal"
        if "readonly" in str(exc) or "unable to open" in str(exc) or is_damage(exc):
            raise
        log.warning("The store cannot use SQLite's write-ahead log here: %s", exc)
        return str(connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone()[0]) == "wal"


def _full(folder: Path) -> str:
    return (
        f"The disk is full: nothing more can be written to the embedding store in {folder}. "
        "What was indexed so far is kept; make room and index the archive again to go on."
    )
