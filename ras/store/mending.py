"""Takes out of facts.sqlite the rows that are not as RAS wrote them, so that indexing makes just these anew."""

from __future__ import annotations

import logging
import sqlite3
from typing import Callable, NamedTuple, Sequence

import numpy as np

from ras.errors import StaleView, StoreError
from ras.records import Job, Progress, finish
from ras.store import archives, counters, previews, rows
from ras.store.connection import FILE, Facts
from ras.store.damage import drop_shard
from ras.store.packing import chunks, unpack_ids
from ras.store.shards import Shard, ShardTrouble
from ras.text import clean, count

log = logging.getLogger(__name__)

_STAGE = "Verifying the store"

_SAID = {
    "pictures": "What the embedding store in {1} keeps of {0} is damaged: index the archive once more.",
    "fresh": "{0} of the embeddings in {1} are damaged: index the archive once more.",
    "previews": "Previews in the embedding store in {1} are damaged, those of {0}: index the archive once more, which "
    "makes them anew of pictures that can still be had.",
    "features": "Features in the embedding store in {1} are damaged, those of {0}: index the archive once more.",
    "failures": "Why {0} could not be indexed is damaged in {1}: the next indexing tries again.",
}


class Mended(NamedTuple):
    """What was found: a sentence on each thing, and how many embeddings and previews have to be made again."""

    told: list[str]
    lost: int
    previews: int


def mend(facts: Facts) -> Job[Mended]:
    """Find the rows that are not as they were written, and take them out; of a store that is read-only, only find.

    Raises StoreError.
    """
    _mend_dimensions(facts)
    told: list[str] = []
    lost = previews_lost = 0
    for table in rows.TABLES:
        yield Progress(_STAGE, 0, None, "bytes")
        with facts.reading() as connection:
            bad = rows.damaged(connection, table)
            if table == "fresh":
                bad += [id for id in _unfit_bundles(connection) if id not in bad]
        if bad:
            told.append(_SAID[table].format(count(len(bad), "part" if table == "fresh" else "picture"), facts.folder))
            lost += _take_out(facts, table, bad)
            previews_lost += len(bad) if table == "previews" else 0
    yield Progress(_STAGE, 0, None, "bytes")
    with facts.reading() as connection:
        shards = _unfit_shards(connection)
    for shard in shards:
        lost += shard.rows
        said = drop_shard(facts, shard, ShardTrouble(f"has a damaged row in {FILE}"))
        told += [said] if said is not None else []
    yield Progress(_STAGE, 0, None, "bytes")
    told += _mend_lists(facts)
    told += archives.mend(facts)
    mend_counters(facts)
    if told and not facts.read_only:
        with facts.transaction(durable=True) as connection:
            connection.execute("UPDATE encoders SET generation = generation + 1")
            connection.execute("UPDATE feature_makers SET generation = generation + 1")
    for sentence in told:
        log.warning("%s", sentence)
    return Mended(told, lost, previews_lost)


def damage_behind(facts: Facts, exc: Exception) -> StoreError | None:
    """What to raise for who came upon ``exc`` while he read: what is damaged is taken out; None where nothing is.

    Raises StoreError where it is SQLite's own structure.
    """
    told = finish(mend(facts)).told
    if told or isinstance(exc, rows.DamagedRow):
        again = f"The embedding store in {facts.folder} was mended meanwhile; start the search again."
        return StaleView(" ".join(told) or again, damaged=bool(told))
    with facts.translated():
        (found,) = facts.connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok" or isinstance(exc, sqlite3.Error):
            raise sqlite3.DatabaseError(f"database disk image is malformed: {exc if found == 'ok' else found}")
    return None


def _take_out(facts: Facts, table: str, bad: Sequence[int]) -> int:
    """→ how many embeddings were in the rows."""
    lost = 0
    if table == "fresh":
        with facts.reading() as connection:
            for marks, part in chunks(bad):
                lost += connection.execute(f"SELECT total(rows) FROM fresh WHERE id IN ({marks})", part).fetchone()[0]
    if not facts.read_only:
        with facts.transaction(durable=True) as connection:
            for marks, part in chunks(bad):
                _TAKE_OUT[table](connection, marks, part)
    return int(lost)


def _take_pictures(connection: sqlite3.Connection, marks: str, ids: Sequence[int]) -> None:
    """``archives.mend`` makes them anew, without a content."""
    for table, column in (("holdings", "picture"), ("failures", "picture"), ("pictures", "id")):
        connection.execute(f"DELETE FROM {table} WHERE {column} IN ({marks})", ids)


def _take_features(connection: sqlite3.Connection, marks: str, ids: Sequence[int]) -> None:
    """And the segments that were made of them."""
    connection.execute(f"DELETE FROM features WHERE content IN ({marks})", ids)
    for id, packed in connection.execute("SELECT id, contents FROM segments").fetchall():
        if not _unpacks(packed) or np.isin(unpack_ids(packed), ids).any():
            connection.execute("DELETE FROM segments WHERE id = ?", (id,))


def _take_rows(table: str, column: str) -> Callable[[sqlite3.Connection, str, Sequence[int]], None]:
    def take(connection: sqlite3.Connection, marks: str, ids: Sequence[int]) -> None:
        connection.execute(f"DELETE FROM {table} WHERE {column} IN ({marks})", ids)

    return take


