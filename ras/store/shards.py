"""Shard files: a few thousand embeddings each, float16, a joblib file that is memory-mapped to be read.

A joblib file is a pickle, and unpickling a foreign file runs its code. So before joblib opens a shard, its size and
SHA-256 must be those in facts.sqlite, and its head must hold nothing but the words that describe a float16 array: then
not even a facts.sqlite that came with the file can make it do anything.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import mmap
import os
import pickletools
import re
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np

from ras.text import whole

SHARD_ROWS = 4096
"""As many rows wait in SQLite until they become a shard."""

SHARD_NAME = re.compile(r"[a-z0-9-]{1,48}-[0-9a-f]{16}\.joblib(\.partial)?", re.ASCII)
"""What the files that RAS writes here are called; it deletes no other."""

_NO_FOLDER_SYNC = {errno.EINVAL, errno.EBADF, errno.ENOTSUP}  # network shares that cannot do that for folders
_HASHED_AT_ONCE = 1 << 20
_LONGEST_HEAD = 2048

_WORDS = {
    *("joblib.numpy_pickle", "NumpyArrayWrapper", "numpy", "ndarray", "dtype", "subclass", "shape", "order", "C"),
    *("f2", "<", "allow_mmap", "numpy_array_alignment_bytes"),
}
_CODES = {
    *("PROTO", "FRAME", "MEMOIZE", "BINGET", "SHORT_BINUNICODE", "STACK_GLOBAL", "NEWOBJ", "REDUCE", "BUILD", "MARK"),
    *("EMPTY_TUPLE", "TUPLE", "TUPLE2", "TUPLE3", "EMPTY_DICT", "SETITEMS"),
    *("BININT", "BININT1", "BININT2", "NONE", "NEWTRUE", "NEWFALSE"),
}


@dataclass(frozen=True)
class Shard:
    """What facts.sqlite says of a shard file."""

    id: int
    file: str
    rows: int
    dimension: int
    size: int
    sha256: bytes
    contents: np.ndarray
    """int64 (rows,): the content id of each row."""

    @property
    def array_bytes(self) -> int:
        return self.rows * self.dimension * 2


class ShardTrouble(Exception):
    """A shard cannot be used; ``str`` is what is wrong with it, to follow its name. ``missing``: it is not there."""

    def __init__(self, text: str, missing: bool = False) -> None:
        super().__init__(text)
        self.missing = missing


def write_shard(folder: Path, encoder_id: str, rows: np.ndarray) -> tuple[str, int, bytes]:
    """Write float16 (n, d) as a new shard; when this returns, a power cut does not undo it. → name, size, SHA-256.

    Raises OSError; then nothing is left of it.
    """
    import joblib

    folder.mkdir(exist_ok=True)
    slug = re.sub(r"[^a-z0-9]+", "-", encoder_id.lower())[:40].strip("-") or "encoder"
    name = f"{slug}-{secrets.token_hex(8)}.joblib"
    whole = np.ascontiguousarray(rows, np.float16)
    return (name, *write_whole(folder / name, lambda partial: joblib.dump(whole, partial, protocol=4)))


def write_whole(path: Path, write: Callable[[Path], object]) -> tuple[int, bytes]:
    """Have ``write`` write a file, which gets its name once it is safely on the disk. → size, SHA-256.

    Raises what ``write`` does, and OSError; then nothing is left of it.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        write(partial)
        with partial.open("r+b") as file:
            os.fsync(file.fileno())
        size, sha256 = partial.stat().st_size, hash_of(partial)
        os.replace(partial, path)
        sync_folder(path.parent)
    except BaseException:
        for rest in (partial, path):
            with contextlib.suppress(OSError):
                rest.unlink()
        raise
    return size, sha256


def hash_of(path: Path) -> bytes:
    """SHA-256 of a file, a piece at a time. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        for piece in iter(lambda: file.read(_HASHED_AT_ONCE), b""):
            digest.update(piece)
    return digest.digest()


def sync_folder(folder: Path) -> None:
    """Make names that were made in the folder last; Windows neither needs nor has that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as exc:
        if exc.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


