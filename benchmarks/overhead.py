"""What RAS itself costs a picture, from 1,000 pictures to 100,000: the pipeline and the store without the work in them.

    python -m benchmarks.overhead [--most 100000]

Indexes tiny pictures that lie in memory, all different, with an encoder that does next to nothing. From the processor
time of the process it takes what the same pictures cost in a plain loop on every core: hash, decode, shrink, preview,
encode. What is left is our own: handing over between threads, bookkeeping, transactions. It should be flat and below
0.2 ms.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image

from benchmarks.big_store import made_archive
from ras.encoders.base import Encoder, Picture
from ras.images import decode_shrunk, make_preview
from ras.indexing import fill_store, usable_cores
from ras.records import finish
from ras.store import EmbeddingStore

DIMENSION = 512


class StubEncoder(Encoder):
    """Makes an embedding of a picture's four mean colours, at no cost."""

    id = "stub-1"
    name = "Stub"
    device = "cpu"
    dimension = DIMENSION
    batch_size = 16
    batches_at_once = 64

    def preprocess(self, image: Picture) -> np.ndarray:
        return np.asarray(image.resize((2, 2), Image.Resampling.BOX), np.uint8).reshape(12)

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        embeddings = np.zeros((len(rows), DIMENSION), np.float32)
        embeddings[:, 0] = 1
        return embeddings


def picture(number: int) -> bytes:
    """A whole PNG, and behind its end a number: all differ for the price of one."""
    return _PNG + number.to_bytes(4, "big")


def _png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 90, 30)).save(file, "PNG")
    return file.getvalue()


_PNG = _png()


def work_milliseconds(amount: int) -> float:
    """Processor time a picture of what has to be done with it anyway, in a plain loop on every core."""
    encoder = StubEncoder()

    def loop(numbers: range) -> None:
        for number in numbers:
            data = picture(number)
            hashlib.sha256(data).hexdigest()
            image = decode_shrunk(data, at_least=None)
            encoder.encode_batch(encoder.preprocess(image)[None])
            make_preview(image)

    cores = usable_cores()
    start = time.process_time()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(loop, [range(core, amount, cores) for core in range(cores)]))
    return 1000 * (time.process_time() - start) / amount


def index_milliseconds(amount: int) -> tuple[float, float]:
    """(processor time, wall time) a picture of indexing so many."""
    archive = made_archive(amount)
    numbers = {record.key: number for number, record in enumerate(archive.records)}
    with tempfile.TemporaryDirectory() as folder, EmbeddingStore(Path(folder) / "store") as store:
        processor, wall = time.process_time(), time.perf_counter()
        job = fill_store(
            archive,
            store,
            lambda record: picture(numbers[record.key]),
            StubEncoder(),
            connections=6,
            max_pixels=1_000_000,
        )
        report = finish(job)
        processor, wall = time.process_time() - processor, time.perf_counter() - wall
    assert report.encoded == amount
    return 1000 * processor / amount, 1000 * wall / amount


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=100_000)
    options = parser.parse_args()
    index_milliseconds(200)
    amount = 1000
    while amount <= options.most:
        work = work_milliseconds(min(amount, 10_000))
        processor, wall = index_milliseconds(amount)
        print(f"{amount:9,} pictures: {processor:.3f} ms of processor time each ({wall:.3f} ms wall), ", end="")
        print(f"{work:.3f} ms of it their work, {processor - work:.3f} ms RAS's own", flush=True)
        amount *= 10


if __name__ == "__main__":
    main()
