"""Pictures to be recognised: what is kept of them, and the check of a copy."""

from __future__ import annotations

import dataclasses
import functools
import io

import numpy as np
from PIL import Image

from benchmarks.quality.pictures import procedural_picture
from ras.images import make_preview
from ras.matching import Features, Finding, QueryFeatures, check
from ras.matching.local import LocalExtractor
from ras.matching.query import Side

CONVINCING = 0.9


@functools.lru_cache(maxsize=None)
def drawn(seed: str) -> Image.Image:
    """A picture with things in it; the same seed gives the same one."""
    return procedural_picture(seed)


def extracted(picture: Image.Image) -> Features:
    extractor = LocalExtractor()
    return Features.unpack(extractor.extract(extractor.reduced(picture)))


@functools.lru_cache(maxsize=None)
def kept(seed: str) -> tuple[Features, bytes]:
    """What RAS keeps of the picture ``drawn(seed)``: features and preview."""
    return extracted(drawn(seed)), make_preview(drawn(seed))


def checked(copy: Image.Image, picture: Image.Image | str, cosine: float = 0.0) -> Finding:
    """What a picture, or ``drawn`` of a seed, is to a query."""
    features, preview = kept(picture) if isinstance(picture, str) else (extracted(picture), make_preview(picture))
    return check(QueryFeatures.of(copy), features, preview, cosine, CONVINCING)


def jpeg(image: Image.Image, quality: int = 85) -> Image.Image:
    """The picture, saved and loaded."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def noise(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """White noise."""
    pixels = np.random.RandomState(seed).randint(0, 256, (size[1], size[0], 3))
    return Image.fromarray(pixels.astype(np.uint8))


def checkerboard(field: int, size: tuple[int, int] = (320, 240), shift: int = 0) -> Image.Image:
    """Black and white fields, the first ones ``shift`` pixels outside."""
    rows, columns = np.indices(size[::-1])
    white = (rows // field + (columns + shift) // field) % 2
    return Image.fromarray((white * 255).astype(np.uint8)).convert("RGB")


def query_of(*sides: np.ndarray, size: tuple[int, int] = (400, 300)) -> QueryFeatures:
    """A query with these keypoints, as it is and mirrored; each is looked up in its own word, and in the next."""
    told = tuple(Side(one, np.stack([one["word"], one["word"] + 1], axis=1)) for one in sides)
    return dataclasses.replace(QueryFeatures.of(Image.new("RGB", size), local=False), sides=told)
