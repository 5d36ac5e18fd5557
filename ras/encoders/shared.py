"""One encoder for several threads: indexing and searching at the same time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Sequence

from ras.encoders.base import Encoder

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image


class SharedEncoder(Encoder):
    """Passes everything on to another encoder, and lets one thread at a time into the parts that are made for one.

    A search that comes while a batch is being encoded waits for that batch.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()
        self.id, self.name, self.dimension = encoder.id, encoder.name, encoder.dimension
        self.convincing = encoder.convincing

    @property
    def device(self) -> str:  # type: ignore[override]  # an encoder that runs out of memory moves to the CPU
        return self._encoder.device

    @property
    def batch_size(self) -> int:  # type: ignore[override]  # … or takes smaller batches
        return self._encoder.batch_size

    def preprocess(self, image: Image) -> np.ndarray:
        return self._encoder.preprocess(image)

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        with self._lock:
            return self._encoder.encode_batch(rows)

    def query_views(self, image: Image) -> list[Image]:
        return self._encoder.query_views(image)

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        with self._lock:
            return self._encoder.encode_text(texts)

    def take_notices(self) -> list[str]:
        with self._lock:
            return self._encoder.take_notices()
