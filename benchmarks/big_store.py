"""Large stores for benchmarks: made-up records and embeddings that lie as those of pictures do."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from PIL import Image

from ras.encoders.base import Encoder
from ras.records import Archive, Channel, ImageRecord, Query
from ras.store import EmbeddingStore, Entry

BLOCK = 4096
CHANNEL = Channel("20", "general", "10", "Benchmark")
NOON = datetime(2021, 3, 2, 12, tzinfo=timezone.utc)


def picture_like(amount: int, dimension: int = 512, seed: int = 1) -> np.ndarray:
    """float16 (amount, dimension), each of length 1: topics, motifs within them, and pictures around the motifs.

    A mixture of mixtures in a space of few dimensions, with noise in all: embeddings of real pictures are not spread
    evenly either, which is what an inverted file lives from.
    """
    generator = np.random.default_rng(seed)
    inner = min(64, dimension)
    basis = np.linalg.qr(generator.standard_normal((dimension, inner)))[0].T.astype(np.float32)
    topics = generator.standard_normal((max(1, amount // 5000), inner)).astype(np.float32)
    motifs = np.repeat(topics, 50, axis=0)
    motifs += generator.standard_normal(motifs.shape).astype(np.float32) * 0.7
    vectors = np.empty((amount, dimension), np.float16)
    for start in range(0, amount, BLOCK):
        size = min(BLOCK, amount - start)
        low = motifs[generator.integers(len(motifs), size=size)]
        low = low + generator.standard_normal(low.shape).astype(np.float32) * 0.5
        block = low @ basis + generator.standard_normal((size, dimension)).astype(np.float32) * 0.05
        vectors[start : start + size] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return vectors


def made_archive(amount: int) -> Archive:
    """An archive of so many attachments."""
    records = tuple(
        ImageRecord(
            key=f"a:{810000000000000000 + number}",
            message_id=str(820000000000000000 + number),
            attachment_id=str(810000000000000000 + number),
            file_name=f"picture{number}.png",
            url=f"https://cdn.discordapp.com/attachments/20/{810000000000000000 + number}/picture{number}.png"
            f"?ex=66a1b2c3&is=66a06143&hm={hashlib.sha256(str(number).encode()).hexdigest()}&",
            local_path=None,
            file_size=100_000 + number,
            author_id=str(700 + number % 97),
            author=f"Member {number % 97}",
            channel=CHANNEL,
            timestamp=NOON + timedelta(minutes=number),
            content="look at this" if number % 3 else "",
        )
        for number in range(amount)
    )
    return Archive(("benchmark.json",), "benchmark", (CHANNEL,), amount, records)


def fill_store_with(
    folder: Path, archive: Archive, vectors: np.ndarray, encoder_id: str = "given-1", preview: bytes | None = None
) -> None:
    """A store with the archive, its pictures embedded as the vectors say. ``preview`` is the same for all."""
    with EmbeddingStore(folder) as store:
        store.register(archive)
        for start in range(0, len(vectors), BLOCK):
            entries = [
                Entry(record.key, hashlib.sha256(record.key.encode()).hexdigest(), vector, preview)
                for record, vector in zip(archive.records[start : start + BLOCK], vectors[start : start + BLOCK])
            ]
            store.add(encoder_id, vectors.shape[1], entries)


class GivenEncoder(Encoder):
    """An encoder whose queries' embeddings are given: it costs nothing, so that only the search is measured."""

    id = "given-1"
    name = "Given"
    device = "cpu"
    batch_size = 16

    def __init__(self, dimension: int = 512) -> None:
        self.dimension = dimension
        self._given: dict[int, np.ndarray] = {}

    def query(self, *views: np.ndarray) -> Query:
        """The query whose embeddings are these (dimension,) views."""
        image = Image.new("RGB", (1, 1))
        self._given[id(image)] = np.stack(views).astype(np.float32)
        return Query(image, "given")

    def encode_query(self, image: Image.Image) -> np.ndarray:
        return self._given[id(image)]

    def preprocess(self, image: Image.Image) -> np.ndarray:
        return np.zeros(1, np.float32)

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        return np.tile(np.eye(1, self.dimension, dtype=np.float32), (len(rows), 1))
