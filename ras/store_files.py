"""Whether there is an embedding store in a folder. Standard library only: the doctor asks before the set-up has run."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FACTS = "facts.sqlite"
MARK = "facts.damaged"
SALVAGED = "salvaged"
VERIFIED = "verified.json"

_REMAINS = {"shards": (".joblib", ".joblib.partial"), "indexes": (".faiss",), "features": (".words",)}


def is_there(folder: Path) -> bool:
    """Whether there is a store, or what is left of one; also where nobody can tell: opening it says why."""
    try:
        os.stat(folder / FACTS)
    except (FileNotFoundError, NotADirectoryError):
        waiting = (folder / SALVAGED / FACTS, folder / MARK)
        return any(map(os.path.lexists, waiting)) or has_remains(folder)
    except OSError:
        pass
    return True


def has_remains(folder: Path) -> bool:
    """Whether files lie there that are written long after the first page of facts.sqlite: without it, it was lost."""
    if os.path.lexists(folder / VERIFIED):
        return True
    for name, ends in _REMAINS.items():
        with contextlib.suppress(OSError):  # there is none, or it may not be looked into, which opening it tells of
            if any(file.endswith(ends) for file in os.listdir(folder / name)):
                return True
    return False
