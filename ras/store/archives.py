"""The archives in the store: their records as they were indexed, and which pictures belong to which."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import sqlite3
import time
from datetime import datetime, timedelta, timezone
from typing import Iterable, Sequence

from ras.errors import StoreError
from ras.records import Archive, Channel, ImageRecord
from ras.store import counters
from ras.store.connection import Facts
from ras.store.packing import StoredKey, stored_key
from ras.store.rows import UNFIT
from ras.store.snapshots import described, keys_from, records_from, snapshot
from ras.store.values import StoredArchive
from ras.text import clean

log = logging.getLogger(__name__)


def identity_of(paths: Sequence[str], name: str = "") -> str:
    """What makes it the same archive: its export files, however they are written and in whatever order."""
    return json.dumps(sorted(os.path.normcase(os.path.realpath(path)) for path in paths) or [name])


def register(facts: Facts, archive: Archive) -> int:
    """Keep the archive's records, instead of those that it had; see ``EmbeddingStore.register``."""
    # Relative to a folder that will be another one tomorrow, they would name nothing.
    archive = dataclasses.replace(archive, paths=tuple(os.path.abspath(path) for path in archive.paths))
    about, blocks = snapshot(archive)
    digest = _digest(about, blocks)
    identity = identity_of(archive.paths, archive.name)
    keys = {stored_key(record.key) for record in archive.records}
    with facts.transaction() as connection:
        revision = counters.value(connection, "revision") + 1
        counters.put(connection, "revision", revision)
        known = connection.execute("SELECT id FROM archives WHERE identity = ?", (identity,)).fetchone()
        values = (about, len(archive.records), time.time(), revision, digest)
        same = known is not None and _digest(*_kept(connection, known[0])) == digest
        if known is None:
            cursor = connection.execute(
                "INSERT INTO archives (about, pictures, indexed_at, revision, digest, identity) VALUES (?,?,?,?,?,?)",
                (*values, identity),
            )
            id = int(cursor.lastrowid or 0)
        else:
            id = int(known[0])
            connection.execute(
                "UPDATE archives SET about = ?, pictures = ?, indexed_at = ?, revision = ?, digest = ? WHERE id = ?",
                (*values, id),
            )
        if not same:
            _hold(connection, id, keys)
            connection.execute("DELETE FROM record_blocks WHERE archive = ?", (id,))
            connection.executemany(
                "INSERT INTO record_blocks (archive, number, data) VALUES (?, ?, ?)",
                [(id, number, block) for number, block in enumerate(blocks)],
            )
    return id


def _digest(about: str, blocks: Iterable[bytes]) -> bytes:
    """SHA-256 over what ``snapshot`` makes of an archive."""
    digest = hashlib.sha256(about.encode("utf-8", "replace"))
    for block in blocks:
        digest.update(block)
    return digest.digest()


def _kept(connection: sqlite3.Connection, id: int) -> tuple[str, list[bytes]]:
    """What ``snapshot`` made of the archive; where it was damaged, something else."""
    # As bytes, which it may be by now.
    row = connection.execute("SELECT CAST(about AS BLOB) FROM archives WHERE id = ?", (id,)).fetchone()
    about = row[0] if row is not None else None  # it was removed meanwhile
    blocks = connection.execute("SELECT CAST(data AS BLOB) FROM record_blocks WHERE archive = ? ORDER BY number", (id,))
    return (about or b"").decode("utf-8", "replace"), [data or b"" for (data,) in blocks]


def mend(facts: Facts) -> list[str]:
    """A sentence on each archive whose records are not those that were kept; which pictures it has is put in order."""
    told = []
    with facts.reading() as connection:
        ids = [id for (id,) in connection.execute("SELECT id FROM archives")]
    for id in ids:
        with facts.reading() as connection:
            about, blocks = _kept(connection, id)
            digest = connection.execute("SELECT digest FROM archives WHERE id = ?", (id,)).fetchone()
            held = {
                key
                for (key,) in connection.execute(
                    "SELECT CAST(key AS BLOB) FROM holdings JOIN pictures ON pictures.id = picture WHERE archive = ?",
                    (id,),
                )
            }
        if digest is None:  # removed meanwhile
            continue
        if digest[0] != _digest(about, blocks):
            told.append(f"What the embedding store in {facts.folder} keeps of {_named(about)} {_DAMAGED}")
            continue
        keys = {stored_key(key) for key in keys_from(blocks)}
        if {_bytes(key) for key in keys} != held and not facts.read_only:
            with facts.transaction() as connection:
                _hold(connection, id, keys)
    return told


_DAMAGED = "is damaged; index its export again."


def _named(about: str) -> str:
    try:
        return f"“{clean(str(json.loads(about)['name']), longest=100)}”"
    except (ValueError, LookupError, TypeError, RecursionError):
        return "an archive"


