"""The encoder that every machine has: edges, their local patterns and colours of a picture, with numpy and Pillow only.

An embedding is five parts side by side, each weighted by its worth (see ``benchmarks/quality``):

- *patterns*: what the surroundings of some 270 places look like, wherever they are; this part survives crops and
  screenshots. A vector of locally aggregated descriptors (Jégou et al. 2010) over a fixed grid instead of keypoints;
- *layout*: which edges are where, coarsely (a histogram of oriented gradients, as low spatial frequencies);
- *colour* and *light*: the low frequencies of chroma and luma;
- *plainness*: what a picture without edges consists of, so that blank pictures resemble blank pictures only.

No part has the mean that all pictures share: unrelated pictures score near 0. All of it is computed on the picture
without its plain border, squeezed to a square.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ras.encoders.base import Encoder, Picture
from ras.paths import ASSETS

SIDE = 128
CELLS = 32
BINS = 8
SCALES = (2, 4)
"""A pattern is 4 × 4 squares of this many cells."""
WEIGHTS = {"patterns": 1.0, "layout": 0.6, "colour": 0.4, "light": 0.2, "plainness": 0.15}

SHARING = 0.01
"""How much nearer (half a squared distance) a word must be to have e times the share of a place."""

WORDS_FILE = ASSETS / "fingerprint_words.npz"


class FingerprintEncoder(Encoder):
    """Finds copies that were resized, recompressed, recoloured, framed, cropped a little, mirrored or turned."""

    id = "fingerprint-2"
    name = "Fingerprint"
    device = "cpu"
    dimension = 512
    batch_size = 16
    batches_at_once = 64  # as many as there are cores: NumPy calculates without the interpreter's lock
    # Embeddings of pictures that were reduced to this have a cosine above 0.9995 to those of the whole ones.
    decode_side = 4 * 2 * SIDE
    # Of queries whose picture was not among 10,000, 1 % found another with more; of altered copies two thirds have it.
    convincing = 0.55

    def preprocess(self, image: Picture) -> np.ndarray:
        """RGB picture → uint8 (128, 128, 3), YCbCr, without its border."""
        image = _reduced(image)
        square = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=content_box(image))
        return np.asarray(square.convert("YCbCr"))

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        """uint8 (n, 128, 128, 3) → float32 (n, 512)."""
        pixels = np.ascontiguousarray(np.moveaxis(rows, 3, 1), np.float32)
        luma, chroma = pixels[:, 0], pixels[:, 1:] - 128
        cells = edge_cells(luma)
        coarse = cells.reshape(len(rows), BINS, CELLS // 2, 2, CELLS // 2, 2).mean(axis=(3, 5))
        light = _frequencies(luma, 6)
        # Parts are brought to one length, which would blow the noise of a blank picture up into a pattern.
        energy = (coarse.sum(axis=1) ** 2).mean(axis=(1, 2))[:, None]
        structure = energy / (energy + 4)
        parts = {
            "patterns": structure * _patterns(cells),
            "layout": structure * _layout(coarse),
            "colour": _unit(_root(_frequencies(chroma, 6)).reshape(len(rows), -1), 500),
            "light": _unit(_root(light[:, 1:]), 500),
            "plainness": np.stack([np.ones(len(rows), np.float32), light[:, 0] / (64 * SIDE) - 2], axis=1),
        }
        return _unit(np.concatenate([WEIGHTS[name] * part for name, part in parts.items()], axis=1), 0)

    def query_views(self, image: Image.Image) -> list[Image.Image]:
        """The picture, its mirror image, and the picture turned by 90, 180 and 270 degrees; all reduced."""
        turn = Image.Transpose
        turns = (turn.FLIP_LEFT_RIGHT, turn.ROTATE_90, turn.ROTATE_180, turn.ROTATE_270)
        small = _reduced(image)
        return [small, *(small.transpose(way) for way in turns)]


def _reduced(picture: Picture) -> Image.Image:
    """The picture, at most 2 · SIDE wide and high; one that was reduced before stays as it is."""
    width, height = picture.size
    scale = min(1.0, 2 * SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Not BOX, which takes each pixel wholly or not at all, others at another size of the same picture.
    return picture.resize(size, Image.Resampling.HAMMING, reducing_gap=3.0)


def content_box(image: Image.Image) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of an RGB picture without its plain borders and bars; all of it if in doubt.

    A border is at least two lines of one colour that end at once: a sky that fades into a scene has no such end, and
    would be cut elsewhere in each copy. The limits grow with the picture's contrast, so that a paler copy is cut alike.
    """
    width, height = min(SIDE, image.width), min(SIDE, image.height)
    small = image.resize((width, height), Image.Resampling.BOX)
    pixels = np.stack([np.asarray(band, np.float32) for band in small.split()])
    contrast = float(pixels.std(axis=(1, 2)).max())
    left, top, right, bottom = 0, 0, width, height
    for _ in range(2):  # a letterboxed picture can have a border of its own
        inner = pixels[:, top:bottom, left:right]
        above, below = _plain_lines(inner, contrast)
        before, after = _plain_lines(inner.transpose(0, 2, 1), contrast)
        if not (above or below or before or after):
            break
        left, top, right, bottom = left + before, top + above, right - after, bottom - below
        if right - left < 10 or bottom - top < 10 or (right - left) * (bottom - top) < 0.1 * width * height:
            return 0, 0, image.width, image.height
    x, y = image.width / width, image.height / height
    return left * x, top * y, right * x, bottom * y


