"""The pipeline from records to embeddings."""

from __future__ import annotations

import gc
import hashlib
import random
import threading
import time
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from PIL import Image

from ras.encoders.base import Picture
from ras.errors import FetchError, SkipReason
from ras.indexing import Described, Embedded, backlog, compute, embed_images, pipeline
from ras.indexing.compute import usable_cores
from ras.records import ImageRecord, Progress, Skipped
from tests.extractors import ColourExtractor, features_of
from tests.pictures import ColourEncoder, local_record, picture, record

RED, GREEN, BLUE = picture("red"), picture("lime"), picture("blue")

Event = "Embedded | Skipped | Progress"


def run(
    records: list[ImageRecord],
    fetch: Callable[[ImageRecord], bytes],
    encoder: ColourEncoder | None = None,
    connections: int = 4,
    **options: object,
) -> list[object]:
    encoder = encoder or ColourEncoder()
    return list(
        embed_images(records, fetch, encoder, connections=connections, max_pixels=10_000_000, **options)  # type: ignore[arg-type]
    )


def from_dict(files: dict[str, bytes]) -> Callable[[ImageRecord], bytes]:
    def fetch(wanted: ImageRecord) -> bytes:
        if wanted.key not in files:
            raise FetchError("It is gone.", SkipReason.GONE)
        return files[wanted.key]

    return fetch


def test_every_record_is_settled_once() -> None:
    files = {"a:0": RED, "a:1": GREEN, "a:3": b"<html>", "a:4": BLUE}
    records = [record(number) for number in range(5)]
    events = run(records, from_dict(files))
    embedded = {event.index: event for event in events if isinstance(event, Embedded)}
    skipped = {event.record.key: event.reason for event in events if isinstance(event, Skipped)}
    assert set(embedded) == {0, 1, 4}
    assert set(skipped) == {"a:2", "a:3"}
    assert skipped["a:2"] is SkipReason.GONE
    np.testing.assert_allclose(embedded[0].embedding, [1, 0, 0], atol=1e-4)
    np.testing.assert_allclose(embedded[4].embedding, [0, 0, 1], atol=1e-4)
    assert embedded[0].preview is not None
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert last.total == 5


def test_equal_bytes_are_encoded_once_and_yielded_for_each() -> None:
    """Also when the first of them is the slowest: its twins wait for it."""
    encoder = ColourEncoder(batch_size=8)
    random_order = random.Random(3)
    files = {f"a:{number}": [RED, GREEN, BLUE][number % 3] for number in range(60)}

    def fetch(wanted: ImageRecord) -> bytes:
        time.sleep(random_order.random() / 200)
        return files[wanted.key]

    events = run([record(number) for number in range(60)], fetch, encoder, connections=8)
    embedded = [event for event in events if isinstance(event, Embedded)]
    assert len(embedded) == 60
    assert sum(encoder.batches) == 3
    seen: set[str] = set()
    for event in embedded:
        # A twin never comes before the embedding of its content.
        assert (event.embedding is not None) == (event.content_hash not in seen)
        seen.add(event.content_hash)


def test_equal_bytes_that_cannot_be_decoded_are_skipped_for_each() -> None:
    broken = picture("red")[:40]
    events = run([record(number) for number in range(5)], lambda _: broken)
    assert [event.reason for event in events if isinstance(event, Skipped)] == [SkipReason.DAMAGED] * 5


