"""How numbers are written for people: as the user's region does, or as English text does. Read by ``text``.

The region is asked once, before there are other threads, and set back at once: a decimal comma that stayed would reach
every C library that reads numbers.
"""

from __future__ import annotations

import locale
import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Mapping, Sequence

log = logging.getLogger(__name__)

_LONGEST_SIGN = 2
"""Characters of a separator; a longer one is no separator."""


@dataclass(frozen=True)
class NumberFormat:
    """As it stands, that of English text: ``12,044`` and ``2.4``."""

    point: str = "."
    separator: str = ","
    """Between groups of digits; may be empty."""
    groups: tuple[int, ...] = (3,)
    """How many digits they have, from the right; the last is repeated. Hindi writes 12,34,567: (3, 2)."""

    def whole(self, number: int) -> str:
        """``12,044``."""
        digits, sign = str(abs(number)), "-" if number < 0 else ""
        parts: list[str] = []
        for place in range(len(digits)):  # more often than there can be groups
            size = self.groups[min(place, len(self.groups) - 1)]
            if len(digits) <= size:
                break
            digits, part = digits[:-size], digits[-size:]
            parts.insert(0, part)
        return sign + self.separator.join([digits, *parts])

    def decimal(self, value: float, places: int) -> str:
        """``2.4``, ``1,204.50``: rounded to ``places`` (at least 1) digits after the point."""
        whole, _, part = f"{abs(value):.{places}f}".partition(".")
        sign = "-" if value < 0 and float(f"{value:.{places}f}") else ""
        return f"{sign}{self.whole(int(whole))}{self.point}{part}"


def format_of(conventions: Mapping[str, Any]) -> NumberFormat:
    """What ``locale.localeconv`` says, as far as it can be used."""
    english = NumberFormat()
    point, separator = str(conventions["decimal_point"]), str(conventions["thousands_sep"])
    if not point or point.isalnum() or len(point) > _LONGEST_SIGN or len(separator) > _LONGEST_SIGN:
        return english
    if any(character.isalnum() for character in separator) or separator == point:
        separator = ""
    sizes: list[int] = []
    for size in _sizes(conventions["grouping"]):
        if size == 0:  # the last one is repeated
            break
        if size >= locale.CHAR_MAX:  # no more groups
            sizes.append(10_000)
            break
        sizes.append(size)
    # A space at which no line breaks: a number stays in one piece.
    return NumberFormat(point, "\u00a0" if separator == " " else separator, tuple(sizes) or english.groups)


def _sizes(grouping: Sequence[int]) -> list[int]:
    return [int(size) for size in grouping if size > 0 or size == 0]


@lru_cache(maxsize=1)
def of_the_region() -> NumberFormat:
    """English where the user has no region, or this system does not know it."""
    before = locale.setlocale(locale.LC_NUMERIC)
    try:
        name = locale.setlocale(locale.LC_NUMERIC, "")
        if name.split(".")[0] in ("C", "POSIX"):
            return NumberFormat()
        return format_of(locale.localeconv())
    except (locale.Error, ValueError) as exc:  # ValueError: bytes that are no text
        log.info("The regional format of numbers cannot be used: %s", exc)
        return NumberFormat()
    finally:
        locale.setlocale(locale.LC_NUMERIC, before)


_in_use = [NumberFormat()]


def use(choice: str) -> None:
    """From now on write numbers as the region does (``system``), or as English text does (``iso``)."""
    region = of_the_region()  # asked for in any case: later there are threads
    _in_use[0] = region if choice == "system" else NumberFormat()


def in_use() -> NumberFormat:
    return _in_use[0]
