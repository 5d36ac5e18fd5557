"""Saves what can still be read of a facts.sqlite whose pages are damaged into a new one, which takes its place.

The new one is made in a folder of its own, which is renamed when it is whole; from then on whoever opens the store
first puts it in place, whatever was interrupted, unless somebody has written in the damaged one since. What was damaged
is kept in the folder ``damaged``.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import re
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import numpy as np

from ras.errors import StaleView, StoreError
from ras.records import finish
from ras.regular_file import read_regular
from ras.store import archives, previews, rows
from ras.store.connection import BUSY_SECONDS, FILE, MARK, Facts
from ras.store.damage import SALVAGED, free_name
from ras.store.lookup import embedded, size_of
from ras.store.mending import mend, mend_counters
from ras.store.readable import BY_HASH, BY_HOLDING, BY_ROWID, columns_of, readable
from ras.store.schema import APPLICATION_ID, MIGRATIONS, version_of
from ras.store.shards import SHARD_NAME, sync_folder
from ras.text import count, size

log = logging.getLogger(__name__)

_PART = "salvage.part"
_TOLD = "told.json"

_MOST_TOLD = 10_000_000
_ASIDE = re.compile(r"facts-\d{4}-\d\d-\d\d(-\d+)?")

_SECONDS = 120.0
_BYTES_A_SECOND = 4_000_000
"""Reading ends after so many seconds, and one for so many bytes: slower than any disk that works."""

_TABLES = {
    **dict.fromkeys(("encoders", "feature_makers", "archives", "record_blocks", "pictures", "failures"), BY_ROWID),
    "contents": BY_HASH,
    "holdings": BY_HOLDING,
    **dict.fromkeys(("shards", "fresh", "previews", "features"), BY_ROWID),
}
"""What is copied, and in which order it is read. Indexes and segments are made anew from it, counters counted."""

_TRIES = 3
"""As often it is saved anew where another program wrote in the damaged one meanwhile."""

_ROWS_AT_ONCE = 200
_SIDE_FILES = ("-wal", "-shm", "-journal")


def salvage(folder: Path, why: str) -> str | None:
    """Put what can still be read in the place of what is damaged; → a sentence for the user, None where nothing can be.

    Call it under the lock of ``begin_anew``. Raises StoreError where that needs room, the new one cannot be written, or
    another program is in the way: then all stays as it is.
    """
    for _ in range(_TRIES):
        if not os.path.isfile(folder / SALVAGED / FILE) and not _made(folder, why):
            return None
        try:
            told = _told(folder)
            if not _is_of_what_is_there(folder, told):
                _discard(folder)
                continue
            return _put_in_place(folder, told)
        except (ValueError, TypeError, LookupError, RecursionError) as exc:
            log.warning("%s in %s is damaged: %r", _TOLD, folder / SALVAGED, exc)
            return None
        except OSError as exc:
            if os.path.lexists(folder / FILE):  # which others may still write in
                _discard(folder)
            raise StoreError(
                f"The embedding store in {folder} is damaged ({why}); what can be saved of it could not be put in its "
                f"place: {exc.strerror or exc}. Close other programs that use it, and start RAS again."
            ) from exc
    raise _written(folder)


def _made(folder: Path, why: str) -> bool:
    """Whether a new one was made, which waits now. Raises _InTheWay."""
    path = folder / FILE
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    try:
        _check_room(folder, why)
        shutil.rmtree(folder / _PART, ignore_errors=True)
        return _make(folder, why)
    except _InTheWay:
        raise
    except (StaleView, sqlite3.Error, *rows.UNFIT) as exc:
        log.warning("Nothing of %s can be saved: %r", path, exc)
        return False
    except (StoreError, OSError) as exc:  # of the new one; what is read is read by SQLite itself
        cause = exc.__cause__ or exc
        raise _InTheWay(
            f"The embedding store in {folder} is damaged ({why}), and what can still be read of it could not be saved: "
            f"{getattr(cause, 'strerror', None) or cause}. It was left as it is. Make sure that its disk has room and "
            "can be written, and start RAS again."
        ) from exc
    finally:
        shutil.rmtree(folder / _PART, ignore_errors=True)


class _InTheWay(StoreError):
    """What can still be read must wait."""


def _written(folder: Path) -> _InTheWay:
    return _InTheWay(
        f"The embedding store in {folder} is damaged, and another program writes in it. Close that, and start RAS "
        "again: it saves what can still be read."
    )


def _check_room(folder: Path, why: str) -> None:
    # Twice: what is new is in SQLite's log before it is in the file.
    needed = 2 * sum(size_of(folder / f"{FILE}{end}") for end in ("", "-wal")) + 10_000_000
    try:
        free = shutil.disk_usage(folder).free
    except OSError:  # writing it will tell
        return
    if free < needed:
        raise _InTheWay(
            f"The embedding store in {folder} is damaged ({why}), and saving what can still be read of it needs "
            f"{size(needed)} on its disk. Make room, and start RAS again."
        )


def _make(folder: Path, why: str) -> bool:
    """Make the new one, whole; → whether there is anything in it that is worth keeping the rest for."""
    part = folder / _PART
    _damaged(folder).close()  # SQLite moves its log into it, so that closing it again changes nothing
    with contextlib.closing(_damaged(folder)) as damaged:
        state = _state(folder)
        if damaged.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            return False
        if not 0 < version_of(damaged) <= len(MIGRATIONS):
            return False
        facts = Facts(part, make=True)
        try:
            _copy(damaged, facts, time.monotonic() + _SECONDS + size_of(folder / FILE) / _BYTES_A_SECOND)
            finish(mend(facts))
            told = _tidied(folder, facts, why)
            facts.tidy_up()
        finally:
            facts.close()
    if told is None:
        return False
    (part / _TOLD).write_text(json.dumps({**told, "state": state}), "utf-8")
    for name in (FILE, _TOLD):
        with open(part / name, "rb+") as file:
            os.fsync(file.fileno())
    sync_folder(part)
    shutil.rmtree(folder / SALVAGED, ignore_errors=True)  # without a facts.sqlite: it was put in place
    os.rename(part, folder / SALVAGED)
    sync_folder(folder)
    return True


def _state(folder: Path) -> list[list[int]]:
    """What becomes another with every commit: size (bytes) and time of change (ns) of facts.sqlite and of its log."""
    found = []
    for end in ("", "-wal"):
        try:
            stat = os.stat(folder / f"{FILE}{end}")
        except FileNotFoundError:
            found.append([0, 0])
        else:
            found.append([stat.st_size, stat.st_mtime_ns] if stat.st_size else [0, 0])  # an empty log is none
    return found


def _damaged(folder: Path) -> sqlite3.Connection:
    """The damaged one, in a transaction that keeps others from writing where it can be had. Raises _InTheWay."""
    uri = (folder / FILE).absolute().as_uri()
    if not uri.startswith("file:///"):  # as for Facts
        uri = uri.replace("file://", "file:////", 1)
    connection = sqlite3.connect(f"{uri}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.text_factory = _text
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA writable_schema = ON")  # else SQLite reads nothing of a file that was cut
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as exc:
            if "locked" in str(exc) or "busy" in str(exc):
                raise _written(folder) from exc
            connection.execute("BEGIN")
        return connection
    except BaseException:
        connection.close()
        raise


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:  # fits no checksum
        return data


def _copy(damaged: sqlite3.Connection, facts: Facts, until: float) -> None:
    """Copy every row that can be read. What is in them is not looked at."""
    damaged.set_progress_handler(lambda: time.monotonic() > until, 100_000)
    for table, order in _TABLES.items():
        there = columns_of(damaged, table)  # by itself: what is wrong with it is nothing of the new one
        with facts.reading() as connection:
            columns = [name for name in columns_of(connection, table) if name in there]
        if not columns:
            continue
        found = readable(damaged, table, columns, order, until)
        marks = ", ".join("?" * len(columns))
        copied = 0
        while True:
            some = list(itertools.islice(found, _ROWS_AT_ONCE))
            if not some:
                break
            with facts.transaction() as connection:
                insert = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})"
                copied += connection.executemany(insert, some).rowcount
        log.info("%s of %s can be read.", count(copied, "row"), table)
    with contextlib.suppress(sqlite3.Error):
        (known,) = damaged.execute("SELECT value FROM counters WHERE name = 'next_content'").fetchone() or (1,)
        if isinstance(known, int) and 0 < known < 2**62:
            with facts.transaction() as connection:
                connection.execute("UPDATE counters SET value = max(value, ?) WHERE name = 'next_content'", (known,))


def _tidied(folder: Path, facts: Facts, why: str) -> dict[str, Any] | None:
    """Take out what refers to nothing, and say what is there; None where nothing of use is."""
    with facts.transaction() as connection:
        for table in ("previews", "features"):
            connection.execute(f"DELETE FROM {table} WHERE content NOT IN (SELECT id FROM contents)")
        # Not as any state before: what was made from that does not fit.
        for table in ("encoders", "feature_makers"):
            connection.execute(f"UPDATE {table} SET generation = generation + 65536")
    mend_counters(facts)
    unsound = len(archives.mend(facts))
    with facts.reading() as connection:
        saved = sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _TABLES)
        known = connection.execute("SELECT count(*), total(pictures) FROM archives").fetchone()
        shards = [file for (file,) in connection.execute("SELECT file FROM shards")]
        again, indexed = _to_index(connection)
        without = previews.missing(connection, again=False)
    if not indexed and known[0] == unsound:
        return None
    if unsound:  # which pictures they had cannot be told for sure
        again = max(again, int(known[1]) - indexed)
    aside = free_name(folder / "damaged" / f"facts-{time.strftime('%Y-%m-%d')}")
    lost = [f"{'up to ' if unsound else ''}{count(again, 'picture')}"] if again else []
    lost += [count(without, "preview")] if without else []
    what = f": {' and '.join(lost)} must be made anew" if lost else ""
    sentence = (
        f"The embedding store was damaged ({why}). {count(saved, 'row')} of it could be saved, and the damaged file "
        f"was set aside in {aside}. Index your archives again{what}."
    )
    return {"aside": aside.name, "sentence": sentence, "shards": shards}


def _to_index(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many pictures have neither an embedding nor failed; how many have an embedding."""
    contents = embedded(connection)
    select = "SELECT content, failures.picture FROM pictures LEFT JOIN failures ON failures.picture = pictures.id"
    again = indexed = 0
    for content, failed in connection.execute(select):
        place = -1 if content is None else int(np.searchsorted(contents, content))
        there = 0 <= place < len(contents) and int(contents[place]) == content
        indexed += there
        again += not there and failed is None
    return again, indexed


