"""What decoding at a fraction of the size costs in likeness, and what it saves in time.

    python -m benchmarks.shrinking [--pictures FOLDER] [--amount 300] [--weights FILE]

Large pictures (1.5 to 9 megapixels, odd sides) are put together from small ones at their full sharpness, so that they
are busier than photographs; without a folder, the small ones are drawn. Each is made into an embedding whole, which is
the reference, and as indexing does it. Told are the cosine of the two, how many of the ten nearest others are the same,
and the time of decoding, preprocessing and preview. Without weights CLIP has random ones, whose embeddings lie closer
together than trained ones: neighbours swap more easily.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from PIL import Image

from benchmarks.encode import random_weights
from benchmarks.quality import corpus
from ras.encoders.base import Encoder
from ras.encoders.checkpoint import read_state_dict
from ras.encoders.clip import ClipEncoder
from ras.encoders.clip_package import build_model
from ras.encoders.device import Placement
from ras.encoders.fingerprint import FingerprintEncoder
from ras.images import decode_shrunk, make_preview

TILE = (480, 400)
GRIDS = ((3, 3), (4, 3), (5, 4), (6, 5), (7, 6))


def tile(picture: Image.Image, rng: Random) -> Image.Image:
    """A piece of the picture at its full size; one that is too small is enlarged."""
    width, height = TILE
    scale = max(1.0, width / picture.width, height / picture.height)
    if scale > 1:
        size = (int(picture.width * scale) + 1, int(picture.height * scale) + 1)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    left, top = rng.randrange(picture.width - width + 1), rng.randrange(picture.height - height + 1)
    return picture.crop((left, top, left + width, top + height))


def mosaic(pictures: list[Image.Image], rng: Random) -> bytes:
    """A JPEG or, one in three, a PNG file."""
    columns, rows = rng.choice(GRIDS)
    whole = Image.new("RGB", (columns * TILE[0], rows * TILE[1]))
    for row in range(rows):
        for column in range(columns):
            whole.paste(tile(rng.choice(pictures), rng), (column * TILE[0], row * TILE[1]))
    whole = whole.crop((rng.randrange(40), 0, whole.width - rng.randrange(200), whole.height - rng.randrange(200)))
    file = io.BytesIO()
    if rng.random() < 1 / 3:
        whole.save(file, "PNG", compress_level=1)
    else:
        whole.save(file, "JPEG", quality=rng.choice((75, 85, 92)))
    return file.getvalue()


def embeddings(encoder: Encoder, files: list[bytes], side: int | None) -> tuple[np.ndarray, dict[str, float]]:
    """((n, dimension), kind of file → milliseconds a picture without the encoding)."""
    rows: list[Any] = []
    times: dict[str, list[float]] = {"JPEG": [], "PNG": []}
    for data in files:
        start = time.perf_counter()
        picture = decode_shrunk(data, at_least=side)
        rows.append(encoder.preprocess(picture))
        make_preview(picture)
        times["PNG" if data.startswith(b"\x89PNG") else "JPEG"].append(1000 * (time.perf_counter() - start))
    batches = [
        encoder.encode_batch(np.stack(rows[first : first + encoder.batch_size]))
        for first in range(0, len(rows), encoder.batch_size)
    ]
    return np.concatenate(batches), {kind: sum(taken) / max(1, len(taken)) for kind, taken in times.items()}


def nearest(vectors: np.ndarray) -> list[set[int]]:
    """The ten nearest others of each."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    return [set(row.tolist()) for row in np.argsort(-scores, axis=1)[:, :10]]


def compare(encoder: Encoder, files: list[bytes]) -> None:
    whole, slow = embeddings(encoder, files, None)
    shrunk, quick = embeddings(encoder, files, encoder.decode_side)
    cosines = (whole * shrunk).sum(axis=1)
    kept = [len(one & other) for one, other in zip(nearest(whole), nearest(shrunk))]
    same, all_ten = sum(kept) / len(kept) / 10, float(np.mean(np.array(kept) == 10))
    print(f"{encoder.name}: cosine at least {cosines.min():.5f}, mean {cosines.mean():.6f}")
    print(f"  of the ten nearest others {same:.2%} are the same; all ten are for {all_ten:.1%} of the pictures")
    for kind in slow:
        ratio = slow[kind] / max(quick[kind], 1e-9)
        print(f"  {kind}: {slow[kind]:.1f} ms a picture whole, {quick[kind]:.1f} ms shrunk: {ratio:.1f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", default="200", help="a folder, or how many are drawn")
    parser.add_argument("--amount", type=int, default=300)
    parser.add_argument("--weights", type=Path)
    options = parser.parse_args()
    small = [ref.load() for ref in corpus.of_choice(options.pictures, "shrinking")]
    rng = Random(1)
    files = [mosaic(small, rng) for _ in range(options.amount)]
    compare(FingerprintEncoder(), files)
    with tempfile.TemporaryDirectory() as folder:
        state = read_state_dict(options.weights or random_weights(Path(folder)))
    # In float32, so that nothing but the pixels differs.
    model = build_model(state, "cpu", torch.float32)
    compare(ClipEncoder(model, Placement("cpu", torch.float32), "ViT-B/32", "0" * 64), files)


if __name__ == "__main__":
    main()
