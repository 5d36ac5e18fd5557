"""Adding to the store: contents, embeddings, previews, failures, features; and sealing shards of what was added."""

from __future__ import annotations

import contextlib
import logging
import secrets
import sqlite3
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np

from ras.errors import SkipReason, StoreError
from ras.store import counters, features, previews
from ras.store.connection import Facts
from ras.store.packing import chunks, key_from, pack_ids, stored_key, text_bytes, text_from, unpack_ids
from ras.store.present import Present
from ras.store.rows import DamagedRow, checksum, fits
from ras.store.shards import SHARD_ROWS, write_shard
from ras.store.values import Entry, Failure, FeatureEntry

log = logging.getLogger(__name__)

_LARGEST_BUNDLE = 1024  # rows: so that shards have about SHARD_ROWS, however much is added at once


def encoder_row(connection: sqlite3.Connection, encoder_id: str, dimension: int) -> int:
    """The encoder's row, made where it is new. Raises StoreError where its embeddings have another dimension."""
    known = connection.execute("SELECT id, dimension FROM encoders WHERE name = ?", (encoder_id,)).fetchone()
    if known is None:
        # Not from 0: a store that was begun anew must not look like a state of the one before it.
        values = (encoder_id, dimension, secrets.randbits(40))
        cursor = connection.execute("INSERT INTO encoders (name, dimension, generation) VALUES (?, ?, ?)", values)
        return int(cursor.lastrowid or 0)
    if known[1] != dimension:
        raise StoreError(
            f"The embedding store has embeddings of “{encoder_id}” with {known[1]} numbers each, "
            f"and this encoder makes {dimension}: they are not of the same encoder."
        )
    return int(known[0])


def add(
    facts: Facts,
    present: Present,
    dimension: int,
    entries: Sequence[Entry],
    failures: Sequence[Failure],
    described: Sequence[FeatureEntry],
) -> None:
    """One transaction with all that ``EmbeddingStore.add`` is given."""
    with facts.transaction() as connection:
        if entries or failures:
            present.refresh(connection)
            _add(connection, present, dimension, entries, failures)
        if described:  # after the entries, whose contents they may be of
            features.add(connection, described)


def _add(
    connection: sqlite3.Connection,
    present: Present,
    dimension: int,
    entries: Sequence[Entry],
    failures: Sequence[Failure],
) -> None:
    row = encoder_row(connection, present.encoder_id, dimension)
    writer = _Writer(connection, present, dimension)
    for entry in entries:
        writer.add(entry)
    writer.write_embeddings(row)
    writer.count_previews()
    for failure in failures:
        _keep_failure(connection, failure)
    # What other encoders' searches see changes only where a picture now means a content that was there before.
    changed = "" if writer.met_again else " WHERE id = ?"
    connection.execute(f"UPDATE encoders SET generation = generation + 1{changed}", () if writer.met_again else (row,))


