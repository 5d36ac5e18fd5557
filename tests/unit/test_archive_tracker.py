"""Databases of Discord History Tracker: every version, blobs in both places, and hostile ones."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import sqlite3
import tempfile
import time
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ras.archive import read_archive
from ras.archive.history_tracker.database import TrackerDatabase
from ras.errors import ArchiveError, FetchError
from ras.media import MediaReader
from ras.records import Archive, ImageRecord, PictureKinds, Progress, finish
from ras.trees import database as foreign
from ras.trees import exists, holder_of, open_tree
from tests import trackers
from tests.exports import attachment, make_export, message
from tests.trackers import (
    CHANNEL_ID,
    DIRECT_ID,
    OTHER_ID,
    SERVER_ID,
    THREAD_ID,
    USER_ID,
    VERSIONS,
    add,
    keep,
    kept,
    make_tracker,
    schema_of,
    tracked,
)

PNG = b"\x89PNG\r\n\x1a\n and more"


def read(*paths: Path, kinds: PictureKinds | None = None) -> Archive:
    return finish(read_archive(paths, kinds or PictureKinds()))


def data_of(record: ImageRecord) -> bytes:
    """The picture's bytes, as a search gets them."""
    assert record.local_path is not None
    held = holder_of(record.local_path)
    assert held is not None
    assert record.media_root == held[0]
    tree = open_tree(held[0])
    with tree.open(held[1]) as file:
        return file.read(10_000_000)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version(tmp_path: Path, version: int) -> None:
    cat = kept("cat.png", PNG)
    posted = [
        tracked("a cat", [cat, kept("clip.mp4", type="video/mp4"), kept("b.webp", type="image/webp")]),
        tracked("only words"),
        tracked("for you", [kept("SPOILER_dog.jpg", type=None, channel_id=DIRECT_ID)], channel_id=DIRECT_ID),
        tracked(
            "",
            [kept("c.gif", type="image/gif")],
            [{"thumbnail": {"url": "https://i.test/e.png"}}],
            channel_id=THREAD_ID,
            sender_id=OTHER_ID,
        ),
    ]
    archive = read(make_tracker(tmp_path, posted, version=version))
    assert archive.warnings == ()
    assert archive.message_count == 4
    assert [record.file_name for record in archive.records] == [
        "cat.png",
        "b.webp",
        "SPOILER_dog.jpg",
        "c.gif",
        "e.png",
    ]
    first, _, direct, threaded, _ = archive.records
    assert (first.key, first.attachment_id) == (f"a:{cat.id}", str(cat.id))
    assert first.url == cat.url + cat.signature
    assert first.content == "a cat"
    assert first.timestamp == posted[0].when
    assert first.file_size == len(PNG)
    assert (first.author_id, first.author) == (str(USER_ID), "Alice" if version >= 8 else "alice")
    assert threaded.author == "bob"
    assert first.channel == archive.channels[0]
    assert (first.channel.name, first.channel.guild_id, first.channel.guild_name) == (
        "general",
        str(SERVER_ID),
        "My Server",
    )
    assert first.message_link == f"https://discord.com/channels/{SERVER_ID}/{CHANNEL_ID}/{posted[0].id}"
    assert (direct.channel.guild_id, direct.channel.name, direct.spoiler) == ("0", "bob", True)
    assert (threaded.channel.name, threaded.channel.category) == ("a thread", "general" if version >= 2 else "")
    if version < 4:  # it downloaded nothing yet
        assert first.local_path is None
    else:
        assert data_of(first) == PNG
        assert exists(first.local_path or "")
    assert [record.local_path for record in archive.records[1:]] == [None] * 4
    assert [record.media_root for record in archive.records[1:]] == [None] * 4


