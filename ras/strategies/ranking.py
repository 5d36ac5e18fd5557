"""From what candidates are to results: verdicts where nothing was checked, and the scope that is asked for."""

from __future__ import annotations

from ras.matching import Finding
from ras.records import Evidence, ImageRecord, SearchResult, Verdict


def by_score(score: float, convincing: float) -> Finding:
    """What a picture is by its embedding alone; from ``convincing`` on it looks alike."""
    return Finding(Verdict.ALIKE if score >= convincing else Verdict.UNLIKELY, Evidence(cosine=score))


def in_scope(verdict: Verdict, scope: str) -> bool:
    """Whether results of that kind are asked for; ``scope`` is a key of ``settings.SCOPES``."""
    return scope == "all" or verdict.is_copy == (scope == "copies")


def result_of(
    record: ImageRecord,
    place: int,
    score: float,
    finding: Finding,
    rank: int = 0,
    preview: bytes | None = None,
    content: str = "",
) -> SearchResult:
    """What the record at this place of the archive is to the query."""
    return SearchResult(
        rank,
        score,
        record,
        preview,
        place=place,
        verdict=finding.verdict,
        changes=finding.changes,
        matched_region=finding.region,
        evidence=finding.evidence,
        content=content,
    )