def _plain_lines(bands: np.ndarray, contrast: float) -> tuple[int, int]:
    """(3, lines, pixels) → how many lines at the start and at the end are border."""
    mean = bands.mean(axis=2)
    spread = np.abs(bands - mean[:, :, None]).mean(axis=2).mean(axis=0)
    counts = []
    for colours, spreads in ((mean, spread), (mean[:, ::-1], spread[::-1])):
        unlike = np.abs(colours - colours[:, :1]).max(axis=0) + spreads
        inside = np.flatnonzero(unlike > 2 + 0.1 * contrast)
        count = int(inside[0]) if inside.size else 0
        ends_at_once = count >= 2 and unlike[count : count + 3].max() >= 0.4 * contrast
        counts.append(count if ends_at_once else 0)
    return counts[0], counts[1]


def edge_cells(luma: np.ndarray) -> np.ndarray:
    """float32 (n, SIDE, SIDE) → (n, BINS, CELLS, CELLS): how strong the edges of each direction are in each cell.

    An edge from dark to light and its negative have the same direction. Cells are triangular windows that overlap.
    """
    for axis in (1, 2):
        luma = _smooth(luma, axis)
    dx, dy = np.zeros_like(luma), np.zeros_like(luma)
    dx[:, :, 1:-1] = luma[:, :, 2:] - luma[:, :, :-2]
    dy[:, 1:-1] = luma[:, 2:] - luma[:, :-2]
    strength = np.sqrt(dx * dx + dy * dy) + 1e-6
    cosine, sine = (dx * dx - dy * dy) / strength, 2 * dx * dy / strength  # of twice the angle
    window = _triangles(CELLS)
    turns = np.arange(BINS) * (2 * np.pi / BINS)
    maps = (np.maximum(np.float32(np.cos(t)) * cosine + np.float32(np.sin(t)) * sine, 0) for t in turns)
    return np.stack([window @ edges @ window.T for edges in maps], axis=1)


