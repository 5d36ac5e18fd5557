"""Cached search is exact, block by block."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras.errors import SkipReason
from ras.filters import Filter
from ras.records import Archive, Event, Job, Notice, Progress, Results, SearchReport, Verdict, finish
from ras.scoring import to_stored
from ras.store import EmbeddingStore, EmbeddingView, Failure
from ras.strategies import cached, exact
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.stored import Holdings
from tests.pictures import archive, record
from tests.stores import GivenEncoder, entries, fill, query, unit

EVERYTHING = Filter()
MIRA, TOM = Filter(authors=("Mira",)), Filter(authors=("Tom",))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as opened:
        yield opened


def run(job: Job[tuple[SearchReport, ...]]) -> tuple[list[Event], tuple[SearchReport, ...]]:
    events: list[Event] = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return events, stop.value


def authors(count: int) -> Archive:
    """Records, each third of which is Tom's."""
    return archive([record(number, author="Mira" if number % 3 else "Tom") for number in range(count)])


def brute_force(views: np.ndarray, rows: np.ndarray, passing: Sequence[int], top_k: int) -> list[tuple[float, int]]:
    """(score, place) of the best, by float64 products written out."""
    stored = to_stored(rows).astype(np.float64)
    scores = [max(float((stored[place] * view.astype(np.float64)).sum()) for view in views) for place in passing]
    return sorted(zip(scores, passing), key=lambda pair: (-pair[0], pair[1]))[:top_k]


def found(report: SearchReport) -> list[tuple[float, int]]:
    return [(result.score, result.place) for result in report.results]


def test_the_nearest_first_with_previews(store: EmbeddingStore) -> None:
    encoder = GivenEncoder([0, 1])
    whole = archive([record(number) for number in range(4)])
    fill(store, encoder, whole, np.array([[1, 0], [0.6, 0.8], [0, 1], [-1, 0]], np.float32))
    events, (report,) = run(CachedSearchStrategy(encoder, store).search([query()], whole, 3, EVERYTHING))
    assert [result.record.key for result in report.results] == ["a:2", "a:1", "a:0"]
    assert [result.rank for result in report.results] == [1, 2, 3]
    assert [result.preview for result in report.results] == [f"preview of a:{n}".encode() for n in (2, 1, 0)]
    assert (report.mode, report.encoder, report.device, report.searched) == ("cached", "given-1", "cpu", 4)
    assert (report.skipped, report.not_indexed) == ({}, 0)
    assert [result.verdict for result in report.results] == [Verdict.ALIKE, Verdict.UNLIKELY, Verdict.UNLIKELY]
    final = events[-1]
    assert final == Results(report.results, final=True, query=0)
    assert any(isinstance(event, Progress) for event in events)
    assert not any(isinstance(event, Notice) for event in events)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 120), st.sampled_from([1, 2, 5, 32, 512]), st.integers(1, 15))
