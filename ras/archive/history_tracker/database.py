"""The tables of a database of Discord History Tracker, whatever version of its schema they have.

From ``SqliteSchema.cs`` and ``SqliteSchemaUpgradeTo2.cs`` to ``To11.cs`` of chylex/Discord-History-Tracker.
"""

from __future__ import annotations

import contextlib
import os
from itertools import islice
from typing import Any, Iterator, NamedTuple

from ras.archive.values import id_of, text_of
from ras.records import Channel
from ras.trees.blobs import downloaded, keeps_blobs
from ras.trees.database import Database, Row
from ras.trees.disk import LEADS_OUT, DiskTree

NEWEST = 11
"""The schema that RAS knows."""

_LONGEST_TEXT = 20_000
"""Characters. A message has 4,000 at most."""
_LONGEST_EMBED = 256 * 1024
_LONGEST_ADDRESS = 2_000
_LONGEST_NAME = 200
_MOST_OF_A_MESSAGE = 1_000
"""Attachments, embeds or reactions. Discord has 10 or 20 of each at most."""
_MOST_NAMES = 1_000_000

_MESSAGE = ("message_id", "sender_id", "channel_id", "text", "timestamp")


class Attachment(NamedTuple):
    """A row of ``attachments``, as it is."""

    id: Any
    name: Any
    type: Any
    normalized_url: Any
    """What its blob is found by."""
    download_url: Any
    size: Any


class User(NamedTuple):
    """Who wrote messages."""

    name: str
    """To show."""
    avatar: str
    """Its hash, or an empty text."""


class TrackerMessage(NamedTuple):
    """A row of ``messages`` with what belongs to it. An edited one has its latest text."""

    id: int
    sender_id: str
    channel_id: str
    text: str
    timestamp: Any
    """Milliseconds since 1970."""
    attachments: list[Attachment]
    embeds: list[str]
    """JSON of Discord's program."""
    reactions: list[Row]
    """Custom emoji: id, name and flags."""


