"""What a search found, as text: results on standard output, what else there is to say on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from ras.cli.follow import say
from ras.cli.output import print_text
from ras.errors import reasons_text
from ras.sheets.report_json import media_path_of
from ras.text import whole

if TYPE_CHECKING:
    from ras.media import MediaReader
    from ras.records import SearchResult
    from ras.sheets.answered import Answered

_NOTHING = {
    "all": "Nothing was found.",
    "copies": "No copy of this picture was found.",
    "alike": "No picture that looks alike was found.",
}
"""By what was wanted: a key of ``SCOPES``."""


def show_reports(answered: Sequence[Answered], *, nearest: bool, media: MediaReader, why_nothing: str) -> None:
    """Print what was found of each query; with ``nearest`` also what is probably another picture.

    ``why_nothing`` is a sentence for where there is no result at all; it may be empty.
    """
    from ras.settings import MODES
    from ras.text import clean, count

    several = len(answered) > 1
    for number, one in enumerate(answered, 1):
        if several:
            print_text(*[""] * (number > 1), f"Picture {number} of {len(answered)}: {clean(one.name)}")
        for result in one.report.results:
            if nearest or _is_believed(result):
                print_text("\n             ".join(_lines(one, result, media)))
        sentence = _remark(one, nearest, why_nothing)
        if sentence:
            say((f"Picture {number}: " if several else "") + sentence)
    report = answered[0].report  # what was compared is the same for all
    skipped = reasons_text(report.skipped)
    say(
        f"Compared {count(report.searched, 'picture')} by {report.encoder} on {report.device} "
        f"({MODES.get(report.mode, report.mode)})" + (f"; skipped {skipped}." if skipped else ".")
    )


def _is_believed(result: SearchResult) -> bool:
    from ras.records import Verdict

    return result.verdict is not Verdict.UNLIKELY


def _remark(answered: Answered, nearest: bool, why_nothing: str) -> str:
    """A sentence on what is not there, or not shown; empty where there is none to say."""
    from ras.text import percent

    report, scope = answered.report, answered.scope
    doubted = [result for result in report.results if not _is_believed(result)]
    if not report.results:
        return f"{_NOTHING[scope]} {why_nothing}".rstrip()
    if len(doubted) == len(report.results):
        if report.text:
            return "Probably nothing of that kind in this archive" + (
                "." if nearest else " (--nearest shows what comes nearest)."
            )
        best = percent(max(result.score for result in doubted))
        what = "Probably not in this archive:" if scope == "all" else _NOTHING[scope][:-1] + ":"
        return f"{what} the nearest is {best} alike" + ("." if nearest else " (--nearest shows it all the same).")
    if not doubted or nearest:
        return ""
    if report.text:
        verb, them = ("fits", "it") if len(doubted) == 1 else ("fit", "them")
        return f"{whole(len(doubted))} more {verb} less (--nearest shows {them})."
    if len(doubted) == 1:
        return "1 more is probably another picture (--nearest shows it)."
    return f"{whole(len(doubted))} more are probably other pictures (--nearest shows them)."


def _lines(answered: Answered, result: SearchResult, media: MediaReader) -> list[str]:
    from ras.text import clean

    record = result.record
    when = record.timestamp.astimezone().strftime("%Y-%m-%d %H:%M")
    more = map(clean, (record.file_name, record.url, record.message_link, media_path_of(result, media) or ""))
    said = answered.verdict_of(result) if answered.report.text else result.verdict_text
    return [
        f"{result.rank:>3}. {result.score:6.1%}  {said}",
        f"{clean(record.author)} in #{clean(record.channel.name)}, {when}",
        *(line for line in more if line),
    ]
