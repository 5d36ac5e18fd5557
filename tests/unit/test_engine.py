"""The engine picks a strategy and walks the fallback chain."""

from __future__ import annotations

import pytest
from PIL import Image

from ras.engine import SearchEngine
from ras.errors import EncoderError, ModeError, RASError
from ras.records import Archive, Event, Job, Notice, Query, Results, SearchReport
from ras.strategies.base import SearchStrategy
from tests.pictures import ColourEncoder, archive, record

QUERY = Query(Image.new("RGB", (4, 4)), "query")
ARCHIVE = archive([record(1)])


class Scripted(SearchStrategy):
    """A strategy that does what the test says."""

    def __init__(self, mode: str, unavailable: str | None = None, error: RASError | None = None) -> None:
        self.mode = mode  # type: ignore[misc]
        self._unavailable = unavailable
        self._error = error

    def unavailable(self, archive: Archive) -> str | None:
        return self._unavailable

    def estimate(self, archive: Archive) -> float:
        return 40.0

    def search(self, query: Query, archive: Archive, top_k: int) -> Job[SearchReport]:
        if self._error is not None:
            raise self._error
        yield Results((), final=True)
        return SearchReport(self.mode, "colour-1", "cpu", top_k, {}, ())


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
    assert "not part of this version" in notices(events)[0]


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
    assert "not part of this version" in states["faiss"].text


def test_has_cache() -> None:
    assert not engine(Scripted("realtime")).has_cache(ARCHIVE)
    assert not engine(Scripted("cached", "nothing is stored."), Scripted("realtime")).has_cache(ARCHIVE)
    assert engine(Scripted("cached")).has_cache(ARCHIVE)