def test_every_search_equals_brute_force(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, dimension: int, top_k: int
) -> None:
    """Also where many score the same, or differ in the last bit alone."""
    chance = np.random.default_rng(seed)
    encoder = GivenEncoder(*(unit(chance, chance.integers(1, 6), dimension) for _ in range(3)))
    rows = unit(chance, count, dimension)
    near = chance.integers(0, count, count // 2)
    rows[near] = encoder.embeddings[0][0]
    rows[near, chance.integers(0, dimension, len(near))] *= 1 + chance.choice([0, 0, 1, -1], len(near)) * 2.0**-11
    names = chance.integers(0, count, count).tolist()
    rows = rows[[names.index(name) for name in names]]
    whole = authors(count)
    with EmbeddingStore(tmp_path_factory.mktemp("store")) as store:
        fill(store, encoder, whole, rows, names)
        for where, passing in (
            (EVERYTHING, range(count)),
            (MIRA, [place for place in range(count) if place % 3]),
            (TOM, range(0, count, 3)),
        ):
            search = CachedSearchStrategy(encoder, store).search([query(n) for n in range(3)], whole, top_k, where)
            for number, report in enumerate(finish(search)):
                assert found(report) == brute_force(encoder.embeddings[number], rows, passing, top_k)
                assert report.searched == len(passing)


@pytest.mark.parametrize("seed", range(3))
def test_shards_fresh_rows_and_other_archives_make_no_difference(store: EmbeddingStore, seed: int) -> None:
    chance = np.random.default_rng(seed)
    encoder = GivenEncoder(*(unit(chance, 5, 16) for _ in range(2)))
    whole, other = authors(9000), archive([record(number) for number in range(20_000, 25_000)], "other.json")
    rows = unit(chance, 9000, 16)
    fill(store, encoder, archive(whole.records[:4500]), rows)
    fill(store, encoder, other, unit(chance, 5000, 16))
    fill(store, encoder, archive(whole.records), rows)
    assert len(list(store.view(encoder.id).blocks())) > 3
    strategy = CachedSearchStrategy(encoder, store)
    for where, passing in ((EVERYTHING, range(9000)), (TOM, range(0, 9000, 3))):
        reports = finish(strategy.search([query(0), query(1)], whole, 40, where))
        for number, report in enumerate(reports):
            assert found(report) == brute_force(encoder.embeddings[number], rows, passing, 40)
    few = Filter(file_name="7777.png")
    (report,) = finish(strategy.search([query()], whole, 40, few))
    assert [result.place for result in report.results] == [7777]
    assert report.searched == 1


def test_thousands_of_ties_go_by_place_and_stay_few(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank pictures: different files, one embedding."""
    encoder = GivenEncoder([0.6, 0.8])
    count = 10_000
    whole = archive([record(number) for number in range(count)])
    backwards = archive(whole.records[::-1])
    fill(store, encoder, backwards, np.full((count, 2), [0.6, 0.8], np.float32))
    kept: list[int] = []
    offer = exact.Best.offer

    def watched(best: exact.Best, *arguments: np.ndarray) -> None:
        offer(best, *arguments)
        kept.append(len(best._rows))

    monkeypatch.setattr(exact.Best, "offer", watched)
    (report,) = finish(CachedSearchStrategy(encoder, store).search([query()], whole, 7, EVERYTHING))
    assert [result.place for result in report.results] == list(range(7))
    assert len({result.score for result in report.results}) == 1
    assert report.searched == count
    assert len(kept) > 1
    assert max(kept) == 7


def test_reposts_are_separate_results(store: EmbeddingStore) -> None:
    encoder = GivenEncoder([1, 0])
    whole = archive([record(number) for number in range(9)])
    rows = np.array([[0, 1], [1, 0]] * 4 + [[0.6, 0.8]], np.float32)
    fill(store, encoder, whole, rows, names=["other", "posted often"] * 4 + ["third"])
    (report,) = finish(CachedSearchStrategy(encoder, store).search([query()], whole, 6, EVERYTHING))
    assert [result.place for result in report.results] == [1, 3, 5, 7, 8, 0]
    assert [result.preview for result in report.results[:4]] == [b"preview of posted often"] * 4


def test_several_queries_share_one_pass_over_the_store(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(3)
    encoder = GivenEncoder(*(unit(chance, number, 8) for number in (1, 5, 2)))
    whole = authors(50)
    fill(store, encoder, whole, unit(chance, 50, 8))
    passes: list[object] = []
    blocks = EmbeddingView.blocks

    def watched(
        view: EmbeddingView, rows: np.ndarray | None = None, held: int = 1
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        passes.append(rows)
        return blocks(view, rows, held)

    monkeypatch.setattr(EmbeddingView, "blocks", watched)
    strategy = CachedSearchStrategy(encoder, store)
    queries = [query(0), query(1), query(2)]
    events, reports = run(strategy.search(queries, whole, 5, EVERYTHING))
    assert len(passes) == 1
    assert [event for event in events if isinstance(event, Results)] == [
        Results(report.results, final=True, query=number) for number, report in enumerate(reports)
    ]
    for one, report in zip(queries, reports):
        assert finish(strategy.search([one], whole, 5, EVERYTHING)) == (report,)
    assert len({report.results for report in reports}) == 3
    assert finish(strategy.search([], whole, 5, EVERYTHING)) == ()


def test_the_report_counts_what_passes_the_filter(store: EmbeddingStore) -> None:
    encoder = GivenEncoder([1, 0])
    whole = authors(9)
    store.register(whole)
    reasons = {3: SkipReason.GONE, 4: SkipReason.DAMAGED, 5: SkipReason.EXPIRED, 6: SkipReason.NETWORK}
    failures = [Failure(f"a:{place}", reason, "", 1e9, "") for place, reason in reasons.items()]
    store.add(encoder.id, 2, entries(whole.records[:3], np.full((3, 2), [0.6, 0.8], np.float32)), failures)
    strategy = CachedSearchStrategy(encoder, store)
    (report,) = finish(strategy.search([query()], whole, 5, EVERYTHING))
    # The link of the one that had expired has no end, so it may be had now.
    assert (report.searched, report.skipped, report.not_indexed) == (3, {"gone": 1, "damaged": 1}, 4)
    assert list(strategy.unsearched(whole)) == [5, 6, 7, 8]
    (report,) = finish(strategy.search([query()], whole, 5, TOM))
    assert (report.searched, report.skipped, report.not_indexed) == (1, {"gone": 1}, 1)
    (report,) = finish(strategy.search([query()], whole, 5, Filter(authors=("nobody",))))
    assert (report.searched, report.skipped, report.not_indexed, report.results) == (0, {}, 0, ())


def test_a_row_that_is_no_number_ranks_last_and_hides_nothing(store: EmbeddingStore) -> None:
    encoder = GivenEncoder([1, 0])
    whole = archive([record(number) for number in range(4)])
    rows = np.array([[np.nan, 0], [0.6, 0.8], [np.inf, 1], [1, 0]], np.float32)
    fill(store, encoder, whole, rows)
    for top_k, expected in ((2, [3, 1]), (4, [3, 1, 0, 2])):
        (report,) = finish(CachedSearchStrategy(encoder, store).search([query()], whole, top_k, EVERYTHING))
        assert [result.place for result in report.results] == expected


def test_it_can_be_cancelled_at_any_block(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "HEARTBEAT", 0.0)
    chance = np.random.default_rng(4)
    encoder = GivenEncoder(unit(chance, 1, 4))
    whole = authors(10_000)
    fill(store, encoder, whole, unit(chance, 10_000, 4))
    strategy = CachedSearchStrategy(encoder, store)
    events, (report,) = run(strategy.search([query()], whole, 3, EVERYTHING))
    done = [(event.done, event.total) for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert len(done) > 2
    assert done[-1] == (10_000, 10_000)
    for stop in range(1, len(events)):
        job = strategy.search([query()], whole, 3, EVERYTHING)
        for _ in range(stop):
            next(job)
        job.close()
    assert finish(strategy.search([query()], whole, 3, EVERYTHING)) == (report,)


def test_it_goes_on_when_another_program_tidies_up_the_store(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    encoder = GivenEncoder(unit(chance, 2, 8))
    rows = unit(chance, 10_000, 8)
    whole, other = authors(10_000), archive([record(number) for number in range(20_000, 28_000)], "other.json")
    with EmbeddingStore(tmp_path) as store, EmbeddingStore(tmp_path) as elsewhere:
        fill(store, encoder, other, unit(chance, 8000, 8))
        fill(store, encoder, whole, rows)
        strategy = CachedSearchStrategy(encoder, store)
        assert strategy.unavailable(whole) is None
        job = strategy.search([query()], whole, 20, EVERYTHING)
        next(job)  # what is searched is open
        unwanted = elsewhere.find(other.paths)
        assert unwanted is not None
        finish(elsewhere.remove(unwanted.id))
        finish(elsewhere.compact())
        events, (report,) = run(job)
    assert found(report) == brute_force(encoder.embeddings[0], rows, range(10_000), 20)
    assert not any(isinstance(event, Notice) for event in events)


def test_damage_is_said_and_the_rest_is_searched(tmp_path: Path) -> None:
    chance = np.random.default_rng(6)
    encoder = GivenEncoder(unit(chance, 2, 8))
    rows = unit(chance, 10_000, 8)
    whole = authors(10_000)
    with EmbeddingStore(tmp_path) as store:
        fill(store, encoder, whole, rows)
    shard = min((tmp_path / "shards").iterdir())
    data = bytearray(shard.read_bytes())
    data[-5] ^= 1
    shard.write_bytes(data)
    with EmbeddingStore(tmp_path) as store:
        strategy = CachedSearchStrategy(encoder, store)
        events, (report,) = run(strategy.search([query()], whole, 20, EVERYTHING))
        (notice,) = (event for event in events if isinstance(event, Notice))
        assert "index the archive once more" in notice.text
        lost = set(strategy.unsearched(whole))
        assert 0 < len(lost) < 10_000
        assert (report.searched, report.not_indexed) == (10_000 - len(lost), len(lost))
        passing = [place for place in range(10_000) if place not in lost]
        assert found(report) == brute_force(encoder.embeddings[0], rows, passing, 20)
        fill(store, encoder, whole, rows)
        assert list(strategy.unsearched(whole)) == []


def test_the_estimate_follows_the_pace_of_a_search_that_is_large_enough(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = GivenEncoder([1, 0])
    whole = authors(300)
    part = archive(whole.records[:30])
    fill(store, encoder, whole, np.full((300, 2), [0.6, 0.8], np.float32))
    monkeypatch.setattr(cached, "TELLING_ROWS", 300)
    strategy = CachedSearchStrategy(encoder, store)
    typical = strategy.estimate(whole)
    assert typical == 300 * cached.ROW_SECONDS
    assert strategy.estimate(part) == pytest.approx(typical / 10)
    finish(strategy.search([query()], part, 3, EVERYTHING))
    finish(strategy.search([query()], whole, 3, TOM))
    beside_the_query = strategy.estimate(whole) - strategy.estimate(archive([]))
    assert beside_the_query == pytest.approx(typical)
    finish(strategy.search([query()], whole, 3, EVERYTHING))
    assert strategy.estimate(whole) - strategy.estimate(archive([])) > 2 * typical


def test_modes_that_share_what_they_know_of_the_archive_ask_for_it_once(store: EmbeddingStore) -> None:
    encoder = GivenEncoder([1, 0])
    whole = authors(3)
    fill(store, encoder, whole, np.full((3, 2), [0.6, 0.8], np.float32))
    holdings = Holdings(encoder, store)
    one, two = CachedSearchStrategy(encoder, store, holdings), CachedSearchStrategy(encoder, store, holdings)
    assert one.unavailable(whole) is None
    before = holdings.of(whole)
    assert two.unavailable(whole) is None
    assert holdings.of(whole) is before
