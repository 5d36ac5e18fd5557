"""The command ``search``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ras.cli.codes import NOTHING, SUCCESS
from ras.cli.follow import follow, say
from ras.cli.options import settings_of
from ras.cli.output import print_json
from ras.cli.report_json import report_as_json
from ras.cli.report_text import show_reports
from ras.cli.sources import open_sources, tell_apart
from ras.cli.stored import by_another_encoder
from ras.errors import StoreError

if TYPE_CHECKING:
    from ras.engine import SearchEngine
    from ras.filters import Filter
    from ras.records import Archive


def search(options: argparse.Namespace) -> int:
    """Search for every picture of the call in all its archives together; the exit code."""
    from ras.engine import build_engine
    from ras.filters import parse_filter
    from ras.images import load_query
    from ras.records import Verdict

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
        job = engine.search_many(queries, archive, settings.mode, settings.top_k, where, scope=settings.scope)
        reports = follow(job, queries=pictures)
    finally:
        engine.close()
    if options.json:
        found = [
            report_as_json(picture, report, settings.scope, settings.media_folders)
            for picture, report in zip(pictures, reports)
        ]
        print_json(found[0] if len(found) == 1 else {"queries": found})
    else:
        show_reports(
            pictures,
            reports,
            scope=settings.scope,
            nearest=options.nearest,
            media_folders=settings.media_folders,
            why_nothing=_why_nothing(archive, where),
        )
    # There is a nearest picture in every archive: only one that is believed to be the same, or to look alike, counts.
    return NOTHING if all(report.verdict is Verdict.UNLIKELY for report in reports) else SUCCESS


def _hint(archive: Archive, engine: SearchEngine) -> None:
    """Say why an archive that was indexed is searched in Real-time all the same."""
    try:
        sentence = by_another_encoder(archive, engine.encoder.id)
    except StoreError:  # the engine has said so
        return
    if sentence is not None:
        say(sentence)


def _why_nothing(archive: Archive, where: Filter) -> str:
    return "No picture passes the filters." if where and not where.mask(archive.records).any() else ""
