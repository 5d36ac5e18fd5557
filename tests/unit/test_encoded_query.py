"""A query as embeddings: a picture, a text, or both, and from which score on they are believed."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ras.encoders.encoded_query import EncodedQuery, encode_queries
from ras.encoders.fingerprint import FingerprintEncoder
from ras.errors import EncoderError
from ras.records import Progress, Query, finish
from tests.pictures import WordyEncoder

RED = Image.new("RGB", (4, 4), (255, 0, 0))


def test_a_picture_is_encoded_as_ever() -> None:
    encoder = FingerprintEncoder()
    image = Image.effect_noise((40, 30), 90).convert("RGB")
    encoded = EncodedQuery.of(Query(image, "noise"), encoder)
    assert np.array_equal(encoded.views, encoder.encode_query(image))
    assert len(encoded.views) == 5
    assert encoded.convincing == encoder.convincing


def test_a_text_is_one_view_and_believed_by_its_own_measure() -> None:
    encoded = EncodedQuery.of(Query(None, "“green”", text="green"), WordyEncoder())
    assert np.allclose(encoded.views, [[0, 1, 0]], atol=1e-4)
    assert encoded.convincing == WordyEncoder.convincing_text == 0.25


@pytest.mark.parametrize("weight", [0.0, 0.2, 0.5, 1.0])
def test_both_are_the_weighted_sum_of_length_1(weight: float) -> None:
    encoder = WordyEncoder()
    picture = encoder.encode_query(RED).astype(np.float64)
    encoded = EncodedQuery.of(Query(RED, "red", text="green", text_weight=weight), encoder)
    wanted = (1 - weight) * picture + weight * np.array([[0, 1, 0]])
    length = np.linalg.norm(wanted, axis=1, keepdims=True)
    assert encoded.views.dtype == np.float32
    assert np.allclose(encoded.views, wanted / length, atol=1e-4)
    # A picture that is just convincing to both has just this score.
    assert encoded.convincing == pytest.approx(((1 - weight) * 0.9 + weight * 0.25) / length[0, 0], abs=1e-4)


def test_every_view_takes_the_text() -> None:
    class Mirroring(WordyEncoder):
        def query_views(self, image: Image.Image) -> list[Image.Image]:
            return [image, Image.new("RGB", image.size, (0, 0, 255))]

    encoded = EncodedQuery.of(Query(RED, "red", text="green"), Mirroring())
    assert np.allclose(encoded.views, [[0.5**0.5, 0.5**0.5, 0], [0, 0.5**0.5, 0.5**0.5]], atol=1e-4)


def test_opposites_give_numbers_all_the_same() -> None:
    encoded = EncodedQuery.of(Query(RED, "red", text="anti-red"), WordyEncoder())
    assert np.isfinite(encoded.views).all()
    assert encoded.convincing == 1.0


def test_the_fingerprint_says_that_it_knows_no_text() -> None:
    for image in (None, RED):
        with pytest.raises(EncoderError, match="Fingerprint cannot search by text; the CLIP encoder can"):
            EncodedQuery.of(Query(image, "cat", text="cat"), FingerprintEncoder())


def test_a_query_is_of_something() -> None:
    with pytest.raises(ValueError, match="a picture or a text"):
        Query(None, "nothing")
    with pytest.raises(ValueError, match="0 to 1"):
        Query(RED, "red", text="green", text_weight=1.5)


def test_of_several_it_yields_after_each_so_that_it_can_be_cancelled() -> None:
    encoder = WordyEncoder()
    queries = [Query(RED, "red"), Query(None, "“green”", text="green"), Query(RED, "red", text="green")]
    assert list(encode_queries(queries[:1], encoder)) == []
    assert list(encode_queries(queries, encoder)) == [Progress("Preparing the search", done, 3) for done in (1, 2)]
    for one, query in zip(finish(encode_queries(queries, encoder)), queries):
        assert np.array_equal(one.views, EncodedQuery.of(query, encoder).views)
