"""Which contents have an embedding of an encoder: kept in memory, brought up to date piece by piece."""

from __future__ import annotations

import sqlite3
from typing import Container

import numpy as np

from ras.store.packing import unpack_ids
from ras.store.shards import Shard


class Present:
    """The embeddings of one encoder as of ``generation``: its shards, its fresh bundles, and a bit for each content.

    ``skipped`` are ids of shards that are damaged and stand in a store that cannot be written.
    """

    def __init__(self, encoder_id: str, skipped: Container[int]) -> None:
        self.encoder_id = encoder_id
        self.row = 0
        """The encoder's id in facts.sqlite; 0 where it is not there."""
        self.dimension = 0
        self.generation = -1
        self.shards: dict[int, Shard] = {}
        self.bundles: dict[int, np.ndarray] = {}
        """Bundle id → content ids, int64."""
        self._skipped = skipped
        self._bits = np.zeros(0, bool)

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Read what changed since. Call it in a transaction, before anything is written in it."""
        known = connection.execute(
            "SELECT id, dimension, generation FROM encoders WHERE name = ?", (self.encoder_id,)
        ).fetchone()
        if known is None:
            self.row, self.generation = 0, 0
            self.shards, self.bundles, self._bits = {}, {}, np.zeros(0, bool)
            return
        row, dimension, generation = known
        if (row, generation) == (self.row, self.generation):
            return
        shard_ids = [
            id
            for (id,) in connection.execute("SELECT id FROM shards WHERE encoder = ? ORDER BY id", (row,))
            if id not in self._skipped
        ]
        bundle_ids = [id for (id,) in connection.execute("SELECT id FROM fresh WHERE encoder = ? ORDER BY id", (row,))]
        gone = row != self.row or bool(self.shards.keys() - set(shard_ids) or self.bundles.keys() - set(bundle_ids))
        shards = {id: self.shards.get(id) or _shard(connection, id, dimension) for id in shard_ids}
        bundles = {id: self.bundles[id] if id in self.bundles else _bundle(connection, id) for id in bundle_ids}
        if gone:
            self._bits[:] = False
            added = [*(shard.contents for shard in shards.values()), *bundles.values()]
        else:
            added = [shard.contents for id, shard in shards.items() if id not in self.shards]
            added += [ids for id, ids in bundles.items() if id not in self.bundles]
        for ids in added:
            self._mark(ids)
        self.row, self.dimension, self.generation = row, dimension, generation
        self.shards, self.bundles = shards, bundles

    def forget(self) -> None:
        """Read everything anew next time."""
        self.row, self.generation = 0, -1
        self.shards, self.bundles = {}, {}

    def has(self, ids: np.ndarray) -> np.ndarray:
        """bool (n,): which of the content ids (int64; negative ones are none) have an embedding."""
        inside = (ids >= 0) & (ids < len(self._bits))
        found = np.zeros(len(ids), bool)
        found[inside] = self._bits[ids[inside]]
        return found

    def _mark(self, ids: np.ndarray) -> None:
        if not len(ids):
            return
        end = int(ids.max()) + 1
        if end > len(self._bits):
            grown = np.zeros(max(end, 2 * len(self._bits)), bool)
            grown[: len(self._bits)] = self._bits
            self._bits = grown
        self._bits[ids] = True


def _shard(connection: sqlite3.Connection, id: int, dimension: int) -> Shard:
    file, rows, size, sha256, contents = connection.execute(
        "SELECT file, rows, size, sha256, contents FROM shards WHERE id = ?", (id,)
    ).fetchone()
    return Shard(id, file, rows, dimension, size, sha256, unpack_ids(contents))


def _bundle(connection: sqlite3.Connection, id: int) -> np.ndarray:
    return unpack_ids(connection.execute("SELECT contents FROM fresh WHERE id = ?", (id,)).fetchone()[0])


class Hashes(Container[str]):
    """A set of content hashes (hexadecimal), 32 bytes each; immutable, so any thread may ask it."""

    def __init__(self, ordered: bytes) -> None:
        self._ordered = ordered

    def __len__(self) -> int:
        return len(self._ordered) // 32

    def __contains__(self, content_hash: object) -> bool:
        wanted = bytes.fromhex(str(content_hash))
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._ordered[32 * middle : 32 * middle + 32] < wanted:
                low = middle + 1
            else:
                high = middle
        return self._ordered[32 * low : 32 * low + 32] == wanted
