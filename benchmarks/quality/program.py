"""Everything together: what the program answers, from a store of its own that is filled with what was kept."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Mapping, Sequence

import numpy as np
from PIL import Image

from benchmarks.big_store import made_archive
from benchmarks.quality.kept import the_encoder
from benchmarks.quality.methods import RANKED, Answer, Method
from benchmarks.quality.pictures import benchmark_picture
from ras.encoders.base import Encoder
from ras.engine import SearchEngine
from ras.matching import load_extractor
from ras.records import Query, Verdict, finish
from ras.store import EmbeddingStore, Entry, FeatureEntry
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.copies import CopySearch

_AT_ONCE = 1024


class Program(Method):
    """The program's own search in Cached mode. Verdicts are those of its results."""

    name, judges = "everything", True

    def __init__(self, encoder: str) -> None:
        self.kinds = (encoder, "local", "preview")
        self._encoder = encoder
        self._folder = Path(tempfile.mkdtemp(prefix="ras-quality-"))
        self._engine: SearchEngine | None = None
        atexit.register(self._end)

    def index(self, kept: Mapping[str, Sequence[bytes]]) -> None:
        amount = len(kept["local"])
        self._archive = made_archive(amount)
        encoder, features_id = the_encoder(self._encoder), finish(load_extractor()).id
        with EmbeddingStore(self._folder) as store:
            store.register(self._archive)
            for first in range(0, amount, _AT_ONCE):
                entries, features = [], []
                for number in range(first, min(first + _AT_ONCE, amount)):
                    key = self._archive.records[number].key
                    digest = hashlib.sha256(key.encode()).hexdigest()
                    vector = np.frombuffer(kept[self._encoder][number], np.float16)
                    entries.append(Entry(key, digest, vector, kept["preview"][number]))
                    features.append(FeatureEntry(digest, features_id, kept["local"][number]))
                store.add(encoder.id, encoder.dimension, entries, features=features)
        # The first search makes the files of the index, which other processes then find.
        self.search(benchmark_picture("first"))
        self._leave()

    def _end(self) -> None:
        self._leave()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _leave(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def search(self, copy: Image.Image) -> Answer:
        if self._engine is None:  # each process opens the store for itself
            self._engine = _engine(the_encoder(self._encoder), self._folder)
        report = finish(self._engine.search(Query(copy, "copy"), self._archive, "cached", RANKED))
        verdicts = {
            result.place: result.verdict.value for result in report.results if result.verdict != Verdict.UNLIKELY
        }
        return Answer(tuple(result.place for result in report.results), verdicts)


def _engine(encoder: Encoder, folder: Path) -> SearchEngine:
    store = EmbeddingStore(folder)
    copies = CopySearch(encoder, store, finish(load_extractor()))
    return SearchEngine(encoder, {"cached": CachedSearchStrategy(encoder, store, copies=copies)}, store=store)
