"""Opening a store: new, of another version, write-protected, damaged, foreign, on a share."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path
from typing import Iterator

import pytest
from filelock import FileLock

import ras
from ras.errors import StoreError
from ras.records import finish
from ras.store import EmbeddingStore, FeatureSegment, connection, filling, schema
from tests.reliability.old_stores import unpack
from tests.store_samples import (
    DIMENSION,
    ENCODER,
    FEATURES,
    archive_of,
    check,
    describe,
    entry_of,
    fill,
    missing,
)

ROOT = Path(ras.__file__).parent.parent


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "SHARD_ROWS", 40)


def make_store(folder: Path) -> Path:
    with EmbeddingStore(folder) as store:
        store.register(archive_of(range(100)))
        fill(store, range(100))
        describe(store, range(60))
        name = "0" * 32 + ".words"
        (store.segments_folder / name).write_bytes(b"words")
        contents = store.featured_contents(FEATURES)
        digest = hashlib.sha256(b"words").digest()
        assert store.add_segment(FEATURES, FeatureSegment(0, name, 60, 5, digest, contents))
    return folder


def facts_of(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "facts.sqlite", isolation_level=None)


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = make_store(tmp_path / "store")
    with contextlib.closing(facts_of(folder)) as facts:
        facts.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    before = (folder / "facts.sqlite").read_bytes()
    with pytest.raises(StoreError, match=r"written by a newer RAS; update RAS") as caught:
        EmbeddingStore(folder)
    assert str(folder) in str(caught.value)
    assert (folder / "facts.sqlite").read_bytes() == before
    assert os.listdir(tmp_path) == ["store"]


def test_an_older_schema_is_brought_up_to_date_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_store(tmp_path / "store")
    applied = []

    def next_test(facts: sqlite3.Connection) -> None:
        applied.append(1)
        facts.execute("ALTER TABLE archives ADD COLUMN note TEXT")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, next_test))
    monkeypatch.setattr(connection, "MIGRATIONS", schema.MIGRATIONS)
    for _ in range(2):
        with EmbeddingStore(folder) as store:
            check(store, range(100))
            assert schema.version_of(store._facts.connection) == len(schema.MIGRATIONS)
    assert applied == [1]


def test_a_store_of_the_first_version_that_is_write_protected_is_a_sentence(tmp_path: Path) -> None:
    with protected(unpack(1, tmp_path / "store")) as copy:
        said = run_without_rights("try:\n EmbeddingStore(folder)\nexcept StoreError as exc: print(exc)", copy)
    assert "written by an older RAS" in said
    assert "writable" in said


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_store(tmp_path / "store")

    def next_test(facts: sqlite3.Connection) -> None:
        facts.execute("ALTER TABLE archives ADD COLUMN note TEXT")
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, next_test))
        patch.setattr(connection, "MIGRATIONS", schema.MIGRATIONS)
        with pytest.raises(StoreError, match="disk is full"):
            EmbeddingStore(folder)
    with EmbeddingStore(folder) as store:
        check(store, range(100))
        columns = store._facts.connection.execute("PRAGMA table_info(archives)").fetchall()
        assert "note" not in [column[1] for column in columns]


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: b"not a database at all " * 500,
        lambda data: b"\0" * len(data),
        lambda data: data[:100] + b"\xff" * 4000 + data[4100:],
        lambda data: data[:9000],
        lambda data: data[:4096],
    ],
    ids=["text", "zeros", "first page", "cut short", "only the first page"],
)
def test_damaged_facts_are_set_aside_whole_and_a_new_store_is_begun(tmp_path: Path, harm: object) -> None:
    folder = make_store(tmp_path / "store")
    shards = sorted(os.listdir(folder / "shards"))
    damaged = harm((folder / "facts.sqlite").read_bytes())  # type: ignore[operator]
    (folder / "facts.sqlite").write_bytes(damaged)
    with EmbeddingStore(folder) as store:
        (notice,) = store.notices
        assert store.archives() == ()
        fill(store, range(3))
        check(store, range(3))
    (aside,) = [path for path in tmp_path.iterdir() if ".damaged-" in path.name]
    assert str(aside) in notice
    assert "index your archives again" in notice
    assert (aside / "facts.sqlite").read_bytes() == damaged
    assert sorted(os.listdir(aside / "shards")) == shards, "nothing is deleted"
    with EmbeddingStore(folder) as store:
        assert not store.notices
        check(store, range(3))


@pytest.mark.parametrize(
    "error", [NotImplementedError("FileSystem does not appear to support flock"), OSError(37, "No locks available")]
)
def test_damage_in_a_folder_that_knows_no_locks_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def none(*_: object, **__: object) -> None:
        raise error

    folder = make_store(tmp_path / "store")
    (folder / "facts.damaged").touch()
    monkeypatch.setattr(FileLock, "acquire", none)
    with pytest.raises(StoreError, match=r"is damaged, and could not be set aside: .*lock"):
        EmbeddingStore(folder)
    assert (folder / "facts.sqlite").exists()


def test_two_damaged_stores_of_one_day_are_both_kept(tmp_path: Path) -> None:
    for number in range(2):
        folder = make_store(tmp_path / "store")
        (folder / "facts.sqlite").write_bytes(b"damage %d " % number * 1000)
    EmbeddingStore(folder).close()
    kept = [path for path in tmp_path.iterdir() if ".damaged-" in path.name]
    assert sorted((path / "facts.sqlite").read_bytes()[:8] for path in kept) == [b"damage 0", b"damage 1"]


def test_damage_that_shows_in_use_is_a_sentence_and_set_aside_at_the_next_start(tmp_path: Path) -> None:
    folder = make_store(tmp_path / "store")
    with contextlib.closing(facts_of(folder)) as facts:
        roots = {page for (page,) in facts.execute("SELECT rootpage FROM sqlite_master")}
    with open(folder / "facts.sqlite", "r+b") as file:
        pages = file.seek(0, os.SEEK_END) // 4096
        for page in range(max(roots) + 3, pages + 1):  # opening reads no further than that
            file.seek((page - 1) * 4096)
            file.write(b"\xee" * 4096)
    with EmbeddingStore(folder) as store:
        assert not store.notices
        with pytest.raises(StoreError, match=r"is damaged .*Start RAS again"):
            check(store, range(100))
    with EmbeddingStore(folder) as store:
        assert "could be saved, and the damaged file was set aside" in store.notices[0]
        assert [archive.name for archive in store.archives()] == ["general"]
    with EmbeddingStore(folder) as store:
        assert not store.notices


def test_a_table_that_is_gone_is_damage(tmp_path: Path) -> None:
    folder = make_store(tmp_path / "store")
    with contextlib.closing(facts_of(folder)) as facts:
        facts.execute("DROP TABLE shards")
    with EmbeddingStore(folder) as store:
        assert "set aside" in store.notices[0]


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    with contextlib.closing(facts_of(folder)) as facts:
        facts.execute("CREATE TABLE bookmarks (url TEXT)")
    before = (folder / "facts.sqlite").read_bytes()
    with pytest.raises(StoreError, match="of another program"):
        EmbeddingStore(folder)
    assert (folder / "facts.sqlite").read_bytes() == before


def test_a_store_that_another_thread_is_just_making_is_no_other_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tables come between the looks at what kind of database it is."""
    other = threading.Thread(target=lambda: EmbeddingStore(tmp_path / "store").close())

    connect = connection.Facts._connect

    def made_meanwhile(statement: str) -> None:
        if "sqlite_master" in statement and other.ident is None:
            other.start()
            other.join(0.5)  # longer than it takes where nothing keeps it out

    def watched(facts: connection.Facts, path: Path, mode: str) -> sqlite3.Connection:
        made = connect(facts, path, mode)
        if threading.current_thread() is not other:
            made.set_trace_callback(made_meanwhile)
        return made

    monkeypatch.setattr(connection.Facts, "_connect", watched)
    with EmbeddingStore(tmp_path / "store") as store:
        assert store.archives() == ()
    other.join()


