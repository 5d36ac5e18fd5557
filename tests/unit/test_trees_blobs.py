"""The pictures that a database of Discord History Tracker keeps, as files."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ras.trees import BlobTree, blobs, exists, holder_of, is_tree, missing, open_tree
from ras.trees.blobs import blob_name, downloaded
from ras.trees.database import Database
from tests.trackers import keep, kept, make_tracker, tracked

URL = "https://cdn.discordapp.com/attachments/1/2/a%20cat.png"


def tree_with(folder: Path, **named: bytes) -> tuple[BlobTree, dict[str, str]]:
    """A tree of blobs, and their names in it by those of attachments."""
    pictures = {name: kept(f"{name}.png", data) for name, data in named.items()}
    path = make_tracker(folder, [tracked("", pictures.values())])
    return BlobTree(str(path)), {name: blob_name(one.url) for name, one in pictures.items()}


@pytest.mark.parametrize("version", range(4, 12))
@pytest.mark.parametrize("separate", [False, True])
def test_blobs_are_files(tmp_path: Path, version: int, separate: bool) -> None:
    one, other = kept("a.png", b"first"), kept("b.png", b"second")
    path = make_tracker(tmp_path, [tracked("", [one, other, kept("c.png")])], version=version, separate=separate)
    holder = f"{path}_downloads" if separate else str(path)
    tree = open_tree(holder)
    assert isinstance(tree, BlobTree)
    # Before version 6 the URL was kept with its signature.
    urls = [each.url + (each.signature if version < 6 else "") for each in (one, other)]
    assert sorted(tree.files()) == sorted(map(blob_name, urls))
    assert tree.folders() == ()
    assert tree.files("x") == ()
    name = blob_name(urls[1])
    assert tree.size(name) == 6
    with tree.open(name) as file:
        assert file.read(100) == b"second"
        assert file.read(100) == b""
    assert tree.modified(name) == os.path.getmtime(holder)
    tree.close()
    path_of_blob = os.path.join(holder, name)
    assert holder_of(path_of_blob) == (holder, name)
    assert exists(path_of_blob)
    assert missing([path_of_blob, path_of_blob + "x"]) == [path_of_blob + "x"]


def test_what_is_not_there(tmp_path: Path) -> None:
    tree, _ = tree_with(tmp_path, a=b"1")
    for name in ("", "x", "..", blob_name("https://x.test/"), "%00", "\udc80"):
        with pytest.raises(FileNotFoundError):
            tree.open(name)
        with pytest.raises(FileNotFoundError):
            tree.size(name)


def test_a_database_without_pictures(tmp_path: Path) -> None:
    path = make_tracker(tmp_path, version=3)
    assert is_tree(str(path))
    with pytest.raises(OSError, match="no database of Discord History Tracker with pictures"):
        BlobTree(str(path)).files()
    (tmp_path / "x.dht").write_bytes(blobs.SQLITE_MAGIC + b"\xff" * 1000)
    with pytest.raises(OSError, match="cannot be read"):
        BlobTree(str(tmp_path / "x.dht")).size("x")
    assert not exists(str(tmp_path / "x.dht" / "y"))


@pytest.mark.parametrize("window", [50, 1000, 8 * 1024 * 1024])
def test_a_large_blob_is_read_in_pieces(tmp_path: Path, window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "_WINDOW", window)
    data = bytes(random.Random(1).choices(range(256), k=3000))
    tree, names = tree_with(tmp_path, a=data)
    for piece in (40, 64, 999, 3000, 10_000):
        with tree.open(names["a"]) as file:
            parts = []
            while True:
                part = file.read(piece)
                if not part:
                    break
                assert len(part) <= piece
                parts.append(part)
        assert b"".join(parts) == data
    with tree.open(names["a"]) as file:
        assert file.read() == data


def test_no_more_is_read_than_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A blob of gigabytes costs as much memory as the limit that a picture has."""
    monkeypatch.setattr(blobs, "_WINDOW", 1000)
    tree, names = tree_with(tmp_path, a=b"x" * 500_000)
    asked: list[int] = []
    part = BlobTree.part

    def counting(self: BlobTree, name: str, start: int, length: int) -> bytes:
        asked.append(length)
        return part(self, name, start, length)

    monkeypatch.setattr(BlobTree, "part", counting)
    with tree.open(names["a"]) as file:
        assert asked == []
        assert len(file.read(2001)) == 2001
    assert asked == [2001]


def test_a_blob_that_changes_or_goes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "_WINDOW", 10)
    tree, names = tree_with(tmp_path, a=b"x" * 100)
    for statement, left in (
        ("UPDATE download_blobs SET blob = x'00010203'", b""),
        ("DELETE FROM download_blobs", None),
    ):
        copy = tmp_path / "copy.dht"
        shutil.copy(tree.root, copy)
        other = BlobTree(str(copy))
        with other.open(names["a"]) as file:
            assert file.read(10) == b"x" * 10
            with contextlib.closing(sqlite3.connect(copy)) as database:
                database.execute(statement)
                database.commit()
            if left is None:
                with pytest.raises(FileNotFoundError):
                    file.read(10)
            else:
                assert file.read(10) == left


@pytest.mark.parametrize("index", ["", "CREATE INDEX i ON download_blobs(normalized_url) WHERE blob = 1"])
def test_a_table_without_its_key_is_not_searched(tmp_path: Path, index: str) -> None:
    """It is none of the tracker's: each file that is looked for would cost a look at all blobs."""
    tree, names = tree_with(tmp_path, a=b"1")
    with contextlib.closing(sqlite3.connect(tree.root)) as database:
        database.execute("CREATE TABLE keyless AS SELECT * FROM download_blobs")
        database.execute("DROP TABLE download_blobs")
        database.execute("ALTER TABLE keyless RENAME TO download_blobs")
        if index:
            database.execute(index)
        database.commit()
    with pytest.raises(OSError, match="no database of Discord History Tracker with pictures"):
        tree.open(names["a"])


def test_text_in_the_place_of_a_blob_is_no_file(tmp_path: Path) -> None:
    path = make_tracker(tmp_path, [])
    with contextlib.closing(sqlite3.connect(path)) as database:
        for number, value in enumerate(["text", 5, 2.5, b"", b"real"]):
            keep(database, f"https://x.test/{number}", "", value)
        database.commit()
    tree = BlobTree(str(path))
    for number in range(4):
        with pytest.raises(FileNotFoundError):
            tree.open(blob_name(f"https://x.test/{number}"))
    assert tree.size(blob_name("https://x.test/4")) == 4
    with Database(str(path)) as database_read:
        urls = [f"https://x.test/{number}" for number in range(2000)]
        assert downloaded(database_read, urls) == {"https://x.test/4"}


def test_from_many_threads(tmp_path: Path) -> None:
    tree, names = tree_with(tmp_path, **{f"p{n}": str(n).encode() for n in range(20)})
    wrong: list[str] = []

    def read(number: int) -> None:
        for turn in range(10):
            name = f"p{(number + turn) % 20}"
            with tree.open(names[name]) as file:
                if file.read(100) != name[1:].encode():
                    wrong.append(name)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@settings(deadline=None, database=None, max_examples=200)
@given(st.text(min_size=1))
@example(".")
@example("..")
@example("....")
@example("\ud83d")
def test_a_name_is_one_part_of_a_path_and_leads_nowhere_else(url: str) -> None:
    name = blob_name(url)
    assert name not in ("", ".", "..")
    assert "/" not in name
    assert os.path.normpath(os.path.join("/a/x.dht", name)) == f"/a/x.dht/{name}"
    assert name.isascii()
