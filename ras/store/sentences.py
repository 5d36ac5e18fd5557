"""SQLite's and the system's errors as sentences for the user."""

from __future__ import annotations

import errno
import re
import sqlite3
from pathlib import Path

_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_MISTAKE = re.compile(r"no such (table|column|function)|near \"|syntax error|has no column|ambiguous|incomplete input")


def sentence_of(exc: sqlite3.Error | OSError, folder: Path, busy_seconds: float) -> str | None:
    """What to tell the user; None where the error is a bug. Others were waited for ``busy_seconds``."""
    store = f"The embedding store in {folder}"
    if isinstance(exc, OSError):
        if exc.errno in _NO_ROOM:
            return _full(folder)
        if exc.errno in DENIED:
            return f"{store} cannot be written ({exc.strerror}): make its folder writable."
        return f"{store} cannot be written: {exc.strerror or exc}."
    text = str(exc)
    if not isinstance(exc, sqlite3.DatabaseError) or isinstance(
        exc, (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.NotSupportedError)
    ):
        return None
    if "disk is full" in text:
        return _full(folder)
    if "locked" in text or "busy" in text:
        return (
            f"{store} is being written by another program for longer than {busy_seconds:.0f} seconds. "
            "Try again when it is through; on a network share, move the folder to a local disk (RAS_HOME)."
        )
    if is_damage(exc):
        return (
            f"{store} is damaged ({text}). Start RAS again: it saves what can still be read, and sets the rest "
            "aside; index your archives again then."
        )
    if "readonly" in text or "unable to open" in text:
        return f"{store} cannot be written ({text}): make its folder writable."
    if _MISTAKE.search(text):
        return None
    return f"{store} cannot be read or written ({text}). Is its disk full, disconnected or damaged?"


def why_not_opened(exc: sqlite3.Error | OSError, folder: Path, busy_seconds: float) -> str:
    if isinstance(exc, OSError) or "unable to open" in str(exc) or "readonly" in str(exc):
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        return (
            f"The embedding store in {folder} cannot be opened or made ({reason}). "
            "Make that folder writable, or choose another one with RAS_HOME."
        )
    return sentence_of(exc, folder, busy_seconds) or f"The embedding store in {folder} cannot be opened ({exc})."


def gone(folder: Path) -> str:
    return (
        f"The embedding store in {folder} was moved or deleted while RAS used it, and what is indexed now is not kept. "
        "Bring the folder back, or start RAS again to begin a new store."
    )


def is_damage(exc: BaseException) -> bool:
    return isinstance(exc, sqlite3.DatabaseError) and re.search("malformed|not a database", str(exc)) is not None


def _full(folder: Path) -> str:
    return (
        f"The disk is full: nothing more can be written to the embedding store in {folder}. "
        "What was indexed so far is kept; make room and index the archive again to go on."
    )
