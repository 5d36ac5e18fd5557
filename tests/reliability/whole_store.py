"""A store with everything that a store can have, all that can be read out of it, and indexing that repairs it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import shutil
from pathlib import Path
from typing import Any, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np
from PIL import Image

from ras.encoders.fingerprint import FingerprintEncoder
from ras.errors import SkipReason
from ras.filters import EVERYTHING
from ras.matching import Features, QueryFeatures, inverted
from ras.matching.local import LocalExtractor
from ras.records import Archive, Job, Notice, Query, SearchReport
from ras.store import EmbeddingStore, Entry, Failure, FeatureEntry, filling, rewriting
from ras.strategies.base import SearchStrategy
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.copies import CopySearch
from ras.strategies.faiss_index import FAISSSearchStrategy
from tests.drawn_archives import Made, altered, drawn, made_up
from tests.pictures import archive, record
from tests.stores import unit

PICTURES = 36
SHARD_ROWS = 8
SEGMENT_PICTURES = 12
TOP = 8


class RememberingEncoder(FingerprintEncoder):
    """Encodes each query once: what hundreds of trials have in common."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[int, np.ndarray] = {}

    def encode_query(self, image: Image.Image) -> np.ndarray:
        if id(image) not in self._known:
            self._known[id(image)] = super().encode_query(image)
        return self._known[id(image)]


ENCODER = RememberingEncoder()

Ranking = List[List[Tuple[str, float, str]]]
"""For each query: (key, score, verdict) of its results, the best first."""


class Kept(NamedTuple):
    """What indexing makes of one picture."""

    entry: Entry
    features: FeatureEntry


class Contents(NamedTuple):
    """All that a store gives out of an archive, by keys and hashes and not by ids, which may differ."""

    records: tuple[object, ...]
    contents: dict[str, str]
    """Key → content hash."""
    rows: dict[str, bytes]
    previews: dict[str, bytes]
    features: dict[str, bytes]
    failures: dict[str, Failure]


@contextlib.contextmanager
def small_files() -> Iterator[None]:
    """Shards and segments of a few rows, so that a small store has several; each query is described once."""
    before = filling.SHARD_ROWS, rewriting.SHARD_ROWS, rewriting._SMALL, inverted.SEGMENT_PICTURES
    describe, QueryFeatures.of = QueryFeatures.of, _described  # type: ignore[method-assign]
    filling.SHARD_ROWS = rewriting.SHARD_ROWS = SHARD_ROWS
    rewriting._SMALL, inverted.SEGMENT_PICTURES = SHARD_ROWS // 2, SEGMENT_PICTURES
    try:
        yield
    finally:
        QueryFeatures.of = describe  # type: ignore[method-assign]
        filling.SHARD_ROWS, rewriting.SHARD_ROWS, rewriting._SMALL, inverted.SEGMENT_PICTURES = before


_describe = QueryFeatures.of
_known: dict[int, QueryFeatures] = {}


def _described(image: Image.Image, *rest: Any) -> QueryFeatures:
    if id(image) not in _known:
        _known[id(image)] = _describe(image, *rest)
    return _known[id(image)]


def archive_of(first: int = 0, pictures: int = PICTURES) -> Archive:
    """Its last picture cannot be had."""
    numbers = [*range(first, first + pictures), first + PICTURES]
    return archive([record(number, content=f"message {number}") for number in numbers], f"/exports/{first}.json")


@functools.lru_cache(maxsize=None)
def kept() -> dict[str, Kept]:
    """Key → what is kept of the picture, drawn and described once."""
    made = [Made(drawn(number)) for number in range(PICTURES)]
    return {f"a:{number}": _kept(number, one.embedding, one.features, one.preview) for number, one in enumerate(made)}


@functools.lru_cache(maxsize=None)
def kept_elsewhere() -> dict[str, Kept]:
    """The same for the archive of another store: made up."""
    chance = np.random.default_rng(5)
    rows = unit(chance, PICTURES, ENCODER.dimension)
    return {
        f"a:{1000 + number}": _kept(1000 + number, rows[number], made_up(chance), b"preview %d" % number * 50)
        for number in range(PICTURES)
    }


def _kept(number: int, embedding: np.ndarray, features: Features, preview: bytes | None) -> Kept:
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    entry = Entry(f"a:{number}", digest, embedding, preview)
    return Kept(entry, FeatureEntry(digest, LocalExtractor.id, features.pack()))


def failure_of(whole: Archive) -> Failure:
    return Failure(whole.records[-1].key, SkipReason.GONE, "Discord does not have it any more.", 1.7e9, "")


