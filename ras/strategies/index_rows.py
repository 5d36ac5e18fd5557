"""Which rows of the index are which rows of the store, and which of them a search may find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ras.filters import Filter
from ras.strategies.index_search import OpenIndex
from ras.strategies.stored import Coverage

if TYPE_CHECKING:
    import numpy as np


class Overlap:
    """Which row of the index is which row of the store."""

    def __init__(self, coverage: Coverage, index: OpenIndex) -> None:
        import numpy as np

        self.coverage, self.index = coverage, index
        self.view_rows = coverage.rows_of(index.facts.contents)
        """int64 (rows of the index,): the row of the view; -1 for a dead one."""
        living = np.flatnonzero(self.view_rows >= 0)
        self.index_rows = np.full(len(coverage.view.contents), -1, np.int64)
        """int64 (rows of the view,): the row of the index; -1 for one that it does not have."""
        self.index_rows[self.view_rows[living]] = living
        self.alive = len(living)
        self.dead = len(self.view_rows) - len(living)


class Selection:
    """What a filter leaves of an archive: rows to be found by the index, and rows to be searched beside it."""

    def __init__(self, coverage: Coverage, where: Filter, overlap: Overlap | None, mode: str) -> None:
        import numpy as np

        self.coverage, self.where, self.overlap = coverage, where, overlap
        self.mask = coverage.mask(where)
        self.report = coverage.report(mode, (), self.mask)
        """What a search by this says of itself, without results: counting a million records takes longer than it."""
        allowed = coverage.allowed_rows(self.mask)
        self.count = len(allowed)
        self.inside: np.ndarray | None = None
        """bool (rows of the index,): those that may be found; None where all may."""
        self.beside = allowed
        """int64, ascending: the rows of the view that the index does not have."""
        if overlap is None:
            return
        in_index = overlap.index_rows[allowed]
        known = in_index >= 0
        self.beside = allowed[~known]
        if int(known.sum()) < overlap.index.facts.rows:
            self.inside = np.zeros(overlap.index.facts.rows, bool)
            self.inside[in_index[known]] = True
