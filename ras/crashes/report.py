"""The text of a crash report: versions, the way through the program to the fault, what was going on; and no more."""

from __future__ import annotations

import logging
import re
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Iterator, Mapping, Union

from ras.crashes.folder import keep
from ras.crashes.places import ELSEWHERE, line_of, place_of, without_home
from ras.crashes.wording import said_by
from ras.log_file import without_secrets
from ras.versions import versions

log = logging.getLogger(__name__)

Facts = Mapping[str, Union[int, str, bool]]
"""What was going on: settings and counts, never a name or a text of somebody."""

_HEAD = (
    "Reverse Archive Search: report of a crash",
    "",
    "It says where in the program something went wrong. You can read it, and send it to",
    "whoever looks into the fault. What somebody wrote is not in it: no messages, no names",
    "of people or channels, no links, no token, no names of your files; “…” stands where",
    "such a thing was left out.",
)
_FACT = re.compile(r"[\w .,:%×()+/-]{1,120}")
_LINK = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S+", re.IGNORECASE)
_TYPE = re.compile(r"[A-Za-z_][\w.]{0,100}")
_MOST_FRAMES = 25
"""At either end of a traceback; a recursion has a thousand."""
_MOST_CAUSES = 8


def save_report(error: BaseException, where: str, facts: Facts | None = None) -> Path | None:
    """Write a report of a fault; None where it cannot be written, which is logged: the fault itself comes first."""
    try:
        return keep(report_of(error, where, facts or {}))
    except Exception:  # logged whole: the fault that is reported must not be hidden by another
        log.exception("A fault came up while a report of another one was made")
        return None


def report_of(error: BaseException, where: str, facts: Facts) -> str:
    """The report. ``where``: the part of the program, such as ``window``, in the program's own words."""
    lines: list[str] = []
    for each in _chain(error):
        lines += [*(["", "While this was dealt with:"] if lines else []), *_frames(each), _what(each)]
    return text_of(where, facts, lines)


def text_of(where: str, facts: Facts, lines: list[str], made: datetime | None = None) -> str:
    """The report around ``lines``, which say what happened."""
    made = made or datetime.now(timezone.utc)
    told = [line for line in (f"{name}: {value}" for name, value in facts.items()) if _FACT.fullmatch(line)]
    parts = [
        _HEAD,
        (f"Made: {made:%Y-%m-%d %H:%M:%S} UTC", f"In: {where}"),
        ("What happened", *lines),
        ("What was going on", *told) if told else (),
        ("Versions", *(f"{name}: {value}" for name, value in versions())),
    ]
    text = "\n\n".join("\n".join(part) for part in parts if part) + "\n"
    # Nothing of that kind should have come so far; what did stays out all the same.
    return without_home(_LINK.sub("…", without_secrets(text)))


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what it came from, the first one first."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and len(found) < _MOST_CAUSES and not any(at is each for each in found):
        found.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return found[::-1]


def _frames(error: BaseException) -> Iterator[str]:
    frames = traceback.extract_tb(error.__traceback__)
    cut = len(frames) - 2 * _MOST_FRAMES
    for number, frame in enumerate(frames):
        if cut > 0 and _MOST_FRAMES <= number < _MOST_FRAMES + cut:
            if number == _MOST_FRAMES:
                yield f"  … {cut:,} more …"
            continue
        place = place_of(frame.filename)
        yield f"  {place}:{frame.lineno} in {frame.name if _TYPE.fullmatch(frame.name.strip('<>')) else '…'}"
        line = line_of(frame.filename, frame.lineno or 0) if place != ELSEWHERE else ""
        if line:
            yield f"    {line[:200]}"


def _what(error: BaseException) -> str:
    name = type(error).__qualname__
    said = said_by(error)
    kind = name if _TYPE.fullmatch(name) else "An exception"
    return f"{kind}: {said}" if said else kind
