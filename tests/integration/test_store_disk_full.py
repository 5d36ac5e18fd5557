"""The disk is full: one clear sentence, what was indexed is kept, and the store goes on when there is room again."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Iterator

import pytest

import ras
from ras.errors import StoreError
from ras.records import finish
from ras.store import EmbeddingStore, filling, rewriting
from tests.store_samples import DIMENSION, ENCODER, archive_of, check, entry_of, fill, missing

ROOT = Path(ras.__file__).parent.parent
NO_ROOM = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "SHARD_ROWS", 40)
    monkeypatch.setattr(rewriting, "SHARD_ROWS", 40)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as store:
        yield store


def fill_until_full(store: EmbeddingStore) -> int:
    """Add one by one; → how many are in when the disk is full."""
    number = -1

    def add_on() -> None:
        nonlocal number
        for number in range(5000):
            store.add(ENCODER, DIMENSION, [entry_of(number)])

    with pytest.raises(StoreError, match=r"The disk is full.*What was indexed so far is kept") as caught:
        add_on()
    assert str(store.folder) in str(caught.value)
    return number


def test_facts_that_cannot_grow(store: EmbeddingStore) -> None:
    store.register(archive_of(range(10)))
    pages = store._facts.connection.execute("PRAGMA page_count").fetchone()[0]
    store._facts.connection.execute(f"PRAGMA max_page_count = {pages + 12}")
    there = fill_until_full(store)
    assert there > 20
    check(store, range(there))
    assert missing(store, [there]) == [there]
    with pytest.raises(StoreError, match="disk is full"):
        store.register(archive_of(range(5000)))
    assert store.load([1]) == archive_of(range(10))
    assert finish(store.verify()).damaged == ()
    store._facts.connection.execute("PRAGMA max_page_count = 1000000")
    fill(store, range(there, 300))
    check(store, range(300))
    assert finish(store.verify()).damaged == ()


@pytest.mark.parametrize("place", ["os.fsync", "os.replace", "joblib.dump"])
def test_a_shard_that_cannot_be_written(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def full(*_: object, **__: object) -> None:
        raise NO_ROOM

    with monkeypatch.context() as patch:
        patch.setattr(place, full)
        assert fill_until_full(store) == 39, "the rows themselves are committed before the shard is made of them"
        check(store, range(40))
        assert os.listdir(store.folder / "shards") == []
        with pytest.raises(StoreError, match="disk is full"):
            store.add(ENCODER, DIMENSION, [entry_of(40)])
    check(store, range(41))
    fill(store, range(41, 100))
    check(store, range(100))
    assert len(os.listdir(store.folder / "shards")) == 2


def test_a_shard_whose_row_cannot_be_written_leaves_no_file(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(filling, "insert_shard", full)
        assert fill_until_full(store) == 39
        assert os.listdir(store.folder / "shards") == []
    fill(store, range(40, 60))
    check(store, range(60))


def test_an_archive_is_removed_from_a_disk_without_room_for_new_shards(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.register(archive_of(range(100)))
    fill(store, range(100))
    store.register(archive_of(range(90, 120), "/exports/two.json"))
    fill(store, range(100, 120))

    def full(*_: object) -> None:
        raise NO_ROOM

    before = len(os.listdir(store.folder / "shards"))
    with monkeypatch.context() as patch:
        patch.setattr(rewriting, "write_shard", full)
        with pytest.raises(StoreError, match="disk is full"):
            finish(store.remove(first))
    assert len(os.listdir(store.folder / "shards")) < before, "what needs no new file is deleted first"
    check(store, range(90, 120))
    finish(store.compact())
    check(store, range(90, 120))
    assert store.usage().embeddings == {ENCODER: 30}


def test_files_that_the_system_does_not_let_grow(tmp_path: Path) -> None:
    """A real limit, enforced by the system, in a program of its own."""
    program = """
        import resource, sys
        from pathlib import Path
        from ras.errors import StoreError
        from ras.records import finish
        from ras.store import EmbeddingStore, filling
        from tests.store_samples import *

        filling.SHARD_ROWS = 40
        store = EmbeddingStore(Path(sys.argv[1]))
        store.register(archive_of(range(50)))
        fill(store, range(50))
        for most in (150_000, 400, 20_000):
            # Of facts.sqlite and its log, or of a shard: whichever comes first.
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            start = there = len(rows_by_content(store))
            try:
                for there in range(start, 5000):
                    store.add(ENCODER, DIMENSION, [entry_of(there)])
                raise AssertionError("it was never full")
            except StoreError as exc:
                print(exc)
            check(store, range(there))
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            fill(store, range(there, there + 100))
            check(store, range(there + 100))
            assert finish(store.verify()).damaged == ()
        store.close()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "store")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 3
    assert all("full" in sentence and str(tmp_path) in sentence for sentence in said)
