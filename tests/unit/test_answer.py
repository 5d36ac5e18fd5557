"""What the window answers to a search, and what it says of each result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ras.gui.answer import Answer, answer_to
from ras.gui.palette import PALETTES
from ras.gui.tile import pill_colours
from ras.gui.verdict_words import badge_text, changes_text, evidence_text, score_text
from ras.records import Change, Evidence, SearchReport, SearchResult, Verdict
from tests.gui.streams import record
from tests.unit.test_gui_parts import luminance


def report(amounts: tuple[int, int, int, int], searched: int = 3561) -> SearchReport:
    """With results of each verdict, the surest first, all 0.38 alike, the last one less."""
    verdicts = [verdict for verdict, amount in zip(Verdict, amounts) for _ in range(amount)]
    found = [
        SearchResult(rank, 0.38 if rank < len(verdicts) or rank == 1 else 0.1, record(rank), None, rank, verdict)
        for rank, verdict in enumerate(verdicts, 1)
    ]
    return SearchReport("faiss", "fingerprint-2", "cpu", searched, {}, tuple(found))


@pytest.mark.parametrize(
    ("amounts", "scope", "headline", "comment"),
    [
        ((1, 0, 0, 29), "all", "Found: the identical picture", ""),
        ((1, 0, 27, 2), "all", "Found: the identical picture", "and 27 that look alike, the nearest first."),
        ((4, 0, 1, 0), "all", "Found: 4 identical copies", "and 1 that looks alike."),
        ((1, 2, 0, 0), "all", "Found: 1 identical, 2 altered copies", ""),
        ((1, 1, 0, 0), "copies", "Found: 1 identical, 1 altered copy", "Only copies are shown."),
        ((0, 1, 0, 0), "all", "Found: the same picture, altered", ""),
        ((0, 3, 0, 0), "all", "Found: 3 altered copies", ""),
        ((0, 0, 4, 26), "all", "No copy, but 4 look alike", "The nearest first."),
        ((0, 0, 1, 0), "all", "No copy, but 1 looks alike", ""),
        ((0, 0, 1204, 0), "alike", "1,204 pictures look alike", "The nearest first. Copies are not shown."),
        ((0, 0, 1, 0), "alike", "1 picture looks alike", "Copies are not shown."),
        ((0, 0, 0, 9), "all", "Probably not in this archive", "The nearest is 38 % alike."),
        ((0, 0, 0, 9), "alike", "Probably nothing alike in this archive", "The nearest is 38 % alike."),
        ((0, 0, 0, 0), "copies", "No copy of this picture in the archive", "Look-alikes were not looked for."),
        ((0, 0, 0, 0), "alike", "Probably nothing alike in this archive", "Copies were not looked for."),
    ],
)
def test_an_answer_is_a_headline_and_a_comment(
    amounts: tuple[int, int, int, int], scope: str, headline: str, comment: str
) -> None:
    answer = answer_to(report(amounts), scope, 3561)
    assert answer is not None
    assert (answer.headline, answer.comment) == (headline, comment)


def test_what_is_probably_another_picture_waits_to_be_asked_for() -> None:
    answer = answer_to(report((1, 1, 1, 3)), "all", 3561)
    assert answer is not None
    assert [result.verdict for result in answer.shown] == [Verdict.IDENTICAL, Verdict.ALTERED, Verdict.ALIKE]
    assert [result.verdict for result in answer.rest] == [Verdict.UNLIKELY] * 3
    assert answer.more == "Show 3 more that are less alike"
    one = answer_to(report((1, 0, 0, 1)), "all", 3561)
    assert one is not None
    assert one.more == "Show 1 more that is less alike"


def test_where_nothing_was_found_there_is_a_way_on() -> None:
    nothing = answer_to(report((0, 0, 0, 3)), "all", 3561)
    assert nothing is not None
    assert (nothing.more, nothing.wider, nothing.shown) == ("Show the nearest all the same", "", ())
    no_copy = answer_to(report((0, 0, 0, 0)), "copies", 3561)
    assert no_copy is not None
    assert (no_copy.more, no_copy.wider) == ("", "Search for look-alikes, too")
    not_alike = answer_to(report((0, 0, 0, 3)), "alike", 3561)
    assert not_alike is not None
    assert (not_alike.more, not_alike.wider) == ("Show the nearest all the same", "Search for copies, too")


def test_not_there_is_said_of_what_was_compared() -> None:
    answer = answer_to(report((0, 0, 0, 3), searched=3210), "all", 3561)
    assert answer is not None
    assert answer.comment == "The nearest is 38 % alike.\n351 of 3,561 pictures were not compared."
    one = answer_to(report((0, 0, 0, 0), searched=3), "copies", 4)
    assert one is not None
    assert one.comment.endswith("1 of 4 pictures was not compared.")


def test_of_a_text_it_is_said_what_looks_like_it() -> None:
    def asked(*amounts: int) -> Answer:
        found = replace(report((0, 0, *amounts)), text="a cat\u202e with a hat")
        answer = answer_to(found, "copies", 3561)  # as was chosen for pictures
        assert answer is not None
        return answer

    some = asked(4, 26)
    assert (some.headline, some.comment) == ("4 look like “a cat with a hat”", "The nearest first.")
    assert (some.more, len(some.shown), len(some.rest)) == ("Show 26 more that fit less", 4, 26)
    one = asked(1, 1)
    assert (one.headline, one.comment, one.more) == (
        "1 looks like “a cat with a hat”",
        "",
        "Show 1 more that fits less",
    )
    none = asked(0, 9)
    assert (none.headline, none.comment, none.wider) == ("Probably nothing of that kind in this archive", "", "")
    assert (none.more, none.shown) == ("Show the nearest all the same", ())


def test_a_search_that_compared_nothing_has_no_answer() -> None:
    for scope in ("all", "copies", "alike"):
        assert answer_to(report((0, 0, 0, 0), searched=0), scope, 3561) is None


def test_a_badge_is_a_word_or_two() -> None:
    said = [badge_text(SearchResult(1, 0.62, record(1), None, 1, verdict)) for verdict in Verdict]
    assert said == ["Identical", "Altered", "Alike 62 %", "62 %"]


def test_what_changed_is_a_line_of_words() -> None:
    result = SearchResult(1, 0.6, record(1), None, 1, Verdict.ALTERED, (Change.CROPPED, Change.TILTED))
    assert changes_text(result) == "Cropped, seen at an angle"
    assert changes_text(SearchResult(1, 0.6, record(1), None, 1, Verdict.ALTERED)) == ""


def test_a_score_says_what_made_it() -> None:
    assert score_text(0.87, "fingerprint-2") == "87 % alike by the fingerprint"
    assert score_text(0.87, "clip:ViT-B/32:0123456789ab") == "87 % alike by CLIP"
    assert score_text(0.87, "") == "87 % alike"


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (None, ""),
        (Evidence(), ""),
        (Evidence(143, 0.93, 61), "143 points match, brightness to 93 %"),
        (Evidence(1), "1 point matches"),
        (Evidence(0, -0.4), "Brightness agrees to 0 %"),
        (Evidence(0, None, 12), "Hashes differ in 12 of 256 bits"),
        (Evidence(0, None, 0), "Their hashes are the same"),
    ],
)
def test_evidence_is_in_words(evidence: Evidence | None, said: str) -> None:
    assert evidence_text(evidence) == said


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_pills_meet_wcag_aa_on_any_picture(palette: object) -> None:
    class Look:
        def __init__(self) -> None:
            self.palette = palette

    for verdict in Verdict:
        colour, opacity, text = pill_colours(Look(), verdict)  # type: ignore[arg-type]
        for behind in (0, 255):
            parts = [round(int(colour[at : at + 2], 16) * opacity + behind * (1 - opacity)) for at in (1, 3, 5)]
            ground = "#" + "".join(f"{part:02x}" for part in parts)
            light, dark = sorted((luminance(text), luminance(ground)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (verdict, behind)
