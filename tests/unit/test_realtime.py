"""Real-time search ranks while pictures arrive."""

from __future__ import annotations

import random
import threading
from contextlib import closing
from pathlib import Path
from typing import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from ras.downloader import Downloader
from ras.encoders.base import Encoder
from ras.encoders.fingerprint import FingerprintEncoder
from ras.filters import Filter
from ras.indexing import Described, Embedded
from ras.matching import FeatureExtractor, Finding
from ras.matching.local import LocalExtractor
from ras.records import (
    Archive,
    Change,
    Event,
    Evidence,
    ImageRecord,
    Progress,
    Query,
    Results,
    SearchReport,
    SearchResult,
    Skipped,
    Verdict,
    finish,
)
from ras.scoring import rank_key, to_stored
from ras.settings import Settings
from ras.strategies import realtime
from ras.strategies.ranking import in_scope, result_of
from ras.strategies.realtime import RealTimeSearchStrategy
from tests.drawn_archives import Made, altered, drawn, file_of, query_of
from tests.pictures import ColourEncoder, WordyEncoder, archive, local_record, picture, record

RED_QUERY = Query(Image.new("RGB", (10, 10), "red"), "red")
BLUE_QUERY = Query(Image.new("RGB", (10, 10), "blue"), "blue")
EVERYTHING = Filter()


def strategy(
    encoder: Encoder | None = None,
    settings: Settings | None = None,
    opened: Callable[[], Downloader] | None = None,
    extractor: FeatureExtractor | None = None,
) -> RealTimeSearchStrategy:
    settings = settings or Settings()
    return RealTimeSearchStrategy(
        encoder or ColourEncoder(),
        opened or (lambda: Downloader(settings)),
        connections=settings.connections,
        max_pixels=1_000_000,
        extra_formats=False,
        extractor=extractor,
    )


def run(job: object) -> tuple[list[Event], tuple[SearchReport, ...]]:
    events: list[Event] = []
    while True:
        try:
            events.append(next(job))  # type: ignore[call-overload]
        except StopIteration as stop:
            return events, stop.value


def test_the_nearest_first_with_previews(tmp_path: Path) -> None:
    records = [
        local_record(tmp_path, 0, picture("blue")),
        local_record(tmp_path, 1, picture((255, 80, 0))),
        local_record(tmp_path, 2, picture("red")),
        local_record(tmp_path, 3, picture("lime")),
    ]
    events, (report,) = run(strategy().search([RED_QUERY], archive(records), 3, EVERYTHING))
    assert [result.record.key for result in report.results] == ["a:2", "a:1", "a:0"]
    assert [result.rank for result in report.results] == [1, 2, 3]
    assert report.results[0].score == pytest.approx(1)
    assert all(result.preview for result in report.results)
    assert (report.mode, report.encoder, report.device, report.searched) == ("realtime", "colour-1", "cpu", 4)
    final = events[-1]
    assert isinstance(final, Results)
    assert final.final
    assert final.results == report.results


def test_reposts_are_separate_results_and_ties_go_to_the_first_in_the_archive(tmp_path: Path) -> None:
    data = picture("red")
    records = [local_record(tmp_path, number, data) for number in range(40)]
    (report,) = finish(strategy().search([RED_QUERY], archive(records), 5, EVERYTHING))
    assert [result.record.key for result in report.results] == [f"a:{number}" for number in range(5)]
    assert report.searched == 40
    assert all(result.preview for result in report.results)


def test_the_ranking_equals_brute_force_and_does_not_depend_on_arrival(tmp_path: Path) -> None:
    chance = random.Random(1)
    colours = [(chance.randrange(256), chance.randrange(256), chance.randrange(256)) for _ in range(80)]
    colours += colours[:20]
    records = [local_record(tmp_path, number, picture(colour)) for number, colour in enumerate(colours)]
    encoder = ColourEncoder()
    embeddings = encoder.encode_images([Image.new("RGB", (32, 24), colour) for colour in colours])
    # Ranked by what the store would keep of an embedding, so that all modes agree.
    scores = to_stored(embeddings).astype(np.float64) @ encoder.encode_images([RED_QUERY.image])[0].astype(np.float64)
    expected = np.lexsort((np.arange(len(colours)), -scores))[:12]
    for _ in range(3):
        (report,) = finish(strategy().search([RED_QUERY], archive(records), 12, EVERYTHING))
        assert [result.record.key for result in report.results] == [f"a:{index}" for index in expected]
        assert [result.place for result in report.results] == expected.tolist()
        assert [result.score for result in report.results] == pytest.approx(scores[expected], abs=1e-12)


