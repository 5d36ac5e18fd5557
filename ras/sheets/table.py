"""Results as a CSV file for spreadsheets: a row for each, in which no cell is a formula."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Sequence, TextIO

from ras.csv_cells import safe
from ras.sheets.report_json import media_path_of

if TYPE_CHECKING:
    from ras.media import MediaReader
    from ras.records import SearchResult
    from ras.sheets.answered import Answered

COLUMNS = (
    *("query", "rank", "verdict", "changes", "score", "author", "author id", "channel", "category", "server", "date"),
    *("file name", "kind", "spoiler", "size", "url", "message link", "message id", "path", "message"),
)


def write_table(file: TextIO, answered: Sequence[Answered], media: MediaReader) -> None:
    """All results, those too that are probably other pictures; as the file is opened, line ends stay."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for one in answered:
        for result in one.report.results:
            writer.writerow(_cells(one, result, media))


def _cells(answered: Answered, result: SearchResult, media: MediaReader) -> list[str | int | float]:
    record = result.record
    texts = (
        record.author,
        record.author_id,
        record.channel.name,
        record.channel.category,
        record.channel.guild_name,
        record.timestamp.isoformat(),
        record.file_name,
        record.kind,
        "yes" if record.spoiler else "no",
        "" if record.file_size is None else str(record.file_size),
        record.url,
        record.message_link,
        record.message_id,
        media_path_of(result, media) or "",
        record.content,
    )
    return [
        safe(answered.name),
        result.rank,
        answered.verdict_of(result),
        ", ".join(change.text for change in result.changes),
        round(float(result.score), 6),  # below 0 too it is a number, and no formula
        *map(safe, texts),
    ]
