"""What a search strategy is: one way to rank an archive's pictures against queries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Sequence

from ras.filters import Filter
from ras.records import Archive, Job, Query, SearchReport

if TYPE_CHECKING:
    from ras.store import EmbeddingStore


class SearchStrategy(ABC):
    """One mode of search. The constructor stores its parts; ``search`` works."""

    mode: ClassVar[str]
    """Its key in ``settings.MODES``, in the engine's dict and on the command line: ``realtime``."""

    def unavailable(self, archive: Archive) -> str | None:
        """None if it can search this archive now, else one sentence with the reason and the remedy."""
        return None

    def searchable(self, archive: Archive) -> int:
        """How many pictures of the archive it compares with a query."""
        return len(archive.records)

    def unsearched(self, archive: Archive) -> Sequence[int]:
        """Places in the archive of the pictures that it would leave out and that another mode may still search."""
        return ()

    def estimate(self, archive: Archive) -> float | None:
        """How many seconds a search of this archive will take here; None where nobody can tell."""
        return None

    @abstractmethod
    def search(
        self, queries: Sequence[Query], archive: Archive, top_k: int, where: Filter, scope: str = "all"
    ) -> Job[tuple[SearchReport, ...]]:
        """Rank the archive's pictures that pass ``where``, for each query: yield events, return a report a query.

        Yields Progress, Skipped, Notice and Results (best so far). The last Results of a query has ``final=True`` and
        the same results as its report. Scores are those of ``scoring.exact_scores``, the same in every strategy;
        results are in the order of ``scoring.rank_key``, so that the same search always gives the same ranking.
        ``scope`` (a key of ``settings.SCOPES``) says whether copies, look-alikes, or both are wanted.
        """

    def prepare(self, store: EmbeddingStore) -> Job[None]:
        """Make what its searches need beside the embeddings. Called when an archive has been indexed.

        ``store`` is the indexing thread's own: this may run while another thread searches.
        """
        yield from ()

    def close(self) -> None:  # noqa: B027  most have nothing to let go of
        """Let go of files and threads. Called on the thread that made it."""
