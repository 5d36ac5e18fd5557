"""The command ``index``."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any, Sequence

from ras.cli.codes import INTERRUPTED, NOTHING, SUCCESS, USER_ERROR
from ras.cli.failures import save
from ras.cli.follow import follow, say
from ras.cli.options import settings_of
from ras.cli.output import print_json, print_text
from ras.errors import ArchiveError, StoreError, reasons_text
from ras.text import whole

if TYPE_CHECKING:
    from ras.engine import SearchEngine
    from ras.records import Archive, IndexReport, Skipped
    from ras.store import Usage


def index(options: argparse.Namespace) -> int:
    """Bring every archive of the call into the store, one after the other; the exit code.

    An archive that cannot be read is said, and the others are indexed all the same.
    """
    from ras.archive import read_archive
    from ras.engine import build_engine
    from ras.new_file import check_target

    settings = settings_of(options)
    if options.failures:  # now, and not after hours of indexing
        check_target(options.failures, overwrite=options.force)
    _check_store()  # before the encoder is loaded or even downloaded
    done: list[tuple[str, IndexReport]] = []
    refused: list[tuple[str, ArchiveError]] = []
    failures: list[Skipped] = []
    with contextlib.closing(follow(build_engine(settings))) as engine:
        for path in options.files:
            try:
                archive = follow(read_archive([path], settings.kinds), path=path)
            except ArchiveError as exc:
                if len(options.files) == 1:
                    raise
                say(str(exc))
                refused.append((path, exc))
                continue
            for warning in archive.warnings:
                say(warning)
            try:
                report = follow(engine.index(archive, options.retry), failed="left out", path=path)
            except KeyboardInterrupt:
                say(_kept(archive, engine))
                if options.failures:
                    failures += _failures(archive, engine)
                    save(options.failures, failures, overwrite=options.force, quiet=options.json)
                return INTERRUPTED
            done.append((path, report))
            if options.failures:
                failures += _failures(archive, engine)
            if not options.json:
                print_text(_as_text(report))
    if options.failures:
        save(options.failures, failures, overwrite=options.force, quiet=options.json)
    usage = _usage()
    if options.json:
        print_json(_as_json(done, refused, usage))
    elif done:
        from ras.text import size

        print_text(f"The store takes {size(usage.total_bytes)}.")
    if refused:
        return USER_ERROR
    return SUCCESS if any(report.indexed for _, report in done) else NOTHING


def _check_store() -> None:
    """Raises StoreError where nothing could be written. What opening it brought to light is said."""
    from ras.paths import store_folder
    from ras.store import EmbeddingStore

    with EmbeddingStore(store_folder()) as store:
        for sentence in store.notices:
            say(sentence)
        if store.read_only:
            raise StoreError(
                f"The store in {store.folder} cannot be written: give yourself the right to write there, "
                "or name another folder in the environment variable RAS_HOME."
            )


def _usage() -> Usage:
    from ras.paths import store_folder
    from ras.store import EmbeddingStore

    with EmbeddingStore(store_folder()) as store:
        return store.usage()


def _kept(archive: Archive, engine: SearchEngine) -> str:
    from ras.paths import store_folder
    from ras.store import EmbeddingStore
    from ras.text import count

    with EmbeddingStore(store_folder()) as store:
        number = int((store.contents_of(archive.records, engine.encoder.id) >= 0).sum())
    verb = "is" if number == 1 else "are"
    return (
        f"Stopped. {whole(number)} of {count(len(archive.records), 'picture')} of {archive.name} {verb} kept; "
        "run it again to go on."
    )


def _failures(archive: Archive, engine: SearchEngine) -> Sequence[Skipped]:
    """What of the archive could not be had."""
    from ras.failures import failures_of
    from ras.paths import store_folder
    from ras.store import EmbeddingStore

    with EmbeddingStore(store_folder()) as store:
        return failures_of(archive, store, engine.encoder.id)


def _as_text(report: IndexReport) -> str:
    """``Indexed 3,347 of 3,561 pictures of NAME in 2 min (1,204 new, 12 with known bytes); left out 214: 200 …``"""
    from ras.text import clean, count, duration

    if not report.pictures:
        return f"{clean(report.archive)} has no pictures."
    new = f"{whole(report.encoded)} new" if report.encoded or report.reused else "nothing new"
    known = f", {whole(report.reused)} with known bytes" if report.reused else ""
    text = (
        f"Indexed {whole(report.indexed)} of {count(report.pictures, 'picture')} of {clean(report.archive)} "
        f"in {duration(report.seconds)} ({new}{known})"
    )
    if report.indexed < report.pictures:
        said = reasons_text(report.skipped)
        text += f"; left out {whole(report.pictures - report.indexed)}" + (f": {said}" if said else "")
    return text + "."


def _as_json(
    done: Sequence[tuple[str, IndexReport]], refused: Sequence[tuple[str, ArchiveError]], usage: Usage
) -> dict[str, Any]:
    return {
        "archives": [{"path": path, **dataclasses.asdict(report)} for path, report in done],
        "refused": [{"path": path, "error": str(exc)} for path, exc in refused],
        "usage": dataclasses.asdict(usage),
    }
