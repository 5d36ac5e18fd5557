"""The index of local features: always what the store has, in files that are trusted only after a check."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import logging
import os
import tracemalloc
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import numpy as np
import pytest

from ras.encoders.fingerprint import FingerprintEncoder
from ras.errors import StoreError
from ras.matching import Features, QueryFeatures, inverted
from ras.matching.codebook import WORDS
from ras.matching.local import LocalExtractor
from ras.records import Event, ImageRecord, Notice, finish
from ras.store import EmbeddingStore, FeatureSegment, shards
from ras.strategies import feature_index, segment_file
from ras.strategies.feature_index import FeatureIndex
from ras.strategies.segment_file import UnusableSegment, open_segment
from tests.drawn_archives import Made, altered, drawn, made_up, put
from tests.pictures import archive, record

ENCODER = FingerprintEncoder()
ID = LocalExtractor.id
ROW = np.ones(512, np.float32) / 512**0.5
FULL, LOOSE = 20, 5


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverted, "SEGMENT_PICTURES", FULL)
    monkeypatch.setattr(feature_index, "LOOSE_PICTURES", LOOSE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as opened:
        yield opened


@pytest.fixture(scope="module")
def pictures() -> list[Features]:
    return [Made(drawn(number)).features for number in range(4)]


@pytest.fixture(scope="module")
def queries() -> list[QueryFeatures]:
    return [QueryFeatures.of(altered("crop to 50 % of area", number).image) for number in range(4)]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of how many pictures inverted files were made, one after the other."""
    amounts: list[int] = []
    build = inverted.build

    def counted(keypoints: Sequence[np.ndarray], hashes: Sequence[bytes]) -> inverted.Segment:
        amounts.append(len(hashes))
        return build(keypoints, hashes)

    monkeypatch.setattr(inverted, "build", counted)
    return amounts


def fill(
    store: EmbeddingStore, start: int, count: int, among: dict[int, Features] | None = None, path: str = "test.json"
) -> list[ImageRecord]:
    """So many records with features of no picture, but for those at the places of ``among``."""
    records = [record(number) for number in range(start, start + count)]
    store.register(archive(records, path))
    chance = np.random.default_rng(start)
    features = [(among or {}).get(number) or made_up(chance) for number in range(start, start + count)]
    put(store, ENCODER, records, [ROW] * count, features)
    return records


def content(store: EmbeddingStore, number: int) -> int:
    name = hashlib.sha256(f"a:{number}".encode()).hexdigest()
    return store.content_ids([name])[name]


def found(index: FeatureIndex, query: QueryFeatures, most: int = 10) -> list[int]:
    """The contents that the query's keypoints speak for."""
    places = finish(index.candidates(query, np.ones(len(index.contents), bool), most))
    contents: list[int] = index.contents[places].tolist()
    return contents


def refreshed(store: EmbeddingStore) -> FeatureIndex:
    index = FeatureIndex(store, ID)
    finish(index.refresh())
    return index


