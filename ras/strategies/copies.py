"""Copies among what the store has: which pictures may be one, which are, and their rank before what looks alike."""

from __future__ import annotations

import contextlib
import functools
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Callable, Iterator, Optional, Sequence

from ras.indexing import usable_cores
from ras.matching import FeatureExtractor, Finding, QueryFeatures, check, same_bytes
from ras.matching.hashing import distances
from ras.records import Job, Notice, Progress, Query, SearchResult
from ras.scoring import exact_scores
from ras.strategies.feature_index import FeatureIndex, unpacked
from ras.strategies.ranking import by_score, in_scope
from ras.text import count, whole

if TYPE_CHECKING:
    import numpy as np

    from ras.encoders.base import Encoder
    from ras.store import EmbeddingStore
    from ras.strategies.exact import Best
    from ras.strategies.stored import Coverage

Described = Optional["Future[QueryFeatures]"]
Deeper = Callable[[int, int], "Job[Best]"]
"""Finds so many of the nearest rows of the query with this number."""

BY_KEYPOINTS = 100
BY_EMBEDDING = 16
BY_HASH = 6
"""How many candidates are checked that keypoints, embeddings and hashes speak for."""

MOST_LOOKED_THROUGH = 4096
MOST_CHECKED = 256
"""Of the nearest pictures so many are looked through for look-alikes where most are copies, and so many checked."""

_NEVER = 1000
"""Bits: more than hashes can differ in."""

_AT_ONCE = 16
"""Candidates between two yields."""

SHORTLIST = 1000
"""Candidates by keypoints that are looked through for such that do not all look the same."""

SAME_LOOK = 8
"""Bits of 256 by which the hashes of pictures differ that look the same."""
FEW_OF_A_KIND = 3
"""Of candidates that look the same so many are checked first: a logo that was posted by the thousand leaves room for
others. If they are copies, so are perhaps the rest, which are checked then."""


