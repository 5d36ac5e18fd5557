"""Shards that are damaged, cut, swapped, missing or hostile: noticed before they are opened, set aside, made anew."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
from pathlib import Path
from typing import Any, Callable, Iterator

import joblib
import numpy as np
import pytest

from ras.errors import StaleView, StoreError
from ras.records import finish
from ras.store import EmbeddingStore, IndexFacts, filling, shards
from ras.store.shards import Shard, ShardTrouble, hash_of, map_shard, write_shard
from tests.store_samples import ENCODER, archive_of, check, fill, missing, rows_by_content

NUMBERS = range(170)  # three shards of 40 rows or a little more, and some fresh rows


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "SHARD_ROWS", 40)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as store:
        store.register(archive_of(NUMBERS))
        fill(store, NUMBERS)
        yield store


def shard_files(store: EmbeddingStore) -> list[Path]:
    """In the order of their rows."""
    found = store._facts.connection.execute("SELECT file FROM shards ORDER BY id").fetchall()
    return [store.folder / "shards" / file for (file,) in found]


class Canary:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def flip_in_the_head(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def delete(path: Path) -> None:
    path.unlink()


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_another_array(path: Path) -> None:
    joblib.dump(np.ones_like(joblib.load(path)), path)


HARMS = [flip_a_bit, flip_in_the_head, cut, empty, lengthen, delete, make_a_folder, replace_by_another_array]


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_shard_is_set_aside_and_only_its_pictures_are_made_anew(
    store: EmbeddingStore, harm: Callable[[Path], None]
) -> None:
    victim = shard_files(store)[1]
    harm(victim)
    view = store.view(ENCODER)
    generation = store.generation(ENCODER)
    with pytest.raises(StaleView) as caught:
        list(view.blocks())
    assert caught.value.damaged
    assert victim.name in str(caught.value)
    assert "index the archive once more" in str(caught.value)
    assert not victim.exists()
    assert store.generation(ENCODER) > generation
    lost = missing(store, NUMBERS)
    assert 40 <= len(lost) < 60
    check(store, [number for number in NUMBERS if number not in lost])
    fill(store, lost)
    check(store, NUMBERS)
    if harm is not delete:
        (aside,) = (store.folder / "damaged").iterdir()
        assert aside.name == victim.name
        assert str(aside) in str(caught.value)


def test_take_notices_damage_too_and_what_is_not_touched_is_still_read(store: EmbeddingStore) -> None:
    flip_a_bit(shard_files(store)[1])
    view = store.view(ENCODER)
    assert view.take(np.arange(20)).shape == (20, 16)
    assert view.take(np.array([169])).shape == (1, 16)
    with pytest.raises(StaleView):
        view.take(np.array([169, 60, 3]))


def test_swapped_shards_are_both_noticed(store: EmbeddingStore) -> None:
    one, two = shard_files(store)[:2]
    moved = one.with_name("x")
    os.rename(one, moved)
    os.rename(two, one)
    os.rename(moved, two)
    for _ in range(2):
        with pytest.raises(StaleView):
            list(store.view(ENCODER).blocks())
    lost = missing(store, NUMBERS)
    assert 80 <= len(lost) < 120
    check(store, [number for number in NUMBERS if number not in lost])


def test_damage_after_the_first_look_is_noticed(store: EmbeddingStore) -> None:
    view = store.view(ENCODER)
    list(view.blocks())
    flip_a_bit(shard_files(store)[0])
    with pytest.raises(StaleView):
        list(view.blocks())


def test_each_file_is_read_through_once_a_process(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    def counted(path: Path) -> bytes:
        hashed.append(path.name)
        return hash_of(path)

    monkeypatch.setattr(shards, "hash_of", counted)
    for _ in range(3):
        rows_by_content(store)
    with EmbeddingStore(store.folder) as another:
        rows_by_content(another)
    assert sorted(hashed) == sorted(path.name for path in shard_files(store))


@pytest.mark.parametrize("dump", [lambda value, path: path.write_bytes(pickle.dumps(value)), joblib.dump])
def test_a_hostile_pickle_in_the_place_of_a_shard_is_never_loaded(
    store: EmbeddingStore, tmp_path: Path, dump: Callable[[object, Path], object]
) -> None:
    canary = tmp_path / "canary"
    victim = shard_files(store)[0]
    dump(Canary(canary), victim)
    with pytest.raises(StaleView):
        list(store.view(ENCODER).blocks())
    finish(store.verify())
    finish(store.compact())
    assert not canary.exists()
    (aside,) = (store.folder / "damaged").iterdir()
    joblib.load(aside)
    assert canary.exists(), "the file was harmless"


def hostile_files(canary: Path, rows: np.ndarray) -> dict[str, bytes]:
    """Files of a size that a shard may have, which do something when they are loaded."""
    folder = canary.parent
    joblib.dump(rows, folder / "honest", protocol=4)
    honest = (folder / "honest").read_bytes()
    behind = honest[:-1] + pickle.dumps(Canary(canary), protocol=4)[2:]
    joblib.dump([Canary(canary), rows], folder / "before", protocol=4)
    joblib.dump([rows, Canary(canary)], folder / "after", protocol=4)
    # Old text codes, whose names stand in one argument.
    text = b"cos\nmkdir\n(V" + str(canary).encode() + b"\ntR0" + honest[2:]
    # Nothing but codes that shards have, with other words.
    strings = [b"\x8c" + bytes([len(part)]) + part for part in (b"os", b"mkdir", bytes(canary))]
    stack = b"\x80\x04" + strings[0] + strings[1] + b"\x93(" + strings[2] + b"tR" + honest[2:]
    big = pickle.dumps(Canary(canary)) + b"\0" * len(honest)
    files = {"before": (folder / "before").read_bytes(), "after": (folder / "after").read_bytes()}
    return {**files, "behind": behind, "text": text, "stack": stack, "big": big}


@pytest.mark.parametrize("kind", ["before", "after", "behind", "text", "stack", "big"])
def test_not_even_with_the_right_hash_is_a_hostile_pickle_loaded(
    store: EmbeddingStore, tmp_path: Path, kind: str
) -> None:
    """Someone's whole store, facts.sqlite included, was made to do harm."""
    canary = tmp_path / "canary"
    victim = shard_files(store)[0]
    rows = joblib.load(victim)
    data = hostile_files(canary, rows)[kind]
    victim.write_bytes(data)
    store._facts.connection.execute(
        "UPDATE shards SET size = ?, sha256 = ? WHERE file = ?", (len(data), hash_of(victim), victim.name)
    )
    with EmbeddingStore(store.folder) as opened:
        with pytest.raises(StaleView):
            list(opened.view(ENCODER).blocks())
        finish(opened.verify())
    assert not canary.exists()
    harmful = tmp_path / "harmful"
    harmful.write_bytes(data)
    with contextlib.suppress(Exception):
        joblib.load(harmful)
    assert canary.exists(), "the file was harmless"


