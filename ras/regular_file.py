"""Opens a file, if it is one: of a pipe nobody knows when it ends, and opening one may wait for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_regular(path: str | Path) -> BinaryIO:
    """The file, open to be read. Raises OSError, also where it is none."""
    if os.path.isdir(path):  # Windows opens none, and says that it may not
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    handle = os.open(str(path), _FLAGS)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    return os.fdopen(handle, "rb")


def read_regular(path: str | Path, most: int = 1 << 20) -> bytes:
    """All that is in a small file. Raises OSError, and ValueError where it is none or has more than ``most`` bytes."""
    if os.path.isdir(path):  # Windows opens none, and says that it may not
        raise ValueError("it is a folder")
    handle = os.open(str(path), _FLAGS)
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
