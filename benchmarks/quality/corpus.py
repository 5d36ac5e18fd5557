"""The pictures of a benchmark: files of folders, or drawn ones, and which of them are the same picture twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Sequence

import numpy as np
from PIL import Image, ImageOps

from benchmarks.quality.pictures import benchmark_picture

LONGEST_SIDE = 640
THUMB = 64
"""Pixels a side of the thumbs by which near-duplicates are told."""

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}


@dataclass(frozen=True)
class PictureRef:
    """Where a picture comes from: it is loaded where it is needed, since thousands would fill the memory."""

    key: str
    """The same key means the same pixels: for what is kept between two runs."""
    path: Path | None = None
    seed: str = ""
    """Of a drawn picture, where there is no path."""

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}" if self.path else f"drawn {self.seed}"

    def load(self) -> Image.Image:
        """RGB on white, upright, its longest side at most LONGEST_SIDE."""
        if self.path is None:
            return benchmark_picture(self.seed)
        with Image.open(self.path) as file:
            file.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
            picture = ImageOps.exif_transpose(file)
            if picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info:
                picture = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
            picture = picture.convert("RGB")
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return picture


def of_folder(folder: Path) -> list[PictureRef]:
    """The pictures of a folder and its subfolders, in the order of their paths."""
    refs = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            facts = path.stat()
            refs.append(PictureRef(f"{path.resolve()}/{facts.st_size}/{facts.st_mtime_ns}", path))
    return refs


def drawn(count: int, seed: str) -> list[PictureRef]:
    return [PictureRef(f"drawn/{seed}/{number}", seed=f"{seed}/{number}") for number in range(count)]


def of_choice(choice: str, seed: str) -> list[PictureRef]:
    """What an option names: a number of pictures to draw, or a folder."""
    return drawn(int(choice), seed) if choice.isdigit() else of_folder(Path(choice))


def held_out(refs: Sequence[PictureRef], count: int, seed: str) -> tuple[list[PictureRef], list[PictureRef]]:
    """(what remains, ``count`` of them)."""
    out = set(Random(seed).sample(range(len(refs)), min(count, len(refs))))
    return [ref for i, ref in enumerate(refs) if i not in out], [refs[i] for i in sorted(out)]


def thumb(picture: Image.Image) -> bytes:
    """What near-duplicates are told by: width and height, then 64 × 64 RGB."""
    small = picture.resize((THUMB, THUMB), Image.Resampling.BOX)
    return np.array(picture.size, "<u2").tobytes() + small.tobytes()


class Thumbs:
    """The thumbs of many pictures, to look near-duplicates up in."""

    def __init__(self, thumbs: Sequence[bytes]) -> None:
        rows = np.frombuffer(b"".join(thumbs), np.uint8).reshape(len(thumbs), 4 + 3 * THUMB * THUMB)
        sizes = np.ascontiguousarray(rows[:, :4]).view("<u2").astype(float)
        self._rows = rows
        self._aspects, self._small = sizes[:, 0] / sizes[:, 1], rows[:, 4:]
        fields = self._small.reshape(-1, 8, THUMB // 8, 8, THUMB // 8, 3)
        self._coarse = np.concatenate(
            [block.mean(axis=(2, 4), dtype=np.float32) for block in np.array_split(fields, len(rows) // 500 + 1)]
        ).reshape(len(rows), -1)

    def of(self, number: int) -> bytes:
        return self._rows[number].tobytes()

    def near_duplicates(self, thumb: bytes) -> np.ndarray:
        """int64 (n,): which show the same, saved again or resized by others, by their 64 × 64 RGB values.

        The same aspect within 2 %; and either 99.5 % of the values within 10 levels of 255, or all of them, in the
        root of their mean square, within 0.15 of the picture's own standard deviation. Of 522 pictures and 2,300
        screenshots, no two with other words in them were as near.
        """
        one = Thumbs([thumb])
        own = one._small.reshape(-1, 3).std(axis=0).mean()
        # Thumbs of 8 × 8 differ by no more in the mean: 0.995 · 10 + 0.005 · 255, or 0.15 deviations.
        close = np.abs(self._coarse - one._coarse).mean(axis=1) <= max(11.3, 0.15 * own)
        alike = np.flatnonzero(close & (np.abs(self._aspects / one._aspects - 1) < 0.02))
        apart = np.abs(self._small[alike].astype(np.int16) - one._small)
        strict = (apart <= 10).mean(axis=1) >= 0.995
        near = np.sqrt((apart.astype(np.float32) ** 2).mean(axis=1)) <= 0.15 * own
        return alike[strict | near]
