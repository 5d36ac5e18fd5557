"""An extractor whose features can be checked by hand, which counts what it does and may be held up."""

from __future__ import annotations

import threading
from typing import Callable

from PIL import Image

from ras.encoders.base import Picture
from ras.matching.extractor import FeatureExtractor


def features_of(colour: tuple[int, int, int], features_id: str = "colours-1") -> bytes:
    """What ``ColourExtractor`` makes of a picture of one colour."""
    return f"{features_id} {colour}".encode()


class ColourExtractor(FeatureExtractor):
    """The mean colour of the picture."""

    id = "colours-1"
    decode_side = 64

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        """``before`` is called before features are made."""
        self.gate = threading.Event()
        """Nothing is made before it is set."""
        self.gate.set()
        self.reductions = self.entered = self.extracted = 0
        self._before = before
        self._lock = threading.Lock()

    @classmethod
    def blocked(cls) -> ColourExtractor:
        extractor = cls()
        extractor.gate.clear()
        return extractor

    def reduced(self, picture: Picture) -> Image.Image:
        with self._lock:
            self.reductions += 1
        return picture.resize((1, 1), Image.Resampling.BOX)

    def extract(self, image: Image.Image) -> bytes:
        with self._lock:
            self.entered += 1
        assert self.gate.wait(20)
        self._before()
        with self._lock:
            self.extracted += 1
        colour = image.getpixel((0, 0))
        assert isinstance(colour, tuple)
        return features_of(colour, self.id)  # type: ignore[arg-type]


class LaterExtractor(ColourExtractor):
    id = "colours-2"
