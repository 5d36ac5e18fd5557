"""How a query's time grows with the index, and its memory: made-up pictures are put beside the real ones."""

from __future__ import annotations

import time
from typing import Iterator, Mapping, Sequence

import numpy as np
from PIL import Image

from benchmarks.quality import costs
from benchmarks.quality.methods import Local, segments_of
from benchmarks.quality.program import Program
from ras.indexing import usable_cores
from ras.matching import inverted
from ras.matching.features import Features
from ras.matching.inverted import InvertedFiles, Segment
from ras.matching.query import QueryFeatures

SIZES = (30_000, 100_000)
"""Pictures of an index, beside the real ones alone."""


def made_up(features: Sequence[Features], amount: int, seed: int = 1) -> Iterator[tuple[list[Features], Segment]]:
    """Features of ``amount`` pictures that have keypoints of real ones, mixed, with signatures by chance; and segments.

    Words are as frequent as in real pictures, and lists as long; what is looked up in them rarely fits.
    """
    random = np.random.RandomState(seed)
    pool = np.concatenate([one.keypoints for one in features])
    counts = np.array([len(one.keypoints) for one in features])
    while amount > 0:
        size = min(amount, inverted.SEGMENT_PICTURES)
        keypoints = []
        for count in random.choice(counts, size):
            some = pool[random.randint(0, len(pool), count)]
            some["signature"] = np.frombuffer(random.bytes(8 * count), "<u8")
            keypoints.append(some)
        hashes = [random.bytes(32) for _ in range(size)]
        thumbnail = features[0].thumbnail
        made = [Features((512, 512), hash, thumbnail, some) for hash, some in zip(hashes, keypoints)]
        yield made, inverted.build(keypoints, hashes)
        amount -= size


def print_growth(local: Sequence[bytes], copies: Sequence[Image.Image]) -> None:
    """Time what a query costs beside the checks, which do not grow."""
    features = [Features.unpack(data) for data in local]
    segments = segments_of(features)
    have = len(features)
    queries = [QueryFeatures.of(copy) for copy in copies]
    print("\n| pictures | inverted file | ms of looking a query up in it: median, 95th percentile, longest |")
    print("|---|---|---|")
    for number, size in enumerate((have, *SIZES)):
        if size < have:
            continue
        segments += (segment for _, segment in made_up(features, size - have, number))
        have = size
        files = InvertedFiles(segments)
        took = []
        for query in queries:
            start = time.perf_counter()
            files.search(query, Local.checked, threads=usable_cores())
            took.append(1000 * (time.perf_counter() - start))
        times = f"{np.median(took):.0f}, {np.percentile(took, 95):.0f}, {max(took):.0f}"
        memory = sum(array.nbytes for segment in segments for array in vars(segment).values())
        print(f"| {have:,} | {memory / 1e6:.0f} MB | {times} |")


def print_program_growth(encoder: str, kept: Mapping[str, Sequence[bytes]], copies: Sequence[Image.Image]) -> None:
    """Time whole searches by the program, in Cached mode, with the largest index; the store takes some GB for it."""
    program = Program(encoder)
    have, size = len(kept["local"]), SIZES[-1]
    features = [Features.unpack(data) for data in kept["local"]]
    random = np.random.RandomState(2)
    more = [one.pack() for made, _ in made_up(features, size - have) for one in made]
    vectors = random.normal(size=(len(more), len(kept[encoder][0]) // 2)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    grown = {
        "local": [*kept["local"], *more],
        "preview": [*kept["preview"], *(kept["preview"][number % have] for number in range(len(more)))],
        encoder: [*kept[encoder], *(row.tobytes() for row in vectors.astype(np.float16))],
    }
    program.index(grown)
    took = 1000 * np.array(costs.queries(program, copies))
    times = f"{np.median(took):.0f}, {np.percentile(took, 95):.0f}, {took.max():.0f}"
    print(f"\nA whole search with {size:,} pictures: {times} ms (median, 95th percentile, longest)")
