"""What a search came to, in a few words, and which of its results are shown at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ras.records import Verdict
from ras.text import clean, count, percent, whole

if TYPE_CHECKING:
    from ras.records import SearchReport, SearchResult


@dataclass(frozen=True)
class Answer:
    headline: str
    comment: str = ""
    """May have several lines."""
    shown: tuple[SearchResult, ...] = ()
    """At once."""
    rest: tuple[SearchResult, ...] = ()
    """Probably other pictures: shown when they are asked for."""
    more: str = ""
    """On the button that shows the rest; empty where there is none."""
    wider: str = ""
    """On the button that searches for copies and look-alikes, where less was asked for and not found."""


def answer_to(report: SearchReport, scope: str, total: int) -> Answer | None:
    """The answer of a search in ``total`` pictures; None where none of them could be compared.

    ``scope``: what was to be found, a key of ``SCOPES``. Of a text it is always all.
    """
    if report.text:
        scope = "all"
    shown = tuple(result for result in report.results if result.verdict is not Verdict.UNLIKELY)
    rest = tuple(result for result in report.results if result.verdict is Verdict.UNLIKELY)
    if shown:
        one, several = ("fits less", "fit less") if report.text else ("is less alike", "are less alike")
        more = f"Show {whole(len(rest))} more that {one if len(rest) == 1 else several}" if rest else ""
        headline, comment = _fitting(report) if report.text else _found(report, scope)
        return Answer(headline, comment, shown, rest, more)
    if not rest and (scope == "all" or not report.searched):
        return None
    lines = []
    if rest and not report.text:
        lines.append(f"The nearest is {percent(max(result.score for result in rest))} alike.")
    if scope != "all" and not rest:
        lines.append("Copies were not looked for." if scope == "alike" else "Look-alikes were not looked for.")
    if report.searched < total:
        verb = "was" if total - report.searched == 1 else "were"
        lines.append(f"{whole(total - report.searched)} of {count(total, 'picture')} {verb} not compared.")
    headlines = {
        "all": "Probably not in this archive",
        "copies": "No copy of this picture in the archive",
        "alike": "Probably nothing alike in this archive",
    }
    if report.text:  # a percentage would mislead: cosines with texts are low
        headlines["all"] = "Probably nothing of that kind in this archive"
    wider = {"all": "", "copies": "Search for look-alikes, too", "alike": "Search for copies, too"}[scope]
    more = "Show the nearest all the same" if rest else ""
    return Answer(headlines[scope], "\n".join(lines), (), rest, more, wider)


def _fitting(report: SearchReport) -> tuple[str, str]:
    """Headline and comment where something looks like a text."""
    alike = report.count(Verdict.ALIKE)
    text = clean(report.text, longest=60)
    return (
        f"{whole(alike)} {'looks' if alike == 1 else 'look'} like “{text}”",
        "The nearest first." if alike > 1 else "",
    )


def _found(report: SearchReport, scope: str) -> tuple[str, str]:
    """Headline and comment where something was found."""
    identical, altered = report.count(Verdict.IDENTICAL), report.count(Verdict.ALTERED)
    alike = report.count(Verdict.ALIKE)
    look = f"{whole(alike)} {'looks' if alike == 1 else 'look'} alike"
    if not report.verdict.is_copy:
        order = "The nearest first." if alike > 1 else ""
        if scope == "alike":
            return look.replace(
                " ", " picture " if alike == 1 else " pictures ", 1
            ), f"{order} Copies are not shown.".strip()
        return f"No copy, but {look}", order
    if identical and altered:
        found = f"{whole(identical)} identical, {whole(altered)} altered {'copy' if altered == 1 else 'copies'}"
    elif identical:
        found = "the identical picture" if identical == 1 else f"{whole(identical)} identical copies"
    else:
        found = "the same picture, altered" if altered == 1 else f"{whole(altered)} altered copies"
    comment = ""
    if alike:
        comment = "and 1 that looks alike." if alike == 1 else f"and {whole(alike)} that look alike, the nearest first."
    elif scope == "copies":
        comment = "Only copies are shown."
    return f"Found: {found}", comment
