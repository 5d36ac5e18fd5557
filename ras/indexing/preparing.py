"""What is made of a picture's bytes in one decoding: what the encoder takes, a preview, what the extractor takes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator

from ras.errors import DecodeError, SkipReason
from ras.images import Shrunk, decode_shrunk, make_preview

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from ras.encoders.base import Encoder
    from ras.matching.extractor import FeatureExtractor


@dataclass(frozen=True)
class Limits:
    """What pictures are decoded at all; see ``decode_image``."""

    max_pixels: int
    extra_formats: bool


def needed_side(encoder: Encoder, extractor: FeatureExtractor | None) -> int | None:
    """How many pixels the shorter side of a picture needs for both; None: all."""
    if extractor is None or encoder.decode_side is None:
        return encoder.decode_side
    return max(encoder.decode_side, extractor.decode_side)


def prepared(
    data: bytes,
    encoder: Encoder,
    limits: Limits,
    extractor: FeatureExtractor | None = None,
    describe: bool = False,
) -> tuple[np.ndarray, bytes, Image | None]:
    """A picture's bytes → what the encoder takes of it, a preview and, to ``describe`` it, what the extractor takes.

    All from the same pixels. Raises DecodeError.
    """
    with _enough_memory():
        picture = _decoded(data, encoder, limits, extractor)
        image = extractor.reduced(picture) if extractor is not None and describe else None
        return encoder.preprocess(picture), make_preview(picture), image


def reduced(data: bytes, encoder: Encoder, limits: Limits, extractor: FeatureExtractor) -> Image:
    """A picture's bytes → what the extractor takes of it, the same as by ``prepared``. Raises DecodeError."""
    with _enough_memory():
        return extractor.reduced(_decoded(data, encoder, limits, extractor))


@contextlib.contextmanager
def _enough_memory() -> Iterator[None]:
    """The lack of memory is one picture's trouble."""
    try:
        yield
    except MemoryError as exc:
        raise DecodeError("There is not enough memory for the picture.", SkipReason.TOO_LARGE) from exc


def _decoded(data: bytes, encoder: Encoder, limits: Limits, extractor: FeatureExtractor | None) -> Shrunk:
    # As many pixels as both need, also where one is not given them: so what is made is the same at any time.
    side = needed_side(encoder, extractor)
    return decode_shrunk(data, at_least=side, extra_formats=limits.extra_formats, max_pixels=limits.max_pixels)
