"""The threads that calculate: what they do first, how many do it at once, and that each picture has its outcome."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from queue import Empty, SimpleQueue
from typing import Iterator

import numpy as np
import pytest
from PIL import Image

from ras.encoders.base import Picture
from ras.errors import DecodeError, EncoderError, FetchError, SkipReason
from ras.indexing import backlog, compute, preparing
from ras.indexing.compute import Compute
from ras.indexing.outcomes import Broken, Described, Embedded, Outcome, Twin
from ras.indexing.preparing import Limits
from tests.extractors import ColourExtractor, features_of
from tests.pictures import ColourEncoder, picture


class Gated(ColourEncoder):
    """Its batches wait for ``gate``; knows how many threads are in it, and what was preprocessed meanwhile."""

    def __init__(self, batch_size: int = 4, batches_at_once: int = 1) -> None:
        super().__init__(batch_size)
        self.batches_at_once = batches_at_once
        self.gate = threading.Event()
        self.inside = self.most_inside = self.preprocessed = 0
        self._lock = threading.Lock()

    def preprocess(self, image: Picture) -> np.ndarray:
        self.preprocessed += 1
        row: np.ndarray = np.asarray(image.resize((1, 1), Image.Resampling.BOX), np.float32).reshape(3)
        return row

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        with self._lock:
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
        self.gate.wait(20)
        with self._lock:
            self.inside -= 1
        return super().encode_batch(rows)


class Bench:
    """A ``Compute`` with so many threads, and its outcomes."""

    def __init__(self, encoder: ColourEncoder, known: tuple[str, ...] = (), **options: object) -> None:
        self.outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self.compute = Compute(encoder, Limits(200_000_000, False), known, self.put, **options)  # type: ignore[arg-type]

    def put(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.outcomes.put(outcome)

    def offer(self, *pictures: bytes, more: int = 0, is_local: bool = False) -> None:
        self.compute.expect(len(pictures) + more)
        for index, data in enumerate(pictures):
            self.compute.offer(index, data, is_local)

    def take(self, amount: int) -> list[Outcome]:
        return [self.outcomes.get(timeout=20) for _ in range(amount)]

    def silent(self) -> bool:
        try:
            self.outcomes.get(timeout=0.3)
        except Empty:
            return True
        return False


@pytest.fixture
def benches(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Bench]]:
    monkeypatch.setattr(compute, "usable_cores", lambda: 3)
    made: list[Bench] = []
    yield made
    for bench in made:
        bench.compute.stop()


def start(benches: list[Bench], encoder: ColourEncoder, known: tuple[str, ...] = (), **options: object) -> Bench:
    benches.append(Bench(encoder, known, **options))
    return benches[-1]


def wait_until(holds: object, what: str) -> None:
    assert callable(holds)
    for _ in range(2000):
        if holds():
            return
        time.sleep(0.005)
    raise AssertionError(what)


def shades(amount: int) -> list[bytes]:
    return [picture((number, 255 - number, 90)) for number in range(amount)]


def test_every_picture_has_its_own_embedding(benches: list[Bench]) -> None:
    encoder = ColourEncoder(batch_size=4)
    encoder.batches_at_once = 3
    bench = start(benches, encoder)
    bench.offer(*shades(50))
    outcomes = [item for item in bench.take(50) if isinstance(item, Embedded)]
    assert sorted(item.index for item in outcomes) == list(range(50))
    for item in outcomes:
        colour = np.array([item.index, 255 - item.index, 90], np.float32) + np.float32(1e-3)
        assert item.embedding is not None
        np.testing.assert_allclose(item.embedding, colour / np.linalg.norm(colour), atol=1e-4)
        assert item.preview is not None
    assert bench.compute.waiting_bytes == 0
    assert bench.compute.bytes_read == sum(map(len, shades(50)))


def test_no_more_batches_at_once_than_the_encoder_likes_while_others_decode(benches: list[Bench]) -> None:
    encoder = Gated(batch_size=2, batches_at_once=2)
    bench = start(benches, encoder)
    bench.offer(*shades(20))
    wait_until(lambda: encoder.preprocessed == 20, "the third thread decodes all, though two wait for the encoder")
    assert encoder.inside == 2
    encoder.gate.set()
    bench.take(20)
    assert encoder.most_inside == 2


def test_a_full_batch_goes_before_the_next_picture(benches: list[Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "usable_cores", lambda: 1)
    order: list[str] = []

    class Noting(ColourEncoder):
        def preprocess(self, image: Picture) -> np.ndarray:
            order.append("p")
            row: np.ndarray = np.asarray(image.resize((1, 1), Image.Resampling.BOX), np.float32).reshape(3)
            return row

        def encode_batch(self, rows: np.ndarray) -> np.ndarray:
            order.append(str(len(rows)))
            return super().encode_batch(rows)

    bench = start(benches, Noting(batch_size=3))
    bench.offer(*shades(11))
    bench.take(11)
    # The first alone, so that there is something to see; the last as soon as no more can come.
    assert "".join(order) == "p1ppp3ppp3ppp3p1"


@pytest.mark.parametrize("batches_at_once", [3, 64])
def test_the_last_ones_are_shared_out_evenly(benches: list[Bench], batches_at_once: int) -> None:
    encoder = Gated(8, batches_at_once)
    bench = start(benches, encoder)
    bench.offer(*shades(8), more=1)
    wait_until(lambda: encoder.inside == 1, "the first picture goes alone")
    wait_until(lambda: encoder.preprocessed == 8, "the others are decoded")
    bench.compute.drop(8, FetchError("It is gone.", SkipReason.GONE))
    wait_until(lambda: encoder.inside == 3, "both free threads take a part of what is left")
    encoder.gate.set()
    bench.take(9)
    assert sorted(encoder.batches) == [1, 3, 4]


def test_the_last_batch_does_not_wait(benches: list[Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "PATIENCE", 3600)
    bench = start(benches, ColourEncoder(batch_size=8))
    bench.offer(*shades(5))
    bench.take(5)


def test_a_batch_that_is_not_full_waits_a_moment_for_more(benches: list[Bench]) -> None:
    encoder = ColourEncoder(batch_size=8)
    bench = start(benches, encoder)
    bench.offer(*shades(1), more=100)
    bench.take(1)
    for data in shades(4)[1:]:
        bench.compute.offer(1, data)
    bench.take(3)
    assert encoder.batches == [1, 3]


def test_equal_bytes_are_decoded_once(benches: list[Bench]) -> None:
    encoder = Gated()
    bench = start(benches, encoder)
    red, blue = picture("red"), picture("blue")
    bench.offer(red, red, blue, red)
    twins = bench.take(2)
    assert all(isinstance(item, Twin) for item in twins)
    (content,) = {item.content_hash for item in twins}
    assert bench.compute.is_open(content)
    encoder.gate.set()
    assert {type(item) for item in bench.take(2)} == {Embedded}
    assert encoder.preprocessed == 2
    bench.compute.settled(content)
    assert not bench.compute.is_open(content)


def test_known_bytes_are_not_decoded(benches: list[Bench]) -> None:
    encoder = Gated()
    data = picture("red")
    content = hashlib.sha256(data).hexdigest()
    bench = start(benches, encoder, (content,))
    bench.offer(data)
    assert bench.take(1) == [Embedded(0, content, None, None)]
    assert encoder.preprocessed == 0


def test_what_is_no_picture_is_an_outcome_and_the_rest_goes_on(benches: list[Bench]) -> None:
    bench = start(benches, ColourEncoder(batch_size=8))
    bench.offer(picture("red"), b"<html>", picture("blue"))
    outcomes = {item.index: item for item in bench.take(3)}
    broken = outcomes[1]
    assert isinstance(broken, Broken)
    assert isinstance(broken.error, DecodeError)
    assert broken.error.reason is SkipReason.NOT_A_PICTURE
    assert isinstance(outcomes[0], Embedded)
    assert isinstance(outcomes[2], Embedded)
    assert bench.compute.waiting_bytes == 0


def test_a_failure_of_the_encoder_is_an_outcome(benches: list[Bench]) -> None:
    class Failing(ColourEncoder):
        def encode_batch(self, rows: np.ndarray) -> np.ndarray:
            raise EncoderError("The memory ran out.")

    bench = start(benches, Failing())
    bench.offer(picture("red"))
    (outcome,) = bench.take(1)
    assert isinstance(outcome, Broken)
    assert isinstance(outcome.error, EncoderError)


def test_large_pictures_are_decoded_one_at_a_time_and_small_ones_beside_them(
    benches: list[Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute, "is_large", lambda data, at_least: len(data) > 5000)
    at_work, most = [0], [0]
    gate, decode = threading.Event(), preparing.decode_shrunk

    def counted(data: bytes, **options: object) -> object:
        if len(data) <= 5000:
            return decode(data, **options)  # type: ignore[arg-type]
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        gate.wait(20)
        at_work[0] -= 1
        return decode(data, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(preparing, "decode_shrunk", counted)
    noise = np.random.default_rng(0)
    large = []
    for _ in range(4):
        file = io.BytesIO()
        Image.fromarray(noise.integers(0, 256, (60, 60, 3), np.uint8)).save(file, "PNG")
        large.append(file.getvalue())
    bench = start(benches, ColourEncoder(batch_size=1))
    bench.offer(*large, *shades(10))
    small = {item.index for item in bench.take(10)}
    assert small == set(range(4, 14))
    assert at_work[0] == 1
    gate.set()
    assert {item.index for item in bench.take(4)} == set(range(4))
    assert most[0] == 1


def test_one_thread_more_where_the_encoder_is_a_graphics_card(benches: list[Bench]) -> None:
    encoder = ColourEncoder()
    assert start(benches, encoder).compute.threads == 3
    encoder.device = "cuda"
    assert start(benches, encoder).compute.threads == 4


def test_its_threads_end_when_it_is_stopped(benches: list[Bench]) -> None:
    before = set(threading.enumerate())
    bench = start(benches, ColourEncoder())
    mine = set(threading.enumerate()) - before
    assert len(mine) == 3
    bench.offer(*shades(3), more=5)
    bench.take(3)
    bench.compute.stop()
    for thread in mine:
        thread.join(10)
        assert not thread.is_alive()
    bench.compute.offer(4, picture("red"))
    assert bench.silent()


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def by_kind(outcomes: list[Outcome]) -> tuple[list[Embedded], list[Described]]:
    assert {type(outcome) for outcome in outcomes} <= {Embedded, Described}
    embedded = [outcome for outcome in outcomes if isinstance(outcome, Embedded)]
    return embedded, [outcome for outcome in outcomes if isinstance(outcome, Described)]


def test_each_content_has_its_own_features_once(benches: list[Bench]) -> None:
    extractor = ColourExtractor()
    bench = start(benches, ColourEncoder(), extractor=extractor)
    bench.offer(*shades(30))
    embedded, described = by_kind(bench.take(60))
    assert sorted(item.index for item in embedded) == sorted(item.index for item in described) == list(range(30))
    for item in described:
        assert item.content_hash == hash_of(shades(30)[item.index])
        assert item.features == features_of((item.index, 255 - item.index, 90))
    assert bench.compute.promised == extractor.extracted == 30
    assert bench.silent()


def test_features_come_last(benches: list[Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "usable_cores", lambda: 1)
    order: list[str] = []

    class Noting(ColourEncoder):
        def preprocess(self, image: Picture) -> np.ndarray:
            order.append("p")
            row: np.ndarray = np.asarray(image.resize((1, 1), Image.Resampling.BOX), np.float32).reshape(3)
            return row

        def encode_batch(self, rows: np.ndarray) -> np.ndarray:
            order.append(str(len(rows)))
            return super().encode_batch(rows)

    bench = start(benches, Noting(batch_size=3), extractor=ColourExtractor(lambda: order.append("x")))
    bench.offer(*shades(11))
    bench.take(22)
    assert "".join(order) == "p1ppp3ppp3ppp3p1" + "x" * 11


def test_no_embedding_waits_for_an_extractor_that_hangs(benches: list[Bench]) -> None:
    extractor = ColourExtractor.blocked()
    bench = start(benches, ColourEncoder(batch_size=4), extractor=extractor)
    bench.offer(*shades(40))
    embedded, described = by_kind(bench.take(40))
    assert (len(embedded), described) == (40, [])
    extractor.gate.set()
    assert len(by_kind(bench.take(40))[1]) == 40


def test_a_thread_stays_free_while_pictures_may_come(benches: list[Bench]) -> None:
    extractor = ColourExtractor.blocked()
    bench = start(benches, ColourEncoder(batch_size=4), extractor=extractor)
    bench.offer(*shades(9), more=1)
    bench.take(9)
    wait_until(lambda: extractor.entered == 2, "two of three threads make features")
    bench.compute.offer(9, picture("red"))
    (last,) = bench.take(1)
    assert isinstance(last, Embedded)
    assert last.index == 9
    wait_until(lambda: extractor.entered == 3, "nothing can come any more")
    extractor.gate.set()
    assert len(by_kind(bench.take(10))[1]) == 10


def test_features_do_not_wait_for_the_last_picture(benches: list[Bench]) -> None:
    bench = start(benches, ColourEncoder(batch_size=4), extractor=ColourExtractor())
    bench.offer(*shades(9), more=1)
    embedded, described = by_kind(bench.take(18))
    assert len(embedded) == len(described) == 9


@pytest.mark.parametrize("is_local", [False, True])
def test_no_more_pictures_wait_for_their_features_than_the_backlog_takes(
    benches: list[Bench], monkeypatch: pytest.MonkeyPatch, is_local: bool
) -> None:
    """Local ones too, where they are not to be postponed."""
    monkeypatch.setattr(backlog, "BACKLOG", 4)
    extractor = ColourExtractor.blocked()
    bench = start(benches, ColourEncoder(batch_size=1), extractor=extractor)
    bench.offer(*shades(40), is_local=is_local)
    wait_until(lambda: extractor.entered == 3, "all threads make features before they decode more")
    assert 4 <= extractor.reductions <= 4 + 2 * bench.compute.threads
    assert extractor.reductions == bench.compute.promised
    extractor.gate.set()
    embedded, described = by_kind(bench.take(80))
    assert len(embedded) == len(described) == 40


@pytest.mark.parametrize("large", [False, True])
def test_features_of_local_files_are_left_out_rather_than_hold_up_others(
    benches: list[Bench], monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    monkeypatch.setattr(backlog, "BACKLOG", 4)
    monkeypatch.setattr(compute, "is_large", lambda data, at_least: large)
    extractor = ColourExtractor.blocked()
    bench = start(benches, ColourEncoder(batch_size=4), extractor=extractor, postpone=True)
    bench.offer(*shades(60), is_local=True)
    embedded, _ = by_kind(bench.take(60))
    assert len(embedded) == 60
    assert 4 <= extractor.reductions == bench.compute.promised <= 4 + bench.compute.threads * 2
    extractor.gate.set()
    assert len(by_kind(bench.take(bench.compute.promised))[1]) == bench.compute.promised
    assert bench.silent()


def test_features_of_what_was_downloaded_are_never_left_out(
    benches: list[Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "BACKLOG", 4)
    bench = start(benches, ColourEncoder(batch_size=4), extractor=ColourExtractor(), postpone=True)
    bench.offer(*shades(60))
    embedded, described = by_kind(bench.take(120))
    assert len(embedded) == len(described) == 60


def test_a_known_picture_without_features_is_decoded_for_them_alone(benches: list[Bench]) -> None:
    encoder, extractor = Gated(), ColourExtractor()
    one, two, three = shades(3)
    known = (hash_of(one), hash_of(two))
    bench = start(benches, encoder, known, extractor=extractor, known_features=(hash_of(two), hash_of(three)))
    bench.offer(one, two, one)
    outcomes = bench.take(4)
    assert Embedded(1, hash_of(two), None, None) in outcomes
    # Of two with the same bytes, one is decoded.
    (twin,) = [item for item in outcomes if isinstance(item, Twin)]
    first = 2 - twin.index
    assert Embedded(first, hash_of(one), None, None) in outcomes
    assert Described(first, hash_of(one), features_of((0, 255, 90))) in outcomes
    assert (encoder.preprocessed, extractor.reductions) == (0, 1)
    assert bench.compute.waiting_bytes == 0
    encoder.gate.set()
    bench.offer(three)
    (embedded,) = bench.take(1)
    assert isinstance(embedded, Embedded)
    assert embedded.embedding is not None, "features are known, but no embedding"
    assert bench.silent()
    assert extractor.reductions == 1


@pytest.mark.parametrize("postpone", [False, True])
def test_a_known_picture_that_cannot_be_decoded_any_more(benches: list[Bench], postpone: bool) -> None:
    """It is broken, unless its features were to be had on the way only."""
    cut = picture("red")[:40]
    bench = start(benches, ColourEncoder(), (hash_of(cut),), extractor=ColourExtractor(), postpone=postpone)
    bench.offer(cut)
    (outcome,) = bench.take(1)
    assert bench.compute.waiting_bytes == 0
    if postpone:
        assert outcome == Embedded(0, hash_of(cut), None, None)
    else:
        assert isinstance(outcome, Broken)
        assert isinstance(outcome.error, DecodeError)
    assert bench.compute.promised == 0


def test_known_local_pictures_are_not_decoded_while_too_many_wait(
    benches: list[Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "BACKLOG", 4)
    extractor = ColourExtractor.blocked()
    known = tuple(hash_of(data) for data in shades(60))
    bench = start(benches, ColourEncoder(), known, extractor=extractor, postpone=True)
    bench.offer(*shades(60), is_local=True)
    assert len(by_kind(bench.take(60))[0]) == 60
    assert 4 <= extractor.reductions <= 4 + 2 * bench.compute.threads
    extractor.gate.set()


def test_a_failure_of_the_extractor_is_an_outcome(benches: list[Bench]) -> None:
    def fail() -> None:
        raise ZeroDivisionError("bug")

    bench = start(benches, ColourEncoder(), extractor=ColourExtractor(fail))
    bench.offer(picture("red"))
    broken = [item for item in bench.take(2) if isinstance(item, Broken)]
    assert isinstance(broken[0].error, ZeroDivisionError)


@pytest.mark.parametrize(
    ("encoder_side", "extractor_side", "side"), [(100, 300, 300), (300, 100, 300), (None, 300, None)]
)
def test_a_picture_is_decoded_once_and_large_enough_for_both(
    benches: list[Bench],
    monkeypatch: pytest.MonkeyPatch,
    encoder_side: int | None,
    extractor_side: int,
    side: int | None,
) -> None:
    asked: list[int | None] = []
    looked: list[int | None] = []
    decode = preparing.decode_shrunk

    def noted(data: bytes, *, at_least: int | None, **options: object) -> object:
        asked.append(at_least)
        return decode(data, at_least=at_least, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(preparing, "decode_shrunk", noted)
    monkeypatch.setattr(compute, "is_large", lambda data, at_least: looked.append(at_least))
    encoder, extractor = ColourEncoder(), ColourExtractor()
    encoder.decode_side, extractor.decode_side = encoder_side, extractor_side
    known, new, described = shades(3)
    bench = start(benches, encoder, (hash_of(known),), extractor=extractor, known_features=(hash_of(described),))
    bench.offer(known, new, described)
    bench.take(5)
    # Also where only one of them is given the picture: what is made of it does not depend on that.
    assert asked == looked == [side] * 3


def test_nothing_is_described_after_the_stop(benches: list[Bench]) -> None:
    extractor = ColourExtractor.blocked()
    bench = start(benches, ColourEncoder(), extractor=extractor)
    bench.offer(*shades(20))
    bench.take(20)
    wait_until(lambda: extractor.entered == 3, "all threads are at it")
    bench.compute.stop()
    extractor.gate.set()
    assert len(bench.take(3)) == 3
    assert bench.silent()
    assert extractor.extracted == 3
