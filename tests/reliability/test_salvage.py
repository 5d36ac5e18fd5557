"""Pages of facts.sqlite that went bad: all that SQLite can still read is saved, whatever interrupts that."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections import namedtuple
from pathlib import Path
from random import Random
from typing import Callable, Iterator

import pytest

import ras
from ras.errors import SkipReason, StoreError
from ras.health.care import repair
from ras.paths import store_folder
from ras.records import finish
from ras.store import EmbeddingStore, Failure, connection, damage, filling, readable, salvage
from ras.store.connection import MARK
from ras.store.damage import SALVAGED
from ras.store.readable import BY_HASH, BY_HOLDING, BY_ROWID
from ras.text import count
from tests.store_samples import (
    DIMENSION,
    ENCODER,
    FEATURES,
    archive_of,
    check,
    check_features,
    describe,
    fill,
    hash_of_content,
    key_of,
    missing,
    preview_of,
)

ROOT = Path(ras.__file__).parent.parent
PICTURES, FEATURED, FAILED = 1000, 400, 50
PAGE = 4096


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of a megabyte of facts, with four shards and some rows that wait."""
    folder = tmp_path_factory.mktemp("salvage") / "store"
    before, filling.SHARD_ROWS = filling.SHARD_ROWS, 200
    try:
        with EmbeddingStore(folder) as store:
            store.register(archive_of(range(PICTURES)))
            fill(store, range(PICTURES))
            describe(store, range(FEATURED))
            gone = [Failure(key_of(PICTURES + number), SkipReason.GONE, "why", 1.0, "") for number in range(FAILED)]
            store.add(ENCODER, DIMENSION, [], gone)
            store._facts.tidy_up()
    finally:
        filling.SHARD_ROWS = before
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "store")
    return tmp_path / "store"


def pages_of(folder: Path, table: str) -> list[int]:
    """The pages (from 0) of the table's rows, and of what its rows have beyond them."""
    with contextlib.closing(sqlite3.connect(folder / "facts.sqlite")) as facts:
        try:
            found = facts.execute("SELECT pageno - 1 FROM dbstat WHERE name = ? AND path <> '/'", (table,)).fetchall()
        except sqlite3.OperationalError:
            pytest.skip("this SQLite cannot tell which pages a table has")
    return sorted(page for (page,) in found)


def spoil(folder: Path, pages: list[int]) -> bytes:
    """Noise in these pages, as of a disk whose blocks went bad; → what facts.sqlite is now."""
    path, chance = folder / "facts.sqlite", Random(7)
    data = bytearray(path.read_bytes())
    for page in pages:
        data[page * PAGE : (page + 1) * PAGE] = bytes(chance.getrandbits(8) for _ in range(PAGE))
    path.write_bytes(bytes(data))
    (folder / MARK).touch()  # as verify leaves it
    return bytes(data)


def recover(store: EmbeddingStore) -> tuple[int, int]:
    """What the next indexing does; → how many pictures it encodes, and of how many others it makes the previews."""
    store.register(archive_of(range(PICTURES)))
    lost = missing(store, range(PICTURES))
    fill(store, lost)
    records = archive_of(range(PICTURES)).records
    lacking = store.lacking_previews(records, ENCODER, again=True)
    store.add_previews({hash_of_content(number): preview_of(number) for number in range(PICTURES) if lacking[number]})
    there = set(store.featured_contents(FEATURES).tolist())
    ids = store.content_ids([hash_of_content(number) for number in range(FEATURED)])
    describe(store, [number for number in range(FEATURED) if ids[hash_of_content(number)] not in there])
    return len(lost), int(lacking.sum())


def check_all(store: EmbeddingStore) -> None:
    check(store, range(PICTURES))
    check_features(store, range(FEATURED))
    assert store.load([store.archives()[0].id]) == archive_of(range(PICTURES))
    assert finish(store.verify()).damaged == ()


