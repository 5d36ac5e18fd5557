"""Filling the store with features: on the way where there is time, afterwards where not, from previews if need be."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Callable, Iterator, Sequence

import numpy as np
import pytest

from ras.encoders.base import Encoder
from ras.errors import FetchError, SkipReason
from ras.indexing import backlog, details, fill_store
from ras.records import Archive, ImageRecord, IndexReport, Progress, Skipped
from ras.store import EmbeddingStore
from tests.extractors import ColourExtractor, LaterExtractor, features_of
from tests.pictures import ColourEncoder, archive, local_record, picture, record

DEAD = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=65f1a2b3&is=65df2db3&hm=00&"


def colour(number: int) -> tuple[int, int, int]:
    return (number % 256, 255 - number % 256, 90)


def shade(number: int) -> bytes:
    return picture(colour(number))


class Server:
    """Shades by the number in the key. What is in ``answers`` comes, or is why it fails, in its place."""

    def __init__(self, **answers: bytes | SkipReason) -> None:
        self.answers = {f"a:{name[1:]}": answer for name, answer in answers.items()}
        self.asked: Counter[str] = Counter()

    def fetch(self, wanted: ImageRecord) -> bytes:
        self.asked[wanted.key] += 1
        answer = self.answers.get(wanted.key, b"")
        if isinstance(answer, SkipReason):
            raise FetchError("It cannot be had.", answer)
        return answer or shade(int(wanted.key[2:]))


class OtherEncoder(ColourEncoder):
    id = "colour-2"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as opened:
        yield opened


def fill(
    store: EmbeddingStore,
    what: Archive,
    fetch: Callable[[ImageRecord], bytes],
    extractor: ColourExtractor | None = None,
    encoder: Encoder | None = None,
    **options: object,
) -> tuple[IndexReport, list[object]]:
    options = {"connections": 4, "max_pixels": 1_000_000, **options}
    job = fill_store(what, store, fetch, encoder or ColourEncoder(), extractor=extractor, **options)  # type: ignore[arg-type]
    events: list[object] = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return stop.value, events


def stages(events: Sequence[object]) -> list[str]:
    return list(dict.fromkeys(event.stage for event in events if isinstance(event, Progress)))


def last(events: Sequence[object], stage: str) -> Progress:
    return [event for event in events if isinstance(event, Progress) and event.stage == stage][-1]


def features(store: EmbeddingStore, what: Archive, features_id: str = ColourExtractor.id) -> dict[str, bytes]:
    """Key → features, of those that have some."""
    contents = store.contents_of(what.records, ColourEncoder.id).tolist()
    found = store.features([content for content in contents if content >= 0], features_id)
    return {one.key: found[content] for one, content in zip(what.records, contents) if content in found}


def expected(numbers: Sequence[int]) -> dict[str, bytes]:
    return {f"a:{number}": features_of(colour(number)) for number in numbers}


def test_features_are_made_on_the_way_and_not_again(store: EmbeddingStore) -> None:
    server, extractor, encoder = Server(), ColourExtractor(), ColourEncoder()
    what = archive([record(number) for number in range(30)])
    report, events = fill(store, what, server.fetch, extractor, encoder)
    assert (report.indexed, report.encoded) == (30, 30)
    assert features(store, what) == expected(range(30))
    assert stages(events) == ["Indexing"], "there was nothing left to do"
    assert all(isinstance(event, Progress) for event in events)
    assert extractor.extracted == 30
    report, events = fill(store, what, server.fetch, extractor)
    assert stages(events) == ["Indexing"]
    assert (report.indexed, report.encoded) == (30, 0)
    assert set(server.asked.values()) == {1}
    assert extractor.extracted == 30


def test_without_an_extractor_there_are_none(store: EmbeddingStore) -> None:
    what = archive([record(number) for number in range(5)])
    _, events = fill(store, what, Server().fetch)
    assert stages(events) == ["Indexing"]
    assert features(store, what) == {}


def test_an_archive_that_was_indexed_without_gets_them_by_the_next_indexing(store: EmbeddingStore) -> None:
    server, extractor, encoder = Server(a9=shade(1)), ColourExtractor(), ColourEncoder()
    what = archive([record(number) for number in range(10)])
    fill(store, what, server.fetch)
    server.asked.clear()
    report, events = fill(store, what, server.fetch, extractor, encoder)
    assert features(store, what) == {**expected(range(9)), "a:9": features_of(colour(1))}
    assert not encoder.batches
    assert (report.indexed, report.encoded, report.reused) == (10, 0, 0)
    assert stages(events) == ["Indexing", "Indexing details"]
    done = last(events, "Indexing details")
    assert (done.done, done.total, done.failed) == (9, 9, 0), "each content once"
    assert sum(server.asked.values()) == 9
    server.asked.clear()
    fill(store, what, server.fetch, extractor)
    assert not server.asked
    assert extractor.extracted == 9


def test_what_was_postponed_is_made_once_all_can_be_searched_for(
    store: EmbeddingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "BACKLOG", 3)
    what = archive([local_record(tmp_path, number, shade(number)) for number in range(80)])
    all_embedded = threading.Event()
    extractor = ColourExtractor(lambda: all_embedded.wait(0.5))  # slow, compared with all else
    job = fill_store(
        what,
        store,
        lambda wanted: Path(wanted.local_path or "").read_bytes(),
        ColourEncoder(),
        connections=2,
        max_pixels=1_000_000,
        extractor=extractor,
    )
    events = []
    for event in job:
        events.append(event)
        if isinstance(event, Progress) and event.stage == "Indexing" and event.done == 80:
            all_embedded.set()
    done = last(events, "Indexing details")
    assert done.total is not None
    assert 20 <= done.done == done.total <= 77
    assert features(store, what) == expected(range(80))
    assert extractor.extracted == 80


def test_another_encoder_needs_no_new_features_and_another_extractor_no_new_embeddings(store: EmbeddingStore) -> None:
    server, extractor, later = Server(), ColourExtractor(), LaterExtractor()
    what = archive([record(number) for number in range(10)])
    fill(store, what, server.fetch, extractor)
    report, _ = fill(store, what, server.fetch, extractor, OtherEncoder())
    assert (report.encoded, extractor.extracted) == (10, 10)
    encoder = ColourEncoder()
    fill(store, what, server.fetch, later, encoder)
    assert (later.extracted, encoder.batches) == (10, [])
    assert features(store, what) == {}
    assert features(store, what, later.id) == {f"a:{n}": features_of(colour(n), later.id) for n in range(10)}
    assert set(server.asked.values()) == {3}


def assert_nearly(made: bytes, number: int) -> None:
    """A preview is a JPEG: its colours are nearly those of the picture."""
    told = made.decode().split("(")[1].rstrip(")").split(",")
    np.testing.assert_allclose([int(value) for value in told], colour(number), atol=3)


GONE = [reason for reason in SkipReason if reason is not SkipReason.NETWORK]


@pytest.mark.parametrize("reason", GONE)
def test_what_cannot_be_had_any_more_is_described_from_its_preview(store: EmbeddingStore, reason: SkipReason) -> None:
    what = archive([record(number) for number in range(6)])
    fill(store, what, Server().fetch)
    server = Server(a2=reason, a4=reason)
    report, events = fill(store, what, server.fetch, ColourExtractor())
    made = features(store, what)
    assert set(made) == {f"a:{number}" for number in range(6)}
    for number in (2, 4):
        assert_nearly(made[f"a:{number}"], number)
    assert not any(isinstance(event, Skipped) for event in events)
    assert store.failures() == {}
    assert (report.indexed, report.skipped) == (6, {})
    done = last(events, "Indexing details")
    assert (done.done, done.total, done.failed) == (6, 6, 0)
    server.asked.clear()
    fill(store, what, server.fetch, ColourExtractor())
    assert not server.asked


def test_with_network_trouble_it_is_left_for_the_next_time(store: EmbeddingStore) -> None:
    what = archive([record(number) for number in range(6)])
    fill(store, what, Server().fetch)
    server = Server(a2=SkipReason.NETWORK)
    report, events = fill(store, what, server.fetch, ColourExtractor())
    assert features(store, what) == expected([0, 1, 3, 4, 5])
    assert not any(isinstance(event, Skipped) for event in events)
    assert (store.failures(), report.skipped) == ({}, {})
    assert last(events, "Indexing details").done == 6
    extractor = ColourExtractor()
    fill(store, what, Server().fetch, extractor)
    assert features(store, what) == expected(range(6))
    assert extractor.extracted == 1


def test_more_previews_than_are_described_at_once(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "PREVIEWS", 8)
    what = archive([record(number) for number in range(60)])
    fill(store, what, Server().fetch)
    gone = Server(**{f"a{number}": SkipReason.EXPIRED for number in range(60)})
    _, events = fill(store, what, gone.fetch, ColourExtractor())
    assert len(features(store, what)) == 60
    done = [event.done for event in events if isinstance(event, Progress) and event.stage == "Indexing details"]
    assert done == sorted(done)
    assert done[-1] == 60
    assert len(set(done)) > 7


def test_a_picture_whose_file_is_another_one_now_is_described_as_it_was_indexed(store: EmbeddingStore) -> None:
    what = archive([record(number) for number in range(4)])
    fill(store, what, Server().fetch)
    encoder = ColourEncoder()
    server = Server(a2=picture("blue"), a3=shade(1))
    fill(store, what, server.fetch, ColourExtractor(), encoder)
    made = features(store, what)
    assert {key: made[key] for key in ("a:0", "a:1")} == expected([0, 1])
    for number in (2, 3):
        assert_nearly(made[f"a:{number}"], number)
    assert not encoder.batches
    assert store.usage().contents == 4


def test_a_preview_that_is_none_is_no_reason_to_stop(store: EmbeddingStore) -> None:
    what = archive([record(number) for number in range(4)])
    fill(store, what, Server().fetch)
    ids = store.contents_of(what.records, ColourEncoder.id).tolist()
    store._facts.connection.execute("DELETE FROM previews WHERE content = ?", (ids[1],))
    store._facts.connection.execute("UPDATE previews SET data = x'00' WHERE content = ?", (ids[2],))
    gone = Server(**{f"a{number}": SkipReason.GONE for number in range(4)})
    _, events = fill(store, what, gone.fetch, ColourExtractor())
    assert set(features(store, what)) == {"a:0", "a:3"}
    assert last(events, "Indexing details").done == 4


@pytest.mark.parametrize("local", [False, True])
def test_of_several_pictures_with_one_content_the_one_that_can_be_had_is_asked(
    store: EmbeddingStore, tmp_path: Path, local: bool
) -> None:
    same = {f"a{number}": shade(7) for number in range(4)}
    records = [record(0, url=DEAD), record(1), record(2), record(3, url=DEAD)]
    if local:
        records[1] = local_record(tmp_path, 1, shade(7))
    what = archive(records)
    fill(store, what, Server(**same).fetch)
    server = Server(**same)
    fill(store, what, server.fetch, ColourExtractor())
    assert dict(server.asked) == {"a:1" if local else "a:2": 1}
    assert set(features(store, what).values()) == {features_of(colour(7))}


def stop_when(job: Iterator[object], holds: Callable[[], bool]) -> None:
    for _ in job:
        if holds():
            break
    job.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("indexed_before", [False, True])
def test_stopping_loses_nothing_and_the_next_run_goes_on(store: EmbeddingStore, indexed_before: bool) -> None:
    """In the first pass, where features come with the embeddings, and in the second."""
    what = archive([record(number) for number in range(200)])
    if indexed_before:
        fill(store, what, Server().fetch)
    extractor = ColourExtractor(lambda: time.sleep(0.005))
    job = fill_store(
        what, store, Server().fetch, ColourEncoder(), connections=2, max_pixels=1_000_000, extractor=extractor
    )
    stop_when(job, lambda: len(store.featured_contents(extractor.id)) >= 10)
    kept = features(store, what)
    assert 10 <= len(kept) < 200
    assert kept == expected([int(key[2:]) for key in kept])
    again = ColourExtractor()
    report, _ = fill(store, what, Server().fetch, again)
    assert report.indexed == 200
    assert features(store, what) == expected(range(200))
    assert again.extracted == 200 - len(kept)


def test_stopping_while_previews_are_described_loses_nothing(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(details, "PREVIEWS", 8)
    what = archive([record(number) for number in range(40)])
    fill(store, what, Server().fetch)
    gone = Server(**{f"a{number}": SkipReason.EXPIRED for number in range(40)})
    extractor = ColourExtractor.blocked()
    job = fill_store(what, store, gone.fetch, ColourEncoder(), connections=2, max_pixels=1_000_000, extractor=extractor)
    stop_when(job, lambda: extractor.entered > 0)
    assert any(thread.name.startswith("details") for thread in threading.enumerate()), "they were waited for"
    extractor.gate.set()
    assert features(store, what) == {}
    fill(store, what, gone.fetch, ColourExtractor())
    assert len(features(store, what)) == 40


def test_a_bug_in_describing_a_preview_is_raised(store: EmbeddingStore) -> None:
    def fail() -> None:
        raise ZeroDivisionError("bug")

    what = archive([record(number) for number in range(4)])
    fill(store, what, Server().fetch)
    gone = Server(**{f"a{number}": SkipReason.GONE for number in range(4)})
    with pytest.raises(ZeroDivisionError):
        fill(store, what, gone.fetch, ColourExtractor(fail))


def test_known_bytes_that_are_new_to_the_archive_get_features_on_the_way(store: EmbeddingStore) -> None:
    fill(store, archive([record(0), record(1)]), Server().fetch)
    server = Server(a5=shade(0))
    what = archive([record(5)], "other.json")
    report, events = fill(store, what, server.fetch, ColourExtractor())
    assert (report.encoded, report.reused) == (0, 1)
    assert features(store, what) == {"a:5": features_of(colour(0))}
    assert stages(events) == ["Indexing"]
    assert server.asked == {"a:5": 1}


def test_a_file_that_cannot_be_decoded_any_more_does_not_take_what_is_known_from_a_picture(
    store: EmbeddingStore,
) -> None:
    """Its picture was encoded under another limit."""
    large = picture(colour(3), (300, 200))
    fill(store, archive([record(3)]), Server(a3=large).fetch)
    what = archive([dataclasses.replace(record(3), key="a:4"), record(5)], "other.json")
    report, events = fill(store, what, Server(a4=large).fetch, ColourExtractor(), max_pixels=10_000)
    assert (report.indexed, report.skipped) == (2, {})
    assert not any(isinstance(event, Skipped) for event in events)
    assert set(features(store, what)) == {"a:4", "a:5"}, "there is a preview"


def test_a_local_file_is_not_looked_for_twice(store: EmbeddingStore, tmp_path: Path) -> None:
    """The export's file is gone by the second pass: its preview is what there is."""
    what = archive([local_record(tmp_path, number, shade(number)) for number in range(5)])

    def fetch(wanted: ImageRecord) -> bytes:
        try:
            return Path(wanted.local_path or "").read_bytes()
        except OSError as exc:
            raise FetchError("It is missing.", SkipReason.MISSING) from exc

    fill(store, what, fetch)
    os.unlink(tmp_path / "2.png")
    fill(store, what, fetch, ColourExtractor())
    assert set(features(store, what)) == {f"a:{number}" for number in range(5)}