def test_a_name_that_leads_elsewhere_is_never_opened(store: EmbeddingStore, tmp_path: Path) -> None:
    victim = shard_files(store)[0]
    elsewhere = tmp_path / "elsewhere.joblib"
    shutil.copy(victim, elsewhere)
    store._facts.connection.execute(
        "UPDATE shards SET file = ? WHERE file = ?", (f"../../{elsewhere.name}", victim.name)
    )
    with EmbeddingStore(store.folder) as opened, pytest.raises(StaleView, match="a name that RAS gives to no shard"):
        list(opened.view(ENCODER).blocks())
    assert elsewhere.exists(), "a file elsewhere must not be moved"


def test_a_shard_that_another_program_tidied_away_is_no_damage(store: EmbeddingStore) -> None:
    view = store.view(ENCODER)
    with EmbeddingStore(store.folder) as another:
        another.register(archive_of(range(0, 170, 2)))
        finish(another.compact())
    with pytest.raises(StaleView) as caught:
        list(view.blocks())
    assert not caught.value.damaged
    assert not (store.folder / "damaged").exists()
    check(store, range(0, 170, 2))


def test_a_file_that_cannot_be_read_now_is_not_given_up(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(shards, "hash_of", unreadable)
        with pytest.raises(StoreError, match="cannot be read: Input/output error") as caught:
            list(store.view(ENCODER).blocks())
        assert not isinstance(caught.value, StaleView)
    check(store, NUMBERS)


def test_a_shard_is_written_as_joblib_reads_it(tmp_path: Path) -> None:
    rows = np.random.default_rng(3).normal(size=(100, 24)).astype(np.float16)
    file, size, sha256 = write_shard(tmp_path, "clip:ViT-B/32 é", rows)
    path = tmp_path / file
    assert (path.stat().st_size, hash_of(path)) == (size, sha256)
    assert shards.SHARD_NAME.fullmatch(file)
    assert os.listdir(tmp_path) == [file], "a temporary file is left"
    read = joblib.load(path, mmap_mode="r")
    assert isinstance(read, np.memmap)
    assert read.dtype == np.float16
    assert read.tobytes() == rows.tobytes()
    shard = Shard(1, file, 100, 24, size, sha256, np.arange(100))
    mapped = map_shard(tmp_path, shard)
    assert mapped.rows.tobytes() == rows.tobytes()
    assert not mapped.rows.flags.writeable
    kept = mapped.rows[3]
    mapped.release()
    assert kept.tobytes() == rows[3].tobytes()
    for height, width in ((99, 24), (24, 100), (50, 48)):
        wrong = Shard(1, file, height, width, size, sha256, np.arange(height))
        shards._checked.clear()
        with pytest.raises(ShardTrouble, match="is no array"):
            map_shard(tmp_path, wrong)


def test_a_shard_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shards, "sync_folder", full)
    with pytest.raises(OSError, match="No space"):
        write_shard(tmp_path, ENCODER, np.zeros((5, 5), np.float16))
    assert os.listdir(tmp_path) == []


