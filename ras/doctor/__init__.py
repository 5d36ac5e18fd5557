"""What works here and what does not, one sentence each, and for each problem the way out."""

from __future__ import annotations

import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Callable

from ras.doctor.check import OK, PROBLEM, SETUP, WARNING, Check, as_text
from ras.doctor.decoding import decoding
from ras.doctor.health_checks import checks_of, gather_health
from ras.doctor.kept import bot_token, data, disk, store
from ras.doctor.libraries import clip, clip_weights, device, faiss, opencv, torch, torchvision
from ras.doctor.program import environment, python
from ras.doctor.trying import probe
from ras.doctor.window import display, drag_and_drop, tkinter

if TYPE_CHECKING:
    from ras.health import Health

__all__ = [
    "CHECKS",
    "OK",
    "PROBLEM",
    "SETUP",
    "WARNING",
    "Check",
    "as_text",
    "checks_of",
    "examine",
    "gather_health",
    "main",
    "opencv",
    "probe",
    "python",
    "report_text",
    "store",
    "torch",
]

log = logging.getLogger(__name__)

CHECKS: tuple[Callable[[], Check], ...] = (
    *(python, environment, tkinter, display, drag_and_drop),
    *(decoding, opencv, torch, torchvision, device, clip, clip_weights, faiss),
    *(data, store, bot_token, disk),
)


def main(as_json: bool = False, show: Callable[[str], object] = print) -> int:
    """Show every check; 0 when a search can run, else 3."""
    checks, found = _examined()
    ok = all(check.state != PROBLEM for check in checks)
    if as_json:
        told = {"ok": ok, "checks": [asdict(check) for check in checks], "health": None}
        if found is not None:
            from ras.health.words import as_json as told_of

            told["health"] = told_of(found)
        show(json.dumps(told, indent=2))
    else:
        show(as_text(checks, sys.stdout.encoding or "ascii"))
    return 0 if ok else 3


def examine() -> tuple[Check, ...]:
    """All checks, in the order in which they are shown. The slow ones, in processes of their own, run side by side."""
    return _examined()[0]


def report_text() -> str:
    """All checks as a text, for the window."""
    return as_text(examine(), "utf-8")


def _examined() -> tuple[tuple[Check, ...], Health | None]:
    with ThreadPoolExecutor() as pool:
        checks = tuple(pool.map(_looked, CHECKS))
    found = gather_health()  # not beside the check of the store, which sets one aside that is damaged
    return (*checks, *checks_of(found)), found


def _looked(check: Callable[[], Check]) -> Check:
    """What it is about may lie where nobody may look, on a disk that fails: that says something, and stops no other."""
    try:
        return check()
    except OSError as exc:
        log.warning("The check “%s” could not be made.", check.__name__, exc_info=True)
        name = check.__name__.replace("_", " ").capitalize()
        return Check(name, WARNING, f"It cannot be looked at: {exc}.")