class _Writer:
    """Writes entries one by one; their embeddings go into bundles at the end."""

    def __init__(self, connection: sqlite3.Connection, present: Present, dimension: int) -> None:
        self._connection = connection
        self._present = present
        self._dimension = dimension
        self._next = counters.sound(connection, "next_content")
        self._first_new = self._next
        self._preview_bytes = 0
        self._rows: dict[int, np.ndarray] = {}
        self.met_again = False

    def add(self, entry: Entry) -> None:
        content = self._content(entry.content_hash)
        picture = picture_row(self._connection, entry.key)
        before = self._connection.execute("SELECT content FROM pictures WHERE id = ?", (picture,)).fetchone()[0]
        if before != content:
            values = (content, checksum(stored_key(entry.key), content, bytes.fromhex(entry.content_hash)), picture)
            self._connection.execute("UPDATE pictures SET content = ?, checksum = ? WHERE id = ?", values)
            self.met_again |= content < self._first_new or before is not None
        self._connection.execute("DELETE FROM failures WHERE picture = ?", (picture,))
        if entry.preview is not None:
            kept = previews.keep(self._connection, content, entry.preview)
            self._preview_bytes += len(entry.preview) if kept else 0
        there = content in self._rows or bool(self._present.has(np.array([content]))[0])
        if entry.embedding is None:
            if not there:
                # Its archive was removed meanwhile, or its shard set aside: the next indexing makes it again.
                log.warning("The content of %s has no embedding of %s any more.", entry.key, self._present.encoder_id)
        elif not there:
            embedding = np.asarray(entry.embedding).astype(np.float16)
            if embedding.shape != (self._dimension,):
                raise ValueError(f"An embedding has the shape {embedding.shape} instead of ({self._dimension},).")
            self._rows[content] = embedding

    def write_embeddings(self, encoder: int) -> None:
        ids = np.array(list(self._rows), np.int64)
        for start in range(0, len(ids), _LARGEST_BUNDLE):
            part = ids[start : start + _LARGEST_BUNDLE]
            rows = np.stack([self._rows[id] for id in part.tolist()])
            insert_bundle(self._connection, encoder, part, rows)

    def count_previews(self) -> None:
        for name, value in (("next_content", self._next - self._first_new), ("preview_bytes", self._preview_bytes)):
            if value:
                self._connection.execute("UPDATE counters SET value = value + ? WHERE name = ?", (value, name))

    def _content(self, content_hash: str) -> int:
        digest = bytes.fromhex(content_hash)
        if len(digest) != 32:
            raise ValueError(f"“{content_hash}” is no SHA-256.")
        known = self._connection.execute("SELECT id FROM contents WHERE hash = ?", (digest,)).fetchone()
        if known is not None:
            return int(known[0])
        self._connection.execute("INSERT INTO contents VALUES (?, ?)", (digest, self._next))
        self._next += 1
        return self._next - 1


def insert_bundle(connection: sqlite3.Connection, encoder: int, ids: np.ndarray, rows: np.ndarray) -> None:
    values = (encoder, len(ids), pack_ids(ids), rows.astype("<f2").tobytes())
    connection.execute(
        "INSERT INTO fresh (encoder, rows, contents, embeddings, checksum) VALUES (?, ?, ?, ?, ?)",
        (*values, checksum(*values)),
    )


