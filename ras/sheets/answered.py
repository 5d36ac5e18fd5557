"""A query together with what was found of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ras.records import Query, SearchReport, SearchResult


@dataclass(frozen=True)
class Answered:
    query: Query
    name: str
    """What the query is called: the path of its picture, or its text where it has none."""
    report: SearchReport
    scope: str
    """What was to be found: a key of ``SCOPES``."""

    def verdict_of(self, result: SearchResult) -> str:
        """In words, without what was changed."""
        return result.verdict.text_for_text if self.report.text else result.verdict.text
