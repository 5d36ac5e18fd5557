"""When a message was posted: from its timestamp, else from its id, which is a time too."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=timezone.utc)
_LAST_YEAR = 2199
"""Ids reach to 2154. Dates near the year 9999 break sums with time zones."""

# datetime.fromisoformat of Python 3.8 knows neither Z nor 1, 2, 4, 5 or 7 fractional digits; DCE writes 0 to 7.
_ISO = re.compile(
    r"\s*(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?\s*(?:(Z|UTC)|([+-])(\d\d):?(\d\d))?\s*",
    re.ASCII | re.IGNORECASE,
)

_LONGEST = 64
"""Characters. Among a million spaces the pattern would look for hours."""


def posted_at(timestamp: str, message_id: str) -> datetime:
    """The aware time of a message; where its timestamp is missing or nonsense, the time that its id holds."""
    return parse_timestamp(timestamp) or snowflake_time(message_id)


def parse_timestamp(text: str) -> datetime | None:
    """An ISO 8601 time with or without offset (then UTC), aware; None where it is no time that Discord has seen."""
    match = _ISO.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, _, sign, offset_hours, offset_minutes = match.groups()
    try:
        offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
        when = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")[:6]),
            timezone(-offset if sign == "-" else offset),
        )
    except ValueError:
        return None
    return when if _DISCORD_EPOCH.year <= when.year <= _LAST_YEAR else None


def snowflake_time(snowflake: str) -> datetime:
    """The time in a Discord id (digits): the milliseconds since 2015 are its upper bits."""
    return _DISCORD_EPOCH + timedelta(milliseconds=int(snowflake) >> 22)
