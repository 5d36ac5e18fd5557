"""Grouping: results of the same picture, posted again and again, as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ras.records import SearchResult


@dataclass(frozen=True)
class Postings:
    """Every result of one picture, in the order in which they came; mostly it is a single one."""

    results: tuple[SearchResult, ...]

    @property
    def best(self) -> SearchResult:
        """What stands for all of them: the one that came first."""
        return self.results[0]

    @property
    def first(self) -> SearchResult:
        """Whose message is the oldest."""
        return min(self.results, key=lambda result: result.record.timestamp)


def group(results: Sequence[SearchResult]) -> list[Postings]:
    """The pictures in the order of their first result.

    Only the same bytes are the same picture: copies that were saved again may say something else to whoever looks for
    the original. A result whose content is not known stands alone.
    """
    groups: dict[str, list[SearchResult]] = {}
    for result in results:
        # The name of a result without content has a space, which that of a content never has.
        groups.setdefault(result.content or f"key {result.record.key}", []).append(result)
    return [Postings(tuple(postings)) for postings in groups.values()]
