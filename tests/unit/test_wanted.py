"""What is typed beside the results decides which of them are shown, and what a search may find."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from ras.gui.wanted import KINDS, VERDICTS, Wanted
from ras.records import Channel, SearchResult, Verdict
from tests.gui.streams import CHANNEL, judged, record

FACTS = (
    {"author": "Ada", "author_id": "1", "timestamp": datetime(2020, 12, 31, 12, tzinfo=timezone.utc)},
    {"author": "Mira", "author_id": "2", "timestamp": datetime(2021, 3, 2, 12, tzinfo=timezone.utc), "kind": "embed"},
    {"author": "adam", "author_id": "", "timestamp": datetime(2021, 12, 31, 12, tzinfo=timezone.utc)},
    {
        "author": "Zoë",
        "author_id": "4",
        "timestamp": datetime(2022, 1, 1, 12, tzinfo=timezone.utc),
        "channel": Channel("9", "cat-pictures", "5", "Wanderers"),
    },
)
RESULTS = tuple(
    replace(result, record=record(place, **facts), score=score)
    for place, (result, facts, score) in enumerate(zip(judged(1, 1, 1, 1), FACTS, (1.0, 0.87, 0.604, 0.2)))
)


def shown(results: tuple[SearchResult, ...] = RESULTS, **typed: str) -> list[int]:
    return [results.index(result) for result in Wanted(**typed).passing(results)]


def test_nothing_typed_shows_everything() -> None:
    assert not Wanted()
    assert shown() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"author": "ad"}, [0, 2]),
        ({"author": " ADA"}, [0, 2]),
        ({"author": "zoe\u0308"}, [3]),  # the accent apart, as a Mac types it
        ({"author": "nobody"}, []),
        ({"channel": "#cat"}, [3]),
        ({"channel": CHANNEL.name[2:6]}, [0, 1, 2]),
        ({"name": "VIEW-2"}, [2]),
        ({"name": "*-3.png"}, [3]),
        ({"after": "2021"}, [1, 2, 3]),
        ({"before": "2021"}, [0, 1, 2]),
        ({"after": "2021", "before": "2021-03"}, [1]),
        ({"after": "2021-03-02", "before": "2021-03-02"}, [1]),
        ({"after": "2021-3-3"}, [2, 3]),
        ({"before": "2021-12"}, [0, 1, 2]),
        ({"kind": "embed"}, [1]),
        ({"verdict": "identical"}, [0]),
        ({"verdict": "altered"}, [0, 1]),
        ({"verdict": "alike"}, [0, 1, 2]),
        ({"least": "60"}, [0, 1, 2]),  # the third says 60 %
        ({"least": "61 %"}, [0, 1]),
        ({"least": "0"}, [0, 1, 2, 3]),
        ({"author": "ad", "after": "2021"}, [2]),
    ],
)
def test_all_that_is_typed_must_hold(typed: dict[str, str], found: list[int]) -> None:
    assert shown(**typed) == found


@pytest.mark.parametrize(
    ("field", "text"),
    [("after", "last week"), ("before", "2021-13"), ("after", "20"), ("before", "2021-02-30"), ("least", "101")],
)
def test_what_is_not_understood_has_no_effect_and_says_so(field: str, text: str) -> None:
    assert list(Wanted(**{field: text}).wrong) == [field]
    assert shown(**{field: text}) == [0, 1, 2, 3]


def test_what_is_half_typed_is_not_wrong_once_it_is_a_date() -> None:
    assert [bool(Wanted(after=text).wrong) for text in ("2", "202", "2021", "2021-", "2021-00", "2021-03")] == [
        *(True, True, False, False, True, False)
    ]
    assert Wanted(after="9999", before="0001").wrong == {"after": "Write 2021, 2021-03 or 2021-03-02."}


def test_a_search_goes_by_all_but_verdict_and_score() -> None:
    records = [result.record for result in RESULTS]
    where = Wanted(author="ad", after="2021", kind="attachment", verdict="identical", least="99").filter(records)
    assert [where.matches(one) for one in records] == [False, False, True, False]
    assert not Wanted(verdict="altered", least="50").filter(records)
    assert Wanted(author="nobody").filter(records)


def test_every_kind_and_verdict_can_be_chosen() -> None:
    assert set(VERDICTS) - {""} == {verdict.value for verdict in Verdict if verdict is not Verdict.UNLIKELY}
    assert set(KINDS) - {""} == {"attachment", "embed", "forwarded", "link", "sticker", "emoji", "avatar"}