@pytest.mark.parametrize("wal", [False, True])
def test_blobs_in_the_file_beside(tmp_path: Path, wal: bool) -> None:
    path = make_tracker(tmp_path, [tracked("", [kept("a.png", PNG), kept("b.png")])], separate=True, wal=wal)
    before = sorted(os.listdir(tmp_path))
    first, second = read(path).records
    assert first.media_root == f"{path}_downloads"
    assert data_of(first) == PNG
    assert second.local_path is None
    assert sorted(os.listdir(tmp_path)) == before, "nothing is left behind"
    Path(f"{path}_downloads").unlink()
    archive = read(path)
    assert [record.local_path for record in archive.records] == [None, None]
    assert len(archive.warnings) == 1
    assert "“archive.dht_downloads”, which is missing beside “archive.dht”" in archive.warnings[0]
    Path(f"{path}_downloads").write_bytes(b"SQLite format 3\0 and then nothing")
    archive = read(path)
    assert len(archive.records) == 2
    assert "could not be read" in archive.warnings[0]


@pytest.mark.parametrize("separate", [False, True])
def test_a_search_gets_the_blobs(tmp_path: Path, separate: bool) -> None:
    odd = kept("a cat 👀 %20#?.png", PNG)
    path = make_tracker(tmp_path, [tracked("", [odd, kept("b.png"), kept("c.png", PNG)])], separate=separate)
    first, second, third = read(path).records
    with MediaReader() as media:
        assert [media.is_there(record) for record in (first, second, third)] == [True, False, True]
        assert media.read(first, 1000) == media.read(third, 1000) == PNG
        with pytest.raises(FetchError, match="is larger than 5 bytes"):
            media.read(first, 5)


def test_the_file_of_blobs_alone(tmp_path: Path) -> None:
    path = make_tracker(tmp_path, separate=True)
    with pytest.raises(ArchiveError, match=r"nothing but pictures that .* Open “archive.dht” beside it"):
        read(Path(f"{path}_downloads"))
    assert read(tmp_path).message_count == 3, "in a folder it is no export"


def test_only_what_was_downloaded_whole_counts_as_there(tmp_path: Path) -> None:
    posted = [
        tracked("", [kept(f"{status}.png", PNG, status=status) for status in (200, 404, 0, 2)]),
        tracked("", [kept("empty.png", b"")]),
    ]
    path = make_tracker(tmp_path, posted)
    with contextlib.closing(sqlite3.connect(path)) as database:
        text = kept("text.png")
        add(database, tracked("", [text]))
        keep(database, text.url, text.url, "text in the place of a blob")
        database.commit()
    there = {record.file_name for record in read(path).records if record.local_path}
    assert there == {"200.png"}


def test_which_attachments_are_taken(tmp_path: Path) -> None:
    posted = [
        kept("a.png", type=None),
        kept("b", type="image/png"),
        kept("c.bin", type="image/webp"),
        kept("d.svg", type="image/svg+xml"),
        kept("e.png", type="video/mp4"),
        kept("f.txt", type="text/plain"),
        kept("g", type="audio/ogg"),
        kept("h.zip", type=None),
    ]
    archive = read(make_tracker(tmp_path, [tracked("", posted)]))
    assert [record.file_name for record in archive.records] == ["a.png", "b", "c.bin"]


def test_embeds(tmp_path: Path) -> None:
    proxy = "https://images-ext-1.discordapp.net/external/sig/https/i.imgur.com/a.png"
    own = kept("own.png")
    stored = "https://cdn.discordapp.com/attachments/1/2/kept.png"
    embeds = [
        {"type": "image", "image": {"url": "https://i.imgur.com/a.png", "proxy_url": proxy}},
        {
            "type": "rich",
            "thumbnail": {"url": "https://i.imgur.com/b.png", "proxyURL": proxy.replace("a.png", "b.png")},
        },
        {"type": "rich", "images": [{"url": "https://i.test/c.png"}, {"url": "https://i.test/c.png"}, 7]},
        {"type": "image", "image": {"url": own.url + "?ex=1&is=1&hm=1"}},
        {"type": "image", "image": {"url": stored + "?ex=66000000&is=1&hm=2"}},
        {"type": "image", "image": {"url": "javascript:alert(1)"}, "thumbnail": [], "images": {}},
        "no json",
        "[" * 10_000,
        [],
    ]
    path = make_tracker(tmp_path, [tracked("look", [own], embeds)])
    with contextlib.closing(sqlite3.connect(path)) as database:
        keep(database, stored, stored + "?ex=1", PNG)
        database.commit()
    archive = read(path)
    assert [(record.kind, record.file_name, record.content) for record in archive.records] == [
        ("attachment", "own.png", "look"),
        ("embed", "a.png", "look"),
        ("embed", "b.png", "look"),
        ("embed", "c.png", "look"),
        ("embed", "kept.png", "look"),
    ]
    assert [record.url for record in archive.records[1:3]] == [proxy, proxy.replace("a.png", "b.png")]
    assert data_of(archive.records[4]) == PNG
    assert len(archive.warnings) == 1
    assert "2 embeds could not be read" in archive.warnings[0]