class CopySearch:
    """Shared by the strategies that search the store. Belongs to the thread of the store."""

    def __init__(self, encoder: Encoder, store: EmbeddingStore, extractor: FeatureExtractor) -> None:
        self._encoder, self._store, self._extractor = encoder, store, extractor
        self._index = FeatureIndex(store, extractor.id)
        self._reach: _Reach | None = None

    @contextlib.contextmanager
    def describing(self, queries: Sequence[Query]) -> Iterator[list[Described]]:
        """Find the keypoints of queries on a thread of their own, while they are encoded and compared.

        A text has none: None stands in its place.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="describe") as pool:
            described = [
                None
                if query.image is None
                else pool.submit(QueryFeatures.of, query.image, query.content_hash, self._extractor.is_local)
                for query in queries
            ]
            try:
                yield described
            finally:
                for waiting in described:
                    if waiting is not None:
                        waiting.cancel()

    def prepare(self, store: EmbeddingStore) -> Job[None]:
        """Make the files of the index that can be made; ``store`` is the calling thread's own."""
        yield from FeatureIndex(store, self._index.features_id).make_files()

    def findings(
        self,
        coverage: Coverage,
        query: QueryFeatures,
        best: Best,
        mask: np.ndarray,
        top_k: int,
        scope: str,
        convincing: float,
    ) -> Job[dict[int, tuple[float, Finding]]]:
        """Row of the view → its exact score, and what it is to the query: of all candidates that were checked.

        ``best`` has seen all rows; its nearest are candidates. ``mask``: only records that pass. ``top_k`` of ``scope``
        are asked for; from ``convincing`` on a score says that a picture looks alike. Raises StoreError.
        """
        yield from self._index.refresh()
        reach = self._reach
        if reach is None or reach.coverage is not coverage or reach.version != self._index.version:
            self._reach = reach = _Reach(coverage, self._index)
            if reach.lacking:
                yield Notice(_lacking(reach.lacking, coverage.searchable))
        allowed = reach.allowed(mask)
        by_keypoints = (yield from self._index.candidates(query, allowed, SHORTLIST)).tolist()
        yield Progress("Comparing", 0)
        near = reach.places_of_rows(best.nearest()[0])
        first = interleaved((by_keypoints, near, self._by_hash(query, allowed)), (BY_KEYPOINTS, BY_EMBEDDING, BY_HASH))
        named = list(dict.fromkeys([*first, *by_keypoints, *near]))
        chosen, like = self._diverse(named, BY_KEYPOINTS + BY_EMBEDDING + BY_HASH)
        found = yield from self._check(reach, query, best.views, chosen, convincing)
        copies = {place for place, (_, finding) in found.items() if finding.verdict.is_copy}
        if scope != "alike":
            more = [place for place, others in like if copies.intersection(others)]
            # No more than have room: they would outrank copies of other kinds and push them out.
            more = more[: max(0, top_k - len(copies))]
            found.update((yield from self._check(reach, query, best.views, more, convincing)))
        by_row = {int(reach.rows[place]): told for place, told in found.items()}
        by_row.update(self._same_bytes(coverage, query, best.views))
        return by_row

    def look_alikes(
        self,
        query: QueryFeatures,
        best: Best,
        top_k: int,
        convincing: float,
        findings: dict[int, tuple[float, Finding]],
        deeper: Callable[[int], Job[Best]],
    ) -> Job[tuple[np.ndarray, np.ndarray]]:
        """Of the nearest rows those that are no copies, int64 (n,), and their scores; as many as ``top_k`` need.

        Follows ``findings``, which grow by what is checked. Where copies take the places of look-alikes the search goes
        ``deeper``; there, what looks the same as a few copies is taken for one: some are posted by the thousand.
        """
        reach, checks, is_deep = self._reach, 0, False
        assert reach is not None
        while True:
            rows, scores = best.nearest()
            alike: list[int] = []
            done = 0
            while done < len(rows) and (len(alike) < top_k or scores[done] == scores[done - 1]):
                part = rows[done : done + _AT_ONCE].tolist()
                unknown = [row for row in part if row not in findings]
                same = self._like_copies(reach, unknown, findings) if is_deep or checks >= MOST_CHECKED else set()
                places = reach.places_of_rows([row for row in unknown if row not in same])[: MOST_CHECKED - checks]
                checks += len(places)
                found = yield from self._check(reach, query, best.views, places, convincing)
                findings.update((int(reach.rows[place]), told) for place, told in found.items())
                for number, row in enumerate(part, done):
                    if row not in same and (row not in findings or not findings[row][1].verdict.is_copy):
                        alike.append(number)
                done += len(part)
            if len(alike) >= top_k or len(rows) < best.top_k or best.top_k >= MOST_LOOKED_THROUGH:
                return rows[alike], scores[alike]
            best = yield from deeper(min(4 * best.top_k, MOST_LOOKED_THROUGH))
            is_deep = True

    def _like_copies(self, reach: _Reach, rows: Sequence[int], findings: dict[int, tuple[float, Finding]]) -> set[int]:
        """Those of the rows that look the same as a few of the copies that were found."""
        copies = [row for row, (_, finding) in findings.items() if finding.verdict.is_copy]
        known = self._index.hashes[reach.places_of_rows(copies)]
        like = set()
        for place in reach.places_of_rows(rows):
            if (distances(self._index.hashes[place].tobytes(), known) <= SAME_LOOK).sum() >= FEW_OF_A_KIND:
                like.add(int(reach.rows[place]))
        return like

    def _same_bytes(
        self, coverage: Coverage, query: QueryFeatures, views: np.ndarray
    ) -> dict[int, tuple[float, Finding]]:
        """The row whose picture's file is the query's, byte for byte; whether or not it has a record that passes."""
        import numpy as np

        known = self._store.content_ids([query.content_hash]) if query.content_hash else {}
        rows = coverage.rows_of(np.array(list(known.values()), np.int64))
        rows = rows[rows >= 0]
        scores = exact_scores(views, coverage.view.take(rows)).tolist()
        return {row: (score, same_bytes(score)) for row, score in zip(rows.tolist(), scores)}

    def _by_hash(self, query: QueryFeatures, allowed: np.ndarray) -> list[int]:
        """The pictures that look the same as a whole, however they are laid."""
        import numpy as np

        far = np.min([distances(hash, self._index.hashes) for hash in query.hashes], axis=0)
        far[~allowed] = _NEVER
        nearest = np.argsort(far, kind="stable")[:BY_HASH]
        return [int(place) for place in nearest if far[place] < _NEVER]

    def _diverse(self, named: Sequence[int], most: int) -> tuple[list[int], list[tuple[int, list[int]]]]:
        """Which of the named to check: few of those that look the same; and the others, each with those it is like."""
        import numpy as np

        hashes = self._index.hashes[list(named)]
        chosen: list[int] = []  # numbers of the named
        others: list[tuple[int, list[int]]] = []
        for number, place in enumerate(named):
            if len(chosen) == most:
                break
            like = np.flatnonzero(distances(hashes[number].tobytes(), hashes[chosen]) <= SAME_LOOK).tolist()
            if len(like) >= FEW_OF_A_KIND:
                others.append((place, [named[chosen[one]] for one in like]))
            else:
                chosen.append(number)
        return [named[number] for number in chosen], others

    def _check(
        self, reach: _Reach, query: QueryFeatures, views: np.ndarray, places: Sequence[int], convincing: float
    ) -> Job[dict[int, tuple[float, Finding]]]:
        """Check these pictures on all cores."""
        if not places:
            return {}
        contents = {place: int(self._index.contents[place]) for place in places}
        features = self._store.features(list(contents.values()), self._index.features_id)
        previews = self._store.previews(list(contents.values()))
        scores = exact_scores(views, reach.coverage.view.take(reach.rows[list(places)])).tolist()

        def one(place: int, score: float) -> Finding | None:
            known = unpacked(features.get(contents[place]))
            if known is None:
                return None
            return check(query, known, previews.get(contents[place]), score, convincing)

        found: dict[int, tuple[float, Finding]] = {}
        with ThreadPoolExecutor(usable_cores(), thread_name_prefix="check") as pool:
            findings = [pool.submit(one, place, score) for place, score in zip(places, scores)]
            try:
                for place, score, waiting in zip(places, scores, findings):
                    finding = waiting.result()
                    if finding is not None:
                        found[place] = score, finding
                    if len(found) % _AT_ONCE == 0:
                        yield Progress("Comparing", len(found), len(places))
            finally:
                for waiting in findings:
                    waiting.cancel()
        return found


