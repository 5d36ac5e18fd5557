"""Removing archives, compacting: what is not needed goes, what is needed stays, the disk gets its space back."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest

from ras.errors import SkipReason
from ras.records import Progress, finish
from ras.store import EmbeddingStore, Entry, Failure, IndexFacts, filling, rewriting, schema
from ras.store.connection import Facts
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
    record_of,
    rows_by_content,
)

OTHER = "fingerprint:1"


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "SHARD_ROWS", 40)
    monkeypatch.setattr(rewriting, "SHARD_ROWS", 40)
    monkeypatch.setattr(rewriting, "_SMALL", 20)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as store:
        yield store


def disk(store: EmbeddingStore) -> int:
    """Bytes of all files, without what SQLite's log still has to move."""
    store._facts.tidy_up()
    return sum(path.stat().st_size for path in store.folder.rglob("*") if path.is_file())


def counts(store: EmbeddingStore) -> dict[str, int]:
    """Rows of every table."""
    connection = store._facts.connection
    tables = [table for table in schema.TABLES if table not in ("counters", "encoders", "feature_makers")]
    return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def files_in(store: EmbeddingStore) -> set[str]:
    return set(os.listdir(store.folder / "shards"))


def known_files(store: EmbeddingStore) -> set[str]:
    return {file for (file,) in store._facts.connection.execute("SELECT file FROM shards")}


def test_removing_an_archive_frees_what_only_it_used(store: EmbeddingStore) -> None:
    first = store.register(archive_of(range(100), "/exports/one.json"))
    fill(store, range(100))
    fill(store, range(30, 60), OTHER)
    second = store.register(archive_of(range(70, 170), "/exports/two.json"))
    fill(store, range(100, 170))
    # A picture of the second archive with the bytes of one of the first.
    store.add(ENCODER, DIMENSION, [entry_of(170, content=5)])
    store.register(archive_of(range(70, 171), "/exports/two.json"))
    failures = [Failure(key_of(number), SkipReason.GONE, "", 0.0, "") for number in (2, 80)]
    store.add(ENCODER, DIMENSION, [], failures)
    before = disk(store)
    generation = store.generation(ENCODER)
    freed = finish(store.remove(first))
    assert freed == before - disk(store) > 0
    assert [archive.id for archive in store.archives()] == [second]
    check(store, range(70, 170))
    (shared,) = store.contents_of([record_of(170)], ENCODER).tolist()
    assert shared >= 0
    assert rows_by_content(store)[shared] == embedding_of(5).astype(np.float16).tobytes()
    assert missing(store, range(70)) == list(range(70))
    assert store.failures() == {failures[1].key: failures[1]}
    assert store.generation(ENCODER) > generation
    assert hash_of_content(5) in store.embedded_hashes(ENCODER)
    assert hash_of_content(6) not in store.embedded_hashes(ENCODER)
    usage = store.usage()
    assert (usage.pictures, usage.contents) == (101, 101)
    assert usage.embeddings == {ENCODER: 101}, "rows of no picture are left"
    previews = store._facts.connection.execute("SELECT data FROM previews").fetchall()
    assert usage.preview_bytes == sum(len(data) for (data,) in previews)
    assert files_in(store) == known_files(store)
    assert finish(store.verify()).damaged == ()
    finish(store.remove(second))
    assert not any(counts(store).values())
    assert files_in(store) == set()
    assert store.usage().preview_bytes == 0


def test_the_disk_gets_back_what_previews_took(store: EmbeddingStore) -> None:
    id = store.register(archive_of(range(300)))
    empty = disk(store)
    for number in range(300):
        store.add(ENCODER, DIMENSION, [replace(entry_of(number), preview=os.urandom(8000))])
    assert disk(store) > empty + 2_400_000
    assert finish(store.remove(id)) > 2_300_000
    assert disk(store) < empty + 50_000


