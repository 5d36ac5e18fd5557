"""What every encoder gets from its base class."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ras.encoders.base import Encoder
from ras.errors import EncoderError


class MeanColour(Encoder):
    """The smallest encoder there is: the mean colour. It remembers the sizes of its batches."""

    id, name, device, dimension, batch_size = "mean-colour", "Mean colour", "cpu", 3, 4

    def __init__(self) -> None:
        self.batches: list[int] = []

    def preprocess(self, image: Image.Image) -> np.ndarray:
        return np.asarray(image.resize((1, 1)))[0, 0]

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        self.batches.append(len(rows))
        vectors = rows.astype(np.float32) + 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_pictures_are_encoded_in_order_and_in_batches() -> None:
    encoder = MeanColour()
    images = [Image.new("RGB", (8, 5), (20 * number, 90, 200)) for number in range(10)]
    embeddings = encoder.encode_images(images)
    assert encoder.batches == [4, 4, 2]
    assert embeddings.shape == (10, 3)
    for image, embedding in zip(images, embeddings):
        assert np.array_equal(embedding, encoder.encode_images([image])[0])


def test_no_pictures_give_no_embeddings() -> None:
    embeddings = MeanColour().encode_images([])
    assert embeddings.shape == (0, 3)
    assert embeddings.dtype == np.float32


def test_a_query_is_one_view_unless_the_encoder_says_more() -> None:
    image = Image.new("RGB", (8, 5), "red")
    assert MeanColour().query_views(image) == [image]
    assert MeanColour().encode_query(image).shape == (1, 3)


def test_text_is_refused_by_an_encoder_that_knows_none() -> None:
    with pytest.raises(EncoderError, match="Mean colour cannot search by text"):
        MeanColour().encode_text(["a cat"])
