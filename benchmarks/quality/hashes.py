"""The hashes that others search by: pHash of 64 bits, and PDQ of 256 bits as it was published."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)


def phash(image: Image.Image) -> bytes:
    """The 8 × 8 lowest DCT frequencies of the 32 × 32 gray picture, each above their median or not: 8 bytes."""
    gray = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), np.float32)
    basis = np.cos(np.pi * np.arange(8)[:, None] * (np.arange(32) + 0.5) / 32)
    low = (basis @ gray @ basis.T).ravel()
    return np.packbits(low > np.median(low)).tobytes()


def pdq(image: Image.Image) -> bytes:
    """PDQ (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019): 32 bytes."""
    return _bits(_pdq_frequencies(image))


def pdq_dihedral(image: Image.Image) -> list[bytes]:
    """PDQ of the picture as it is, turned by 90, 180, 270 degrees, and the mirror images of those."""
    low = _pdq_frequencies(image)
    signs = np.where(np.arange(16) % 2, 1, -1)  # the odd frequencies, of which row 0 is the first, change their sign
    found = []
    for block in (low, low.T):
        found += [_bits(block * x * y) for x in (1, signs) for y in (1, signs[:, None])]
    return found


def distances(hash: bytes, hashes: np.ndarray) -> np.ndarray:
    """A hash and uint8 (n, bytes) → int64 (n,): in how many bits each differs."""
    different = hashes ^ np.frombuffer(hash, np.uint8)
    found: np.ndarray = _ONES[different].sum(axis=1, dtype=np.int64)
    return found


def _bits(low: np.ndarray) -> bytes:
    return np.packbits((low > np.median(low)).ravel()).tobytes()


def _pdq_frequencies(image: Image.Image) -> np.ndarray:
    """(16, 16): luma, two box filters of a 128th along rows and columns each ("Jarosz"), 64 × 64 of it, its DCT."""
    if max(image.size) > 512:
        image = image.copy()
        image.thumbnail((512, 512))
    luma = np.asarray(image, np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    for _ in range(2):
        luma = _box(_box(luma).T).T
    rows, columns = (((np.arange(64) + 0.5) * length / 64).astype(int) for length in luma.shape)
    basis = _cosines()
    return basis @ luma[rows][:, columns] @ basis.T


def _box(values: np.ndarray) -> np.ndarray:
    """Means along the rows over a 128th of them; at the ends, over what there is."""
    length = values.shape[1]
    window = (length + 127) // 128
    after = (window + 2) // 2
    sums = np.zeros((len(values), length + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    places = np.arange(length)
    last, first = np.minimum(places + after, length), np.maximum(places + after - window, 0)
    return (sums[:, last] - sums[:, first]) / (last - first)


@lru_cache(maxsize=None)
def _cosines() -> np.ndarray:
    angles = np.pi * np.arange(1, 17)[:, None] * (np.arange(64) + 0.5) / 64
    return np.cos(angles) * np.sqrt(2 / 64)
