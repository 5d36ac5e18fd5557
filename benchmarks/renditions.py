"""What a small rendition, as Discord's proxy makes them, saves of an original, and what that costs in being found.

    python -m benchmarks.renditions [--pictures FOLDER] [--amount 60] [--sides 512 768 1024] [--clip]

Large pictures (2 to 12 megapixels) are put together from those of the folder at their full sharpness, so that they are
busier than photographs, or drawn; JPEG files of quality 92 and PNG files. Renditions are made with Pillow as proxies do
it: shrunk into a square box by a sharp filter, JPEG and WebP of quality 80, PNG (and WebP) without loss. Told are, for
each kind of file: the original's bytes over the rendition's, the cosine of both embeddings, and what searches find:
whether the original itself is identical to it, and of crops, resaved, framed and photographed copies, how many are
accepted (of those that are where the original was indexed), and with how many keypoints (again over the original's).
"""

from __future__ import annotations

import argparse
import io
import os
from collections import defaultdict
from dataclasses import dataclass
from random import Random

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image

from benchmarks.quality import corpus, transforms
from benchmarks.quality.pictures import KINDS
from ras.encoders.base import Encoder
from ras.encoders.fingerprint import FingerprintEncoder
from ras.images import Shrunk, decode_shrunk, make_preview
from ras.matching import Features, QueryFeatures, check
from ras.matching.checking import Finding
from ras.matching.local import LocalExtractor
from ras.records import Verdict

SIZES = ((1920, 1080), (2560, 1440), (1170, 2532), (3024, 4032), (4032, 3024), (2000, 2000), (1080, 3600))
COPIES = ("JPEG q30", "crop to 50 % of area", "crop 60 %, half size, q40", "border", "photo of a screen", "mirrored")
FORMS = {"JPEG": ("JPEG", "WEBP"), "PNG": ("PNG", "WEBP", "WEBP lossless")}
"""What a rendition may be of each kind of file."""
EXTRACTOR = LocalExtractor()


@dataclass(frozen=True)
class Posted:
    """A picture as it was posted."""

    kind: str
    """``PNG`` or ``JPEG``."""
    image: Image.Image
    data: bytes


@dataclass(frozen=True)
class Indexed:
    """What RAS keeps of a picture's bytes."""

    embeddings: dict[str, np.ndarray]
    """By the encoder's name."""
    features: Features
    preview: bytes


