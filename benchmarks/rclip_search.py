"""Cached search against the search step of rclip 3.3, its own code, over the same embeddings.

    python -m benchmarks.rclip_search [--pictures 100000]

Needs ``pip install --no-deps rclip==3.3.0`` (Python 3.11 or newer) in RAS's environment. Both sides get the query's
embedding for nothing, so that only the search is measured: for rclip reading the vectors from its SQLite database, the
product and its sort; for RAS the whole ``CachedSearchStrategy.search``, results with records and previews included.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.big_store import GivenEncoder, fill_store_with, made_archive, picture_like
from ras.filters import Filter
from ras.records import finish
from ras.store import EmbeddingStore
from ras.strategies.cached import CachedSearchStrategy

TOP_K = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=5)
    options = parser.parse_args()
    vectors = picture_like(options.pictures)
    generator = np.random.default_rng(2)
    queries = []
    for place in generator.integers(len(vectors), size=options.queries):
        noisy = vectors[place].astype(np.float32) + generator.normal(0, 0.01, vectors.shape[1]).astype(np.float32)
        queries.append(noisy / np.linalg.norm(noisy))
    with tempfile.TemporaryDirectory() as folder:
        theirs = rclip_seconds(Path(folder), vectors, queries)
        ours, first = ras_seconds(Path(folder), vectors, queries)
    print(f"{options.pictures:,} pictures, top {TOP_K}, median of {options.queries} queries")
    print(f"rclip's search step   {theirs * 1e3:8.0f} ms")
    print(f"RAS, Cached           {ours * 1e3:8.0f} ms   (the first search after opening: {first * 1e3:.0f} ms)")
    print(f"ratio                 {theirs / ours:8.1f}")


def rclip_seconds(folder: Path, vectors: np.ndarray, queries: list[np.ndarray]) -> float:
    try:
        from rclip import db, model
        from rclip.main import RClip
    except ImportError as exc:
        sys.exit(f"rclip is missing ({exc}): pip install --no-deps rclip==3.3.0")

    class GivenModel(model.Model):
        """rclip's model, but the query's vector is given."""

        given = np.zeros(0, np.float32)

        def compute_features_for_queries(self, queries: list[str]) -> np.ndarray:
            return self.given if queries else np.zeros(self.VECTOR_SIZE, np.float32)

    database = db.DB(folder / "rclip.sqlite3")
    for number, vector in enumerate(vectors):
        image = db.NewImage(
            filepath=f"/pictures/{number}.png",
            modified_at=0.0,
            size=number,
            vector=vector.astype(np.float32).tobytes(),
            hash=f"{number:064x}",
        )
        database.upsert_image(image, commit=False)
    database.commit()
    given = GivenModel()
    search = RClip(given, database, 8, None)
    seconds = []
    for query in queries:
        given.given = query
        start = time.perf_counter()
        found = search.search("a query", "/pictures", TOP_K)
        seconds.append(time.perf_counter() - start)
        assert len(found) == TOP_K
    database.close()
    return statistics.median(seconds)


def ras_seconds(folder: Path, vectors: np.ndarray, queries: list[np.ndarray]) -> tuple[float, float]:
    """(median of the warm searches, the first one)."""
    archive = made_archive(len(vectors))
    fill_store_with(folder / "store", archive, vectors)
    encoder = GivenEncoder(vectors.shape[1])
    with EmbeddingStore(folder / "store") as store:
        strategy = CachedSearchStrategy(encoder, store)
        seconds = []
        for query in (queries[0], *queries):
            start = time.perf_counter()
            reports = finish(strategy.search([encoder.query(query)], archive, TOP_K, Filter()))
            seconds.append(time.perf_counter() - start)
            assert len(reports[0].results) == TOP_K
        strategy.close()
    return statistics.median(seconds[1:]), seconds[0]


if __name__ == "__main__":
    main()
