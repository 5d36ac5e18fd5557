"""What was made of pictures, waiting for a moment to be kept in bulk: little is lost, and little time is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ras.encoders.base import Encoder
    from ras.store import EmbeddingStore, Entry, Failure, FeatureEntry

# What was indexed is committed after this many pictures or seconds: a power cut costs no more than that.
COMMIT_PICTURES = 64
COMMIT_SECONDS = 1.0


class Commits:
    """What waits to be written; written in bulk, and what is left at the end, also when that came early."""

    def __init__(self, store: EmbeddingStore, encoder: Encoder) -> None:
        self._store, self._encoder = store, encoder
        self.entries: list[Entry] = []
        self.failures: list[Failure] = []
        self.features: list[FeatureEntry] = []
        self._last = time.monotonic()

    def when_due(self) -> None:
        waiting = len(self.entries) + len(self.failures) + len(self.features)
        if waiting and (waiting >= COMMIT_PICTURES or time.monotonic() - self._last >= COMMIT_SECONDS):
            self._commit()

    def _commit(self) -> None:
        entries, failures, features = self.entries, self.failures, self.features
        self.entries, self.failures, self.features = [], [], []
        self._store.add(self._encoder.id, self._encoder.dimension, entries, failures, features)
        self._last = time.monotonic()

    def __enter__(self) -> Commits:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if self.entries or self.failures or self.features:
            self._commit()
