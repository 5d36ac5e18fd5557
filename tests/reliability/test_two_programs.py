"""Two and three programs work on one store at once: no error, no lost row, right rankings. Here for some seconds.

For five minutes: ``python -m benchmarks.reliability two_programs``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.reliability.shared_store import check_end, run_at_once

STEPS = 60
"""Of each program."""


@pytest.mark.parametrize("names", [("one", "two"), ("one", "two", "three")])
def test_programs_share_a_store(names: tuple[str, ...], tmp_path: Path) -> None:
    done: Counter[str] = Counter()
    for one in run_at_once(tmp_path / "store", names, 1, steps=STEPS):
        assert sum(one.values()) == STEPS, one
        done.update(one)
    for name in ("wrote", "searched", "read", "removed", "compacted", "verified", "indexed"):
        assert done[name], done
    check_end(tmp_path / "store", names)
