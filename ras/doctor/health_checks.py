"""How what RAS keeps is, as checks: the sections of the health page that the doctor does not look at otherwise."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ras.doctor.check import OK, WARNING, Check
from ras.launch import environment_modules

if TYPE_CHECKING:
    from ras.health import Health

log = logging.getLogger(__name__)

_LOOKED_AT_BEFORE = ("Store", "Places")
"""Sections that checks of their own are about."""


def gather_health() -> Health | None:
    """None where what is kept cannot be looked at, since the set-up has not run, or a package does not load."""
    if environment_modules():
        return None
    try:
        from ras.health import gather
        from ras.records import finish
        from ras.settings import load_settings

        return finish(gather(load_settings()))
    except ImportError as exc:  # other checks say of each package whether it loads
        log.warning("What is kept cannot be looked at: %s", exc)
        return None


def checks_of(found: Health | None) -> tuple[Check, ...]:
    """A check for each section."""
    if found is None:
        return ()
    from ras.health.words import TROUBLE, sections

    checks = []
    for section in sections(found):
        if section.title in _LOOKED_AT_BEFORE:
            continue
        # Sentences, since some begin with the name of a file, which has its own capitals.
        lines = "".join(f" {line.name}: {line.value}." for line in section.lines)
        sentence = f"{section.sentence}{lines}"
        state = WARNING if section.state == TROUBLE else OK
        checks.append(Check(section.title, state, sentence, (section.remedy or None) if state == WARNING else None))
    return tuple(checks)
