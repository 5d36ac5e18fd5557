"""Facts on FAISS index files, and deleting those that are replaced."""

from __future__ import annotations

import contextlib
import re
import sqlite3

from ras.errors import StoreError
from ras.store.connection import Facts
from ras.store.packing import pack_ids, unpack_ids
from ras.store.values import IndexFacts

INDEX_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}\.faiss", re.ASCII)
"""A name that stays in its folder; files of other names are no index, and never touched."""

INDEX_LOCK = "index.lock"
"""Locked by whoever makes an index file, from its first byte until the store knows of it."""

MADE_HERE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{32}\.faiss|\.part)", re.ASCII)
"""The names that the FAISS strategy gives, finished or not; no other file is deleted for not being in use."""

_COLUMNS = "file, kind, rows, generation, size, sha256, mtime_ns, nprobe"


def facts_of(
    connection: sqlite3.Connection, encoder_id: str, known: dict[str, tuple[int, IndexFacts]]
) -> IndexFacts | None:
    """The encoder's index. ``known`` remembers it, since reading a million content ids takes a while."""
    row = connection.execute(
        "SELECT indexes.id FROM indexes JOIN encoders ON encoders.id = encoder WHERE name = ?", (encoder_id,)
    ).fetchone()
    if row is None:
        known.pop(encoder_id, None)
        return None
    if encoder_id not in known or known[encoder_id][0] != row[0]:
        values = connection.execute(f"SELECT {_COLUMNS}, contents FROM indexes WHERE id = ?", row).fetchone()
        described = dict(zip(_COLUMNS.split(", "), values))
        known[encoder_id] = (row[0], IndexFacts(**described, contents=unpack_ids(values[-1])))
    return known[encoder_id][1]


def replace(facts: Facts, encoder_id: str, new: IndexFacts | None) -> None:
    """See ``EmbeddingStore.set_index``."""
    if new is not None and not INDEX_NAME.fullmatch(new.file):
        raise ValueError(f"“{new.file}” is no name for an index file.")
    with facts.transaction(durable=True) as connection:
        encoder = connection.execute("SELECT id FROM encoders WHERE name = ?", (encoder_id,)).fetchone()
        if encoder is None:
            if new is None:
                return
            raise StoreError(f"The embedding store in {facts.folder} has no embeddings of “{encoder_id}”.")
        old = connection.execute("SELECT file FROM indexes WHERE encoder = ?", encoder).fetchone()
        connection.execute("DELETE FROM indexes WHERE encoder = ?", encoder)
        if new is not None:
            # SQLite does not take the integers of numpy.
            counts, state = (int(new.rows), int(new.generation), int(new.size)), (int(new.mtime_ns), int(new.nprobe))
            values = (new.file, new.kind, *counts, new.sha256, *state)
            connection.execute(
                f"INSERT INTO indexes ({_COLUMNS}, contents, encoder) VALUES (?,?,?,?,?,?,?,?,?,?)",
                (*values, pack_ids(new.contents), encoder[0]),
            )
    if old is not None and (new is None or old[0] != new.file) and INDEX_NAME.fullmatch(old[0]):
        # On Windows a file that is mapped cannot be deleted; ``compact`` does it later.
        with contextlib.suppress(OSError):
            (facts.folder / "indexes" / old[0]).unlink()
