"""facts.sqlite: opening it, and transactions."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sqlite3
import time
from pathlib import Path
from typing import Iterator

from ras import store_files
from ras.errors import StoreError
from ras.store.rows import UNFIT, DamagedRow
from ras.store.schema import APPLICATION_ID, MIGRATIONS, TABLES, migrate, version_of
from ras.store.sentences import DENIED, gone, is_damage, sentence_of, why_not_opened

log = logging.getLogger(__name__)

FILE = store_files.FACTS
MARK = store_files.MARK
"""A file of this name says that SQLite found facts.sqlite damaged while it was used: set aside at the next opening."""

BUSY_SECONDS = 10.0
"""How long to wait for another program that writes."""

SYNC_SECONDS = 5.0
"""Commits are forced to the disk this often. In WAL mode a power cut takes back those after that, and harms nothing:
so it costs a few seconds of indexing, and a commit costs no wait for the disk."""

VFS: str | None = None
"""SQLite's file layer; None is its default. Tests set one that cannot share memory, as on network shares."""


class DamagedFacts(Exception):
    """facts.sqlite is no database any more. Caught by the store, which saves what it can."""


class MovedFacts(Exception):
    """There is no facts.sqlite, or another one than when opening it began. Caught by ``damage.open_facts``."""


class Facts:
    """An open facts.sqlite, for the thread that opened it.

    With ``make``, it is made where there is none. Raises StoreError, DamagedFacts and MovedFacts on opening.
    """

    def __init__(self, folder: Path, make: bool = False) -> None:
        self.folder = folder
        self.read_only = False
        self.in_wal = False
        self._mending = False
        self._synced = time.monotonic()
        if os.path.exists(folder / MARK):
            raise DamagedFacts("SQLite had found it damaged")
        self._opened: tuple[int, int] | None = None
        self.connection = self._open(make)

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
            self._check_there()
            if sync:
                self._synced = time.monotonic()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Statements that read one state of the facts, whatever others commit meanwhile."""
        with self.translated():
            self._check_there()
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self._roll_back()

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Raise SQLite's and the system's errors as StoreError, and StaleView where rows turn out to be damaged."""
        try:
            yield
        except (DamagedRow, *UNFIT) as exc:
            found = self._to_blame(exc)
            if found is None:
                raise  # a bug
            raise found from exc
        except (sqlite3.Error, OSError) as exc:
            found = self._to_blame(exc) if "decode to UTF-8" in str(exc) else None
            if found is not None:
                raise found from exc
            sentence = self._sentence(exc)
            if sentence is None:
                raise
            raise StoreError(sentence) from exc

    def _to_blame(self, exc: Exception) -> StoreError | None:
        """What to raise where damaged facts led to an error; None where they did not."""
        from ras.store.mending import damage_behind

        if self._mending:
            return None
        self._mending = True
        try:
            return damage_behind(self, exc)
        finally:
            self._mending = False

    def tidy_up(self) -> None:
        """Move what waits in the write-ahead log into facts.sqlite, where nobody else is in the way."""
        if self.in_wal and not self.read_only:
            with self.translated():
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _check_there(self) -> None:
        """Raise StoreError where the file is no longer at its place: SQLite works on in one that nobody finds again."""
        if not self._is_there():
            raise StoreError(gone(self.folder))

    def _is_there(self) -> bool:
        return _which(self.folder / FILE) == self._opened

    def _roll_back(self) -> None:
        self._end(self.connection)

    def _end(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            try:
                connection.execute("ROLLBACK")
            except sqlite3.Error:
                log.exception("A transaction on %s could not be undone.", self.folder)

    def _sentence(self, exc: sqlite3.Error | OSError) -> str | None:
        """What to tell the user; None where the error is a bug. Damage is marked, for the next opening."""
        if is_damage(exc):
            self.mark_damaged()
        if isinstance(exc, FileNotFoundError) and not self._is_there():
            return gone(self.folder)
        return sentence_of(exc, self.folder, BUSY_SECONDS)

    def mark_damaged(self) -> None:
        """Have the next opening set the store aside."""
        with contextlib.suppress(OSError):  # then the next opening finds the damage by itself, or its first use does
            (self.folder / MARK).touch()

    def _open(self, make: bool) -> sqlite3.Connection:
        connection = self._opened_at(self.folder / FILE, make)
        if self._was_moved():
            connection.close()
            raise MovedFacts
        return connection

    def _was_moved(self) -> bool:
        """Whether another program moved it, or put another in its place, while it was opened."""
        try:
            return not self._is_there()
        except OSError:  # it may not be looked for
            return False

    def _opened_at(self, path: Path, make: bool) -> sqlite3.Connection:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._opened = _which(path)
            if self._opened is None and not make:
                raise MovedFacts
            return self._open_to_write(path, make)
        except (OSError, sqlite3.Error) as exc:
            if self._was_moved():  # what was read was of two files
                raise MovedFacts from exc
            if is_damage(exc):
                raise DamagedFacts(str(exc)) from exc
            denied = isinstance(exc, sqlite3.Error) and re.search("readonly|unable to open", str(exc))
            if not os.path.isfile(path) or not (denied or (isinstance(exc, OSError) and exc.errno in DENIED)):
                raise StoreError(why_not_opened(exc, self.folder, BUSY_SECONDS)) from exc
        self.read_only = True
        try:
            return self._open_to_read(path)
        except sqlite3.Error as exc:
            if is_damage(exc):
                raise StoreError(
                    f"The embedding store in {self.folder} is damaged ({exc}), and it cannot be set aside since it is "
                    "write-protected."
                ) from exc
            raise StoreError(why_not_opened(exc, self.folder, BUSY_SECONDS)) from exc

    def _connect(self, path: Path, mode: str) -> sqlite3.Connection:
        uri = path.absolute().as_uri()
        if not uri.startswith("file:///"):  # a Windows share: its server must stand in the path for SQLite
            uri = uri.replace("file://", "file:////", 1)
        vfs = f"&vfs={VFS}" if VFS else ""
        return sqlite3.connect(f"{uri}?{mode}{vfs}", uri=True, timeout=BUSY_SECONDS, isolation_level=None)

    def _open_to_write(self, path: Path, make: bool) -> sqlite3.Connection:
        connection = self._connect(path, "mode=rwc" if make else "mode=rw")
        try:
            if self._opened is None:
                self._opened = _which(path)
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


def _which(path: Path) -> tuple[int, int] | None:
    """Which file is there."""
    try:
        stat = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stat.st_dev, stat.st_ino


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
        log.warning(
            "The embedding store cannot have SQLite’s write-ahead log here (%s): with the older journal, which it uses "
            "instead, reading waits for writing.",
            exc,
        )
        return str(connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone()[0]) == "wal"
