"""Words and signatures: what a descriptor of 512 bytes is boiled down to so that it can be looked up.

A *word* tells which of 16,384 kinds a descriptor is of: by a product codebook (Jégou, Douze, Schmid, "Product
quantization for nearest neighbor search", 2011) of two halves with 128 centres each. A *signature* of 64 bits tells
apart descriptors of one word (Jégou, Douze, Schmid, "Hamming embedding and weak geometric consistency", 2008).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ras.paths import ASSETS

CENTRES = 128
"""In each half."""
WORDS = CENTRES * CENTRES
DIMENSIONS = 64

CODEBOOK_FILE = ASSETS / "local_features.npz"


class Codebook(NamedTuple):
    """The constants, float32, made by ``python -m benchmarks.quality.train_codebook``."""

    mean: np.ndarray
    """(128,): of descriptors."""
    projection: np.ndarray
    """(128, 64): the principal axes, in an order that shares their variance among the halves."""
    centres: np.ndarray
    """(2, 128, 32): of each half."""
    rotation: np.ndarray
    """(64, 64): turns the 64 numbers before their signs become the signature."""
    thresholds: np.ndarray
    """(64,): what is above them becomes a one."""


@functools.lru_cache(maxsize=None)
def load_codebook(path: Path = CODEBOOK_FILE) -> Codebook:
    with np.load(path, allow_pickle=False) as data:
        return Codebook(*(data[name].astype(np.float32) for name in Codebook._fields))


def reduced(descriptors: np.ndarray, book: Codebook) -> np.ndarray:
    """RootSIFT descriptors (n, 128) → float32 (n, 64)."""
    values: np.ndarray = (descriptors - book.mean) @ book.projection
    return values


def words(values: np.ndarray, book: Codebook, nearest: int = 1) -> np.ndarray:
    """(n, 64) → uint16 (n, nearest): the words that are nearest, the nearest first; ``nearest`` is 4 at most."""
    lengths = (book.centres**2).sum(axis=2)
    halves = values.reshape(len(values), 2, DIMENSIONS // 2).transpose(1, 0, 2)
    far = lengths[:, None] - 2 * halves @ book.centres.transpose(0, 2, 1)
    if nearest == 1:
        best = far.argmin(axis=2)
        found: np.ndarray = (best[0] * CENTRES + best[1]).astype(np.uint16)[:, None]
        return found
    order = np.argsort(far, axis=2)[:, :, :4]
    near = np.take_along_axis(far, order, axis=2)
    together = near[0][:, :, None] + near[1][:, None, :]
    chosen = np.argsort(together.reshape(len(values), 16), axis=1, kind="stable")[:, :nearest]
    first = np.take_along_axis(order[0], chosen // 4, axis=1)
    second = np.take_along_axis(order[1], chosen % 4, axis=1)
    found = (first * CENTRES + second).astype(np.uint16)
    return found


def signatures(values: np.ndarray, book: Codebook) -> np.ndarray:
    """(n, 64) → uint64 (n,)."""
    bits = (values @ book.rotation) > book.thresholds
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").reshape(-1)


def ones_by_sums(values: np.ndarray) -> np.ndarray:
    """``ones`` for NumPy 1: adds up neighbours in place, bits, pairs, fours, then bytes by a multiplication."""
    one, two, four = (np.uint64(mask * 0x0101010101010101) for mask in (0x55, 0x33, 0x0F))
    counted = values - ((values >> np.uint64(1)) & one)
    counted = (counted & two) + ((counted >> np.uint64(2)) & two)
    counted = (counted + (counted >> np.uint64(4))) & four
    with np.errstate(over="ignore"):
        summed: np.ndarray = (counted * np.uint64(0x0101010101010101)) >> np.uint64(56)
    return summed.astype(np.uint8)


if hasattr(np, "bitwise_count"):  # NumPy 2

    def ones(values: np.ndarray) -> np.ndarray:
        """uint64 (…) → uint8 (…): how many bits are set in each."""
        counted: np.ndarray = np.bitwise_count(values)
        return counted

else:
    ones = ones_by_sums
