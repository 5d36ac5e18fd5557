"""Filling the store: only what is missing, nothing twice, nothing lost."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections import Counter
from pathlib import Path
from typing import Callable, Iterator

import numpy as np
import pytest

from ras.encoders.base import Encoder
from ras.errors import EncoderError, FetchError, HostGivenUp, SkipReason, StoreError
from ras.indexing import fill_store
from ras.indexing.commits import COMMIT_PICTURES
from ras.records import Archive, ImageRecord, IndexReport, Progress, Skipped, finish
from ras.store import EmbeddingStore
from tests.pictures import ColourEncoder, archive, picture, record

LIMITS = "all_formats=0 megabytes=64 megapixels=120"


class Server:
    """Pictures by key, and how often each was asked for. A reason in its place is what fetching it ends with."""

    def __init__(self, files: dict[str, bytes | SkipReason]) -> None:
        self.files = files
        self.asked: Counter[str] = Counter()

    def fetch(self, wanted: ImageRecord) -> bytes:
        self.asked[wanted.key] += 1
        answer = self.files.get(wanted.key, SkipReason.GONE)
        if isinstance(answer, SkipReason):
            raise FetchError("It cannot be had.", answer)
        return answer


class OtherEncoder(ColourEncoder):
    id = "colour-2"


def shade(number: int) -> bytes:
    return picture((number % 256, 255 - number % 256, 90 + number // 256))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as opened:
        yield opened


def fill(
    store: EmbeddingStore,
    what: Archive,
    fetch: Callable[[ImageRecord], bytes],
    encoder: Encoder | None = None,
    **options: object,
) -> tuple[IndexReport, list[object]]:
    options = {"connections": 4, "max_pixels": 1_000_000, "limits": LIMITS, **options}
    job = fill_store(what, store, fetch, encoder or ColourEncoder(), **options)  # type: ignore[arg-type]
    events: list[object] = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return stop.value, events


def embeddings(store: EmbeddingStore, what: Archive, encoder: Encoder) -> dict[str, np.ndarray]:
    view = store.view(encoder.id)
    row_of = {content: row for row, content in enumerate(view.contents)}
    found = {}
    for one, content in zip(what.records, store.contents_of(what.records, encoder.id)):
        if content >= 0:
            found[one.key] = view.take(np.array([row_of[content]]))[0]
    return found


def test_everything_is_stored_and_the_report_counts_it(store: EmbeddingStore) -> None:
    encoder = ColourEncoder()
    server = Server({"a:0": shade(0), "a:1": shade(1), "a:2": shade(0), "a:3": b"<html>", "a:4": SkipReason.NETWORK})
    what = archive([record(number) for number in range(6)])
    report, events = fill(store, what, server.fetch, encoder)
    assert (report.archive, report.pictures, report.indexed, report.encoded, report.reused) == ("general", 6, 3, 2, 1)
    assert report.skipped == {"not_a_picture": 1, "network": 1, "gone": 1}
    assert sorted(event.record.key for event in events if isinstance(event, Skipped)) == ["a:3", "a:4", "a:5"]
    progress = [event for event in events if isinstance(event, Progress)]
    assert {event.stage for event in progress} == {"Indexing"}
    assert progress[-1].total == 6
    expected = encoder.encode_batch(np.array([[0, 255, 90], [1, 254, 90]], np.float32)).astype(np.float16)
    stored = embeddings(store, what, encoder)
    np.testing.assert_array_equal(stored["a:0"], expected[0])
    np.testing.assert_array_equal(stored["a:1"], expected[1])
    np.testing.assert_array_equal(stored["a:2"], expected[0])
    assert store.usage().contents == 2
    contents = store.contents_of(what.records, encoder.id)
    assert all(data[:3] == b"\xff\xd8\xff" for data in store.previews(list(set(contents[:3].tolist()))).values())
    assert len(store.previews(list(set(contents[:3].tolist())))) == 2
    assert [stored.name for stored in store.archives()] == ["general"]


def test_a_second_run_fetches_nothing(store: EmbeddingStore) -> None:
    server = Server({f"a:{number}": shade(number) for number in range(10)})
    what = archive([record(number) for number in range(10)])
    fill(store, what, server.fetch)
    server.asked.clear()
    report, _ = fill(store, what, server.fetch)
    assert not server.asked
    assert (report.indexed, report.encoded, report.reused) == (10, 0, 0)


def test_new_signatures_and_new_messages_cost_only_the_new_messages(store: EmbeddingStore) -> None:
    server = Server({f"a:{number}": shade(number) for number in range(12)})
    fill(store, archive([record(number) for number in range(10)]), server.fetch)
    server.asked.clear()
    later = [record(number, url=f"{record(number).url}?ex=7fffffff&is=1&hm=abc{number}") for number in range(12)]
    report, _ = fill(store, archive(later, "later.json"), server.fetch)
    assert set(server.asked) == {"a:10", "a:11"}
    assert (report.indexed, report.encoded) == (12, 2)


def test_bytes_that_are_known_are_not_encoded_again(store: EmbeddingStore) -> None:
    server = Server({"a:0": shade(0), "a:1": shade(0)})
    fill(store, archive([record(0)]), server.fetch)
    encoder = ColourEncoder()
    report, _ = fill(store, archive([record(1)], "other.json"), server.fetch, encoder)
    assert not encoder.batches
    assert (report.indexed, report.encoded, report.reused) == (1, 0, 1)


def test_another_encoder_encodes_anew_and_they_do_not_mix(store: EmbeddingStore) -> None:
    server = Server({"a:0": shade(0)})
    what = archive([record(0)])
    fill(store, what, server.fetch)
    report, _ = fill(store, what, server.fetch, OtherEncoder())
    assert (report.encoded, server.asked["a:0"]) == (1, 2)
    assert store.usage().embeddings == {"colour-1": 1, "colour-2": 1}
    assert store.usage().contents == 1


@pytest.mark.parametrize(
    ("reason", "again"),
    [
        (SkipReason.GONE, False),
        (SkipReason.DAMAGED, False),
        (SkipReason.UNSUPPORTED, False),
        (SkipReason.TOO_LARGE, False),
        (SkipReason.NETWORK, True),
        (SkipReason.MISSING, True),
        (SkipReason.BLOCKED, True),
        (SkipReason.EXPIRED, True),
    ],
)
def test_only_passing_failures_are_tried_again(store: EmbeddingStore, reason: SkipReason, again: bool) -> None:
    server = Server({"a:0": reason})
    what = archive([record(0)])
    fill(store, what, server.fetch)
    report, events = fill(store, what, server.fetch)
    assert server.asked["a:0"] == 1 + again
    assert report.skipped == {reason.value: 1}
    # It is named in either case, with its reason.
    assert [event.reason for event in events if isinstance(event, Skipped)] == [reason]


def test_a_failure_for_good_is_tried_again_when_asked_or_under_other_limits(store: EmbeddingStore) -> None:
    server = Server({"a:0": SkipReason.TOO_LARGE})
    what = archive([record(0)])
    fill(store, what, server.fetch)
    fill(store, what, server.fetch, limits="all_formats=0 megabytes=4096 megapixels=120")
    assert server.asked["a:0"] == 2
    server.files["a:0"] = shade(0)
    fill(store, what, server.fetch, limits="all_formats=0 megabytes=4096 megapixels=120")
    assert server.asked["a:0"] == 2
    report, _ = fill(store, what, server.fetch, limits="all_formats=0 megabytes=4096 megapixels=120", retry=True)
    assert (report.indexed, report.skipped) == (1, {})
    assert not store.failures()


def test_only_the_pictures_that_are_named_are_tried_again(store: EmbeddingStore) -> None:
    files = {f"a:{number}": reason for number, reason in enumerate((SkipReason.GONE, SkipReason.NETWORK) * 2)}
    server = Server({**files, "a:4": shade(4)})
    what = archive([record(number) for number in range(5)])
    fill(store, what, server.fetch)
    server.asked.clear()
    server.files.update({f"a:{number}": shade(number) for number in range(4)})
    report, _ = fill(store, what, server.fetch, retry=frozenset({"a:0", "a:3", "a:4", "a:other"}))
    assert server.asked == {"a:0": 1, "a:3": 1}
    assert (report.pictures, report.indexed, report.encoded) == (5, 3, 2)
    assert report.skipped == {"network": 1, "gone": 1}
    assert len(store.load([1]).records) == 5


def test_a_picture_of_several_messages_is_fetched_once(store: EmbeddingStore) -> None:
    server = Server({"u:1": shade(0), "u:2": SkipReason.GONE})
    what = archive([record(number, key=f"u:{1 + number % 2}", attachment_id=None) for number in range(6)])
    report, _ = fill(store, what, server.fetch)
    assert dict(server.asked) == {"u:1": 1, "u:2": 1}
    assert (report.indexed, report.encoded, report.skipped) == (3, 1, {"gone": 3})


def test_what_was_done_before_the_stop_is_kept_and_the_next_run_goes_on(store: EmbeddingStore) -> None:
    amount = 4 * COMMIT_PICTURES
    server = Server({f"a:{number}": shade(number) for number in range(amount)})
    what = archive([record(number) for number in range(amount)])

    def fetch_slowly(wanted: ImageRecord) -> bytes:
        data = server.fetch(wanted)
        time.sleep(0.01)
        return data

    job = fill_store(what, store, fetch_slowly, ColourEncoder(), connections=2, max_pixels=1_000_000, limits=LIMITS)
    for event in job:
        if isinstance(event, Progress) and event.done >= COMMIT_PICTURES + 10:
            break
    job.close()
    kept = int((store.contents_of(what.records, "colour-1") >= 0).sum())
    assert COMMIT_PICTURES + 10 <= kept < amount
    server.asked.clear()
    report, _ = fill(store, what, server.fetch)
    assert (report.indexed, report.encoded) == (amount, amount - kept)
    assert sum(server.asked.values()) == amount - kept


def test_what_was_done_before_the_encoder_failed_is_kept(store: EmbeddingStore) -> None:
    class Failing(ColourEncoder):
        def encode_batch(self, rows: np.ndarray) -> np.ndarray:
            if len(self.batches) == 3:
                raise EncoderError("The memory ran out.")
            return super().encode_batch(rows)

    server = Server({f"a:{number}": shade(number) for number in range(40)})
    what = archive([record(number) for number in range(40)])
    encoder = Failing(batch_size=4)
    with pytest.raises(EncoderError, match="memory ran out"):
        fill(store, what, server.fetch, encoder)
    assert int((store.contents_of(what.records, "colour-1") >= 0).sum()) == sum(encoder.batches) >= 3


def test_a_store_that_cannot_be_written_ends_the_job_with_its_sentence(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server({f"a:{number}": shade(number) for number in range(3)})
    real = store.add

    def full(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(store, "add", full)
    with pytest.raises(StoreError, match="The disk is full"):
        fill(store, archive([record(number) for number in range(3)]), server.fetch)
    monkeypatch.setattr(store, "add", real)
    report, _ = fill(store, archive([record(number) for number in range(3)]), server.fetch)
    assert report.indexed == 3


def test_what_failed_is_tried_after_the_rest_and_in_another_order_each_time(store: EmbeddingStore) -> None:
    """What stalls must not stand before the same others in every run."""
    old, new = [record(number) for number in range(30)], [record(number) for number in range(30, 40)]
    orders: list[list[str]] = []

    def fetch(wanted: ImageRecord) -> bytes:
        orders[-1].append(wanted.key)
        raise FetchError("It does not answer.", SkipReason.NETWORK)

    for records in (old, old, [*old, *new]):
        orders.append([])
        fill(store, archive(records), fetch, connections=1)
    first, second, third = orders
    assert first == [each.key for each in old]
    assert sorted(second) == sorted(first) != second
    assert third[:10] == [each.key for each in new]
    assert sorted(third[10:]) == sorted(first)
    assert len({tuple(first), tuple(second), tuple(third[10:])}) == 3


def test_what_was_not_tried_keeps_its_reason(store: EmbeddingStore) -> None:
    """Its server was given up for others; of what was never tried before, that is all that is known."""
    errors = [
        FetchError("It lies elsewhere.", SkipReason.BLOCKED),
        HostGivenUp("The host was given up.", SkipReason.NETWORK),
    ]

    def fetch(wanted: ImageRecord) -> bytes:
        raise errors[0]

    fill(store, archive([record(0)]), fetch)
    del errors[0]
    _, events = fill(store, archive([record(0), record(1)]), fetch)
    assert [event.untried for event in events if isinstance(event, Skipped)] == [True, True]
    assert {key: failure.reason for key, failure in store.failures().items()} == {
        record(0).key: SkipReason.BLOCKED,
        record(1).key: SkipReason.NETWORK,
    }


def test_the_hash_is_of_the_bytes(store: EmbeddingStore) -> None:
    fill(store, archive([record(0)]), Server({"a:0": shade(0)}).fetch)
    known = store.embedded_hashes("colour-1")
    assert hashlib.sha256(shade(0)).hexdigest() in known
    assert hashlib.sha256(shade(1)).hexdigest() not in known


def test_an_archive_without_pictures(store: EmbeddingStore) -> None:
    empty = dataclasses.replace(archive([]), message_count=3)
    report = finish(fill_store(empty, store, Server({}).fetch, ColourEncoder(), connections=2, max_pixels=10))
    assert (report.pictures, report.indexed, report.skipped) == (0, 0, {})
