"""One encoder for several threads."""

from __future__ import annotations

import threading
import time

import numpy as np
from PIL import Image

from ras.encoders.shared import SharedEncoder
from tests.pictures import ColourEncoder


class Counting(ColourEncoder):
    """Notices when two threads are in ``encode_batch`` at once."""

    def __init__(self) -> None:
        super().__init__(batch_size=2)
        self.inside = 0
        self.most = 0

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(0.002)
        result = super().encode_batch(rows)
        self.inside -= 1
        return result


def test_one_thread_at_a_time_encodes() -> None:
    inner = Counting()
    shared = SharedEncoder(inner)
    images = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue", "white")]
    expected = inner.encode_images(images)
    results: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: results.append(shared.encode_images(images))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inner.most == 1
    assert len(results) == 6
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_it_is_the_encoder_in_all_that_others_see() -> None:
    inner = ColourEncoder(batch_size=3)
    shared = SharedEncoder(inner)
    assert (shared.id, shared.name, shared.dimension, shared.convincing) == ("colour-1", "Colour", 3, inner.convincing)
    inner.batch_size, inner.device = 1, "cuda"  # as an encoder that ran out of memory does
    assert (shared.batch_size, shared.device) == (1, "cuda")
