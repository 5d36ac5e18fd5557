"""How the program is called on a command line here, for sentences that say what to run. Standard library only."""

from __future__ import annotations

import sys

from ras.paths import REPOSITORY

BUILT = bool(getattr(sys, "frozen", False))
"""Whether it is a program of its own, without a Python beside it: see bundle/ras.spec."""

SETS_UP = not BUILT and (REPOSITORY / "run_app.py").is_file()
"""Whether it can make an environment for itself; where pip has installed it, that was pip's task."""


def _name() -> str:
    if BUILT:
        return "ras-cli" if sys.platform == "win32" else "RAS"
    return "run_app.py" if SETS_UP else "ras"


NAME = _name()
CALL = f"python {NAME}" if SETS_UP else NAME
"""What is typed, with a command after it."""

WITHOUT = "This program was built without it."


def remedy(packages: str) -> str:
    """What to do where a package is missing; ``packages``: what pip is to install."""
    return WITHOUT if BUILT else f"Install it: pip install {packages}"
