"""What a search strategy is: one way to rank an archive's pictures against a query."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from ras.records import Archive, Job, Query, SearchReport


class SearchStrategy(ABC):
    """One mode of search. The constructor stores its parts; ``search`` works."""

    mode: ClassVar[str]
    """Its key in ``settings.MODES``, in the engine's dict and on the command line: ``realtime``."""

    def unavailable(self, archive: Archive) -> str | None:
        """None if it can search this archive now, else one sentence with the reason and the remedy."""
        return None

    def estimate(self, archive: Archive) -> float | None:
        """How many seconds a search of this archive will take here; None where nobody can tell."""
        return None

    @abstractmethod
    def search(self, query: Query, archive: Archive, top_k: int) -> Job[SearchReport]:
        """Rank the archive's pictures: yield Progress, Skipped and Results (best so far), return the report.

        The last Results has ``final=True`` and the same results as the report. Ties in score are broken by the
        record's place in the archive, so that the same search always gives the same ranking.
        """
