"""Checksums of rows of facts.sqlite: SQLite has none, and gives out what a disk made of a value."""

from __future__ import annotations

import sqlite3
import zlib
from typing import Any

UNFIT = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, zlib.error)
"""What using a value may raise that is not the one that was written."""

_CHECKED = {
    # LIMIT: so that SQLite makes a list of it with an index by id, which it makes of no table WITHOUT ROWID.
    "pictures": (
        "pictures.id",
        "key, content, hash",
        " LEFT JOIN (SELECT id, hash FROM contents LIMIT -1) AS hashed ON hashed.id = content",
    ),
    "fresh": ("id", "encoder, rows, contents, embeddings", ""),
    "previews": ("content", "content, data", ""),
    "features": ("content", "content, maker, data", ""),
    "failures": ("picture", "picture, reason, limits, detail", ""),
}
"""Table → what names its row, over what the checksum is that stands in it, and where that comes from."""

TABLES = tuple(_CHECKED)


class DamagedRow(Exception):
    """A row does not fit its checksum; the text says of which table it is."""


def checksum(*values: Any) -> int:
    """CRC-32 over numbers, texts and bytes as SQLite casts them to bytes, and over their lengths."""
    total = 0
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        total = zlib.crc32(data, zlib.crc32(b"%d:" % len(data), total))
    return total


def fits(known: int | None, *values: Any) -> bool:
    """Whether it is their checksum; rows that were written before there were any have none."""
    return known is None or known == checksum(*values)


def damaged(connection: sqlite3.Connection, table: str) -> list[int]:
    """What names the rows of the table that do not fit their checksums. Reads it through."""
    connection.create_function("checksum_of", -1, checksum)
    key, names, joined = _CHECKED[table]
    # As bytes, which say the same: what a disk made of a value may be a text that is none.
    values = ", ".join(f"CAST({name} AS BLOB)" for name in names.split(", "))
    known = f"{table}.checksum"
    where = f"{known} IS NOT NULL AND {known} IS NOT checksum_of({values})"
    return [id for (id,) in connection.execute(f"SELECT {key} FROM {table}{joined} WHERE {where}")]
