"""The files of the index of local features: written whole or not at all, mapped only once they proved to be RAS's."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ras.matching import inverted
from ras.store.shards import hash_of, write_whole
from ras.text import whole

if TYPE_CHECKING:
    from ras.store import FeatureSegment

# Which files were found right: path → ((size, time, inode), SHA-256). Shared by all stores of the process, so that each
# file is read through once.
_checked: dict[str, tuple[tuple[int, int, int], bytes]] = {}
_checked_lock = threading.Lock()


class UnusableSegment(Exception):
    """A file is not what the store says of it; ``str`` is what is wrong with it, to follow its name."""


def write_segment(folder: Path, segment: inverted.Segment) -> tuple[str, int, bytes]:
    """Write it under a new name; when this returns, a power cut does not undo it. → name, size, SHA-256.

    Raises OSError; then nothing is left of it.
    """
    name = f"{secrets.token_hex(16)}.words"

    def write(partial: Path) -> None:
        with partial.open("wb") as file:
            inverted.write(file, segment)

    return (name, *write_whole(folder / name, write))


def open_segment(folder: Path, facts: FeatureSegment) -> inverted.Segment:
    """Map a file, after checking it: its index, in the order of ``facts.contents``.

    Raises UnusableSegment, and OSError where it is there but cannot be read now.
    """
    path = folder / facts.file
    try:
        state = _check(path, facts)
        segment = inverted.map_segment(path)
        if _state(path) != state:
            raise UnusableSegment("was changed while it was opened")
    except FileNotFoundError as exc:
        raise UnusableSegment("is missing") from exc
    except ValueError as exc:
        raise UnusableSegment("is no index that RAS makes now") from exc
    if segment.pictures != len(facts.contents):
        raise UnusableSegment("is an index of other pictures")
    return segment


def _check(path: Path, facts: FeatureSegment) -> tuple[int, int, int]:
    """Make sure that it holds what was written: read through once a process, and again where it looks changed."""
    state = _state(path)
    if state[0] != facts.size:
        raise UnusableSegment(f"has {whole(state[0])} bytes instead of {whole(facts.size)}")
    with _checked_lock:
        known = _checked.get(str(path))
    if known != (state, facts.sha256):
        if hash_of(path) != facts.sha256:
            raise UnusableSegment("does not hold what RAS wrote into it")
        with _checked_lock:
            _checked[str(path)] = state, facts.sha256
    return state


def _state(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
