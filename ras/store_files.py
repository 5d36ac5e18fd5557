"""Whether there is an embedding store, and opening the one that is there.

Only opening needs more than the standard library: the doctor asks before the set-up has run.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ras.errors import StoreError
from ras.paths import store_folder

if TYPE_CHECKING:
    from ras.store import EmbeddingStore

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


def existing_store() -> EmbeddingStore | None:
    """The store; None where there is none yet, which is not the moment to make one. Raises StoreError."""
    if not is_there(store_folder()):
        return None
    from ras.store import EmbeddingStore

    return EmbeddingStore(store_folder())


def kept_store() -> EmbeddingStore:
    """The store that is to be worked on. Raises StoreError, also where there is none: a new one is not meant."""
    store = existing_store()
    if store is None:
        raise StoreError(
            f"The embedding store in {store_folder()} is gone: it was moved or deleted. Bring its folder back, or "
            "index your archives again."
        )
    return store
