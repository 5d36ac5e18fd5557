"""The choice of an extractor: with keypoints where OpenCV can be had, else hashes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from ras.called import NAME, SETS_UP, remedy
from ras.matching.extractor import FeatureExtractor
from ras.records import Job, Notice

if TYPE_CHECKING:
    from ras.encoders.base import Picture


class HashExtractor(FeatureExtractor):
    """A hash and a thumbnail, which take nothing but Pillow and NumPy."""

    id = "hashes-1"
    decode_side = 512

    def reduced(self, picture: Picture) -> Image.Image:
        from ras.matching.local import reduced

        return reduced(picture)

    def extract(self, image: Image.Image) -> bytes:
        import numpy as np

        from ras.matching.features import KEYPOINT, Features
        from ras.matching.hashing import perceptual_hash
        from ras.matching.local import thumbnail

        hash = perceptual_hash(image.convert("L"))
        return Features(image.size, hash, thumbnail(image), np.zeros(0, KEYPOINT)).pack()


def load_extractor() -> Job[FeatureExtractor]:
    """The best extractor that there is; a Notice says what is missed where that is not the one with keypoints."""
    from ras.matching.local import LocalExtractor

    try:
        return LocalExtractor()
    except ImportError as exc:
        yield Notice(
            f"Crops, collages and photos of a screen are not recognised, since OpenCV cannot be had ({exc}). "
            + (f"Run {NAME} setup to try again." if SETS_UP else remedy("opencv-python-headless"))
        )
        return HashExtractor()