def test_results_come_while_the_search_still_runs(tmp_path: Path) -> None:
    records = [local_record(tmp_path, number, picture((number, 0, 9))) for number in range(200)]
    events, _ = run(strategy(ColourEncoder(batch_size=8)).search([RED_QUERY], archive(records), 3, EVERYTHING))
    partial = [event for event in events if isinstance(event, Results) and not event.final]
    assert partial
    assert len(partial[0].results) <= 3


def test_what_cannot_be_had_is_counted_by_reason(tmp_path: Path) -> None:
    records = [
        local_record(tmp_path, 0, picture("red")),
        local_record(tmp_path, 1, b"RIFF\x00\x00\x00\x00WEBPVP8 "),
        record(2, url="https://example.org/x.png"),
        record(3, url="https://cdn.discordapp.com/attachments/20/3/3.png?ex=65000000&is=64000000&hm=00"),
    ]
    events, (report,) = run(strategy().search([RED_QUERY], archive(records), 3, EVERYTHING))
    assert report.searched == 1
    assert report.skipped == {"unsupported_format": 1, "blocked_host": 1, "expired_link": 1}
    assert sum(isinstance(event, Skipped) for event in events) == 3


def test_the_best_of_several_views_of_the_query_counts(tmp_path: Path) -> None:
    class Inverted(ColourEncoder):
        def query_views(self, image: Image.Image) -> list[Image.Image]:
            return [image, Image.eval(image, lambda value: 255 - value)]

    records = [local_record(tmp_path, 0, picture("cyan")), local_record(tmp_path, 1, picture("blue"))]
    (report,) = finish(strategy(Inverted()).search([RED_QUERY], archive(records), 2, EVERYTHING))
    assert report.results[0].record.key == "a:0"
    assert report.results[0].score == pytest.approx(1, abs=2**-12)  # float16 makes it a little shorter


def test_an_empty_archive_gives_an_empty_report() -> None:
    (report,) = finish(strategy().search([RED_QUERY], archive([]), 3, EVERYTHING))
    assert (report.searched, report.results, report.skipped) == (0, (), {})


def test_the_estimate_counts_only_what_will_be_fetched(tmp_path: Path) -> None:
    dead = [
        record(number, url=f"https://cdn.discordapp.com/attachments/20/{number}/a.png?ex=65000000&is=64000000&hm=00")
        for number in range(50)
    ]
    alive = [record(number) for number in range(50)]
    one = strategy()
    assert one.estimate(archive(dead)) == 0
    assert one.estimate(archive(alive)) > one.estimate(archive(alive[:10])) > 0


def test_several_queries_share_one_pass(tmp_path: Path) -> None:
    chance = random.Random(2)
    colours = [(chance.randrange(256), chance.randrange(256), chance.randrange(256)) for _ in range(30)]
    records = [local_record(tmp_path, number, picture(colour)) for number, colour in enumerate(colours)]
    fetched: list[str] = []

    class Counting(Downloader):
        def fetch(self, record: ImageRecord) -> bytes:
            fetched.append(record.key)
            return super().fetch(record)

    encoder = ColourEncoder()
    one = strategy(encoder, opened=lambda: Counting(Settings()))
    events, reports = run(one.search([RED_QUERY, BLUE_QUERY, RED_QUERY], archive(records), 4, EVERYTHING))
    assert sorted(fetched) == sorted(record.key for record in records)
    assert sum(encoder.batches) == 30 + 3
    final = {event.query: event.results for event in events if isinstance(event, Results) and event.final}
    assert final == {number: report.results for number, report in enumerate(reports)}
    for query, report in zip([RED_QUERY, BLUE_QUERY, RED_QUERY], reports):
        assert finish(strategy().search([query], archive(records), 4, EVERYTHING)) == (report,)
    assert reports[0].results != reports[1].results