def test_links_in_the_text(tmp_path: Path) -> None:
    path = make_tracker(tmp_path, [tracked("see https://i.test/b.png", sender_id=5, channel_id=6)])
    (record,) = read(path).records
    assert (record.kind, record.url, record.content) == ("link", "https://i.test/b.png", "see https://i.test/b.png")
    assert (record.author, record.channel.name, record.channel.guild_id) == ("unknown", "channel 6", "0")
    assert read(path, kinds=PictureKinds(links=False)).records == ()


@pytest.mark.parametrize("version", [7, 11])
def test_emoji_and_avatars(tmp_path: Path, version: int) -> None:
    posted = [
        tracked("hi <:blob:123> <a:dance:124> <:not an emoji:5>"),
        tracked("again", sender_id=OTHER_ID),
        tracked("x"),
    ]
    path = make_tracker(tmp_path, posted, version=version)
    avatar, still, moving = f"avatars/{USER_ID}/5c.webp", "emojis/123.webp", "emojis/9.gif"
    with contextlib.closing(sqlite3.connect(path)) as database:
        table = "message_reactions" if version >= 9 else "reactions"
        for emoji_id, name, flags in ((9, "wave", 1), (None, "👀", 0)):
            database.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, 1)", (posted[2].id, emoji_id, name, flags))
        for place in (avatar, still, moving):
            keep(database, f"https://cdn.discordapp.com/{place}", "", place.encode(), version=version)
        database.commit()
    assert read(path).records == ()
    records = read(path, kinds=PictureKinds(emoji=True)).records
    assert [(record.kind, record.file_name) for record in records] == [
        ("emoji", "blob.png"),
        ("emoji", "dance.gif"),
        ("emoji", "wave.gif"),
    ]
    assert [data_of(records[0]), records[1].local_path, data_of(records[2])] == [still.encode(), None, moving.encode()]
    (record,) = read(path, kinds=PictureKinds(avatars=True)).records
    assert (record.kind, record.message_id, data_of(record)) == ("avatar", str(posted[0].id), avatar.encode())


def test_text_that_is_no_utf8(tmp_path: Path) -> None:
    path = make_tracker(tmp_path, [tracked("x", [kept("a.png")]), tracked("y", [kept("b.png")])])
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE messages SET text = CAST(x'41ff42' AS TEXT) WHERE text = 'x'")
        database.execute("UPDATE users SET display_name = CAST(x'43ff' AS TEXT)")
        database.commit()
    archive = read(path)
    assert archive.warnings == ()
    assert [(record.content, record.author) for record in archive.records] == [
        ("A\ufffdB", "C\ufffd"),
        ("y", "C\ufffd"),
    ]


def test_an_embed_of_a_hidden_link_is_hidden(tmp_path: Path) -> None:
    embed = {"url": "https://i.test/page", "thumbnail": {"url": "https://i.test/a.png"}}
    path = make_tracker(
        tmp_path, [tracked("||https://i.test/page||", (), [embed]), tracked("https://i.test/page", (), [embed])]
    )
    assert [record.file_name for record in read(path).records] == ["SPOILER_a.png", "a.png"]