def test_of_pictures_that_cannot_be_used_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be thousands of a megabyte each: all they leave is a sentence."""
    monkeypatch.setattr(compute, "usable_cores", lambda: 2)

    def fetch(wanted: ImageRecord) -> bytes:
        return b"RIFF" + wanted.key.encode() + bytes(1000)  # each another content

    events = embed_images(
        [record(number) for number in range(200)], fetch, ColourEncoder(batch_size=4), connections=4, max_pixels=1
    )
    held = [
        sum(type(thing) is compute._Fetched for thing in gc.get_objects())  # isinstance would ask odd ones of torch
        for event in events
        if isinstance(event, Skipped)
    ]
    assert len(held) == 200
    assert max(held) <= 4 + 2 + 4 * 4, "as many as are let in at once"


def test_the_first_embedding_does_not_wait_for_a_full_batch() -> None:
    gate = threading.Event()
    fetched = []

    def fetch(wanted: ImageRecord) -> bytes:
        if wanted.key != "a:0":
            gate.wait(10)
        fetched.append(wanted.key)
        return RED if wanted.key == "a:0" else GREEN

    events = embed_images(
        [record(0), record(1)], fetch, ColourEncoder(batch_size=64), connections=2, max_pixels=1_000_000
    )
    first = next(event for event in events if isinstance(event, Embedded))
    assert first.index == 0
    assert fetched == ["a:0"]
    gate.set()
    assert [event.index for event in events if isinstance(event, Embedded)] == [1]


def test_progress_goes_on_while_a_download_hangs_so_that_it_can_be_cancelled() -> None:
    gate = threading.Event()

    def fetch(wanted: ImageRecord) -> bytes:
        gate.wait(20)
        return RED

    events = embed_images([record(0)], fetch, ColourEncoder(), connections=1, max_pixels=1_000_000)
    for _ in range(4):
        assert next(events) == Progress("Searching", 0, 1)
    events.close()
    gate.set()


def test_closing_stops_fetching() -> None:
    fetched = []

    def fetch(wanted: ImageRecord) -> bytes:
        fetched.append(wanted.key)
        time.sleep(0.01)
        return RED

    events = embed_images(
        [record(number) for number in range(500)], fetch, ColourEncoder(), connections=2, max_pixels=1_000_000
    )
    for event in events:
        if isinstance(event, Embedded):
            break
    events.close()
    time.sleep(0.1)
    count = len(fetched)
    time.sleep(0.1)
    assert len(fetched) == count < 100


@pytest.mark.parametrize("closed", [False, True])
def test_no_thread_is_left_behind(closed: bool) -> None:
    before = set(threading.enumerate())
    events = embed_images(
        [record(number) for number in range(40)], lambda _: RED, ColourEncoder(), connections=5, max_pixels=1_000_000
    )
    for event in events:
        if closed and isinstance(event, Embedded):
            break
    events.close()
    mine = set(threading.enumerate()) - before
    for thread in mine:
        thread.join(10)
        assert not thread.is_alive(), thread.name


@pytest.mark.parametrize("batches_at_once", [1, 64])
def test_memory_is_bounded_by_the_look_ahead(batches_at_once: int) -> None:
    """However slow the consumer, no more is fetched than a few batches ahead of it."""
    fetched = []

    def fetch(wanted: ImageRecord) -> bytes:
        fetched.append(wanted.key)
        return picture((int(wanted.message_id) % 256, 0, 0))

    encoder = ColourEncoder(batch_size=4)
    encoder.batches_at_once = batches_at_once
    events = embed_images(
        [record(number) for number in range(300)],
        fetch,
        encoder,
        connections=3,
        max_pixels=1_000_000,
    )
    settled = 0
    for event in events:
        settled += isinstance(event, Embedded)
        if settled == 20:
            break
    time.sleep(0.2)
    assert len(fetched) <= 20 + 3 + usable_cores() + (min(batches_at_once, usable_cores()) + 2) * 4
    events.close()


def test_it_can_be_cancelled_while_the_encoder_computes() -> None:
    """However long a batch takes: it is not waited for."""
    gate = threading.Event()

    class Slow(ColourEncoder):
        def encode_batch(self, rows: np.ndarray) -> np.ndarray:
            gate.wait(30)
            return super().encode_batch(rows)

    events = embed_images([record(0)], lambda _: RED, Slow(), connections=1, max_pixels=1_000_000)
    beats = [next(events) for _ in range(5)]
    assert all(isinstance(event, Progress) and event.done == 0 for event in beats)
    events.close()
    assert not gate.is_set()
    gate.set()


def test_waiting_bytes_hold_up_fetching(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few large files fill the memory as well as many small ones."""
    monkeypatch.setattr(pipeline, "MOST_BYTES", 10 * len(RED))
    gate = threading.Event()
    fetched = []

    class Slow(ColourEncoder):
        def preprocess(self, image: Picture) -> np.ndarray:
            gate.wait(30)
            row: np.ndarray = np.asarray(image.resize((1, 1), Image.Resampling.BOX), np.float32).reshape(3)
            return row

    def fetch(wanted: ImageRecord) -> bytes:
        fetched.append(wanted.key)
        return RED + wanted.key.encode()

    encoder = Slow(batch_size=1)
    events = embed_images([record(n) for n in range(200)], fetch, encoder, connections=12, max_pixels=1_000_000)
    for _ in range(3):
        next(events)
    asked = len(fetched)
    assert asked <= 12 + usable_cores() + 3  # the window at the start; no more once the first bytes are there
    encoder.batch_size = 50  # a wider window
    for _ in range(3):
        next(events)
    assert len(fetched) == asked
    gate.set()
    assert sum(isinstance(event, Embedded) for event in events) == 200


