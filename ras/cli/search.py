"""The command ``search``."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from typing import TYPE_CHECKING, Sequence

from ras.cli.codes import NOTHING, SUCCESS
from ras.cli.follow import follow, say
from ras.cli.options import settings_of
from ras.cli.output import print_json
from ras.cli.report_text import show_reports
from ras.cli.sources import open_sources, tell_apart
from ras.cli.stored import by_another_encoder
from ras.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from ras.engine import SearchEngine
    from ras.filters import Filter
    from ras.records import Archive, Query


def search(options: argparse.Namespace) -> int:
    """Search for every picture of the call, or its text, in all its archives together; the exit code."""
    from ras.engine import build_engine
    from ras.filters import parse_filter
    from ras.media import MediaReader
    from ras.records import Verdict
    from ras.sheets import Answered, check_results_file, save_results
    from ras.sheets.report_json import results_as_json
    from ras.text import clean, count

    settings = settings_of(options)
    where = parse_filter(options.filter)
    if options.save:  # now, and not after the search
        check_results_file(options.save, overwrite=options.force)
    archives, pictures = tell_apart(options.files, options.indexed, picture_needed=not options.text)
    _check_text(options, pictures)
    names = pictures or [options.text]
    queries = _queries(options, pictures)
    with contextlib.ExitStack() as stack:

        def ready() -> SearchEngine:
            return stack.enter_context(contextlib.closing(follow(build_engine(settings))))

        engine = None
        if options.text:  # an encoder that knows no text says so before an archive is read
            engine = ready()
            engine.check(queries)
        archive = open_sources(archives, options.indexed, settings.kinds)
        for warning in archive.warnings:
            say(warning)
        engine = engine or ready()
        if settings.mode != "realtime" and not engine.has_cache(archive):
            _hint(archive, engine)
        job = engine.search_many(queries, archive, settings.mode, settings.top_k, where, scope=settings.scope)
        reports = follow(job, queries=names)
    answered = [
        Answered(query, name, report, query.scope(settings.scope))
        for query, name, report in zip(queries, names, reports)
    ]
    with MediaReader(settings.media_folders) as media:
        if options.json:
            print_json(results_as_json(answered, media))
        else:
            why_nothing = _why_nothing(archive, where)
            show_reports(answered, nearest=options.nearest, media=media, why_nothing=why_nothing)
        if options.save:
            number = save_results(options.save, answered, media, overwrite=options.force)
            say(f"Saved {count(number, 'result')} to “{clean(options.save, longest=300)}”.")
    # There is a nearest picture in every archive: only one that is believed to be the same, or to look alike, counts.
    return NOTHING if all(report.verdict is Verdict.UNLIKELY for report in reports) else SUCCESS


def _check_text(options: argparse.Namespace, pictures: Sequence[str]) -> None:
    """Raises SettingsError where what is said of a text has no sense."""
    if options.text_weight is not None and not (options.text and pictures):
        raise SettingsError("--text-weight says how much a text counts beside a picture: name both.")
    if options.show == "copies" and not pictures:
        raise SettingsError("A text has no copies: search for it without --show copies.")


def _queries(options: argparse.Namespace, pictures: Sequence[str]) -> list[Query]:
    from ras.images import load_query
    from ras.images.query import make_room
    from ras.records import Query

    if not pictures:
        return [Query(None, options.text, text=options.text)]
    weight = 0.5 if options.text_weight is None else options.text_weight
    queries = []
    for picture in pictures:
        query = load_query(picture)
        if len(pictures) > 1:  # as the window does
            make_room(query)
        queries.append(dataclasses.replace(query, text=options.text or "", text_weight=weight))
    return queries


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
