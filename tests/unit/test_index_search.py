"""Searching a FAISS index for candidates: all rows that may be among the best, with approximate scores."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras.scoring import slack, to_stored
from ras.strategies import index_search
from ras.strategies.index_file import UnusableIndex
from ras.strategies.index_search import OpenIndex, placed
from tests.indexes import KINDS, written, written_rows
from tests.stores import unit

EXACT = [kind for kind in KINDS if not kind.startswith("IVF")]
DIMENSION = 32


def exact_products(views: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return views.astype(np.float64) @ to_stored(rows).astype(np.float64).T


def check(index: OpenIndex, views: np.ndarray, rows: np.ndarray, top_k: int, allowed: np.ndarray | None) -> None:
    """Every row that can be among the best of a view is a candidate of it, with a score as good as ours."""
    scores, found = index.candidates(views, top_k, allowed)
    products = exact_products(views, rows)
    may = np.ones(len(rows), bool) if allowed is None else allowed
    for view, product in enumerate(products):
        known = found[view] >= 0
        candidates = found[view][known]
        assert len(set(candidates.tolist())) == len(candidates)
        assert may[candidates].all()
        np.testing.assert_allclose(scores[view][known], product[candidates], atol=slack(rows.shape[1]), rtol=0)
        wanted = min(top_k, int(may.sum()))
        if wanted:
            kth = np.sort(product[may])[-wanted]
            assert set(np.flatnonzero(may & (product >= kth)).tolist()) <= set(candidates.tolist())


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(EXACT),
    st.integers(0, 2**32 - 1),
    st.integers(1, 400),
    st.sampled_from([2, 8, 512]),
    st.integers(1, 30),
    st.sampled_from([0.0, 0.05, 0.5, 1.0]),
)
def test_candidates_are_complete_for_exact_kinds(
    tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int, count: int, dimension: int, top_k: int, share: float
) -> None:
    """Also where most rows are the same, or differ in the last bit alone, and where few are allowed."""
    chance = np.random.default_rng(seed)
    rows = unit(chance, count, dimension)
    near = chance.integers(0, count, count)
    rows[near] = rows[0]
    rows[near, chance.integers(0, dimension, count)] *= 1 + chance.choice([0, 0, 1, -1], count) * 2.0**-11
    views = np.concatenate([unit(chance, 4, dimension), rows[:1]])
    folder = tmp_path_factory.mktemp("index")
    index = OpenIndex(folder, written_rows(folder, rows, KINDS[kind]), dimension)
    try:
        check(index, views, rows, top_k, None)
        check(index, views, rows, top_k, chance.random(count) < share)
    finally:
        index.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    assert not [thread for thread in threading.enumerate() if thread.name == "index-check"]


@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_ties_are_all_there(folder: Path, kind: str) -> None:
    rows = np.repeat(unit(np.random.default_rng(0), 6, 8), [1, 3000, 1, 1, 1, 1], axis=0)
    index = OpenIndex(folder, written_rows(folder, rows, KINDS[kind]), 8)
    found = index.candidates(rows[1:2], 10)[1]
    assert set(range(1, 3001)) <= set(found[0].tolist())
    index.close()


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_than_what_there_is(folder: Path, kind: str) -> None:
    facts = written(folder, kind, count=70)
    index = OpenIndex(folder, facts, DIMENSION)
    views = unit(np.random.default_rng(1), 3, DIMENSION)
    for allowed, expected in ((None, 70), (np.arange(70) % 10 == 0, 7), (np.zeros(70, bool), 0)):
        scores, found = index.candidates(views, 500, allowed)
        assert scores.shape == found.shape
        for row in found:
            assert len(set(row[row >= 0].tolist())) == expected
    assert index.candidates(views[:0], 5)[1].shape == (0, 0)
    index.close()


def test_all_lists_are_looked_through_where_queries_are_unlike_all_rows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As texts are: how few lists do for pictures says nothing of them."""
    monkeypatch.setattr(index_search, "FEW_ROWS", 0)
    chance = np.random.default_rng(5)
    rows = np.concatenate([unit(chance, 3000, DIMENSION - 1), np.zeros((3000, 1), np.float32)], axis=1)
    facts = dataclasses.replace(written_rows(folder, rows, KINDS["IVF64,SQfp16"]), nprobe=1)
    index = OpenIndex(folder, facts, DIMENSION)
    views = 0.3 * np.concatenate([unit(chance, 20, DIMENSION - 1), np.full((20, 1), 3.2, np.float32)], axis=1)
    products = exact_products(views, rows)
    best = np.argsort(-products, axis=1)[:, :10]

    def missed(everywhere: bool) -> int:
        found = index.candidates(views, 10, None, everywhere)[1]
        return sum(not set(wanted.tolist()) <= set(row.tolist()) for wanted, row in zip(best, found))

    assert missed(False) > 0, "what this is about"
    assert missed(True) == 0
    index.close()