def _bytes(key: StoredKey) -> bytes:
    """As SQLite casts it to bytes."""
    return key if isinstance(key, bytes) else str(key).encode()


def _hold(connection: sqlite3.Connection, archive: int, keys: set[int | bytes | str]) -> None:
    """Make ``keys`` the pictures that belong to the archive; only what is new or gone is written.

    What belongs to none any more stays until ``compact``: an export of some days must not cost what came before.
    """
    held = "SELECT key, id FROM holdings JOIN pictures ON pictures.id = picture WHERE archive = ?"
    before = dict(connection.execute(held, (archive,)))
    # In order: neighbours come into the same pages. Of mixed kinds, since keys are.
    new = sorted(keys - before.keys(), key=lambda key: (str(type(key)), key))
    last = connection.execute("SELECT coalesce(max(id), 0) FROM pictures").fetchone()[0]
    inserted = connection.executemany(
        "INSERT OR IGNORE INTO pictures (key) VALUES (?)", ((key,) for key in new)
    ).rowcount
    if inserted < len(new):  # some are in other archives too
        hold = "INSERT INTO holdings SELECT ?, id FROM pictures WHERE key = ? AND id <= ?"
        connection.executemany(hold, ((archive, key, last) for key in new))
    connection.execute("INSERT INTO holdings SELECT ?, id FROM pictures WHERE id > ?", (archive, last))
    gone = [(archive, before[key]) for key in before.keys() - keys]
    connection.executemany("DELETE FROM holdings WHERE archive = ? AND picture = ?", gone)


def stored(connection: sqlite3.Connection, where: str = "", values: Sequence[object] = ()) -> list[StoredArchive]:
    """The archives that fit the SQL condition ``where``, the latest registered first."""
    found = connection.execute(
        f"SELECT id, CAST(about AS BLOB), pictures, indexed_at FROM archives {where} ORDER BY revision DESC", values
    ).fetchall()
    archives = []
    for id, text, pictures, seconds in found:
        try:
            about, _, channels = described(text.decode())
            when = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
            paths, messages = tuple(about["paths"]), about["message_count"]
            archives.append(StoredArchive(id, about["name"], paths, pictures, messages, channels, when))
        except (*UNFIT, RecursionError) as exc:
            log.warning("What is kept of the archive %s is damaged: %r", id, exc)
            began = datetime(1970, 1, 1, tzinfo=timezone.utc)
            archives.append(StoredArchive(id, "a damaged archive", (), 0, 0, (), began))
    return archives


def load(facts: Facts, ids: Sequence[int]) -> Archive:
    """Archives as they were registered, several as one; see ``EmbeddingStore.load``."""
    with facts.reading() as connection:
        found = []
        for id in dict.fromkeys(ids):
            known = connection.execute("SELECT revision, digest FROM archives WHERE id = ?", (id,)).fetchone()
            if known is None:
                raise StoreError(f"There is no archive {id} in the embedding store in {facts.folder}.")
            found.append((*known, *_kept(connection, id)))
    loaded = []
    for revision, digest, about, blocks in found:
        if digest != _digest(about, blocks):
            raise StoreError(f"What the embedding store in {facts.folder} keeps of {_named(about)} {_DAMAGED}")
        values, channels, own = described(about)
        records = tuple(records_from(blocks, channels))
        paths, warnings = tuple(values["paths"]), tuple(values["warnings"])
        loaded.append((revision, Archive(paths, values["name"], own, values["message_count"], records, warnings)))
    return loaded[0][1] if len(loaded) == 1 else _merged(loaded)


def _merged(loaded: Iterable[tuple[int, Archive]]) -> Archive:
    """One archive of several with their revisions: each picture of a message once, as it was registered last."""
    archives = [archive for _, archive in loaded]
    newest: dict[tuple[str, str], tuple[int, ImageRecord]] = {}
    channels: dict[tuple[str, str], tuple[int, Channel]] = {}
    for revision, archive in loaded:
        for record in archive.records:
            identity = (record.message_id, record.key)
            if identity not in newest or newest[identity][0] < revision:
                newest[identity] = (revision, record)
        for channel in archive.channels:
            place = (channel.guild_id, channel.id)
            if place not in channels or channels[place][0] < revision:
                channels[place] = (revision, channel)
    return Archive(
        paths=tuple(dict.fromkeys(path for archive in archives for path in archive.paths)),
        name=", ".join(dict.fromkeys(archive.name for archive in archives)),
        channels=tuple(channel for _, channel in channels.values()),
        message_count=sum(archive.message_count for archive in archives),
        records=tuple(record for _, record in newest.values()),
        warnings=tuple(dict.fromkeys(warning for archive in archives for warning in archive.warnings)),
    )
