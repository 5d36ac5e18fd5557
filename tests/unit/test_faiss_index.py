"""FAISS search: as Cached, but from an index; what the index lacks is searched beside it."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras.encoders.fingerprint import FingerprintEncoder
from ras.engine import SearchEngine
from ras.errors import RASError, SkipReason, StoreError
from ras.filters import Filter
from ras.matching.local import LocalExtractor
from ras.records import Archive, Event, Job, Notice, Progress, Query, Results, SearchReport, finish
from ras.store import EmbeddingStore, EmbeddingView, Failure, IndexFacts
from ras.strategies import faiss_index, index_upkeep
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.copies import CopySearch
from ras.strategies.faiss_index import FAISSSearchStrategy
from ras.strategies.index_build import SIZES, STAGE, Sizes
from ras.strategies.index_file import write_index
from ras.strategies.index_search import OpenIndex
from tests.drawn_archives import Made, altered, drawn, put
from tests.indexes import KINDS, written_rows
from tests.pictures import WordyEncoder, archive, record
from tests.stores import GivenEncoder, entries, fill, query, unit

EVERYTHING = Filter()
MIRA, TOM = Filter(authors=("Mira",)), Filter(authors=("Tom",))
EXACT = [kind for kind in KINDS if not kind.startswith("IVF")]
BACKGROUND = dataclasses.replace(SIZES, at_once=0)
"""Every index is made in the background."""


@pytest.fixture(autouse=True)
def no_threads_are_left() -> Iterator[None]:
    yield
    assert not [thread.name for thread in threading.enumerate() if thread.name in ("index", "index-check")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as opened:
        yield opened


@contextmanager
def strategy_of(encoder: GivenEncoder, store: EmbeddingStore, sizes: Sizes = SIZES) -> Iterator[FAISSSearchStrategy]:
    made = FAISSSearchStrategy(encoder, store, sizes=sizes)
    try:
        yield made
    finally:
        made.close()


def run(job: Job[tuple[SearchReport, ...]]) -> tuple[list[Event], tuple[SearchReport, ...]]:
    events: list[Event] = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return events, stop.value


def notices(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def authors(count: int, start: int = 0) -> Archive:
    """Records, each third of which is Tom's."""
    records = [record(number, author="Mira" if number % 3 else "Tom") for number in range(start, start + count)]
    return archive(records, f"{start}.json")


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def same_as_cached(
    strategy: FAISSSearchStrategy,
    encoder: GivenEncoder,
    store: EmbeddingStore,
    whole: Archive,
    top_k: int = 10,
    filters: Sequence[Filter] = (EVERYTHING, MIRA, TOM),
) -> None:
    """The results of Cached to the last bit, for all queries of the encoder."""
    queries = [query(number) for number in range(len(encoder.embeddings))]
    for where in filters:
        reports = finish(strategy.search(queries, whole, top_k, where))
        expected = finish(CachedSearchStrategy(encoder, store).search(queries, whole, top_k, where))
        assert [dataclasses.replace(report, mode="cached") for report in reports] == list(expected)


