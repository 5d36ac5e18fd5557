"""Results of the same bytes are one picture; all others are pictures of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from ras.grouping import group
from ras.records import SearchResult, Verdict
from tests.gui.streams import record


def result(number: int, content: str, day: int = 1) -> SearchResult:
    moment = datetime(2021, 3, day, tzinfo=timezone.utc)
    return SearchResult(number, 1.0, record(number, timestamp=moment), b"the same preview", content=content)


def test_the_same_content_is_one_picture_in_the_order_of_its_first_result() -> None:
    results = [result(1, "a"), result(2, "b"), result(3, "a"), result(4, "c"), result(5, "b")]
    groups = group(results)
    assert [[one.rank for one in postings.results] for postings in groups] == [[1, 3], [2, 5], [4]]
    assert [postings.best.rank for postings in groups] == [1, 2, 4]


def test_what_only_looks_the_same_stays_apart() -> None:
    alike = [replace(result(number, content), verdict=Verdict.IDENTICAL) for number, content in ((1, "a"), (2, "b"))]
    assert len(group(alike)) == 2
    assert len(group([result(1, ""), result(2, ""), result(1, "a")])) == 3


def test_the_first_posting_is_the_oldest_one() -> None:
    (postings,) = group([result(1, "a", 9), result(2, "a", 3), result(3, "a", 5)])
    assert postings.best.rank == 1
    assert postings.first.rank == 2
    assert group([]) == []
