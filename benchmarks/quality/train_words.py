"""Make the fingerprint's constants from procedural pictures: ``python -m benchmarks.quality.train_words``.

Changed constants are another embedding space: give ``FingerprintEncoder.id`` a new number with them.
"""

from __future__ import annotations

import numpy as np

from benchmarks.quality.pictures import procedural_picture
from ras.encoders.fingerprint import WORDS_FILE, FingerprintEncoder, descriptors, edge_cells

PICTURES = 700
WORDS = 64
DIMENSIONS = 32
PATTERN_DIMENSION = 336


def sample_descriptors(random: np.random.RandomState) -> np.ndarray:
    """(n, 128): some 40 places with edges from each procedural picture."""
    encoder, samples = FingerprintEncoder(), []
    for number in range(PICTURES):
        row = encoder.preprocess(procedural_picture(f"train/{number}"))
        values, strength = descriptors(edge_cells(row[None, :, :, 0].astype(np.float32)))
        places = np.flatnonzero(strength[0] > 3)
        samples.append(values[0, random.permutation(places)[:40]])
    return np.concatenate(samples)


def principal_axes(samples: np.ndarray) -> np.ndarray:
    """(128, DIMENSIONS): half whitened, so that rare differences count more than they are large."""
    variances, axes = np.linalg.eigh(np.cov(samples.T))
    best = np.argsort(variances)[::-1][:DIMENSIONS]
    return axes[:, best] / variances[best] ** 0.25


def k_means(points: np.ndarray, random: np.random.RandomState, rounds: int = 15, words: int = WORDS) -> np.ndarray:
    centres = points[random.choice(len(points), words, replace=False)]
    for _ in range(rounds):
        nearest = np.argmax(points @ centres.T - 0.5 * (centres**2).sum(axis=1), axis=1)
        for word in range(words):
            if (nearest == word).any():
                centres[word] = points[nearest == word].mean(axis=0)
    return centres


def main() -> None:
    random = np.random.RandomState(1)  # its streams are frozen for good, unlike those of default_rng
    samples = sample_descriptors(random)
    mean = samples.mean(axis=0)
    projection = principal_axes(samples)
    centres = k_means((samples - mean) @ projection, random)
    signs = np.packbits(random.randint(0, 2, WORDS * DIMENSIONS * PATTERN_DIMENSION).astype(np.uint8))
    np.savez(
        WORDS_FILE,
        mean=mean.astype(np.float16),
        projection=projection.astype(np.float16),
        centres=centres.astype(np.float16),
        signs=signs,
    )
    print(f"{WORDS_FILE}: {WORDS_FILE.stat().st_size} bytes from {len(samples)} descriptors")


if __name__ == "__main__":
    main()