def descriptors(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edge cells (n, BINS, CELLS, CELLS) → descriptors (n, places, 16 · BINS), edge strength there (n, places)."""
    blocks = []
    for step in SCALES:
        count = cells.shape[-1] - step + 1
        wide = cells
        for axis in (2, 3):
            wide = np.stack([np.take(wide, range(i, i + count), axis) for i in range(step)]).mean(axis=0)
        places = np.arange(0, count - 3 * step, 2)
        windows = [wide[:, :, y * step + places][:, :, :, x * step + places] for y in range(4) for x in range(4)]
        blocks.append(np.stack(windows, axis=1).reshape(len(cells), 16 * BINS, -1).transpose(0, 2, 1))
    values = np.concatenate(blocks, axis=1)
    strength = values.sum(axis=2) / 16
    return np.sqrt(values / (16 * (strength + 2))[..., None]), strength


class Words(NamedTuple):
    """The constants of the patterns, float32, made by ``python -m benchmarks.quality.train_words``."""

    mean: np.ndarray
    """(16 · BINS,): of the descriptors."""
    projection: np.ndarray
    """(16 · BINS, d)."""
    centres: np.ndarray
    """(k, d): typical patterns."""
    signs: np.ndarray
    """(k · d, 336) of ±1: a random projection, which keeps angles well enough and needs no training."""


@functools.lru_cache(maxsize=None)
def load_words(path: Path = WORDS_FILE) -> Words:
    with np.load(path, allow_pickle=False) as data:
        mean, projection, centres = (data[name].astype(np.float32) for name in ("mean", "projection", "centres"))
        signs = np.unpackbits(data["signs"]).reshape(centres.size, -1).astype(np.float32) * 2 - 1
    return Words(mean, projection, centres, signs)


def _patterns(cells: np.ndarray) -> np.ndarray:
    words = load_words()
    values, strength = descriptors(cells)
    reduced = (values - words.mean) @ words.projection
    nearness = reduced @ words.centres.T - 0.5 * (words.centres**2).sum(axis=1)
    # Between words that are about as near a place is shared: else the least noise would move it from one to another.
    shares = np.exp((nearness - nearness.max(axis=2, keepdims=True)) / np.float32(SHARING))
    # Places without edges say nothing: their word is noise.
    shares *= ((strength / (strength + 3)) / shares.sum(axis=2))[..., None]
    belongs = shares.transpose(0, 2, 1)
    sums = belongs @ reduced - belongs.sum(axis=2, keepdims=True) * words.centres
    spread = _root(_unit(sums, 1).reshape(len(cells), -1))
    # Row by row: a product of all rows rounds by how many there are, and a picture has one embedding in any batch.
    return _unit((_unit(spread, 0)[:, None] @ words.signs)[:, 0], 0)


def _layout(cells: np.ndarray) -> np.ndarray:
    """Shares of the directions in each of 16 × 16 cells, as spatial frequencies without the mean."""
    near = cells.sum(axis=1)
    for axis in (1, 2):
        near = _smooth(near, axis)
    typical = near.mean(axis=(1, 2), keepdims=True)
    shares = np.sqrt(cells / (near + 0.3 * typical + 4)[:, None])
    return _unit(_frequencies(shares, 5)[:, :, 1:].reshape(len(cells), -1), 1)


def _smooth(maps: np.ndarray, axis: int) -> np.ndarray:
    smoothed: np.ndarray = 0.25 * np.roll(maps, 1, axis) + 0.5 * maps + 0.25 * np.roll(maps, -1, axis)
    return smoothed


@functools.lru_cache(maxsize=None)
def _triangles(count: int) -> np.ndarray:
    """(count, SIDE): overlapping triangular windows, each of sum 1."""
    centres = (np.arange(count) + 0.5) * SIDE / count
    distance = np.abs(np.arange(SIDE) + 0.5 - centres[:, None]) * count / SIDE
    weights: np.ndarray = np.maximum(0, 1 - distance).astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


@functools.lru_cache(maxsize=None)
def _cosines(count: int, side: int) -> np.ndarray:
    """(count, side): the first rows of the orthonormal DCT."""
    angles = np.pi * np.arange(count)[:, None] * (np.arange(side) + 0.5) / side
    basis: np.ndarray = (np.cos(angles) * np.sqrt(2 / side)).astype(np.float32)
    basis[0] /= np.float32(np.sqrt(2))
    return basis


def _frequencies(maps: np.ndarray, order: int) -> np.ndarray:
    """(…, side, side) → (…, order · (order + 1) / 2): the DCT frequencies with y + x < order, the mean first."""
    basis = _cosines(order, maps.shape[-1])
    y, x = np.nonzero(np.add.outer(np.arange(order), np.arange(order)) < order)
    frequencies: np.ndarray = basis @ maps @ basis.T
    # Contiguous, so that sums over them are added up in one order, whatever the shape.
    return np.ascontiguousarray(frequencies[..., y, x])


def _root(values: np.ndarray) -> np.ndarray:
    """Signed square root: a few large values must not decide alone."""
    roots: np.ndarray = np.copysign(np.sqrt(np.abs(values)), values)
    return roots


def _unit(vectors: np.ndarray, softness: float) -> np.ndarray:
    """Rows of length 1, or less where their squared length is not well above ``softness``."""
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True) + softness + 1e-12)
    scaled: np.ndarray = vectors / lengths
    return scaled
