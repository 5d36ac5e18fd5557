"""Deleting what is not used any more from facts.sqlite, and giving its space back."""

from __future__ import annotations

import sqlite3

import numpy as np

from ras.records import Job, Progress
from ras.store import features
from ras.store.connection import Facts
from ras.store.filling import insert_bundle
from ras.store.packing import unpack_ids

_PAGES_AT_ONCE = 2000


def sweep(connection: sqlite3.Connection, select: str, values: tuple[int, ...] = (), everything: bool = False) -> None:
    """Delete the pictures whose ids ``select`` (SQL) gives, and the contents that only they had, with what is theirs.

    With ``everything``, all contents that no picture has. Rows of shards stay: see ``rewriting``. Call it in a
    transaction.
    """
    for table in ("doomed_pictures", "doomed_contents"):
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY)")
        connection.execute(f"DELETE FROM {table}")
    connection.execute(f"INSERT INTO doomed_pictures {select}", values)
    used = "SELECT content FROM pictures WHERE content IS NOT NULL"
    connection.execute(f"INSERT OR IGNORE INTO doomed_contents {used} AND id IN (SELECT id FROM doomed_pictures)")
    if everything:
        connection.execute("INSERT OR IGNORE INTO doomed_contents SELECT id FROM contents")
        # Of contents that a program deleted which knows nothing of features.
        connection.execute("INSERT OR IGNORE INTO doomed_contents SELECT content FROM features")
    connection.execute("DELETE FROM failures WHERE picture IN (SELECT id FROM doomed_pictures)")
    gone = connection.execute("DELETE FROM pictures WHERE id IN (SELECT id FROM doomed_pictures)").rowcount
    connection.execute(f"DELETE FROM doomed_contents WHERE id IN ({used})")
    doomed = "IN (SELECT id FROM doomed_contents)"
    freed = connection.execute(f"SELECT sum(length(data)) FROM previews WHERE content {doomed}").fetchone()[0] or 0
    connection.execute("UPDATE counters SET value = value - ? WHERE name = 'preview_bytes'", (freed,))
    connection.execute(f"DELETE FROM previews WHERE content {doomed}")
    features.delete(connection, doomed)
    gone += connection.execute(f"DELETE FROM contents WHERE id {doomed}").rowcount
    contents = [id for (id,) in connection.execute("SELECT id FROM doomed_contents")]
    if contents:
        _sweep_bundles(connection, np.array(contents, np.int64))
    if gone:
        connection.execute("UPDATE encoders SET generation = generation + 1")
    for table in ("doomed_pictures", "doomed_contents"):
        connection.execute(f"DELETE FROM {table}")


def _sweep_bundles(connection: sqlite3.Connection, doomed: np.ndarray) -> None:
    """Take the rows of these contents out of the bundles that wait for a shard."""
    found = connection.execute(
        "SELECT fresh.id, encoder, dimension, contents FROM fresh JOIN encoders ON encoders.id = encoder"
    ).fetchall()
    for id, encoder, dimension, packed in found:
        contents = unpack_ids(packed)
        keep = ~np.isin(contents, doomed)
        if keep.all():
            continue
        data = connection.execute("SELECT embeddings FROM fresh WHERE id = ?", (id,)).fetchone()[0]
        connection.execute("DELETE FROM fresh WHERE id = ?", (id,))
        if keep.any():
            insert_bundle(connection, encoder, contents[keep], np.frombuffer(data, "<f2").reshape(-1, dimension)[keep])


def shrink(facts: Facts, stage: str) -> Job[None]:
    """Give the free pages of facts.sqlite back to the disk, some at a time: it needs no room to work in."""

    def free() -> int:
        with facts.translated():
            return int(facts.connection.execute("PRAGMA freelist_count").fetchone()[0])

    total = left = free()
    while left:
        yield Progress(stage, total - left, total, "pages")
        with facts.transaction() as connection:
            connection.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
        before, left = left, free()
        if left >= before:  # another program is filling it
            break
    facts.tidy_up()
