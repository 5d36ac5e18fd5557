"""What happens, for a program that follows: one JSON object a line on standard error, see ``--progress json``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Sequence

from ras.cli.output import told

if TYPE_CHECKING:
    from ras.records import Event, ImageRecord, SearchResult

BEST = 5
"""So many of the best so far are told while a search runs; all of them are its result."""


def write_event(kind: str, **facts: Any) -> None:
    """Write one line at once. Everything beyond ASCII is escaped: so a line is a line, whatever the stream carries."""
    with told():
        sys.stderr.write(json.dumps({"event": kind, **facts}) + "\n")


def write_job_event(event: Event, queries: Sequence[str] = (), path: str = "") -> None:
    """``queries`` are what ``Results`` are told to be of; ``path`` is the archive that is read or indexed, if it is one
    of several. Fields have the names that they have in ``--json``.
    """
    from ras.records import Progress, Results, Skipped

    of = {"path": path} if path else {}
    if isinstance(event, Progress):
        write_event(
            "progress",
            stage=event.stage,
            done=event.done,
            total=event.total,
            unit=event.unit,
            rate=_rounded(event.rate),
            seconds_left=_rounded(event.seconds_left),
            bytes_read=event.bytes_read,
            failed=event.failed,
            **of,
        )
    elif isinstance(event, Skipped):
        write_event("skipped", reason=event.reason.value, detail=event.detail, **_picture(event.record), **of)
    elif isinstance(event, Results):
        write_event(
            "results",
            query=queries[event.query] if queries else event.query,
            final=event.final,
            best=[_result(result) for result in event.results[:BEST]],
        )


def _result(result: SearchResult) -> dict[str, Any]:
    return {
        "rank": result.rank,
        "score": round(result.score, 6),
        "verdict": result.verdict.value,
        **_picture(result.record),
    }


def _picture(record: ImageRecord) -> dict[str, Any]:
    """What tells a picture from others."""
    return {
        "message_id": record.message_id,
        "attachment_id": record.attachment_id,
        "file_name": record.file_name,
        "url": record.url,
        "message_link": record.message_link,
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)
