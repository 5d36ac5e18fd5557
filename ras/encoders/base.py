"""What an encoder is: pictures (and perhaps text) in, L2-normalised embeddings out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol, Sequence

from ras.errors import EncoderError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image, Resampling


class Picture(Protocol):
    """What ``preprocess`` needs of a picture: a Pillow image, or one that was decoded at a fraction of its size."""

    @property
    def size(self) -> tuple[int, int]: ...

    def resize(
        self,
        size: tuple[int, int],
        resample: Resampling,
        box: tuple[float, float, float, float] | None = None,
        reducing_gap: float | None = None,
    ) -> Image: ...


class Encoder(ABC):
    """Turns pictures into embeddings; score = dot product = cosine, since the encoder normalises.

    The work is in two steps, so that the device is busy while pictures are decoded: ``preprocess`` (one picture, no
    device) and ``encode_batch``. Every method may be called by any number of threads at once.
    """

    id: str
    """Names the embedding space for good: the same id means comparable embeddings. ``fingerprint-2``."""
    name: str
    """For the user: ``CLIP ViT-B/32``."""
    device: str
    """For the user and ``--json``: ``cpu``, ``cuda``, ``mps``."""
    dimension: int
    batch_size: int
    """How many pictures ``encode_batch`` takes best at once."""
    batches_at_once: int = 1
    """From how many threads calling ``encode_batch`` together gains something."""
    decode_side: int | None = None
    """``preprocess`` needs no more pixels than a shorter side of so many: of larger pictures, it may be given
    fewer. None: it wants all."""
    convincing: float = 0.9
    """The score from which on a picture is said to look alike, where nothing else speaks for it. A matter of judgement:
    a higher one loses pictures that do, a lower one believes pictures that are only built alike."""
    convincing_text: float | None = None
    """The score from which on a picture is said to look like a text; None where the encoder knows no text."""

    @abstractmethod
    def preprocess(self, image: Picture) -> np.ndarray:
        """One decoded picture (RGB, any size) → one row for ``encode_batch``; always the same shape and dtype."""

    @abstractmethod
    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        """Stacked rows (n, …) → float32 embeddings (n, dimension), each of length 1."""

    def encode_images(self, images: Sequence[Image]) -> np.ndarray:
        """Decoded pictures (RGB) → float32 embeddings (n, dimension), each of length 1."""
        import numpy as np

        if not images:
            return np.zeros((0, self.dimension), np.float32)
        blocks = []
        for start in range(0, len(images), self.batch_size):
            rows = [self.preprocess(image) for image in images[start : start + self.batch_size]]
            blocks.append(self.encode_batch(np.stack(rows)))
        return np.concatenate(blocks)

    def query_views(self, image: Image) -> list[Image]:
        """The pictures to search for in place of the query, itself first; a result's score is the best of all views.

        An encoder that tells a picture from its mirror image adds the mirrored query here.
        """
        return [image]

    def encode_query(self, image: Image) -> np.ndarray:
        """The query (RGB) → float32 embeddings (views, dimension), each of length 1."""
        return self.encode_images(self.query_views(image))

    def take_notices(self) -> list[str]:
        """Sentences for the user that came up in encoding since the last call, such as that memory ran out."""
        return []

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """Texts → float32 embeddings (n, dimension) in the space of the pictures.

        Raises EncoderError where the encoder knows no text (``fingerprint``).
        """
        raise self.no_text()

    def no_text(self) -> EncoderError:
        """What is raised where a text is searched for and the encoder knows none."""
        return EncoderError(f"{self.name} cannot search by text; the CLIP encoder can.")
