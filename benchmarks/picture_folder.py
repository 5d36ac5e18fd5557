"""A folder of pictures as large as real ones, as a Discord archive has them, drawn by script.

    python -m benchmarks.picture_folder [--pictures 1000] [--folder FOLDER] [--seed 1]

Sizes are log-uniform from 0.1 to 8 Mpx, in the usual shapes. 65 % are JPEG (photos, memes, some screenshots; quality 75
to 92, a quarter of them 4:4:4, a fifth progressive), 35 % PNG (screenshots, map art, flat graphics, memes, few photos;
some with alpha or a palette). What they show is drawn by ``benchmarks.quality.pictures``; photos get texture and noise
in full size on top, since smooth surfaces would decode faster than real ones. Bytes per pixel, of a thousand (and their
5th to 95th percentile):

    JPEG  photo .18 (.09 to .31)    meme .11 (.04 to .26)        screenshot .10 (.07 to .16)
    PNG   photo 1.7 (1.4 to 2.1)    screenshot .09 (.05 to .23)  map art .05   graphic .02   meme 1.0 (.09 to 1.7)

60 real photos and memes of 600 pixels, saved with quality 85, had .16 (.07 to .29). The same seed gives the same
pictures (with the same Pillow), and a smaller folder has the first of a larger one. All differ.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import io
import json
import math
import os
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.quality.pictures import KINDS

VERSION = 1
"""Of the pictures: a folder of another version is not taken for one of this."""

DEFAULT_PARENT = Path(tempfile.gettempdir()) / "ras-benchmarks"
_MARKER = "finished.json"
_SMALLEST, _LARGEST = 0.1e6, 8e6
"""Pixels."""

_SHARES = {
    ("jpg", "photo"): 44,
    ("jpg", "meme"): 15,
    ("jpg", "screenshot"): 6,
    ("png", "screenshot"): 17,
    ("png", "map art"): 5,
    ("png", "graphic"): 8,
    ("png", "meme"): 2,
    ("png", "photo"): 3,
}
"""Of a hundred."""

_SHAPES = {16 / 9: 24, 9 / 16: 12, 4 / 3: 22, 3 / 4: 18, 3 / 2: 5, 2 / 3: 4, 1.0: 15}
"""Width / height → share."""

_DRAWN = {"photo": 640, "meme": 900}
"""Pixels of the longer side up to which these are drawn, as it takes long; beyond, they are enlarged."""

_TILE = 1024


def picture_folder(parent: Path, count: int, seed: int = 1) -> Path:
    """The folder below ``parent`` with so many pictures: one that was finished before, or it is filled now."""
    folder = _place(parent, count, seed)
    if (folder / _MARKER).is_file() and all((folder / one["name"]).is_file() for one in pictures_of(folder)):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        made = list(pool.map(functools.partial(_write, folder, seed), range(count), chunksize=4))
    if len({one["sha256"] for one in made}) < count:
        raise AssertionError("two of the pictures are the same")
    (folder / _MARKER).write_text(json.dumps({"version": VERSION, "seed": seed, "pictures": made}, indent=1), "utf-8")
    return folder


def _place(parent: Path, count: int, seed: int) -> Path:
    return parent / f"pictures-v{VERSION}-seed{seed}-{count}"


def pictures_of(folder: Path) -> list[dict[str, Any]]:
    """What is known of each picture of a finished folder: name, kind, width, height, bytes, sha256."""
    known: list[dict[str, Any]] = json.loads((folder / _MARKER).read_text("utf-8"))["pictures"]
    return known


def spread(pictures: list[dict[str, Any]], amount: int, turn: int = 0) -> list[dict[str, Any]]:
    """A sample that costs, a picture, what all of them do: every k-th by format and size. Each ``turn`` has others."""
    ordered = sorted(pictures, key=lambda one: (one["name"].endswith("png"), one["width"] * one["height"]))
    step = max(1.0, len(ordered) / amount)
    start = (0.5 + 0.37 * turn) % 1 * step
    return [ordered[int(start + number * step)] for number in range(min(amount, len(ordered)))]


def _write(folder: Path, seed: int, number: int) -> dict[str, Any]:
    rng = Random(f"{seed}/{number}")
    ending, kind = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
    image = _draw(rng, kind)
    data = _jpeg(rng, image) if ending == "jpg" else _png(rng, image, kind)
    path = folder / f"{number:06}-{kind.replace(' ', '_')}.{ending}"
    path.write_bytes(data)
    size = dict(zip(("width", "height"), image.size))
    return {"name": path.name, "kind": kind, **size, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _draw(rng: Random, kind: str) -> Image.Image:
    pixels = _SMALLEST * (_LARGEST / _SMALLEST) ** rng.random()
    shape = rng.choices(list(_SHAPES), list(_SHAPES.values()))[0]
    width, height = round(math.sqrt(pixels * shape)), round(math.sqrt(pixels / shape))
    if kind == "map art":
        return _map_art(rng, width, height)
    if kind == "graphic":  # drawn twice as large, since it has no soft edges otherwise
        image = KINDS[kind](rng, (2 * width, 2 * height)).reduce(2)
        return _shaded(rng, image) if rng.random() < 0.3 else image
    scale = min(1.0, _DRAWN.get(kind, 1 << 20) / max(width, height))
    image = KINDS[kind](rng, (max(64, round(width * scale)), max(64, round(height * scale))))
    image = image.resize((width, height), Image.Resampling.BICUBIC)
    if kind == "photo":
        return _textured(rng, image, texture=rng.uniform(6, 40), noise=rng.uniform(1, 4))
    if kind == "meme" and rng.random() < 0.7:  # made of a photo, or saved many times
        return _textured(rng, image, texture=rng.uniform(2, 20), noise=rng.uniform(0.5, 3))
    return image


def _map_art(rng: Random, width: int, height: int) -> Image.Image:
    """Maps of 128 × 128 blocks side by side, few colours, dithered, each block so many pixels wide."""
    columns, rows = rng.choice([(1, 1), (1, 1), (2, 2), (3, 2), (2, 3), (4, 4)])
    scale = max(1, round(math.sqrt(width * height / (columns * rows)) / 128))
    whole = Image.new("RGB", (512 * columns, 512 * rows))
    for column in range(columns):
        for row in range(rows):
            whole.paste(KINDS["map art"](rng, (512, 512)), (512 * column, 512 * row))
    size = (128 * columns, 128 * rows)
    blocks = whole.resize(size, Image.Resampling.NEAREST)
    return blocks.resize((size[0] * scale, size[1] * scale), Image.Resampling.NEAREST)


def _shaded(rng: Random, image: Image.Image) -> Image.Image:
    """With light from one side, as digital drawings have it."""
    slope = Image.linear_gradient("L").rotate(rng.choice([0, 90, 180, 270])).resize(image.size)
    dark = Image.blend(image, Image.new("RGB", image.size, (30, 20, 60)), rng.uniform(0.2, 0.6))
    return Image.composite(image, dark, slope)


def _textured(rng: Random, image: Image.Image, texture: float, noise: float) -> Image.Image:
    """With detail down to single pixels, here more, there less, and a sensor's noise; levels of 255, roughly."""
    width, height = image.size
    grain, surface = _tiles()
    busy = Image.frombytes("L", (6, 6), rng.getrandbits(8 * 36).to_bytes(36, "big"))
    amount = np.asarray(busy.resize(image.size, Image.Resampling.BICUBIC), np.float32)
    detail = _crop(rng, surface, width, height) * (texture * (amount / 255) ** 2)
    planes = []
    for plane in image.split():
        levels = np.asarray(plane, np.float32) + detail + _crop(rng, grain, width, height) * np.float32(noise)
        planes.append(Image.fromarray(levels.clip(0, 255).astype(np.uint8)))
    return Image.merge("RGB", planes)


