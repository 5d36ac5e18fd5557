"""Small databases of Discord History Tracker, of every version of its schema, for tests.

    path = make_tracker(tmp_path, [tracked("hi", [kept("cat.png", data=png)])])
    path = make_tracker(tmp_path, version=4)
    path = make_tracker(tmp_path, separate=True)                # blobs in the file beside it, as it is by default

The tables are those of ``SqliteSchema.cs`` of chylex/Discord-History-Tracker, and of its upgrades, taken back.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterable, NamedTuple

from tests.exports import snowflake

SERVER_ID = 860_000_000_000_000_021
CHANNEL_ID = 870_000_000_000_000_022
DIRECT_ID = 870_000_000_000_000_023
THREAD_ID = 870_000_000_000_000_024
USER_ID = 810_000_000_000_000_088
OTHER_ID = 810_000_000_000_000_089
VERSIONS = range(1, 12)

_numbers = itertools.count(1)


class Kept(NamedTuple):
    """An attachment; ``data`` is what the tracker downloaded, None where it did not."""

    id: int
    name: str
    url: str
    signature: str
    type: str | None
    size: int
    data: bytes | None
    status: int


class Tracked(NamedTuple):
    id: int
    when: datetime
    text: str
    attachments: tuple[Kept, ...]
    embeds: tuple[Any, ...]
    channel_id: int
    sender_id: int


def kept(
    name: str = "unknown.png",
    data: bytes | None = None,
    *,
    id: int | None = None,
    type: str | None = "image/png",
    status: int = 200,
    channel_id: int = CHANNEL_ID,
) -> Kept:
    id = id or 880_000_000_000_100_000 + next(_numbers)
    url = f"https://cdn.discordapp.com/attachments/{channel_id}/{id}/{name}"
    return Kept(id, name, url, f"?ex=66000000&is=65ff0000&hm={'ab' * 32}&", type, len(data or b"123"), data, status)


def tracked(
    text: str = "",
    attachments: Iterable[Kept] = (),
    embeds: Iterable[Any] = (),
    *,
    id: int | None = None,
    channel_id: int = CHANNEL_ID,
    sender_id: int = USER_ID,
) -> Tracked:
    number = next(_numbers)
    when = datetime(2024, 3, 1, 12, tzinfo=timezone.utc) + timedelta(minutes=number)
    return Tracked(
        id or int(snowflake(when, number)), when, text, tuple(attachments), tuple(embeds), channel_id, sender_id
    )


def schema_of(version: int) -> dict[str, str]:
    """The tables of a version, by name: their columns."""
    edited = ", edit_timestamp INTEGER, replied_to_id INTEGER" if version < 3 else ""
    home = "message_id INTEGER NOT NULL, " if version < 9 else ""
    url = "normalized_url TEXT NOT NULL, download_url TEXT" if version >= 6 else "url TEXT NOT NULL"
    pixels = ", width INTEGER, height INTEGER" if version >= 5 else ""
    prefix = "message_" if version >= 9 else ""
    tables = {
        "metadata": "key TEXT PRIMARY KEY, value TEXT",
        "users": "id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL, avatar_url TEXT, discriminator TEXT"
        + (", display_name TEXT" if version >= 8 else ""),
        "servers": "id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL"
        + (", icon_hash TEXT" if version >= 11 else ""),
        "channels": "id INTEGER PRIMARY KEY NOT NULL, server INTEGER NOT NULL, name TEXT NOT NULL, position INTEGER, "
        "topic TEXT, nsfw INTEGER" + (", parent_id INTEGER" if version >= 2 else ""),
        "messages": "message_id INTEGER PRIMARY KEY NOT NULL, sender_id INTEGER NOT NULL, channel_id INTEGER NOT NULL, "
        f"text TEXT NOT NULL, timestamp INTEGER NOT NULL{edited}",
        "attachments": f"{home}attachment_id INTEGER NOT NULL PRIMARY KEY NOT NULL, name TEXT NOT NULL, type TEXT, "
        f"{url}, size INTEGER NOT NULL{pixels}",
        f"{prefix}embeds": "message_id INTEGER NOT NULL, json TEXT NOT NULL",
        f"{prefix}reactions": "message_id INTEGER NOT NULL, emoji_id INTEGER, emoji_name TEXT, "
        "emoji_flags INTEGER NOT NULL, count INTEGER NOT NULL",
    }
    if version >= 3:
        tables[f"{prefix}edit_timestamps"] = "message_id INTEGER PRIMARY KEY NOT NULL, edit_timestamp INTEGER NOT NULL"
        tables[f"{prefix}replied_to"] = "message_id INTEGER PRIMARY KEY NOT NULL, replied_to_id INTEGER NOT NULL"
    if version >= 9:
        tables["message_attachments"] = (
            "message_id INTEGER NOT NULL, attachment_id INTEGER NOT NULL, PRIMARY KEY (message_id, attachment_id)"
        )
    return {**tables, **downloads_of(version)}


def downloads_of(version: int) -> dict[str, str]:
    """The tables for what was downloaded: they may lie in a file of their own since version 11."""
    if version >= 7:
        return {
            "download_metadata": "normalized_url TEXT NOT NULL PRIMARY KEY, download_url TEXT NOT NULL, "
            "status INTEGER NOT NULL, type TEXT, size INTEGER",
            "download_blobs": "normalized_url TEXT NOT NULL PRIMARY KEY, blob BLOB NOT NULL, FOREIGN KEY "
            "(normalized_url) REFERENCES download_metadata (normalized_url) ON UPDATE CASCADE ON DELETE CASCADE",
        }
    if version == 6:
        return {
            "downloads": "normalized_url TEXT NOT NULL PRIMARY KEY, download_url TEXT, status INTEGER NOT NULL, "
            "size INTEGER NOT NULL, blob BLOB"
        }
    if version >= 4:
        return {"downloads": "url TEXT NOT NULL PRIMARY KEY, status INTEGER NOT NULL, size INTEGER NOT NULL, blob BLOB"}
    return {}


def indexes_of(version: int) -> list[str]:
    prefix = "message_" if version >= 9 else ""
    made = [f"CREATE INDEX {name}_message_ix ON {prefix}{name}(message_id)" for name in ("embeds", "reactions")]
    return made if version >= 9 else [*made, "CREATE INDEX attachments_message_ix ON attachments(message_id)"]


def make_tracker(
    folder: Path,
    messages: Iterable[Tracked] | None = None,
    *,
    version: int = 11,
    separate: bool = False,
    name: str = "archive.dht",
    wal: bool = False,
) -> Path:
    """Write a database into ``folder`` and return its path. ``wal`` is the tracker's own journal mode."""
    if messages is None:
        messages = [
            tracked("a cat", [kept("cat.png", b"\x89PNG cat"), kept("clip.mp4", type="video/mp4")]),
            tracked("only words"),
            tracked("for you", [kept("dog.jpg", type=None, channel_id=DIRECT_ID)], channel_id=DIRECT_ID),
        ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    tables, downloads = schema_of(version), downloads_of(version)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
        for table, columns in tables.items():
            if not separate or table not in downloads:
                database.execute(f"CREATE TABLE {table} ({columns})")
        for index in indexes_of(version):
            database.execute(index)
        if separate:
            database.execute("INSERT INTO metadata VALUES ('separate_file_for_downloads', '1')")
            database.execute("ATTACH ? AS downloads", (f"{path}_downloads",))
            for table, columns in downloads.items():
                database.execute(f"CREATE TABLE downloads.{table} ({columns})")
        database.execute("INSERT INTO metadata VALUES ('version', ?)", (version,))
        insert(database, "users", id=USER_ID, name="alice", display_name="Alice", avatar_url="5c")
        insert(database, "users", id=OTHER_ID, name="bob", display_name=None)
        insert(database, "servers", id=SERVER_ID, name="My Server", type="SERVER")
        insert(database, "servers", id=DIRECT_ID, name="bob", type="DM")
        insert(database, "channels", id=CHANNEL_ID, server=SERVER_ID, name="general", parent_id=None)
        insert(database, "channels", id=THREAD_ID, server=SERVER_ID, name="a thread", parent_id=CHANNEL_ID)
        insert(database, "channels", id=DIRECT_ID, server=DIRECT_ID, name="bob", parent_id=None)
        for message in messages:
            add(database, message, version)
        database.commit()
    return path


def add(database: sqlite3.Connection, message: Tracked, version: int = 11) -> None:
    prefix = "message_" if version >= 9 else ""
    insert(
        database,
        "messages",
        message_id=message.id,
        sender_id=message.sender_id,
        channel_id=message.channel_id,
        text=message.text,
        timestamp=int(message.when.timestamp() * 1000),
    )
    for one in message.attachments:
        insert(
            database,
            "attachments",
            message_id=message.id,
            attachment_id=one.id,
            name=one.name,
            type=one.type,
            url=one.url + one.signature,
            normalized_url=one.url,
            download_url=one.url + one.signature,
            size=one.size,
        )
        if version >= 9:
            insert(database, "message_attachments", message_id=message.id, attachment_id=one.id)
        if one.data is not None and version >= 4:
            keep(database, one.url, one.url + one.signature, one.data, one.status, version)
    for embed in message.embeds:
        text = embed if isinstance(embed, str) else json.dumps(embed)
        insert(database, f"{prefix}embeds", message_id=message.id, json=text)


def keep(
    database: sqlite3.Connection, url: str, download_url: str, data: Any, status: int = 200, version: int = 11
) -> None:
    """Put down a download."""
    about = {"normalized_url": url, "url": download_url, "download_url": download_url, "status": status, "size": 1}
    if version < 7:
        insert(database, "downloads", **about, blob=data)
        return
    insert(database, "download_metadata", **about)
    insert(database, "download_blobs", normalized_url=url, blob=data)


def insert(database: sqlite3.Connection, table: str, **values: Any) -> None:
    """Insert a row: of the values, those that this version has a column for."""
    # A table of the main database, or of the one that is attached.
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    known = {name: value for name, value in values.items() if name in columns}
    marks = ", ".join("?" * len(known))
    database.execute(f"INSERT INTO {table} ({', '.join(known)}) VALUES ({marks})", list(known.values()))