def file_of(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def mosaic(pictures: list[Image.Image], rng: Random, size: tuple[int, int]) -> Image.Image:
    """Pieces of the pictures at their full size, one or more of each."""
    whole = Image.new("RGB", size)
    y = 0
    while y < size[1]:
        x, row = 0, rng.randint(300, 500)
        while x < size[0]:
            picture = rng.choice(pictures)
            scale = max(1.0, row / picture.height)
            if scale > 1:
                picture = picture.resize((int(picture.width * scale) + 1, int(picture.height * scale) + 1))
            whole.paste(picture, (x, y))
            x += picture.width
        y += row
    return whole


def posted(pictures: list[Image.Image], number: int) -> Posted:
    """JPEG files are photos, PNG files are screenshots and drawings, and one in three shows photos, too."""
    rng = Random(f"renditions/{number}")
    size = rng.choice(SIZES)
    kind = "JPEG" if number % 2 else "PNG"
    if pictures and (kind == "JPEG" or rng.random() < 1 / 3):
        image = mosaic(pictures, rng, size)
    else:
        image = KINDS["photo" if kind == "JPEG" else rng.choice(["screenshot", "graphic", "meme"])](rng, size)
    return Posted(kind, image, file_of(image, kind, **({"quality": 92} if kind == "JPEG" else {})))


def rendition(image: Image.Image, side: int, kind: str) -> bytes:
    """The picture in a box of ``side`` pixels."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=None)
    if kind == "WEBP lossless":
        return file_of(small, "WEBP", lossless=True)
    return file_of(small, kind, **({} if kind == "PNG" else {"quality": 80}))


def indexed(data: bytes, encoders: list[Encoder]) -> Indexed:
    """As indexing does it."""
    side = max(EXTRACTOR.decode_side, *(encoder.decode_side or 0 for encoder in encoders))
    picture: Shrunk = decode_shrunk(data, at_least=side, extra_formats=True)
    rows = {encoder.name: encoder.encode_batch(encoder.preprocess(picture)[None])[0] for encoder in encoders}
    features = Features.unpack(EXTRACTOR.extract(EXTRACTOR.reduced(picture)))
    return Indexed(rows, features, make_preview(picture))


class Tally:
    """What was measured of one way to make renditions."""

    def __init__(self) -> None:
        self.bytes: list[float] = []
        self.cosines: dict[str, list[float]] = defaultdict(list)
        self.identical: list[bool] = []
        self.kept: list[bool] = []
        """Of copies that are accepted where the original was indexed: whether they still are."""
        self.won: list[bool] = []
        """Of those that are not: whether they are now."""
        self.inliers: list[float] = []

    def row(self) -> str:
        cosines = ", ".join(f"{name} {min(some):.4f} / {np.mean(some):.5f}" for name, some in self.cosines.items())
        return (
            f"{np.median(self.bytes):5.1f} times fewer bytes | cosine least / mean: {cosines} | original identical: "
            f"{np.mean(self.identical):.0%} | copies still found: {np.mean(self.kept):.1%}, others won: "
            f"{sum(self.won)} of {len(self.won)} | keypoints × {np.median(self.inliers):.2f}"
        )


def measure(pictures: list[Posted], others: list[Image.Image], sides: list[int], encoders: list[Encoder]) -> None:
    ways: dict[tuple[str, int, str], Tally] = defaultdict(Tally)
    sizes: dict[tuple[str, int, str], list[int]] = defaultdict(lambda: [0, 0])
    for number, picture in enumerate(pictures):
        whole = indexed(picture.data, encoders)
        queries = [QueryFeatures.of(picture.image)]
        queries += [QueryFeatures.of(transforms.apply(name, picture.image, others, f"{number}")) for name in COPIES]
        before = [found(query, whole) for query in queries]
        for side in sides:
            for form in FORMS[picture.kind]:
                data = rendition(picture.image, side, form)
                small, tally = indexed(data, encoders), ways[picture.kind, side, form]
                sizes[picture.kind, side, form][0] += len(picture.data)
                sizes[picture.kind, side, form][1] += len(data)
                tally.bytes.append(len(picture.data) / len(data))
                for name, row in small.embeddings.items():
                    tally.cosines[name].append(float(row @ whole.embeddings[name]))
                after = [found(query, small) for query in queries]
                tally.identical.append(after[0].verdict is Verdict.IDENTICAL)
                for one, other in zip(before, after):
                    (tally.kept if one.verdict.is_copy else tally.won).append(other.verdict.is_copy)
                    if one.evidence.inliers >= 20:
                        tally.inliers.append(other.evidence.inliers / one.evidence.inliers)
    for (kind, side, form), tally in sorted(ways.items()):
        large, small_ones = sizes[kind, side, form]
        print(f"{kind} as {form}, {side} pixels: {large / small_ones:.1f} times fewer bytes in all | {tally.row()}")


def found(query: QueryFeatures, there: Indexed) -> Finding:
    return check(query, there.features, there.preview, 0.0, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", default="60", help="a folder, or how many are drawn")
    parser.add_argument("--amount", type=int, default=60)
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 768, 1024])
    parser.add_argument("--clip", action="store_true", help="measure CLIP with random weights as well")
    options = parser.parse_args()
    refs = corpus.of_choice(options.pictures, "renditions")
    some = [ref.load() for ref in Random("renditions").sample(refs, min(len(refs), 120))]
    encoders: list[Encoder] = [FingerprintEncoder()]
    if options.clip:
        encoders.append(random_clip())
    folder = [] if options.pictures.isdigit() else some
    measure([posted(folder, number) for number in range(options.amount)], some, options.sides, encoders)


def random_clip() -> Encoder:
    import tempfile
    from pathlib import Path

    import torch

    from benchmarks.encode import random_weights
    from ras.encoders.checkpoint import read_state_dict
    from ras.encoders.clip import ClipEncoder
    from ras.encoders.clip_package import build_model
    from ras.encoders.device import Placement

    with tempfile.TemporaryDirectory() as place:
        model = build_model(read_state_dict(random_weights(Path(place))), "cpu", torch.float32)
    return ClipEncoder(model, Placement("cpu", torch.float32), "ViT-B/32", "0" * 64)


if __name__ == "__main__":
    main()
