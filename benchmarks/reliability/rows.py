"""What a part of the run reports."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One kind of trial: ``runs`` of it, of which ``failed`` broke the promise; ``note`` has what was measured."""

    trial: str
    runs: int
    failed: int
    note: str = ""
