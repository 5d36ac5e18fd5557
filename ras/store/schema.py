"""The tables of facts.sqlite, as numbered migrations; ``PRAGMA user_version`` counts those that were applied.

A migration that was released is never changed: a new one is added.
"""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x52415331  # "RAS1": tells the file from databases of other programs


def m001_first(connection: sqlite3.Connection) -> None:
    """The tables of the first release.

    Texts from exports may hold lone surrogates, which SQLite's TEXT cannot: they are kept as ASCII JSON or as bytes.
    There is no row per embedding: a shard names its contents in one blob, which keeps the facts small.
    """
    for statement in (
        # next_content: content ids are never used again, so that what refers to one never means another picture.
        # preview_bytes: SUM(length(data)) of previews, which would have to read them all.
        # revision: counts registrations; unlike times it never goes back.
        "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        "INSERT INTO counters VALUES ('next_content', 1), ('preview_bytes', 0), ('revision', 0)",
        """CREATE TABLE archives (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            identity TEXT NOT NULL UNIQUE,  -- JSON: sorted real paths
            about TEXT NOT NULL,            -- JSON: name, paths, warnings, message_count, channels, of_archive
            pictures INTEGER NOT NULL,
            indexed_at REAL NOT NULL,
            revision INTEGER NOT NULL,
            digest BLOB NOT NULL            -- SHA-256 over about and record_blocks: is there anything new?
        )""",
        """CREATE TABLE record_blocks (
            id INTEGER PRIMARY KEY, archive INTEGER NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL,
            UNIQUE (archive, number)
        )""",
        # key has no type: see ras/store/packing.py.
        "CREATE TABLE pictures (id INTEGER PRIMARY KEY, key NOT NULL UNIQUE, content INTEGER)",
        """CREATE TABLE holdings (
            archive INTEGER NOT NULL, picture INTEGER NOT NULL, PRIMARY KEY (archive, picture)
        ) WITHOUT ROWID""",
        # Without a second index over ids: it would cost 20 bytes a picture and save only the rare scan when tidying.
        "CREATE TABLE contents (hash BLOB PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE encoders (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimension INTEGER NOT NULL, generation INTEGER NOT NULL
        )""",
        """CREATE TABLE shards (
            id INTEGER PRIMARY KEY AUTOINCREMENT, encoder INTEGER NOT NULL, file TEXT NOT NULL UNIQUE,
            rows INTEGER NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL, contents BLOB NOT NULL
        )""",
        # Rows that wait for a shard: one bundle for each call of add.
        """CREATE TABLE fresh (
            id INTEGER PRIMARY KEY AUTOINCREMENT, encoder INTEGER NOT NULL,
            rows INTEGER NOT NULL, contents BLOB NOT NULL, embeddings BLOB NOT NULL
        )""",
        "CREATE TABLE previews (content INTEGER PRIMARY KEY, data BLOB NOT NULL)",
        """CREATE TABLE failures (
            picture INTEGER PRIMARY KEY, reason TEXT NOT NULL, at REAL NOT NULL, limits TEXT NOT NULL,
            detail BLOB NOT NULL
        )""",
        """CREATE TABLE indexes (
            id INTEGER PRIMARY KEY AUTOINCREMENT, encoder INTEGER NOT NULL UNIQUE, file TEXT NOT NULL,
            kind TEXT NOT NULL, rows INTEGER NOT NULL, generation INTEGER NOT NULL, size INTEGER NOT NULL,
            sha256 TEXT NOT NULL, mtime_ns INTEGER NOT NULL, nprobe INTEGER NOT NULL, contents BLOB NOT NULL
        )""",
    ):
        connection.execute(statement)


def m002_features(connection: sqlite3.Connection) -> None:
    """Features of contents, and the files of an index over them."""
    for statement in (
        # SUM(length(data)) of features, as for previews.
        "INSERT INTO counters VALUES ('feature_bytes', 0)",
        """CREATE TABLE feature_makers (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, generation INTEGER NOT NULL
        )""",
        # One maker's at a time: those of another one replace them.
        "CREATE TABLE features (content INTEGER PRIMARY KEY, maker INTEGER NOT NULL, data BLOB NOT NULL)",
        # Which contents have features is asked often, and a page holds only two rows of the table.
        "CREATE INDEX features_of_maker ON features (maker)",
        """CREATE TABLE segments (
            id INTEGER PRIMARY KEY AUTOINCREMENT, maker INTEGER NOT NULL, file TEXT NOT NULL UNIQUE,
            rows INTEGER NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL, contents BLOB NOT NULL
        )""",
    ):
        connection.execute(statement)


def m003_checksums(connection: sqlite3.Connection) -> None:
    """Checksums of rows, see ras/store/rows.py; NULL in those that are there already."""
    for table in ("pictures", "fresh", "previews", "features", "failures"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN checksum INTEGER")


MIGRATIONS = (m001_first, m002_features, m003_checksums)

TABLES = (
    *("counters", "archives", "record_blocks", "pictures", "holdings", "contents"),
    *("encoders", "shards", "fresh", "previews", "failures", "indexes"),
    *("feature_makers", "features", "segments"),
)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date, in one transaction; of two programs at once, one does it.

    Where it fails the connection must be closed: that undoes it.
    """
    if version_of(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    for number, migration in enumerate(MIGRATIONS[version_of(connection) :], version_of(connection) + 1):
        migration(connection)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("COMMIT")
