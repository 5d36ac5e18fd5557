"""The archives in the store: their records as they were indexed, and which pictures belong to which."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sqlite3
import time
import zlib
from datetime import datetime, timedelta, timezone
from typing import Iterable, Sequence

from ras.errors import StoreError
from ras.records import Archive, Channel, ImageRecord
from ras.store.connection import Facts
from ras.store.packing import stored_key
from ras.store.snapshots import described, records_from, snapshot
from ras.store.values import StoredArchive


def identity_of(paths: Sequence[str], name: str = "") -> str:
    """What makes it the same archive: its export files, however they are written and in whatever order."""
    return json.dumps(sorted(os.path.normcase(os.path.realpath(path)) for path in paths) or [name])


def register(facts: Facts, archive: Archive) -> int:
    """Keep the archive's records, instead of those that it had; see ``EmbeddingStore.register``."""
    # Relative to a folder that will be another one tomorrow, they would name nothing.
    archive = dataclasses.replace(archive, paths=tuple(os.path.abspath(path) for path in archive.paths))
    about, blocks = snapshot(archive)
    digest = hashlib.sha256(about.encode())
    for block in blocks:
        digest.update(block)
    identity = identity_of(archive.paths, archive.name)
    keys = {stored_key(record.key) for record in archive.records}
    with facts.transaction() as connection:
        connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'revision'")
        revision = connection.execute("SELECT value FROM counters WHERE name = 'revision'").fetchone()[0]
        known = connection.execute("SELECT id, digest FROM archives WHERE identity = ?", (identity,)).fetchone()
        values = (about, len(archive.records), time.time(), revision, digest.digest())
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
        if known is None or known[1] != digest.digest():
            _hold(connection, id, keys)
            connection.execute("DELETE FROM record_blocks WHERE archive = ?", (id,))
            connection.executemany(
                "INSERT INTO record_blocks (archive, number, data) VALUES (?, ?, ?)",
                [(id, number, block) for number, block in enumerate(blocks)],
            )
    return id


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
        f"SELECT id, about, pictures, indexed_at FROM archives {where} ORDER BY revision DESC", values
    ).fetchall()
    archives = []
    for id, text, pictures, seconds in found:
        about, _, channels = described(text)
        when = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
        archives.append(
            StoredArchive(id, about["name"], tuple(about["paths"]), pictures, about["message_count"], channels, when)
        )
    return archives


def load(facts: Facts, ids: Sequence[int]) -> Archive:
    """Archives as they were registered, several as one; see ``EmbeddingStore.load``."""
    with facts.reading() as connection:
        found = []
        for id in dict.fromkeys(ids):
            known = connection.execute("SELECT about, revision FROM archives WHERE id = ?", (id,)).fetchone()
            if known is None:
                raise StoreError(f"There is no archive {id} in the embedding store in {facts.folder}.")
            blocks = connection.execute("SELECT data FROM record_blocks WHERE archive = ? ORDER BY number", (id,))
            found.append((*known, [data for (data,) in blocks]))
    loaded = []
    for about, revision, blocks in found:
        values, channels, own = described(about)
        try:
            records = tuple(records_from(blocks, channels))
        except (zlib.error, ValueError, TypeError, LookupError) as exc:
            raise StoreError(
                f"What the embedding store in {facts.folder} keeps of “{values['name']}” is damaged; "
                "index its export again."
            ) from exc
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
