"""Previews of contents in facts.sqlite: giving them out, taking out damaged ones, telling which must be made anew."""

from __future__ import annotations

import logging
import sqlite3
from typing import Mapping, Sequence

import numpy as np

from ras.errors import StoreError
from ras.store import counters
from ras.store.connection import Facts
from ras.store.lookup import embedded
from ras.store.packing import chunks
from ras.store.rows import checksum, fits
from ras.text import count

log = logging.getLogger(__name__)

LOST = "previews_lost"
"""The counter of the previews that were taken out: at least so many are missing. While it is 0 nobody looks for them,
which would read a page for each two of the table."""


def read(connection: sqlite3.Connection, content_ids: Sequence[int]) -> tuple[dict[int, bytes], list[int]]:
    """Content id → its preview, of those that have one; and those whose preview is not as it was written."""
    found: dict[int, bytes] = {}
    damaged = []
    for marks, part in chunks([int(id) for id in content_ids]):
        for content, data, known in connection.execute(f"SELECT * FROM previews WHERE content IN ({marks})", part):
            if not fits(known, content, data):
                damaged.append(content)
            elif data:
                found[content] = data
    return found, damaged


def take_out(facts: Facts, content_ids: Sequence[int]) -> None:
    """Delete the damaged ones among the previews of the contents, so that the next indexing makes them anew.

    Nothing else is the worse for them: where they cannot be deleted now, that is only logged.
    """
    log.warning("The previews of %s in %s are damaged.", count(len(content_ids), "content"), facts.folder)
    if facts.read_only:
        return
    try:
        with facts.transaction() as connection:
            _, damaged = read(connection, content_ids)  # another program may have made them anew
            counters.sound(connection, "preview_bytes")
            connection.execute("INSERT OR IGNORE INTO counters VALUES (?, 0)", (LOST,))
            for marks, part in chunks(damaged):
                taken = f"FROM previews WHERE content IN ({marks})"
                freed = connection.execute(f"SELECT coalesce(sum(length(data)), 0) {taken}", part).fetchone()[0]
                _count(connection, "preview_bytes", -freed)
                _count(connection, LOST, connection.execute(f"DELETE {taken}", part).rowcount)
    except StoreError as exc:
        log.warning("They stay for now: %s", exc)


def keep(connection: sqlite3.Connection, content: int, data: bytes) -> bool:
    """Keep the preview of a content that has none; → whether it had none. Empty: it could not be made anew."""
    known = checksum(content, data)
    insert = "INSERT OR IGNORE INTO previews (content, data, checksum) VALUES (?, ?, ?)"
    if connection.execute(insert, (content, data, known)).rowcount > 0:
        return True
    change = "UPDATE previews SET data = ?, checksum = ? WHERE content = ? AND length(data) = 0"
    return bool(data) and connection.execute(change, (data, known, content)).rowcount > 0


def add(facts: Facts, made: Mapping[str, bytes]) -> None:
    """Keep previews that were made anew, by content hash (hexadecimal); see ``EmbeddingStore.add_previews``."""
    with facts.transaction() as connection:
        for content_hash, data in made.items():
            known = connection.execute(
                "SELECT id FROM contents WHERE hash = ?", (bytes.fromhex(content_hash),)
            ).fetchone()
            if known is None:
                log.info("There is no content %s any more that this preview is of.", content_hash)
            elif keep(connection, known[0], data) and data:
                _count(connection, "preview_bytes", len(data))
                _count(connection, LOST, -1)


def are_lost(connection: sqlite3.Connection) -> bool:
    """Whether any may be missing."""
    return (counters.kept(connection, LOST) or 0) > 0


def lacking(connection: sqlite3.Connection, contents: np.ndarray, again: bool) -> np.ndarray:
    """bool (n,): which of the contents (int64) lack a preview; with ``again``, also those of which none can be made."""
    select = f"SELECT content FROM previews{_MADE if again else ''}"
    there = np.fromiter((id for (id,) in connection.execute(select)), np.int64)
    lacks: np.ndarray = ~np.isin(contents, there)
    return lacks


def missing(connection: sqlite3.Connection, again: bool) -> int:
    """How many of the contents that pictures have and that have an embedding are ``lacking``. Reads through them all.

    Those without an embedding get theirs with it.
    """
    select = (
        "SELECT DISTINCT content FROM pictures WHERE content IS NOT NULL"
        f" AND content NOT IN (SELECT content FROM previews{_MADE if again else ''})"
    )
    without = [content for (content,) in connection.execute(select)]
    return int(np.isin(embedded(connection), without).sum()) if without else 0


_MADE = " WHERE length(data) > 0"


def _count(connection: sqlite3.Connection, name: str, change: int) -> None:
    connection.execute("UPDATE counters SET value = max(0, value + ?) WHERE name = ?", (change, name))
