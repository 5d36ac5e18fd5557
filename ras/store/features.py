"""Features of contents in facts.sqlite: keeping them, which contents have some, giving them out, deleting them."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from typing import Sequence

import numpy as np

from ras.store.lookup import content_ids
from ras.store.packing import chunks
from ras.store.rows import DamagedRow, checksum, fits
from ras.store.values import FeatureEntry

log = logging.getLogger(__name__)


class Featured:
    """Which contents have features by one maker, as of ``generation``: kept in memory, and read anew where it grew."""

    def __init__(self, features_id: str) -> None:
        self.features_id = features_id
        self.generation = 0
        self.contents: np.ndarray = np.zeros(0, np.int64)
        """int64, ascending."""
        self._row = 0

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Read what changed since. Call it in a transaction."""
        known = connection.execute(
            "SELECT id, generation FROM feature_makers WHERE name = ?", (self.features_id,)
        ).fetchone()
        row, generation = known or (0, 0)
        if (row, generation) != (self._row, self.generation):
            self.contents = contents_of_maker(connection, row)
            self.contents.flags.writeable = False
            self._row, self.generation = row, generation

    def has(self, ids: np.ndarray) -> np.ndarray:
        """bool (n,): which of the content ids (int64) have features."""
        places = np.searchsorted(self.contents, ids)
        found = places < len(self.contents)
        found[found] = self.contents[places[found]] == ids[found]
        return found


def contents_of_maker(connection: sqlite3.Connection, maker: int) -> np.ndarray:
    """int64, ascending: the contents that have features by the maker with this row."""
    select = "SELECT content FROM features WHERE maker = ? ORDER BY content"
    return np.fromiter((id for (id,) in connection.execute(select, (maker,))), np.int64)


def generation(connection: sqlite3.Connection, features_id: str) -> int:
    """See ``EmbeddingStore.features_generation``."""
    known = connection.execute("SELECT generation FROM feature_makers WHERE name = ?", (features_id,)).fetchone()
    return int(known[0]) if known else 0


def add(connection: sqlite3.Connection, entries: Sequence[FeatureEntry]) -> None:
    """Keep features instead of those that their contents had; call it in a transaction.

    Those of contents that there are not are dropped: their archive was removed while they were made.
    """
    contents = content_ids(connection, [entry.content_hash for entry in entries])
    makers: dict[str, int] = {}
    changed: set[int] = set()
    grown = 0
    for entry in entries:
        content = contents.get(entry.content_hash)
        if content is None:
            log.info("There is no content %s any more that these features are of.", entry.content_hash)
            continue
        if entry.features_id not in makers:
            makers[entry.features_id] = _maker_row(connection, entry.features_id)
        maker = makers[entry.features_id]
        before = connection.execute("SELECT maker, length(data) FROM features WHERE content = ?", (content,)).fetchone()
        values = (content, maker, entry.data)
        connection.execute("INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?)", (*values, checksum(*values)))
        changed |= {maker} if before is None else {maker, before[0]}
        grown += len(entry.data) - (0 if before is None else before[1])
    connection.execute("UPDATE counters SET value = value + ? WHERE name = 'feature_bytes'", (grown,))
    grow = "UPDATE feature_makers SET generation = generation + 1 WHERE id = ?"
    connection.executemany(grow, [(maker,) for maker in changed])


def _maker_row(connection: sqlite3.Connection, features_id: str) -> int:
    known = connection.execute("SELECT id FROM feature_makers WHERE name = ?", (features_id,)).fetchone()
    if known is not None:
        return int(known[0])
    # Not from 0, as with encoders: a store that was begun anew must not look like a state of the one before it.
    values = (features_id, secrets.randbits(40))
    return int(connection.execute("INSERT INTO feature_makers (name, generation) VALUES (?, ?)", values).lastrowid or 0)


def read(connection: sqlite3.Connection, content_ids: Sequence[int], features_id: str) -> dict[int, bytes]:
    """Content id → its features, of those that have some by this maker. Raises DamagedRow."""
    found: dict[int, bytes] = {}
    select = "SELECT * FROM features WHERE maker = (SELECT id FROM feature_makers WHERE name = ?)"
    for marks, part in chunks([int(id) for id in content_ids]):
        for *values, known in connection.execute(f"{select} AND content IN ({marks})", (features_id, *part)):
            if not fits(known, *values):
                raise DamagedRow("features")
            found[values[0]] = values[2]
    return found


def delete(connection: sqlite3.Connection, doomed: str) -> None:
    """Delete the features of the contents that the SQL condition ``doomed`` (``IN (…)``) names."""
    count = f"SELECT count(*), coalesce(sum(length(data)), 0) FROM features WHERE content {doomed}"
    rows, freed = connection.execute(count).fetchone()
    if rows:
        connection.execute(f"DELETE FROM features WHERE content {doomed}")
        connection.execute("UPDATE counters SET value = value - ? WHERE name = 'feature_bytes'", (freed,))
        connection.execute("UPDATE feature_makers SET generation = generation + 1")
