"""Filters: which pictures of an archive a search may find."""

from __future__ import annotations

import fnmatch
import functools
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Callable, Sequence

from ras.errors import SettingsError
from ras.records import ImageRecord

if TYPE_CHECKING:
    import numpy as np

KINDS = ("attachment", "embed", "forwarded", "link", "sticker", "emoji", "avatar")
"""See ``ImageRecord.kind``."""

_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True)
class Filter:
    """Conditions on records; all that are given must hold. Without any it passes everything, and is falsy."""

    authors: tuple[str, ...] = ()
    """Names (whole, any case) or ids; one of them must be the author's."""
    channels: tuple[str, ...] = ()
    """Names (whole, any case, with or without ``#``) or ids; one of them must be the channel's."""
    after: datetime | None = None
    """Posted at this moment or later; aware."""
    before: datetime | None = None
    """Posted before this moment; aware."""
    has_text: bool | None = None
    """Whether the message has a text."""
    file_name: str = ""
    """A part of the file's name, any case; a pattern for the whole name where it has ``*`` or ``?``."""
    spoiler: bool | None = None
    kinds: tuple[str, ...] = ()
    """As in ``ImageRecord.kind``; one of them must be the picture's."""

    def __bool__(self) -> bool:
        return self != Filter()

    def matches(self, record: ImageRecord) -> bool:
        return self.test()(record)

    def mask(self, records: Sequence[ImageRecord]) -> np.ndarray:
        """bool (n,): which of the records pass."""
        import numpy as np

        if not self:
            return np.ones(len(records), bool)
        test = self.test()
        return np.fromiter((test(record) for record in records), bool, len(records))

    def test(self) -> Callable[[ImageRecord], bool]:
        """One function of all conditions that are given: those that are not cost nothing for 100,000 records."""
        tests: list[Callable[[ImageRecord], bool]] = []
        if self.authors:
            is_author = _among(self.authors)
            tests.append(lambda record: is_author(record.author_id, record.author))
        if self.channels:
            is_channel = _among(self.channels)
            tests.append(lambda record: is_channel(record.channel.id, record.channel.name))
        after, before = self.after, self.before
        if after is not None:
            tests.append(lambda record: record.timestamp >= after)
        if before is not None:
            tests.append(lambda record: record.timestamp < before)
        if self.has_text is not None:
            tests.append(lambda record: bool(record.content.strip()) == self.has_text)
        part = folded(self.file_name.strip())
        if "*" in part or "?" in part:
            # Brackets are part of many file names and no pattern.
            fits = re.compile(fnmatch.translate(part.replace("[", "[[]"))).match
            tests.append(lambda record: fits(folded(record.file_name)) is not None)
        elif part:
            tests.append(lambda record: part in folded(record.file_name))
        if self.spoiler is not None:
            tests.append(lambda record: record.spoiler == self.spoiler)
        if self.kinds:
            tests.append(lambda record: record.kind in self.kinds)
        if len(tests) == 1:  # as it mostly is; of thousands of records, what it saves is felt in the window
            return tests[0]
        return lambda record: all(test(record) for test in tests)


def _among(wanted: Sequence[str]) -> Callable[[str, str], bool]:
    """Whether an id or a name is one of those that are wanted."""
    names = {_name(text) for text in wanted}

    @functools.lru_cache(maxsize=1024)  # an archive has far fewer authors and channels than records
    def test(its_id: str, its_name: str) -> bool:
        return its_id in names or _name(its_name) in names

    return test


def _name(text: str) -> str:
    name = folded(text).strip()
    return name.lstrip("#@").strip() or name


def folded(text: str) -> str:
    """Without case, and with each letter and its accents as one character: a Mac keeps them apart in file names."""
    return unicodedata.normalize("NFC", text).casefold()


EVERYTHING = Filter()
"""Passes every record."""


def parse_filter(terms: Sequence[str]) -> Filter:
    """``["author=Mira", "channel=memes", "after=2021-03-01", "text=yes", "name=*.png", "spoiler=no"]`` → Filter.

    ``author``, ``channel`` and ``kind`` may be given several times: any of them. ``after`` and ``before`` are dates or
    moments in ISO form, in local time unless they say otherwise; ``on`` is one whole day. Raises SettingsError.
    """
    authors: list[str] = []
    channels: list[str] = []
    kinds: list[str] = []
    chosen: dict[str, object] = {}
    for term in terms:
        key, equals, value = term.partition("=")
        key, value = key.strip().lower(), value.strip()
        if not equals or not value:
            raise SettingsError(f"The filter “{term}” is not understood. {_HOW}")
        if key == "author":
            authors.append(value)
        elif key == "channel":
            channels.append(value)
        elif key == "kind":
            if value.lower() not in KINDS:
                raise SettingsError(f"The filter “{term}” is not understood: kind can be {', '.join(KINDS)}.")
            kinds.append(value.lower())
        elif key == "name":
            chosen["file_name"] = value
        elif key in ("after", "before"):
            chosen[key] = _moment(value, term)
        elif key == "on":
            # From midnight to midnight of the clock: a day may have 23 or 25 hours.
            chosen["after"], chosen["before"] = _moment(value, term, day=0), _moment(value, term, day=1)
        elif key in ("text", "spoiler"):
            if value.lower() not in _YES_NO:
                raise SettingsError(f"The filter “{term}” is not understood: {key} can be yes or no.")
            chosen["has_text" if key == "text" else key] = _YES_NO[value.lower()]
        else:
            raise SettingsError(f"There is no filter “{key}”. {_HOW}")
    return Filter(tuple(authors), tuple(channels), kinds=tuple(kinds), **chosen)  # type: ignore[arg-type]


_HOW = "Filters are author=, channel=, kind=, after=, before=, on=, text=yes, name= and spoiler=no."


def _moment(value: str, term: str, day: int | None = None) -> datetime:
    """The moment that the value names; with ``day``, the midnight at which its day begins, or so many days later."""
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        if day is not None:
            moment = datetime.combine(moment.date(), time.min, moment.tzinfo) + timedelta(days=day)
        return moment if moment.tzinfo is not None else moment.astimezone()
    except (ValueError, OverflowError, OSError) as exc:
        raise SettingsError(f"The filter “{term}” has no date that RAS understands; write 2021-03-02.") from exc
