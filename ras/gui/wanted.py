"""Which results are wanted, as it is typed beside them. No Tk here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Callable, Iterable, Sequence

from ras.filters import EVERYTHING, Filter, folded
from ras.records import ImageRecord, SearchResult, Verdict
from ras.text import whole_percent

KINDS = {
    "": "Any",
    "attachment": "Attachment",
    "embed": "Embed",
    "forwarded": "Forwarded",
    "link": "Link",
    "sticker": "Sticker",
    "emoji": "Emoji",
    "avatar": "Avatar",
}
# Verdict → what it and all that is surer is called.
VERDICTS = {"": "Any", "identical": "Identical", "altered": "Copies", "alike": "Alike or copies"}

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?-?")
_PERCENT = re.compile(r"(\d{1,3})\s*%?")


@dataclass(frozen=True)
class Wanted:
    """Each field as it was typed or chosen; empty where all will do. Falsy where nothing was."""

    author: str = ""
    """A part of the name, any case."""
    channel: str = ""
    """A part of the name, any case, with or without ``#``."""
    name: str = ""
    """Of the file: a part, or a pattern with ``*``."""
    after: str = ""
    """A year, month, or day: posted in it or later."""
    before: str = ""
    """Posted in it or before."""
    kind: str = ""
    verdict: str = ""
    """A key of ``VERDICTS``."""
    least: str = ""
    """Score in percent."""

    def __bool__(self) -> bool:
        return self != Wanted()

    @property
    def wrong(self) -> dict[str, str]:
        """Field → what is wrong with what was typed there; it has no effect."""
        found = {
            field: "Write 2021, 2021-03 or 2021-03-02."
            for field in ("after", "before")
            if getattr(self, field).strip() and _days(getattr(self, field)) is None
        }
        if self.least.strip() and self._least is None:
            found["least"] = "Write a number from 0 to 100."
        return found

    def filter(self, records: Sequence[ImageRecord]) -> Filter:
        """What of it a search in these records can go by: all but verdict and score, which come of the search."""
        after, before = _days(self.after), _days(self.before)
        return Filter(
            authors=_names(self.author, (record.author for record in records)),
            channels=_names(self.channel.strip().lstrip("#"), (record.channel.name for record in records)),
            after=_midnight(after[0]) if after else None,
            before=_midnight(before[1]) if before else None,
            file_name=self.name.strip(),
            kinds=(self.kind,) if self.kind else (),
        )

    def passing(self, results: Sequence[SearchResult]) -> tuple[SearchResult, ...]:
        """The results that are wanted, in their order."""
        where = self.filter([result.record for result in results])
        least, level = self._least, Verdict(self.verdict).level if self.verdict else None
        if where == EVERYTHING and least is None and level is None:
            return tuple(results)
        if level is not None:
            results = [result for result in results if result.verdict.level <= level]
        if least is not None:
            results = [result for result in results if whole_percent(result.score) >= least]
        if where == EVERYTHING:
            return tuple(results)
        test: Callable[[ImageRecord], bool] = where.test()
        return tuple([result for result in results if test(result.record)])

    @property
    def _least(self) -> int | None:
        match = _PERCENT.fullmatch(self.least.strip())
        return int(match.group(1)) if match and int(match.group(1)) <= 100 else None


def _names(typed: str, there: Iterable[str]) -> tuple[str, ...]:
    """Of the names that are there all with ``typed`` in them; where none has it, what was typed."""
    part = folded(typed.strip())
    if not part:
        return ()
    return tuple(name for name in dict.fromkeys(there) if part in folded(name)) or (typed.strip(),)


def _days(typed: str) -> tuple[date, date] | None:
    """The first day of the year, month, or day that was typed, and the day after its last; None where it is none."""
    match = _DATE.fullmatch(typed.strip())
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year or 0, 1 if month is None else month, 1 if day is None else day)
        if day is not None:
            return first, first + timedelta(days=1)
        if month is not None:
            return first, date(first.year + month // 12, month % 12 + 1, 1)
        return first, date(first.year + 1, 1, 1)
    except (ValueError, OverflowError):
        return None


def _midnight(day: date) -> datetime | None:
    """At which the day begins here; None beyond what clocks can tell, where there are no messages."""
    try:
        return datetime.combine(day, time.min).astimezone()
    except (OverflowError, OSError, ValueError):
        return None
