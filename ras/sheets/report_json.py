"""What a search found, as it stands in ``--json`` and in files of that kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Sequence, TextIO

if TYPE_CHECKING:
    from ras.media import MediaReader
    from ras.records import Evidence, MatchedRegion, Point, SearchResult
    from ras.sheets.answered import Answered


def results_as_json(answered: Sequence[Answered], media: MediaReader) -> dict[str, Any]:
    """Of one query what ``report_as_json`` says, of several a list of that."""
    found = [report_as_json(one, media) for one in answered]
    return found[0] if len(found) == 1 else {"queries": found}


def write_json(file: TextIO, answered: Sequence[Answered], media: MediaReader) -> None:
    json.dump(results_as_json(answered, media), file, indent=2, ensure_ascii=False)
    file.write("\n")


def report_as_json(answered: Answered, media: MediaReader) -> dict[str, Any]:
    """All results, those too that are probably other pictures. ``media`` finds their files."""
    query, report = answered.query, answered.report
    return {
        "query": answered.name,
        "text": query.text or None,
        "text_weight": query.text_weight if query.text and query.image is not None else None,
        "verdict": report.verdict.value,
        "scope": answered.scope,
        "mode": report.mode,
        "encoder": report.encoder,
        "device": report.device,
        "searched": report.searched,
        "skipped": report.skipped,
        "not_indexed": report.not_indexed,
        "results": [_result(result, media) for result in report.results],
    }


def media_path_of(result: SearchResult, media: MediaReader) -> str | None:
    """Where the result's picture lies on this machine, perhaps inside of a zip; None where it does not."""
    file = media.find(result.record)
    return None if file is None else file.path


def _result(result: SearchResult, media: MediaReader) -> dict[str, Any]:
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
        "path": media_path_of(result, media),
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
