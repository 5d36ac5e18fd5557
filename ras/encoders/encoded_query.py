"""A query as embeddings, be it a picture, a text, or both: the one way there, for every strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence

from ras.records import Job, Progress, Query

if TYPE_CHECKING:
    import numpy as np

    from ras.encoders.base import Encoder

PREPARING = "Preparing the search"

_LEAST = 1e-6
"""A sum that is shorter has no direction: text and picture are opposites, which no encoder makes."""


@dataclass(frozen=True)
class EncodedQuery:
    """What rows are compared with."""

    views: np.ndarray
    """float32 (views, dimension), each of length 1; a row's score is its best product with one of them."""
    convincing: float
    """The score from which on a picture is believed to be what was meant."""

    @classmethod
    def of(cls, query: Query, encoder: Encoder) -> EncodedQuery:
        """Raises EncoderError, also where the query has a text and the encoder knows none."""
        if not query.text:
            assert query.image is not None  # a query has one of them
            return cls(encoder.encode_query(query.image), encoder.convincing)
        text = encoder.encode_text([query.text])
        if encoder.convincing_text is None:
            raise encoder.no_text()
        if query.image is None:
            return cls(text, encoder.convincing_text)
        return _both(encoder.encode_query(query.image), text, query.text_weight, encoder)


def encode_queries(queries: Sequence[Query], encoder: Encoder) -> Job[list[EncodedQuery]]:
    """Encode them one by one; yields between two, to be cancelled. Raises EncoderError."""
    encoded: list[EncodedQuery] = []
    for query in queries:
        if encoded:
            yield Progress(PREPARING, len(encoded), len(queries))
        encoded.append(EncodedQuery.of(query, encoder))
    return encoded


def _both(views: np.ndarray, text: np.ndarray, weight: float, encoder: Encoder) -> EncodedQuery:
    """The weighted sum of each view and the text, brought to length 1 again.

    A picture that is just convincing to both is so to their sum; of the views the first, the picture as it is, counts.
    """
    import numpy as np

    assert encoder.convincing_text is not None
    sums = (1 - weight) * views + weight * text
    lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), _LEAST)
    convincing = ((1 - weight) * encoder.convincing + weight * encoder.convincing_text) / float(lengths[0, 0])
    return EncodedQuery((sums / lengths).astype(np.float32), min(convincing, 1.0))