def test_an_attachment_of_two_messages(tmp_path: Path) -> None:
    """Forwarded messages share their attachments, since version 9."""
    shared = kept("a.png", PNG)
    path = make_tracker(tmp_path, [tracked("one", [shared]), tracked("two")])
    with contextlib.closing(sqlite3.connect(path)) as database:
        (second,) = database.execute("SELECT max(message_id) FROM messages").fetchone()
        database.execute("INSERT INTO message_attachments VALUES (?, ?)", (second, shared.id))
        add(database, tracked("gone", [kept("gone.png")], id=second - 1))
        database.execute("DELETE FROM messages WHERE text = 'gone'")
        database.commit()
    archive = read(path)
    assert [record.content for record in archive.records] == ["one", "two"]
    assert [data_of(record) for record in archive.records] == [PNG, PNG]


def test_overlaps_with_an_export(tmp_path: Path) -> None:
    cat = kept("cat.png", PNG)
    posted = tracked("a cat", [cat])
    dht = make_tracker(tmp_path / "dht", [posted, tracked("more")])
    json_file = make_export(
        tmp_path,
        messages=[message("edited", [attachment("cat.png", id=str(cat.id))], id=str(posted.id), when=posted.when)],
        channel_id=str(CHANNEL_ID),
        guild_id=str(SERVER_ID),
        exported_at=datetime(2099, 1, 1, tzinfo=timezone.utc),
    )
    archive = read(dht, json_file)
    assert archive.message_count == 2
    (record,) = archive.records
    assert record.content == "edited"
    assert data_of(record) == PNG


def test_many_messages_and_progress(tmp_path: Path) -> None:
    posted = [tracked(f"{n}", [kept(f"{n}.png", PNG)] * (n % 3 == 0), channel_id=CHANNEL_ID) for n in range(5000)]
    path = make_tracker(tmp_path, posted)
    events = list(read_archive([path]))
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == path.stat().st_size
    archive = read(path)
    assert archive.message_count == 5000
    assert len(archive.records) == 1667
    assert all(record.local_path for record in archive.records)
    job = read_archive([path])
    for _ in range(3):
        next(job)
    job.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_table_is_read_in_the_order_of_an_index(tmp_path: Path, version: int) -> None:
    """Nothing is sorted, and nothing looked through for each message: the time grows with the file's size alone."""
    path = make_tracker(tmp_path, version=version)
    with foreign.Database(str(path)) as opened:
        tracker = TrackerDatabase(opened)
        queries: list[str] = []
        rows = opened.rows
        opened.rows = lambda query, values=(): (queries.append(query), rows(query, values))[1]  # type: ignore[method-assign]
        assert len(list(tracker.messages(with_reactions=True))) == 3
        queries = [query for query in queries if "typeof" in query]
        assert len(queries) == 4
        for query in queries:
            plan = [row[3] for row in rows(f"EXPLAIN QUERY PLAN {query}")]
            assert plan
            assert not any("TEMP" in step or "AUTOMATIC" in step for step in plan), (query, plan)


# ------------------------------------------------------------------------------------- opened while the tracker is open


def test_rows_in_a_wal_are_read(tmp_path: Path) -> None:
    path = make_tracker(tmp_path, [tracked("old")], wal=True)
    with contextlib.closing(sqlite3.connect(path)) as tracker:
        tracker.execute("PRAGMA wal_autocheckpoint = 0")
        add(tracker, tracked("new", [kept("new.png", PNG)]))
        tracker.commit()
        assert Path(f"{path}-wal").stat().st_size > 0
        archive = read(path)
        assert archive.message_count == 2
        assert data_of(archive.records[0]) == PNG
        assert archive.warnings == ()
        # A copy whose WAL cannot be used is read without it.
        copy = tmp_path / "copy.dht"
        shutil.copy(path, copy)
        shutil.copy(f"{path}-wal", f"{copy}-wal")
        assert read(copy).message_count == 2
        Path(f"{copy}-wal").unlink()
        Path(f"{copy}-wal").mkdir()
        archive = read(copy)
        assert archive.message_count == 1
        assert "What was written last to “copy.dht” is missing" in archive.warnings[0]


