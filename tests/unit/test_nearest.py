"""The quicker way to compare rows finds what the plain way finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ras.errors import ModeError
from ras.filters import EVERYTHING
from ras.records import finish
from ras.scoring import exact_scores
from ras.store import EmbeddingStore
from ras.strategies import exact, nearest
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.nearest import NearestRows
from tests.pictures import archive, record
from tests.reliability.gauges import heap_in_use
from tests.stores import GivenEncoder, entries, fill, query

AMOUNT = 12_000
"""Of pictures: three blocks of the store."""


def unit(rows: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    return scaled


def test_the_nearest_rows_of_a_block_and_the_floor_of_the_others() -> None:
    random = np.random.default_rng(1)
    views = unit(random.standard_normal((3, 64)))
    block = unit(random.standard_normal((500, 64))).astype(np.float16)
    places, scores, floors = NearestRows(views).of(block, 40)
    products = views @ block.astype(np.float32).T
    for view in range(3):
        expected = np.argsort(-products[view], kind="stable")[:40]
        assert set(places[view].tolist()) == set(expected.tolist())
        np.testing.assert_allclose(scores[view], products[view][places[view]], atol=1e-5)
        assert floors[view] == scores[view].min()


def test_rows_that_are_no_numbers_leave_the_floor_open() -> None:
    block = np.full((50, 8), np.nan, np.float16)
    block[:5] = np.eye(8, dtype=np.float16)[:5]
    places, _, floors = NearestRows(np.eye(8, dtype=np.float32)[:1]).of(block, 20)
    assert set(range(5)) <= set(places[0].tolist())
    assert floors[0] == np.inf


@pytest.mark.skipif(not heap_in_use(), reason="what malloc has handed out is told by glibc")
def test_nothing_is_left_of_it() -> None:
    """FAISS's scanner of each view was never freed: 136 bytes, with each search."""
    views = np.eye(64, dtype=np.float32)[:3]
    NearestRows(views)
    before = heap_in_use()
    for _ in range(1_000):
        NearestRows(views)
    assert heap_in_use() - before < 100_000


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The quicker way is taken for the smallest store; for each block, whether it was enough."""
    taken: list[bool] = []
    real = exact._Nearest.offer

    def watched(self: exact._Nearest, rows: np.ndarray, block: np.ndarray, found: Any) -> bool:
        taken.append(real(self, rows, block, found))
        return taken[-1]

    monkeypatch.setattr(exact, "WORTH_NEAREST", 1)
    monkeypatch.setattr(exact._Nearest, "offer", watched)
    return taken


@pytest.mark.parametrize("ties", [1, exact.SPARE + 10, 600])
@pytest.mark.parametrize("view_count", [1, 3])
@pytest.mark.parametrize("top_k", [1, 7, 100])
def test_cached_finds_the_same_with_it(
    tmp_path: Path, blocks: list[bool], ties: int, view_count: int, top_k: int
) -> None:
    random = np.random.default_rng(ties + view_count + top_k)
    views = unit(random.standard_normal((view_count, 16)))
    rows = unit(random.standard_normal((AMOUNT, 16)))
    # The best of all, and some very good ones, many times each, all over the store.
    for value in (views[0], unit(views[0] + 0.05 * rows[0])):
        rows[random.choice(AMOUNT, ties, replace=False)] = value
    rows[random.choice(AMOUNT, 40, replace=False)] = np.nan
    whole = archive([record(number) for number in range(AMOUNT)])
    encoder = GivenEncoder(views)
    with EmbeddingStore(tmp_path / "store") as store:
        store.register(whole)
        # Not in the archive's order, by which ties are broken.
        order = random.permutation(AMOUNT)
        store.add(encoder.id, 16, entries([whole.records[place] for place in order], rows[order]))
        (report,) = finish(CachedSearchStrategy(encoder, store).search([query()], whole, top_k, EVERYTHING))
    scores = exact_scores(views, rows.astype(np.float16))
    expected = np.lexsort((np.arange(AMOUNT), -scores))[:top_k]
    assert [result.place for result in report.results] == expected.tolist()
    assert [result.score for result in report.results] == scores[expected].tolist()
    assert blocks
    assert any(blocks) or ties > 1 or top_k > 1000


@pytest.mark.parametrize("error", [ModeError("FAISS cannot be loaded here."), MemoryError("std::bad_alloc")])
def test_without_faiss_the_plain_way_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    asked = []

    def lacking() -> None:
        asked.append(True)
        raise error

    # The one way to load FAISS: on macOS a plain import of it beside torch aborts the process.
    monkeypatch.setattr(nearest, "load_faiss", lacking)
    monkeypatch.setattr(exact, "WORTH_NEAREST", 1)
    nearest._tried.cache_clear()
    rows = unit(np.random.default_rng(3).standard_normal((300, 16)))
    whole = archive([record(number) for number in range(300)])
    encoder = GivenEncoder(rows[17])
    with EmbeddingStore(tmp_path / "store") as store:
        fill(store, encoder, whole, rows)
        (report,) = finish(CachedSearchStrategy(encoder, store).search([query()], whole, 5, EVERYTHING))
    assert report.results[0].place == 17
    assert asked
