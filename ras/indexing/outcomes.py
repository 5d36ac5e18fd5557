"""What comes out of the threads that calculate, one value for each picture, and one for its features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from ras.errors import PictureError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Embedded:
    """One picture that was encoded. ``index`` is the record's place in what ``embed_images`` was given."""

    index: int
    content_hash: str
    """SHA-256 of the picture's bytes, hexadecimal."""
    embedding: np.ndarray | None
    """float32 (dimension,), length 1; None where the same bytes were yielded before or known: look up their hash."""
    preview: bytes | None
    """A small JPEG; None where ``embedding`` is."""


@dataclass(frozen=True)
class Described:
    """The features of a content, once for all pictures that have it; after the ``Embedded`` of the first of them."""

    index: int
    """The first picture's."""
    content_hash: str
    features: bytes
    """What ``FeatureExtractor.extract`` gave."""


@dataclass(frozen=True)
class Twin:
    """A picture with the bytes of another one of this run, whose outcome is its own."""

    index: int
    content_hash: str


@dataclass(frozen=True)
class Broken:
    """A picture that failed, with a PictureError; any other error is a bug, or the encoder's."""

    index: int
    content_hash: str
    """Empty where its bytes could not be had."""
    error: BaseException

    def __post_init__(self) -> None:
        # It is kept as long as the run lasts, and the frames that it was raised in hold the picture's bytes.
        if isinstance(self.error, PictureError):
            self.error.__traceback__ = self.error.__cause__ = self.error.__context__ = None


Outcome = Union[Embedded, Described, Twin, Broken]