def test_partial_results_say_which_query_they_are_for(tmp_path: Path) -> None:
    records = [local_record(tmp_path, number, picture((number, 0, 200 - number))) for number in range(200)]
    events, _ = run(strategy().search([RED_QUERY, BLUE_QUERY], archive(records), 3, EVERYTHING))
    partial = [event for event in events if isinstance(event, Results) and not event.final]
    assert {event.query for event in partial} == {0, 1}
    for event in partial:
        scores = [result.score for result in event.results]
        assert scores == sorted(scores, reverse=True)


def test_no_query_gives_no_report(tmp_path: Path) -> None:
    assert finish(strategy().search([], archive([local_record(tmp_path, 0, picture("red"))]), 3, EVERYTHING)) == ()


def test_only_what_passes_the_filter_is_fetched(tmp_path: Path) -> None:
    records = [
        record(0, author="Tom"),  # would have to be downloaded
        local_record(tmp_path, 1, picture("blue")),
        local_record(tmp_path, 2, picture("red"), author="Tom"),
        local_record(tmp_path, 3, picture("red")),
        local_record(tmp_path, 4, b"no picture"),
        local_record(tmp_path, 5, b"no picture", author="Tom"),
    ]
    fetched: list[str] = []

    class Counting(Downloader):
        def fetch(self, record: ImageRecord) -> bytes:
            fetched.append(record.key)
            return super().fetch(record)

    one = strategy(opened=lambda: Counting(Settings()))
    (report,) = finish(one.search([RED_QUERY], archive(records), 3, Filter(authors=("Mira",))))
    assert sorted(fetched) == ["a:1", "a:3", "a:4"]
    assert [(result.record.key, result.place) for result in report.results] == [("a:3", 3), ("a:1", 1)]
    assert (report.searched, sum(report.skipped.values()), report.not_indexed) == (2, 1, 0)


def test_a_search_of_a_part_says_nothing_about_how_long_the_whole_takes(tmp_path: Path) -> None:
    records = [local_record(tmp_path, number, picture((number, 0, 9))) for number in range(20)]
    one, whole = strategy(), archive(records)
    before = one.estimate(whole)
    finish(one.search([RED_QUERY], whole, 3, Filter(file_name="1.png")))
    assert one.estimate(whole) == before
    finish(one.search([RED_QUERY], archive(records[:2]), 3, EVERYTHING))
    assert one.estimate(whole) == before
    finish(one.search([RED_QUERY], whole, 3, EVERYTHING))
    assert one.estimate(whole) != before


def test_without_an_extractor_verdicts_go_by_embeddings(tmp_path: Path) -> None:
    data = picture("red")
    whole = archive([local_record(tmp_path, 0, data), local_record(tmp_path, 1, picture("blue"))])
    (report,) = finish(strategy().search([query_of(data)], whole, 2, EVERYTHING))
    assert [result.verdict for result in report.results] == [Verdict.ALIKE, Verdict.UNLIKELY]
    assert [result.evidence for result in report.results] == [
        Evidence(cosine=result.score) for result in report.results
    ]
    (report,) = finish(strategy().search([query_of(data)], whole, 2, EVERYTHING, "copies"))
    assert report.results == ()


class HeldUp(LocalExtractor):
    """Makes no features before ``gate`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def extract(self, image: Image.Image) -> bytes:
        assert self.gate.wait(60)
        return super().extract(image)


@pytest.fixture
def held_up() -> Iterator[HeldUp]:
    extractor = HeldUp()
    yield extractor
    extractor.gate.set()  # whatever happened: no thread waits for it any longer


@pytest.fixture
def copy_among_lookalikes(tmp_path: Path) -> tuple[Archive, Query]:
    """The picture stands at place 3; all others have the query's colour, which is all that ColourEncoder sees."""
    query = altered("crop to 50 % of area", 0)
    shade = ColourEncoder().preprocess(query.image)
    records = [
        local_record(tmp_path, number, picture(tuple(int(value) for value in shade), (60 + number, 50)))  # type: ignore[arg-type]
        for number in range(8)
    ]
    records[3] = local_record(tmp_path, 3, file_of(drawn(0)))
    records[6] = local_record(tmp_path, 6, file_of(drawn(0)))
    return archive(records), query


