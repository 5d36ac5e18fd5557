"""What a search prints, and what it says beside that."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from ras.cli.report_text import show_reports
from ras.media import MediaReader
from ras.records import Change, Query, SearchReport, SearchResult, Verdict
from ras.sheets import Answered
from tests.pictures import record

COPY = SearchResult(
    1, 0.98213, record(1, author="Mira\u202e"), verdict=Verdict.ALTERED, changes=(Change.CROPPED, Change.MIRRORED)
)
ALIKE = SearchResult(2, 0.85, record(2), verdict=Verdict.ALIKE)
OTHERS = tuple(SearchResult(rank, 0.5 - rank / 100, record(rank)) for rank in (3, 4))


def report(*results: SearchResult, **changes: Any) -> SearchReport:
    facts: dict[str, Any] = {"mode": "cached", "encoder": "fake-1", "device": "cpu", "searched": 9, "skipped": {}}
    return SearchReport(**{**facts, **changes}, results=results)


def answer(report: SearchReport, name: str = "1.png", scope: str = "all") -> Answered:
    query = Query(None if report.text else Image.new("RGB", (2, 2)), name, text=report.text)
    return Answered(query, report.text or name, report, scope)


def shown(
    capsys: pytest.CaptureFixture[str],
    *reports: SearchReport,
    scope: str = "all",
    nearest: bool = False,
    why_nothing: str = "",
) -> tuple[list[str], list[str]]:
    """Lines of standard output, and sentences of standard error without the one on what was compared."""
    answered = [answer(report, f"{number}.png", scope) for number, report in enumerate(reports, 1)]
    show_reports(answered, nearest=nearest, media=MediaReader(), why_nothing=why_nothing)
    written = capsys.readouterr()
    *sentences, compared = written.err.splitlines()
    assert compared.startswith("Compared 9 pictures by fake-1 on cpu (Cached)")
    return written.out.splitlines(), sentences


def test_a_result_begins_with_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    when = COPY.record.timestamp.astimezone().strftime("%Y-%m-%d %H:%M")
    printed, sentences = shown(capsys, report(COPY, ALIKE))
    assert printed[:5] == [
        "  1.  98.2%  Same picture, altered: cropped, mirrored",
        f"             Mira in #general, {when}",
        "             1.png",
        f"             {COPY.record.url}",
        "             https://discord.com/channels/10/20/1001",
    ]
    assert printed[5] == "  2.  85.0%  Looks alike"
    assert sentences == []


def test_what_is_probably_another_picture_is_counted_and_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    printed, sentences = shown(capsys, report(COPY, *OTHERS))
    assert len(printed) == 5
    assert sentences == ["2 more are probably other pictures (--nearest shows them)."]
    _, sentences = shown(capsys, report(COPY, OTHERS[0]))
    assert sentences == ["1 more is probably another picture (--nearest shows it)."]
    printed, sentences = shown(capsys, report(COPY, *OTHERS), nearest=True)
    assert [line for line in printed if "Probably another picture" in line] == [
        "  3.  47.0%  Probably another picture",
        "  4.  46.0%  Probably another picture",
    ]
    assert sentences == []


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        ("all", "Probably not in this archive: the nearest is 47 % alike"),
        ("copies", "No copy of this picture was found: the nearest is 47 % alike"),
        ("alike", "No picture that looks alike was found: the nearest is 47 % alike"),
    ],
)
def test_where_nothing_is_believed_the_nearest_is_named(
    capsys: pytest.CaptureFixture[str], scope: str, sentence: str
) -> None:
    # The best score, not the first place: results are ranked by more than their scores.
    doubtful = report(*reversed(OTHERS))
    assert shown(capsys, doubtful, scope=scope) == ([], [f"{sentence} (--nearest shows it all the same)."])
    printed, sentences = shown(capsys, doubtful, scope=scope, nearest=True)
    assert len(printed) == 10
    assert sentences == [f"{sentence}."]


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        ("all", "Nothing was found."),
        ("copies", "No copy of this picture was found."),
        ("alike", "No picture that looks alike was found."),
    ],
)
def test_where_there_is_no_result_it_is_said_why(capsys: pytest.CaptureFixture[str], scope: str, sentence: str) -> None:
    assert shown(capsys, report(), scope=scope) == ([], [sentence])
    why = "No picture passes the filters."
    assert shown(capsys, report(), scope=scope, why_nothing=why) == ([], [f"{sentence} {why}"])


def test_of_several_pictures_each_has_its_heading_and_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    printed, sentences = shown(capsys, report(COPY), report(*OTHERS), report(ALIKE, OTHERS[0]))
    assert [line for line in printed if line and not line.startswith(" ")] == [
        "Picture 1 of 3: 1.png",
        "Picture 2 of 3: 2.png",
        "Picture 3 of 3: 3.png",
    ]
    assert sentences == [
        "Picture 2: Probably not in this archive: the nearest is 47 % alike (--nearest shows it all the same).",
        "Picture 3: 1 more is probably another picture (--nearest shows it).",
    ]


def test_what_was_skipped_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    lost = report(COPY, skipped={"gone": 1200, "damaged": 1})
    show_reports([answer(lost)], nearest=False, media=MediaReader(), why_nothing="")
    assert capsys.readouterr().err.endswith("(Cached); skipped 1,200 no longer on the server, 1 damaged.\n")


FITTING = SearchResult(1, 0.284, record(1), verdict=Verdict.ALIKE)
LESS = tuple(SearchResult(rank, 0.2 - rank / 100, record(rank)) for rank in (2, 3))


def test_of_a_text_it_is_said_what_looks_like_it(capsys: pytest.CaptureFixture[str]) -> None:
    printed, sentences = shown(capsys, report(FITTING, *LESS, text="cat with a hat"))
    assert printed[0] == "  1.  28.4%  Looks like it"
    assert len(printed) == 5
    assert sentences == ["2 more fit less (--nearest shows them)."]
    assert shown(capsys, report(FITTING, LESS[0], text="cat"))[1] == ["1 more fits less (--nearest shows it)."]
    printed, _ = shown(capsys, report(*LESS, text="cat"), nearest=True)
    assert printed[0] == "  2.  18.0%  Probably something else"


def test_where_nothing_looks_like_a_text_no_percentage_misleads(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "Probably nothing of that kind in this archive"
    assert shown(capsys, report(*LESS, text="cat")) == ([], [f"{sentence} (--nearest shows what comes nearest)."])
    assert shown(capsys, report(*LESS, text="cat"), nearest=True)[1] == [f"{sentence}."]
    assert shown(capsys, report(text="cat")) == ([], ["Nothing was found."])