def test_lists_are_searched_until_a_filter_is_satisfied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is allowed may lie in lists that are far from the query."""
    monkeypatch.setattr(index_search, "FEW_ROWS", 0)
    chance = np.random.default_rng(0)
    rows = unit(chance, 4000, 8)
    facts = dataclasses.replace(written_rows(folder, rows, KINDS["IVF64,SQfp16"]), nprobe=1)
    index = OpenIndex(folder, facts, 8)
    query = rows[:1]
    allowed = (rows @ query[0]) < np.quantile(rows @ query[0], 0.3)  # those that are least like it
    assert index.facts.kind.startswith("IVF")
    for top_k in (1, 20, 300):
        found = index.candidates(query, top_k, allowed)[1]
        candidates = found[0][found[0] >= 0]
        assert len(candidates) >= top_k
        assert allowed[candidates].all()
    index.close()


def test_where_few_are_allowed_all_lists_are_searched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_search, "FEW_ROWS", 400)
    chance = np.random.default_rng(0)
    rows = unit(chance, 4000, 8)
    facts = dataclasses.replace(written_rows(folder, rows, KINDS["IVF64,SQfp16"]), nprobe=1)
    index = OpenIndex(folder, facts, 8)
    check(index, unit(chance, 50, 8), rows, 20, np.arange(4000) % 10 == 0)
    index.close()


def test_recall_of_lists_with_and_without_a_filter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_search, "FEW_ROWS", 0)
    chance = np.random.default_rng(0)
    centres = unit(chance, 100, DIMENSION)
    rows = unit_rows(centres[chance.integers(0, 100, 6000)] + 0.12 * chance.standard_normal((6000, DIMENSION)))
    queries = unit_rows(centres[chance.integers(0, 100, 100)] + 0.12 * chance.standard_normal((100, DIMENSION)))
    index = OpenIndex(folder, written_rows(folder, rows, KINDS["IVF64,SQfp16"]), DIMENSION)
    assert index.facts.nprobe < 32
    products = exact_products(queries, rows)
    for allowed in (np.ones(6000, bool), chance.random(6000) < 0.3):
        for top_k in (10, 50, 200):
            found = index.candidates(queries, top_k, allowed)[1]
            best = np.argsort(-np.where(allowed, products, -2), axis=1)[:, :top_k]
            recall = np.mean([len(set(one) & set(other)) / top_k for one, other in zip(best, found)])
            assert recall >= 0.99, (recall, top_k)
    index.close()


def unit_rows(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_one_call_for_all_views_and_no_selector_where_all_are_allowed(
    folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = OpenIndex(folder, written(folder, kind), DIMENSION)
    index._index = watched = Watched(index._index)
    index.candidates(unit(np.random.default_rng(1), 9, DIMENSION), 5, np.ones(600, bool))
    assert [(len(views), getattr(params, "sel", None)) for views, params in watched.calls] == [(9, None)]
    index.candidates(unit(np.random.default_rng(1), 9, DIMENSION), 5, np.arange(600) > 0)
    assert watched.calls[-1][1].sel is not None
    index.close()


class Watched:
    """An index that keeps what it is asked."""

    def __init__(self, index: Any) -> None:
        self.index = index
        self.calls: list[tuple[np.ndarray, Any]] = []

    def search(self, views: np.ndarray, k: int, params: Any = None) -> Any:
        self.calls.append((views, params))
        return self.index.search(views, k, params=params)


def test_rows_that_the_index_does_not_have_are_dropped(folder: Path) -> None:
    """Of a damaged file FAISS gives any numbers."""
    index = OpenIndex(folder, written(folder), DIMENSION)

    class Wild:
        def search(self, views: np.ndarray, k: int, params: Any = None) -> Any:
            rows = np.full((len(views), k), 7)
            rows[:, 1], rows[:, 2] = 600, -5
            return np.full((len(views), k), 0.5, np.float32) - np.arange(k, dtype=np.float32), rows

    index._index = Wild()
    found = index.candidates(unit(np.random.default_rng(1), 2, DIMENSION), 5)[1]
    assert set(found.ravel().tolist()) == {7, -1}
    index.close()


def test_threads_only_where_there_is_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_search.os, "cpu_count", lambda: 3)
    asked: list[int] = []
    monkeypatch.setattr(index_search, "set_threads", lambda _, number: asked.append(number))
    index = OpenIndex(folder, written(folder, count=1000), DIMENSION)
    views = unit(np.random.default_rng(1), 300, DIMENSION)
    for number in (1, 5, 300):
        index.candidates(views[:number], 5)
    assert asked == [1, 1, 3]
    index.close()


def test_all_of_the_file_is_checked_after_it_was_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = OpenIndex(folder, written(folder), DIMENSION)
    right._check.join()
    assert right.trouble is None
    right.close()
    facts = dataclasses.replace(written(folder), sha256="0" * 64)
    wrong = OpenIndex(folder, facts, DIMENSION)
    wrong._check.join()
    assert wrong.trouble == "it is not what was written"
    wrong.close()
    with pytest.raises(UnusableIndex):
        OpenIndex(folder, dataclasses.replace(facts, mtime_ns=1), DIMENSION)


def test_closing_ends_the_check(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []

    def long(path: Path, facts: object, cancelled: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not cancelled() and time.monotonic() < deadline:
            time.sleep(0.01)
        ended.append(cancelled())

    monkeypatch.setattr(index_search, "damage", long)
    OpenIndex(folder, written(folder), DIMENSION).close()
    assert ended == [True]


class StandIn:
    """What RAS uses of the GPU part of FAISS, on the CPU."""

    def __init__(self, gpus: int = 1, fails_placing: bool = False, fails_searching: bool = False) -> None:
        self.gpus, self.fails_placing, self.fails_searching = gpus, fails_placing, fails_searching
        self.placed: list[Any] = []
        self.searches: list[tuple[int, int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(faiss, name)

    def get_num_gpus(self) -> int:
        return self.gpus

    def StandardGpuResources(self) -> object:
        return object()

    def index_cpu_to_gpu(self, resources: object, device: int, index: Any) -> Any:
        if self.fails_placing:
            raise RuntimeError("This index type is not implemented on GPU.")
        stand_in = self

        class OnGPU:
            nprobe = 1

            def search(self, views: np.ndarray, k: int) -> Any:
                if stand_in.fails_searching:
                    raise RuntimeError("CUDA out of memory")
                stand_in.searches.append((len(views), k))
                params = faiss.SearchParametersIVF(nprobe=self.nprobe) if hasattr(index, "nlist") else None
                return index.search(views, k, params=params)

        self.placed.append(index)
        return OnGPU()


@pytest.mark.parametrize("kind", KINDS)
def test_a_gpu_gives_the_same_candidates(folder: Path, kind: str) -> None:
    facts = written(folder, kind)
    views = unit(np.random.default_rng(1), 7, DIMENSION)
    gpu = StandIn()
    on_cpu, on_gpu = OpenIndex(folder, facts, DIMENSION), OpenIndex(folder, facts, DIMENSION, faiss=gpu)
    assert len(gpu.placed) == 1
    for one, other in zip(on_gpu.candidates(views, 20), on_cpu.candidates(views, 20)):
        np.testing.assert_array_equal(one, other)
    assert gpu.searches == [(7, 20 + index_search.MARGIN)]
    allowed = np.arange(600) % 2 == 0
    for one, other in zip(on_gpu.candidates(views, 20, allowed), on_cpu.candidates(views, 20, allowed)):
        np.testing.assert_array_equal(one, other)
    assert len(gpu.searches) == 1  # with a selector it is the CPU's
    on_cpu.close()
    on_gpu.close()


def test_more_results_than_a_gpu_sorts_out_are_the_cpus(folder: Path) -> None:
    gpu = StandIn()
    index = OpenIndex(folder, written(folder, count=3000), DIMENSION, faiss=gpu)
    assert index.candidates(unit(np.random.default_rng(1), 1, DIMENSION), 2000)[1].shape[1] >= 2000
    assert gpu.searches == []
    index.close()


@pytest.mark.parametrize("gpu", [StandIn(fails_placing=True), StandIn(fails_searching=True)])
def test_a_gpu_that_fails_is_done_without(folder: Path, gpu: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    facts = written(folder)
    index, expected = OpenIndex(folder, facts, DIMENSION, faiss=gpu), OpenIndex(folder, facts, DIMENSION)
    views = unit(np.random.default_rng(1), 2, DIMENSION)
    for _ in range(2):
        np.testing.assert_array_equal(index.candidates(views, 5)[1], expected.candidates(views, 5)[1])
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    index.close()
    expected.close()


def test_without_a_gpu_nothing_is_placed() -> None:
    gpu = StandIn(gpus=0)
    assert placed(faiss.IndexFlatIP(4), gpu) is None
    assert gpu.placed == []
