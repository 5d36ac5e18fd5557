"""Between a search and the grid: which of its results are tiles, and in what order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui.arrangement import arrange
from ras.gui.interpreter import undisturbed
from ras.gui.wanted import Wanted
from ras.records import SearchResult
from ras.text import count, whole

if TYPE_CHECKING:
    from ras.gui.results_grid import ResultsGrid


class ResultsView:
    """Holds all results of the search. ``changed`` is called when others of them are to be seen."""

    def __init__(self, grid: ResultsGrid, *, changed: Callable[[], None]) -> None:
        self._grid, self._changed = grid, changed
        self._results: tuple[SearchResult, ...] = ()
        self._unfolded: set[str] = set()
        self._order, self._grouped = "likeness", True
        self.wanted = Wanted()
        """Of the results that are there, those are shown."""
        self._passed = self._pictures = 0

    @property
    def amount(self) -> int:
        """How many results the search has brought."""
        return len(self._results)

    @property
    def about(self) -> str:
        """``12 of 30 shown``, ``30 results, 24 pictures``."""
        if self.wanted:
            return f"{whole(self._passed)} of {whole(self.amount)} shown"
        results = count(self.amount, "result")
        return results if self._pictures == self.amount else f"{results}, {count(self._pictures, 'picture')}"

    @property
    def chosen(self) -> SearchResult | None:
        """What the user has selected, not what is selected for being the best so far."""
        return self._grid.chosen

    def show(self, results: Sequence[SearchResult]) -> None:
        self._results = tuple(results)
        self._pictures = len({result.content or result.record.key for result in results})
        if not results:
            self._unfolded.clear()
        self._arrange()
        self._changed()

    def follow_best(self) -> None:
        self._grid.follow_best()

    def select(self, place: int) -> None:
        """Of the results as the search ranks them; where its tile stands for several, that one."""
        self._select(self._results[place])

    def arrange(self, *, order: str | None = None, grouped: bool | None = None) -> None:
        """Change how results are shown from now on."""
        self._order = self._order if order is None else order
        self._grouped = self._grouped if grouped is None else grouped
        self._keeping_selection()

    def filter(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._keeping_selection()

    def turn(self, result: SearchResult) -> None:
        """Show every posting of this picture, or again one tile for all of them."""
        self._unfolded ^= {result.content}
        self._keeping_selection()

    def _arrange(self) -> None:
        with undisturbed():
            passing = self.wanted.passing(self._results) if self.wanted else self._results
            self._passed = len(passing)
            arranged = arrange(passing, self._order, grouped=self._grouped, unfolded=self._unfolded)
        self._grid.show(arranged.shown, arranged.marks)

    def _keeping_selection(self) -> None:
        chosen = self._grid.chosen
        self._arrange()
        if chosen is not None and self._grid.selection != chosen:
            self._select(chosen)
        else:
            self._grid.see_selection()
        self._grid.follow_best()
        self._changed()

    def _select(self, result: SearchResult) -> None:
        """This result, or the one whose tile stands for it; none where it is not shown."""
        place = self._grid.place_of(result)
        if place is None and result.content:
            contents = (self._grid.result_at(at).content for at in range(self._grid.amount))
            place = next((at for at, content in enumerate(contents) if content == result.content), None)
        if place is not None:
            self._grid.select(place)
