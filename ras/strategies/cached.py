"""Cached search: an exact search of all embeddings in the store."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Sequence

from ras.encoders.encoded_query import encode_queries
from ras.filters import Filter
from ras.records import Archive, Job, Query, Results, SearchReport
from ras.strategies.base import SearchStrategy
from ras.strategies.copies import BY_EMBEDDING, CopySearch, answers
from ras.strategies.exact import Best, scan
from ras.strategies.stored import Coverage, Holdings, unavailable

if TYPE_CHECKING:
    from ras.encoders.base import Encoder
    from ras.store import EmbeddingStore

# Until it was measured: one row on two cores of 2023.
ROW_SECONDS = 0.6e-6

# A search of fewer rows says little about the time for one: what every search needs is the larger part of it.
TELLING_ROWS = 20_000


class CachedSearchStrategy(SearchStrategy):
    """Compares the query with all that is indexed. Needs no network, and no more memory for a larger archive."""

    mode = "cached"

    def __init__(
        self,
        encoder: Encoder,
        store: EmbeddingStore,
        holdings: Holdings | None = None,
        copies: CopySearch | None = None,
    ) -> None:
        self._encoder, self._copies = encoder, copies
        self._holdings = holdings or Holdings(encoder, store)
        self._row_seconds = ROW_SECONDS
        self._query_seconds = 0.0

    def unavailable(self, archive: Archive) -> str | None:
        return unavailable(self._holdings, archive)

    def searchable(self, archive: Archive) -> int:
        return self._holdings.of(archive).searchable

    def unsearched(self, archive: Archive) -> Sequence[int]:
        return self._holdings.of(archive).unsearched

    def estimate(self, archive: Archive) -> float:
        """By the pace of the last search, else by a typical one."""
        return self._query_seconds + self._row_seconds * self._holdings.of(archive).row_count

    def prepare(self, store: EmbeddingStore) -> Job[None]:
        if self._copies is not None:
            yield from self._copies.prepare(store)

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
            self._query_seconds = (time.monotonic() - started) / len(queries)

            def search(coverage: Coverage) -> Job[tuple[SearchReport, ...]]:
                mask = coverage.mask(where)
                best = [Best(one.views, coverage, kept, mask) for one in encoded]
                rows = coverage.allowed_rows(mask)
                started = time.monotonic()
                yield from scan(coverage, best, rows)
                if len(rows) >= TELLING_ROWS:
                    self._row_seconds = (time.monotonic() - started) / len(rows)

                def deeper(number: int, most: int) -> Job[Best]:
                    one = Best(encoded[number].views, coverage, most, mask)
                    yield from scan(coverage, [one], rows)
                    return one

                convincing = [one.convincing for one in encoded]
                scopes = [query.scope(scope) for query in queries]
                found = yield from answers(
                    self._copies, described, coverage, best, mask, top_k, scopes, convincing, deeper
                )
                reports = tuple(coverage.report(self.mode, results, mask) for results in found)
                for number, report in enumerate(reports):
                    yield Results(report.results, final=True, query=number)
                return reports

            return (yield from self._holdings.searching(archive, search))