@pytest.mark.parametrize(("scope", "before", "after"), [("all", 8, 8), ("copies", 0, 2), ("alike", 8, 6)])
def test_a_copy_is_told_when_its_features_come(
    copy_among_lookalikes: tuple[Archive, Query],
    held_up: HeldUp,
    monkeypatch: pytest.MonkeyPatch,
    scope: str,
    before: int,
    after: int,
) -> None:
    monkeypatch.setattr(realtime, "REFRESH", 0.0)
    whole, query = copy_among_lookalikes
    shown: list[Results] = []
    with closing(strategy(extractor=held_up).search([query], whole, 8, EVERYTHING, scope)) as job:
        for event in job:
            if isinstance(event, Results):
                shown.append(event)
                assert all(result.preview for result in event.results)
                places = [result.place for result in event.results]
                assert len(places) == len(set(places))
            # All were compared by their embeddings, and that was shown.
            elif getattr(event, "done", 0) == 8 and shown:
                held_up.gate.set()
    early = next(one for one in shown if len(one.results) == before)
    assert not any(result.verdict.is_copy for result in early.results)
    if scope != "copies":
        assert early.results[0].place not in (3, 6)
    last = shown[-1]
    assert (last.final, len(last.results)) == (True, after)
    if scope == "alike":
        assert not {3, 6} & {result.place for result in last.results}
    else:
        assert [(result.place, result.verdict) for result in last.results[:2]] == [
            (3, Verdict.ALTERED),
            (6, Verdict.ALTERED),
        ]
        assert Change.CROPPED in last.results[0].changes
        assert last.results[0].matched_region is not None


def test_a_repost_that_comes_after_the_features_is_told_as_the_first(tmp_path: Path) -> None:
    """With the preview of the first, since it has none of its own."""
    made = Made(drawn(0))
    whole = archive([record(number) for number in range(3)])
    query = altered("mirrored", 0)
    encoder, extractor = ColourEncoder(), LocalExtractor()
    best = realtime._Best(whole, 3, "all")
    comparison = realtime._Comparison([query], encoder, extractor, [best])
    finish(comparison.prepare())
    embedding = encoder.encode_images([drawn(0)])[0]
    comparison.take(Embedded(1, "aa", embedding, made.preview), 1)
    comparison.take(Embedded(2, "aa", None, None), 2)
    comparison.look_into(Described(1, "aa", made.features.pack()))
    comparison.take(Embedded(0, "aa", None, None), 0)
    results = best.results()
    assert [(result.place, result.verdict) for result in results] == [(place, Verdict.ALTERED) for place in range(3)]
    assert {result.preview for result in results} == {made.preview}
    assert len({result.evidence for result in results}) == 1
    assert comparison._contents["aa"].preview is None, "it was needed for the check alone"


def test_previews_are_kept_for_no_more_than_may_be_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime, "SPARE", 5)
    monkeypatch.setattr(realtime, "REFRESH", 0.0)
    kept: list[int] = []
    contents: list[object] = []

    class Watched(realtime._Best):
        def results(self) -> tuple[SearchResult, ...]:
            found = super().results()
            kept.append(len(self._previews))
            return found

    class Comparison(realtime._Comparison):
        def look_into(self, event: Described) -> None:
            super().look_into(event)
            contents[:] = [content.preview for content in self._contents.values()]

    monkeypatch.setattr(realtime, "_Best", Watched)
    monkeypatch.setattr(realtime, "_Comparison", Comparison)
    records = [local_record(tmp_path, number, picture((number, 0, 9))) for number in range(150)]
    (report,) = finish(strategy(extractor=LocalExtractor()).search([RED_QUERY], archive(records), 3, EVERYTHING))
    assert len(report.results) == 3
    assert len(kept) > 1
    assert max(kept) <= 3 + 5
    assert contents == [None] * 150


