"""The embedding store: what was indexed, kept on disk for good. See ``EmbeddingStore``."""

from __future__ import annotations

from ras.store.index_files import INDEX_LOCK
from ras.store.segments import SEGMENT_NAME
from ras.store.store import EmbeddingStore
from ras.store.values import (
    CompactReport,
    Entry,
    Failure,
    FeatureEntry,
    FeatureSegment,
    IndexFacts,
    StoredArchive,
    Usage,
    VerifyReport,
)
from ras.store.verified import LastVerify, last_verify
from ras.store.view import EmbeddingView

__all__ = [
    "INDEX_LOCK",
    "SEGMENT_NAME",
    "CompactReport",
    "EmbeddingStore",
    "EmbeddingView",
    "Entry",
    "Failure",
    "FeatureEntry",
    "FeatureSegment",
    "IndexFacts",
    "LastVerify",
    "StoredArchive",
    "Usage",
    "VerifyReport",
    "last_verify",
]