_TAKE_OUT: dict[str, Callable[[sqlite3.Connection, str, Sequence[int]], None]] = {
    "pictures": _take_pictures,
    "fresh": _take_rows("fresh", "id"),
    "previews": _take_rows("previews", "content"),
    "features": _take_features,
    "failures": _take_rows("failures", "picture"),
}


def _mend_dimensions(facts: Facts) -> None:
    """How many numbers an embedding has is also known from those that wait for a shard."""
    with facts.reading() as connection:
        found = connection.execute(
            "SELECT DISTINCT encoders.id, dimension, length(embeddings) / (2 * rows) FROM encoders"
            " JOIN fresh ON encoder = encoders.id WHERE rows > 0 AND checksum IS NOT NULL"
        ).fetchall()
    known: dict[int, set[int]] = {}
    for encoder, _, width in found:
        known.setdefault(encoder, set()).add(width)
    wrong = {(known[id].pop(), id) for id, dimension, _ in found if len(known[id]) == 1 and dimension not in known[id]}
    if wrong and not facts.read_only:
        log.warning("The dimension of %s was wrong.", count(len(wrong), "encoder"))
        with facts.transaction() as connection:
            connection.executemany("UPDATE encoders SET dimension = ? WHERE id = ?", sorted(wrong))


def _unfit_bundles(connection: sqlite3.Connection) -> list[int]:
    """Those without an encoder, or of which contents and embeddings are not equally many."""
    found = connection.execute(
        "SELECT fresh.id, rows, contents, length(embeddings), dimension FROM fresh"
        " LEFT JOIN encoders ON encoders.id = encoder"
    )
    return [id for id, there, packed, size, width in found.fetchall() if not _fits(packed, there, size, width)]


def _fits(packed: bytes, there: int, size: int, width: int) -> bool:
    try:
        return len(unpack_ids(packed)) == there and size == 2 * there * width
    except rows.UNFIT:
        return False


def _unpacks(packed: bytes) -> bool:
    try:
        unpack_ids(packed)
    except rows.UNFIT:
        return False
    return True


def _is_text(data: bytes | None) -> bool:
    try:
        return bool((data or b"").decode())
    except UnicodeDecodeError:
        return False


def _unfit_shards(connection: sqlite3.Connection) -> list[Shard]:
    """Shards whose row cannot be used; their contents are not told."""
    found = connection.execute(
        "SELECT shards.id, CAST(file AS BLOB), rows, size, sha256, contents, dimension FROM shards"
        " LEFT JOIN encoders ON encoders.id = encoder"
    ).fetchall()
    unfit = []
    for id, file, there, size, sha256, packed, width in found:
        kinds = isinstance(size, int) and isinstance(sha256, bytes) and isinstance(width, int)
        if not kinds or not _is_text(file) or not _fits(packed, there, 2 * there * width, width):
            number = there if isinstance(there, int) else 0
            name = file.decode("utf-8", "replace") if isinstance(file, bytes) else ""
            unfit.append(Shard(id, name, number, 0, 0, b"", np.zeros(0, np.int64)))
    return unfit


def _mend_lists(facts: Facts) -> list[str]:
    """Forget the index files whose list of contents is damaged; ``compact`` deletes them."""
    told = []
    for table, texts, what in (
        ("indexes", ("file", "kind", "sha256"), "The FAISS index"),
        ("segments", ("file",), "A part of the index over local features,"),
    ):
        columns = ", ".join(f"CAST({name} AS BLOB)" for name in texts)
        with facts.reading() as connection:
            found = connection.execute(f"SELECT id, contents, {columns} FROM {table}").fetchall()
        for id, packed, *values in found:
            if _unpacks(packed) and all(map(_is_text, values)):
                continue
            file = clean((values[0] or b"").decode("utf-8", "replace"), longest=100)
            told.append(f"{what} {file} has a damaged row in {FILE}; the next search makes it anew.")
            if not facts.read_only:
                with facts.transaction(durable=True) as connection:
                    connection.execute(f"DELETE FROM {table} WHERE id = ?", (id,))
    return told


def mend_counters(facts: Facts) -> None:
    """What only counts what is there is counted anew; nothing is to be said of that."""
    with facts.reading() as connection:
        right = {name: counters.counted(connection, name) for name in counters.COUNTED}
        right[previews.LOST] = previews.missing(connection, again=True)
        there = {name: counters.kept(connection, name) for name in right}
    there[previews.LOST] = there[previews.LOST] or 0  # a store of which none was ever lost has none
    wrong = {
        name: value
        for name, value in right.items()
        if there[name] != value and not (name in _AHEAD and _is_ahead(there[name], value))
    }
    if wrong and not facts.read_only:
        log.warning("The counters %s were wrong.", ", ".join(sorted(wrong)))
        with facts.transaction() as connection:
            for name, value in sorted(wrong.items()):
                counters.put(connection, name, value)


_AHEAD = ("next_content", "revision")
"""Counters that go beyond what is there, by what was removed."""


def _is_ahead(there: int | None, least: int) -> bool:
    return there is not None and least <= there <= least + 2**32
