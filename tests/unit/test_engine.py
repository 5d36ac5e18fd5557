"""The engine picks a strategy and walks the fallback chain."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from typing import Sequence

import pytest
from PIL import Image

from ras.engine import SearchEngine, build_engine
from ras.errors import EncoderError, ModeError, RASError, StoreError
from ras.filters import Filter
from ras.matching import inverted
from ras.matching.local import LocalExtractor
from ras.records import Archive, Event, Job, Notice, Query, Results, SearchReport, SearchResult, Verdict, finish
from ras.settings import Settings
from ras.store import EmbeddingStore
from ras.strategies.base import SearchStrategy
from tests.drawn_archives import drawn, drawn_archive, file_of, query_of
from tests.pictures import ColourEncoder, WordyEncoder, archive, record

QUERY = Query(Image.new("RGB", (4, 4)), "query")
ARCHIVE = archive([record(1)])


class Scripted(SearchStrategy):
    """A strategy that does what the test says. ``scores``: place in the archive → score of the picture there.

    ``copies``: places of copies.
    """

    def __init__(
        self,
        mode: str,
        unavailable: str | None = None,
        error: RASError | None = None,
        scores: dict[int, float] | None = None,
        unsearched: Sequence[int] = (),
        skipped: dict[str, int] | None = None,
        copies: Sequence[int] = (),
    ) -> None:
        self.mode = mode  # type: ignore[misc]
        self._unavailable = unavailable
        self._error = error
        self._scores = scores or {}
        self._unsearched = unsearched
        self._skipped = skipped or {}
        self._copies = copies
        self.asked: list[tuple[Archive, Filter]] = []
        self.scopes: list[str] = []
        self.closed = False

    def unavailable(self, archive: Archive) -> str | None:
        return self._unavailable

    def searchable(self, archive: Archive) -> int:
        return len(archive.records) - len(self._unsearched)

    def unsearched(self, archive: Archive) -> Sequence[int]:
        return self._unsearched

    def estimate(self, archive: Archive) -> float:
        return 40.0

    def search(
        self, queries: Sequence[Query], archive: Archive, top_k: int, where: Filter, scope: str = "all"
    ) -> Job[tuple[SearchReport, ...]]:
        self.asked.append((archive, where))
        self.scopes.append(scope)
        if self._error is not None:
            raise self._error
        ranked = sorted(self._scores.items(), key=lambda item: (-item[1], item[0]))[:top_k]
        results = tuple(
            SearchResult(rank, score, archive.records[place], None, place, self._verdict(place))
            for rank, (place, score) in enumerate(ranked, 1)
        )
        reports = []
        for number, _ in enumerate(queries):
            yield Results(results, final=True, query=number)
            reports.append(
                SearchReport(
                    self.mode,
                    "colour-1",
                    "cpu",
                    len(self._scores),
                    self._skipped,
                    results,
                    not_indexed=len(self._unsearched),
                )
            )
        return tuple(reports)

    def _verdict(self, place: int) -> Verdict:
        return Verdict.ALTERED if place in self._copies else Verdict.UNLIKELY

    def close(self) -> None:
        self.closed = True


def engine(*strategies: Scripted) -> SearchEngine:
    return SearchEngine(ColourEncoder(), {strategy.mode: strategy for strategy in strategies})


def run(job: Job[SearchReport]) -> tuple[list[Event], SearchReport]:
    events: list[Event] = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return events, stop.value


def notices(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def test_auto_takes_the_first_that_is_ready_and_says_nothing() -> None:
    search = engine(Scripted("faiss", "there is no index."), Scripted("cached"), Scripted("realtime"))
    events, report = run(search.search(QUERY, ARCHIVE))
    assert report.mode == "cached"
    assert not notices(events)


def test_a_mode_that_was_asked_for_and_cannot_be_used_steps_down_with_its_reason() -> None:
    search = engine(
        Scripted("faiss", "there is no index."), Scripted("cached", "nothing is stored."), Scripted("realtime")
    )
    events, report = run(search.search(QUERY, ARCHIVE, mode="faiss"))
    assert report.mode == "realtime"
    said = notices(events)
    assert len(said) == 2
    assert "FAISS" in said[0]
    assert "there is no index" in said[0]
    assert "Cached" in said[1]


def test_a_mode_that_this_version_lacks_steps_down() -> None:
    events, report = run(engine(Scripted("realtime")).search(QUERY, ARCHIVE, mode="cached"))
    assert report.mode == "realtime"
    assert "not part of this engine" in notices(events)[0]


def test_a_mode_that_breaks_steps_down_in_auto_too() -> None:
    search = engine(Scripted("faiss", error=RASError("The index is damaged.")), Scripted("realtime"))
    events, report = run(search.search(QUERY, ARCHIVE))
    assert report.mode == "realtime"
    assert "The index is damaged." in notices(events)[0]


def test_an_encoder_that_fails_is_no_reason_to_try_another_mode() -> None:
    search = engine(Scripted("faiss", error=EncoderError("Out of memory.")), Scripted("realtime"))
    with pytest.raises(EncoderError, match="Out of memory"):
        run(search.search(QUERY, ARCHIVE))


def test_the_last_mode_has_nowhere_to_fall() -> None:
    with pytest.raises(ModeError, match=r"Real-time search cannot be used: the disk is gone\."):
        run(engine(Scripted("realtime", "the disk is gone.")).search(QUERY, ARCHIVE))


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ModeError, match="“psychic”"):
        run(engine(Scripted("realtime")).search(QUERY, ARCHIVE, mode="psychic"))


def test_mode_states_tell_what_each_mode_takes() -> None:
    states = {state.mode: state for state in engine(Scripted("realtime")).mode_states(ARCHIVE)}
    assert list(states) == ["auto", "faiss", "cached", "realtime"]
    assert (states["realtime"].available, states["realtime"].text) == (True, "about 40 s for 1 picture")
    assert (states["auto"].available, states["auto"].text) == (True, "Real-time, about 40 s for 1 picture")
    assert not states["faiss"].available
    assert "not part of this engine" in states["faiss"].text


def test_has_cache() -> None:
    assert not engine(Scripted("realtime")).has_cache(ARCHIVE)
    assert not engine(Scripted("cached", "nothing is stored."), Scripted("realtime")).has_cache(ARCHIVE)
    assert engine(Scripted("cached")).has_cache(ARCHIVE)


FIVE = archive([record(number) for number in range(5)])


def test_auto_goes_on_in_real_time_with_what_is_not_indexed_and_ranks_all_as_one() -> None:
    cached = Scripted("cached", scores={0: 0.5, 2: 0.9, 3: 0.7}, unsearched=(1, 4), skipped={"gone": 1})
    realtime = Scripted("realtime", scores={0: 0.8, 1: 0.7}, skipped={"gone": 2, "damaged": 1})
    where = Filter(has_text=False)
    events, report = run(engine(cached, realtime).search(QUERY, FIVE, top_k=4, where=where))
    # Places 1 and 4 of the archive are 0 and 1 of what Real-time gets; of equal scores the earlier record comes first.
    assert [(result.rank, result.place, result.score) for result in report.results] == [
        (1, 2, 0.9),
        (2, 1, 0.8),
        (3, 3, 0.7),
        (4, 4, 0.7),
    ]
    assert [result.record for result in report.results] == [FIVE.records[place] for place in (2, 1, 3, 4)]
    assert [record.key for record in realtime.asked[0][0].records] == ["a:1", "a:4"]
    assert cached.asked[0] == (FIVE, where)
    assert report.searched == 5
    assert report.skipped == {"gone": 3, "damaged": 1}
    assert report.not_indexed == 0
    shown = [event for event in events if isinstance(event, Results)]
    assert [event.final for event in shown] == [False, True]
    assert shown[-1].results == report.results
    assert not notices(events)


def test_auto_asks_real_time_only_for_what_passes_the_filter() -> None:
    cached = Scripted("cached", scores={0: 0.5}, unsearched=(1, 4))
    realtime = Scripted("realtime", scores={0: 0.8})
    run(engine(cached, realtime).search(QUERY, FIVE, where=Filter(file_name="4.png")))
    assert [record.key for record in realtime.asked[0][0].records] == ["a:4"]
    run(engine(cached, realtime).search(QUERY, FIVE, where=Filter(file_name="0.png")))
    assert len(realtime.asked) == 1


def test_auto_keeps_what_the_store_found_when_real_time_fails() -> None:
    cached = Scripted("cached", scores={0: 0.5}, unsearched=(1, 4))
    events, report = run(engine(cached, Scripted("realtime", error=RASError("The net is gone."))).search(QUERY, FIVE))
    assert [result.place for result in report.results] == [0]
    assert report.not_indexed == 2
    assert "2 of 5 pictures are not indexed yet" in notices(events)[0]
    assert "The net is gone." in notices(events)[0]
    assert [event.final for event in events if isinstance(event, Results)] == [False, True]


def test_a_mode_that_was_asked_for_names_what_is_not_indexed_and_leaves_it_out() -> None:
    cached = Scripted("cached", scores={0: 0.5}, unsearched=(1, 4))
    realtime = Scripted("realtime")
    events, report = run(engine(cached, realtime).search(QUERY, FIVE, mode="cached"))
    assert report.not_indexed == 2
    assert "2 of 5 pictures are not indexed yet" in notices(events)[0]
    assert not realtime.asked


def test_several_queries_get_a_report_each() -> None:
    cached = Scripted("cached", scores={0: 0.5}, unsearched=(1,))
    search = engine(cached, Scripted("realtime", scores={0: 0.8})).search_many([QUERY, QUERY], FIVE)
    events, reports = run(search)  # type: ignore[arg-type]
    assert [[result.place for result in report.results] for report in reports] == [[1, 0], [1, 0]]  # type: ignore[attr-defined]
    assert [event.query for event in events if isinstance(event, Results) and event.final] == [0, 1]


def test_the_states_say_what_is_not_indexed() -> None:
    search = engine(Scripted("cached", unsearched=(1, 4)), Scripted("realtime"))
    states = {state.mode: state for state in search.mode_states(FIVE)}
    assert (states["cached"].text, states["cached"].time) == ("about 40 s for 3 pictures", "about 40 s")
    assert states["auto"].text == f"Cached, {states['cached'].text}, then 2 more in Real-time, about 40 s"
    assert states["auto"].time == "Cached, about 40 s"
    assert search.not_indexed(FIVE) == 2
    assert engine(Scripted("cached", "nothing is stored.")).not_indexed(FIVE) == 5


def test_without_a_store_nothing_can_be_indexed_and_the_reason_is_said() -> None:
    search = SearchEngine(ColourEncoder(), {}, store_trouble="The folder cannot be written.")
    with pytest.raises(StoreError, match="The folder cannot be written"):
        next(search.index(FIVE))


def test_closing_closes_the_strategies() -> None:
    cached = Scripted("cached")
    engine(cached).close()
    assert cached.closed


def test_pictures_that_change_sides_during_the_search_are_found_once() -> None:
    """Another program indexes place 1 while the search runs; the file with place 3 turns out damaged."""

    class Changing(Scripted):
        def unsearched(self, archive: Archive) -> Sequence[int]:
            return (3, 4) if self.asked else (1, 4)

    cached = Changing("cached", scores={0: 0.5, 1: 0.6})
    realtime = Scripted("realtime", scores={0: 0.6, 1: 0.7, 2: 0.8})
    _, report = run(engine(cached, realtime).search(QUERY, FIVE))
    assert [(result.place, result.score) for result in report.results] == [(4, 0.8), (3, 0.7), (1, 0.6), (0, 0.5)]
    assert [result.rank for result in report.results] == [1, 2, 3, 4]


def test_a_copy_comes_first_whichever_mode_found_it_and_whatever_scores_more() -> None:
    cached = Scripted("cached", scores={0: 0.9, 2: 0.2}, unsearched=(1, 3, 4), copies=[2])
    realtime = Scripted("realtime", scores={0: 0.1, 1: 0.95, 2: 0.3}, copies=[0, 2])
    _, report = run(engine(cached, realtime).search(QUERY, FIVE, top_k=4))
    assert [(result.place, result.verdict.is_copy) for result in report.results] == [
        (4, True),
        (2, True),
        (1, True),
        (3, False),
    ]


def test_what_real_time_finds_meanwhile_is_shown_with_what_the_store_found() -> None:
    class Telling(Scripted):
        def search(
            self, queries: Sequence[Query], archive: Archive, top_k: int, where: Filter, scope: str = "all"
        ) -> Job[tuple[SearchReport, ...]]:
            early = SearchResult(1, 0.3, archive.records[1], place=1)
            yield Results((early,))
            copy = dataclasses.replace(early, verdict=Verdict.ALTERED)
            yield Results((copy,))
            return (yield from super().search(queries, archive, top_k, where, scope))

    cached = Scripted("cached", scores={0: 0.5}, unsearched=(1, 4))
    events, report = run(engine(cached, Telling("realtime", scores={1: 0.3}, copies=[1])).search(QUERY, FIVE))
    shown = [
        [(result.rank, result.place) for result in event.results] for event in events if isinstance(event, Results)
    ]
    assert shown == [[(1, 0)], [(1, 0), (2, 4)], [(1, 4), (2, 0)], [(1, 4), (2, 0)]]
    assert [result.place for result in report.results] == [4, 0]


@pytest.mark.parametrize("scope", ["all", "copies", "alike"])
def test_every_mode_is_told_the_scope(scope: str) -> None:
    modes = [
        Scripted("faiss", error=RASError("The index is damaged.")),
        Scripted("cached", scores={0: 0.5}, unsearched=(1,)),
        Scripted("realtime", scores={0: 0.8}),
    ]
    run(engine(*modes).search(QUERY, FIVE, scope=scope))
    assert [mode.scopes for mode in modes] == [[scope]] * 3
    run(engine(*modes).search(QUERY, FIVE, mode="cached", scope=scope))
    assert modes[1].scopes == [scope] * 2


def test_the_engine_of_the_program_tells_copies_in_every_mode(
    tmp_path: Path, ras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is indexed on one thread is searched on another, with the files that indexing made."""
    monkeypatch.setattr(inverted, "SEGMENT_PICTURES", 4)
    whole = drawn_archive(tmp_path, range(5))
    built = finish(build_engine(Settings(encoder="fingerprint")))
    try:
        assert built.features_id == LocalExtractor.id
        thread = threading.Thread(target=lambda: finish(built.index(whole)))
        thread.start()
        thread.join()
        with EmbeddingStore(next(ras_home.rglob("facts.sqlite")).parent) as store:
            assert [segment.rows for segment in store.segments(LocalExtractor.id)] == [4]
        query = query_of(file_of(drawn(3).transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
        answers = []
        for mode in ("faiss", "cached", "realtime", "auto"):
            events, report = run(built.search(query, whole, mode, 3))
            assert report.mode == ("faiss" if mode == "auto" else mode)
            assert not notices(events)
            answers.append(report.results)
        assert (answers[0][0].place, answers[0][0].verdict_text) == (3, "Same picture, altered: mirrored")
        assert all(other == answers[0] for other in answers)
    finally:
        built.close()


def test_reports_of_a_text_say_so() -> None:
    both = dataclasses.replace(QUERY, text="green")
    for modes in (["realtime"], ["cached", "realtime"]):
        scripted = [Scripted(mode, scores={0: 0.3}) for mode in modes]
        search = SearchEngine(WordyEncoder(), {strategy.mode: strategy for strategy in scripted})
        for mode in ("auto", *modes):
            reports = finish(search.search_many([Query(None, "green", text="green"), QUERY, both], ARCHIVE, mode))
            assert [report.text for report in reports] == ["green", "", ""]


@pytest.mark.parametrize("query", [Query(None, "cat", text="cat"), dataclasses.replace(QUERY, text="cat")])
def test_a_text_is_refused_before_any_search_where_the_encoder_knows_none(query: Query) -> None:
    strategy = Scripted("realtime")
    with pytest.raises(EncoderError, match="Colour cannot search by text; the CLIP encoder can"):
        finish(engine(strategy).search_many([QUERY, query], ARCHIVE))
    assert strategy.asked == []