def test_an_empty_file_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "facts.sqlite").touch()
    with EmbeddingStore(tmp_path / "store") as store:
        fill(store, range(3))
        check(store, range(3))


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "store"):
        with pytest.raises(StoreError, match="cannot be opened or made") as caught:
            EmbeddingStore(folder)
        assert str(folder) in str(caught.value)


def test_odd_names_of_folders(tmp_path: Path) -> None:
    for name in ("a%20b?mode=memory#x", "ä 😀 'q' \"z\"", "-"):
        make_store(tmp_path / name)
        with EmbeddingStore(tmp_path / name) as store:
            check(store, range(100))
    assert len(os.listdir(tmp_path)) == 3


def test_without_shared_memory_the_store_works_with_another_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This layer of SQLite has no shared memory, like many network shares.
    monkeypatch.setattr(connection, "VFS", "unix-dotfile")
    folder = make_store(tmp_path / "store")
    with EmbeddingStore(folder) as store, EmbeddingStore(folder) as another:
        assert store._facts.connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal"
        check(store, range(100))
        fill(another, range(100, 150))
        check(store, range(150))


def test_a_share_that_cannot_lock_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(connection, "VFS", "unix-dotfile")
    folder = make_store(tmp_path / "store")
    (folder / "facts.sqlite.lock").mkdir()  # as a program leaves it that lost its connection
    with pytest.raises(StoreError, match=r"another program .* network share"), EmbeddingStore(folder) as store:
        fill(store, range(100, 103))


