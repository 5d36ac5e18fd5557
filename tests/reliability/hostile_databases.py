"""Databases of Discord History Tracker made to hurt: schemas that run something, rows that fill the memory."""

from __future__ import annotations

import contextlib
import sqlite3
from functools import partial
from pathlib import Path
from typing import Iterator, Mapping, Sequence

from tests.reliability.mutate_exports import VALUES, Case, sound

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT"
STATEMENTS: Mapping[str, Sequence[str]] = {
    "a trigger on everything": [
        "CREATE TABLE done (what)",
        *(
            f"CREATE TRIGGER t{n} AFTER {what} ON messages BEGIN INSERT INTO done VALUES ({n}); END"
            for n, what in enumerate(("INSERT", "UPDATE", "DELETE"))
        ),
    ],
    "a view of another file": [
        "DROP TABLE users",
        "CREATE VIEW users AS SELECT load_extension('/tmp/x.so') AS id, 1 AS name",
    ],
    "a view that never ends": ["DROP TABLE messages", f"CREATE VIEW messages AS {ENDLESS} x AS message_id FROM n"],
    "a generated column": [
        "DROP TABLE users",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT AS (hex(zeroblob(400000000))) VIRTUAL)",
        "INSERT INTO users (id) VALUES (810000000000000088)",
    ],
    "an index on an expression": ["CREATE INDEX i ON messages (hex(zeroblob(length(text) * 1000000)))"],
    "a collation that nobody has": [
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'text ', 'text COLLATE evil ') WHERE name = 'messages'",
    ],
    "a virtual table": ["DROP TABLE users", "CREATE VIRTUAL TABLE users USING fts5(id, name)"],
    "no keys": ["ALTER TABLE messages RENAME TO old", "CREATE TABLE messages AS SELECT * FROM old"],
    "blobs for texts": ["UPDATE messages SET text = zeroblob(10000000)"],
    "long texts": [
        "UPDATE messages SET text = CAST(zeroblob(20000000) AS TEXT)",
        "UPDATE users SET name = hex(zeroblob(5000000))",
        "UPDATE attachments SET name = hex(zeroblob(5000000)) || '.png'",
    ],
    "200,000 attachments of one message": [
        f"INSERT INTO attachments (attachment_id, name, type, normalized_url, size) {ENDLESS} x, 'a.png', 'image/png', "
        "'https://example.org/' || x, 1 FROM n LIMIT 200000",
        "INSERT INTO message_attachments SELECT (SELECT min(message_id) FROM messages), attachment_id FROM attachments "
        "WHERE attachment_id <= 200000",
    ],
    "200,000 users": [f"INSERT INTO users (id, name) {ENDLESS} x, hex(zeroblob(500)) FROM n LIMIT 20000"],
    "numbers for ids": [
        "UPDATE OR IGNORE messages SET sender_id = -1, channel_id = 1e300, timestamp = 9223372036854775807"
    ],
    "5,000 other tables": [],
    "a size that is none": ["UPDATE attachments SET size = -9223372036854775808, type = x'ff', name = x'00ff'"],
    "embeds that are none": [
        "INSERT INTO message_embeds SELECT message_id, '" + "[" * 100_000 + "' FROM messages",
        'INSERT INTO message_embeds SELECT message_id, \'{"image": {"url": 1e999}}\' FROM messages',
        "INSERT INTO message_embeds SELECT message_id, x'7b7d' FROM messages",
    ],
    "a schema of nonsense": ["PRAGMA writable_schema = ON", "UPDATE sqlite_master SET sql = 'CREATE nonsense'"],
    "pages in a circle": ["PRAGMA writable_schema = ON", "UPDATE sqlite_master SET rootpage = 1"],
    "pages that are not there": ["PRAGMA writable_schema = ON", "UPDATE sqlite_master SET rootpage = 1000000"],
}


def databases() -> Iterator[Case]:
    """Schemas made to run something, rows made to fill the memory, files beside them that are none of theirs."""
    for what, statements in STATEMENTS.items():
        yield Case(f"tracker: {what}", partial(_make_database, statements=statements, tables=5_000 * (not statements)))
    for name in ("id", "name", "text", "timestamp", "size", "json"):
        for what in (
            "2**64 as a text",
            "a megabyte",
            "a null character",
            "a path that leads out",
            "control characters",
        ):
            yield Case(f"tracker: {name} is {what}", partial(_make_database, column=name, value=VALUES[what]))
    for ending, data in (
        ("-wal", b"no log"),
        ("-wal", b""),
        ("-journal", b"\xd9\xd5\x05\xf9 \xa1c\xd7" + bytes(600)),
        ("-shm", b"x"),
    ):
        yield Case(f"tracker: {data[:8]!r} for {ending}", partial(_make_database, beside=(ending, data)))


def _make_database(
    folder: Path,
    statements: Sequence[str] = (),
    tables: int = 0,
    column: str = "",
    value: str = "",
    beside: tuple[str, bytes] = ("", b""),
) -> Path:
    path = folder / "archive.dht"
    path.write_bytes(sound()["tracker"][1])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN" if tables else "SELECT 1")
        for number in range(tables):
            database.execute(f"CREATE TABLE t{number} (a)")
        for statement in statements:
            with contextlib.suppress(sqlite3.OperationalError):  # such as fts5, which not every SQLite has
                database.execute(statement)
        for table in ("users", "messages", "attachments", "message_embeds", "channels", "servers") if column else ():
            if column in [row[1] for row in database.execute(f"PRAGMA table_info({table})")]:
                with contextlib.suppress(sqlite3.Error):  # a key takes no text
                    database.execute(f"UPDATE {table} SET {column} = ?", (value,))
        if tables:
            database.execute("COMMIT")
    if beside[0]:
        Path(f"{path}{beside[0]}").write_bytes(beside[1])
    return path
