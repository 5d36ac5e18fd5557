"""What can happen to a file on a disk, or be done to it by somebody who means harm."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import sqlite3
from pathlib import Path
from random import Random
from typing import Any, Callable

import joblib

HOSTILE = "hostile"
"""A folder of this name beside the place of a trial is made by a pickle that was run."""

Harm = Callable[[Path, Random, "Surroundings"], None]


class Surroundings:
    """What a harm needs besides the file: an empty folder for what lies outside, and the same file of another store."""

    def __init__(self, outside: Path, other: Path | None = None) -> None:
        self.canary = outside / HOSTILE
        self.foreign = outside / "foreign.txt"
        self.foreign.write_text(FOREIGN)
        self.other = other

    def check(self) -> None:
        """Nothing that is outside was run, written or moved."""
        assert not self.canary.exists(), "a pickle was run"
        assert self.foreign.read_text() == FOREIGN, "a file outside was changed"


FOREIGN = "root:x:0:0:root:/root:/bin/sh\n" * 30


class Canary:
    """A pickle that makes a folder when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


def _flip(path: Path, chance: Random, first: float, last: float) -> None:
    """One bit, in this part of the file."""
    data = bytearray(path.read_bytes())
    if data:
        low = int(first * len(data))
        place = chance.randrange(low, max(low + 1, int(last * len(data))))
        data[place] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def flip_in_the_head(path: Path, chance: Random, _: Surroundings) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[chance.randrange(min(100, len(data)))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def flip_in_the_middle(path: Path, chance: Random, _: Surroundings) -> None:
    _flip(path, chance, 0.4, 0.6)


def flip_at_the_end(path: Path, chance: Random, _: Surroundings) -> None:
    _flip(path, chance, 0.99, 1.0)


def flip_anywhere(path: Path, chance: Random, _: Surroundings) -> None:
    _flip(path, chance, 0.0, 1.0)


def overwrite_a_page(path: Path, chance: Random, _: Surroundings) -> None:
    """4 KiB of noise, as a disk gives them whose block went bad."""
    data = bytearray(path.read_bytes())
    start = chance.randrange(max(1, len(data) // 4096)) * 4096
    end = min(len(data), start + 4096)
    data[start:end] = bytes(chance.getrandbits(8) for _ in range(end - start))
    path.write_bytes(data)


def flip_in_a_small_table(path: Path, chance: Random, _: Surroundings) -> None:
    """One bit of what SQLite has in a table other than those that hold nearly all of a store's bytes."""
    with contextlib.closing(sqlite3.connect(path)) as facts:
        select = "SELECT rootpage FROM sqlite_master WHERE rootpage > 0 AND tbl_name NOT IN ('previews', 'features')"
        roots = [page for (page,) in facts.execute(select)]
        size = facts.execute("PRAGMA page_size").fetchone()[0]
    data = bytearray(path.read_bytes())
    start = (chance.choice(sorted(roots)) - 1) * size
    used = [place for place in range(start, start + size) if data[place]]
    data[chance.choice(used)] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def empty(path: Path, _: Random, __: Surroundings) -> None:
    path.write_bytes(b"")


def cut_to_a_byte(path: Path, _: Random, __: Surroundings) -> None:
    path.write_bytes(path.read_bytes()[:1])


def cut_in_half(path: Path, _: Random, __: Surroundings) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def cut_by_a_byte(path: Path, _: Random, __: Surroundings) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path, _: Random, __: Surroundings) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def delete(path: Path, _: Random, __: Surroundings) -> None:
    path.unlink()


def swap(path: Path, _: Random, around: Surroundings) -> None:
    """The file that another store has in its place."""
    assert around.other is not None
    shutil.copyfile(around.other, path)


def hostile_pickle(path: Path, _: Random, around: Surroundings) -> None:
    path.write_bytes(pickle.dumps(Canary(around.canary)))


def hostile_joblib(path: Path, _: Random, around: Surroundings) -> None:
    joblib.dump([Canary(around.canary)], path)


def hostile_pickle_of_the_same_size(path: Path, _: Random, around: Surroundings) -> None:
    size = path.stat().st_size
    data = pickle.dumps(Canary(around.canary))
    path.write_bytes(data + b"\0" * (size - len(data)))


def deep_json(path: Path, _: Random, __: Surroundings) -> None:
    """Deeper than Python's own reader goes."""
    path.write_bytes(b"[" * 200_000)


def make_a_folder(path: Path, _: Random, __: Surroundings) -> None:
    path.unlink()
    path.mkdir()


def link_outside(path: Path, _: Random, around: Surroundings) -> None:
    path.unlink()
    path.symlink_to(around.foreign)


def make_a_pipe(path: Path, _: Random, __: Surroundings) -> None:
    """Opening it to read waits for a writer, for ever."""
    path.unlink()
    os.mkfifo(path)


HARMS: dict[str, Harm] = {
    harm.__name__.replace("_", " "): harm
    for harm in (
        *(flip_in_the_head, flip_in_the_middle, flip_at_the_end, flip_anywhere, overwrite_a_page),
        flip_in_a_small_table,
        *(empty, cut_to_a_byte, cut_in_half, cut_by_a_byte, lengthen, delete, swap),
        *(hostile_pickle, hostile_joblib, hostile_pickle_of_the_same_size, deep_json),
        *(make_a_folder, link_outside, make_a_pipe),
    )
}
