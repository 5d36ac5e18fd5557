"""Rows in groups that fold: which row of a long list is what, and which rows are selected. No Tk here."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Sequence


class FoldRows:
    """``sizes``: how many rows each group has. A group is one row, and below it, while it is unfolded, one for each.

    Nothing here takes longer for a hundred thousand rows than for ten: what is selected is kept as ranges.
    """

    def __init__(self, sizes: Sequence[int] = ()) -> None:
        self._sizes = tuple(sizes)
        self._unfolded = [len(sizes) == 1] * len(sizes)
        self._selected: list[tuple[int, int]] = []
        """[first, end) of rows, in order, none over another."""
        self._starts: list[int] = []
        self._count()

    @property
    def amount(self) -> int:
        return self._starts[-1]

    def at(self, row: int) -> tuple[int, int | None]:
        """The group of a row, and its place in the group; None for the row of the group itself."""
        group = bisect_right(self._starts, row) - 1
        place = row - self._starts[group] - 1
        return group, None if place < 0 else place

    def row_of(self, group: int) -> int:
        return self._starts[group]

    def is_unfolded(self, group: int) -> bool:
        return self._unfolded[group]

    def fold(self, group: int, unfolded: bool) -> None:
        """Fold or unfold a group; of what was selected, only the group stays so."""
        if unfolded != self._unfolded[group]:
            kept = self.is_selected(self.row_of(group))
            self._unfolded[group] = unfolded
            self._count()
            self._selected = [(self.row_of(group), self.row_of(group) + 1)] if kept else []

    def select(self, first: int, last: int) -> None:
        """These rows, both ends included, and no others."""
        first, last = min(first, last), max(first, last)
        self._selected = [(first, last + 1)] if self.amount else []

    def toggle(self, row: int) -> None:
        """Select a row as well, or no longer."""
        selected = self.is_selected(row)
        pieces = [(row, row + 1)] if not selected else []
        for first, end in self._selected:
            if selected and first <= row < end:
                pieces += [(first, row), (row + 1, end)]
            else:
                pieces.append((first, end))
        self._selected = sorted(piece for piece in pieces if piece[0] < piece[1])

    def select_none(self) -> None:
        self._selected = []

    def is_selected(self, row: int) -> bool:
        """A row, or its group, is."""
        return self._has(row) or self._has(self.row_of(self.at(row)[0]))

    @property
    def chosen(self) -> list[tuple[int, slice]]:
        """(group, which of its rows): those that are selected, all of a group whose own row is; all where none is."""
        found: list[tuple[int, slice]] = []
        for group, size in enumerate(self._sizes):
            start = self._starts[group]
            if not self._selected or self._has(start):
                found.append((group, slice(0, size)))
            elif self._unfolded[group]:
                for first, end in self._selected:
                    first, end = max(first - start - 1, 0), min(end - start - 1, size)
                    if first < end:
                        found.append((group, slice(first, end)))
        return found

    @property
    def any_selected(self) -> bool:
        return bool(self._selected)

    def _has(self, row: int) -> bool:
        place = bisect_right(self._selected, (row, self.amount + 1)) - 1
        return place >= 0 and row < self._selected[place][1]

    def _count(self) -> None:
        rows = [1 + size * unfolded for size, unfolded in zip(self._sizes, self._unfolded)]
        self._starts = [0, *accumulate(rows)]
