"""Scores do not depend on what else is scored, and approximate ones are as near as is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras import scoring
from ras.records import Evidence, SearchResult, Verdict
from ras.scoring import exact_scores, merit, rank_key, slack, to_stored
from tests.pictures import record


def unit(chance: np.random.Generator, count: int, dimension: int) -> np.ndarray:
    """Random float32 (count, dimension) of length 1."""
    vectors = chance.standard_normal((count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_by_hand() -> None:
    rows = np.array([[1, 0], [0, 1], [0.6, 0.8], [-1, 0]], np.float16)
    np.testing.assert_allclose(exact_scores(np.array([[1, 0]], np.float32), rows), [1, 0, 0.6, -1], atol=1e-3)
    two = np.array([[1, 0], [0, 1]], np.float32)
    np.testing.assert_allclose(exact_scores(two, rows), [1, 1, 0.8, 0], atol=1e-3)
    assert exact_scores(two, rows).dtype == np.float64
    assert exact_scores(two, rows[:0]).shape == (0,)


def test_the_stored_precision_is_float16_rounded_to_the_nearest() -> None:
    values = np.array([[0.1, 1.0004, 1.0006]], np.float32)
    stored = to_stored(values)
    assert stored.dtype == np.float16
    assert stored.tolist() == [[0.0999755859375, 1.0, 1.0009765625]]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.sampled_from([1, 2, 3, 7, 64, 512, 768]), st.integers(1, 6))
def test_a_row_scores_the_same_alone_in_company_and_in_any_layout(
    seed: int, count: int, dimension: int, views: int
) -> None:
    chance = np.random.default_rng(seed)
    query = unit(chance, views, dimension)
    rows = to_stored(unit(chance, count, dimension))
    together = exact_scores(query, rows)
    alone = np.concatenate([exact_scores(query, row[None]) for row in rows])
    shuffled = chance.permutation(count)
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together[shuffled], exact_scores(query, rows[shuffled]))
    np.testing.assert_array_equal(together, exact_scores(query[::-1], np.asfortranarray(rows)))
    wider = np.zeros((count, dimension + 5), np.float16)
    wider[:, 2 : 2 + dimension] = rows
    np.testing.assert_array_equal(together, exact_scores(query, wider[:, 2 : 2 + dimension]))


def test_blocks_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(5)
    query, rows = unit(chance, 3, 33), to_stored(unit(chance, 100, 33))
    whole = exact_scores(query, rows)
    monkeypatch.setattr(scoring, "BLOCK_ROWS", 7)
    np.testing.assert_array_equal(whole, exact_scores(query, rows))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 64, 512, 768]))
def test_products_in_float32_are_within_the_slack(seed: int, dimension: int) -> None:
    chance = np.random.default_rng(seed)
    query, rows = unit(chance, 1, dimension), to_stored(unit(chance, 300, dimension))
    exact = exact_scores(query, rows)
    # Summed one after the other, which adds up the most error, and by BLAS.
    worst = np.zeros(300, np.float32)
    for column, factor in zip(rows.astype(np.float32).T, query[0]):
        worst += column * factor
    for approximate in (worst, rows.astype(np.float32) @ query[0]):
        assert np.abs(approximate - exact).max() <= slack(dimension)
    assert slack(dimension) < 1e-4


def test_what_is_no_number_ranks_last() -> None:
    rows = np.array([[np.nan, 0], [np.inf, 1], [-np.inf, 0], [0.5, 0]], np.float16)
    query = np.array([[1, 0], [0, 1]], np.float32)
    assert exact_scores(query, rows).tolist() == [-1, -1, -1, 0.5]


def result(verdict: Verdict, score: float, place: int, evidence: Evidence | None = None) -> SearchResult:
    return SearchResult(0, score, record(place), place=place, verdict=verdict, evidence=evidence)


def test_the_order_of_results() -> None:
    ranked = [
        result(Verdict.IDENTICAL, 0.5, 9, Evidence(0, 1.0, 0)),
        result(Verdict.IDENTICAL, 0.9, 3, Evidence(90, 0.99, 0)),  # inliers do not make it more identical
        result(Verdict.IDENTICAL, 0.8, 4, Evidence(99, 0.99, 0)),
        result(Verdict.ALTERED, 0.1, 8, Evidence(40, 0.9, 90)),
        result(Verdict.ALTERED, 0.9, 2, Evidence(20, 0.99, 90)),
        result(Verdict.ALTERED, 0.3, 5, Evidence(9, 0.9, 90)),
        result(Verdict.ALTERED, 0.2, 1, Evidence(0, 0.9, 9)),  # whole pictures that agree: as good as a few inliers
        result(Verdict.ALTERED, 0.1, 0, Evidence(3, 0.9, 9)),
        result(Verdict.ALIKE, 0.3, 14, Evidence(20, 0.2, 90)),  # it has something in common with the query
        result(Verdict.ALIKE, 0.5, 15, Evidence(6, None, 90)),
        result(Verdict.ALIKE, 0.995, 16, Evidence(5, 0.1, 90)),  # as many are there by chance
        result(Verdict.ALIKE, 0.99, 7, Evidence(cosine=0.99)),
        result(Verdict.ALIKE, 0.6, 10, Evidence(cosine=0.6)),
        result(Verdict.ALIKE, 0.6, 11),
        result(Verdict.UNLIKELY, 0.4, 6),
        result(Verdict.UNLIKELY, 0.1, 12, Evidence(0, 1.0, 3, 0.1)),
        result(Verdict.UNLIKELY, 0.1, 13),
    ]
    for shuffled in (ranked[::-1], ranked[9:] + ranked[:9]):
        assert [one.place for one in sorted(shuffled, key=rank_key)] == [one.place for one in ranked]
    assert len({rank_key(one) for one in ranked}) == len(ranked)


def test_the_key_is_the_merit_and_then_the_place() -> None:
    """So that strategies may rank contents before they make results of their records."""
    one = result(Verdict.ALTERED, 0.3, 5, Evidence(9, 0.9, 90))
    assert rank_key(one) == (*merit(one.verdict, one.evidence, one.score), 5)
