"""What the store has of an archive."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras.errors import SkipReason, StaleView, StoreError
from ras.matching import Finding
from ras.records import Archive, Event, ImageRecord, Job, Notice
from ras.store import EmbeddingStore, Entry, Failure
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.ranking import by_score
from ras.strategies.stored import Coverage, Holdings, unavailable
from tests.pictures import archive, record
from tests.stores import GivenEncoder, content_hash, entries, fill

AXES = np.eye(8, dtype=np.float32)
ENCODER = GivenEncoder(AXES[0])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as opened:
        yield opened


def everything(whole: Archive) -> np.ndarray:
    return np.ones(len(whole.records), bool)


def failure(key: str, reason: SkipReason) -> Failure:
    return Failure(key, reason, "It could not be had.", 1_700_000_000.0, "")


def test_which_row_belongs_to_which_record(store: EmbeddingStore) -> None:
    fill(store, ENCODER, archive([record(90), record(91)], "other.json"), AXES[6:8])
    whole = archive([record(number) for number in range(5)])
    store.register(whole)
    store.add(ENCODER.id, 8, entries(whole.records[:4], AXES, names=["one", "two", "one", "three"]))
    coverage = Holdings(ENCODER, store).of(whole)
    assert coverage.rows[0] == coverage.rows[2]
    assert coverage.contents[0] == coverage.contents[2]
    assert coverage.rows[4] == coverage.contents[4] == -1
    assert coverage.row_count == 3
    np.testing.assert_array_equal(coverage.view.take(coverage.rows[:4]), AXES[[0, 1, 0, 3]])
    np.testing.assert_array_equal(coverage.view.contents[coverage.rows[:4]], coverage.contents[:4])
    np.testing.assert_array_equal(coverage.rows_of(coverage.contents), coverage.rows)
    assert coverage.unsearched == (4,)


def test_the_rows_that_a_filter_lets_through(store: EmbeddingStore) -> None:
    whole = archive([record(number) for number in range(6)])
    fill(store, ENCODER, archive(whole.records[:5]), AXES, names=["one", "two", "one", "three", "two"])
    fill(store, ENCODER, archive([record(90)], "other.json"), AXES[6:])
    coverage = Holdings(ENCODER, store).of(whole)
    rows = coverage.rows
    assert coverage.allowed_rows(everything(whole)).tolist() == sorted({rows[0], rows[1], rows[3]})
    assert coverage.allowed_rows(np.array([0, 0, 1, 0, 0, 1], bool)).tolist() == [rows[0]]
    assert coverage.allowed_rows(np.zeros(6, bool)).tolist() == []


def told(scores: np.ndarray) -> list[Finding]:
    return [by_score(score, 2) for score in scores.tolist()]


def test_a_content_is_one_result_for_each_record_that_passes(store: EmbeddingStore) -> None:
    whole = archive([record(number) for number in range(7)])
    fill(store, ENCODER, whole, AXES[:7], names=["b", "a", "b", "c", "a", "b", "d"])
    coverage = Holdings(ENCODER, store).of(whole)
    rows = coverage.rows[[6, 0, 3, 1]]  # d, b, c, a
    scores = np.array([0.1, 0.9, 0.9, 0.5])
    results = coverage.results(rows, scores, 6, everything(whole), told(scores))
    assert [result.place for result in results] == [0, 2, 3, 5, 1, 4]
    assert [result.rank for result in results] == [1, 2, 3, 4, 5, 6]
    assert [result.score for result in results] == [0.9, 0.9, 0.9, 0.9, 0.5, 0.5]
    assert all(result.record is whole.records[result.place] for result in results)
    names = [result.preview for result in results]
    assert names == [f"preview of {name}".encode() for name in "bbcbaa"]
    mask = np.array([0, 0, 0, 1, 1, 1, 0], bool)
    assert [result.place for result in coverage.results(rows, scores, 9, mask, told(scores))] == [3, 5, 4]
    assert coverage.results(rows[:0], scores[:0], 9, mask, []) == ()


@settings(deadline=None, derandomize=True, max_examples=80)
@given(st.data())
def test_the_best_rows_are_all_that_the_best_records_need(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, 30))
    names = data.draw(st.lists(st.integers(0, 12), min_size=count, max_size=count))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    top_k = data.draw(st.integers(1, 8))
    whole = archive([record(number) for number in range(count)])
    with EmbeddingStore(tmp_path_factory.mktemp("store")) as store:
        fill(store, ENCODER, whole, np.resize(AXES, (count, 8)), names)
        coverage = Holdings(ENCODER, store).of(whole)
        rows = np.array(data.draw(st.permutations(sorted(set(coverage.rows.tolist())))), np.int64)
        scores = np.array(
            data.draw(st.lists(st.sampled_from([0.25, 0.5, 0.75]), min_size=len(rows), max_size=len(rows)))
        )
        score_of = dict(zip(rows.tolist(), scores.tolist()))
        expected = sorted((-score_of[row], place) for place, row in enumerate(coverage.rows.tolist()) if mask[place])
        best_rows, best_scores = coverage.best(rows, scores, top_k, mask)
        assert len(best_rows) <= top_k
        assert sorted(best_scores, reverse=True) == best_scores.tolist()
        results = coverage.results(best_rows, best_scores, top_k, mask, told(best_scores))
    assert [(-result.score, result.place) for result in results] == expected[:top_k]


DEAD = "https://cdn.discordapp.com/attachments/20/2/2.png?ex=60000000&is=5fffae80&hm=" + 64 * "a"


def test_what_failed_is_skipped_and_what_may_be_had_now_is_not_indexed(store: EmbeddingStore) -> None:
    whole = archive([record(number, **({"url": DEAD} if number == 2 else {})) for number in range(9)])
    store.register(whole)
    store.add(
        ENCODER.id,
        8,
        entries(whole.records[:1], AXES),
        [failure("a:1", SkipReason.GONE), failure("a:2", SkipReason.EXPIRED), failure("a:3", SkipReason.DAMAGED)],
    )
    later = [failure("a:4", SkipReason.MISSING), failure("a:5", SkipReason.EXPIRED), failure("a:6", SkipReason.NETWORK)]
    store.add(ENCODER.id, 8, [], [*later, dataclasses.replace(failure("a:7", SkipReason.TOO_LARGE), limits="other")])
    coverage = Holdings(ENCODER, store, "").of(whole)
    # The link of 5 lives again, the net may be back for 6, the limits of 7 have changed, and nobody has tried 8.
    assert coverage.failed == {
        1: SkipReason.GONE,
        2: SkipReason.EXPIRED,
        3: SkipReason.DAMAGED,
        4: SkipReason.MISSING,
    }
    assert coverage.unsearched == (5, 6, 7, 8)
    skipped = {"gone": 1, "expired_link": 1, "damaged": 1, "missing_file": 1}
    report = coverage.report("cached", (), everything(whole))
    assert (report.mode, report.encoder, report.device) == ("cached", "given-1", "cpu")
    assert (report.searched, report.skipped, report.not_indexed) == (1, skipped, 4)
    report = coverage.report("cached", (), np.array([0, 1, 0, 1, 0, 1, 0, 0, 0], bool))
    assert (report.searched, report.skipped, report.not_indexed) == (0, {"gone": 1, "damaged": 1}, 1)
    assert Holdings(ENCODER, store, "other").of(whole).unsearched == (1, 3, 4, 5, 6, 8)


@pytest.mark.parametrize(("ago", "tried"), [(0, False), (60, False), (3600, True), (-3600, True)])
def test_after_network_trouble_searches_wait_a_while(store: EmbeddingStore, ago: float, tried: bool) -> None:
    whole = archive([record(0)])
    store.add(ENCODER.id, 8, [], [dataclasses.replace(failure("a:0", SkipReason.NETWORK), at=time.time() - ago)])
    assert Holdings(ENCODER, store).of(whole).unsearched == ((0,) if tried else ())


def test_embeddings_of_another_encoder_do_not_count(store: EmbeddingStore) -> None:
    class Other(GivenEncoder):
        id = "given-2"

    whole = archive([record(0), record(1)])
    fill(store, ENCODER, whole, AXES)
    other = Other(AXES[0])
    store.add(other.id, 8, entries(whole.records[:1], AXES[3:]))
    assert Holdings(other, store).of(whole).unsearched == (1,)
    assert Holdings(ENCODER, store).of(whole).unsearched == ()


class CountingStore(EmbeddingStore):
    """Notes whose records it was asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[int] = []

    def contents_of(self, records: Sequence[ImageRecord], encoder_id: str) -> np.ndarray:
        self.asked.append(len(records))
        return super().contents_of(records, encoder_id)