@pytest.mark.parametrize(
    ("table", "most_lost", "most_previews"),
    [("previews", 0, 60), ("fresh", 200, 0), ("features", 0, 0), ("pictures", 600, 0), ("holdings", 0, 0)],
)
def test_what_stands_on_other_pages_is_saved(folder: Path, table: str, most_lost: int, most_previews: int) -> None:
    """Two pages of a table: only the rows on them are lost, and all is well when they are indexed again."""
    pages = pages_of(folder, table)
    damaged = spoil(folder, pages[len(pages) // 3 :][:2])
    shards = sorted(os.listdir(folder / "shards"))
    with EmbeddingStore(folder) as store:
        (told,) = store.notices
        assert "could be saved" in told
        lost = missing(store, range(PICTURES))
        without = int(store.lacking_previews(archive_of(range(PICTURES)).records, ENCODER).sum())
        again = [count(number, noun) for number, noun in ((len(lost), "picture"), (without, "preview")) if number]
        assert told.endswith(
            f"Index your archives again: {' and '.join(again)} must be made anew." if again else "again."
        )
        assert len(store.failures()) == FAILED
        assert store.load([store.archives()[0].id]) == archive_of(range(PICTURES)), "it can be searched for at once"
        assert sorted(os.listdir(folder / "shards")) == shards
        (aside,) = (folder / "damaged").iterdir()
        assert str(aside) in told
        assert (aside / "facts.sqlite").read_bytes() == damaged, "the damaged one is kept as it was"
        encoded, previews = recover(store)
        assert encoded == len(lost) <= most_lost
        assert previews <= most_previews
        assert encoded + previews > 0 or table in ("features", "holdings")
        check_all(store)
    assert not (folder / MARK).exists()
    assert not (folder / SALVAGED).exists()
    with EmbeddingStore(folder) as store:
        assert store.notices == []
        check_all(store)


@pytest.mark.parametrize("seed", range(6))
def test_pages_anywhere(folder: Path, seed: int) -> None:
    chance = Random(seed)
    pages = chance.sample(range(1, (folder / "facts.sqlite").stat().st_size // PAGE), 3 * seed + 1)
    before = {path.name for path in (folder / "shards").iterdir()}
    spoil(folder, pages)
    with EmbeddingStore(folder) as store:
        assert len(store.notices) == 1
        recover(store)
        check_all(store)
    assert before <= {path.name for path in folder.parent.rglob("*.joblib")}, "no shard is deleted"


@pytest.mark.parametrize("share", [0.99, 0.75, 0.5])
def test_a_file_that_was_cut_keeps_what_is_left(folder: Path, share: float) -> None:
    path = folder / "facts.sqlite"
    os.truncate(path, int(path.stat().st_size * share))
    notices: list[str] = []
    for _ in range(2):  # what only verify finds is saved at the next start
        with EmbeddingStore(folder) as store:
            notices += store.notices
            if not notices:
                finish(store.verify())
    (told,) = notices
    assert "could be saved" in told
    with EmbeddingStore(folder) as store:
        encoded, _ = recover(store)
        assert encoded < PICTURES
        check_all(store)


def test_shards_that_nothing_is_known_of_any_more_are_kept_beside_the_damaged_facts(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "facts.sqlite", isolation_level=None)) as facts:
        (file,) = facts.execute("SELECT file FROM shards WHERE id = 2").fetchone()
        facts.execute("DELETE FROM shards WHERE id = 2")  # as if it had stood on the page that is lost
        facts.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spoil(folder, pages_of(folder, "previews")[:1])
    with EmbeddingStore(folder) as store:
        assert not (folder / "shards" / file).exists()
        finish(store.compact())
    (aside,) = (folder / "damaged").iterdir()
    assert (aside / file).exists()


def test_rows_that_can_be_read_and_are_not_as_they_were_written_are_not_saved(folder: Path) -> None:
    flipped = "CAST(substr(embeddings, 1, 9) || x'ff00' || substr(embeddings, 12) AS BLOB)"
    with contextlib.closing(sqlite3.connect(folder / "facts.sqlite", isolation_level=None)) as facts:
        facts.execute(f"UPDATE fresh SET embeddings = {flipped} WHERE id = (SELECT max(id) FROM fresh)")
        facts.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spoil(folder, pages_of(folder, "previews")[:1])
    with EmbeddingStore(folder) as store:
        lost = missing(store, range(PICTURES))
        assert 0 < len(lost) <= 16
        assert f"Index your archives again: {len(lost)} pictures and " in store.notices[0]
        recover(store)
        check_all(store)


INTERRUPTED = """
    import os, sys
    from pathlib import Path
    from ras.store import EmbeddingStore, salvage
    from ras.store.connection import Facts
    left = int(sys.argv[2])
    def counted(function):
        def call(*args, **options):
            global left
            left -= 1
            if left < 0:
                os._exit(9)
            return function(*args, **options)
        return call
    os.rename, os.unlink, os.mkdir, os.fsync = map(counted, (os.rename, os.unlink, os.mkdir, os.fsync))
    salvage.shutil.rmtree = counted(salvage.shutil.rmtree)
    Facts.transaction = counted(Facts.transaction)
    EmbeddingStore(Path(sys.argv[1])).close()
"""


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_killed_at_any_step_it_is_the_damaged_one_or_the_one_that_was_saved(tmp_path: Path) -> None:
    """Of a store that has no shard yet, which would tell that facts.sqlite is gone."""
    folder = tmp_path / "store"
    with EmbeddingStore(folder) as store:
        store.register(archive_of(range(PICTURES)))
        fill(store, range(PICTURES))
        store._facts.tidy_up()
    assert not list(folder.rglob("*.joblib"))
    spoil(folder, [pages_of(folder, table)[1] for table in ("previews", "fresh")])
    died = 0
    steps = [*range(0, 40, 8), *range(40, 70)]  # where it is put in place, each
    for step in steps:
        place = tmp_path / f"step {step}" / "store"
        shutil.copytree(folder, place)
        child = run(INTERRUPTED, place, step)
        _, said = child.communicate(timeout=60)
        assert child.returncode in (0, 9), said
        died += child.returncode == 9
        in_place = not (place / MARK).exists() and not (place / SALVAGED / "facts.sqlite").exists()
        with EmbeddingStore(place) as store:
            assert in_place or "could be saved" in store.notices[0]
            lost = missing(store, range(PICTURES))
            assert 0 < len(lost) < 200
            assert finish(store.verify()).lost == 0
        assert len(list((place / "damaged").rglob("facts.sqlite"))) == 1
        shutil.rmtree(place.parent)
        if child.returncode == 0:
            break
    assert child.returncode == 0, "it was never whole: more steps are needed"
    assert died > 15


OPENED = """
    import sys
    from pathlib import Path
    from ras.store import EmbeddingStore
    from tests.store_samples import missing
    with EmbeddingStore(Path(sys.argv[1])) as store:
        print(len(missing(store, range(1000))), len(store.notices))
"""


def test_of_several_programs_one_saves_it_and_all_have_it(folder: Path) -> None:
    spoil(folder, [pages_of(folder, "fresh")[1]])
    children = [run(OPENED, folder) for _ in range(4)]
    said = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0] * 4, said
    lost, told = zip(*(map(int, out.split()) for out, _ in said))
    assert len(set(lost)) == 1
    assert sum(told) == 1
    assert len(list((folder / "damaged").iterdir())) == 1


def test_who_had_the_damaged_one_open_hears_of_it_and_writes_nothing_into_it(folder: Path) -> None:
    with EmbeddingStore(folder) as before:
        check(before, range(PICTURES))
        spoil(folder, [pages_of(folder, "previews")[0]])
        with EmbeddingStore(folder) as store:
            assert "could be saved" in store.notices[0]
            with pytest.raises(StoreError, match="moved or deleted"):
                fill(before, range(PICTURES, PICTURES + 5))
            recover(store)
            check_all(store)


def test_who_opens_it_while_it_is_put_in_its_place_has_what_was_saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He looked before it was made, and comes when neither the damaged one nor the new one is at its place."""
    spoil(folder, pages_of(folder, "previews")[:1])
    late: list[threading.Thread] = []
    looked: list[int] = []
    found: list[list[int]] = []
    real_sync, real_look = salvage.sync_folder, damage.clear_the_way

    def open_it() -> None:
        with EmbeddingStore(folder) as store:
            found.append(missing(store, range(PICTURES)))
            fill(store, range(PICTURES, PICTURES + 5))

    def sync(path: Path) -> None:
        real_sync(path)
        if path.parent.name == "damaged":
            late.append(threading.Thread(target=open_it))
            late[0].start()
            time.sleep(0.5)
            assert not (folder / "facts.sqlite").exists(), "he must not make another one"

    def look(path: Path) -> list[str]:
        if threading.current_thread() in late and not looked:
            looked.append(1)
            return []
        return real_look(path)

    monkeypatch.setattr(salvage, "sync_folder", sync)
    monkeypatch.setattr(damage, "clear_the_way", look)
    with EmbeddingStore(folder) as store:
        assert "could be saved" in store.notices[0]
        late[0].join(60)
        assert looked == [1]
        assert found == [[]]
        assert missing(store, range(PICTURES + 5)) == []
    with EmbeddingStore(folder) as store:
        assert store.notices == []
        recover(store)
        check_all(store)


def test_who_is_opening_the_damaged_one_when_it_is_replaced_has_what_was_saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, saved = connection.Facts._look_into, []

    def look_into(self: connection.Facts, facts: sqlite3.Connection) -> None:
        if not saved:
            saved.append("")
            (folder / MARK).touch()
            with EmbeddingStore(folder) as another:
                saved.extend(another.notices)
        real(self, facts)

    monkeypatch.setattr(connection.Facts, "_look_into", look_into)
    with EmbeddingStore(folder) as store:
        assert "could be saved" in saved[1]
        fill(store, range(PICTURES, PICTURES + 5))
    with EmbeddingStore(folder) as store:
        assert missing(store, range(PICTURES + 5)) == []


def test_another_program_that_writes_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ras.store.salvage.BUSY_SECONDS", 0.1)
    with contextlib.closing(sqlite3.connect(folder / "facts.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        (folder / MARK).touch()
        with pytest.raises(StoreError, match="another program writes in it"):
            EmbeddingStore(folder)
    with EmbeddingStore(folder) as store:
        assert missing(store, range(PICTURES)) == []


def unless_of(path: Path) -> Callable[[Path, Path], None]:
    """``os.rename`` as on Windows while another program has this file open."""
    real = os.rename

    def rename(source: Path, target: Path) -> None:
        if source == path:
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")
        real(source, target)

    return rename


def not_now(*_: object) -> str:
    raise KeyboardInterrupt


@pytest.mark.parametrize("how", ["refused", "interrupted"])
def test_what_others_commit_while_the_new_one_waits_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """On Windows the window itself has the file open, so that it cannot be renamed, and goes on indexing."""
    more = range(PICTURES, PICTURES + 50)
    with EmbeddingStore(folder) as before:
        check(before, range(PICTURES))
        (folder / MARK).touch()
        with monkeypatch.context() as patch:
            if how == "refused":
                patch.setattr(os, "rename", unless_of(folder / "facts.sqlite"))
                with pytest.raises(StoreError, match="being used by another process"):
                    EmbeddingStore(folder)
                assert not (folder / SALVAGED).exists()
                assert list((folder / "damaged").iterdir()) == []
            else:
                patch.setattr(salvage, "_put_in_place", not_now)
                with pytest.raises(KeyboardInterrupt):
                    EmbeddingStore(folder)
                assert (folder / SALVAGED / "facts.sqlite").exists()
        fill(before, more)
    with EmbeddingStore(folder) as store:
        (told,) = store.notices
        assert "could be saved" in told
        check(store, range(PICTURES + 50))
    assert not (folder / SALVAGED).exists()


def test_the_new_one_that_waits_is_not_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(folder, pages_of(folder, "previews")[:1])
    with monkeypatch.context() as patch:
        patch.setattr(salvage, "_put_in_place", not_now)
        with pytest.raises(KeyboardInterrupt):
            EmbeddingStore(folder)
    monkeypatch.setattr(salvage, "_make", lambda *_: pytest.fail("it is whole"))
    with EmbeddingStore(folder) as store:
        assert "could be saved" in store.notices[0]
        assert missing(store, range(PICTURES)) == []


def test_while_another_program_goes_on_writing_the_damaged_one_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = spoil(folder, pages_of(folder, "previews")[:1])
    states = itertools.count()
    with monkeypatch.context() as patch:
        patch.setattr(salvage, "_state", lambda _: next(states))
        with pytest.raises(StoreError, match="another program writes in it"):
            EmbeddingStore(folder)
    assert (folder / "facts.sqlite").read_bytes() == damaged
    assert not (folder / SALVAGED).exists()
    with EmbeddingStore(folder) as store:
        assert "could be saved" in store.notices[0]


def test_without_room_nothing_is_touched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = spoil(folder, [pages_of(folder, "previews")[0]])
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: namedtuple("usage", "free")(1_000_000))
        with pytest.raises(StoreError, match=r"needs .* MB on its disk. Make room"):
            EmbeddingStore(folder)
    assert (folder / "facts.sqlite").read_bytes() == damaged
    assert not (folder / "salvage.part").exists()
    with EmbeddingStore(folder) as store:
        assert "could be saved" in store.notices[0]


LIMITED = """
    import resource, signal, sys
    from pathlib import Path
    from ras.errors import StoreError
    from ras.store import EmbeddingStore
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    try:
        EmbeddingStore(Path(sys.argv[1]))
    except StoreError as exc:
        print(exc)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_where_no_more_can_be_written_the_store_stays_as_it_is(folder: Path, tmp_path: Path) -> None:
    """A quota: what the disk says is free is no use."""
    damaged = spoil(folder, pages_of(folder, "previews")[:1])
    said, trace = run(LIMITED, folder).communicate(timeout=60)
    assert "what can still be read of it could not be saved" in said, trace
    left_as_it_was(folder, damaged)
    assert [path.name for path in tmp_path.iterdir() if ".damaged-" in path.name] == []
    with EmbeddingStore(folder) as store:
        assert "could be saved" in store.notices[0]
        assert missing(store, range(PICTURES)) == []


def left_as_it_was(folder: Path, damaged: bytes) -> None:
    assert (folder / "facts.sqlite").read_bytes() == damaged
    assert (folder / MARK).exists()
    assert not (folder / "salvage.part").exists()
    assert not (folder / SALVAGED).exists()


def unwritable(*_: object) -> None:
    raise OSError(5, "Input/output error")


@pytest.mark.parametrize("what", ["fsync", "rename", "mkdir"])
def test_a_disk_that_fails_is_a_sentence_and_the_store_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    damaged = spoil(folder, pages_of(folder, "previews")[:1])
    with monkeypatch.context() as patch:
        patch.setattr(os, what, unwritable)
        with pytest.raises(StoreError, match=r"Input/output error\. It was left as it is\. Make sure"):
            EmbeddingStore(folder)
    left_as_it_was(folder, damaged)
    with EmbeddingStore(folder) as store:
        assert "could be saved" in store.notices[0]


def test_a_disk_that_does_not_tell_how_much_is_free_is_tried(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(folder, pages_of(folder, "previews")[:1])
    monkeypatch.setattr(shutil, "disk_usage", unwritable)
    with EmbeddingStore(folder) as store:
        assert "could be saved" in store.notices[0]


@pytest.mark.parametrize("told", ["{", "[]", json.dumps({"aside": "../..", "sentence": "", "shards": []})])
def test_what_waits_may_be_anything(folder: Path, tmp_path: Path, told: str) -> None:
    (folder / SALVAGED).mkdir()
    (folder / SALVAGED / "facts.sqlite").write_bytes(b"no database")
    (folder / SALVAGED / "told.json").write_text(told)
    before = (folder / "facts.sqlite").read_bytes()
    with EmbeddingStore(folder) as store:
        assert "a new one was begun" in store.notices[0]
    (aside,) = tmp_path.glob("store.damaged-*")
    assert (aside / "facts.sqlite").read_bytes() == before


def test_where_nothing_can_be_read_the_folder_is_set_aside(folder: Path, tmp_path: Path) -> None:
    pages = range(1, (folder / "facts.sqlite").stat().st_size // PAGE)
    damaged = spoil(folder, list(pages))
    with EmbeddingStore(folder) as store:
        assert "a new one was begun" in store.notices[0]
        assert store.archives() == ()
    (aside,) = tmp_path.glob("store.damaged-*")
    assert (aside / "facts.sqlite").read_bytes() == damaged
    assert sorted(path.name for path in aside.iterdir()) == sorted(["facts.sqlite", MARK, "shards"])


def test_repair_saves_it_and_names_what_must_be_indexed_again(made: Path) -> None:
    shutil.copytree(made, store_folder())
    spoil(store_folder(), [pages_of(store_folder(), "fresh")[1]])
    (store_folder() / MARK).unlink()
    repaired = finish(repair())
    assert "it saves what can still be read" in " ".join(repaired.verified.damaged).replace("RAS starts again ", "")
    assert "could be saved" in repaired.sentence
    ((name, pictures),) = repaired.incomplete
    assert name == "general"
    assert 0 < pictures < 200


# The reader by itself.


class Harmed:
    """A connection that says of some rows what SQLite says of rows on pages that are damaged."""

    def __init__(self, connection: sqlite3.Connection, dead: Callable[[int], bool]) -> None:
        self._connection, self._dead = connection, dead
        self.asked = 0

    def execute(self, statement: str, values: tuple[object, ...]) -> Iterator[tuple[int, ...]]:
        self.asked += 1
        for row in self._connection.execute(statement, values):
            if self._dead(row[0]):
                raise sqlite3.DatabaseError("database disk image is malformed")
            yield row


@pytest.fixture
def numbers() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, twice)")
        connection.executemany(
            "INSERT INTO numbers VALUES (?, ?)", [(n, 2 * n) for n in [-(2**60), *range(2000), 2**61]]
        )
        yield connection


@pytest.mark.parametrize("dead", [set(), {7}, {0, 1999}, set(range(500, 640)), {*range(3), *range(900, 2000, 50)}])
def test_every_row_is_read_but_those_that_cannot_be(numbers: sqlite3.Connection, dead: set[int]) -> None:
    harmed = Harmed(numbers, dead.__contains__)
    found = readable.readable(harmed, "numbers", ["id", "twice"], BY_ROWID, 1e18)  # type: ignore[arg-type]
    alive = [n for n in [-(2**60), *range(2000), 2**61] if n not in dead]
    assert sorted(found) == [(n, 2 * n) for n in alive]


def test_reading_ends_after_so_many_tries_and_at_its_time(
    numbers: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    harmed = Harmed(numbers, lambda number: number % 3 == 0)
    monkeypatch.setattr(readable, "MOST_GAPS", 100)
    some = list(readable.readable(harmed, "numbers", ["id"], BY_ROWID, 1e18))  # type: ignore[arg-type]
    assert 0 < len(some) < 1300
    assert harmed.asked <= 200
    assert list(readable.readable(harmed, "numbers", ["id"], BY_ROWID, 0.0)) == []  # type: ignore[arg-type]


def test_the_middle_of_two_keys() -> None:
    for order, row in ((BY_HASH, (b"\x80" + bytes(31),)), (BY_HOLDING, (-3, 2**62)), (BY_ROWID, (-9,))):
        key = order.key(row)
        assert order.first <= key <= order.last
        assert order.values(key) == row
    assert BY_HOLDING.key((1, 2**62)) < BY_HOLDING.key((2, -(2**62)))


def test_a_view_in_the_place_of_a_table_is_not_read(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "facts.sqlite", isolation_level=None)) as facts:
        facts.execute("DROP TABLE features")
        facts.execute("CREATE VIEW features AS SELECT * FROM previews")
        assert readable.columns_of(facts, "features") == []
        assert readable.columns_of(facts, "previews") == ["content", "data", "checksum"]