def test_a_store_that_another_program_writes_for_long_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    folder = make_store(tmp_path / "store")
    with contextlib.closing(facts_of(folder)) as facts, EmbeddingStore(folder) as store:
        facts.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="being written by another program"):
            fill(store, range(100, 103))
        check(store, range(100))  # reading goes on
        with EmbeddingStore(folder) as opened:
            assert not opened.read_only
            check(opened, range(100))
        facts.execute("ROLLBACK")
        fill(store, range(100, 103))
        check(store, range(103))


# Write-protected. Nothing is, for root: there the work is done by a child process without rights.


@contextlib.contextmanager
def protected(folder: Path) -> Iterator[Path]:
    """A copy of the store that nobody may write, in a place that everybody may read."""
    place = Path(tempfile.mkdtemp())
    try:
        copy = place / "store"
        shutil.copytree(folder, copy)
        paths = [place, copy, *copy.rglob("*")]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield copy
        for path in paths:
            path.chmod(0o755)
    finally:
        shutil.rmtree(place)


def run_without_rights(program: str, folder: Path) -> str:
    """Run a program with ``folder`` and ``store`` open, as a user who may write nothing; → what it prints."""
    drop = "os.setgid(65534); os.setuid(65534)" if os.geteuid() == 0 else ""
    prelude = f"""
        import os, sys, tempfile
        sys.dont_write_bytecode = True
        from pathlib import Path
        from ras.errors import StaleView, StoreError
        from ras.records import finish
        from ras.store import EmbeddingStore, filling
        from tests.store_samples import *
        import joblib, numpy.random
        filling.SHARD_ROWS = 20
        # All that is imported late: afterwards the interpreter's own files may be out of reach.
        with tempfile.TemporaryDirectory() as scratch, EmbeddingStore(Path(scratch) / "store") as store:
            id = store.register(archive_of(range(50)))
            fill(store, range(50))
            check(store, range(50))
            store.load([id])
            finish(store.verify())
            finish(store.compact())
            finish(store.remove(id))
        {drop}
        folder = Path({str(folder)!r})
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(prelude) + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SEARCH = """
    with EmbeddingStore(folder) as store:
        assert store.read_only
        check(store, range(100))
        store.load([store.archives()[0].id])
        store.usage(), store.indexes_folder, store.segments_folder
        check_features(store, range(60))
        (segment,) = store.segments(FEATURES)
        assert store.lacking_features([record_of(5), record_of(70)], ENCODER, FEATURES).tolist() == [False, True]
        assert not finish(store.verify()).damaged
        for change in (
            lambda: fill(store, [200]),
            lambda: store.register(archive_of([1])),
            lambda: finish(store.remove(1)),
            lambda: finish(store.compact()),
            lambda: store.set_index(ENCODER, None),
            lambda: describe(store, [70]),
            lambda: store.add_segment(FEATURES, segment),
        ):
            try:
                change()
            except StoreError as exc:
                print(exc)
        assert "is damaged; the next search makes it anew, when" in store.drop_segment(segment, "is damaged")
        assert (store.segments_folder / segment.file).exists()
        assert [kept.file for kept in store.segments(FEATURES)] == [segment.file]