def test_progress_tells_bytes_failures_and_rate() -> None:
    files = {f"a:{number}": picture((number, 0, 0)) for number in range(0, 60, 2)}

    def fetch(wanted: ImageRecord) -> bytes:
        time.sleep(0.05)
        return from_dict(files)(wanted)

    events = run([record(number) for number in range(60)], fetch, connections=2)
    progress = [event for event in events if isinstance(event, Progress)]
    last = progress[-1]
    assert (last.done, last.total, last.failed) == (60, 60, 30)
    assert last.bytes_read == sum(map(len, files.values()))
    assert last.rate is not None
    assert last.seconds_left == 0
    assert [event.bytes_read for event in progress] == sorted(event.bytes_read for event in progress)
    middle = next(event for event in progress if event.rate and event.done < 50)
    assert middle.seconds_left == pytest.approx((60 - middle.done) / (middle.rate or 1), rel=0.3)


def test_dead_links_do_not_count_for_the_time_left() -> None:
    """They cost next to nothing: before the others they would promise too much, behind them threaten too much."""
    dead = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=65f1a2b3&is=65df2db3&hm=00&"
    live = range(450, 490)
    records = [record(n) if n in live else record(n, url=dead) for n in range(1400)]

    def fetch(wanted: ImageRecord) -> bytes:
        if wanted.url == dead:
            time.sleep(0.003)
            raise FetchError("The link expired.", SkipReason.EXPIRED)
        time.sleep(0.1)
        return picture((int(wanted.message_id) % 256, 0, 0))

    events = [event for event in run(records, fetch, connections=2) if isinstance(event, Progress)]
    told = [event for event in events if event.seconds_left is not None and event.done < 490]
    assert told
    for event in told:
        assert event.seconds_left is not None
        assert event.rate is not None
        assert event.rate < 100
        assert event.seconds_left == pytest.approx((490 - event.done) * 0.05, abs=1)


def test_dead_links_that_are_refreshed_count_for_the_time_left() -> None:
    dead = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=65f1a2b3&is=65df2db3&hm=00&"

    def fetch(wanted: ImageRecord) -> bytes:
        time.sleep(0.05)
        return picture((int(wanted.message_id), 0, 0))

    events = run([record(n, url=dead) for n in range(60)], fetch, connections=2)
    told = [event for event in events if isinstance(event, Progress) and event.seconds_left is not None]
    assert [event for event in told if event.done < 60]
    assert all(event.seconds_left for event in told if event.done < 60)


def test_a_bug_in_a_thread_is_raised_not_swallowed() -> None:
    def fetch(wanted: ImageRecord) -> bytes:
        raise ZeroDivisionError("bug")

    with pytest.raises(ZeroDivisionError):
        run([record(0)], fetch)


def test_no_records() -> None:
    assert run([], lambda _: RED) == [Progress("Searching", 0, 0)]


def shade(number: int) -> bytes:
    return picture((number, 255 - number, 90))


def test_a_content_is_described_once_whatever_pictures_have_it() -> None:
    files = {f"a:{number}": shade(number % 7) for number in range(50)}
    files["a:50"] = b"<html>"
    records = [record(number) for number in range(52)]
    events = run(records, from_dict(files), connections=8, extractor=ColourExtractor())
    described = [event for event in events if isinstance(event, Described)]
    assert sorted(event.features for event in described) == sorted(features_of((n, 255 - n, 90)) for n in range(7))
    first = {event.content_hash: event.index for event in events if isinstance(event, Embedded) and event.preview}
    assert {event.content_hash: event.index for event in described} == first
    assert sum(isinstance(event, Embedded) for event in events) == 50
    assert sum(isinstance(event, Skipped) for event in events) == 2


def test_no_features_come_before_the_embedding_of_their_content() -> None:
    """Also where they are made first: whoever keeps them could not tell what they are of."""
    made = threading.Semaphore(0)

    class Late(ColourEncoder):
        def encode_batch(self, rows: np.ndarray) -> np.ndarray:
            if usable_cores() > 1:
                assert made.acquire(timeout=20)
            return super().encode_batch(rows)

    extractor = ColourExtractor(made.release)
    records = [record(number) for number in range(12)]
    events = run(records, lambda wanted: shade(int(wanted.key[2:])), Late(1), extractor=extractor)
    embedded: set[str] = set()
    for event in events:
        if isinstance(event, Embedded):
            embedded.add(event.content_hash)
        elif isinstance(event, Described):
            assert event.content_hash in embedded
    assert len(embedded) == sum(isinstance(event, Described) for event in events) == 12


