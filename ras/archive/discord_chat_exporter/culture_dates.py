"""Reads the dates that DiscordChatExporter wrote in the user's own format and time zone, without saying which.

Up to 2.40 its files have dates such as ``05/06/2021 2:03 PM`` or ``05-Jun-21 02:03 PM``, local time of the machine
that exported. What a file shows elsewhere settles what one date leaves open: whether days or months come first, and
how far the clock was from UTC.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from ras.archive.timestamps import parse_timestamp

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"(?:[ ,T]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?(?:[.,]\d{1,9})? ?(?:([AaPp])\.?[Mm]\.?)?)?"
_NUMBERS = re.compile(rf"(\d{{1,4}})[-./](\d{{1,2}})[-./](\d{{1,4}})\.?{_TIME}", re.ASCII)
_NAMED = re.compile(
    rf"(?:[A-Za-z]{{2,9}}, )?(\d{{1,2}})[- .]+([A-Za-z]{{3}})[a-z]{{0,6}}[- .,]+(\d{{2,4}}){_TIME}", re.ASCII
)
_NAMED_FIRST = re.compile(
    rf"(?:[A-Za-z]{{2,9}}, )?([A-Za-z]{{3}})[a-z]{{0,6}} (\d{{1,2}}),? (\d{{4}}){_TIME}", re.ASCII
)
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)\s*\Z")
_QUARTER = timedelta(minutes=15)
_FARTHEST = timedelta(hours=15)


def exact_time(text: str) -> datetime | None:
    """A date that leaves nothing open: ISO 8601 with its offset, as since 2.41, or Unix time; None for any other."""
    if re.fullmatch(r"\d{10}|\d{13}", text, re.ASCII):
        return datetime.fromtimestamp(int(text[:10]), timezone.utc) + timedelta(milliseconds=int(text[10:] or 0))
    return parse_timestamp(text) if _OFFSET.search(text) else None


class CultureDates:
    """What is known of the dates of one file."""

    def __init__(self) -> None:
        self._day_first: bool | None = None
        self._offset: timedelta | None = None
        self.is_open = True
        """Whether another date of the file could settle what is open."""

    def learn(self, text: str) -> None:
        """Look at any date of the file: 13 and more is a day."""
        readings = _readings(text)
        if len(readings) == 1:
            self._day_first = next(iter(readings))
        self.is_open = len(readings) != 1 and exact_time(text) is None

    def learn_from(self, text: str, when: datetime) -> None:
        """Look at a date of which it is known from elsewhere, to some seconds, what time it was."""
        readings = _readings(text)
        for day_first, local in readings.items():
            away = local.replace(tzinfo=timezone.utc) - when
            if abs(away) < _FARTHEST:
                # The date may lack its seconds.
                self._offset = round((away + timedelta(seconds=30)) / _QUARTER) * _QUARTER
                # The fifth of May is the same both ways.
                if len(set(readings.values())) > 1:
                    self._day_first = day_first
                return

    def time(self, text: str) -> datetime | None:
        """What time a date is: as near as can be told; None where it is none that can be read.

        Without any sign of the offset, that of this machine counts: people export at home.
        """
        readings = _readings(text)
        if not readings:
            return None
        # The exporter's own format has months first and AM or PM.
        day_first = self._day_first if self._day_first is not None else re.search("[AP]M", text) is None
        local = readings.get(day_first) or next(iter(readings.values()))
        try:
            return local.astimezone() if self._offset is None else local.replace(tzinfo=timezone(self._offset))
        except (OverflowError, OSError, ValueError):
            return local.replace(tzinfo=timezone.utc)


def _readings(text: str) -> dict[bool, datetime]:
    """What a date may mean, without a time zone, by whether the day comes before the month in it."""
    text = text.strip().replace("\u202f", " ").replace("\xa0", " ")
    named = _NAMED.fullmatch(text)
    if named:
        day, month, year, *time = named.groups()
        return _known(year, _month(month), int(day), time)
    named = _NAMED_FIRST.fullmatch(text)
    if named:
        month, day, year, *time = named.groups()
        return _known(year, _month(month), int(day), time)
    numbers = _NUMBERS.fullmatch(text)
    if numbers is None:
        return {}
    first, second, third, *time = numbers.groups()
    if len(first) > 2:
        return _known(first, int(second), int(third), time)
    found = {True: _moment(third, int(second), int(first), time), False: _moment(third, int(first), int(second), time)}
    return {day_first: when for day_first, when in found.items() if when is not None}


def _known(year: str, month: int, day: int, time: list[str | None]) -> dict[bool, datetime]:
    when = _moment(year, month, day, time)
    return {} if when is None else {False: when}


def _month(name: str) -> int:
    return _MONTHS.index(name.lower()) + 1 if name.lower() in _MONTHS else 0


def _moment(year: str, month: int, day: int, time: list[str | None]) -> datetime | None:
    hour, minute, second = (int(part or 0) for part in time[:3])
    if time[3]:
        hour = hour % 12 + 12 * (time[3] in "Pp")
    try:
        when = datetime(int(year) + (2000 if len(year) == 2 else 0), month, day, hour, minute, second)
    except ValueError:
        return None
    return when if 2015 <= when.year <= 2199 else None
