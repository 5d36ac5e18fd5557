"""How results are shown: in what order, and whether the postings of one picture are one tile. No Tk here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import AbstractSet, Callable, Sequence

from ras.filters import folded
from ras.grouping import Postings, group
from ras.gui.dates import short_date, spoken_date
from ras.records import SearchResult
from ras.text import clean, whole

_LONGEST_NAME = 60

_folded = lru_cache(maxsize=4096)(folded)
"""Of authors and channels, who come again and again."""

Sorting = Callable[[SearchResult], object]
# Order → what results are in the order of; that of the search is not among them. With a minus before it, backwards.
_SORTED_BY: dict[str, Sorting] = {
    "date": lambda result: result.record.timestamp.timestamp(),
    "author": lambda result: _folded(result.record.author),
    "channel": lambda result: _folded(result.record.channel.name),
    "name": lambda result: folded(result.record.file_name),
}


@dataclass(frozen=True)
class Mark:
    """What a tile says of the other postings of its picture. The words are made when they are asked for: of thousands
    of results few are seen.
    """

    postings: Postings
    number: int = 0
    """Which of them it is, from 1; 0 where the tile stands for all."""

    @property
    def unfolded(self) -> bool:
        return self.number > 0

    @property
    def text(self) -> str:
        """On the tile: ``7 posts``, or ``2 of 7``."""
        return f"{whole(self.number)} of {self.total}" if self.unfolded else f"{self.total} posts"

    @property
    def total(self) -> str:
        """How often it was posted, as it is shown."""
        return whole(len(self.postings.results))

    @property
    def first(self) -> str:
        """``First 2021-03-02 by Ada``: on the tile, while it stands for all of them."""
        return f"First {short_date(self.postings.first.record.timestamp)} by {self._author(_LONGEST_NAME)}"

    @property
    def about(self) -> str:
        """``Posted 7 times, first by Ada on 2 March 2021``."""
        return self.about_with(_LONGEST_NAME)

    def about_with(self, longest: int) -> str:
        """The same with so many characters of the author's name."""
        date = spoken_date(self.postings.first.record.timestamp)
        return f"Posted {self.total} times, first by {self._author(longest)} on {date}"

    def _author(self, longest: int) -> str:
        return clean(self.postings.first.record.author, longest=longest)


@dataclass(frozen=True)
class Arranged:
    shown: tuple[SearchResult, ...]
    """One a tile, as they stand."""
    marks: dict[str, Mark]
    """Key of a record → its mark; only of pictures that were posted more than once."""


def arrange(results: Sequence[SearchResult], order: str, *, grouped: bool, unfolded: AbstractSet[str]) -> Arranged:
    """``order``: of ``settings.ORDERS``. ``unfolded``: the contents whose postings are tiles of their own."""
    ordered = _in_order(results, order)
    # Few of thousands of results are postings of a picture that was posted again: only these are grouped.
    again = {content for content, times in Counter([result.content for result in ordered]).items() if times > 1}
    again.discard("")
    if not grouped or not again:
        return Arranged(ordered, {})
    groups = group([result for result in ordered if result.content in again])
    posted = {postings.best.content: postings for postings in groups}
    shown: list[SearchResult] = []
    marks: dict[str, Mark] = {}
    for result in ordered:
        if result.content not in again:
            shown.append(result)
            continue
        postings = posted[result.content]
        if result is not postings.best:
            continue  # it stands with the best of them, or behind it
        if result.content not in unfolded:
            shown.append(result)
            marks[result.record.key] = Mark(postings)
        else:
            shown += postings.results
            marks.update((one.record.key, Mark(postings, number)) for number, one in enumerate(postings.results, 1))
    return Arranged(tuple(shown), marks)


def _in_order(results: Sequence[SearchResult], order: str) -> tuple[SearchResult, ...]:
    backwards, name = order.startswith("-"), order.lstrip("-")
    if name == "likeness":
        return tuple(reversed(results) if backwards else results)
    # Backwards, what is equal stays in the order of likeness, too.
    return tuple(sorted(results, key=_SORTED_BY[name], reverse=backwards))  # type: ignore[arg-type]
