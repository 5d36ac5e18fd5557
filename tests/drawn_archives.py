"""Pictures drawn by code, an archive of them that is indexed with features, and altered copies to search for."""

from __future__ import annotations

import functools
import hashlib
import io
from pathlib import Path
from random import Random
from typing import Sequence

import numpy as np
from PIL import Image

from benchmarks.quality.pictures import KINDS
from benchmarks.quality.transforms import apply
from ras.downloader import Downloader
from ras.encoders.base import Encoder
from ras.encoders.fingerprint import FingerprintEncoder
from ras.images import make_preview
from ras.indexing import fill_store
from ras.matching import FeatureExtractor, Features
from ras.matching.features import KEYPOINT
from ras.matching.local import LocalExtractor
from ras.records import Archive, ImageRecord, Query, finish
from ras.settings import Settings
from ras.store import EmbeddingStore, Entry, FeatureEntry
from tests.pictures import archive, local_record

MAX_PIXELS = 4_000_000


@functools.lru_cache(maxsize=64)
def drawn(number: int) -> Image.Image:
    """A scene with things in it: the same for the same number. Not to be drawn on."""
    return KINDS["photo"](Random(f"copies/{number}"), (400, 300))


def file_of(image: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def query_of(data: bytes, name: str = "query") -> Query:
    """A query that came from this file."""
    with Image.open(io.BytesIO(data)) as image:
        return Query(image.convert("RGB"), name, hashlib.sha256(data).hexdigest())


def altered(how: str, number: int, others: Sequence[int] = (901, 902, 903)) -> Query:
    """A copy of a drawn picture; ``how`` is one of ``benchmarks.quality.transforms``, ``others`` stand around it."""
    return Query(apply(how, drawn(number), [drawn(other) for other in others], "copies"), how)


def drawn_archive(folder: Path, numbers: Sequence[int], **about: object) -> Archive:
    """A record for each of the numbers, as often as it is there: the picture that is drawn for it."""
    files = {number: file_of(drawn(number)) for number in set(numbers)}
    return archive([local_record(folder, place, files[number], **about) for place, number in enumerate(numbers)])


def index(whole: Archive, store: EmbeddingStore, encoder: Encoder, extractor: FeatureExtractor | None) -> None:
    with Downloader(Settings()) as downloader:
        finish(
            fill_store(
                whole, store, downloader.fetch, encoder, connections=4, max_pixels=MAX_PIXELS, extractor=extractor
            )
        )


class Made:
    """What the store keeps of a picture, made once; to be put into stores as often as a test likes."""

    def __init__(self, image: Image.Image) -> None:
        extractor = LocalExtractor()
        self.features = Features.unpack(extractor.extract(extractor.reduced(image)))
        self.embedding = FingerprintEncoder().encode_images([image])[0]
        self.preview = make_preview(image)


def made_up(chance: np.random.Generator, keypoints: int = 40) -> Features:
    """Features of no picture: keypoints that are like no others'."""
    some = np.zeros(keypoints, KEYPOINT)
    some["word"] = chance.integers(0, 16384, keypoints)
    some["signature"] = chance.integers(0, 1 << 63, keypoints, np.uint64)
    for axis in ("x", "y"):
        some[axis] = chance.integers(0, 10_000, keypoints)
    return Features((400, 300), chance.bytes(32), np.zeros((32, 32, 3), np.uint8), some)


def put(
    store: EmbeddingStore,
    encoder: Encoder,
    records: Sequence[ImageRecord],
    embeddings: Sequence[np.ndarray],
    features: Sequence[Features | bytes | None],
    preview: bytes | None = None,
) -> None:
    """A content of its own for each record, named for its key, with what is given for it."""
    hashes = [hashlib.sha256(record.key.encode()).hexdigest() for record in records]
    entries = [Entry(record.key, hash, row, preview) for record, hash, row in zip(records, hashes, embeddings)]
    described = [
        FeatureEntry(hash, LocalExtractor.id, one.pack() if isinstance(one, Features) else one)
        for hash, one in zip(hashes, features)
        if one is not None
    ]
    store.add(encoder.id, encoder.dimension, entries, features=described)
