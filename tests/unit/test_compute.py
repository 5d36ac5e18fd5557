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
from ras.indexing import compute
from ras.indexing.compute import Broken, Compute, Embedded, Limits, Outcome, Twin
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

    def __init__(self, encoder: ColourEncoder, known: tuple[str, ...] = ()) -> None:
        self.outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self.compute = Compute(encoder, Limits(200_000_000, False), known, self.put)

    def put(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.outcomes.put(outcome)

    def offer(self, *pictures: bytes, more: int = 0) -> None:
        self.compute.expect(len(pictures) + more)
        for index, data in enumerate(pictures):
            self.compute.offer(index, data)

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


def start(benches: list[Bench], encoder: ColourEncoder, known: tuple[str, ...] = ()) -> Bench:
    benches.append(Bench(encoder, known))
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
    gate, decode = threading.Event(), compute.decode_shrunk

    def counted(data: bytes, **options: object) -> object:
        if len(data) <= 5000:
            return decode(data, **options)  # type: ignore[arg-type]
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        gate.wait(20)
        at_work[0] -= 1
        return decode(data, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(compute, "decode_shrunk", counted)
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
