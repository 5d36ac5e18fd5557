"""Real-time search ranks while pictures arrive."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from PIL import Image

from ras.downloader import Downloader
from ras.encoders.base import Encoder
from ras.filters import Filter
from ras.records import Event, ImageRecord, Query, Results, SearchReport, Skipped, finish
from ras.scoring import to_stored
from ras.settings import Settings
from ras.strategies.realtime import RealTimeSearchStrategy
from tests.pictures import ColourEncoder, archive, local_record, picture, record

RED_QUERY = Query(Image.new("RGB", (10, 10), "red"), "red")
BLUE_QUERY = Query(Image.new("RGB", (10, 10), "blue"), "blue")
EVERYTHING = Filter()


def strategy(
    encoder: Encoder | None = None,
    settings: Settings | None = None,
    opened: Callable[[], Downloader] | None = None,
) -> RealTimeSearchStrategy:
    settings = settings or Settings()
    return RealTimeSearchStrategy(
        encoder or ColourEncoder(),
        opened or (lambda: Downloader(settings)),
        connections=settings.connections,
        max_pixels=1_000_000,
        extra_formats=False,
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