def test_a_picture_of_two_archives_stays_until_both_are_gone(store: EmbeddingStore) -> None:
    ids = [store.register(archive_of(range(50), f"/exports/{name}.json")) for name in "abc"]
    fill(store, range(50))
    for id in ids[:2]:
        finish(store.remove(id))
        check(store, range(50))
    finish(store.remove(ids[2]))
    assert missing(store, range(50)) == list(range(50))


def test_a_removal_that_was_stopped_is_completed_by_compacting(store: EmbeddingStore) -> None:
    first = store.register(archive_of(range(100)))
    fill(store, range(100))
    store.register(archive_of(range(90, 130), "/exports/two.json"))
    fill(store, range(100, 130))
    job = store.remove(first)
    assert isinstance(next(job), Progress)
    job.close()
    assert len(store.archives()) == 1
    check(store, range(90, 130))
    assert store.usage().embeddings[ENCODER] > 40
    finish(store.compact())
    assert store.usage().embeddings == {ENCODER: 40}
    check(store, range(90, 130))


def test_the_index_of_an_encoder_without_embeddings_goes(store: EmbeddingStore) -> None:
    id = store.register(archive_of(range(50)))
    fill(store, range(50))
    path = store.indexes_folder / "01234567-0123456789abcdef0123456789abcdef.faiss"
    path.write_bytes(b"index")
    store.set_index(ENCODER, IndexFacts(path.name, "flat", 50, 1, 5, "", 0, 1, np.arange(50)))
    finish(store.remove(id))
    assert store.index_facts(ENCODER) is None
    assert not path.exists()


@pytest.mark.parametrize(("removed", "stays"), [(12, True), (13, False)])
def test_the_index_goes_when_a_quarter_of_it_is_dead(store: EmbeddingStore, removed: int, stays: bool) -> None:
    id = store.register(archive_of(range(removed)))
    store.register(archive_of(range(removed, 50), "/exports/two.json"))
    fill(store, range(50))
    path = store.indexes_folder / "01234567-0123456789abcdef0123456789abcdef.faiss"
    path.write_bytes(b"index")
    # Contents are shared: 50 pictures of the samples need not have 50.
    rows = store.usage().embeddings[ENCODER]
    store.set_index(ENCODER, IndexFacts(path.name, "flat", rows, 1, 5, "", 0, 1, np.arange(rows)))
    finish(store.remove(id))
    assert (store.index_facts(ENCODER) is not None) == stays
    assert path.exists() == stays


def test_compacting_joins_small_shards_and_drops_what_nobody_has(store: EmbeddingStore) -> None:
    store.register(archive_of(range(200)))
    fill(store, range(200))
    store.register(archive_of(range(0, 200, 10)))  # 90 % of the pictures belong to no archive any more
    store.add(ENCODER, DIMENSION, [Entry("a:1", hash_of_content(1000), embedding_of(1000), b"preview")])
    store.add(ENCODER, DIMENSION, [entry_of(10, content=1001)])  # the content that it had belongs to none
    store.add(ENCODER, DIMENSION, [], [Failure("a:2", SkipReason.GONE, "", 0.0, "")])
    assert counts(store)["shards"] >= 4
    before = disk(store)
    report = finish(store.compact())
    assert report.before == before > report.after == disk(store)
    kept = [number for number in range(0, 200, 10) if number != 10]
    check(store, kept)
    assert missing(store, [10]) == []
    left = counts(store)
    assert (left["pictures"], left["contents"], left["previews"], left["failures"]) == (20, 20, 20, 0)
    assert left["shards"] == 1
    assert files_in(store) == known_files(store)
    assert store.usage().embeddings == {ENCODER: 20}
    shards = files_in(store)
    again = finish(store.compact())
    assert again.after <= report.after
    assert files_in(store) == shards, "there was nothing to rewrite"


def test_compacting_changes_nothing_that_is_in_use(store: EmbeddingStore) -> None:
    id = store.register(archive_of(range(130)))
    fill(store, range(130))
    fill(store, range(50), OTHER)
    store.add(ENCODER, DIMENSION, [], [Failure(key_of(7), SkipReason.GONE, "", 0.0, "")])
    before, generation = counts(store), store.generation(ENCODER)
    finish(store.compact())
    assert counts(store) == before
    assert store.generation(ENCODER) == generation
    check(store, range(130))
    check(store, range(50), OTHER)
    assert store.load([id]) == archive_of(range(130))


