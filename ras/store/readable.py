"""Reads what can still be read of a damaged table: from both its ends, then by halves of what lies between."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Sequence

MOST_GAPS = 20_000
"""So many ranges of one table are tried: a page that is lost costs two for each of its rows."""

_LEAST, _MOST = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class Order:
    """In which order a table is read. A key is a number, so that the middle of two can be told."""

    condition: str
    """SQL, with places for the values of the first and the last key."""
    columns: str
    """SQL: what the table is ordered by."""
    first: int
    last: int
    values: Callable[[int], tuple[Any, ...]]
    """Key → values for the condition."""
    key: Callable[[Sequence[Any]], int]
    """The values of ``columns`` → key."""


BY_ROWID = Order("rowid BETWEEN ? AND ?", "rowid", _LEAST, _MOST, lambda key: (key,), lambda row: int(row[0]))

_BYTES = 32

BY_HASH = Order(
    "hash BETWEEN ? AND ?",
    "hash",
    0,
    256**_BYTES - 1,
    lambda key: (key.to_bytes(_BYTES, "big"),),
    lambda row: int.from_bytes(row[0][:_BYTES].ljust(_BYTES, b"\0"), "big"),
)

_SPAN = 2**64

BY_HOLDING = Order(
    "(archive, picture) >= (?, ?) AND (archive, picture) <= (?, ?)",
    "archive, picture",
    _LEAST * _SPAN,
    _MOST * _SPAN + _SPAN - 1,
    lambda key: (key // _SPAN, key % _SPAN + _LEAST),
    lambda row: int(row[0]) * _SPAN + int(row[1]) - _LEAST,
)


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """Its columns; none where there is no such table, or a view or something else in its place."""
    found = connection.execute("SELECT type, sql FROM sqlite_master WHERE name = ?", (table,)).fetchall()
    if len(found) != 1 or found[0][0] != "table" or not str(found[0][1]).upper().startswith("CREATE TABLE"):
        return []
    return [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]


def readable(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], order: Order, until: float
) -> Iterator[tuple[Any, ...]]:
    """The rows, in any order, of which SQLite can give out these columns. What they say may be damaged all the same.

    Ends at ``until`` (monotonic seconds) or after ``MOST_GAPS``, whatever is left.
    """
    ordered = order.columns.count(",") + 1
    select = f"SELECT {order.columns}, {', '.join(columns)} FROM {table} WHERE {order.condition} ORDER BY "
    backwards = ", ".join(f"{name} DESC" for name in order.columns.split(", "))

    def ask(way: str, low: int, high: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
        for row in connection.execute(select + way, (*order.values(low), *order.values(high))):
            yield order.key(row[:ordered]), row[ordered:]

    gaps = deque([(order.first, order.last)])
    for _ in range(MOST_GAPS):
        if not gaps or time.monotonic() > until:
            return
        low, high = gaps.popleft()
        last, next_ = low - 1, high + 1
        try:
            for key, row in ask(order.columns, low, high):
                if not last < key <= high:
                    raise sqlite3.DatabaseError("its rows are in disorder")
                last = key
                yield row
            continue
        except UNREADABLE:
            pass
        try:
            for key, row in ask(backwards, last + 1, high):
                if not last < key < next_:
                    raise sqlite3.DatabaseError("its rows are in disorder")
                next_ = key
                yield row
            continue
        except UNREADABLE:
            pass
        if last + 1 < next_ - 1:  # more than one key
            middle = (last + next_) // 2
            gaps += [(last + 1, middle), (middle + 1, next_ - 1)]


UNREADABLE = (sqlite3.Error, TypeError, ValueError, OverflowError, AttributeError)
"""What SQLite says of pages that are damaged, and what keys raise that are not of their kind."""
