"""How time and memory of the inverted file grow with the index: made-up pictures are put beside the real ones."""

from __future__ import annotations

import time
from typing import Iterator, Sequence

import numpy as np
from PIL import Image

from benchmarks.quality.methods import Local, segments_of
from ras.indexing import usable_cores
from ras.matching import inverted
from ras.matching.features import Features
from ras.matching.inverted import InvertedFiles, Segment
from ras.matching.query import QueryFeatures

SIZES = (30_000, 100_000)
"""Pictures of an index, beside the real ones alone."""


def made_up(features: Sequence[Features], amount: int, seed: int = 1) -> Iterator[Segment]:
    """Segments of ``amount`` pictures that have keypoints of real ones, mixed, with signatures by chance.

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
        yield inverted.build(keypoints, [random.bytes(32) for _ in range(size)])
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
        segments += made_up(features, size - have, number)
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
