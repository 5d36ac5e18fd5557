"""Quick answers from facts.sqlite: which content each of many keys has or hashes is, and how much there is of all."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import numpy as np

from ras.store import counters
from ras.store.connection import FILE, Facts
from ras.store.packing import StoredKey, chunks, stored_key, unpack_ids
from ras.store.present import Hashes
from ras.store.rows import UNFIT
from ras.store.values import Usage

# From this share of all pictures on, reading the whole table is quicker than asking for each key.
_WHOLE_TABLE = 0.25

_ROWS_AT_ONCE = 20_000  # as Python objects, which take ten times the memory of an array


def contents_of(connection: sqlite3.Connection, keys: Sequence[str]) -> np.ndarray:
    """int64 (n,): the content id of each key; -1 where it has none."""
    wanted = [stored_key(key) for key in keys]
    pictures = connection.execute("SELECT max(id) FROM pictures").fetchone()[0] or 0
    if len(wanted) < _WHOLE_TABLE * pictures:
        found: dict[StoredKey, int] = {}
        for marks, part in chunks(wanted):
            select = f"SELECT key, content FROM pictures WHERE key IN ({marks}) AND content IS NOT NULL"
            found.update(connection.execute(select, part))
        return np.fromiter((found.get(key, -1) for key in wanted), np.int64, len(wanted))
    numbers = np.fromiter((key if isinstance(key, int) else 0 for key in wanted), np.int64, len(wanted))
    contents = _of_numbers(connection, numbers)
    others = [place for place, key in enumerate(wanted) if not isinstance(key, int)]
    if others:
        select = "SELECT key, content FROM pictures WHERE content IS NOT NULL AND typeof(key) <> 'integer'"
        found = dict(connection.execute(select))
        contents[others] = [found.get(wanted[place], -1) for place in others]
    return contents


def _of_numbers(connection: sqlite3.Connection, numbers: np.ndarray) -> np.ndarray:
    """``contents_of`` for keys that are numbers, from the whole table."""
    select = "SELECT key, content FROM pictures WHERE content IS NOT NULL AND typeof(key) = 'integer'"
    parts = [np.array(rows, np.int64).reshape(-1, 2) for rows in _in_parts(connection.execute(select))]
    table = np.concatenate([np.zeros((0, 2), np.int64), *parts])
    table = table[np.argsort(table[:, 0])]
    places = np.searchsorted(table[:, 0], numbers)
    there = places < len(table)
    there[there] = table[places[there], 0] == numbers[there]
    contents = np.full(len(numbers), -1, np.int64)
    contents[there] = table[places[there], 1]
    return contents


def hashes(connection: sqlite3.Connection, has: Callable[[np.ndarray], np.ndarray]) -> Hashes:
    """The hashes of all contents for whose ids (int64) ``has`` says True."""
    ordered = []
    for rows in _in_parts(connection.execute("SELECT hash, id FROM contents ORDER BY hash")):
        there = has(np.array([id for _, id in rows], np.int64)).tolist()
        ordered.append(b"".join(digest for (digest, _), has_it in zip(rows, there) if has_it))
    return Hashes(b"".join(ordered))


def content_ids(connection: sqlite3.Connection, content_hashes: Sequence[str]) -> dict[str, int]:
    """Hash (hexadecimal, in small letters) → content id, of those that there are."""
    found: dict[str, int] = {}
    for marks, part in chunks([bytes.fromhex(content_hash) for content_hash in content_hashes]):
        for digest, id in connection.execute(f"SELECT hash, id FROM contents WHERE hash IN ({marks})", part):
            found[digest.hex()] = id
    return found


def content_hashes(connection: sqlite3.Connection, content_ids: Sequence[int]) -> dict[int, str]:
    """Content id → hash (hexadecimal), of those that there are. From the whole table, which is in order of hashes."""
    wanted = np.unique(np.asarray(content_ids, np.int64))
    found: dict[int, str] = {}
    for rows in _in_parts(connection.execute("SELECT hash, id FROM contents")):
        among = np.isin(np.array([id for _, id in rows], np.int64), wanted).tolist()
        found.update((id, digest.hex()) for (digest, id), is_wanted in zip(rows, among) if is_wanted)
    return found


def embedded(connection: sqlite3.Connection) -> np.ndarray:
    """int64, ascending: the ids of the contents that have an embedding of any encoder."""
    parts = [np.zeros(0, np.int64)]
    for (packed,) in connection.execute("SELECT contents FROM shards UNION ALL SELECT contents FROM fresh"):
        with contextlib.suppress(*UNFIT):  # its embeddings cannot be told either
            parts.append(unpack_ids(packed))
    return np.unique(np.concatenate(parts))


def _in_parts(cursor: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    return iter(lambda: cursor.fetchmany(_ROWS_AT_ONCE), [])


def usage(facts: Facts) -> Usage:
    with facts.reading() as connection:
        pictures = connection.execute("SELECT count(*) FROM pictures").fetchone()[0]
        contents = connection.execute("SELECT count(*) FROM contents").fetchone()[0]
        counted = {name: counters.value(connection, name) for name in ("preview_bytes", "feature_bytes")}
        embeddings = dict(
            connection.execute(
                """SELECT name, (SELECT coalesce(sum(rows), 0) FROM shards WHERE encoder = encoders.id)
                              + (SELECT coalesce(sum(rows), 0) FROM fresh WHERE encoder = encoders.id)
                   FROM encoders"""
            )
        )
        waiting = sum(
            rows * dimension * 2
            for rows, dimension in connection.execute(
                "SELECT rows, dimension FROM fresh JOIN encoders ON encoders.id = encoder"
            )
        )
    with facts.translated():
        sizes = {name: size_of(facts.folder / name) for name in ("shards", "indexes", "features")}
        facts_bytes = sum(size_of(facts.folder / f"{FILE}{end}") for end in ("", "-wal", "-shm"))
        total = size_of(facts.folder)
    return Usage(
        pictures=pictures,
        contents=contents,
        embeddings={name: rows for name, rows in embeddings.items() if rows},
        embedding_bytes=sizes["shards"] + waiting,
        preview_bytes=counted["preview_bytes"],
        feature_bytes=counted["feature_bytes"] + sizes["features"],
        facts_bytes=facts_bytes,
        index_bytes=sizes["indexes"],
        total_bytes=total,
    )


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder; 0 where there is none."""
    total = 0
    try:
        if not path.is_dir():
            return path.stat().st_size
        with os.scandir(path) as entries:
            for entry in entries:
                try:
                    total += (
                        size_of(Path(entry.path))
                        if entry.is_dir(follow_symlinks=False)
                        else entry.stat(follow_symlinks=False).st_size
                    )
                except FileNotFoundError:  # another program just deleted it
                    continue
    except (FileNotFoundError, NotADirectoryError):
        return total
    return total
