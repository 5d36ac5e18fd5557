"""The values that go into the embedding store and come out of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ras.errors import SkipReason
from ras.records import Channel
from ras.text import count

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Entry:
    """One picture that was indexed."""

    key: str
    """``ImageRecord.key``."""
    content_hash: str
    """SHA-256 of the picture's bytes, hexadecimal."""
    embedding: np.ndarray | None
    """float32 or float16 (dimension,); None where the content has one already, or earlier in the same call."""
    preview: bytes | None
    """A small JPEG or PNG; the first one that a content comes with is kept."""


@dataclass(frozen=True)
class FeatureEntry:
    """The features of one content."""

    content_hash: str
    """SHA-256 of the picture's bytes, hexadecimal."""
    features_id: str
    """``FeatureExtractor.id`` of what made them."""
    data: bytes
    """What ``FeatureExtractor.extract`` gave."""


@dataclass(frozen=True)
class Failure:
    """A picture that could not be indexed, and why."""

    key: str
    reason: SkipReason
    detail: str
    """A sentence for the user."""
    at: float
    """Seconds since 1970."""
    limits: str
    """``Settings.limits`` at that time: under others the picture is worth another try."""


@dataclass(frozen=True)
class StoredArchive:
    """An archive whose records are in the store."""

    id: int
    name: str
    paths: tuple[str, ...]
    """As they were given when it was indexed."""
    pictures: int
    """Its records, whether or not they could be indexed."""
    message_count: int
    channels: tuple[Channel, ...]
    indexed_at: datetime
    """When it was registered last; aware."""


@dataclass(frozen=True)
class Usage:
    """How much is in the store, and how much disk it takes (bytes)."""

    pictures: int
    contents: int
    """Different pictures: sets of bytes."""
    embeddings: dict[str, int]
    """Encoder id → embeddings."""
    embedding_bytes: int
    preview_bytes: int
    """A part of ``facts_bytes``; the room that is left empty in their pages, a tenth or so, comes on top."""
    feature_bytes: int
    """Features, which are a part of ``facts_bytes`` as previews are, and the files of the index over them."""
    facts_bytes: int
    index_bytes: int
    total_bytes: int
    """Everything in the folder, also what was set aside as damaged."""


@dataclass(frozen=True)
class IndexFacts:
    """What the store knows of the FAISS index file of an encoder."""

    file: str
    """Its name in ``EmbeddingStore.indexes_folder``."""
    kind: str
    rows: int
    generation: int
    """The generation of the embeddings that it was made from."""
    size: int
    sha256: str
    mtime_ns: int
    nprobe: int
    contents: np.ndarray
    """int64 (rows,): the content id of each row of the index."""


@dataclass(frozen=True)
class FeatureSegment:
    """What the store knows of one file of the index over features; all of them together are the index."""

    id: int
    """0 where it is new."""
    file: str
    """Its name in ``EmbeddingStore.segments_folder``; see ``SEGMENT_NAME``."""
    rows: int
    """Of the index: for whoever made it."""
    size: int
    sha256: bytes
    contents: np.ndarray
    """int64 (n,): the ids of the contents whose features are in it, each once."""


@dataclass(frozen=True)
class VerifyReport:
    """What ``EmbeddingStore.verify`` found."""

    shards: int
    """Shards that were looked at."""
    damaged: tuple[str, ...]
    """A sentence on each thing that is damaged."""
    lost: int
    """Embeddings that have to be made again: the next indexing of their archives does that."""
    previews: int = 0
    """Previews that were damaged or are missing: it makes them again too, of pictures that can still be had."""

    @property
    def to_make(self) -> str:
        """What the next indexing has to make: ``3 embeddings and 1 preview``; empty where that is nothing."""
        parts = ((self.lost, "embedding"), (self.previews, "preview"))
        return " and ".join(count(number, noun) for number, noun in parts if number)


@dataclass(frozen=True)
class CompactReport:
    """Bytes of the folder before and after ``EmbeddingStore.compact``."""

    before: int
    after: int
