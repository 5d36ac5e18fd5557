"""How far a long run is, on the terminal's own line."""

from __future__ import annotations

import sys
import time
from typing import Iterable, Iterator, TypeVar

T = TypeVar("T")


def shown(things: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Hand the things on; say every few seconds how many there were."""
    start = said = time.monotonic()
    for number, thing in enumerate(things, 1):
        yield thing
        now = time.monotonic()
        if now - said > 5 or number == total:
            said = now
            left = (now - start) / number * (total - number)
            print(f"\r{what}: {number} of {total}, {left:.0f} s left   ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