@pytest.mark.parametrize("moment", ["shards_of", "live_contents"])
def test_compacting_while_another_program_adds_a_shard(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    store.register(archive_of(range(200)))
    fill(store, range(60))
    ask = getattr(rewriting, moment)

    def ask_late(facts: Facts) -> object:
        with EmbeddingStore(store.folder) as other:
            fill(other, range(60, 150))
        return ask(facts)

    monkeypatch.setattr(rewriting, moment, ask_late)
    finish(store.compact())
    check(store, range(150))


def test_compacting_deletes_what_a_dead_program_left_and_no_file_that_is_not_its_own(store: EmbeddingStore) -> None:
    store.register(archive_of(range(50)))
    fill(store, range(50))
    shards, indexes = store.folder / "shards", store.indexes_folder
    left = [shards / f"clip-vit-b-32-{'0' * 16}.joblib", shards / f"clip-{'f' * 16}.joblib.partial"]
    left += [indexes / f"01234567-{'a' * 32}.faiss", indexes / "01234567.part"]
    foreign = [shards / "holiday.joblib", shards / "README", indexes / "mine.faiss", store.folder / "x.joblib"]
    young = indexes / f"89abcdef-{'a' * 32}.faiss"  # another program may just have made it
    for path in (*left, *foreign, young):
        path.write_bytes(b"x")
        if path != young:
            os.utime(path, (time.time() - 7200,) * 2)
    finish(store.compact())
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in (*foreign, young))
    check(store, range(50))


def test_damage_found_while_tidying_is_set_aside_and_the_rest_goes_on(store: EmbeddingStore) -> None:
    store.register(archive_of(range(0, 200, 2)))
    fill(store, range(200))
    victim = store.folder / "shards" / store._facts.connection.execute("SELECT file FROM shards").fetchone()[0]
    victim.write_bytes(b"x")
    finish(store.compact())
    assert (store.folder / "damaged" / victim.name).exists()
    lost = missing(store, range(0, 200, 2))
    assert 10 < len(lost) < 40
    check(store, [number for number in range(0, 200, 2) if number not in lost])
    assert files_in(store) == known_files(store)


def test_usage_counts_what_is_on_the_disk(store: EmbeddingStore) -> None:
    store.register(archive_of(range(100)))
    fill(store, range(100))
    (store.indexes_folder / "some.faiss").write_bytes(b"x" * 1234)
    on_disk = disk(store)
    usage = store.usage()
    assert usage.total_bytes == on_disk
    assert usage.index_bytes == 1234
    fresh = 100 - sum(row[0] for row in store._facts.connection.execute("SELECT rows FROM shards"))
    assert 0 < fresh < 40
    shards = sum((store.folder / "shards" / name).stat().st_size for name in files_in(store))
    assert usage.embedding_bytes == shards + fresh * DIMENSION * 2
    assert usage.total_bytes == usage.facts_bytes + usage.index_bytes + shards
    assert (usage.pictures, usage.contents, usage.embeddings) == (100, 100, {ENCODER: 100})


def test_jobs_may_be_stopped_at_every_event(tmp_path: Path) -> None:
    stop = 1
    completed = 0
    while completed < 2:
        with EmbeddingStore(tmp_path / str(stop)) as store:
            first = store.register(archive_of(range(60)))
            fill(store, range(60))
            store.register(archive_of(range(50, 150), "/exports/two.json"))
            fill(store, range(60, 150))
            for job in (store.remove(first), store.compact()):
                for place, _ in enumerate(job, 1):
                    if place == stop:
                        break
                else:
                    completed += 1
                job.close()
                check(store, range(50, 150))
            assert finish(store.verify()).damaged == ()
        stop += 1
    assert stop > 3
