"""The counters in facts.sqlite, which spare reading whole tables: one whose row is damaged is counted anew."""

from __future__ import annotations

import sqlite3

from ras.store.packing import unpack_ids
from ras.store.rows import UNFIT

_MOST = 2**62
"""No counter is as high; what is was made of one by a disk."""


def kept(connection: sqlite3.Connection, name: str) -> int | None:
    """None where there is no such counter, or its value is none that RAS wrote."""
    # Names and values that are no text any more cannot be read: what is asked for is one name, and a number.
    found = connection.execute(
        "SELECT value FROM counters WHERE name = ? AND typeof(value) = 'integer'", (name,)
    ).fetchone()
    return int(found[0]) if found is not None and 0 <= found[0] < _MOST else None


def value(connection: sqlite3.Connection, name: str) -> int:
    """Of what ``counted`` can count; also where the store cannot be written."""
    known = kept(connection, name)
    return counted(connection, name) if known is None else known


def sound(connection: sqlite3.Connection, name: str) -> int:
    """``value``, which stands in the table then, so that it can be added to. In a transaction that writes."""
    known = kept(connection, name)
    if known is None:
        known = counted(connection, name)
        put(connection, name, known)
    return known


def put(connection: sqlite3.Connection, name: str, value: int) -> None:
    connection.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", (name, value))


def counted(connection: sqlite3.Connection, name: str) -> int:
    """From the tables themselves; of those that go beyond what is there the least that can be right."""
    if name == "next_content":
        return _next_content(connection)
    return int(connection.execute(_SELECT[name]).fetchone()[0])


_SELECT = {
    "preview_bytes": "SELECT coalesce(sum(length(data)), 0) FROM previews",
    "feature_bytes": "SELECT coalesce(sum(length(data)), 0) FROM features",
    "revision": "SELECT coalesce(max(revision), 0) FROM archives WHERE typeof(revision) = 'integer'",
}

COUNTED = ("next_content", *_SELECT)


def _next_content(connection: sqlite3.Connection) -> int:
    """Beyond every id that anything refers to."""
    ids = [1]
    for column, table in (
        ("id", "contents"),
        ("content", "pictures"),
        ("content", "previews"),
        ("content", "features"),
    ):
        last = connection.execute(f"SELECT max({column}) FROM {table}").fetchone()[0]
        ids.append(1 + last if isinstance(last, int) else 1)
    for table in ("shards", "fresh", "indexes", "segments"):
        ids += [_beyond(packed) for (packed,) in connection.execute(f"SELECT contents FROM {table}")]
    return max(ids)


def _beyond(packed: bytes) -> int:
    try:
        return 1 + int(unpack_ids(packed).max(initial=0))
    except UNFIT:
        return 1
