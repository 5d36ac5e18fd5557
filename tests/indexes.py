"""FAISS index files of made-up rows, without a store."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import numpy as np

from ras.records import finish
from ras.scoring import to_stored
from ras.store import IndexFacts
from ras.strategies.index_build import Sizes, build
from ras.strategies.index_file import write_index
from tests.stores import unit

KINDS = {"Flat": Sizes(), "SQfp16": Sizes(flat=0), "IVF64,SQfp16": Sizes(flat=0, quantised=0)}
"""Sizes by which a small index is of each kind."""


class Rows:
    """Embeddings as an EmbeddingView of the store gives them; contents are numbered from 5."""

    def __init__(self, rows: np.ndarray, block: int = 100) -> None:
        self.rows = to_stored(rows)
        self.dimension = rows.shape[1]
        self.contents = np.arange(len(rows)) + 5
        self.block = block
        self.largest = 0
        """So many rows were handed out at once at most."""

    def blocks(self, rows: np.ndarray | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        numbers = np.arange(len(self.rows)) if rows is None else rows
        for start in range(0, len(numbers), self.block):
            part = numbers[start : start + self.block]
            self.largest = max(self.largest, len(part))
            yield part, self.rows[part]


def written_rows(folder: Path, rows: np.ndarray, sizes: Sizes) -> IndexFacts:
    """An index of these rows in the folder, and what the store would say of it."""
    built = finish(build(Rows(rows), sizes))
    file = write_index(built.index, folder)
    return IndexFacts(
        file.file,
        built.kind,
        len(built.contents),
        1,
        file.size,
        file.sha256,
        file.mtime_ns,
        built.nprobe,
        built.contents,
    )


def written(folder: Path, kind: str = "SQfp16", count: int = 600, dimension: int = 32, seed: int = 0) -> IndexFacts:
    """An index of random rows in the folder."""
    return written_rows(folder, unit(np.random.default_rng(seed), count, dimension), KINDS[kind])