def answers(
    copies: CopySearch | None,
    described: Sequence[Described],
    coverage: Coverage,
    best: Sequence[Best],
    mask: np.ndarray,
    top_k: int,
    scopes: Sequence[str],
    convincing: Sequence[float],
    deeper: Deeper,
) -> Job[list[tuple[SearchResult, ...]]]:
    """The results of each query: ``best`` has seen all rows, ``described`` is of ``CopySearch.describing``.

    Without ``copies``, and for a text, verdicts go by embeddings alone: ``convincing`` says from which score on. Raises
    StoreError.
    """
    import numpy as np

    found = []
    for number, one in enumerate(best):
        findings: dict[int, tuple[float, Finding]] = {}
        scope, enough = scopes[number], convincing[number]
        features = described[number] if copies is not None else None
        rows, scores = one.nearest()
        if copies is not None and features is not None:
            query = features.result()
            findings = yield from copies.findings(coverage, query, one, mask, top_k, scope, enough)
            if scope == "alike":
                more = functools.partial(deeper, number)
                rows, scores = yield from copies.look_alikes(query, one, top_k, enough, findings, more)
        for row, score in zip(rows.tolist(), scores.tolist()):
            findings.setdefault(row, (score, by_score(score, enough)))
        kept = {row: told for row, told in findings.items() if in_scope(told[1].verdict, scope)}
        found.append(
            coverage.results(
                np.fromiter(kept, np.int64, len(kept)),
                np.array([score for score, _ in kept.values()]),
                top_k,
                mask,
                [finding for _, finding in kept.values()],
            )
        )
    return found


class _Reach:
    """Which pictures of the index belong to the archive: places in the index, and rows of the view."""

    def __init__(self, coverage: Coverage, index: FeatureIndex) -> None:
        import numpy as np

        self.coverage, self.version = coverage, index.version
        self.rows = coverage.rows_of(index.contents)
        """int64 (pictures of the index,): the row of each, -1 where it has none."""
        self._places = np.full(len(coverage.view.contents), -1, np.int64)
        self._places[self.rows[self.rows >= 0]] = np.flatnonzero(self.rows >= 0)
        with_rows = coverage.rows[coverage.rows >= 0]
        self.lacking = int((self._places[with_rows] < 0).sum())
        """How many records have an embedding and no features."""
        self._allowed: tuple[np.ndarray, np.ndarray] | None = None

    def allowed(self, mask: np.ndarray) -> np.ndarray:
        """bool (pictures of the index,): which of them belong to a record that passes."""
        import numpy as np

        if self._allowed is None or self._allowed[0] is not mask:
            allowed = np.zeros(len(self.rows), bool)
            places = self._places[self.coverage.allowed_rows(mask)]
            allowed[places[places >= 0]] = True
            self._allowed = mask, allowed
        return self._allowed[1]

    def places_of_rows(self, rows: np.ndarray | Sequence[int]) -> list[int]:
        places = self._places[rows]
        return [int(place) for place in places if place >= 0]


def interleaved(lists: Sequence[Sequence[int]], most: Sequence[int]) -> list[int]:
    """In turns one of each list, of each at most so many, each number once."""
    taken = [one[:limit] for one, limit in zip(lists, most)]
    longest = max(map(len, taken), default=0)
    return list(dict.fromkeys(one[turn] for turn in range(longest) for one in taken if turn < len(one)))


def _lacking(lacking: int, searchable: int) -> str:
    of = f"{whole(lacking)} of {count(searchable, 'picture')}"
    return (
        f"Details of {of} are not there yet: crops, photos of a screen and the like are not recognised among them "
        "until the archive is indexed to the end."
    )
