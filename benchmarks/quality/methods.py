"""The ways to search for a copy that are compared: each knows what it keeps of a picture, and ranks pictures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Mapping, Sequence

import numpy as np
from PIL import Image

from benchmarks.quality import hashes
from benchmarks.quality.kept import the_encoder
from ras.indexing import usable_cores
from ras.matching import inverted
from ras.matching.features import Features
from ras.matching.geometry import project
from ras.matching.inverted import InvertedFiles, Segment
from ras.matching.query import QueryFeatures

RANKED = 30
"""So many pictures of a ranking are of interest."""


@dataclass(frozen=True)
class Answer:
    """What a method says of a copy."""

    ranked: tuple[int, ...]
    """Numbers of pictures, the best first, at most RANKED."""
    verdicts: Mapping[int, str] = field(default_factory=dict)
    """``identical``, ``altered`` or ``alike`` for the pictures of which the method says so; most methods never do."""

    def without(self, number: int) -> Answer:
        """The answer of an index that this picture is not in."""
        verdicts = {other: verdict for other, verdict in self.verdicts.items() if other != number}
        return Answer(tuple(other for other in self.ranked if other != number), verdicts)


class Method(ABC):
    """One way to search. It is given what it keeps of all pictures, then it is asked, also in other processes."""

    name: str
    kinds: tuple[str, ...]
    """What it keeps of pictures: keys of ``kept.MAKERS``."""
    judges: bool = False
    """Whether it gives verdicts."""

    @abstractmethod
    def index(self, kept: Mapping[str, Sequence[bytes]]) -> None:
        """Take in what was kept, by kind; pictures are numbered in this order."""

    @abstractmethod
    def search(self, copy: Image.Image) -> Answer: ...


def _best(scores: np.ndarray) -> tuple[int, ...]:
    """Numbers of the pictures with the highest scores; of equal ones the first."""
    listed = np.arange(len(scores))
    if len(scores) > RANKED:
        listed = np.flatnonzero(scores >= np.partition(scores, -RANKED)[-RANKED])
    return tuple(int(number) for number in listed[np.argsort(-scores[listed], kind="stable")][:RANKED])


class PHash(Method):
    name, kinds = "pHash", ("phash",)

    def index(self, kept: Mapping[str, Sequence[bytes]]) -> None:
        self._hashes = np.frombuffer(b"".join(kept["phash"]), np.uint8).reshape(-1, 8)

    def search(self, copy: Image.Image) -> Answer:
        return Answer(_best(-hashes.distances(hashes.phash(copy), self._hashes)))


class Pdq(Method):
    """Asked in the eight ways a picture can lie, as its authors advise."""

    name, kinds = "PDQ", ("pdq",)

    def index(self, kept: Mapping[str, Sequence[bytes]]) -> None:
        self._hashes = np.frombuffer(b"".join(kept["pdq"]), np.uint8).reshape(-1, 32)

    def search(self, copy: Image.Image) -> Answer:
        far = np.min([hashes.distances(way, self._hashes) for way in hashes.pdq_dihedral(copy)], axis=0)
        return Answer(_best(-far))


class Vectors(Method):
    """The encoder's embeddings, searched with all its views of a query."""

    def __init__(self, encoder: str) -> None:
        self.name, self.kinds = encoder, (encoder,)
        self._encoder = encoder

    def index(self, kept: Mapping[str, Sequence[bytes]]) -> None:
        rows = np.frombuffer(b"".join(kept[self._encoder]), np.float16)
        self._embeddings = rows.reshape(len(kept[self._encoder]), -1).astype(np.float32)

    def search(self, copy: Image.Image) -> Answer:
        return Answer(_best((the_encoder(self._encoder).encode_query(copy) @ self._embeddings.T).max(axis=0)))


def segments_of(features: Sequence[Features]) -> list[Segment]:
    step = inverted.SEGMENT_PICTURES
    parts = [features[first : first + step] for first in range(0, len(features), step)]
    return [inverted.build([one.keypoints for one in part], [one.hash for one in part]) for part in parts]


class Local(Method):
    """Local features alone: the inverted file, then the check of where keypoints lie in the pictures it found."""

    name, kinds = "local features", ("local",)
    checked = 100

    def index(self, kept: Mapping[str, Sequence[bytes]]) -> None:
        self._features = [Features.unpack(data) for data in kept["local"]]
        self._files = InvertedFiles(segments_of(self._features))

    def search(self, copy: Image.Image) -> Answer:
        query = QueryFeatures.of(copy)
        listed, scores = self._files.search(query, self.checked, threads=usable_cores())
        found = [project(query, self._features[number]) for number in listed]
        inliers = np.array([0 if one is None else one.inliers for one in found], np.int64)
        order = np.lexsort((listed, -scores, -inliers))
        return Answer(tuple(int(number) for number in listed[order[:RANKED]]))