def test_verify_finds_all_damage_at_once(store: EmbeddingStore) -> None:
    assert finish(store.verify()).damaged == ()
    assert finish(store.verify()).shards == 3
    index = store.indexes_folder / "some.faiss"
    index.write_bytes(b"index")
    state = index.stat()
    facts = IndexFacts("some.faiss", "flat", 2, 1, 5, hash_of(index).hex(), state.st_mtime_ns, 1, np.arange(2))
    store.set_index(ENCODER, facts)
    assert finish(store.verify()).damaged == ()
    list(store.view(ENCODER).blocks())
    before = {path: path.stat() for path in shard_files(store)}
    one, _, three = shard_files(store)
    flip_a_bit(one)
    # As a bad disk does it: nothing else tells of it.
    os.utime(one, ns=(before[one].st_atime_ns, before[one].st_mtime_ns))
    delete(three)
    index.write_bytes(b"xndex")
    report = finish(store.verify())
    assert report.shards == 3
    assert len(report.damaged) == 3
    for name, sentence in zip((one.name, three.name, "some.faiss"), report.damaged):
        assert name in sentence
    lost = missing(store, NUMBERS)
    assert report.lost == len(lost) == 170 - len(rows_by_content(store)) > 0
    assert store.index_facts(ENCODER) is None
    assert {path.name for path in (store.folder / "damaged").iterdir()} == {one.name, "some.faiss"}
    assert finish(store.verify()) == type(report)(1, (), 0)
    fill(store, lost)
    check(store, NUMBERS)


def test_verify_goes_on_where_a_damaged_index_cannot_be_moved(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where the window has it mapped."""
    index = store.indexes_folder / "some.faiss"
    index.write_bytes(b"index")
    facts = IndexFacts("some.faiss", "flat", 2, 1, 5, "00", index.stat().st_mtime_ns, 1, np.arange(2))
    store.set_index(ENCODER, facts)
    real = os.rename

    def rename(source: Path, target: Path) -> None:
        if source == index:
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    report = finish(store.verify())
    assert report.damaged == ("The FAISS index some.faiss is damaged; the next indexing makes it anew.",)
    assert store.index_facts(ENCODER) is None
    assert finish(store.verify()).damaged == ()


def test_verify_finds_facts_that_sqlite_reads_without_complaint(tmp_path: Path) -> None:
    with EmbeddingStore(tmp_path / "store") as store:
        store.register(archive_of(NUMBERS))
        fill(store, NUMBERS)
        connection = store._facts.connection
        connection.execute("PRAGMA writable_schema = ON")
        other_root = "(SELECT rootpage FROM sqlite_master WHERE name = 'previews')"
        connection.execute(f"UPDATE sqlite_master SET rootpage = {other_root} WHERE name = 'failures'")
        connection.execute("PRAGMA writable_schema = RESET")
    with EmbeddingStore(tmp_path / "store") as store:
        report = finish(store.verify())
        assert "are damaged" in report.damaged[0]
        assert "When RAS starts again" in report.damaged[0]
    with EmbeddingStore(tmp_path / "store") as store:
        assert "set aside" in store.notices[0]
