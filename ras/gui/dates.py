"""Points in time in the user's own zone, written as the user's region does or the same everywhere; numbers follow."""

from __future__ import annotations

import locale
import logging
from datetime import datetime

from ras import number_format

log = logging.getLogger(__name__)


def use_format(choice: str) -> None:
    """Let dates and numbers follow the user's regional settings (``system``), or none (``iso``)."""
    number_format.use(choice)
    try:
        locale.setlocale(locale.LC_TIME, "C" if choice == "iso" else "")
    except locale.Error as exc:
        log.info("The regional format of dates cannot be used: %s", exc)


def short_date(moment: datetime) -> str:
    """The day; ISO 8601 where the user has no regional format (``12/03/21`` would leave them guessing)."""
    return _local(moment).strftime("%Y-%m-%d" if _no_region() else "%x")


def long_date(moment: datetime) -> str:
    """Day and time."""
    local = _local(moment)
    return f"{local.day} {local.strftime('%B %Y, %H:%M')}" if _no_region() else local.strftime("%x %X")


def spoken_date(moment: datetime) -> str:
    """The day, to stand in a sentence: ``2 March 2021``."""
    local = _local(moment)
    return f"{local.day} {local.strftime('%B %Y')}"


def _local(moment: datetime) -> datetime:
    try:
        return moment.astimezone()
    except (OverflowError, OSError, ValueError):  # Windows cannot convert years before 1970
        return moment


def _no_region() -> bool:
    return (locale.setlocale(locale.LC_TIME) or "C").split(".")[0] in ("C", "POSIX")
