"""Opens the embedding store that is there, and makes none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ras.errors import StoreError
from ras.paths import store_folder
from ras.store_files import is_there

if TYPE_CHECKING:
    from ras.store import EmbeddingStore


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