def facts_of(store: EmbeddingStore, encoder: GivenEncoder) -> IndexFacts:
    facts = store.index_facts(encoder.id)
    assert facts is not None
    return facts


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(EXACT),
    st.integers(0, 2**32 - 1),
    st.integers(1, 120),
    st.sampled_from([2, 5, 32, 512]),
    st.integers(1, 15),
    st.integers(0, 60),
)
def test_the_ranking_is_that_of_cached(
    tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int, count: int, dimension: int, top_k: int, later: int
) -> None:
    """Also where many score the same, with reposts, another archive in the store, and rows beside the index."""
    chance = np.random.default_rng(seed)
    encoder = GivenEncoder(*(unit(chance, chance.integers(1, 6), dimension) for _ in range(3)))
    rows = unit(chance, count + later, dimension)
    near = chance.integers(0, count, count // 2)
    rows[near] = encoder.embeddings[0][0]
    rows[near, chance.integers(0, dimension, len(near))] *= 1 + chance.choice([0, 0, 1, -1], len(near)) * 2.0**-11
    names = chance.integers(0, count, count + later).tolist()
    rows = rows[[names.index(name) for name in names]]
    whole = authors(count + later)
    with EmbeddingStore(tmp_path_factory.mktemp("store")) as store, strategy_of(
        encoder, store, KINDS[kind]
    ) as strategy:
        fill(store, encoder, authors(30, 1000), np.concatenate([unit(chance, 15, dimension), rows[:1].repeat(15, 0)]))
        fill(store, encoder, archive(whole.records[:count]), rows, names)
        same_as_cached(strategy, encoder, store, whole, top_k)
        assert facts_of(store, encoder).kind == kind
        fill(store, encoder, whole, rows, names)
        same_as_cached(strategy, encoder, store, whole, top_k)
        assert facts_of(store, encoder).rows == 30 + len(set(names[:count]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_index_is_what_answers(store: EmbeddingStore, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the embeddings in the store only those of the candidates are read, and all queries are one call."""
    chance = np.random.default_rng(0)
    encoder = GivenEncoder(*(unit(chance, views, 16) for views in (5, 1, 2)))
    whole = authors(3000)
    fill(store, encoder, whole, unit(chance, 3000, 16))
    with strategy_of(encoder, store, KINDS[kind]) as strategy:
        finish(strategy.prepare(store))
        read: list[int] = []
        blocks = EmbeddingView.blocks

        def watched(view: EmbeddingView, rows: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for numbers, block in blocks(view, rows):
                read.append(len(numbers))
                yield numbers, block

        calls: list[int] = []
        candidates = OpenIndex.candidates

        def counted(index: OpenIndex, views: np.ndarray, *arguments: Any) -> Any:
            calls.append(len(views))
            return candidates(index, views, *arguments)

        monkeypatch.setattr(EmbeddingView, "blocks", watched)
        monkeypatch.setattr(OpenIndex, "candidates", counted)
        events, reports = run(strategy.search([query(0), query(1), query(2)], whole, 10, EVERYTHING))
        assert calls == [8]
        assert 30 <= sum(read) < 100
        assert [event for event in events if isinstance(event, Results)] == [
            Results(report.results, final=True, query=number) for number, report in enumerate(reports)
        ]
        assert finish(strategy.search([], whole, 10, EVERYTHING)) == ()


def test_a_text_is_looked_up_everywhere(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = WordyEncoder()
    whole = authors(400)
    fill(store, encoder, whole, unit(np.random.default_rng(3), 400, 3))
    asked: list[bool] = []
    candidates = OpenIndex.candidates

    def watched(
        index: OpenIndex, views: np.ndarray, top_k: int, allowed: np.ndarray | None, everywhere: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        asked.append(everywhere)
        return candidates(index, views, top_k, allowed, everywhere)

    monkeypatch.setattr(OpenIndex, "candidates", watched)
    with strategy_of(encoder, store, KINDS["IVF64,SQfp16"]) as strategy:
        finish(strategy.prepare(store))
        for wanted in (query(), Query(None, "green", text="green"), dataclasses.replace(query(), text="green")):
            finish(strategy.search([wanted], whole, 10, EVERYTHING))
    assert asked == [False, True, True]


def test_the_report_and_what_is_not_indexed_are_those_of_cached(store: EmbeddingStore) -> None:
    encoder = GivenEncoder([1, 0])
    whole = authors(9)
    store.register(whole)
    reasons = {3: SkipReason.GONE, 4: SkipReason.DAMAGED, 5: SkipReason.EXPIRED, 6: SkipReason.NETWORK}
    failures = [Failure(f"a:{place}", reason, "", 1e9, "") for place, reason in reasons.items()]
    store.add(encoder.id, 2, entries(whole.records[:3], np.full((3, 2), [0.6, 0.8], np.float32)), failures)
    with strategy_of(encoder, store) as strategy:
        same_as_cached(strategy, encoder, store, whole, filters=(EVERYTHING, TOM, Filter(authors=("nobody",))))
        (report,) = finish(strategy.search([query()], whole, 5, EVERYTHING))
        assert (report.mode, report.searched, report.not_indexed) == ("faiss", 3, 4)
        assert list(strategy.unsearched(whole)) == [5, 6, 7, 8]
        assert strategy.estimate(whole) is not None


def test_nothing_indexed(store: EmbeddingStore) -> None:
    encoder = GivenEncoder([1, 0])
    with strategy_of(encoder, store) as strategy:
        reason = CachedSearchStrategy(encoder, store).unavailable(authors(2))
        assert strategy.unavailable(authors(2)) == reason is not None
        assert list(strategy.prepare(store)) == []
        fill(store, encoder, authors(2), np.eye(2, dtype=np.float32))
        assert strategy.unavailable(authors(2, 50)) is not None
        assert strategy.unavailable(authors(2)) is None


def test_what_comes_later_is_found_at_once_and_the_index_grows(store: EmbeddingStore) -> None:
    chance = np.random.default_rng(0)
    encoder = GivenEncoder(unit(chance, 2, 16))
    whole = authors(500)
    rows = unit(chance, 500, 16)
    rows[200] = rows[450] = encoder.embeddings[0][0]
    sizes = Sizes(fewest_beside=100)
    with strategy_of(encoder, store, sizes) as strategy:
        for end, in_index, best in (
            (150, 150, []),
            (250, 150, [200]),  # beside the index
            (251, 251, [200]),
            (351, 251, [200]),
            (500, 500, [200, 450]),
        ):
            fill(store, encoder, archive(whole.records[:end]), rows)
            before = store.index_facts(encoder.id)
            same_as_cached(strategy, encoder, store, whole)
            (report,) = finish(strategy.search([query()], whole, 3, EVERYTHING))
            assert [result.place for result in report.results if result.score > 0.999] == best
            facts = facts_of(store, encoder)
            assert facts.rows == in_index
            if before is not None:
                assert facts.contents[: before.rows].tolist() == before.contents.tolist()  # rows stay where they are


def test_dead_rows_are_not_found_and_lead_to_a_new_index(store: EmbeddingStore) -> None:
    chance = np.random.default_rng(0)
    encoder = GivenEncoder(unit(chance, 2, 16))
    parts = [authors(40, 0), authors(120, 1000), authors(120, 2000)]
    for part in parts:
        fill(store, encoder, part, unit(chance, len(part.records), 16))
    both = archive([*parts[1].records, *parts[2].records])
    with strategy_of(encoder, store) as strategy:
        same_as_cached(strategy, encoder, store, both)
        for left, rows in ((240, 280), (120, 120)):
            finish(store.remove(store.archives()[-1].id))
            finish(store.compact())
            assert len(store.view(encoder.id).contents) == left
            same_as_cached(strategy, encoder, store, both)
            assert facts_of(store, encoder).rows == rows


def test_several_archives_in_one_store(store: EmbeddingStore) -> None:
    chance = np.random.default_rng(0)
    encoder = GivenEncoder(*(unit(chance, 3, 16) for _ in range(2)))
    parts = [authors(60, start) for start in (0, 1000, 2000)]
    rows = unit(chance, 60, 16)
    for part, names in zip(parts, ([f"both {n}" for n in range(60)], None, [f"both {n}" for n in range(60)])):
        fill(store, encoder, part, rows if names else unit(chance, 60, 16), names or ())
    together = archive([entry for part in parts for entry in part.records])
    with strategy_of(encoder, store) as strategy:
        for whole in (*parts, together, parts[0]):
            same_as_cached(strategy, encoder, store, whole)


def grouped(chance: np.random.Generator, count: int) -> np.ndarray:
    centres = unit(np.random.default_rng(77), 50, 16)
    rows = centres[chance.integers(0, 50, count)] + 0.15 * chance.standard_normal((count, 16))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_recall_of_lists(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least 0.99 of the best 50, with a filter or not; every filtered top_k is full, and scores are exact."""
    chance = np.random.default_rng(0)
    encoder = GivenEncoder(*(grouped(chance, 1 + number % 5) for number in range(40)))
    whole = authors(6000)
    fill(store, encoder, whole, grouped(chance, 6000))
    queries = [query(number) for number in range(40)]
    monkeypatch.setattr("ras.strategies.index_search.FEW_ROWS", 0)
    with strategy_of(encoder, store, KINDS["IVF64,SQfp16"]) as strategy:
        for where in (EVERYTHING, TOM):
            reports = finish(strategy.search(queries, whole, 50, where))
            expected = finish(CachedSearchStrategy(encoder, store).search(queries, whole, 50, where))
            scores = {result.place: result.score for report in expected[:1] for result in report.results}
            assert all(scores.get(one.place, one.score) == one.score for one in reports[0].results)
            assert all(len(report.results) == 50 for report in reports)
            recall = np.mean(
                [
                    len({one.place for one in report.results} & {one.place for one in other.results}) / 50
                    for report, other in zip(reports, expected)
                ]
            )
            assert recall >= 0.99
        assert facts_of(store, encoder).nprobe < 40
        few = Filter(file_name="*77.png")
        (report,) = finish(strategy.search(queries[:1], whole, 500, few))
        assert len(report.results) == report.searched == 60
        monkeypatch.undo()  # where a filter leaves few, what is found is the best for certain
        same_as_cached(strategy, encoder, store, whole, 50, filters=(MIRA, TOM, few))


def test_a_row_that_is_no_number_ranks_last_and_hides_nothing(store: EmbeddingStore) -> None:
    encoder = GivenEncoder([1, 0])
    whole = authors(4)
    fill(store, encoder, whole, np.array([[np.nan, 0], [0.6, 0.8], [np.inf, 1], [1, 0]], np.float32))
    with strategy_of(encoder, store) as strategy:
        for top_k in (2, 4):
            same_as_cached(strategy, encoder, store, whole, top_k)


def harm_truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def harm_header(path: Path) -> None:
    keeping_time(path, lambda data: data[:8] + bytes([data[8] ^ 4]) + data[9:])


def harm_foreign(path: Path) -> None:
    """The index of another store, of the same size."""
    folder = path.parent / "other"
    rows = unit(np.random.default_rng(5), 300, 16)
    other = folder / written_rows(folder, rows, SIZES).file
    assert other.stat().st_size == path.stat().st_size
    keeping_time(path, lambda _: other.read_bytes())
    shutil.rmtree(folder)


def keeping_time(path: Path, change: Callable[[bytes], bytes]) -> None:
    state = path.stat()
    path.write_bytes(change(path.read_bytes()))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def indexed(store: EmbeddingStore, encoder: GivenEncoder, count: int = 300) -> Archive:
    whole = authors(count)
    fill(store, encoder, whole, unit(np.random.default_rng(1), count, 16))
    with strategy_of(encoder, store) as strategy:
        finish(strategy.prepare(store))
    return whole


@pytest.mark.parametrize("harm", [Path.unlink, harm_truncate, harm_header, harm_foreign])
def test_a_damaged_index_is_set_aside_and_made_anew(store: EmbeddingStore, harm: Callable[[Path], None]) -> None:
    encoder = GivenEncoder(unit(np.random.default_rng(0), 2, 16))
    whole = indexed(store, encoder)
    before = facts_of(store, encoder)
    harm(store.indexes_folder / before.file)
    with strategy_of(encoder, store) as strategy:
        assert strategy.unavailable(whole) is None
        events, _ = run(strategy.search([query()], whole, 5, EVERYTHING))
        (said,) = notices(events)
        assert str(store.indexes_folder / before.file) in said
        assert said.endswith("t is built anew from the embeddings.")
        assert len(list((store.folder / "damaged").glob("*"))) == (harm is not Path.unlink)
        facts = facts_of(store, encoder)
        assert facts.file != before.file
        assert [path.name for path in store.indexes_folder.iterdir()] == [facts.file]
        same_as_cached(strategy, encoder, store, whole)
        assert notices(run(strategy.search([query()], whole, 5, EVERYTHING))[0]) == []


def test_damage_that_only_reading_all_of_it_shows(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flipped bit in the middle of a file whose time stamp says nothing."""
    monkeypatch.setattr("ras.strategies.index_file.HEAD", 1000)
    monkeypatch.setattr("ras.strategies.index_file.TAIL", 1000)
    encoder = GivenEncoder(unit(np.random.default_rng(0), 2, 16))
    whole = indexed(store, encoder)
    before = facts_of(store, encoder)
    middle = before.size // 2
    keeping_time(
        store.indexes_folder / before.file,
        lambda data: data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
    )
    with strategy_of(encoder, store) as strategy:
        finish(strategy.search([query()], whole, 5, EVERYTHING))
        assert strategy._index is not None
        strategy._index._check.join()
        events, _ = run(strategy.search([query()], whole, 5, EVERYTHING))
        assert ["it is not what was written" in text for text in notices(events)] == [True]
        assert facts_of(store, encoder).file != before.file
        same_as_cached(strategy, encoder, store, whole)


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_of_other_embeddings_is_found_out(store: EmbeddingStore, kind: str) -> None:
    """A file and facts that agree, but are of another store or of embeddings that were made anew since."""
    encoder = GivenEncoder(*(unit(np.random.default_rng(number), 2, 16) for number in range(2)))
    whole = indexed(store, encoder)
    right = facts_of(store, encoder)
    wrong = written_rows(store.indexes_folder, unit(np.random.default_rng(5), 300, 16), KINDS[kind])
    store.set_index(encoder.id, dataclasses.replace(wrong, contents=right.contents))
    expected = finish(CachedSearchStrategy(encoder, store).search([query(0), query(1)], whole, 5, EVERYTHING))
    with strategy_of(encoder, store, KINDS[kind]) as strategy:
        events, reports = run(strategy.search([query(0), query(1)], whole, 5, EVERYTHING))
        assert ["its embeddings are not those of the store" in text for text in notices(events)] == [True]
        assert [report.results for report in reports] == [report.results for report in expected]
        assert store.index_facts(encoder.id) is None
        same_as_cached(strategy, encoder, store, whole)
        assert facts_of(store, encoder).kind == kind


def test_the_index_of_another_encoder(store: EmbeddingStore) -> None:
    encoder = GivenEncoder(unit(np.random.default_rng(0), 2, 16))
    whole = indexed(store, encoder)
    other = written_rows(store.indexes_folder, unit(np.random.default_rng(5), 300, 24), SIZES)
    store.set_index(encoder.id, dataclasses.replace(other, contents=facts_of(store, encoder).contents))
    with strategy_of(encoder, store) as strategy:
        (said,) = notices(run(strategy.search([query()], whole, 5, EVERYTHING))[0])
        assert "its embeddings have 24 numbers, those of this encoder 16" in said
        same_as_cached(strategy, encoder, store, whole)


def test_indexes_of_two_encoders_live_side_by_side(store: EmbeddingStore) -> None:
    chance = np.random.default_rng(0)
    one, two = GivenEncoder(unit(chance, 2, 16)), GivenEncoder(unit(chance, 2, 8))
    two.id = "given-2"
    whole = authors(50)
    for encoder in (one, two):
        fill(store, encoder, whole, unit(chance, 50, encoder.dimension))
    with strategy_of(one, store) as first, strategy_of(two, store) as second:
        for _ in range(2):
            same_as_cached(first, one, store, whole)
            same_as_cached(second, two, store, whole)
    assert facts_of(store, one).file != facts_of(store, two).file


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Writing an index waits for the event."""
    go_on = threading.Event()

    def waiting(*arguments: Any) -> Any:
        assert go_on.wait(60)
        return write_index(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(index_upkeep, "write_index", waiting)
        try:
            yield go_on
        finally:
            go_on.set()


def test_a_large_index_is_built_in_the_background(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(0)
    encoder = GivenEncoder(unit(chance, 2, 16))
    whole = authors(200)
    fill(store, encoder, whole, unit(chance, 200, 16))
    with strategy_of(encoder, store, BACKGROUND) as strategy:
        with held(monkeypatch) as go_on:
            reason = strategy.unavailable(whole)
            assert reason is not None
            assert reason.startswith("its index is being built (")
            assert "Cached answers meanwhile" in reason
            with pytest.raises(StoreError, match=r"its index is being built \("):
                finish(strategy.search([query()], whole, 5, EVERYTHING))
            assert CachedSearchStrategy(encoder, store).unavailable(whole) is None
            go_on.set()
            wait_for(lambda: strategy.unavailable(whole) is None)
        same_as_cached(strategy, encoder, store, whole)
        # Grown in the background too; the index as it was, and what is beside it, answer meanwhile.
        more = authors(1700)
        fill(store, encoder, more, unit(chance, 1700, 16))
        with held(monkeypatch) as go_on:
            assert strategy.unavailable(more) is None
            assert strategy._upkeep.is_building
            same_as_cached(strategy, encoder, store, more)
            assert facts_of(store, encoder).rows == 200
            go_on.set()
            wait_for(lambda: not strategy._upkeep.is_building)
        same_as_cached(strategy, encoder, store, more)
        assert facts_of(store, encoder).rows == 1700
        assert strategy._index is not None
        assert strategy._index.facts.rows == 1700


def test_a_large_index_that_is_damaged(store: EmbeddingStore) -> None:
    encoder = GivenEncoder(unit(np.random.default_rng(0), 2, 16))
    whole = indexed(store, encoder)
    harm_header(store.indexes_folder / facts_of(store, encoder).file)
    with strategy_of(encoder, store, BACKGROUND) as strategy:
        with pytest.raises(StoreError, match=r"its index is being built"):
            finish(strategy.search([query()], whole, 5, EVERYTHING))
        wait_for(lambda: strategy.unavailable(whole) is None)
        events, _ = run(strategy.search([query()], whole, 5, EVERYTHING))
        assert ["it is not what was written" in text for text in notices(events)] == [True]
        same_as_cached(strategy, encoder, store, whole)


def test_indexing_ends_with_the_index(store: EmbeddingStore) -> None:
    """On the indexing thread, with its own store, while the strategy searches on another."""
    encoder = GivenEncoder(unit(np.random.default_rng(0), 2, 16))
    whole = authors(300)
    fill(store, encoder, whole, unit(np.random.default_rng(1), 300, 16))
    with strategy_of(encoder, store, BACKGROUND) as strategy:
        events: list[Event] = []

        def index() -> None:
            with EmbeddingStore(store.folder) as own:
                events.extend(strategy.prepare(own))

        thread = threading.Thread(target=index)
        thread.start()
        thread.join()
        assert Progress(STAGE, 300, 300) in events
        assert facts_of(store, encoder).rows == 300
        assert strategy.unavailable(whole) is None
        assert not strategy._upkeep.is_building
        same_as_cached(strategy, encoder, store, whole)
        assert list(strategy.prepare(store)) == []


def test_an_index_that_cannot_be_written_spoils_nothing(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = GivenEncoder(unit(np.random.default_rng(0), 2, 16))
    whole = authors(60)
    rows = unit(np.random.default_rng(1), 2000, 16)
    fill(store, encoder, whole, rows)

    def full(*_: object) -> None:
        raise StoreError("The disk is full; make room.")

    with strategy_of(encoder, store) as strategy:
        with monkeypatch.context() as patched:
            patched.setattr(index_upkeep, "write_index", full)
            with pytest.raises(StoreError, match="make room"):
                finish(strategy.search([query()], whole, 5, EVERYTHING))
            reason = strategy.unavailable(whole)
            assert reason == "its index could not be built. The disk is full; make room."
            (said,) = notices(list(strategy.prepare(store)))
            assert said == "The search index was not built; Cached search does without it. The disk is full; make room."
        finish(strategy.prepare(store))
        same_as_cached(strategy, encoder, store, whole)
        more = authors(2000)
        fill(store, encoder, more, rows)
        with monkeypatch.context() as patched:
            patched.setattr(index_upkeep, "write_index", full)
            events, (report,) = run(strategy.search([query()], more, 5, EVERYTHING))
            assert notices(events) == ["The disk is full; make room. The search goes on with the index as it was."]
            assert report.searched == 2000
            same_as_cached(strategy, encoder, store, more)  # and does not try again at once
        assert facts_of(store, encoder).rows == 60


def test_a_read_only_store(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = GivenEncoder(unit(np.random.default_rng(0), 2, 16))
    whole = authors(60)
    fill(store, encoder, whole, unit(np.random.default_rng(1), 60, 16))
    with monkeypatch.context() as patched, strategy_of(encoder, store) as strategy:
        patched.setattr(EmbeddingStore, "read_only", property(lambda _: True))
        assert strategy.unavailable(whole) == (
            "its index cannot be built, since the folder of the embedding store may not be written."
        )
        with pytest.raises(StoreError, match="may not be written"):
            finish(strategy.search([query()], whole, 5, EVERYTHING))
    whole = indexed(store, encoder)
    monkeypatch.setattr(EmbeddingStore, "read_only", property(lambda _: True))
    with strategy_of(encoder, store) as strategy:
        same_as_cached(strategy, encoder, store, whole)


def test_without_faiss(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = GivenEncoder(unit(np.random.default_rng(0), 2, 16))
    whole = authors(60)
    fill(store, encoder, whole, unit(np.random.default_rng(1), 60, 16))
    monkeypatch.setitem(sys.modules, "faiss", None)
    with strategy_of(encoder, store) as strategy:
        reason = strategy.unavailable(whole)
        assert reason is not None
        assert reason.startswith("FAISS cannot be loaded here (")
        assert reason.endswith("install it with “pip install faiss-cpu”.")
        with pytest.raises(RASError, match="FAISS cannot be loaded here"):
            finish(strategy.search([query()], whole, 5, EVERYTHING))
        (said,) = notices(list(strategy.prepare(store)))
        assert "pip install faiss-cpu" in said


OUT_OF_MEMORY = "There is not enough memory for the search index; close other programs and try again."


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("Error in faiss::IndexFlat: failed"), "FAISS failed (Error in faiss::IndexFlat: failed)"),
        (MemoryError("std::bad_alloc"), OUT_OF_MEMORY),
    ],
)
@pytest.mark.parametrize("where", ["add", "search"])
def test_where_faiss_fails_the_next_mode_answers(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception, reason: str
) -> None:
    encoder = GivenEncoder(unit(np.random.default_rng(0), 2, 16))
    whole = authors(60)
    fill(store, encoder, whole, unit(np.random.default_rng(1), 60, 16))

    def fails(*_: object, **__: object) -> None:
        raise error

    with strategy_of(encoder, store, KINDS["SQfp16"]) as strategy:
        engine = SearchEngine(encoder, {"faiss": strategy, "cached": CachedSearchStrategy(encoder, store)})
        with monkeypatch.context() as patched:
            patched.setattr(faiss.IndexScalarQuantizer, where, fails)
            events, (report,) = run(engine.search_many([query()], whole))
        (said,) = notices(events)
        assert reason in said
        assert (report.mode, len(report.results)) == ("cached", 30)
        assert (strategy.unavailable(whole) is None) == (where == "search")


def test_a_building_that_fails_in_the_background_is_told(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = GivenEncoder(unit(np.random.default_rng(0), 2, 16))
    fill(store, encoder, authors(60), unit(np.random.default_rng(1), 60, 16))

    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(faiss.IndexFlatIP, "add", fails)
    with strategy_of(encoder, store, BACKGROUND) as strategy:
        strategy.unavailable(authors(60))
        wait_for(lambda: not strategy._upkeep.is_building)
        assert strategy.unavailable(authors(60)) == f"its index could not be built. {OUT_OF_MEMORY}"


def test_another_program_replaces_the_index(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    encoder = GivenEncoder(unit(chance, 2, 16))
    whole = authors(2000)
    rows = unit(chance, 2000, 16)
    with EmbeddingStore(tmp_path) as here, EmbeddingStore(tmp_path) as there:
        fill(here, encoder, archive(whole.records[:300]), rows)
        with strategy_of(encoder, here) as ours, strategy_of(encoder, there) as theirs:
            same_as_cached(ours, encoder, here, whole)
            before = facts_of(here, encoder)
            fill(there, encoder, whole, rows)
            finish(theirs.prepare(there))
            assert not (here.indexes_folder / before.file).exists()
            events, _ = run(ours.search([query()], whole, 5, EVERYTHING))
            assert notices(events) == []
            same_as_cached(ours, encoder, here, whole)
            assert ours._index is not None
            assert ours._index.facts.rows == facts_of(there, encoder).rows == 2000


def test_another_program_replaces_the_index_while_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(0)
    encoder = GivenEncoder(unit(chance, 2, 16))
    whole = authors(2000)
    rows = unit(chance, 2000, 16)
    opened: list[str] = []
    with EmbeddingStore(tmp_path) as here, EmbeddingStore(tmp_path) as there:
        fill(here, encoder, archive(whole.records[:300]), rows)
        with strategy_of(encoder, here) as ours, strategy_of(encoder, there) as theirs:
            finish(theirs.prepare(there))
            fill(there, encoder, whole, rows)

            def late(folder: Path, facts: IndexFacts, dimension: int) -> OpenIndex:
                if not opened:
                    finish(theirs.prepare(there))
                opened.append(facts.file)
                return OpenIndex(folder, facts, dimension)

            monkeypatch.setattr(faiss_index, "OpenIndex", late)
            events, _ = run(ours.search([query()], whole, 5, EVERYTHING))
            assert len(set(opened)) == 2
            assert notices(events) == []
            same_as_cached(ours, encoder, here, whole)
            assert not (tmp_path / "damaged").exists()


def test_it_goes_on_when_the_store_is_tidied_up_meanwhile(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    encoder = GivenEncoder(unit(chance, 2, 8))
    whole, other = authors(9000), archive([record(number) for number in range(20_000, 28_000)], "other.json")
    with EmbeddingStore(tmp_path) as store, EmbeddingStore(tmp_path) as elsewhere:
        fill(store, encoder, other, unit(chance, 8000, 8))
        fill(store, encoder, whole, unit(chance, 9000, 8))
        with strategy_of(encoder, store) as strategy:
            assert strategy.unavailable(whole) is None
            finish(strategy.prepare(store))
            job = strategy.search([query()], whole, 20, EVERYTHING)
            assert isinstance(next(job), Progress)
            finish(elsewhere.remove(elsewhere.archives()[-1].id))
            finish(elsewhere.compact())
            events, (report,) = run(job)
            assert notices(events) == []
            (expected,) = finish(CachedSearchStrategy(encoder, store).search([query()], whole, 20, EVERYTHING))
            assert report.results == expected.results


def test_gpus_are_used_where_faiss_has_one(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the same code as on the CPU; see test_index_search for what becomes of failures."""
    searched: list[int] = []

    class OnGPU:
        def __init__(self, index: Any) -> None:
            self.index = index

        def search(self, views: np.ndarray, k: int) -> Any:
            searched.append(len(views))
            return self.index.search(views, k)

    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(faiss, "StandardGpuResources", object, raising=False)
    monkeypatch.setattr(faiss, "index_cpu_to_gpu", lambda _, __, index: OnGPU(index), raising=False)
    encoder = GivenEncoder(*(unit(np.random.default_rng(number), 5, 16) for number in range(3)))
    whole = indexed(store, encoder)
    with strategy_of(encoder, store) as strategy:
        same_as_cached(strategy, encoder, store, whole, filters=(EVERYTHING,))
    assert searched == [15]


@pytest.mark.parametrize("kind", KINDS)
def test_copies_are_told_by_the_index_beside_it_and_without_it(store: EmbeddingStore, kind: str) -> None:
    encoder, extractor, sizes = FingerprintEncoder(), LocalExtractor(), KINDS[kind]
    made = [Made(drawn(number)) for number in range(4)]
    whole = authors(120)
    store.register(whole)
    chance = np.random.default_rng(0)
    fillers = unit(chance, 120, encoder.dimension)
    put(store, encoder, whole.records[:100], fillers[:100], [None] * 100)
    for place, one in zip((100, 101), made):
        put(store, encoder, [whole.records[place]], [one.embedding], [one.features], one.preview)
    copies = CopySearch(encoder, store, extractor)
    queries = [altered("crop to 50 % of area", number) for number in range(4)]
    strategy = FAISSSearchStrategy(encoder, store, sizes=sizes, copies=copies)
    cached = CachedSearchStrategy(encoder, store, copies=copies)
    try:
        finish(strategy.search(queries, whole, 5, EVERYTHING))
        for place, one in zip((102, 103), made[2:]):  # too few for the index to be made anew
            put(store, encoder, [whole.records[place]], [one.embedding], [one.features], one.preview)
        facts = store.index_facts(encoder.id)
        assert facts is not None
        for _ in ("with the index", "with one that is foreign"):
            reports = finish(strategy.search(queries, whole, 5, EVERYTHING))
            assert [report.results[0].place for report in reports] == [100, 101, 102, 103]
            assert all(report.results[0].verdict.is_copy for report in reports)
            expected = finish(cached.search(queries, whole, 5, EVERYTHING))
            assert [dataclasses.replace(report, mode="cached") for report in reports] == list(expected)
            rows = unit(chance, facts.rows, encoder.dimension)
            foreign = written_rows(store.indexes_folder, rows, sizes)
            store.set_index(encoder.id, dataclasses.replace(foreign, contents=facts.contents))
            strategy.close()
            strategy = FAISSSearchStrategy(encoder, store, sizes=sizes, copies=copies)
    finally:
        strategy.close()
