"""The command ``search``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Sequence

from ras.cli.codes import NOTHING, SUCCESS
from ras.cli.follow import follow, say
from ras.cli.options import settings_of
from ras.cli.output import print_json, print_text
from ras.cli.sources import open_sources, tell_apart
from ras.cli.stored import by_another_encoder
from ras.errors import SkipReason, StoreError

if TYPE_CHECKING:
    from ras.engine import SearchEngine
    from ras.filters import Filter
    from ras.records import Archive, SearchReport, SearchResult


def search(options: argparse.Namespace) -> int:
    """Search for every picture of the call in all its archives together; the exit code."""
    from ras.engine import build_engine
    from ras.filters import parse_filter
    from ras.images import load_query

    settings = settings_of(options)
    where = parse_filter(options.filter)
    archives, pictures = tell_apart(options.files, options.indexed)
    queries = [load_query(picture) for picture in pictures]
    archive = open_sources(archives, options.indexed)
    for warning in archive.warnings:
        say(warning)
    engine = follow(build_engine(settings))
    try:
        if settings.mode != "realtime" and not engine.has_cache(archive):
            _hint(archive, engine)
        job = engine.search_many(queries, archive, settings.mode, settings.top_k, where)
        reports = follow(job, queries=pictures)
    finally:
        engine.close()
    if options.json:
        found = [_as_json(picture, report, settings.media_folders) for picture, report in zip(pictures, reports)]
        print_json(found[0] if len(found) == 1 else {"queries": found})
    else:
        _show(pictures, reports, settings.media_folders, _why_nothing(archive, where))
    return SUCCESS if any(report.results for report in reports) else NOTHING


def _hint(archive: Archive, engine: SearchEngine) -> None:
    """Say why an archive that was indexed is searched in Real-time all the same."""
    try:
        sentence = by_another_encoder(archive, engine.encoder.id)
    except StoreError:  # the engine has said so
        return
    if sentence is not None:
        say(sentence)


def _show(
    pictures: Sequence[str], reports: Sequence[SearchReport], media_folders: Sequence[str], why_nothing: str
) -> None:
    from ras.settings import MODES
    from ras.text import clean, count, percent

    for number, (picture, report) in enumerate(zip(pictures, reports), 1):
        several = len(reports) > 1
        if several:
            print_text(*[""] * (number > 1), f"Picture {number} of {len(reports)}: {clean(picture)}")
        for result in report.results:
            print_text("\n             ".join(_lines(result, media_folders)))
        about = f"Picture {number}: " if several else ""
        if not report.results:
            say(f"{about}Nothing was found. {why_nothing}")
        elif not report.is_convincing:
            say(f"{about}Nothing convincing: the best is {percent(report.results[0].score)}.")
    report = reports[0]  # what was compared is the same for all
    skipped = ", ".join(f"{number:,} {SkipReason(reason).text}" for reason, number in sorted(report.skipped.items()))
    say(
        f"Compared {count(report.searched, 'picture')} by {report.encoder} on {report.device} "
        f"({MODES.get(report.mode, report.mode)})" + (f"; skipped {skipped}." if skipped else ".")
    )


def _lines(result: SearchResult, media_folders: Sequence[str]) -> list[str]:
    from ras.text import clean

    record = result.record
    when = record.timestamp.astimezone().strftime("%Y-%m-%d %H:%M")
    more = map(clean, (record.file_name, record.url, record.message_link, _path(result, media_folders) or ""))
    return [
        f"{result.rank:>3}. {result.score:6.1%}  {clean(record.author)} in #{clean(record.channel.name)}, {when}",
        *(line for line in more if line),
    ]


def _why_nothing(archive: Archive, where: Filter) -> str:
    return "No picture passes the filters." if where and not where.mask(archive.records).any() else ""


def _as_json(picture: str, report: SearchReport, media_folders: Sequence[str]) -> dict[str, Any]:
    return {
        "query": picture,
        "mode": report.mode,
        "encoder": report.encoder,
        "device": report.device,
        "searched": report.searched,
        "skipped": report.skipped,
        "not_indexed": report.not_indexed,
        "results": [
            {
                "rank": result.rank,
                "score": round(result.score, 6),
                "message_id": result.record.message_id,
                "attachment_id": result.record.attachment_id,
                "file_name": result.record.file_name,
                "url": result.record.url,
                "message_link": result.record.message_link,
                "author": result.record.author,
                "channel": result.record.channel.name,
                "timestamp": result.record.timestamp.isoformat(),
                "path": _path(result, media_folders),
            }
            for result in report.results
        ],
    }


def _path(result: SearchResult, media_folders: Sequence[str]) -> str | None:
    from ras.media import media_path

    path = media_path(result.record, media_folders)
    return None if path is None else str(path)
