"""Building and growing FAISS indexes: which kind for how many rows, block by block, in bounded memory."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator, Protocol

from ras.records import Job, Progress
from ras.strategies.index_file import load_faiss

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger(__name__)

STAGE = "Building the search index"

# Training looks at so many rows for each list, in so many rounds: 65,536 rows (134 MB at 512 dimensions) for a million.
TRAINING_ROWS = 64
TRAINING_ROUNDS = 10

# So much more than the sample says is made room for in each list.
ROOM = 1.15

# A search looks through as many lists as find this part of the best 50, on so many samples. Where pictures do not fall
# into groups these are nearly all lists: then a search takes longer, rather than missing what it is for.
RECALL = 0.995
RECALL_TOP = 50
RECALL_SAMPLES = 128


class Embeddings(Protocol):
    """What an index is built from; an EmbeddingView of the store."""

    @property
    def dimension(self) -> int: ...

    @property
    def contents(self) -> np.ndarray:
        """int64 (m,)"""

    def blocks(self, rows: np.ndarray | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(rows int64 (b,), float16 (b, d)), ascending."""


@dataclass(frozen=True)
class Sizes:
    """From how many rows on an index is of which kind, and when it is made anew.

    Measured on two cores with 512 dimensions and one view of a query: a float32 index of 20,000 rows takes 41 MB and
    3 ms; a float16 one of 100,000 takes 8 ms and still finds what is best for certain; beyond, only lists (IVF) answer
    a query of five views within 60 ms.
    """

    flat: int = 20_000
    """Up to here float32, exact."""
    quantised: int = 100_000
    """Up to here float16, exact as well: what is stored is float16."""
    fewest_lists: int = 64
    fewest_beside: int = 1_000
    """So many embeddings may always be searched beside the index: one millisecond."""
    most_beside: int = 10_000
    """With more than this, or a tenth of its rows, beside it the index grows."""
    most_dead: float = 0.25
    """With a larger part of its rows dead (their embeddings are no longer in the store) it is built anew."""
    at_once: int = 20_000
    """Up to so many rows an index is made within a search, in some tens of milliseconds; beyond, in the background."""

    def kind(self, rows: int) -> str:
        """The kind for this many rows, as FAISS's index_factory calls it: ``Flat``, ``SQfp16``, ``IVF1024,SQfp16``."""
        if rows <= self.flat:
            return "Flat"
        if rows <= self.quantised:
            return "SQfp16"
        # About the root of the number of rows, as a power of two: it changes when the rows have quadrupled.
        return f"IVF{max(self.fewest_lists, 2 ** round(math.log2(rows) / 2))},SQfp16"

    def need(self, kind: str, rows: int, dead: int, beside: int) -> str | None:
        """``grow`` or ``build`` where an index of ``rows`` rows, of which some are dead, needs it; else None."""
        if dead > rows * self.most_dead:
            return "build"
        if beside <= max(self.fewest_beside, min(self.most_beside, rows // 10)):
            return None
        return "grow" if kind == self.kind(rows - dead + beside) else "build"


SIZES = Sizes()


@dataclass
class Built:
    """An index in memory, and what is to be known of it."""

    index: Any
    kind: str
    contents: np.ndarray
    """int64 (rows,): the content of each row."""
    nprobe: int
    """How many lists a search looks through; 0 where there are none."""


def build(embeddings: Embeddings, sizes: Sizes) -> Job[Built]:
    """A new index of all embeddings. Memory: the index itself, a block, and for lists the rows to train with."""
    import numpy as np

    faiss = load_faiss()
    total, dimension = len(embeddings.contents), embeddings.dimension
    kind = sizes.kind(total)
    half = faiss.ScalarQuantizer.QT_fp16
    yield Progress(STAGE, 0, total)
    queries = np.zeros((0, dimension), np.float32)
    if kind == "Flat":
        index = faiss.IndexFlatIP(dimension)
    elif kind == "SQfp16":
        index = faiss.IndexScalarQuantizer(dimension, half, faiss.METRIC_INNER_PRODUCT)
    else:
        lists = int(kind[len("IVF") : kind.index(",")])
        sample = _sample(embeddings, lists * TRAINING_ROWS)
        quantizer = yield from _trained(faiss, sample, lists, total)
        index = faiss.IndexIVFScalarQuantizer(quantizer, dimension, lists, half, faiss.METRIC_INNER_PRODUCT, False)
        index.own_fields = True
        quantizer.this.disown()
        _make_room(index, sample, total)
        queries = _queries(sample)
        del sample  # 134 MB for a million rows
    if not index.is_trained:
        index.train(np.zeros((1, dimension), np.float32))  # float16 needs no training, but FAISS insists
    built = Built(index, kind, np.zeros(0, np.int64), 0)
    yield from add(built, embeddings, np.arange(total))
    if kind.startswith("IVF"):
        built.nprobe = yield from _chosen_nprobe(faiss, index, queries, total)
    return built


def add(built: Built, embeddings: Embeddings, rows: np.ndarray) -> Job[None]:
    """Add these rows (int64, ascending) to the index, in place.

    A row that holds something else than numbers is left out: a search looks at it beside the index.
    """
    import numpy as np

    total, done = len(embeddings.contents), built.index.ntotal
    contents = [built.contents]
    for numbers, block in embeddings.blocks(rows):
        usable = np.isfinite(block).all(axis=1)
        built.index.add(np.ascontiguousarray(block[usable], dtype=np.float32))
        contents.append(embeddings.contents[numbers[usable]])
        done += len(numbers)
        yield Progress(STAGE, min(done, total), total)
    built.contents = np.concatenate(contents)


def _sample(embeddings: Embeddings, most: int) -> np.ndarray:
    """Up to so many rows, float32 (n, d), the same ones each time."""
    import numpy as np

    total = len(embeddings.contents)
    chosen = np.sort(np.random.default_rng(total).choice(total, min(most, total), replace=False))
    sample = np.empty((len(chosen), embeddings.dimension), np.float32)
    filled = 0
    for _, block in embeddings.blocks(chosen):
        usable = block[np.isfinite(block).all(axis=1)]
        sample[filled : filled + len(usable)] = usable
        filled += len(usable)
    return sample[:filled]


def _trained(faiss: Any, sample: np.ndarray, lists: int, total: int) -> Job[Any]:
    """The centroids of the lists, by k-means on the sphere: an IndexFlatIP. Yields between rounds, to be cancelled."""
    import numpy as np

    dimension = sample.shape[1]
    clustering = faiss.Clustering(dimension, lists)
    clustering.spherical = True
    clustering.niter = 1  # each call goes on from the centroids of the last one
    clustering.min_points_per_centroid = 1  # FAISS prints a warning otherwise
    clustering.max_points_per_centroid = len(sample)
    for _ in range(TRAINING_ROUNDS):
        yield Progress(STAGE, 0, total)
        clustering.train(sample, faiss.IndexFlatIP(dimension))
    quantizer = faiss.IndexFlatIP(dimension)
    quantizer.add(np.ascontiguousarray(faiss.vector_to_array(clustering.centroids).reshape(lists, dimension)))
    return quantizer


def _make_room(index: Any, sample: np.ndarray, total: int) -> None:
    """Let each list have the memory that it will need, judged by the sample.

    Lists that are moved each time they have doubled leave holes: half as much memory again, measured at a million rows.
    """
    import numpy as np

    found = np.bincount(index.quantizer.search(sample, 1)[1].ravel(), minlength=index.nlist)
    for number, rows in enumerate((found * (ROOM * total / len(sample))).astype(int).tolist()):
        index.invlists.resize(number, rows)
        index.invlists.resize(number, 0)


def _queries(sample: np.ndarray) -> np.ndarray:
    """What to try searches with, float32 (n, d), each of length 1.

    Queries are no stored pictures: every second one goes half of the way to another one, which is worse than a crop.
    """
    import numpy as np

    random = np.random.default_rng(0)
    queries = sample[random.choice(len(sample), min(RECALL_SAMPLES, len(sample)), replace=False)]
    queries[::2] += 0.5 * queries[np.roll(np.arange(0, len(queries), 2), 1)]
    queries /= np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-6)
    return queries


def _chosen_nprobe(faiss: Any, index: Any, queries: np.ndarray, total: int) -> Job[int]:
    """The fewest lists that find enough of what a search through all of them finds."""
    import numpy as np

    top = min(RECALL_TOP, total)
    worst = np.empty((len(queries), 1), np.float32)
    for start in range(0, len(queries), 16):
        yield Progress(STAGE, total, total)
        part = slice(start, start + 16)
        parameters = faiss.SearchParametersIVF(nprobe=index.nlist)
        worst[part] = index.search(queries[part], top, params=parameters)[0][:, -1:]
    nprobe = 1
    while True:
        found = index.search(queries, top, params=faiss.SearchParametersIVF(nprobe=nprobe))[0]
        recall = float((found >= worst - 1e-6).mean())
        if recall >= RECALL or nprobe >= index.nlist:
            log.info("%d of %d lists find %.4f of the best %d", nprobe, index.nlist, recall, top)
            return nprobe
        nprobe = min(index.nlist, nprobe + max(1, nprobe // 2))
        yield Progress(STAGE, total, total)
