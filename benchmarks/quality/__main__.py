"""How well does an encoder find altered copies? Recall and scores per transform, beside pHash and dHash.

    python -m benchmarks.quality                         procedural pictures, fingerprint encoder
    python -m benchmarks.quality --pictures FOLDER       the pictures of a folder, with its subfolders
    python -m benchmarks.quality --encoder clip --seed 2

All pictures are indexed; some of them (``--sources``) are altered in each of 24 ways and searched for. A picture
that is a strict near-duplicate of the source counts as a hit too.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageOps

from benchmarks.quality.pictures import procedural_picture
from benchmarks.quality.transforms import TRANSFORMS, apply
from ras.encoders import load_encoder
from ras.encoders.base import Encoder
from ras.records import finish


def dct_hash(image: Image.Image) -> np.ndarray:
    """pHash: the 8 × 8 lowest DCT frequencies of the 32 × 32 gray picture against their median, as ±1/8 (64,)."""
    gray = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), np.float32)
    basis = np.cos(np.pi * np.arange(8)[:, None] * (np.arange(32) + 0.5) / 32)
    low = (basis @ gray @ basis.T).ravel()
    return np.where(low > np.median(low), 0.125, -0.125)


def difference_hash(image: Image.Image) -> np.ndarray:
    """dHash: is each pixel of the 9 × 8 gray picture darker than its right neighbour, as ±1/8 (64,)."""
    gray = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.LANCZOS), np.int16)
    return np.where(np.diff(gray, axis=1).ravel() > 0, 0.125, -0.125)


def near_duplicates(pictures: list[Image.Image]) -> np.ndarray:
    """(n, n) bool: same aspect within 2 % and, at 64 × 64 RGB, 99.5 % of the values within 10 levels of 255."""
    size = (64, 64)
    small = np.stack([np.asarray(p.resize(size, Image.Resampling.BOX), np.int16).ravel() for p in pictures])
    aspect = np.array([p.width / p.height for p in pictures])
    same = np.eye(len(pictures), dtype=bool)
    coarse = small.astype(np.float32).reshape(len(small), 64, 64, 3).mean(axis=(1, 2))
    for i in range(len(pictures)):
        alike = np.flatnonzero((np.abs(aspect / aspect[i] - 1) < 0.02) & (np.abs(coarse - coarse[i]).max(axis=1) < 10))
        same[i, alike] = (np.abs(small[alike] - small[i]) <= 10).mean(axis=1) >= 0.995
    return same | same.T


def load_pictures(folder: Path | None, count: int, seed: str) -> list[Image.Image]:
    """The folder's pictures in the order of their names, or ``count`` procedural ones; longest side ≤ 640 px."""
    if folder is None:
        return [procedural_picture(f"{seed}/{number}") for number in range(count)]
    pictures = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}:
            with Image.open(path) as file:
                picture = ImageOps.exif_transpose(file).convert("RGB")
            picture.thumbnail((640, 640))
            pictures.append(picture)
    return pictures


def rank_of(scores: np.ndarray, hits: np.ndarray) -> tuple[float, float, float]:
    """(wrong pictures before the best hit, its score, best wrong score); equal scores count half."""
    best, wrong = scores[hits].max(), scores[~hits]
    return float((wrong > best).sum() + 0.5 * (wrong == best).sum()), float(best), float(wrong.max())


def measure(encoder: Encoder, pictures: list[Image.Image], sources: list[int], seed: str) -> dict[str, np.ndarray]:
    """Per transform (sources, 5): rank, true score, best wrong score of the encoder; rank of pHash; rank of dHash."""
    same = near_duplicates(pictures)
    ours = encoder.encode_images(pictures)
    hashes = [np.stack([make(p) for p in pictures]) for make in (dct_hash, difference_hash)]
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in TRANSFORMS}
    for source in sources:
        rng = Random(f"{seed}/others/{source}")
        others = [pictures[rng.choice([i for i in range(len(pictures)) if i != source])] for _ in range(3)]
        hits = same[source]
        for name in TRANSFORMS:
            copy = apply(name, pictures[source], others, f"{seed}/{source}")
            views = encoder.encode_images(encoder.query_views(copy))
            row = rank_of((views @ ours.T).max(axis=0), hits)
            for make, index in zip((dct_hash, difference_hash), hashes):
                row += rank_of(index @ make(copy), hits)[:1]
            rows[name].append(row)
    return {name: np.array(values) for name, values in rows.items()}


def print_table(name: str, measured: dict[str, np.ndarray]) -> None:
    """A Markdown table: recall@1/@10 of the encoder and both hashes, and the encoder's scores."""
    print(f"| transform | {name} | pHash | dHash | true score: median, 5th pct | best wrong score: median, 95th pct |")
    print("|---|---|---|---|---|---|")
    everything = np.concatenate(list(measured.values()))
    for label, rows in [*measured.items(), ("**mean**", everything)]:
        recalls = [f"{(rows[:, c] < 1).mean():.2f}/{(rows[:, c] < 10).mean():.2f}" for c in (0, 3, 4)]
        true = f"{np.median(rows[:, 1]):.2f}, {np.percentile(rows[:, 1], 5):.2f}"
        wrong = f"{np.median(rows[:, 2]):.2f}, {np.percentile(rows[:, 2], 95):.2f}"
        print(f"| {label} | {' | '.join(recalls)} | {true} | {wrong} |")


def milliseconds_each(encoder: Encoder, pictures: list[Image.Image]) -> tuple[float, float]:
    """(preprocess, encode_batch) in ms of this process per picture, whole batches, at most 256 pictures."""
    start = time.perf_counter()
    rows = np.stack([encoder.preprocess(picture) for picture in pictures])
    middle = time.perf_counter()
    for first in range(0, len(rows), encoder.batch_size):
        encoder.encode_batch(rows[first : first + encoder.batch_size])
    end = time.perf_counter()
    return 1000 * (middle - start) / len(pictures), 1000 * (end - middle) / len(pictures)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, help="a folder of pictures; without it they are made by code")
    parser.add_argument("--encoder", choices=["fingerprint", "clip"], default="fingerprint")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=400, help="procedural pictures to make (default 400)")
    parser.add_argument("--sources", type=int, default=200, help="pictures to alter and search for (default 200)")
    options = parser.parse_args()
    encoder = finish(load_encoder(options.encoder))
    pictures = load_pictures(options.pictures, options.count, options.seed)
    if len(pictures) < 12:
        parser.error("recall@10 needs at least 12 pictures.")
    sources = Random(options.seed).sample(range(len(pictures)), min(options.sources, len(pictures)))
    print(f"{len(pictures)} pictures, {len(sources)} sources, {encoder.name} ({encoder.device}), seed {options.seed}\n")
    print_table(encoder.name, measure(encoder, pictures, sources, options.seed))
    preprocess, encode = milliseconds_each(encoder, pictures[:256])
    print(f"\n{preprocess:.1f} ms to preprocess and {encode:.1f} ms to encode a picture.")


if __name__ == "__main__":
    main()