@functools.lru_cache(maxsize=None)
def _tiles() -> tuple[np.ndarray, np.ndarray]:
    """Noise, nearly white, and texture whose amplitude falls with 1/frequency, as in photos; deviation 1, seamless."""
    random = np.random.default_rng(0)
    across = np.abs(np.fft.fftfreq(_TILE))[:, None] ** 2 + np.abs(np.fft.rfftfreq(_TILE))[None, :] ** 2
    frequency = np.sqrt(across)
    frequency[0, 0] = 1
    tiles = []
    # Cameras smooth their noise; what is coarser than 50 pixels is in the scene already.
    for weight in (np.exp(-((frequency / 0.35) ** 2)), np.where(frequency > 0.02, 1 / frequency, 0)):
        spectrum = np.fft.rfft2(random.standard_normal((_TILE, _TILE))) * weight
        tile = np.fft.irfft2(spectrum, (_TILE, _TILE))
        tiles.append((tile / tile.std()).astype(np.float32))
    return tiles[0], tiles[1]


def _crop(rng: Random, tile: np.ndarray, width: int, height: int) -> np.ndarray:
    """So much of the tile, repeated where it does not reach, from a random place."""
    rows = (np.arange(height) + rng.randrange(_TILE)) % _TILE
    start = rng.randrange(_TILE)
    times = -(-(start + width) // _TILE)
    turned = tile.T if rng.random() < 0.5 else tile
    return np.tile(turned, (1, times))[:, start : start + width][rows]


def _jpeg(rng: Random, image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    subsampling = "4:4:4" if rng.random() < 0.25 else "4:2:0"
    image.save(buffer, "JPEG", quality=rng.randint(75, 92), subsampling=subsampling, progressive=rng.random() < 0.2)
    return buffer.getvalue()


def _png(rng: Random, image: Image.Image, kind: str) -> bytes:
    if kind in ("graphic", "map art") and rng.random() < 0.2:
        image = image.quantize(256)
    elif rng.random() < 0.25:
        alpha = Image.new("L", image.size, 255)
        if kind == "graphic":  # cut out: what is like its corner is clear
            corner = image.getpixel((0, 0))
            away = np.any(np.asarray(image) != np.asarray(corner), axis=2)
            alpha = Image.fromarray(away.astype(np.uint8) * np.uint8(255))
        image.putalpha(alpha)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def summary(pictures: list[dict[str, Any]]) -> str:
    """How many there are, how large, in a sentence."""
    formats = Counter("PNG" if one["name"].endswith("png") else "JPEG" for one in pictures)
    sizes = [one["width"] * one["height"] / 1e6 for one in pictures]
    return (
        f"{len(pictures):,} pictures ({', '.join(f'{count:,} {name}' for name, count in sorted(formats.items()))}), "
        f"{sum(one['bytes'] for one in pictures) / 1e6:,.0f} MB, {sum(sizes):,.0f} Mpx "
        f"({min(sizes):.1f} to {max(sizes):.1f} each, {sum(sizes) / len(sizes):.2f} on average)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=DEFAULT_PARENT)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="draw them again")
    options = parser.parse_args()
    if options.fresh:
        shutil.rmtree(_place(options.folder, options.pictures, options.seed), ignore_errors=True)
    place = picture_folder(options.folder, options.pictures, options.seed)
    pictures = pictures_of(place)
    print(place)
    print(summary(pictures))
    print("bytes per pixel: mean, 5th, 50th, 95th percentile")
    for ending, kind in _SHARES:
        some = [one for one in pictures if one["kind"] == kind and one["name"].endswith(ending)]
        if some:
            each = np.array([one["bytes"] / (one["width"] * one["height"]) for one in some])
            total = sum(one["bytes"] for one in some) / sum(one["width"] * one["height"] for one in some)
            percentiles = "  ".join(f"{value:.2f}" for value in np.percentile(each, (5, 50, 95)))
            print(f"{ending}  {kind:11}{len(some):5}  {total:.2f}   {percentiles}")


if __name__ == "__main__":
    main()