def notices(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def files_in(store: EmbeddingStore) -> set[str]:
    return {path.name for path in store.segments_folder.iterdir()}


def check_whole(index: FeatureIndex, store: EmbeddingStore) -> None:
    """It has what the store has, each once, and the folder what the store knows."""
    assert sorted(index.contents.tolist()) == store.featured_contents(ID).tolist()
    assert len(index.contents) == len(index.counts) == len(index.hashes)
    features = store.features(index.contents.tolist(), ID)
    for place, id in enumerate(index.contents.tolist()):
        assert index.hashes[place].tobytes() == Features.unpack(features[id]).hash
    assert files_in(store) == {segment.file for segment in store.segments(ID)}


def test_an_empty_store_has_an_empty_index(store: EmbeddingStore, queries: list[QueryFeatures]) -> None:
    index = refreshed(store)
    assert found(index, queries[0]) == []
    assert index.hashes.shape == (0, 32)
    fill(store, 0, 1)
    finish(index.refresh())
    check_whole(index, store)


def test_what_is_new_is_found_by_the_next_search(
    store: EmbeddingStore, pictures: list[Features], queries: list[QueryFeatures]
) -> None:
    fill(store, 0, 7)
    index = refreshed(store)
    assert found(index, queries[1]) == []
    version = index.version
    assert list(index.refresh()) == []
    assert index.version == version, "nothing has changed"
    fill(store, 7, 3, {8: pictures[1]}, "other.json")
    finish(index.refresh())
    assert index.version > version
    assert found(index, queries[1]) == [content(store, 8)]
    check_whole(index, store)


def test_only_what_is_allowed_is_found(
    store: EmbeddingStore, pictures: list[Features], queries: list[QueryFeatures]
) -> None:
    fill(store, 0, 50, {3: pictures[0], 23: pictures[0], 47: pictures[0]})  # in two files, and in memory
    index = refreshed(store)
    ids = [content(store, number) for number in (3, 23, 47)]
    assert found(index, queries[0]) == ids, "of equal ones the older first"
    for left_out in ids:
        places = finish(index.candidates(queries[0], index.contents != left_out, 10))
        assert index.contents[places].tolist() == [id for id in ids if id != left_out]
    assert len(finish(index.candidates(queries[0], index.contents != ids[0], 1))) == 1
    assert not len(finish(index.candidates(queries[0], np.zeros(50, bool), 10)))


def test_full_parts_become_files_and_rank_as_one_index_would(
    store: EmbeddingStore, pictures: list[Features], queries: list[QueryFeatures], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 0, 53, {number: pictures[number % 4] for number in range(0, 53, 3)})
    index = refreshed(store)
    check_whole(index, store)
    assert [segment.rows for segment in store.segments(ID)] == [FULL, FULL]
    monkeypatch.setattr(inverted, "SEGMENT_PICTURES", 100)
    monkeypatch.setattr(store._facts, "read_only", True)
    whole = FeatureIndex(store, ID)
    monkeypatch.setattr(EmbeddingStore, "segments", lambda *_: ())
    finish(whole.refresh())
    assert len(whole._inverted.parts) == 11
    for query in queries:
        assert found(index, query, 20) == found(whole, query, 20) != []


def test_another_start_makes_no_file_anew(
    store: EmbeddingStore, built: list[int], queries: list[QueryFeatures]
) -> None:
    fill(store, 0, 2 * FULL)
    first = refreshed(store)
    assert built == [FULL, FULL]
    built.clear()
    with EmbeddingStore(store.folder) as other:
        second = refreshed(other)
        assert built == []
        assert second.contents.tolist() == first.contents.tolist()
        check_whole(second, other)


def test_while_an_archive_is_indexed_little_is_made_anew(store: EmbeddingStore, built: list[int]) -> None:
    fill(store, 0, 12)
    index = refreshed(store)
    assert built == [LOOSE, LOOSE, 2]
    built.clear()
    fill(store, 12, 1, path="other.json")
    finish(index.refresh())
    assert built == [3]
    built.clear()
    fill(store, 13, 9, path="third.json")
    finish(index.refresh())
    assert built == [FULL, 2]
    check_whole(index, store)


def test_the_indexing_thread_makes_the_files_and_nothing_else(store: EmbeddingStore, built: list[int]) -> None:
    fill(store, 0, FULL + 7)
    assert len(finish(FeatureIndex(store, ID).make_files())) == 7
    assert built == [FULL]


def test_what_only_a_removed_archive_had_goes(
    store: EmbeddingStore, pictures: list[Features], queries: list[QueryFeatures]
) -> None:
    fill(store, 0, FULL, {2: pictures[0]}, "kept.json")
    fill(store, FULL, 9, {FULL + 3: pictures[0]}, "removed.json")
    index = refreshed(store)
    kept = content(store, 2)
    assert found(index, queries[0]) == [kept, content(store, FULL + 3)]
    unwanted = store.find(["removed.json"])
    assert unwanted is not None
    finish(store.remove(unwanted.id))
    finish(index.refresh())
    assert found(index, queries[0]) == [kept]
    check_whole(index, store)


def test_another_program_that_is_quicker_made_the_file(
    store: EmbeddingStore, pictures: list[Features], queries: list[QueryFeatures], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 0, 2 * FULL + 3, {30: pictures[2]})
    with EmbeddingStore(store.folder) as elsewhere:
        add = EmbeddingStore.add_segment
        begun: list[FeatureSegment] = []
        theirs: list[FeatureIndex] = []

        def late(mine: EmbeddingStore, features_id: str, segment: FeatureSegment) -> bool:
            if not begun:
                begun.append(segment)
                theirs.append(refreshed(elsewhere))
            return add(mine, features_id, segment)

        monkeypatch.setattr(EmbeddingStore, "add_segment", late)
        index = refreshed(store)
        assert begun[0].file not in files_in(store)
        for one in (index, *theirs):
            check_whole(one, store)
            assert found(one, queries[2]) == [content(store, 30)]
            assert len(one._loose) == 1


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def swap(path: Path) -> None:
    (other,) = (one for one in path.parent.iterdir() if one != path)
    data = path.read_bytes()
    path.write_bytes(other.read_bytes())
    other.write_bytes(data)


HARM = {
    cut: ("instead of", 1),
    flip: ("does not hold what RAS wrote", 1),
    swap: ("not hold", 2),
    os.unlink: ("missing", 1),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_file_that_is_not_what_was_written_is_set_aside_and_made_anew(
    store: EmbeddingStore,
    pictures: list[Features],
    queries: list[QueryFeatures],
    built: list[int],
    harm: Callable[[Path], None],
) -> None:
    fill(store, 0, 2 * FULL + 1, {4: pictures[0], 25: pictures[0]})
    before = found(refreshed(store), queries[0])
    assert len(before) == 2
    victim, other = store.segments(ID)
    harm(store.segments_folder / victim.file)
    built.clear()
    index = FeatureIndex(store, ID)
    said = notices(list(index.refresh()))
    reason, times = HARM[harm]
    assert len(said) == times
    assert f"{victim.file}, " in said[0]
    assert reason in said[0]
    assert (store.folder / "damaged" / victim.file).exists() == (harm is not os.unlink)
    assert built == [FULL] * times + [1]
    assert sorted(found(index, queries[0])) == before
    check_whole(index, store)
    assert (other.file in files_in(store)) == (times == 1)
    assert notices(list(FeatureIndex(store, ID).refresh())) == []


def test_a_file_is_read_through_once_a_process_and_again_when_it_looks_changed(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 0, 2 * FULL)
    refreshed(store)
    read: list[str] = []
    hash_of = segment_file.hash_of

    def watched(path: Path) -> bytes:
        read.append(path.name)
        return hash_of(path)

    monkeypatch.setattr(segment_file, "hash_of", watched)
    with EmbeddingStore(store.folder) as other:
        refreshed(other)
    assert read == []
    touched = store.segments(ID)[1].file
    os.utime(store.segments_folder / touched, (1, 1))
    refreshed(store)
    assert read == [touched]
    monkeypatch.setattr(segment_file, "_checked", {})  # as when RAS starts again
    refreshed(store)
    assert sorted(read[1:]) == sorted(segment.file for segment in store.segments(ID))


def test_facts_that_do_not_fit_the_file_are_no_better_than_a_file_that_does_not(store: EmbeddingStore) -> None:
    fill(store, 0, FULL)
    refreshed(store)
    (facts,) = store.segments(ID)
    folder = store.segments_folder
    assert open_segment(folder, facts).pictures == FULL
    with pytest.raises(UnusableSegment, match="other pictures"):
        open_segment(folder, dataclasses.replace(facts, contents=facts.contents[1:]))
    foreign = b"\x93NUMPY\x01\x00 not what it says"
    (folder / "foreign").write_bytes(foreign)
    known = FeatureSegment(9, "foreign", 1, len(foreign), hashlib.sha256(foreign).digest(), facts.contents[:1])
    with pytest.raises(UnusableSegment, match="no index that RAS makes"):
        open_segment(folder, known)


def test_a_file_that_changes_while_it_is_opened_is_not_trusted(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 0, FULL)
    refreshed(store)
    (facts,) = store.segments(ID)
    map_segment = inverted.map_segment

    def and_then_it_changes(path: Path) -> inverted.Segment:
        mapped = map_segment(path)
        os.utime(path, (1, 1))
        return mapped

    monkeypatch.setattr(inverted, "map_segment", and_then_it_changes)
    with pytest.raises(UnusableSegment, match="changed"):
        open_segment(store.segments_folder, facts)


def test_a_file_that_cannot_be_read_now_is_left_alone(
    store: EmbeddingStore,
    pictures: list[Features],
    queries: list[QueryFeatures],
    monkeypatch: pytest.MonkeyPatch,
    built: list[int],
) -> None:
    fill(store, 0, 2 * FULL, {4: pictures[0]})
    refreshed(store)
    before = store.segments(ID)

    def too_many(path: Path) -> inverted.Segment:
        raise OSError(errno.EMFILE, "Too many open files")

    built.clear()
    with monkeypatch.context() as patched:
        patched.setattr(inverted, "map_segment", too_many)
        index = refreshed(store)
    assert built == [FULL, FULL]
    assert found(index, queries[0]) == [content(store, 4)]
    assert store.segments(ID) == before
    check_whole(index, store)
    fill(store, 2 * FULL, 1, path="other.json")
    finish(index.refresh())
    assert built[2:] == [1], "the files are there again"
    check_whole(index, store)


def test_a_store_that_is_read_only_is_searched_from_memory(
    store: EmbeddingStore,
    pictures: list[Features],
    queries: list[QueryFeatures],
    monkeypatch: pytest.MonkeyPatch,
    built: list[int],
) -> None:
    fill(store, 0, 2 * FULL + 6, {25: pictures[0]})
    with EmbeddingStore(store.folder) as reader:
        monkeypatch.setattr(reader._facts, "read_only", True)
        index = refreshed(reader)
        assert built == [FULL, FULL, LOOSE, 1]
        assert found(index, queries[0]) == [content(store, 25)]
        assert not (store.folder / "features").exists()
        built.clear()
        fill(store, 2 * FULL + 6, 1, path="other.json")
        finish(index.refresh())
        assert built == [2], "what is in memory stays there"
        # Another program makes the files: they replace what is in memory.
        refreshed(store)
        fill(store, 2 * FULL + 7, 1, path="third.json")
        built.clear()
        finish(index.refresh())
        assert built == [3], "of the last two searches"
        check_whole(index, reader)
        assert len(index._inverted.parts) == 4
        flip(store.segments_folder / store.segments(ID)[0].file)
        damaged = FeatureIndex(reader, ID)
        (said,) = notices(list(damaged.refresh()))
        assert "when the folder is writable" in said
        assert found(damaged, queries[0]) == [content(store, 25)]
        check_whole(damaged, reader)


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def refused(*_: object) -> None:
    raise StoreError("The disk with the embedding store is full.")


@pytest.mark.parametrize(
    ("where", "name", "trouble"),
    [
        (inverted, "write", full_disk),
        (shards.os, "replace", full_disk),
        (shards, "sync_folder", full_disk),
        (EmbeddingStore, "add_segment", refused),
        (EmbeddingStore, "segments_folder", property(refused)),
    ],
)
def test_where_no_file_can_be_made_memory_serves(
    store: EmbeddingStore,
    pictures: list[Features],
    queries: list[QueryFeatures],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    built: list[int],
    where: Any,
    name: str,
    trouble: Any,
) -> None:
    fill(store, 0, 2 * FULL + 1, {25: pictures[0]})
    index = FeatureIndex(store, ID)
    with monkeypatch.context() as patched, caplog.at_level(logging.INFO):
        patched.setattr(where, name, trouble)
        (notice,) = notices(list(index.refresh()))
    assert "stays in memory, and is made once more at the next start. " in notice
    assert notice.endswith(("index the archive again to go on.", "The disk with the embedding store is full."))
    assert "stays in memory" in caplog.text
    assert built == [FULL, FULL, 1]
    assert store.segments(ID) == ()
    assert not files_in(store)
    assert found(index, queries[0]) == [content(store, 25)]
    check_whole(index, store)
    built.clear()
    fill(store, 2 * FULL + 1, 1, path="other.json")
    finish(index.refresh())
    assert built == [2], "it is not tried again before the next start"
    assert found(refreshed(store), queries[0]) == [content(store, 25)]
    assert len(store.segments(ID)) == 2


def damaged(features: Features) -> list[bytes]:
    data = features.pack()
    keypoints = features.keypoints.copy()
    keypoints["word"][0] = WORDS
    return [
        b"",
        b"junk",
        data[:-1],
        data + b"x",
        b"\xff" + data[1:],
        dataclasses.replace(features, keypoints=keypoints).pack(),
        dataclasses.replace(features, size=(0, 300)).pack(),
    ]


def test_features_that_are_damaged_are_left_out(
    store: EmbeddingStore, pictures: list[Features], queries: list[QueryFeatures]
) -> None:
    wrong = damaged(pictures[0])
    records = [record(number) for number in range(FULL + 4)]
    store.register(archive(records))
    features: list[Features | bytes] = [*wrong, *[pictures[1]] * (FULL - len(wrong)), *wrong[:3], pictures[0]]
    put(store, ENCODER, records, [ROW] * len(records), features)
    index = refreshed(store)
    assert len(index.contents) == FULL + 4
    assert len(store.segments(ID)) == 1
    assert index.counts.tolist()[: len(wrong)] == [0] * len(wrong)
    assert found(index, queries[0]) == [content(store, FULL + 3)]
    whole = [content(store, number) for number in range(len(wrong), FULL)]
    assert found(index, queries[1], 30)[: len(whole)] == whole


def test_memory_stays_bounded_however_many_files_are_made(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inverted, "SEGMENT_PICTURES", 200)
    chance = np.random.default_rng(0)
    records = [record(number) for number in range(4000)]
    store.register(archive(records))
    features = [made_up(chance, 150) for _ in range(200)]
    for start in range(0, len(records), 200):
        put(store, ENCODER, records[start : start + 200], [ROW] * 200, features)
    one_part = 200 * 150 * 16
    tracemalloc.start()
    try:
        index = refreshed(store)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(store.segments(ID)) == 20
    assert len(index.contents) == 4000
    assert peak < 9 * one_part, peak


def test_it_can_be_stopped_at_any_event(
    store: EmbeddingStore, pictures: list[Features], queries: list[QueryFeatures], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_index, "_READ_AT_ONCE", 8)
    monkeypatch.setattr(feature_index, "HEARTBEAT", 0.0)
    fill(store, 0, 2 * FULL + 8, {30: pictures[0]})
    for stop in range(1, 100):
        index = FeatureIndex(store, ID)
        job = index.refresh()
        seen = sum(1 for _ in zip(range(stop), job))
        job.close()
        if seen < stop:
            break
        assert files_in(store) == {segment.file for segment in store.segments(ID)}
        finish(index.refresh())
        check_whole(index, store)
    assert 5 < stop < 99
    search = index.candidates(queries[0], np.ones(len(index.contents), bool), 5)
    next(search)
    search.close()
    assert found(index, queries[0]) == [content(store, 30)]