def index(store: EmbeddingStore, whole: Archive, kept: dict[str, Kept], at_once: int = 3) -> int:
    """What indexing does: whatever the store lacks comes into it. → how many pictures had to be encoded."""
    store.register(whole)
    records = whole.records[:-1]
    there = store.contents_of(records, ENCODER.id) >= 0
    missing = [kept[one.key] for one, has in zip(records, there) if not has]
    for start in range(0, len(missing), at_once):
        part = missing[start : start + at_once]
        store.add(ENCODER.id, ENCODER.dimension, [one.entry for one in part], features=[one.features for one in part])
    lacking = store.lacking_features(records, ENCODER.id, LocalExtractor.id)
    late = [kept[one.key].features for one, lacks in zip(records, lacking) if lacks]
    unseen = store.lacking_previews(records, ENCODER.id, again=True)
    entries = [kept[one.key].entry for one, lacks in zip(records, unseen) if lacks]
    store.add_previews({entry.content_hash: entry.preview or b"" for entry in entries})
    failed = failure_of(whole)
    if late or store.failures([failed.key]) != {failed.key: failed}:
        store.add(ENCODER.id, ENCODER.dimension, [], [failed], late)
    return len(missing)


def make(folder: Path, first: int = 0, unclosed: Path | None = None) -> None:
    """A store of the archive, searched once by every mode, so that it has all its files.

    In ``unclosed``, what of it is on the disk when a program ends at once: the last half stands only in SQLite's log.
    """
    whole, known = archive_of(first), kept_elsewhere() if first else kept()
    with small_files():
        with EmbeddingStore(folder) as store:
            index(store, archive_of(first, PICTURES // 2), known)
        with EmbeddingStore(folder) as store:
            store._facts.connection.execute("PRAGMA wal_autocheckpoint = 0")
            index(store, whole, known)
            rank(store, whole, [])
            if unclosed is not None:
                shutil.copytree(folder, unclosed)


@functools.lru_cache(maxsize=None)
def queries() -> tuple[Query, ...]:
    return altered("crop to 50 % of area", 3), altered("JPEG q30", 17), Query(drawn(200), "of none")


def rank(store: EmbeddingStore, whole: Archive, said: list[str]) -> dict[str, Ranking]:
    """Mode → the rankings of all queries; what the search says goes into ``said``. Raises RASError."""
    found: dict[str, Ranking] = {}
    for strategy in (
        FAISSSearchStrategy(ENCODER, store, copies=CopySearch(ENCODER, store, LocalExtractor())),
        CachedSearchStrategy(ENCODER, store, copies=CopySearch(ENCODER, store, LocalExtractor())),
    ):
        try:
            found[strategy.mode] = _ranked(strategy, whole, said)
        finally:
            if isinstance(strategy, FAISSSearchStrategy):
                strategy.close()
    return found


def _ranked(strategy: SearchStrategy, whole: Archive, said: list[str]) -> Ranking:
    reports = heard(strategy.search(queries(), whole, TOP, EVERYTHING), said)
    if any(report.not_indexed for report in reports):
        said.append(f"{reports[0].not_indexed} pictures are not indexed.")
    return [[(one.record.key, one.score, one.verdict.value) for one in report.results] for report in reports]


def heard(job: Job[Sequence[SearchReport]], said: list[str]) -> Sequence[SearchReport]:
    while True:
        try:
            event = next(job)
        except StopIteration as stop:
            reports: Sequence[SearchReport] = stop.value
            return reports
        if isinstance(event, Notice):
            said.append(event.text)


def contents(store: EmbeddingStore, whole: Archive) -> Contents:
    """Raises StoreError and StaleView."""
    stored = store.find(whole.paths)
    records: tuple[object, ...] = () if stored is None else tuple(store.load([stored.id]).records)
    ids = store.contents_of(whole.records, ENCODER.id)
    hashes = store.content_hashes([id for id in ids.tolist() if id >= 0])
    view = store.view(ENCODER.id)
    rows = {
        hashes[int(view.contents[number])]: row.tobytes()
        for numbers, block in view.blocks()
        for number, row in zip(numbers.tolist(), block)
        if int(view.contents[number]) in hashes
    }
    return Contents(
        records,
        {one.key: hashes.get(id, "") for one, id in zip(whole.records, ids.tolist()) if id >= 0},
        rows,
        {hashes[id]: data for id, data in store.previews(list(hashes)).items()},
        {hashes[id]: data for id, data in store.features(list(hashes), LocalExtractor.id).items()},
        store.failures([one.key for one in whole.records]),
    )
