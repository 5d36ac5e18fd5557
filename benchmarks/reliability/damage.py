"""Each file of a store harmed in each way, many times: noticed, set aside, made anew, and nothing else lost."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Iterator

from benchmarks.reliability.rows import Row
from tests.reliability.damage_trials import KINDS, Broken, Damage
from tests.reliability.harms import HARMS
from tests.reliability.own_files import OWN_FILES, try_own_file

# What falls on another place each time, and what is the same each time.
_RANDOM, _TELLING = 60, 3
_MANY = ("flip anywhere", "flip in a small table", "overwrite a page")


def run(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    """A row for each kind of file."""
    logging.disable(logging.CRITICAL)
    damage = Damage(folder)
    for kind in KINDS:
        runs = noticed = 0
        broken: list[str] = []
        for harm in HARMS:
            if harm == "flip in a small table" and kind != "facts":
                continue
            many = _RANDOM if harm in _MANY and kind in ("facts", "log") else _TELLING
            for number in range(max(1, round(scale * many))):
                runs += 1
                try:
                    noticed += bool(damage.run(kind, harm, 1000 * seed + number))
                except Broken as exc:
                    broken.append(f"{harm}, seed {1000 * seed + number}: {exc}")
        rest = f"{noticed:,} noticed, {runs - noticed - len(broken):,} without any effect"
        yield Row(kind, runs, len(broken), "; ".join([rest, *broken[:5]]))
    for name in OWN_FILES:
        broken = []
        for harm in HARMS:
            if harm in ("swap", "flip in a small table"):
                continue
            place = folder / f"{name} {harm}"
            try:
                try_own_file(name, harm, seed, place)
            except Broken as exc:
                broken.append(f"{harm}: {exc}")
        yield Row(name, len(HARMS) - 2, len(broken), "; ".join(broken[:5]))