class TrackerDatabase:
    """One such database. Everything raises OSError where the file cannot be read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._columns: dict[str, frozenset[str]] = {}
        """Of the tables that were asked for: a database may have a hundred thousand others."""

    @property
    def is_one(self) -> bool:
        """Whether it has the tables of the tracker: other programs use the ending too."""
        return {"key", "value"} <= self._of("metadata") and set(_MESSAGE) <= self._of("messages")

    @property
    def version(self) -> int | None:
        """Of its schema; None where it does not say."""
        text = self._setting("version")
        return int(text) if text.isdigit() and len(text) < 6 else None

    @property
    def blobs_are_elsewhere(self) -> bool:
        """Whether the tracker was told to keep what it downloads in a file of its own."""
        return self._setting("separate_file_for_downloads") == "1"

    @property
    def table_names(self) -> list[str]:
        return sorted(self._database.tables())

    @property
    def keeps_blobs(self) -> bool:
        return keeps_blobs(self._database)

    def users(self) -> dict[str, User]:
        """Users by id."""
        columns = self._of("users")
        if not {"id", "name"} <= columns:
            return {}
        wanted = ", ".join(name if name in columns else "NULL" for name in ("display_name", "name", "avatar_url"))
        return {
            id_of(row[0]): User(text_of(row[1]) or text_of(row[2]), text_of(row[3]))
            for row in self._names("id", wanted, "users")
        }

    def channels(self) -> dict[str, Channel]:
        """Channels by id."""
        if not {"id", "server", "name"} <= self._of("channels"):
            return {}
        servers = {}
        if {"id", "name", "type"} <= self._of("servers"):
            servers = {id_of(row[0]): row[1:] for row in self._names("id", "name, type", "servers")}
        parent = "parent_id" if "parent_id" in self._of("channels") else "NULL"
        rows = {id_of(row[0]): row[1:] for row in self._names("id", f"server, name, {parent}", "channels")}
        channels = {}
        for channel_id, (server_id, name, parent_id) in rows.items():
            server, kind = servers.get(id_of(server_id), ("", "SERVER"))
            # A direct message is a server of its own to the tracker.
            is_direct = kind in ("DM", "GROUP")
            channels[channel_id] = Channel(
                id=channel_id,
                name=text_of(name) or f"channel {channel_id}",
                guild_id="0" if is_direct else id_of(server_id) or "0",
                guild_name="Direct Messages" if is_direct else text_of(server),
                category=text_of(rows[id_of(parent_id)][1]) if id_of(parent_id) in rows else "",
            )
        return channels

    def first_and_last(self) -> tuple[int, int]:
        """The smallest and the largest id of a message; both 0 where they cannot be told."""
        found: list[int] = []
        with contextlib.suppress(OSError):  # said where reading comes to what is damaged
            for order in ("ASC", "DESC"):
                query = f"SELECT message_id FROM messages ORDER BY message_id {order} LIMIT 1"
                found += [row[0] for row in self._database.rows(query) if type(row[0]) is int]
        return (found[0], found[1]) if len(found) == 2 else (0, 0)

    def messages(self, with_reactions: bool = False) -> Iterator[TrackerMessage]:
        """All messages, by id. The tables are read side by side in one order, so that none is held in memory."""
        attachments, embeds = _Side(self._attachments()), _Side(self._embeds())
        reactions = _Side(self._reactions() if with_reactions else iter(()))
        columns = f"message_id, sender_id, channel_id, substr(text, 1, {_LONGEST_TEXT}), timestamp"
        last = -1
        for row in self._by_message(columns, "messages", "message_id"):
            message_id, sender_id, channel_id, text, timestamp = row
            if message_id <= last:
                continue
            last = message_id
            yield TrackerMessage(
                message_id,
                id_of(sender_id),
                id_of(channel_id),
                text_of(text),
                timestamp,
                [Attachment(*found) for found in islice(attachments.of(message_id), _MOST_OF_A_MESSAGE)],
                [text for (text,) in islice(embeds.of(message_id), _MOST_OF_A_MESSAGE) if isinstance(text, str)],
                list(islice(reactions.of(message_id), _MOST_OF_A_MESSAGE)),
            )

    def _attachments(self) -> Iterator[Row]:
        columns = self._of("attachments")
        url = "normalized_url" if "normalized_url" in columns else "url"  # before version 6
        if not {"attachment_id", "name", url} <= columns:
            return iter(())
        wanted = ", ".join(
            f"substr(a.{name}, 1, {_LONGEST_ADDRESS})" if name in columns else "NULL"
            for name in ("name", "type", url, "download_url")
        )
        wanted = f"a.attachment_id, {wanted}, {'a.size' if 'size' in columns else 'NULL'}"
        if {"message_id", "attachment_id"} <= self._of("message_attachments"):
            # CROSS: the first table is read in order, the second looked up, and not the reverse.
            source = "message_attachments AS m CROSS JOIN attachments AS a ON a.attachment_id = m.attachment_id"
            return self._by_message(f"m.message_id, {wanted}", source, "m.message_id")
        if "message_id" in columns:  # before version 9
            return self._by_message(f"a.message_id, {wanted}", "attachments AS a", "a.message_id")
        return iter(())

    def _embeds(self) -> Iterator[Row]:
        for table in ("message_embeds", "embeds"):  # before version 9
            if {"message_id", "json"} <= self._of(table):
                return self._by_message(f"message_id, substr(json, 1, {_LONGEST_EMBED})", table, "message_id")
        return iter(())

    def _reactions(self) -> Iterator[Row]:
        for table in ("message_reactions", "reactions"):  # before version 9
            if {"message_id", "emoji_id", "emoji_name", "emoji_flags"} <= self._of(table):
                wanted = f"message_id, emoji_id, substr(emoji_name, 1, {_LONGEST_NAME}), emoji_flags"
                return self._by_message(wanted, table, "message_id")
        return iter(())

    def _by_message(self, columns: str, source: str, key: str) -> Iterator[Row]:
        return self._database.rows(
            f"SELECT {columns} FROM {source} WHERE typeof({key}) = 'integer' AND {key} >= 0 ORDER BY {key}"
        )

    def _names(self, key: str, columns: str, table: str) -> Iterator[Row]:
        shortened = ", ".join(
            column if column == "NULL" else f"substr({column}, 1, {_LONGEST_NAME})" for column in columns.split(", ")
        )
        return self._database.rows(f"SELECT {key}, {shortened} FROM {table} LIMIT {_MOST_NAMES}")

    def _setting(self, key: str) -> str:
        query = "SELECT substr(value, 1, 100) FROM metadata WHERE key = ?"
        return next((text_of(row[0]).strip() for row in self._database.rows(query, (key,))), "")

    def _of(self, table: str) -> frozenset[str]:
        if table not in self._columns:
            self._columns[table] = self._database.columns(table)
        return self._columns[table]


class _Side:
    """Rows that begin with the id of their message, and are in its order: those of one message at a time."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, message_id: int) -> Iterator[Row]:
        """Those of one message; to be asked for in the order of ids. What is not taken of one is passed over."""
        while self._next is not None and self._next[0] <= message_id:
            if self._next[0] == message_id:
                yield self._next[1:]
            self._next = next(self._rows, None)


class Blobs:
    """What the tracker downloaded: in the database itself, or in the file beside it, ``<name>.dht_downloads``."""

    def __init__(self, path: str, tracker: TrackerDatabase, database: Database) -> None:
        self.root = path
        self.missing = ""
        """The name of the file that should be there, and is not."""
        self.unread = ""
        """Why the file that is there cannot be read."""
        self._own: Database | None = None
        self._database: Database | None = database if tracker.keeps_blobs else None
        beside = f"{path}_downloads"
        if not tracker.blobs_are_elsewhere and self._database is not None:
            return
        if DiskTree(os.path.dirname(path)).leads_out(os.path.basename(beside)):
            self.unread = LEADS_OUT
        elif os.path.isfile(beside):
            try:
                self._own = self._database = Database(beside)
                self.root = beside
            except OSError as exc:
                self.unread = str(exc.strerror or exc)
        elif tracker.blobs_are_elsewhere:
            self.missing = os.path.basename(beside)

    def downloaded(self, urls: list[str]) -> set[str]:
        """Those of the ``normalized_url``s that are there."""
        if self._database is None or not urls:
            return set()
        try:
            return downloaded(self._database, urls)
        except OSError as exc:
            self.unread = str(exc.strerror or exc)
            self._database = None
            return set()

    def close(self) -> None:
        if self._own is not None:
            self._own.close()
