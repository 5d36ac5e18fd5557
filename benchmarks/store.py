"""What the store costs: its share of indexing, and its size on disk.

    python -m benchmarks.store [--pictures 1000] [--embeddings 100000]

Indexing runs over pictures that are drawn for it, by the fingerprint, which is the quickest encoder: with any other the
store's share is smaller. The share is the time in every call of the store over the time of the whole job.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks.big_store import fill_store_with, made_archive, picture_like
from benchmarks.quality.pictures import procedural_picture
from ras.encoders.fingerprint import FingerprintEncoder
from ras.indexing import fill_store
from ras.records import finish
from ras.store import EmbeddingStore


class TimedStore:
    """A store, and the seconds that were spent in each of its methods."""

    def __init__(self, store: EmbeddingStore) -> None:
        self._store = store
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._store, name)
        if not callable(attribute):
            return attribute

        def timed(*arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return attribute(*arguments, **options)
            finally:
                self.seconds[name] += time.perf_counter() - start

        return timed


def share_of_indexing(folder: Path, amount: int) -> None:
    archive = made_archive(amount)
    files = {}
    for number, record in enumerate(archive.records):
        path = folder / f"{number}.jpg"
        procedural_picture(f"store {number}").save(path, quality=90)
        files[record.key] = path
    with EmbeddingStore(folder / "store") as store:
        timed = TimedStore(store)
        job = fill_store(
            archive,
            timed,  # type: ignore[arg-type]
            lambda record: files[record.key].read_bytes(),
            FingerprintEncoder(),
            connections=6,
            max_pixels=100_000_000,
        )
        start = time.perf_counter()
        report = finish(job)
        seconds = time.perf_counter() - start
        usage = store.usage()
    assert report.indexed == amount
    inside = sum(timed.seconds.values())
    print(f"indexing {amount:,} pictures: {seconds:.1f} s, {amount / seconds:.0f} pictures/s")
    print(f"in the store: {inside:.2f} s, {inside / seconds:.1%} ({1e3 * inside / amount:.2f} ms a picture)")
    print("   " + ", ".join(f"{name} {value:.2f} s" for name, value in sorted(timed.seconds.items())))
    print(f"previews: {usage.preview_bytes / amount:,.0f} bytes each")


def size_on_disk(folder: Path, amount: int) -> None:
    fill_store_with(folder / "store", made_archive(amount), picture_like(amount))
    total = sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())
    print(f"{amount:,} embeddings of 512 numbers, with their records: {total / amount:,.0f} bytes each on disk", end="")
    print(f" (× {total / amount / 1024:.2f} of the bare float16 numbers)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--embeddings", type=int, default=100_000)
    options = parser.parse_args()
    for part, amount in ((share_of_indexing, options.pictures), (size_on_disk, options.embeddings)):
        with tempfile.TemporaryDirectory() as folder:
            part(Path(folder), amount)


if __name__ == "__main__":
    main()
