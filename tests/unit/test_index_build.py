"""Building and growing FAISS indexes: which kind for how many rows, block by block, in bounded memory."""

from __future__ import annotations

import logging
import re

import faiss
import numpy as np
import pytest

from ras.records import Progress, finish
from ras.strategies import index_build
from ras.strategies.index_build import SIZES, Sizes, add, build
from ras.strategies.index_file import kind_of
from tests.indexes import KINDS, Rows
from tests.stores import unit


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (1, "Flat"),
        (20_000, "Flat"),
        (20_001, "SQfp16"),
        (100_000, "SQfp16"),
        (100_001, "IVF256,SQfp16"),
        (200_000, "IVF512,SQfp16"),
        (1_000_000, "IVF1024,SQfp16"),
        (4_000_000, "IVF2048,SQfp16"),
    ],
)
def test_the_kind_goes_by_the_size(rows: int, kind: str) -> None:
    assert SIZES.kind(rows) == kind


@pytest.mark.parametrize(
    ("kind", "rows", "dead", "beside", "need"),
    [
        ("Flat", 500, 0, 1000, None),
        ("Flat", 500, 0, 1001, "grow"),
        ("Flat", 15_000, 0, 1500, None),
        ("Flat", 15_000, 0, 1501, "grow"),
        ("Flat", 19_000, 0, 1950, "build"),  # it would be too large for its kind
        ("SQfp16", 15_000, 0, 1600, "build"),  # … too small
        ("Flat", 400, 100, 0, None),
        ("Flat", 400, 101, 0, "build"),
        ("IVF1024,SQfp16", 1_000_000, 0, 10_000, None),
        ("IVF1024,SQfp16", 1_000_000, 0, 10_001, "grow"),
        ("IVF1024,SQfp16", 1_000_000, 250_001, 0, "build"),
        ("IVF512,SQfp16", 520_000, 0, 10_001, "build"),
    ],
)
def test_when_an_index_is_to_grow_or_to_be_built_anew(
    kind: str, rows: int, dead: int, beside: int, need: str | None
) -> None:
    assert SIZES.need(kind, rows, dead, beside) == need


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_holds_what_is_stored_to_the_last_bit(kind: str) -> None:
    embeddings = Rows(unit(np.random.default_rng(0), 700, 24))
    built = finish(build(embeddings, KINDS[kind]))
    assert kind_of(faiss, built.index) == built.kind == kind
    assert built.index.metric_type == faiss.METRIC_INNER_PRODUCT
    assert built.contents.tolist() == embeddings.contents.tolist()
    if kind.startswith("IVF"):
        built.index.make_direct_map()
    np.testing.assert_array_equal(built.index.reconstruct_n(0, 700), embeddings.rows.astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_built_block_by_block(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_build, "TRAINING_ROWS", 2)
    embeddings = Rows(unit(np.random.default_rng(0), 1000, 24), block=64)
    job = build(embeddings, KINDS[kind])
    progress = list(job)
    assert embeddings.largest <= 64
    assert all(isinstance(event, Progress) and event.total == 1000 for event in progress)
    done = [event.done for event in progress if isinstance(event, Progress)]
    assert done == sorted(done)
    assert len(set(done)) >= 16


@pytest.mark.parametrize("kind", KINDS)
def test_growing_adds_rows_and_moves_none(kind: str) -> None:
    everything = Rows(unit(np.random.default_rng(0), 900, 24))
    first = Rows(everything.rows[:600])
    built = finish(build(first, KINDS[kind]))
    index, nprobe = built.index, built.nprobe
    finish(add(built, everything, np.arange(600, 900)))
    assert built.index is index
    assert built.nprobe == nprobe
    assert built.contents.tolist() == everything.contents.tolist()
    if kind.startswith("IVF"):
        index.make_direct_map()
    np.testing.assert_array_equal(index.reconstruct_n(0, 900), everything.rows.astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_no_numbers_are_left_out(kind: str) -> None:
    rows = unit(np.random.default_rng(0), 700, 24)
    rows[3, 5], rows[650, 0] = np.nan, np.inf
    built = finish(build(Rows(rows), KINDS[kind]))
    assert built.index.ntotal == len(built.contents) == 698
    assert not {3 + 5, 650 + 5} & set(built.contents.tolist())


def grouped(count: int, seed: int) -> np.ndarray:
    """Rows in 40 groups, near enough to each other that lists overlap."""
    chance = np.random.default_rng(seed)
    centres = unit(np.random.default_rng(9), 40, 32)
    rows = centres[chance.integers(0, 40, count)] + 0.13 * chance.standard_normal((count, 32))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("make", [grouped, lambda count, seed: unit(np.random.default_rng(seed), count, 32)])
def test_as_many_lists_are_searched_as_find_what_there_is(make: object, caplog: pytest.LogCaptureFixture) -> None:
    """In groups a few of the lists; without any groups nearly all."""
    caplog.set_level(logging.INFO, "ras.strategies.index_build")
    rows = make(4000, 1)  # type: ignore[operator]
    built = finish(build(Rows(rows), KINDS["IVF64,SQfp16"]))
    queries = make(300, 2)  # type: ignore[operator]

    def best(nprobe: int) -> np.ndarray:
        return built.index.search(queries, 50, params=faiss.SearchParametersIVF(nprobe=nprobe))[1]

    exact = best(64)
    recall = np.mean([len(set(one) & set(other)) / 50 for one, other in zip(best(built.nprobe), exact)])
    assert recall >= 0.99
    assert (built.nprobe <= 32) == (make is grouped)
    (said,) = (record.getMessage() for record in caplog.records)
    assert re.fullmatch(rf"{built.nprobe} of 64 lists find (0\.99[5-9]\d|1\.0000) of the best 50", said)


def test_training_says_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    """FAISS prints a warning where rows are few for the number of lists."""
    finish(build(Rows(unit(np.random.default_rng(0), 100, 8)), KINDS["IVF64,SQfp16"]))
    assert capfd.readouterr() == ("", "")


def test_training_can_be_cancelled_between_rounds() -> None:
    job = build(Rows(unit(np.random.default_rng(0), 2000, 8)), KINDS["IVF64,SQfp16"])
    for _ in range(4):
        assert next(job) == Progress(index_build.STAGE, 0, 2000)
    job.close()


def test_as_few_rows_as_lists() -> None:
    built = finish(build(Rows(unit(np.random.default_rng(0), 64, 8)), Sizes(flat=0, quantised=0)))
    assert built.index.ntotal == 64
