"""Make the codebook of local features from procedural pictures: ``python -m benchmarks.quality.train_codebook``.

Changed constants make other features: give ``LocalExtractor.id`` a new number with them.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import numpy as np
from PIL import Image

from benchmarks.quality.pictures import procedural_picture
from benchmarks.quality.train_words import k_means
from ras.matching.codebook import CENTRES, CODEBOOK_FILE, DIMENSIONS
from ras.matching.keypoints import find_keypoints

PICTURES = 800
EACH = 120


def sample(number: int) -> np.ndarray:
    """(n, 128): RootSIFT descriptors of a procedural picture, as indexing finds them."""
    picture = procedural_picture(f"codebook/{number}").convert("L")
    picture.thumbnail((512, 512), Image.Resampling.HAMMING)
    return find_keypoints(np.asarray(picture), EACH)[1]


def principal_axes(samples: np.ndarray) -> np.ndarray:
    """(128, DIMENSIONS): half whitened; dealt out to both halves so that each has about as much of the variance."""
    variances, axes = np.linalg.eigh(np.cov(samples.T))
    best = np.argsort(variances)[::-1][:DIMENSIONS]
    scaled = axes[:, best] / variances[best] ** 0.25
    return scaled[
        :, [*range(0, DIMENSIONS, 4), *range(3, DIMENSIONS, 4), *range(1, DIMENSIONS, 4), *range(2, DIMENSIONS, 4)]
    ]


def main() -> None:
    with ProcessPoolExecutor() as pool:
        samples = np.concatenate(list(pool.map(sample, range(PICTURES), chunksize=10)))
    random = np.random.RandomState(1)  # its streams are frozen for good, unlike those of default_rng
    mean = samples.mean(axis=0)
    projection = principal_axes(samples)
    values = (samples - mean) @ projection
    half = DIMENSIONS // 2
    centres = np.stack([k_means(values[:, part], random, 25, CENTRES) for part in (slice(0, half), slice(half, None))])
    rotation = np.linalg.qr(random.normal(size=(DIMENSIONS, DIMENSIONS)))[0]
    constants = {
        "mean": mean,
        "projection": projection,
        "centres": centres,
        "rotation": rotation,
        "thresholds": np.median(values @ rotation, axis=0),
    }
    np.savez(CODEBOOK_FILE, **{name: value.astype(np.float16) for name, value in constants.items()})
    print(f"{CODEBOOK_FILE}: {CODEBOOK_FILE.stat().st_size} bytes from {len(samples)} descriptors")


if __name__ == "__main__":
    main()