FINDINGS = [
    Finding(Verdict.IDENTICAL, Evidence(0, 1.0, 0)),
    Finding(Verdict.ALTERED, Evidence(30, 0.9, 50)),
    Finding(Verdict.ALTERED, Evidence(9, 0.9, 50)),
    Finding(Verdict.ALIKE, Evidence()),
    Finding(Verdict.UNLIKELY, Evidence()),
]


@hypothesis_settings(deadline=None, derandomize=True, max_examples=200)
@given(st.data())
def test_the_best_so_far_is_what_sorting_everything_gives(data: st.DataObject) -> None:
    """Whatever comes in which order: reposts, ties, features; with a preview for each that is shown."""
    count = data.draw(st.integers(1, 14))
    names = data.draw(st.lists(st.sampled_from("abcdefg"), min_size=count, max_size=count))
    scores = {name: data.draw(st.sampled_from([0.2, 0.4, 0.6])) for name in sorted(set(names))}
    found = {name: FINDINGS[data.draw(st.sampled_from([3, 4]))] for name in scores}
    top_k, spare = data.draw(st.integers(1, 4)), data.draw(st.integers(0, 2))
    scope = data.draw(st.sampled_from(["all", "alike"]))
    whole = archive([record(number) for number in range(count)])
    offered: dict[int, str] = {}
    told: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(realtime, "SPARE", spare)
        best = realtime._Best(whole, top_k, scope)
    for place in data.draw(st.permutations(range(count))):
        name = names[place]
        preview = None if name in offered.values() else name.encode()
        offered[place] = name
        best.offer(result_of(whole.records[place], place, scores[name], found[name]), name, preview, name not in told)
        if data.draw(st.booleans()) and name not in told:
            told.add(name)
            found[name] = FINDINGS[data.draw(st.integers(0, FINDINGS.index(found[name])))]
            for other in [one for one, its in offered.items() if its == name]:
                again = result_of(whole.records[other], other, scores[name], found[name])
                best.offer(again, name, name.encode())
        if data.draw(st.booleans()):
            best.results()
    everything = [result_of(whole.records[place], place, scores[name], found[name]) for place, name in offered.items()]
    expected = sorted((one for one in everything if in_scope(one.verdict, scope)), key=rank_key)[:top_k]
    shown = best.results()
    assert [(one.place, one.verdict) for one in shown] == [(one.place, one.verdict) for one in expected]
    assert [one.preview for one in shown] == [names[one.place].encode() for one in shown]
    assert [one.rank for one in shown] == list(range(1, len(shown) + 1))


def test_a_tie_with_the_last_may_come_back_by_an_earlier_repost(monkeypatch: pytest.MonkeyPatch) -> None:
    """It brings no preview of its own."""
    monkeypatch.setattr(realtime, "SPARE", 0)
    whole = archive([record(number) for number in range(4)])
    best = realtime._Best(whole, 2, "all")
    for place, name, preview in ((1, "a", b"a"), (2, "b", b"b"), (3, "c", b"c"), (0, "c", None)):
        best.offer(result_of(whole.records[place], place, 0.5, FINDINGS[3]), name, preview)
    assert [(one.place, one.preview) for one in best.results()] == [(0, b"c"), (1, b"a")]


@pytest.mark.parametrize("scope", ["copies", "alike"])
def test_what_goes_out_of_scope_makes_room(scope: str) -> None:
    whole = archive([record(number) for number in range(20)])
    best = realtime._Best(whole, 5, scope)
    for place in range(20):
        best.offer(result_of(whole.records[place], place, 1 - place / 100, FINDINGS[3]), str(place), b"preview")
    for place in range(0, 20, 2):
        best.offer(result_of(whole.records[place], place, 1 - place / 100, FINDINGS[1]), str(place), b"preview")
    shown = best.results()
    assert len(shown) == 5
    assert all(in_scope(one.verdict, scope) for one in shown)
    assert [one.place for one in shown] == ([0, 2, 4, 6, 8] if scope == "copies" else [1, 3, 5, 7, 9])


