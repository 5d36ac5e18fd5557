"""Embedding stores with embeddings that were made up, and an encoder that knows them."""

from __future__ import annotations

import hashlib
from typing import Sequence

import numpy as np
from PIL import Image

from ras.encoders.base import Encoder
from ras.records import Archive, ImageRecord, Query
from ras.store import EmbeddingStore, Entry


class GivenEncoder(Encoder):
    """Encodes the picture ``query(n)`` as the n-th of the embeddings that it was given, each (views, dimension)."""

    id = "given-1"
    name = "Given"
    device = "cpu"
    batch_size = 4

    def __init__(self, *embeddings: np.ndarray) -> None:
        self.embeddings = [np.atleast_2d(np.asarray(one, np.float32)) for one in embeddings]
        self.dimension = self.embeddings[0].shape[1]

    def encode_query(self, image: Image.Image) -> np.ndarray:
        return self.embeddings[image.width - 1]

    def preprocess(self, image: Image.Image) -> np.ndarray:
        raise AssertionError("A search of the store encodes nothing but the query.")

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        raise AssertionError("A search of the store encodes nothing but the query.")


def query(number: int = 0) -> Query:
    return Query(Image.new("RGB", (number + 1, 1)), f"query {number}")


def unit(chance: np.random.Generator, count: int, dimension: int) -> np.ndarray:
    """Random float32 (count, dimension) of length 1."""
    vectors = chance.standard_normal((count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def content_hash(name: object) -> str:
    return hashlib.sha256(repr(name).encode()).hexdigest()


def entries(records: Sequence[ImageRecord], embeddings: np.ndarray, names: Sequence[object] = ()) -> list[Entry]:
    """An entry for each record; records with one name have one content, of the first one's embedding."""
    names = names or [record.key for record in records]
    seen: set[object] = set()
    made = []
    for record, embedding, name in zip(records, embeddings, names):
        preview = f"preview of {name}".encode()
        made.append(Entry(record.key, content_hash(name), None if name in seen else embedding, preview))
        seen.add(name)
    return made


def fill(
    store: EmbeddingStore, encoder: Encoder, archive: Archive, embeddings: np.ndarray, names: Sequence[object] = ()
) -> None:
    """Bring the archive, with an embedding for each of its records, into the store."""
    store.register(archive)
    store.add(encoder.id, encoder.dimension, entries(archive.records, embeddings, names))