def test_a_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "_LOCKED_SECONDS", 0.1)
    path = make_tracker(tmp_path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as tracker:
        tracker.execute("BEGIN EXCLUSIVE")
        add(tracker, tracked("new"))
        assert Path(f"{path}-journal").exists()
        with pytest.raises(ArchiveError, match=r"“archive.dht” could not be read: another program is writing to it"):
            read(path)
        tracker.execute("ROLLBACK")
    assert read(path).message_count == 3


def test_a_database_is_not_changed(tmp_path: Path) -> None:
    path = make_tracker(tmp_path, wal=True)
    before, raw = os.stat(path).st_mtime_ns, path.read_bytes()
    archive = read(path)
    data_of(archive.records[0])
    assert path.read_bytes() == raw
    assert os.stat(path).st_mtime_ns == before
    assert os.listdir(tmp_path) == ["archive.dht"]


# ----------------------------------------------------------------------------------------------------- what is refused


def test_in_a_zip_it_must_be_unpacked(tmp_path: Path) -> None:
    path = make_tracker(tmp_path)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as zipped:
        zipped.write(path, "sub/archive.dht")
    with pytest.raises(ArchiveError, match=r"“archive.dht” is a database and cannot be read inside of a zip. Unpack"):
        read(tmp_path / "x.zip")


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (["CREATE TABLE moz_places (id)"], "seems to be the history of Firefox"),
        (
            ["CREATE TABLE dives (id)", "CREATE TABLE trips (id)"],
            "belongs to another program (it has “dives”, “trips” in it)",
        ),
        ([], "there is nothing in it that can be read"),
        (["CREATE TABLE metadata (key, value)", "CREATE TABLE messages (id)"], "its tables are not those of"),
        (["CREATE VIEW messages AS SELECT 1 AS message_id", "CREATE TABLE x (y)"], "belongs to another program"),
    ],
)
def test_databases_of_others(tmp_path: Path, tables: list[str], said: str) -> None:
    path = tmp_path / "other.dht"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1")
        for table in tables:
            database.execute(table)
        database.commit()
    with pytest.raises(ArchiveError) as caught:
        read(path)
    assert str(caught.value).startswith("“other.dht” is a database, but ")
    assert said in str(caught.value)


