"""Texts for people: foreign text made safe to show, numbers and durations made easy to read."""

from __future__ import annotations

import re
import unicodedata

from ras import number_format

_JOINERS = "\u200c\u200d"
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:s|min|h|KB|MB|GB)\b|%)")
_MOST_MARKS = 4
"""Combining marks on one letter; no script needs more, but "zalgo" text piles up dozens and covers its surroundings."""


def clean(text: str, *, lines: bool = False, longest: int = 20_000) -> str:
    """Text of an export, safe to show in a window or on a terminal.

    Control characters, bidi overrides and isolates, and other invisible format characters are dropped (joiners stay,
    emoji and Indic scripts need them); lone surrogates, which neither Tk nor UTF-8 can carry, become U+FFFD; white
    space is folded to one space. With ``lines`` line breaks are kept. At most ``longest`` characters are looked at.
    """
    if len(text) > longest:
        text = text[:longest] + "…"
    if lines:
        return "\n".join(clean(line, longest=longest) for line in text.splitlines()).strip("\n")
    if not (text.isascii() and text.isprintable()):
        text = _without_tricks(text)
    return " ".join(text.split())


def _without_tricks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _MOST_MARKS:
            continue
        if category in ("Zs", "Zl", "Zp") or character in "\t\r\n\v\f\x85":
            kept.append(" ")
        elif category == "Cs":
            kept.append("\ufffd")
        elif category not in ("Cc", "Cf") or character in _JOINERS:
            kept.append(character)
    return "".join(kept)


def whole(number: int) -> str:
    """``12,044``, in the user's format: every number that is shown is written by one of the functions here."""
    return number_format.in_use().whole(number)


def decimal(value: float, places: int) -> str:
    """``2.4``, in the user's format."""
    return number_format.in_use().decimal(value, places)


def count(number: int, noun: str) -> str:
    """``1 picture``, ``12,044 pictures``."""
    return f"{whole(number)} {noun}" if number == 1 else f"{whole(number)} {noun}s"


def duration(seconds: float) -> str:
    """A rough time in words: ``under 1 s``, ``5 s``, ``40 s``, ``3 min``, ``2 h 10 min``."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 10:
        return f"{round(seconds)} s"
    if seconds < 57.5:
        return f"{round(seconds / 5) * 5} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def unbroken(text: str) -> str:
    """The same, in which no line ends between a number and its unit: ``about 2 s``, ``93 %``."""
    return _BEFORE_UNIT.sub("\u00a0", text)


def size(byte_count: int) -> str:
    """``412 bytes``, ``38 KB``, ``2.4 MB``, ``412 MB``: decimal units, as file managers show them."""
    if byte_count < 1000:
        return count(byte_count, "byte")
    if byte_count < 999_500:
        return f"{byte_count / 1000:.0f} KB"
    if byte_count < 999_500_000:
        megabytes = byte_count / 1_000_000
        return f"{megabytes:.0f} MB" if byte_count >= 99_950_000 else f"{decimal(megabytes, 1)} MB"
    return f"{decimal(byte_count / 1_000_000_000, 1)} GB"


def percent(score: float) -> str:
    """A cosine as people read it: ``87 %``. 100 % is kept for what is as good as the same."""
    return f"{whole_percent(score)} %"


def whole_percent(score: float) -> int:
    """The number that ``percent`` shows."""
    whole = round(score * 100)
    return max(0, min(whole if score >= 0.9995 else 99, whole, 100))
