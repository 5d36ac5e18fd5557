"""FAISS search: an index of what the store has, memory-mapped; what it does not have yet is searched beside it."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
from typing import TYPE_CHECKING, Sequence

from ras.encoders.encoded_query import encode_queries
from ras.errors import RASError, StoreError
from ras.filters import Filter
from ras.records import Archive, Job, Notice, Progress, Query, Results, SearchReport
from ras.scoring import exact_scores, slack
from ras.strategies.base import SearchStrategy
from ras.strategies.copies import BY_EMBEDDING, CopySearch, answers
from ras.strategies.exact import Best, scan
from ras.strategies.index_build import SIZES, Sizes
from ras.strategies.index_file import UnusableIndex, load_faiss, set_aside
from ras.strategies.index_rows import Overlap, Selection
from ras.strategies.index_search import OpenIndex
from ras.strategies.index_upkeep import IndexUpkeep
from ras.strategies.stored import Coverage, Holdings, unavailable

if TYPE_CHECKING:
    import numpy as np

    from ras.encoders.base import Encoder
    from ras.store import EmbeddingStore

log = logging.getLogger(__name__)

# FAISS computes scores to within 0.0001 of ours. One that is further off is of other embeddings than the store's.
FOREIGN = 0.002

# So long (seconds) a search waits for another program that builds an index, before it does without.
PATIENCE = 2.0

# Until it was measured (seconds).
TYPICAL_SECONDS = 0.02


class FAISSSearchStrategy(SearchStrategy):
    """Looks the query up in an index. As exact as Cached up to 100,000 pictures; beyond, it may miss one in a hundred.

    The index is only trusted to name candidates: scores come from the store, as in Cached. A large index is built in
    the background, and meanwhile the mode is not available; a small one is made when it is first searched.
    """

    mode = "faiss"

    def __init__(
        self,
        encoder: Encoder,
        store: EmbeddingStore,
        holdings: Holdings | None = None,
        sizes: Sizes = SIZES,
        copies: CopySearch | None = None,
    ) -> None:
        self._encoder, self._store, self._copies = encoder, store, copies
        self._holdings = holdings or Holdings(encoder, store)
        self._sizes = sizes
        self._upkeep = IndexUpkeep(encoder.id, sizes)
        self._index: OpenIndex | None = None
        self._looked_at: tuple[int, int] | None = None
        """The generation and the version of the index when the store was asked for its index last."""
        self._overlap: Overlap | None = None
        self._selection: Selection | None = None
        self._notices: list[str] = []
        self._seconds = TYPICAL_SECONDS

    def unavailable(self, archive: Archive) -> str | None:
        """Starts building the index in the background where it is missing and that takes long."""
        reason = unavailable(self._holdings, archive)
        if reason is not None:
            return reason
        try:
            return self._not_ready(self._holdings.of(archive))
        except RASError as exc:
            return str(exc)

    def searchable(self, archive: Archive) -> int:
        return self._holdings.of(archive).searchable

    def unsearched(self, archive: Archive) -> Sequence[int]:
        return self._holdings.of(archive).unsearched

    def estimate(self, archive: Archive) -> float:
        """As long as the last search took."""
        return self._seconds

    def prepare(self, store: EmbeddingStore) -> Job[None]:
        """Bring the index up to the store, on the thread that indexes. That it cannot be made spoils no indexing."""
        try:
            load_faiss()
            yield from self._upkeep.bring_up(store)
        except RASError as exc:
            yield Notice(f"The search index was not built; Cached search does without it. {exc}")

    def close(self) -> None:
        self._upkeep.close()
        self._let_go()

    def search(
        self, queries: Sequence[Query], archive: Archive, top_k: int, where: Filter, scope: str = "all"
    ) -> Job[tuple[SearchReport, ...]]:
        if not queries:
            return ()
        kept = top_k if self._copies is None else top_k + BY_EMBEDDING
        with contextlib.ExitStack() as stack:
            described = [] if self._copies is None else stack.enter_context(self._copies.describing(queries))
            started = time.monotonic()
            encoded = yield from encode_queries(queries, self._encoder)

            def search(coverage: Coverage) -> Job[tuple[SearchReport, ...]]:
                yield from self._make_ready(coverage)
                # How few lists do was measured with pictures; texts lie far from all of them.
                everywhere = any(query.text for query in queries)
                views = [one.views for one in encoded]
                selection, best = yield from self._search(coverage, views, kept, where, everywhere)

                def deeper(number: int, most: int) -> Job[Best]:
                    _, (one,) = yield from self._search(coverage, views[number : number + 1], most, where, everywhere)
                    return one

                convincing = [one.convincing for one in encoded]
                scopes = [query.scope(scope) for query in queries]
                found = yield from answers(
                    self._copies, described, coverage, best, selection.mask, top_k, scopes, convincing, deeper
                )
                reports = tuple(dataclasses.replace(selection.report, results=results) for results in found)
                for number, report in enumerate(reports):
                    yield Results(report.results, final=True, query=number)
                return reports

            reports = yield from self._holdings.searching(archive, search)
            self._seconds = (time.monotonic() - started) / len(queries)
            return reports

    # The index and its state

    def _not_ready(self, coverage: Coverage) -> str | None:
        """None if an index is open, or can be made within the search; else why not."""
        self._open(coverage)
        rows = len(coverage.view.contents)
        if self._index is not None:
            if self._need(coverage) is not None and rows > self._sizes.at_once and self._may_make():
                self._upkeep.begin(self._store.folder)  # until it is through, the index and what is beside it will do
            return None
        if self._store.read_only:
            return "its index cannot be built, since the folder of the embedding store may not be written."
        if rows <= self._sizes.at_once:
            return None if self._upkeep.may_try else self._upkeep.state()
        if self._may_make():
            self._upkeep.begin(self._store.folder)
        return self._upkeep.state()

    def _may_make(self) -> bool:
        return self._upkeep.may_try and not self._store.read_only

    def _make_ready(self, coverage: Coverage) -> Job[None]:
        """Open the index; make a small one where there is none or it no longer fits. Raises RASError."""
        reason = self._not_ready(coverage)
        if reason is not None:
            raise StoreError(reason)
        small = len(coverage.view.contents) <= self._sizes.at_once
        if small and self._may_make() and (self._index is None or self._need(coverage) is not None):
            try:
                yield from self._upkeep.bring_up(self._store, PATIENCE)
            except StoreError as exc:
                if self._index is None:
                    raise
                yield Notice(f"{exc} The search goes on with the index as it was.")
            self._open(coverage)
        while self._notices:
            yield Notice(self._notices.pop(0))

    def _need(self, coverage: Coverage) -> str | None:
        overlap = self._overlap_of(coverage)
        facts = overlap.index.facts
        return self._sizes.need(facts.kind, facts.rows, overlap.dead, len(coverage.view.contents) - overlap.alive)

    def _open(self, coverage: Coverage) -> None:
        """Have the index open that the store names, or none. One that cannot be used is set aside. Raises RASError."""
        load_faiss()
        if self._index is not None and self._index.trouble is not None:
            self._distrust(self._index.trouble)
        state = (coverage.generation, self._upkeep.version)
        if state == self._looked_at:
            return
        while True:
            facts = self._store.index_facts(self._encoder.id)
            if facts is None or (self._index is not None and self._index.facts.file != facts.file):
                self._let_go()
            if facts is None or self._index is not None:
                break
            try:
                self._index = OpenIndex(self._store.indexes_folder, facts, self._encoder.dimension)
            except UnusableIndex as exc:
                now = self._store.index_facts(self._encoder.id)
                if now is not None and now.file != facts.file:
                    continue  # another program has replaced it since
                self._notices.append(set_aside(self._store, self._encoder.id, facts, str(exc)))
                break
        self._looked_at = state

    def _distrust(self, reason: str) -> None:
        """Set the open index aside: it is not what RAS wrote."""
        if self._index is not None:
            facts = self._index.facts
            self._let_go()  # first: Windows moves no file that is mapped
            self._notices.append(set_aside(self._store, self._encoder.id, facts, reason))
            self._looked_at = None

    def _let_go(self) -> None:
        if self._index is not None:
            self._index.close()
        self._index = self._overlap = self._selection = None

    # The search itself

    def _search(
        self, coverage: Coverage, views: Sequence[np.ndarray], top_k: int, where: Filter, everywhere: bool
    ) -> Job[tuple[Selection, list[Best]]]:
        """What may be found, and the nearest rows of each query."""
        selection = self._selection_of(coverage, where)
        yield Progress("Searching", 0, selection.count)
        best = [Best(one, coverage, top_k, selection.mask) for one in views]
        if not self._offer_candidates(coverage, selection, best, top_k, everywhere):
            self._distrust("its embeddings are not those of the store")
            best = [Best(one, coverage, top_k, selection.mask) for one in views]
            selection = Selection(coverage, where, None, self.mode)
            yield Notice(self._notices.pop())
        if len(selection.beside):
            yield from scan(coverage, best, selection.beside)
        return selection, best

    def _offer_candidates(
        self, coverage: Coverage, selection: Selection, best: Sequence[Best], top_k: int, everywhere: bool
    ) -> bool:
        """Look all queries up in the index at once. False if the index turns out to hold other embeddings."""
        import numpy as np

        overlap = selection.overlap
        if overlap is None:
            return True
        views = np.concatenate([one.views for one in best]).astype(np.float32)
        scores, rows = overlap.index.candidates(views, top_k, selection.inside, everywhere)
        tolerance = 2 * slack(views.shape[1])
        start = 0
        for one in best:
            part = slice(start, start + len(one.views))
            start = part.stop
            found = rows[part] >= 0
            which, found_rows, found_scores = np.nonzero(found)[0], rows[part][found], scores[part][found]
            # A row may be found by several views; its score is the best of them.
            index_rows, place = np.unique(found_rows, return_inverse=True)
            approximate = np.full(len(index_rows), -np.inf, np.float32)
            np.maximum.at(approximate, place, found_scores)
            if len(index_rows) > top_k:
                kth = np.partition(approximate, -top_k)[-top_k]
                near = approximate >= kth - tolerance
            else:
                near = np.ones(len(index_rows), bool)
            view_rows = overlap.view_rows[index_rows[near]]
            if (view_rows < 0).any():
                return False  # it was not among the rows that were allowed
            block = coverage.view.take(view_rows)
            kept = near[place]
            position = (np.cumsum(near) - 1)[place]
            for number, view in enumerate(one.views):
                mine = kept & (which == number)
                exact = exact_scores(view[None], block[position[mine]])
                if not (np.abs(exact - found_scores[mine]) <= FOREIGN).all():
                    return False
            one.offer(view_rows, block, approximate[near])
        return True

    def _overlap_of(self, coverage: Coverage) -> Overlap:
        assert self._index is not None
        if self._overlap is None or self._overlap.coverage is not coverage or self._overlap.index is not self._index:
            self._overlap = Overlap(coverage, self._index)
        return self._overlap

    def _selection_of(self, coverage: Coverage, where: Filter) -> Selection:
        overlap = None if self._index is None else self._overlap_of(coverage)
        kept = self._selection
        if kept is None or kept.coverage is not coverage or kept.overlap is not overlap or kept.where != where:
            self._selection = kept = Selection(coverage, where, overlap, self.mode)
        return kept
