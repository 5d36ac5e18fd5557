"""The embedding store: what was indexed, kept on disk for good. See ``EmbeddingStore``."""

from __future__ import annotations

from ras.store.store import EmbeddingStore
from ras.store.values import (
    CompactReport,
    Entry,
    Failure,
    IndexFacts,
    StoredArchive,
    Usage,
    VerifyReport,
)
from ras.store.view import EmbeddingView

__all__ = [
    "CompactReport",
    "EmbeddingStore",
    "EmbeddingView",
    "Entry",
    "Failure",
    "IndexFacts",
    "StoredArchive",
    "Usage",
    "VerifyReport",
]