class MappedShard:
    """A shard that was checked, mapped into memory; ``rows`` is float16 (n, d)."""

    def __init__(self, mapped: mmap.mmap, rows: np.ndarray) -> None:
        self._mapped = mapped
        self.rows = rows

    def release(self) -> None:
        """Give its pages back, even where somebody still holds rows: they are only read again, from the file."""
        if hasattr(self._mapped, "madvise") and hasattr(mmap, "MADV_DONTNEED"):
            self._mapped.madvise(mmap.MADV_DONTNEED)


# Which files were found right, and where their rows begin: path → ((size, time, inode), SHA-256, offset in bytes).
# Shared by all stores of the process, so that each file is checked once.
_checked: dict[str, tuple[tuple[int, int, int], bytes, int]] = {}
_checked_lock = threading.Lock()


def check_shard(folder: Path, shard: Shard, again: bool = False) -> int:
    """Make sure that the file is the one RAS wrote; return the offset of its rows (bytes). May run in any thread.

    A file is read through once a process, and again where its size, time or inode changed, or with ``again``. Raises
    ShardTrouble, and OSError where it is there but cannot be read.
    """
    name = os.path.join(folder, shard.file)  # a Path costs ten times as much, for each shard of each search
    try:
        state = _state(os.stat(name))
        with _checked_lock:
            known = _checked.get(name)
        if not again and known is not None and known[:2] == (state, shard.sha256):
            return known[2]
        path = Path(name)
        if not SHARD_NAME.fullmatch(shard.file):
            raise ShardTrouble("has a name that RAS gives to no shard")
        if state[0] != shard.size:
            raise ShardTrouble(f"has {whole(state[0])} bytes instead of {whole(shard.size)}")
        if hash_of(path) != shard.sha256:
            raise ShardTrouble("does not hold what RAS wrote into it")
        offset = _offset(path, shard)
        if _state(os.stat(path)) != state:
            raise ShardTrouble("was changed while it was opened")
    except FileNotFoundError as exc:
        raise ShardTrouble("is missing", missing=True) from exc
    with _checked_lock:
        _checked[name] = (state, shard.sha256, offset)
    return offset


def was_checked(folder: Path, shard: Shard) -> bool:
    """Whether this process has read the file through before; ``map_shard`` looks whether it is still the same."""
    with _checked_lock:
        return os.path.join(folder, shard.file) in _checked


def map_shard(folder: Path, shard: Shard) -> MappedShard:
    """Open a shard, after checking it. Raises ShardTrouble and OSError."""
    offset = check_shard(folder, shard)
    try:
        with open(os.path.join(folder, shard.file), "rb", buffering=0) as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError as exc:
        raise ShardTrouble("is missing", missing=True) from exc
    except ValueError as exc:  # an empty file
        raise ShardTrouble("was cut short") from exc
    if len(mapped) != shard.size:
        raise ShardTrouble("was cut short")
    rows = np.frombuffer(mapped, "<f2", shard.rows * shard.dimension, offset)
    return MappedShard(mapped, rows.reshape(shard.rows, shard.dimension))


def _state(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _offset(path: Path, shard: Shard) -> int:
    """Where the rows begin, as joblib finds it, in a file whose hash is right. Raises ShardTrouble."""
    import joblib

    with path.open("rb") as file:
        head = file.read(max(0, min(shard.size - shard.array_bytes, _LONGEST_HEAD)))
    begin = _end_of_description(head)
    begin += 1 + head[begin] if begin < len(head) else 0
    # Behind the rows joblib goes on reading the pickle: there must be its end and nothing else.
    with path.open("rb") as file:
        file.seek(begin + shard.array_bytes)
        if file.read() != b".":
            raise ShardTrouble("is no array of the size that RAS wrote")
    rows = joblib.load(path, mmap_mode="r")
    if not (isinstance(rows, np.memmap) and rows.shape == (shard.rows, shard.dimension) and rows.dtype == "<f2"):
        raise ShardTrouble("is no array of the kind that RAS wrote")
    return begin


def _end_of_description(head: bytes) -> int:
    """Where the pickle's description of the array ends; raises ShardTrouble where it says anything else."""
    built = 0
    try:
        for code, argument, place in pickletools.genops(head):
            if code.name not in _CODES or (isinstance(argument, str) and argument not in _WORDS):
                break
            built += code.name == "BUILD"  # of the array's dtype, then of the array
            if built == 2 and place is not None:
                return place + 1
    except Exception as exc:
        raise ShardTrouble("is no file that RAS wrote") from exc
    raise ShardTrouble("is no file that RAS wrote")
