"""The embedding store: adding and reading back."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest

from ras.errors import SkipReason, StoreError
from ras.records import finish
from ras.store import EmbeddingStore, Entry, Failure, IndexFacts, connection, filling
from ras.store.packing import key_from, pack_ids, stored_key, unpack_ids
from tests.store_samples import (
    DIMENSION,
    ENCODER,
    archive_of,
    check,
    embedding_of,
    entry_of,
    fill,
    hash_of_content,
    key_of,
    missing,
    preview_of,
    record_of,
    rows_by_content,
)

OTHER = "fingerprint:1"


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "SHARD_ROWS", 40)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as store:
        yield store


def shard_files(store: EmbeddingStore) -> list[Path]:
    return sorted((store.folder / "shards").glob("*.joblib"))


def test_what_was_added_is_read_back_bit_for_bit_also_by_the_next_program(tmp_path: Path) -> None:
    numbers = list(range(100))
    with EmbeddingStore(tmp_path / "store") as store:
        store.register(archive_of(numbers))
        fill(store, numbers)
        check(store, numbers)
        assert len(shard_files(store)) == 2, "nothing was sealed"
        assert store.usage().embeddings == {ENCODER: 100}
    with EmbeddingStore(tmp_path / "store") as store:
        assert not store.notices
        check(store, numbers)


def test_a_new_store_is_empty(store: EmbeddingStore) -> None:
    assert store.archives() == ()
    assert store.generation(ENCODER) == 0
    assert len(store.view(ENCODER).contents) == 0
    assert list(store.view(ENCODER).blocks()) == []
    assert store.contents_of([record_of(1)], ENCODER).tolist() == [-1]
    assert store.contents_of([], ENCODER).shape == (0,)
    assert store.failures() == {}
    assert hash_of_content(1) not in store.embedded_hashes(ENCODER)
    assert store.index_facts(ENCODER) is None
    assert store.usage().embeddings == {}


def test_the_same_bytes_are_one_content_of_several_pictures(store: EmbeddingStore) -> None:
    store.add(ENCODER, DIMENSION, [entry_of(1, content=7), entry_of(2, content=7), entry_of(3, content=8)])
    # As fill_store gives it: known bytes come without an embedding.
    store.add(ENCODER, DIMENSION, [Entry(key_of(4), hash_of_content(7), None, None)])
    first, second, third, fourth = store.contents_of([record_of(number) for number in (1, 2, 3, 4)], ENCODER).tolist()
    assert first == second == fourth != third
    assert set(rows_by_content(store)) == {first, third}
    assert store.usage().pictures == 4
    assert store.usage().contents == 2
    assert store.usage().embeddings == {ENCODER: 2}


def test_a_content_keeps_its_first_embedding_whether_fresh_or_sealed(store: EmbeddingStore) -> None:
    fill(store, range(45))
    again = dataclasses.replace(entry_of(3), embedding=embedding_of(99), preview=b"another")
    fresh_again = dataclasses.replace(entry_of(44), embedding=embedding_of(99))
    store.add(ENCODER, DIMENSION, [again, fresh_again])
    check(store, range(45))
    assert store.usage().embeddings == {ENCODER: 45}


def test_a_picture_with_new_bytes_has_their_content(store: EmbeddingStore) -> None:
    fill(store, range(3))
    before = store.contents_of([record_of(1)], ENCODER)[0]
    generation = store.generation(ENCODER)
    store.add(ENCODER, DIMENSION, [entry_of(1, content=50)])
    after = store.contents_of([record_of(1)], ENCODER)[0]
    assert after != before
    assert store.generation(ENCODER) > generation
    assert rows_by_content(store)[int(after)] == embedding_of(50).astype(np.float16).tobytes()


def test_encoders_lie_side_by_side_and_never_mix(store: EmbeddingStore) -> None:
    fill(store, range(60))
    fill(store, range(30, 50), OTHER)
    check(store, range(60))
    check(store, range(30, 50), OTHER)
    assert missing(store, range(60), OTHER) == [*range(30), *range(50, 60)]
    assert len(store.view(OTHER).contents) == 20
    known = store.embedded_hashes(OTHER)
    assert [number for number in range(60) if hash_of_content(number) in known] == list(range(30, 50))
    assert store.usage().contents == 60, "the same bytes are one content, whatever encodes them"
    assert store.usage().embeddings == {ENCODER: 60, OTHER: 20}


def test_an_encoder_cannot_change_its_dimension(store: EmbeddingStore) -> None:
    fill(store, range(2))
    with pytest.raises(StoreError, match="16 numbers"):
        store.add(ENCODER, 8, [entry_of(3, dimension=8)])
    with pytest.raises(ValueError, match="shape"):
        store.add(ENCODER, DIMENSION, [entry_of(3), entry_of(4, dimension=8)])
    assert missing(store, [3, 4]) == [3, 4], "a call that fails must leave nothing"
    fill(store, range(2, 5))
    check(store, range(5))


def test_generation_grows_with_every_change_and_only_then(tmp_path: Path) -> None:
    with EmbeddingStore(tmp_path / "store") as store, EmbeddingStore(tmp_path / "store") as another:
        seen = [store.generation(ENCODER)]
        for number in range(50):
            another.add(ENCODER, DIMENSION, [entry_of(number)])
            seen.append(store.generation(ENCODER))
            assert seen[-1] == store.generation(ENCODER) == store.view(ENCODER).generation
        assert seen == sorted(set(seen))
        fill(another, range(50, 60), OTHER)
        store.register(archive_of(range(60)))
        assert store.generation(ENCODER) == seen[-1], "other contents of another encoder are no change"
        # …but this picture now has a content that the first encoder knows.
        another.add(
            OTHER, DIMENSION, [dataclasses.replace(entry_of(70, encoder_id=OTHER), content_hash=hash_of_content(1))]
        )
        assert store.generation(ENCODER) > seen[-1]
        assert missing(store, [70]) == []


def test_a_store_begun_anew_does_not_look_like_a_state_of_the_one_before(tmp_path: Path) -> None:
    generations = set()
    for name in ("one", "two"):
        with EmbeddingStore(tmp_path / name) as store:
            fill(store, range(3))
            generations.add(store.generation(ENCODER))
    assert len(generations) == 2


def test_content_ids_are_never_used_again(store: EmbeddingStore) -> None:
    id = store.register(archive_of(range(10)))
    fill(store, range(10))
    before = set(store.contents_of([record_of(number) for number in range(10)], ENCODER).tolist())
    list(store.remove(id))
    fill(store, range(10))
    after = set(store.contents_of([record_of(number) for number in range(10)], ENCODER).tolist())
    assert len(before) == len(after) == 10
    assert not before & after


def test_failures_are_kept_until_the_picture_succeeds(store: EmbeddingStore) -> None:
    odd = Failure(key_of(1), SkipReason.DAMAGED, "“\ud800 😀.png” is damaged.", 1e9, "megabytes=64")
    gone = Failure(key_of(2), SkipReason.GONE, "It is gone.", 2e9, "megabytes=64")
    strange = Failure("z:\udfff", SkipReason.EXPIRED, "", -1.5, "")
    store.add(ENCODER, DIMENSION, [], [odd, gone, strange])
    assert store.failures() == {failure.key: failure for failure in (odd, gone, strange)}
    assert store.failures([key_of(2), key_of(3)]) == {gone.key: gone}
    later = dataclasses.replace(gone, reason=SkipReason.EXPIRED, at=3e9)
    store.add(ENCODER, DIMENSION, [entry_of(1)], [later])
    assert store.failures() == {later.key: later, strange.key: strange}
    store.add(ENCODER, DIMENSION, [Entry(key_of(2), hash_of_content(1), None, None)])
    assert store.failures([key_of(2)]) == {}
    many = [Failure(key_of(number), SkipReason.GONE, "", 0.0, "") for number in range(100, 3100)]
    store.add(ENCODER, DIMENSION, [], many)
    assert len(store.failures([failure.key for failure in many])) == 3000


def test_an_entry_whose_content_went_away_meanwhile_is_indexed_by_the_next_run(
    store: EmbeddingStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.add(ENCODER, DIMENSION, [Entry(key_of(1), hash_of_content(1), None, None)])
    assert "no embedding" in caplog.text
    assert missing(store, [1]) == [1]
    fill(store, [1])
    check(store, [1])


def test_embedded_hashes_tell_hashes_apart_that_end_in_zeros(store: EmbeddingStore) -> None:
    hashes = ["ab" * 31 + "00", "ab" * 30 + "0000", "00" * 32, "00" * 31 + "01", "ff" * 32]
    entries = [Entry(f"a:{n}", digest, embedding_of(n), None) for n, digest in enumerate(hashes)]
    store.add(ENCODER, DIMENSION, entries)
    known = store.embedded_hashes(ENCODER)
    assert all(digest in known for digest in hashes)
    for digest in ("ab" * 32, "00" * 30 + "0100", "ab" * 31 + "01", "fe" * 32, "ab" * 29 + "000000"):
        assert digest not in known


def test_embedded_hashes_may_be_asked_by_any_thread(store: EmbeddingStore) -> None:
    fill(store, range(90))
    known = store.embedded_hashes(ENCODER)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: hash_of_content(number) in known, range(180)))
    assert answers == [True] * 90 + [False] * 90
    assert hash_of_content(1000) not in known
    fill(store, [1000])
    assert hash_of_content(1000) not in known, "it is a snapshot"


def test_blocks_and_take_give_the_rows_that_are_asked_for(store: EmbeddingStore) -> None:
    fill(store, range(100))
    view = store.view(ENCODER)
    everything = np.concatenate([rows for _, rows in view.blocks()])
    assert everything.shape == (100, DIMENSION)
    assert everything.dtype == np.float16
    assert np.concatenate([numbers for numbers, _ in view.blocks()]).tolist() == list(range(100))
    generator = np.random.default_rng(5)
    wanted_sets = [np.array([0]), np.array([99]), np.arange(30, 95), np.array([], np.int64), np.arange(100)]
    wanted_sets += [np.sort(generator.choice(100, size, replace=False)) for size in (2, 10, 57)]
    for wanted in wanted_sets:
        blocks = [(numbers, rows.copy()) for numbers, rows in view.blocks(wanted)]
        assert [number for numbers, _ in blocks for number in numbers.tolist()] == wanted.tolist()
        for numbers, rows in blocks:
            assert len(numbers)
            assert rows.tobytes() == everything[numbers].tobytes()
    mixed = generator.integers(0, 100, 50)
    assert view.take(mixed).tobytes() == everything[mixed].tobytes()
    assert view.take(np.array([], np.int64)).shape == (0, DIMENSION)
    for wrong in ([-1, 3], [5, 100]):
        with pytest.raises(IndexError):
            view.take(np.array(wrong))


def test_a_view_stays_as_it_was(tmp_path: Path) -> None:
    with EmbeddingStore(tmp_path / "store") as store, EmbeddingStore(tmp_path / "store") as another:
        fill(store, range(70))
        view = store.view(ENCODER)
        before = view.take(np.arange(70))
        fill(another, range(70, 130))  # seals the rows that were fresh
        assert view.take(np.arange(70)).tobytes() == before.tobytes()
        assert len(view.contents) == 70
        with pytest.raises(ValueError, match="read-only"):
            view.contents[0] = 1
        # Rows keep their numbers while a store only grows: an index of them can grow too.
        now = store.view(ENCODER)
        assert now.contents[:70].tolist() == view.contents.tolist()


def test_contents_of_is_the_same_from_the_whole_table_and_key_by_key(store: EmbeddingStore) -> None:
    fill(store, [number for number in range(3000) if number not in (1500, 1501, 1502)], batch=1000)
    wanted = [record_of(number) for number in (5, 2999, 4000, 8, 8, 7, 1500, 1501, 1502)]
    few = store.contents_of(wanted, ENCODER)
    many = store.contents_of([*wanted, *(record_of(number) for number in range(3000))], ENCODER)
    assert few.tolist() == many[:9].tolist()
    assert few[[2, 6, 7, 8]].tolist() == [-1] * 4
    assert (few[[0, 1, 3, 4, 5]] >= 0).all()
    assert few[3] == few[4] != few[5]


def test_previews_are_there_for_what_has_one(store: EmbeddingStore) -> None:
    store.add(ENCODER, DIMENSION, [entry_of(1), dataclasses.replace(entry_of(2), preview=None)])
    first, second = store.contents_of([record_of(1), record_of(2)], ENCODER).tolist()
    assert store.previews([first, second, -1, 12345]) == {first: preview_of(1)}
    assert store.usage().preview_bytes == len(preview_of(1))
    store.add(OTHER, DIMENSION, [dataclasses.replace(entry_of(2, encoder_id=OTHER), preview=b"later")])
    assert store.previews([second]) == {second: b"later"}


def index_facts(store: EmbeddingStore, name: str, rows: int | np.int64 = 5) -> IndexFacts:
    path = store.indexes_folder / name
    path.write_bytes(name.encode())
    contents = np.arange(rows, dtype=np.int64)[::-1] * 10**12
    return IndexFacts(name, "flat", rows, 3, path.stat().st_size, "00", path.stat().st_mtime_ns, 16, contents)


def test_the_facts_of_an_index_are_kept_and_its_file_goes_when_it_is_replaced(tmp_path: Path) -> None:
    with EmbeddingStore(tmp_path / "store") as store, EmbeddingStore(tmp_path / "store") as another:
        with pytest.raises(StoreError, match="no embeddings"):
            store.set_index(ENCODER, index_facts(store, "none.faiss"))
        fill(store, range(3))
        for facts in (index_facts(store, "one.faiss"), index_facts(store, "two.faiss", rows=np.int64(9))):
            store.set_index(ENCODER, facts)
            for reader in (store, another):
                read = reader.index_facts(ENCODER)
                assert read is not None
                assert read.contents.tolist() == facts.contents.tolist()
                assert dataclasses.replace(read, contents=0) == dataclasses.replace(facts, contents=0)
        assert not (store.indexes_folder / "one.faiss").exists()
        assert (store.indexes_folder / "two.faiss").exists()
        store.set_index(ENCODER, None)
        assert another.index_facts(ENCODER) is None
        assert not (store.indexes_folder / "two.faiss").exists()
        for name in ("../facts.sqlite", "a/b.faiss", ".faiss", "x.txt"):
            with pytest.raises(ValueError, match="no name"):
                store.set_index(ENCODER, dataclasses.replace(facts, file=name))


def test_commits_wait_for_the_disk_now_and_then_and_before_anything_is_deleted(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.register(archive_of(range(0, 100, 2)))
    said: list[str] = []
    store._facts.connection.set_trace_callback(said.append)

    def synchronous() -> list[str]:
        found = [line.rsplit(" ", 1)[1] for line in said if line.startswith("PRAGMA synchronous")]
        said.clear()
        return found

    monkeypatch.setattr(connection, "SYNC_SECONDS", 3600.0)
    fill(store, range(100))
    assert set(synchronous()) == {"NORMAL"}
    monkeypatch.setattr(connection, "SYNC_SECONDS", 0.0)
    store.add(ENCODER, DIMENSION, [entry_of(100)])
    assert set(synchronous()) == {"FULL"}
    monkeypatch.setattr(connection, "SYNC_SECONDS", 3600.0)
    finish(store.compact())
    mode, modes = "", []
    for line in said:
        mode = line.rsplit(" ", 1)[1] if line.startswith("PRAGMA synchronous") else mode
        modes += [mode] if line.startswith("DELETE FROM shards") else []
    assert modes
    assert set(modes) == {"FULL"}, "files were deleted that a power cut would bring back into the facts"


def test_a_store_stays_on_its_thread(store: EmbeddingStore) -> None:
    trouble: list[BaseException] = []

    def use() -> None:
        try:
            store.generation(ENCODER)
        except sqlite3.ProgrammingError as exc:
            trouble.append(exc)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert "thread" in str(trouble[0])


@pytest.mark.parametrize(
    "key",
    [
        *("a:1", "a:0", "a:-5", "a:007", "a: 7", "a:1_0", "a:٣", "a:9223372036854775807", "a:9223372036854775808"),
        *("u:" + "0f" * 16, "u:" + "0F" * 16, "u:" + "0f " * 10 + "0f", "u:ab", "u:", "a:", ""),
        *("x\udc80\U0001f600\0", "a:" + "9" * 5000),
    ],
)
def test_a_key_is_stored_reversibly(key: str) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        stored = memory.execute("SELECT ?", (stored_key(key),)).fetchone()[0]
    assert key_from(stored) == key


def test_ids_are_packed_reversibly_and_small() -> None:
    generator = np.random.default_rng(1)
    for ids in (np.zeros(0, np.int64), np.array([2**62, 0, -1]), generator.integers(0, 2**60, 1000)):
        assert unpack_ids(pack_ids(ids)).tolist() == ids.tolist()
    assert len(pack_ids(np.arange(4096) + 10**6)) < 300