def test_the_first_embeddings_come_while_the_extractor_hangs_and_all_features_before_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compute, "usable_cores", lambda: 2)
    extractor = ColourExtractor.blocked()
    events = embed_images(
        [record(number) for number in range(12)],
        lambda wanted: shade(int(wanted.key[2:])),
        ColourEncoder(),
        connections=2,
        max_pixels=1_000_000,
        extractor=extractor,
    )
    indices = set()
    while len(indices) < 12:
        event = next(events)
        assert not isinstance(event, Described)
        if isinstance(event, Embedded):
            indices.add(event.index)
    # It goes on saying so, and can be cancelled, until the features are there.
    for _ in range(3):
        event = next(events)
        assert isinstance(event, Progress)
        assert event.done == event.total == 12
    extractor.gate.set()
    rest = list(events)
    assert {event.index for event in rest if isinstance(event, Described)} == indices
    assert isinstance(rest[-1], Progress)
    assert rest[-1].done == 12


def test_closing_does_not_wait_for_features() -> None:
    before = set(threading.enumerate())
    extractor = ColourExtractor.blocked()
    events = embed_images(
        [record(number) for number in range(20)],
        lambda wanted: shade(int(wanted.key[2:])),
        ColourEncoder(),
        connections=2,
        max_pixels=1_000_000,
        extractor=extractor,
    )
    while extractor.entered < usable_cores():
        next(events)
    events.close()
    assert not extractor.gate.is_set()
    extractor.gate.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive(), thread.name
    assert extractor.extracted == usable_cores()


def test_known_pictures_without_features_are_described() -> None:
    encoder, extractor = ColourEncoder(), ColourExtractor()
    contents = [hashlib.sha256(shade(number)).hexdigest() for number in range(30)]
    events = run(
        [record(number) for number in range(30)],
        lambda wanted: shade(int(wanted.key[2:])),
        encoder,
        extractor=extractor,
        known=contents,
        known_features=contents[:10],
    )
    embedded = [event for event in events if isinstance(event, Embedded)]
    assert sorted(event.index for event in embedded) == list(range(30))
    assert all(event.embedding is None for event in embedded)
    assert not encoder.batches
    described = {event.index: event.features for event in events if isinstance(event, Described)}
    assert described == {number: features_of((number, 255 - number, 90)) for number in range(10, 30)}


def test_what_is_fetched_stays_bounded_while_features_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "BACKLOG", 5)
    extractor = ColourExtractor.blocked()
    fetched = []

    def fetch(wanted: ImageRecord) -> bytes:
        fetched.append(wanted.key)
        return shade(int(wanted.key[2:]))

    events = embed_images(
        [record(number) for number in range(250)],
        fetch,
        ColourEncoder(batch_size=4),
        connections=3,
        max_pixels=1_000_000,
        extractor=extractor,
    )
    while extractor.entered < usable_cores():
        next(events)
    for _ in range(3):
        next(events)
    assert len(fetched) <= 5 + 2 * usable_cores() + 3 + usable_cores() + 3 * 4
    extractor.gate.set()
    assert sum(isinstance(event, Described) for event in events) == 250


@pytest.mark.parametrize(("there", "postpone"), [(True, True), (False, True), (True, False)])
def test_features_are_postponed_only_of_files_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, postpone: bool
) -> None:
    """A file that the export names and that is gone came over the network."""
    monkeypatch.setattr(backlog, "BACKLOG", 3)
    records = [local_record(tmp_path, number, shade(number)) for number in range(60)]
    if not there:
        for path in tmp_path.iterdir():
            path.unlink()
    all_embedded = threading.Event()
    extractor = ColourExtractor(
        lambda: all_embedded.wait(0.5 if there and postpone else 0)
    )  # slow, compared with all else
    events = embed_images(
        records,
        lambda wanted: shade(int(wanted.key[2:])),
        ColourEncoder(),
        connections=2,
        max_pixels=1_000_000,
        extractor=extractor,
        postpone=postpone,
    )
    embedded = described = 0
    for event in events:
        embedded += isinstance(event, Embedded)
        described += isinstance(event, Described)
        if embedded == 60:
            all_embedded.set()
    assert embedded == 60
    if there and postpone:
        assert 3 <= described <= 40
    else:
        assert described == 60


def test_a_bug_in_the_extractor_is_raised() -> None:
    def fail() -> None:
        raise ZeroDivisionError("bug")

    with pytest.raises(ZeroDivisionError):
        run([record(0)], lambda _: RED, extractor=ColourExtractor(fail))
