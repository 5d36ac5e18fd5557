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

BLOCK = 8192
CHANNEL = Channel("20", "general", "10", "Benchmark")
NOON = datetime(2021, 3, 2, 12, tzinfo=timezone.utc)


class Pictures:
    """Embeddings as those of pictures are: groups in groups, near a space of few dimensions, with noise.

    1,500 subjects in 60 topics, of very different size (Zipf); within a subject pictures vary along 24 directions of
    its own, about as far as subjects of one topic are from each other; all of it lies in 160 of the dimensions, with
    falling weight, plus noise in all. Any two have a positive cosine, as with CLIP; see ``described``.
    """

    def __init__(self, dimension: int = 512, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.dimension, self.inner = dimension, min(160, dimension)
        self.basis = np.linalg.qr(random.standard_normal((dimension, self.inner)))[0].T.astype(np.float32)
        self.weight = (1 / np.sqrt(1 + np.arange(self.inner) / 8)).astype(np.float32)
        topics = self._directions(random, 60)
        subjects = self._directions(random, 1500)
        common = self._directions(random, 1)
        self.centres = 0.9 * common + 0.7 * topics[np.arange(1500) % 60] + 0.7 * subjects
        share = 1 / np.arange(1, 1501)
        self.share = share / share.sum()
        self.along = self._directions(random, 1500 * 24).reshape(1500, 24, self.inner)

    def _directions(self, random: np.random.Generator, count: int) -> np.ndarray:
        return unit(random.standard_normal((count, self.inner)).astype(np.float32) * self.weight)

    def draw(self, count: int, seed: int) -> np.ndarray:
        """float32 (count, dimension), each of length 1."""
        random = np.random.default_rng((1, seed))
        subjects = np.sort(random.choice(len(self.centres), count, p=self.share))
        amounts = random.standard_normal((count, 24)).astype(np.float32) / np.float32(np.sqrt(24))
        inner = self.centres[subjects]
        for subject, start, number in zip(*np.unique(subjects, return_index=True, return_counts=True)):
            part = slice(start, start + number)
            inner[part] += amounts[part] @ self.along[subject]
        noise = random.standard_normal((count, self.dimension)).astype(np.float32) / np.float32(np.sqrt(self.dimension))
        rows = unit(unit(inner) @ self.basis + np.float32(0.2) * noise)
        return rows[random.permutation(count)]

    def altered(self, rows: np.ndarray, seed: int) -> np.ndarray:
        """The same pictures, edited: moved by 0.2 to 0.8 within the space of pictures."""
        random = np.random.default_rng((2, seed))
        far = random.uniform(0.2, 0.8, (len(rows), 1)).astype(np.float32)
        return unit(rows + far * self._directions(random, len(rows)) @ self.basis)


class Isotropic(Pictures):
    """Random directions: no groups at all, the worst case of an index by lists."""

    def draw(self, count: int, seed: int) -> np.ndarray:
        random = np.random.default_rng((1, seed))
        return unit(random.standard_normal((count, self.dimension)).astype(np.float32))


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def picture_like(amount: int, pictures: Pictures | None = None) -> np.ndarray:
    """float16 (amount, dimension), each of length 1; block ``n`` is ``pictures.draw(BLOCK, n)``."""
    pictures = pictures or Pictures()
    rows = np.empty((amount, pictures.dimension), np.float16)
    for number, start in enumerate(range(0, amount, BLOCK)):
        part = rows[start : start + BLOCK]
        part[:] = pictures.draw(len(part), number)
    return rows


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