def test_it_is_kept_until_the_archive_or_the_store_is_another(tmp_path: Path) -> None:
    whole = archive([record(0), record(1), record(2)])
    with CountingStore(tmp_path) as store, EmbeddingStore(tmp_path) as elsewhere:
        fill(store, ENCODER, archive(whole.records[:1]), AXES)
        cached = CachedSearchStrategy(ENCODER, store)
        for _ in range(3):
            assert cached.unavailable(whole) is None
            assert cached.estimate(whole) > 0
            assert list(cached.unsearched(whole)) == [1, 2]
        assert store.asked == [3]
        elsewhere.add(ENCODER.id, 8, entries(whole.records[1:2], AXES[1:]))
        assert list(cached.unsearched(whole)) == [2]
        # A picture whose bytes are known brings no embedding, and is indexed all the same.
        elsewhere.add(ENCODER.id, 8, [Entry("a:2", content_hash("a:1"), None, None)])
        assert list(cached.unsearched(whole)) == []
        assert store.asked == [3, 3, 3]
        part = archive(whole.records[2:])
        assert list(cached.unsearched(part)) == []
        assert store.asked == [3, 3, 3, 1]


def test_a_failure_alone_is_noticed_too(tmp_path: Path) -> None:
    whole = archive([record(0), record(1)])
    with EmbeddingStore(tmp_path) as store, EmbeddingStore(tmp_path) as elsewhere:
        fill(store, ENCODER, archive(whole.records[:1]), AXES)
        holdings = Holdings(ENCODER, store)
        assert holdings.of(whole).unsearched == (1,)
        elsewhere.add(ENCODER.id, 8, [], [failure("a:1", SkipReason.GONE)])
        assert holdings.of(whole).unsearched == ()


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (0, "it has no pictures."),
        (1, "its only picture is not indexed yet; choose “Index archive”, or run run_app.py index."),
        (3561, "none of its 3,561 pictures is indexed yet; choose “Index archive”, or run run_app.py index."),
    ],
)
def test_without_any_embedding_it_says_what_to_do(store: EmbeddingStore, pictures: int, words: str) -> None:
    fill(store, ENCODER, archive([record(-1)], "other.json"), AXES)
    assert unavailable(Holdings(ENCODER, store), archive([record(number) for number in range(pictures)])) == words


