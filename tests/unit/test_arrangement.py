"""In what order results are shown, and which of them as one tile."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ras.gui.arrangement import arrange
from ras.records import SearchResult
from ras.settings import ORDERS
from tests.gui.streams import record

NAMES = ("Mira", "ada", "Zoë", "Bo", "ada")
DAYS = (5, 2, 9, 2, 7)
RESULTS = tuple(
    SearchResult(
        place + 1,
        1 - place / 10,
        record(place, author=author, timestamp=datetime(2021, 3, day, 12, tzinfo=timezone.utc)),
        content="same" if place in (0, 3, 4) else str(place),
    )
    for place, (author, day) in enumerate(zip(NAMES, DAYS))
)


def ranks(order: str, *, grouped: bool = False, unfolded: frozenset[str] = frozenset()) -> list[int]:
    return [one.rank for one in arrange(RESULTS, order, grouped=grouped, unfolded=unfolded).shown]


def test_orders() -> None:
    assert ranks("likeness") == [1, 2, 3, 4, 5]
    assert ranks("-likeness") == [5, 4, 3, 2, 1]
    assert ranks("date") == [2, 4, 1, 5, 3]
    assert ranks("-date") == [3, 5, 1, 2, 4]  # of the same day the more alike first
    assert ranks("author") == [2, 5, 4, 1, 3]


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_of_the_settings_is_known(order: str) -> None:
    assert sorted(ranks(order)) == [1, 2, 3, 4, 5]


def test_postings_of_one_picture_are_one_tile_that_says_so() -> None:
    arranged = arrange(RESULTS, "likeness", grouped=True, unfolded=frozenset())
    assert [one.rank for one in arranged.shown] == [1, 2, 3]
    assert list(arranged.marks) == [RESULTS[0].record.key]
    mark = arranged.marks[RESULTS[0].record.key]
    assert (mark.text, mark.first) == ("3 posts", "First 2021-03-02 by Bo")
    assert mark.about == "Posted 3 times, first by Bo on 2 March 2021"
    assert not mark.unfolded


def test_unfolded_postings_stand_side_by_side() -> None:
    arranged = arrange(RESULTS, "likeness", grouped=True, unfolded={"same"})
    assert [one.rank for one in arranged.shown] == [1, 4, 5, 2, 3]
    assert [mark.text for mark in arranged.marks.values()] == ["1 of 3", "2 of 3", "3 of 3"]


def test_by_date_the_tile_is_the_posting_that_comes_first() -> None:
    assert ranks("-date", grouped=True) == [3, 5, 2]
    assert ranks("date", grouped=True) == [2, 4, 3]
    assert ranks("date", grouped=True, unfolded=frozenset({"same"})) == [2, 4, 1, 5, 3]
