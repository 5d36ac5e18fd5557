"""Writes results to standard output, as text or as JSON."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any, Iterator

from ras.errors import RASError


@contextlib.contextmanager
def results() -> Iterator[None]:
    """What is printed inside is a result: it is written before the block ends. Raises RASError where it cannot be."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as exc:  # e.g. the disk is full
        raise RASError(f"The results could not be written: {exc.strerror or exc}.") from exc


def print_json(value: Any) -> None:
    """One JSON value. What the stream cannot carry is escaped."""
    with results():
        unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
        json.dump(value, sys.stdout, indent=2, ensure_ascii=not unicode)
        print()


def print_text(*lines: str) -> None:
    with results():
        for line in lines:
            print(line)
