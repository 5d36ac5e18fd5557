"""A lock between processes, held by the operating system: it is gone with its process, however that ended."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

_HELD = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK, getattr(errno, "EDEADLOCK", errno.EDEADLK)}
"""What flock (on NFS fcntl beneath it) and Windows' locking say where another process has the lock."""


class NoLocks(OSError):
    """The file system has no locks: nobody can tell whether another process is at what one would guard."""


class Lock:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def acquire(self) -> bool:
        """Whether it is ours now. Raises OSError where the file cannot be opened, and NoLocks."""
        if self._file is not None:
            return True
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(str(self.path), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(file)
        except OSError as exc:
            os.close(file)
            if exc.errno in _HELD:
                return False
            raise NoLocks(exc.errno, exc.strerror, str(self.path)) from exc
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @property
    def inheritable(self) -> tuple[int, ...]:
        """For a child that writes what the lock guards: if we are killed, the lock holds until the child ends."""
        return () if self._file is None or sys.platform == "win32" else (self._file,)


def _lock(file: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