def test_a_newer_schema_is_read_as_far_as_it_fits(tmp_path: Path) -> None:
    path = make_tracker(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE metadata SET value = '12' WHERE key = 'version'")
        database.execute("ALTER TABLE messages ADD COLUMN mood TEXT")
        database.commit()
    archive = read(path)
    assert archive.message_count == 3
    assert len(archive.warnings) == 1
    assert "made by a version of Discord History Tracker that RAS does not know" in archive.warnings[0]


@pytest.mark.parametrize(
    "lost", ["users", "servers", "channels", "attachments", "message_attachments", "message_embeds"]
)
def test_a_table_that_is_missing_costs_only_itself(tmp_path: Path, lost: str) -> None:
    path = make_tracker(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(f"DROP TABLE {lost}")
        database.commit()
    archive = read(path)
    assert archive.message_count == 3
    assert len(archive.records) == (0 if "attachments" in lost else 2)


# ------------------------------------------------------------------------------------------------------------ hostile


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT"
HOSTILE = {
    "an endless view for messages": [
        "DROP TABLE messages",
        f"CREATE VIEW messages AS {ENDLESS} x AS message_id, 1 AS sender_id, 1 AS channel_id, '' AS text, "
        "1 AS timestamp FROM n",
    ],
    "an endless view for blobs": [
        "DROP TABLE download_blobs",
        f"CREATE VIEW download_blobs AS {ENDLESS} 'u' || x AS normalized_url, zeroblob(1000000) AS blob FROM n",
    ],
    "an endless view for users": ["DROP TABLE users", f"CREATE VIEW users AS {ENDLESS} x AS id, 'a' AS name FROM n"],
    "an endless view for embeds": [
        "DROP TABLE message_embeds",
        f"CREATE VIEW message_embeds AS {ENDLESS} 1 AS message_id, '' AS json FROM n",
    ],
    "an endless view for metadata": [
        "DROP TABLE metadata",
        f"CREATE VIEW metadata AS {ENDLESS} 'version' AS key, '11' AS value FROM n WHERE x < 0",
    ],
    "a generated column": [
        "DROP TABLE download_blobs",
        "CREATE TABLE download_blobs (normalized_url TEXT PRIMARY KEY, size INT, "
        "blob BLOB AS (zeroblob(900000000)) VIRTUAL)",
        "INSERT INTO download_blobs (normalized_url) SELECT normalized_url FROM download_metadata",
    ],
    "an unknown collation": [
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'text ', 'text COLLATE evil ') WHERE name = 'messages'",
    ],
    "a view that calls itself a table": [
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = 'CREATE VIEW users AS {ENDLESS} x AS id, 1 AS name FROM n' "
        "WHERE name = 'users'",
    ],
    "a schema that is no text": [
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = CAST(x'435245415445205441424C45202280220A2861' AS TEXT) WHERE name = 'users'",
    ],
    "nonsense for a schema": ["PRAGMA writable_schema = ON", "UPDATE sqlite_master SET sql = 'CREATE nonsense'"],
}


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_databases(tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either what is sound is read, or one sentence says why nothing is; and no statement of theirs ever runs."""
    looks: list[float] = []
    monkeypatch.setattr(foreign.Database, "_too_late", lambda self: looks.append(time.monotonic()) or len(looks) > 50)
    path = make_tracker(tmp_path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in HOSTILE[how]:
            database.execute(statement)
    try:
        archive = read(path)
    except ArchiveError as exc:
        check_sentence(str(exc))
        return
    finally:
        assert looks == [], "it ran so long that SQLite looked at the clock"
    assert archive.message_count == 3
    assert len(archive.records) == 2
    for record in archive.records:
        check(record)
        if "blob" in how or "column" in how:
            assert record.local_path is None


def test_a_message_of_sqlite_that_is_no_utf8(tmp_path: Path) -> None:
    """It quotes names of the schema, and Python cannot even make an exception of it."""
    path = make_tracker(tmp_path)
    raw = path.read_bytes()
    assert b"tableusersusers" in raw
    path.write_bytes(
        raw.replace(b"tableusersusers", b"tableus\x80rsusers").replace(b"CREATE TABLE users", b"CREATE TABLE us(rs")
    )
    with pytest.raises(ArchiveError, match=r"“archive.dht” could not be read: the database cannot be read \("):
        read(path)


def test_what_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_tracker(tmp_path)
    monkeypatch.setattr(foreign, "_STEP_SECONDS", 0.2)
    with foreign.Database(str(path)) as database:
        with pytest.raises(OSError, match="takes too long"):
            list(database.rows(f"{ENDLESS} sum(x) FROM n"))
        with pytest.raises(OSError, match=r"readonly|read-only|read only"):
            list(database.rows("DELETE FROM messages"))


ODD_NAMES = ("..", ".", "...", "../secret.png", "/etc/passwd", "c:\\x", "C:x", "%2e%2e/x", "x" * 1500, "é👀 ?#")


def test_a_name_that_would_lead_out(tmp_path: Path) -> None:
    path = make_tracker(tmp_path, [])
    (tmp_path / "secret.png").write_bytes(b"secret")
    with contextlib.closing(sqlite3.connect(path)) as database:
        for number, url in enumerate(ODD_NAMES):
            one = kept("x.png", PNG)._replace(url=url, signature="", id=100 + number)
            add(database, tracked("", [one]))
        database.commit()
    archive = read(path)
    assert len(archive.records) == len(ODD_NAMES)
    for record in archive.records:
        assert data_of(record) == PNG
        assert os.path.dirname(os.path.abspath(record.local_path or "")) == str(path)


relaxed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50, database=None
)
values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=20).filter(lambda text: text.isprintable()),
    st.binary(max_size=20),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    embed = {"image": {"url": "https://cdn.discordapp.com/attachments/1/2/e.png"}}
    posted = [tracked("a https://x.test/l.png", [kept("a.png", PNG)], [embed]) for _ in range(3)]
    return make_tracker(tmp_path_factory.mktemp("sound"), posted)


@relaxed
@given(values, st.data())
def test_wrong_types_in_any_column_are_survived(sound: Path, value: Any, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.dht"
        shutil.copy(sound, path)
        table = data.draw(st.sampled_from(sorted(schema_of(11))))
        with contextlib.closing(sqlite3.connect(path)) as database:
            # Without its types and rules, a table takes anything.
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            database.execute(f"ALTER TABLE {table} RENAME TO old")
            database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            database.execute(f"INSERT INTO {table} SELECT * FROM old")
            database.execute("DROP TABLE old")
            column = data.draw(st.sampled_from(columns))
            where = data.draw(st.sampled_from(["1", "rowid = 1", "rowid = 2"]))
            database.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value,))
            database.commit()
        survive(path)


# Most of a page is empty: changes go where it begins and ends.
places = st.one_of(st.integers(0, 200), st.integers(3800, 4095))


@relaxed
@given(st.binary(min_size=1, max_size=60), st.integers(0, 1_000), places)
def test_bytes_changed_anywhere_are_survived(sound: Path, noise: bytes, page: int, place: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.dht"
        raw = sound.read_bytes()
        at = page % (len(raw) // 4096) * 4096 + place
        path.write_bytes(raw[:at] + noise + raw[at + len(noise) :])
        survive(path)


@relaxed
@given(st.floats(0, 1))
def test_a_cut_anywhere_is_survived(sound: Path, share: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.dht"
        raw = sound.read_bytes()
        path.write_bytes(raw[: int(len(raw) * share)])
        survive(path)


def test_damage_in_the_middle_gives_the_beginning(tmp_path: Path) -> None:
    posted = [tracked("x" * 200, [kept(f"{n}.png")]) for n in range(3000)]
    path = make_tracker(tmp_path, posted)
    with contextlib.closing(sqlite3.connect(path)) as database:
        (page_size,) = database.execute("PRAGMA page_size").fetchone()
    raw = bytearray(path.read_bytes())
    marks = [at for at in range(0, len(raw), page_size) if b"x" * 200 in raw[at : at + page_size]]
    at = marks[len(marks) * 2 // 3]
    sound_before = int(raw[:at].count(b"x" * 200))
    raw[at : at + page_size] = b"\xff" * page_size
    path.write_bytes(raw)
    archive = read(path)
    # Python looks one row ahead.
    assert sound_before - 1 <= archive.message_count < 3000
    assert len(archive.records) == archive.message_count
    assert len(archive.warnings) == 1
    assert "was not read to its end" in archive.warnings[0]


def survive(path: Path) -> None:
    try:
        archive = read(path)
    except ArchiveError as exc:
        check_sentence(str(exc))
        return
    for record in archive.records:
        check(record)
        if record.local_path is not None:
            with contextlib.suppress(OSError):
                data_of(record)


def check_sentence(text: str) -> None:
    assert "\n" not in text
    assert text.endswith(".")
    assert "“" in text


def check(record: ImageRecord) -> None:
    for text in (record.key, record.message_id, record.file_name, record.url, record.author, record.content):
        assert isinstance(text, str)
        text.encode()
    assert record.message_id.isdigit()
    assert record.timestamp.tzinfo is not None
    assert record.file_size is None or record.file_size >= 0
    assert dataclasses.replace(record) == record


def test_the_builder_knows_every_version() -> None:
    assert [len(schema_of(version)) for version in VERSIONS] == [8, 8, 10, 11, 11, 11, 12, 12, 13, 13, 13]
    assert trackers.downloads_of(3) == {}