def _told(folder: Path) -> dict[str, Any]:
    """What is known of the new one that waits. Raises OSError, and what damaged JSON leads to."""
    told = json.loads(read_regular(folder / SALVAGED / _TOLD, _MOST_TOLD))
    if not _ASIDE.fullmatch(told["aside"]):
        raise ValueError(f"{told['aside']!r} is no name that RAS gives")
    return {**told, "sentence": str(told["sentence"]), "shards": set(told["shards"])}


def _is_of_what_is_there(folder: Path, told: dict[str, Any]) -> bool:
    """Whether nobody wrote in the damaged one since; where it is gone, it was set aside then."""
    return not os.path.lexists(folder / FILE) or told.get("state") == _state(folder)


def _discard(folder: Path) -> None:
    """Delete the new one that waits: as long as it does, nothing that is written in the other counts."""
    with contextlib.suppress(OSError):
        (folder / SALVAGED / FILE).unlink()  # first: without it nothing waits, whatever is left
    shutil.rmtree(folder / SALVAGED, ignore_errors=True)


def _put_in_place(folder: Path, told: dict[str, Any]) -> str:
    """Set the damaged files aside, and the shards that nothing is known of any more. May be done again at any point."""
    waiting, aside = folder / SALVAGED, folder / "damaged" / told["aside"]
    aside.mkdir(parents=True, exist_ok=True)
    try:
        for end in ("", *_SIDE_FILES):
            if os.path.lexists(folder / f"{FILE}{end}"):
                os.rename(folder / f"{FILE}{end}", free_name(aside / f"{FILE}{end}"))
    except OSError:
        with contextlib.suppress(OSError):  # something is in it
            aside.rmdir()
        raise
    with contextlib.suppress(FileNotFoundError):
        for name in sorted(os.listdir(folder / "shards")):
            if SHARD_NAME.fullmatch(name) and name not in told["shards"]:
                os.rename(folder / "shards" / name, free_name(aside / name))
    with contextlib.suppress(FileNotFoundError):
        (folder / MARK).unlink()
    sync_folder(aside)
    log.warning("%s", told["sentence"])
    os.rename(waiting / FILE, folder / FILE)
    sync_folder(folder)
    shutil.rmtree(waiting, ignore_errors=True)
    return str(told["sentence"])
