"""Features in the store: kept with their contents, whoever encodes those; gone when they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest

from ras.records import finish
from ras.store import EmbeddingStore, FeatureEntry
from tests.store_samples import (
    DIMENSION,
    ENCODER,
    FEATURES,
    archive_of,
    check,
    check_features,
    describe,
    described,
    entry_of,
    features_of,
    fill,
    hash_of_content,
    record_of,
)

OTHER_ENCODER = "fingerprint:1"
LATER = "local-2"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as store:
        yield store


def feature_bytes(store: EmbeddingStore) -> int:
    """As SQLite counts them."""
    return int(store._facts.connection.execute("SELECT coalesce(sum(length(data)), 0) FROM features").fetchone()[0])


def test_a_new_store_has_none(store: EmbeddingStore) -> None:
    assert store.features_generation(FEATURES) == 0
    assert store.featured_contents(FEATURES).tolist() == []
    assert store.featured_contents(FEATURES).dtype == np.int64
    assert hash_of_content(1) not in store.featured_hashes(FEATURES)
    assert store.features([1, 2], FEATURES) == {}
    assert store.lacking_features([record_of(1)], ENCODER, FEATURES).tolist() == [False]
    assert store.lacking_features([], ENCODER, FEATURES).shape == (0,)
    assert store.content_ids([hash_of_content(1)]) == {}
    assert store.content_hashes([1]) == {}


def test_features_are_kept_with_the_entries_that_they_come_with_and_later(tmp_path: Path) -> None:
    with EmbeddingStore(tmp_path / "store") as store:
        entries = [entry_of(number) for number in range(5)]
        store.add(ENCODER, DIMENSION, entries, features=[described(number) for number in (0, 3)])
        describe(store, [1])
        check(store, range(5))
        check_features(store, [0, 1, 3])
    with EmbeddingStore(tmp_path / "store") as store:
        check_features(store, [0, 1, 3])
        lacking = store.lacking_features([record_of(number) for number in range(7)], ENCODER, FEATURES)
        assert lacking.dtype == bool
        assert lacking.tolist() == [False, False, True, False, True, False, False]
        assert not store.lacking_features([record_of(2)], OTHER_ENCODER, FEATURES).any()


def test_many_are_read_at_once(store: EmbeddingStore) -> None:
    fill(store, range(2500), batch=2500)
    describe(store, range(0, 2500, 2))
    check_features(store, range(0, 2500, 2))


def test_features_of_what_the_store_does_not_know_are_dropped(store: EmbeddingStore) -> None:
    fill(store, range(3))
    describe(store, [2, 7])
    check_features(store, [2])
    describe(store, [8])
    assert feature_bytes(store) == store.usage().feature_bytes == len(features_of(2))


def test_features_of_another_maker_replace_them(store: EmbeddingStore) -> None:
    fill(store, range(4))
    describe(store, range(4))
    before = store.features_generation(FEATURES)
    describe(store, [1, 2], LATER)
    check_features(store, [0, 3])
    check_features(store, [1, 2], LATER)
    assert store.features_generation(FEATURES) > before
    ids = list(store.content_ids([hash_of_content(number) for number in range(4)]).values())
    assert len(store.features(ids, FEATURES)) == len(store.features(ids, LATER)) == 2
    assert store.features(ids, "local-3") == {}
    assert store.usage().feature_bytes == feature_bytes(store)
    longer = replace(described(0), data=b"more" * 1000)
    store.add(ENCODER, DIMENSION, [], features=[longer])
    (id,) = store.content_ids([hash_of_content(0)]).values()
    assert store.features([id], FEATURES) == {id: longer.data}
    assert store.usage().feature_bytes == feature_bytes(store)


def test_all_encoders_share_the_features(store: EmbeddingStore) -> None:
    fill(store, range(4))
    fill(store, range(2, 6), OTHER_ENCODER)
    generations = store.generation(ENCODER), store.generation(OTHER_ENCODER)
    describe(store, range(4))
    records = [record_of(number) for number in range(6)]
    assert store.lacking_features(records, ENCODER, FEATURES).tolist() == [False] * 6
    assert store.lacking_features(records, OTHER_ENCODER, FEATURES).tolist() == [False] * 4 + [True] * 2
    assert store.lacking_features(records, ENCODER, LATER).tolist() == [True] * 4 + [False] * 2
    assert (store.generation(ENCODER), store.generation(OTHER_ENCODER)) == generations, "embeddings did not change"


def test_the_generation_grows_with_every_change_whoever_makes_it(tmp_path: Path) -> None:
    with EmbeddingStore(tmp_path / "store") as store, EmbeddingStore(tmp_path / "store") as another:
        archive = another.register(archive_of(range(3)))
        fill(another, range(5))
        seen = [store.features_generation(FEATURES)]
        for number in range(5):
            describe(another, [number])
            seen.append(store.features_generation(FEATURES))
            check_features(store, range(number + 1))
        describe(another, [4], LATER)
        seen.append(store.features_generation(FEATURES))
        check_features(store, range(4))
        finish(another.remove(archive))
        seen.append(store.features_generation(FEATURES))
        check_features(store, [3])
        assert seen == sorted(set(seen))
        fill(another, range(10, 20))
        another.register(archive_of(range(10, 20)))
        assert store.features_generation(FEATURES) == seen[-1]


def test_a_store_begun_anew_does_not_look_like_a_state_of_the_one_before(tmp_path: Path) -> None:
    generations = set()
    for name in ("one", "two"):
        with EmbeddingStore(tmp_path / name) as store:
            fill(store, range(3))
            describe(store, range(3))
            generations.add(store.features_generation(FEATURES))
    assert len(generations) == 2


def test_a_call_that_fails_keeps_no_features(store: EmbeddingStore) -> None:
    fill(store, range(3))
    wrong = entry_of(4, dimension=8)
    with pytest.raises(ValueError, match="shape"):
        store.add(ENCODER, DIMENSION, [entry_of(3), wrong], features=[described(0)])
    broken = FeatureEntry("xyz", FEATURES, b"")
    with pytest.raises(ValueError, match="hexadecimal"):
        store.add(ENCODER, DIMENSION, [entry_of(3)], features=[described(0), broken])
    check_features(store, [])
    assert store.content_ids([hash_of_content(3)]) == {}


def test_featured_hashes_may_be_asked_by_any_thread_and_are_a_snapshot(store: EmbeddingStore) -> None:
    fill(store, range(90))
    describe(store, range(40))
    known = store.featured_hashes(FEATURES)
    describe(store, [80])
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: hash_of_content(number) in known, range(90)))
    assert answers == [True] * 40 + [False] * 50


def test_contents_are_known_by_their_hash_and_the_other_way(store: EmbeddingStore) -> None:
    fill(store, range(2000), batch=1000)
    ids = store.content_ids([hash_of_content(number) for number in range(0, 4000, 2)])
    assert set(ids) == {hash_of_content(number) for number in range(0, 2000, 2)}
    contents = store.contents_of([record_of(number) for number in range(2000)], ENCODER).tolist()
    assert [ids[hash_of_content(number)] for number in range(0, 2000, 2)] == contents[::2]
    wanted = [*contents[5:1500:7], 10**9]
    assert store.content_hashes(wanted) == {contents[n]: hash_of_content(n) for n in range(5, 1500, 7)}


def test_what_was_given_out_cannot_be_written(store: EmbeddingStore) -> None:
    fill(store, range(3))
    describe(store, range(3))
    with pytest.raises(ValueError, match="read-only"):
        store.featured_contents(FEATURES)[0] = 5


def test_removing_an_archive_deletes_the_features_that_only_it_used(store: EmbeddingStore) -> None:
    first = store.register(archive_of(range(50), "/exports/one.json"))
    second = store.register(archive_of(range(40, 60), "/exports/two.json"))
    fill(store, range(60))
    describe(store, range(30, 55))
    finish(store.remove(first))
    check_features(store, range(40, 55))
    assert store.usage().feature_bytes == feature_bytes(store) > 0
    finish(store.remove(second))
    check_features(store, [])
    assert store.usage().feature_bytes == feature_bytes(store) == 0


def test_compacting_deletes_the_features_of_what_nobody_has(store: EmbeddingStore) -> None:
    store.register(archive_of(range(20)))
    fill(store, range(50))
    describe(store, range(10, 30))
    finish(store.compact())
    check_features(store, range(10, 20))
    assert store.usage().feature_bytes == feature_bytes(store)
    generation = store.features_generation(FEATURES)
    finish(store.compact())
    assert store.features_generation(FEATURES) == generation
    check_features(store, range(10, 20))


def test_compacting_deletes_features_whose_contents_an_older_program_deleted(store: EmbeddingStore) -> None:
    store.register(archive_of(range(20)))
    fill(store, range(20))
    describe(store, range(20))
    connection = store._facts.connection
    gone = store.content_ids([hash_of_content(number) for number in range(5)])
    for content in gone.values():
        connection.execute("DELETE FROM contents WHERE id = ?", (content,))
        connection.execute("UPDATE pictures SET content = NULL WHERE content = ?", (content,))
    finish(store.compact())
    check_features(store, range(5, 20))
    assert store.usage().feature_bytes == feature_bytes(store)


def test_usage_counts_them_as_a_part_of_the_facts(store: EmbeddingStore) -> None:
    fill(store, range(10))
    describe(store, range(10))
    assert store.usage().feature_bytes == sum(len(features_of(number)) for number in range(10))
    (store.segments_folder / "some").write_bytes(b"x" * 1234)
    usage = store.usage()
    assert usage.feature_bytes == sum(len(features_of(number)) for number in range(10)) + 1234
    assert usage.total_bytes == usage.facts_bytes + 1234
