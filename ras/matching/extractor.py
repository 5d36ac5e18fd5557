"""What a feature extractor is: a picture in, what copies of it are recognised by out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.encoders.base import Picture


class FeatureExtractor(ABC):
    """Makes the features of pictures: a perceptual hash, a thumbnail, and local features where they can be had.

    The work is in two steps: ``reduced`` is quick and gives what is kept until there is time for ``extract``. Both may
    be called by any number of threads at once.
    """

    id: str
    """Names what is made for good: the same id means comparable features. ``local-1``."""
    is_local: bool = False
    """Whether there are keypoints among them."""
    decode_side: int
    """``reduced`` needs no more pixels than a shorter side of so many."""

    @abstractmethod
    def reduced(self, picture: Picture) -> Image:
        """A decoded picture (RGB, any size) → what ``extract`` takes of it: RGB, under a megabyte."""

    @abstractmethod
    def extract(self, image: Image) -> bytes:
        """What ``reduced`` gave → the features of the picture, packed (see ``Features.unpack``): about 6 KB."""
