"""The exact releases that the set-up installs, with the checksums of their files: ``locked.txt``."""

from __future__ import annotations

import functools
import re
from pathlib import Path

LOCKED = Path(__file__).with_name("locked.txt")
"""Made by ``.ci/lock_requirements.py``. A section for each stage, headed ``# [core]``; read by pip."""


def locked_lines(stage: str) -> str:
    """The section of a stage, as a requirements file for ``pip install --no-deps --require-hashes``; empty if none.

    Raises OSError.
    """
    return _sections().get(stage, "")


@functools.lru_cache(maxsize=None)
def _sections() -> dict[str, str]:
    parts = re.split(r"^# \[(\w+)\]$", LOCKED.read_text("utf-8"), flags=re.MULTILINE)
    return {stage: text.strip() for stage, text in zip(parts[1::2], parts[2::2])}