def test_a_store_that_cannot_be_read_is_the_reason(tmp_path: Path) -> None:
    class Locked(EmbeddingStore):
        def generation(self, encoder_id: str) -> int:
            raise StoreError("The embedding store is locked.")

    with Locked(tmp_path) as store:
        assert unavailable(Holdings(ENCODER, store), archive([record(0)])) == "The embedding store is locked."


def run(job: Job[str]) -> tuple[list[Event], str]:
    events: list[Event] = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return events, stop.value


def test_a_search_starts_again_when_the_view_is_stale(store: EmbeddingStore) -> None:
    whole = archive([record(0)])
    fill(store, ENCODER, whole, AXES)
    stale = [StaleView("It was tidied up."), StaleView("The file x is damaged.", damaged=True)]
    tried: list[Coverage] = []

    def search(coverage: Coverage) -> Job[str]:
        tried.append(coverage)
        if stale:
            raise stale.pop(0)
        return "found"
        yield

    events, found = run(Holdings(ENCODER, store).searching(whole, search))
    assert found == "found"
    assert len({id(coverage) for coverage in tried}) == 3
    (notice,) = events
    assert isinstance(notice, Notice)
    assert notice.text == "The file x is damaged."


@pytest.mark.parametrize("damaged", [False, True])
def test_a_search_does_not_start_again_for_ever(store: EmbeddingStore, damaged: bool) -> None:
    whole = archive([record(0)])
    fill(store, ENCODER, whole, AXES)

    def search(coverage: Coverage) -> Job[str]:
        raise StaleView("It has changed.", damaged)
        yield

    with pytest.raises(StoreError, match=r"attempts\. It has changed\.") as caught:
        run(Holdings(ENCODER, store).searching(whole, search))
    assert not isinstance(caught.value, StaleView)
