"""The care of a store: removing an archive, compacting."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
import time

from ras.errors import StoreError
from ras.records import Job, Progress
from ras.store import segments
from ras.store.connection import FILE, Facts
from ras.store.index_files import INDEX_LOCK, INDEX_NAME, MADE_HERE
from ras.store.lookup import size_of
from ras.store.rewriting import rewrite
from ras.store.shards import SHARD_NAME
from ras.store.sweeping import shrink, sweep
from ras.store.values import CompactReport

log = logging.getLogger(__name__)

_INDEX_AGE = 3600.0
"""Seconds: an index file that the store does not know may just have been made by another program, not older ones."""


def remove(facts: Facts, archive_id: int) -> Job[int]:
    """See ``EmbeddingStore.remove``. Stopped after its first event, the archive is gone; ``compact`` does the rest."""
    stage = "Removing the archive"
    facts.tidy_up()
    before = size_of(facts.folder)
    with facts.transaction() as connection:
        if connection.execute("DELETE FROM archives WHERE id = ?", (archive_id,)).rowcount == 0:
            raise StoreError(f"There is no archive {archive_id} in the embedding store in {facts.folder}.")
        connection.execute("DELETE FROM record_blocks WHERE archive = ?", (archive_id,))
        held = "SELECT picture FROM holdings WHERE archive"
        sweep(connection, f"{held} = ? EXCEPT {held} <> ?", (archive_id, archive_id))
        connection.execute("DELETE FROM holdings WHERE archive = ?", (archive_id,))
    yield Progress(stage, 0)
    yield from rewrite(facts, stage, join=False)
    _drop_dead_indexes(facts)
    segments.drop_dead(facts)
    yield from shrink(facts, stage)
    return max(0, before - size_of(facts.folder))


def compact(facts: Facts) -> Job[CompactReport]:
    """See ``EmbeddingStore.compact``. It may be stopped at any event, and goes on from there the next time."""
    stage = "Compacting the store"
    facts.tidy_up()
    before = size_of(facts.folder)
    yield Progress(stage, 0)
    with facts.transaction() as connection:
        sweep(connection, "SELECT id FROM pictures EXCEPT SELECT picture FROM holdings", everything=True)
    yield from rewrite(facts, stage, join=True)
    _drop_dead_indexes(facts)
    segments.drop_dead(facts)
    _delete_left_over(facts)
    yield Progress(stage, 0)
    try:
        with facts.translated():
            if shutil.disk_usage(facts.folder).free > 3 * size_of(facts.folder / FILE):
                facts.connection.execute("VACUUM")
    except StoreError as exc:  # e.g. another program writes: what it would have done is done in small steps below
        log.warning("The store could not be rewritten as a whole: %s", exc)
    yield from shrink(facts, stage)
    return CompactReport(before, size_of(facts.folder))


def _drop_dead_indexes(facts: Facts) -> None:
    """Forget the indexes that a quarter or more of is of embeddings that are gone, and delete their files.

    They would be built anew anyway, but not before the next search of that kind, and they are large.
    """
    there = " + ".join(
        f"(SELECT coalesce(sum(rows), 0) FROM {table} WHERE {table}.encoder = indexes.encoder)"
        for table in ("shards", "fresh")
    )
    dead = f"3 * rows > 4 * ({there})"
    with facts.transaction(durable=True) as connection:
        files = [file for (file,) in connection.execute(f"SELECT file FROM indexes WHERE {dead}")]
        connection.execute(f"DELETE FROM indexes WHERE {dead}")
    for file in files:
        if INDEX_NAME.fullmatch(file):
            with contextlib.suppress(OSError):
                (facts.folder / "indexes" / file).unlink()


def _delete_left_over(facts: Facts) -> None:
    """Delete files that a program left which died, or could not delete since another one had them open.

    In a transaction: whoever makes a shard is in one, so that every shard that belongs to the store has its row.
    """
    with facts.transaction() as connection:
        shards = {file for (file,) in connection.execute("SELECT file FROM shards")}
        for path in sorted((facts.folder / "shards").glob("*")):
            if SHARD_NAME.fullmatch(path.name) and path.name not in shards:
                with contextlib.suppress(OSError):
                    path.unlink()
        _delete_left_over_indexes(facts, connection)
        segments.delete_left_over(facts, connection, _INDEX_AGE)


def _delete_left_over_indexes(facts: Facts, connection: sqlite3.Connection) -> None:
    """Not while one is made: the clock may have been set since, so that one of this minute seems to be old."""
    from filelock import FileLock, Timeout

    known = {file for (file,) in connection.execute("SELECT file FROM indexes")}
    with contextlib.suppress(Timeout, OSError, NotImplementedError), FileLock(
        str(facts.folder / INDEX_LOCK), timeout=0
    ):
        for path in sorted((facts.folder / "indexes").glob("*")):
            if MADE_HERE.fullmatch(path.name) and path.name not in known:
                with contextlib.suppress(OSError):
                    if time.time() - path.stat().st_mtime > _INDEX_AGE:
                        path.unlink()
