"""What methods cost: time to make what they keep of a picture, its bytes, and time of a query."""

from __future__ import annotations

import time
from typing import Mapping, Sequence

import numpy as np
from PIL import Image

from benchmarks.quality.kept import MAKERS
from benchmarks.quality.methods import Method


def print_costs(
    methods: Sequence[Method],
    kept: Mapping[str, Sequence[bytes]],
    pictures: Sequence[Image.Image],
    copies: Sequence[Image.Image],
) -> None:
    """``pictures``: to time what is kept of them. ``copies``: to time queries."""
    amount = len(next(iter(kept.values())))
    print(f"\nCosts with {amount} pictures in the index\n")
    print("| kept of each picture | ms of processor time to make it | bytes |")
    print("|---|---|---|")
    for kind, values in kept.items():
        print(f"| {kind} | {1000 * making(kind, pictures):.1f} | {np.mean([len(value) for value in values]):,.0f} |")
    print("\n| method | ms a query: median, 95th percentile, longest |")
    print("|---|---|")
    for method in methods:
        took = 1000 * np.array(queries(method, copies))
        print(f"| {method.name} | {np.median(took):.0f}, {np.percentile(took, 95):.0f}, {took.max():.0f} |")


def making(kind: str, pictures: Sequence[Image.Image]) -> float:
    """Seconds of processor time, of all threads, for a picture that is decoded and at most 640 pixels wide and high."""
    make = MAKERS[kind]
    make(pictures[0])
    start = time.process_time()
    for picture in pictures:
        make(picture)
    return (time.process_time() - start) / len(pictures)


def queries(method: Method, copies: Sequence[Image.Image]) -> list[float]:
    """Seconds of each search, one after the other, with all the cores for itself."""
    method.search(copies[0])
    took = []
    for copy in copies:
        start = time.perf_counter()
        method.search(copy)
        took.append(time.perf_counter() - start)
    return took
