"""What a search found, as it stands in ``--json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

if TYPE_CHECKING:
    from ras.records import Evidence, MatchedRegion, Point, SearchReport, SearchResult


def report_as_json(picture: str, report: SearchReport, scope: str, media_folders: Sequence[str]) -> dict[str, Any]:
    """All results, those too that are probably other pictures. ``media_folders`` are where media may lie."""
    return {
        "query": picture,
        "verdict": report.verdict.value,
        "scope": scope,
        "mode": report.mode,
        "encoder": report.encoder,
        "device": report.device,
        "searched": report.searched,
        "skipped": report.skipped,
        "not_indexed": report.not_indexed,
        "results": [_result(result, media_folders) for result in report.results],
    }


def media_path_of(result: SearchResult, media_folders: Sequence[str]) -> str | None:
    """Where the result's picture lies on this machine; None where it does not."""
    from ras.media import media_path

    path = media_path(result.record, media_folders)
    return None if path is None else str(path)


def _result(result: SearchResult, media_folders: Sequence[str]) -> dict[str, Any]:
    return {
        "rank": result.rank,
        "score": round(result.score, 6),
        "verdict": result.verdict.value,
        "changes": [change.value for change in result.changes],
        "matched_region": None if result.matched_region is None else _region(result.matched_region),
        "evidence": None if result.evidence is None else _evidence(result.evidence),
        "message_id": result.record.message_id,
        "attachment_id": result.record.attachment_id,
        "file_name": result.record.file_name,
        "url": result.record.url,
        "message_link": result.record.message_link,
        "author": result.record.author,
        "channel": result.record.channel.name,
        "timestamp": result.record.timestamp.isoformat(),
        "path": media_path_of(result, media_folders),
    }


def _region(region: MatchedRegion) -> dict[str, Any]:
    def corners(points: Sequence[Point]) -> list[list[float]]:
        return [[round(float(x), 4), round(float(y), 4)] for x, y in points]

    return {"query": corners(region.query), "picture": corners(region.picture)}


def _evidence(evidence: Evidence) -> dict[str, Any]:
    agreement = evidence.agreement
    return {
        "inliers": evidence.inliers,
        "agreement": None if agreement is None else round(float(agreement), 4),
        "hash_distance": evidence.hash_distance,
        "cosine": round(float(evidence.cosine), 6),
    }
