"""Reads a small file, if it is one: of a pipe nobody knows when it ends, and opening one may wait for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_regular(path: str | Path, most: int = 1 << 20) -> bytes:
    """All that is in the file. Raises OSError, and ValueError where it is none or has more than ``most`` bytes."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if os.path.isdir(path):  # Windows opens none, and says that it may not
        raise ValueError("it is a folder")
    handle = os.open(str(path), flags)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("it is no ordinary file")
        parts: list[bytes] = []
        while most >= 0:
            part = os.read(handle, 1 << 20)
            if not part:
                return b"".join(parts)
            parts.append(part)
            most -= len(part)
    finally:
        os.close(handle)
    raise ValueError("it is too large")
