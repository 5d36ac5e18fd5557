"""One thing that the doctor looked at, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass

from ras.called import BUILT, CALL, SETS_UP, WITHOUT

OK, WARNING, PROBLEM = "ok", "warning", "problem"

SETUP = f"Run: {CALL} setup" if SETS_UP else WITHOUT if BUILT else "Install it with pip."


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. A ``warning`` costs something; with a ``problem`` RAS cannot search."""

    name: str
    state: str
    sentence: str
    remedy: str | None = None


def as_text(checks: tuple[Check, ...], encoding: str) -> str:
    """A line for each check, and an indented one for its remedy; marks that ``encoding`` has."""
    marks = {OK: "✓", WARNING: "!", PROBLEM: "✗"}
    try:
        "".join(marks.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        marks = {OK: "+", WARNING: "!", PROBLEM: "x"}
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{marks[check.state]} {check.name:<{width}}  {check.sentence}")
        if check.remedy:
            lines.append(f"  {'':<{width}}  {'→' if marks[OK] == '✓' else '->'} {check.remedy}")
    can = "A search can run" if all(check.state != PROBLEM for check in checks) else "A search cannot run yet"
    lines.append(f"\n{can}.")
    return "\n".join(line.encode(encoding, "replace").decode(encoding) for line in lines)
