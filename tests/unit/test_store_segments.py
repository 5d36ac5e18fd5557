"""The files of the index over features: their facts, two programs at once, damage, and tidying up."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable, Iterator, Sequence

import numpy as np
import pytest

from ras.errors import StoreError
from ras.records import Progress, finish
from ras.store import SEGMENT_NAME, EmbeddingStore, FeatureSegment
from tests.store_samples import FEATURES, archive_of, check_features, describe, fill, hash_of_content

LATER = "local-2"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as store:
        store.register(archive_of(range(40), "/exports/one.json"))
        store.register(archive_of(range(40, 100), "/exports/two.json"))
        fill(store, range(100))
        describe(store, range(100))
        yield store


def written(store: EmbeddingStore, numbers: Sequence[int], data: bytes = b"") -> FeatureSegment:
    """A new segment with its file."""
    name = f"{secrets.token_hex(16)}.words"
    data = data or name.encode() * 10
    (store.segments_folder / name).write_bytes(data)
    ids = store.content_ids([hash_of_content(number) for number in numbers])
    contents = np.array([ids[hash_of_content(number)] for number in numbers], np.int64)
    return FeatureSegment(0, name, 7 * len(contents), len(data), hashlib.sha256(data).digest(), contents)


def files(store: EmbeddingStore) -> list[str]:
    return [segment.file for segment in store.segments(FEATURES)]


def path_of(store: EmbeddingStore, segment: FeatureSegment) -> Path:
    return store.segments_folder / segment.file


def test_what_was_kept_is_read_back_also_by_others(store: EmbeddingStore) -> None:
    assert store.segments(FEATURES) == ()
    first, second = written(store, range(50, 0, -1)), written(store, range(51, 60))
    for segment in (first, second):
        assert store.add_segment(FEATURES, replace(segment, rows=np.int64(segment.rows), size=np.int64(segment.size)))
    with EmbeddingStore(store.folder) as another:
        for reader in (store, another):
            read = reader.segments(FEATURES)
            assert [segment.id for segment in read] == [1, 2]
            for segment, kept in zip(read, (first, second)):
                assert segment.contents.tolist() == kept.contents.tolist()
                assert replace(segment, contents=0, id=0) == replace(kept, contents=0)
                with pytest.raises(ValueError, match="read-only"):
                    segment.contents[0] = 1
            assert reader.segments(FEATURES)[0] is read[0], "its content ids were read again"
    assert store.segments(LATER) == ()


def test_no_content_is_in_two_segments_of_a_maker(store: EmbeddingStore) -> None:
    with EmbeddingStore(store.folder) as another:
        assert store.segments(FEATURES) == another.segments(FEATURES) == ()
        assert store.add_segment(FEATURES, written(store, range(50)))
        assert not another.add_segment(FEATURES, written(store, range(49, 70)))
        assert another.add_segment(FEATURES, written(store, range(50, 70)))
        assert not store.add_segment(FEATURES, written(store, [60]))
        assert len(files(store)) == len(files(another)) == 2
        describe(store, range(90, 100), LATER)
        assert another.add_segment(LATER, written(store, range(90, 100))), "another maker's is another index"
        assert len(files(store)) == 2


def test_a_segment_needs_features_and_a_name_that_stays_in_its_folder(store: EmbeddingStore) -> None:
    segment = written(store, range(5))
    with pytest.raises(StoreError, match="no features by “local-2”"):
        store.add_segment(LATER, segment)
    for name in ("../facts.sqlite", "a/" + segment.file, segment.file + ".partial", "x.words", ""):
        with pytest.raises(ValueError, match="no name"):
            store.add_segment(FEATURES, replace(segment, file=name))
    assert SEGMENT_NAME.fullmatch(segment.file + ".partial")
    assert store.segments(FEATURES) == ()


def test_a_segment_that_is_dropped_is_set_aside_once(store: EmbeddingStore) -> None:
    assert store.add_segment(FEATURES, written(store, range(5)))
    assert store.add_segment(FEATURES, written(store, range(5, 9)))
    segment, other = store.segments(FEATURES)
    with EmbeddingStore(store.folder) as another:
        assert files(another) == [segment.file, other.file]
        told = store.drop_segment(segment, "is damaged")
        assert f"{segment.file}, is damaged; the next search makes it anew." in told
        assert files(store) == files(another) == [other.file]
        aside = store.folder / "damaged" / segment.file
        assert aside.exists()
        assert str(aside) in told
        assert not path_of(store, segment).exists()
        path_of(store, segment).write_bytes(b"no longer the store's")
        again = another.drop_segment(segment, "is damaged")
        assert segment.file in again
        assert path_of(store, segment).exists()
    path_of(store, other).unlink()
    assert "is missing; the next" in store.drop_segment(other, "is missing")
    assert store.segments(FEATURES) == ()
    # What was in it may be in another one now.
    assert store.add_segment(FEATURES, written(store, range(9)))


def test_a_name_that_leads_elsewhere_is_left_out_and_its_file_left_alone(store: EmbeddingStore, tmp_path: Path) -> None:
    assert store.add_segment(FEATURES, written(store, range(5)))
    elsewhere = tmp_path / "elsewhere.words"
    elsewhere.write_bytes(b"mine")
    store._facts.connection.execute("UPDATE segments SET file = ?", (f"../../{elsewhere.name}",))
    with EmbeddingStore(store.folder) as opened:
        assert opened.segments(FEATURES) == ()
        (told,) = finish(opened.verify()).damaged
        assert "a name that RAS gives to no segment" in told
        assert opened._facts.connection.execute("SELECT * FROM segments").fetchall() == []
    assert elsewhere.exists()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [cut, flip, os.unlink, make_a_folder])
def test_verify_sets_aside_what_is_not_what_was_made(store: EmbeddingStore, harm: Callable[[Path], None]) -> None:
    for part in range(3):
        assert store.add_segment(FEATURES, written(store, range(10 * part, 10 * part + 10)))
    before = finish(store.verify())
    assert before.damaged == ()
    kept, victim, other = store.segments(FEATURES)
    harm(path_of(store, victim))
    report = finish(store.verify())
    (told,) = report.damaged
    assert victim.file in told
    assert "the next search makes it anew" in told
    assert (report.lost, report.shards) == (0, before.shards)
    assert files(store) == [kept.file, other.file]
    assert (store.folder / "damaged" / victim.file).exists() == (harm is not os.unlink)
    assert finish(store.verify()).damaged == ()
    check_features(store, range(100))


def test_verify_counts_their_bytes(store: EmbeddingStore) -> None:
    for part in range(3):
        assert store.add_segment(FEATURES, written(store, [part], b"x" * 12345))
    told = [(event.done, event.total) for event in store.verify() if isinstance(event, Progress) and event.total]
    assert told == [(12345 * part, 3 * 12345) for part in range(4)]


@pytest.mark.parametrize(("kept", "stays"), [(121, True), (120, False)])
def test_a_segment_goes_when_a_quarter_of_it_is_dead(tmp_path: Path, kept: int, stays: bool) -> None:
    with EmbeddingStore(tmp_path / "store") as store:
        gone = store.register(archive_of(range(40), "/exports/one.json"))
        store.register(archive_of(range(40, 40 + kept), "/exports/two.json"))
        fill(store, range(40 + kept))
        describe(store, range(40 + kept))
        assert store.add_segment(FEATURES, written(store, range(40 + kept)))
        (segment,) = store.segments(FEATURES)
        finish(store.compact())
        assert files(store) == [segment.file], "all of it is alive"
        finish(store.remove(gone))
        finish(store.compact())
        assert files(store) == ([segment.file] if stays else [])
        assert path_of(store, segment).exists() == stays


def test_a_segment_of_a_maker_that_was_replaced_goes(store: EmbeddingStore) -> None:
    assert store.add_segment(FEATURES, written(store, range(50)))
    (segment,) = store.segments(FEATURES)
    describe(store, range(100), LATER)
    assert store.add_segment(LATER, written(store, range(50)))
    finish(store.compact())
    assert store.segments(FEATURES) == ()
    assert not path_of(store, segment).exists()
    assert len(store.segments(LATER)) == 1
    check_features(store, range(100), LATER)


def test_removing_the_archive_frees_its_segments(store: EmbeddingStore) -> None:
    assert store.add_segment(FEATURES, written(store, range(40)))
    assert store.add_segment(FEATURES, written(store, range(40, 100)))
    first, second = store.segments(FEATURES)
    one = next(archive for archive in store.archives() if archive.pictures == 40)
    finish(store.remove(one.id))
    assert files(store) == [second.file]
    assert not path_of(store, first).exists()
    assert path_of(store, second).exists()


def test_compacting_deletes_what_was_left_over_and_no_file_that_is_not_its_own(store: EmbeddingStore) -> None:
    assert store.add_segment(FEATURES, written(store, range(40)))
    folder = store.segments_folder
    left = [folder / ("a" * 32 + ".words"), folder / ("b" * 32 + ".words.partial")]
    foreign = [folder / "holiday.words", folder / "README", folder / ("A" * 32 + ".words")]
    young = folder / ("c" * 32 + ".words")  # another program may just have made it
    for path in (*left, *foreign, young):
        path.write_bytes(b"x")
    for path in (*left, *foreign, folder / files(store)[0]):
        os.utime(path, (time.time() - 7200,) * 2)
    finish(store.compact())
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in (*foreign, young, folder / files(store)[0]))
