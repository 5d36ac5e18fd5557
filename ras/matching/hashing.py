"""A perceptual hash of 256 bits, which says whether two pictures look the same as a whole."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image

from ras.matching.codebook import ones

_SIDE = 64
_ORDER = 16


def perceptual_hash(luma: Image.Image) -> bytes:
    """A gray picture ("L") → 32 bytes.

    As PDQ (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019): the picture at
    64 × 64, its DCT frequencies 1 to 16 in both directions, each above their median or not. Not to the bit: it is
    reduced by Pillow's filter instead of two passes of a box.
    """
    return np.packbits(_bits(frequencies(luma)).reshape(-1)).tobytes()


def frequencies(luma: Image.Image) -> np.ndarray:
    """A gray picture → float32 (16, 16), rows by vertical frequency."""
    small = np.asarray(luma.resize((_SIDE, _SIDE), Image.Resampling.HAMMING), np.float32)
    basis = _cosines()
    found: np.ndarray = basis @ small @ basis.T
    return found


def dihedral_hashes(luma: Image.Image) -> list[bytes]:
    """The hashes of the picture as it is, mirrored, and both turned by 90, 180, 270 degrees: as ``WAYS``."""
    found = frequencies(luma)
    return [np.packbits(_bits(_moved(found, way)).reshape(-1)).tobytes() for way in WAYS]


WAYS = tuple(
    (transposed, left_right, top_bottom) for transposed in (0, 1) for left_right in (0, 1) for top_bottom in (0, 1)
)
"""The eight ways to lay a picture: first rows become columns, then left becomes right, then top becomes bottom."""


def _moved(found: np.ndarray, way: tuple[int, int, int]) -> np.ndarray:
    """What the frequencies become where the picture is laid another way: odd ones change their sign when mirrored."""
    transposed, left_right, top_bottom = way
    moved = found.T if transposed else found
    signs = np.where(np.arange(1, _ORDER + 1) % 2, -1, 1)
    if left_right:
        moved = moved * signs
    if top_bottom:
        moved = moved * signs[:, None]
    return moved


def laid(pixels: np.ndarray, way: tuple[int, int, int]) -> np.ndarray:
    """Pixels (h, w, …) laid another way, as in ``WAYS``."""
    transposed, left_right, top_bottom = way
    if transposed:
        pixels = pixels.swapaxes(0, 1)
    if left_right:
        pixels = pixels[:, ::-1]
    return pixels[::-1] if top_bottom else pixels


def distances(hash: bytes, hashes: np.ndarray) -> np.ndarray:
    """A hash and uint8 (n, 32) → int64 (n,): in how many bits each differs."""
    mine = np.frombuffer(hash, np.uint64)
    different = np.bitwise_xor(np.ascontiguousarray(hashes).view(np.uint64).reshape(-1, len(mine)), mine)
    found: np.ndarray = ones(different).sum(axis=1, dtype=np.int64)
    return found


def distance(one: bytes, other: bytes) -> int:
    return bin(int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).count("1")


def _bits(found: np.ndarray) -> np.ndarray:
    bits: np.ndarray = found > np.median(found)
    return bits


@functools.lru_cache(maxsize=None)
def _cosines() -> np.ndarray:
    """(16, 64): rows 1 to 16 of the orthonormal DCT."""
    angles = np.pi * np.arange(1, _ORDER + 1)[:, None] * (np.arange(_SIDE) + 0.5) / _SIDE
    basis: np.ndarray = (np.cos(angles) * np.sqrt(2 / _SIDE)).astype(np.float32)
    return basis
