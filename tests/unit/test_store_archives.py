"""Archives in the store: their records come back exactly, whatever is in them."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras.archive import read_archive
from ras.errors import StoreError
from ras.records import Archive, Channel, ImageRecord, finish
from ras.store import EmbeddingStore
from ras.store.snapshots import described, records_from, snapshot
from tests.exports import attachment, embed, make_export, message, picture
from tests.store_samples import CHANNEL, archive_of, check, fill, missing, record_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as store:
        yield store


# Surrogates are what a JSON export may hold, and what file names are made of that are not UTF-8.
texts = st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=()), max_size=30)
channels = st.builds(Channel, texts, texts, texts, texts, texts)
moments = st.datetimes(
    datetime(1970, 1, 2),
    datetime(2190, 1, 1),
    timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
records = st.builds(
    ImageRecord,
    key=texts,
    message_id=texts,
    attachment_id=st.none() | texts,
    file_name=texts,
    url=texts,
    local_path=st.none() | texts,
    file_size=st.none() | st.integers(0, 2**62),
    author_id=texts,
    author=texts,
    channel=channels,
    timestamp=moments,
    content=texts,
    kind=texts,
    media_root=st.none() | texts,
)
some_archives = st.builds(
    Archive,
    paths=st.lists(texts, max_size=3).map(tuple),
    name=texts,
    channels=st.lists(channels, max_size=3).map(tuple),
    message_count=st.integers(0, 2**62),
    records=st.lists(records, max_size=8).map(tuple),
    warnings=st.lists(texts, max_size=2).map(tuple),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(some_archives)
def test_a_snapshot_holds_everything_that_an_archive_can(archive: Archive) -> None:
    about, blocks = snapshot(archive)
    values, all_channels, own = described(about)
    back = tuple(records_from(blocks, all_channels))
    assert back == archive.records
    assert [record.timestamp.utcoffset() for record in back] == [
        record.timestamp.utcoffset() for record in archive.records
    ]
    assert own == archive.channels
    assert (values["name"], tuple(values["paths"])) == (archive.name, archive.paths)
    assert (values["message_count"], tuple(values["warnings"])) == (archive.message_count, archive.warnings)


def test_an_archive_that_was_read_comes_back_equal(store: EmbeddingStore, tmp_path: Path) -> None:
    odd = "text \U0001f600 \u202e e\u0301 \0 end"
    messages = [message(odd, [attachment("SPOILER_\u00e4 \U0001f600.png")])]
    messages += [message("an embed", embeds=[embed(image=picture("https://example.org/\ud800.png"))])]
    messages += [message(f"message {number}", [attachment("a.png", data=b"x")]) for number in range(5)]
    path = make_export(tmp_path, messages=messages, media=True)
    archive = finish(read_archive([path]))
    assert archive.records[0].content == odd
    id = store.register(archive)
    path.unlink()
    assert store.load([id]) == archive


def test_thousands_of_records_keep_their_order(store: EmbeddingStore) -> None:
    archive = archive_of(range(5000))
    assert store.load([store.register(archive)]) == archive


def test_a_field_of_another_version_is_left_out_or_has_its_default() -> None:
    archive = archive_of(range(3))
    about, blocks = snapshot(archive)
    columns = json.loads(zlib.decompress(blocks[0]))
    columns["mood"] = columns.pop("kind")
    changed = zlib.compress(json.dumps(columns).encode())
    assert tuple(records_from([changed], described(about)[1])) == archive.records


@pytest.mark.parametrize(
    ("url", "attachment_id", "file_name"),
    [
        ("https://x/1/cat.png", "1", "cat.png"),
        ("https://x/1/cat.png", None, ""),
        ("https://x/11/1.png", "1", "1"),
        ("https://x/\x01/\x02.png", "1", "2"),
        ("\x03https://x/1", "1", "2"),
        ("https://x/1", "1", "x/\x01"),
        ("", "1", "a"),
    ],
)
def test_any_url_is_shortened_reversibly(url: str, attachment_id: str | None, file_name: str) -> None:
    record = replace(record_of(1), url=url, attachment_id=attachment_id, file_name=file_name)
    about, blocks = snapshot(replace(archive_of([]), records=(record, record)))
    assert list(records_from(blocks, described(about)[1])) == [record, record]


def test_what_is_listed_of_an_archive(store: EmbeddingStore) -> None:
    before = datetime.now(timezone.utc)
    first = store.register(archive_of(range(4), "/exports/one.json"))
    second = store.register(replace(archive_of(range(2), "/exports/two.json"), name="n\udc80", channels=()))
    assert [archive.id for archive in store.archives()] == [second, first]
    newer, older = store.archives()
    assert (older.name, older.paths, older.pictures, older.message_count) == ("one", ("/exports/one.json",), 4, 9)
    assert older.channels == (CHANNEL,)
    assert (newer.name, newer.channels) == ("n\udc80", ())
    assert before <= older.indexed_at <= newer.indexed_at <= datetime.now(timezone.utc)
    assert newer.indexed_at.tzinfo is not None


def test_the_clock_does_not_decide_which_archive_is_the_latest(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.register(archive_of(range(2), "/exports/one.json", signature="1"))
    monkeypatch.setattr("ras.store.archives.time.time", lambda: 1000.0)
    second = store.register(archive_of(range(2), "/exports/two.json", signature="2"))
    assert [archive.id for archive in store.archives()] == [second, first]
    assert all("ex=2" in record.url for record in store.load([first, second]).records)


def test_the_same_files_are_the_same_archive_however_they_are_written(store: EmbeddingStore, tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).touch()
    one, two = str(tmp_path / "a.json"), str(tmp_path / "b.json")
    id = store.register(replace(archive_of(range(3)), paths=(one, two)))
    assert store.register(replace(archive_of(range(4)), paths=(two, one))) == id
    again = store.find([str(tmp_path / "x" / ".." / "b.json"), os.path.relpath(one)])
    assert again is not None
    assert (again.id, again.pictures) == (id, 4)
    assert store.find([one]) is None
    assert store.find(["/exports/\udcff.json"]) is None
    assert len(store.archives()) == 1
    (tmp_path / "link.json").symlink_to(tmp_path / "a.json")
    linked = store.find([str(tmp_path / "link.json"), two])
    assert linked is not None
    assert linked.id == id


def test_a_relative_path_is_kept_as_the_file_that_it_names(
    store: EmbeddingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    id = store.register(archive_of([1], path="general.json"))
    monkeypatch.chdir(tmp_path.parent)
    assert store.archives()[0].paths == (str(tmp_path / "general.json"),)
    assert store.load([id]).paths == (str(tmp_path / "general.json"),)
    assert store.find([str(tmp_path / "general.json")]) is not None


def test_a_new_export_with_new_signatures_keeps_what_is_indexed(store: EmbeddingStore) -> None:
    id = store.register(archive_of(range(20)))
    fill(store, range(20))
    assert store.register(archive_of(range(5, 25), signature="2")) == id
    assert store.load([id]) == archive_of(range(5, 25), signature="2")
    check(store, range(20))
    assert missing(store, range(25)) == [20, 21, 22, 23, 24]
    assert "ex=2" in store.load([id]).records[0].url


def test_nothing_is_written_for_an_archive_that_is_as_it_was(store: EmbeddingStore) -> None:
    id = store.register(archive_of(range(300)))
    written = []
    store._facts.connection.set_trace_callback(written.append)
    assert store.register(archive_of(range(300))) == id
    assert any("UPDATE archives" in statement for statement in written)
    assert not any("INTO record_blocks" in statement or "holdings" in statement for statement in written)
    store.register(archive_of(range(300), signature="2"))
    assert any("INTO record_blocks" in statement for statement in written)


def test_several_archives_are_loaded_as_one_with_each_picture_of_a_message_once(store: EmbeddingStore) -> None:
    new = store.register(archive_of(range(10), "/exports/one.json", signature="1"))
    other = Channel("5", "random", "6", "Other Server")
    foreign = replace(record_of(50), channel=other)
    reposted = replace(record_of(3), message_id="999")
    second = Archive(("/exports/two.json",), "two", (other, CHANNEL), 7, (foreign, record_of(9, "2"), reposted))
    old = store.register(second)
    merged = store.load([new, old])
    assert merged.records == (*archive_of(range(9)).records, record_of(9, "2"), foreign, reposted)
    assert merged.paths == ("/exports/one.json", "/exports/two.json")
    assert merged.name == "one, two"
    assert set(merged.channels) == {CHANNEL, other}
    assert merged.message_count == 15 + 7
    store.register(archive_of(range(10), "/exports/one.json", signature="3"))
    assert "ex=3" in store.load([new, old]).records[9].url
    assert store.load([old]) == second
    assert store.load([old, old]) == second


def test_what_is_not_there_cannot_be_loaded_or_removed(store: EmbeddingStore) -> None:
    id = store.register(archive_of(range(2)))
    for wanted in ([id + 1], [id, 99]):
        with pytest.raises(StoreError, match="no archive"):
            store.load(wanted)
    with pytest.raises(StoreError, match="no archive 77"):
        finish(store.remove(77))
    assert len(store.archives()) == 1


@pytest.mark.parametrize("data", [b"", b"no zlib", zlib.compress(b"[1]"), zlib.compress(b'{"url": []}')])
def test_records_that_are_damaged_are_a_sentence(store: EmbeddingStore, data: bytes) -> None:
    id = store.register(archive_of([1]))
    with sqlite3.connect(store.folder / "facts.sqlite") as connection:
        connection.execute("UPDATE record_blocks SET data = ?", (data,))
    connection.close()
    with pytest.raises(StoreError, match="is damaged; index its export again"):
        store.load([id])