def read_bundles(
    connection: sqlite3.Connection, encoder: int, dimension: int, most_rows: int | None = None
) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Fresh bundles, oldest first, until there are ``most_rows``: their ids, int64 (n,) contents, float16 (n, d).

    Raises DamagedRow.
    """
    bundle_ids, contents, rows, total = [], [np.zeros(0, np.int64)], [np.zeros((0, dimension), np.float16)], 0
    for id, there, packed, data, known in connection.execute(
        "SELECT id, rows, contents, embeddings, checksum FROM fresh WHERE encoder = ? ORDER BY id", (encoder,)
    ):
        if not fits(known, encoder, there, packed, data):
            raise DamagedRow("fresh")
        bundle_ids.append(id)
        contents.append(unpack_ids(packed))
        rows.append(np.frombuffer(data, "<f2").reshape(-1, dimension))
        total += len(contents[-1])
        if most_rows is not None and total >= most_rows:
            break
    return bundle_ids, np.concatenate(contents), np.concatenate(rows)


def seal(facts: Facts, encoder_id: str, folder: Path) -> None:
    """Make shards of fresh rows while there are SHARD_ROWS of them. Raises StoreError; then they stay where they are.

    The file is made while no other program can write: so none seals the same rows, and a file without a row in
    facts.sqlite is left over from a program that died. The row points to a file that is safely on the disk.
    """
    while True:
        with facts.reading() as connection:
            waiting = connection.execute(_WAITING, (encoder_id,)).fetchone()[0] or 0
        if waiting < SHARD_ROWS:
            return
        with writing_shard(facts) as (connection, written):
            if (connection.execute(_WAITING, (encoder_id,)).fetchone()[0] or 0) < SHARD_ROWS:
                return
            encoder, dimension = connection.execute(
                "SELECT id, dimension FROM encoders WHERE name = ?", (encoder_id,)
            ).fetchone()
            bundle_ids, contents, rows = read_bundles(connection, encoder, dimension, SHARD_ROWS)
            file, size, sha256 = write_shard(folder, encoder_id, rows)
            written.append(file)
            insert_shard(connection, encoder, file, size, sha256, contents)
            connection.execute("DELETE FROM fresh WHERE encoder = ? AND id <= ?", (encoder, bundle_ids[-1]))
            connection.execute("UPDATE encoders SET generation = generation + 1 WHERE id = ?", (encoder,))


@contextlib.contextmanager
def writing_shard(facts: Facts, durable: bool = False) -> Iterator[tuple[sqlite3.Connection, list[str]]]:
    """A transaction that makes shards, and a list for their names: where it is undone, the files go too."""
    written: list[str] = []
    try:
        with facts.transaction(durable) as connection:
            yield connection, written
    except BaseException:
        for file in written:
            # An interrupt may come when it is committed: what the store has must stay. Where in doubt, so does a file.
            with contextlib.suppress(OSError, StoreError):
                with facts.reading():
                    kept = connection.execute("SELECT 1 FROM shards WHERE file = ?", (file,)).fetchone()
                if kept is None:
                    (facts.folder / "shards" / file).unlink()
        raise


_WAITING = "SELECT sum(rows) FROM fresh WHERE encoder = (SELECT id FROM encoders WHERE name = ?)"


def insert_shard(
    connection: sqlite3.Connection, encoder: int, file: str, size: int, sha256: bytes, contents: np.ndarray
) -> None:
    connection.execute(
        "INSERT INTO shards (encoder, file, rows, size, sha256, contents) VALUES (?, ?, ?, ?, ?, ?)",
        (encoder, file, len(contents), size, sha256, pack_ids(contents)),
    )


def picture_row(connection: sqlite3.Connection, key: str) -> int:
    stored = stored_key(key)
    known = connection.execute("SELECT id FROM pictures WHERE key = ?", (stored,)).fetchone()
    if known is not None:
        return int(known[0])
    return int(connection.execute("INSERT INTO pictures (key) VALUES (?)", (stored,)).lastrowid or 0)


def _keep_failure(connection: sqlite3.Connection, failure: Failure) -> None:
    picture = picture_row(connection, failure.key)
    values = (picture, failure.reason.value, failure.limits, text_bytes(failure.detail))
    connection.execute(
        "INSERT OR REPLACE INTO failures (picture, reason, limits, detail, at, checksum) VALUES (?, ?, ?, ?, ?, ?)",
        (*values, failure.at, checksum(*values)),
    )


def failures(connection: sqlite3.Connection, keys: Sequence[str] | None) -> dict[str, Failure]:
    """Key → failure, of the given keys or of all pictures."""
    select = """SELECT key, reason, detail, at, limits FROM failures JOIN pictures ON pictures.id = failures.picture"""
    found = []
    if keys is None:
        found = connection.execute(select).fetchall()
    else:
        for marks, part in chunks([stored_key(key) for key in keys]):
            found += connection.execute(f"{select} WHERE key IN ({marks})", part).fetchall()
    return {
        (key := key_from(stored)): Failure(key, SkipReason(reason), text_from(detail), at, limits)
        for stored, reason, detail, at, limits in found
    }


def failures_by_reason(connection: sqlite3.Connection) -> dict[SkipReason, int]:
    """Reason → pictures, the most frequent first."""
    counted = connection.execute("SELECT reason, count(*) FROM failures GROUP BY reason ORDER BY 2 DESC, 1")
    return {SkipReason(reason): number for reason, number in counted}


def forget_failures(facts: Facts) -> int:
    """Delete all; how many that were."""
    with facts.transaction(durable=True) as connection:
        return connection.execute("DELETE FROM failures").rowcount