def test_copies_take_no_look_alikes_place(tmp_path: Path) -> None:
    """Neither those that are known at once, nor those that turn out copies when their features come."""
    copy = Made(drawn(0))
    encoder = FingerprintEncoder()
    known = query_of(file_of(drawn(0)))
    amount = 2 * realtime.SPARE
    whole = archive([record(number) for number in range(2 * amount + 5)])
    best = realtime._Best(whole, 5, "alike")
    comparison = realtime._Comparison([known], encoder, LocalExtractor(), [best])
    finish(comparison.prepare())
    others = [Made(drawn(number)) for number in range(1, 6)]
    for place in range(amount):
        comparison.take(Embedded(place, known.content_hash, copy.embedding, copy.preview), place)
    for place in range(amount, 2 * amount):
        comparison.take(Embedded(place, f"copy {place}", copy.embedding, copy.preview), place)
    for place, other in enumerate(others, 2 * amount):
        comparison.take(Embedded(place, f"other {place}", other.embedding, other.preview), place)
        comparison.look_into(Described(place, f"other {place}", other.features.pack()))
    assert len(best.results()) == 5, "it might be none"
    for place in range(amount, 2 * amount):
        comparison.look_into(Described(place, f"copy {place}", copy.features.pack()))
    shown = best.results()
    assert {one.place for one in shown} == set(range(2 * amount, 2 * amount + 5))
    assert all(one.preview for one in shown)
    assert not best._open
    assert len(best._previews) == 5


@pytest.mark.parametrize("texts", [False, True])
def test_several_queries_can_be_cancelled_while_they_are_prepared(tmp_path: Path, texts: bool) -> None:
    whole = archive([local_record(tmp_path, 0, picture((9, 9, 9)))])
    encoder = WordyEncoder()
    queries = [Query(None, "green", text="green") if texts else RED_QUERY] * 4
    job = strategy(encoder, extractor=LocalExtractor()).search(queries, whole, 3, EVERYTHING)
    assert [next(job) for _ in range(3)] == [Progress("Preparing the search", done, 4) for done in (1, 2, 3)]
    job.close()


def test_features_take_their_time_in_the_estimate(tmp_path: Path) -> None:
    whole = archive([local_record(tmp_path, number, picture((number, 0, 9))) for number in range(5)])
    plain, thorough = strategy(), strategy(extractor=LocalExtractor())
    plain._encode_seconds = thorough._encode_seconds = 0.001
    assert thorough.estimate(whole) > 2 * plain.estimate(whole)


def test_a_search_that_is_closed_leaves_no_thread(copy_among_lookalikes: tuple[Archive, Query]) -> None:
    whole, query = copy_among_lookalikes
    before = set(threading.enumerate())
    for stop in range(1, 5):
        job = strategy(extractor=LocalExtractor()).search([query], whole, 3, EVERYTHING)
        for _ in zip(range(stop), job):
            pass
        job.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(30)  # each ends after what it is at
        assert not thread.is_alive()


def test_for_a_text_alone_no_features_are_made(tmp_path: Path) -> None:
    class Unwanted(LocalExtractor):
        def extract(self, image: Image.Image) -> bytes:
            raise AssertionError("A text has no keypoints.")

    whole = archive([local_record(tmp_path, number, picture(colour)) for number, colour in enumerate(("red", "green"))])
    search = strategy(WordyEncoder(), extractor=Unwanted())
    events, (report,) = run(search.search([Query(None, "green", text="green")], whole, 5, EVERYTHING, "copies"))
    assert [(result.place, result.verdict) for result in report.results] == [(1, Verdict.ALIKE), (0, Verdict.UNLIKELY)]
    assert not [event for event in events if isinstance(event, Skipped)]
    measured = search.estimate(whole)
    finish(search.search([Query(None, "green", text="green")], whole, 5, EVERYTHING))
    assert search.estimate(whole) == measured, "a search without features says nothing of one with them"