"""


def test_a_write_protected_store_is_searched_and_says_that_it_cannot_be_changed(tmp_path: Path) -> None:
    with protected(make_store(tmp_path / "store")) as folder:
        said = run_without_rights(SEARCH, folder).splitlines()
        assert len(said) == 7
        assert all("write-protected" in line and str(folder) in line for line in said)


def test_a_write_protected_store_in_a_folder_that_can_be_written_is_searched(tmp_path: Path) -> None:
    with protected(make_store(tmp_path / "store")) as folder:
        folder.chmod(0o777)
        assert len(run_without_rights(SEARCH, folder).splitlines()) == 7


def test_damage_in_a_write_protected_store_is_left_out(tmp_path: Path) -> None:
    folder = make_store(tmp_path / "store")
    victim = sorted((folder / "shards").iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:-1] + b"!")
    with protected(folder) as copy:
        said = run_without_rights(
            """
            with EmbeddingStore(folder) as store:
                before = store.generation(ENCODER)
                view = store.view(ENCODER)
                try:
                    rows_by_content(store)
                except StaleView as exc:
                    assert exc.damaged
                    print(exc)
                assert store.generation(ENCODER) > before
                assert store.view(ENCODER).generation == store.generation(ENCODER)
                rows = rows_by_content(store)
                lost = missing(store, range(100))
                print(len(rows), len(lost))
                check(store, [number for number in range(100) if number not in lost])
            """,
            copy,
        ).splitlines()
        assert victim.name in said[0]
        assert "writable" in said[0]
        kept, lost = (int(number) for number in said[1].split())
        assert kept + lost == 100
        assert 0 < lost < 100


def test_a_write_protected_store_that_was_not_closed_is_a_sentence(tmp_path: Path) -> None:
    folder = make_store(tmp_path / "store")
    with EmbeddingStore(folder) as store:
        store.add(ENCODER, DIMENSION, [entry_of(100)])
        shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "facts.sqlite-shm").unlink()
    with protected(tmp_path / "copy") as copy:
        said = run_without_rights("try:\n EmbeddingStore(folder)\nexcept StoreError as exc: print(exc)", copy)
    assert "was not closed properly and is write-protected" in said


def test_no_store_can_be_made_in_a_write_protected_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with protected(tmp_path / "empty") as copy:
        for place in ("folder", "folder / 'new'"):
            said = run_without_rights(f"try:\n EmbeddingStore({place})\nexcept StoreError as exc: print(exc)", copy)
            assert "cannot be opened or made" in said
            assert "RAS_HOME" in said


def test_a_folder_that_may_not_even_be_looked_into_is_a_sentence(tmp_path: Path) -> None:
    with protected(make_store(tmp_path / "store")) as copy:
        copy.parent.chmod(0o600)
        said = run_without_rights("try:\n EmbeddingStore(folder)\nexcept StoreError as exc: print(exc)", copy)
    assert "cannot be opened or made" in said


def test_what_was_not_yet_in_the_main_file_is_there_after_a_copy(tmp_path: Path) -> None:
    with EmbeddingStore(tmp_path / "store") as store:
        fill(store, range(10))
        shutil.copytree(tmp_path / "store", tmp_path / "copy")
    with EmbeddingStore(tmp_path / "copy") as copy:
        check(copy, range(10))
        assert missing(copy, [10]) == [10]
        assert finish(copy.verify()).damaged == ()
