"""The command ``archives``: what was indexed, and the care of the store."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from typing import TYPE_CHECKING, Any, Container, Sequence

from ras.cli.codes import NOTHING, SUCCESS
from ras.cli.follow import follow, say
from ras.cli.output import print_json, print_text
from ras.cli.stored import NONE_YET, find_archive
from ras.errors import SettingsError
from ras.kept_store import existing_store
from ras.text import whole
from ras.trees import missing

if TYPE_CHECKING:
    from ras.store import EmbeddingStore, StoredArchive


def archives(options: argparse.Namespace) -> int:
    """Run the action; the exit code. Raises StoreError, SettingsError."""
    action = {"list": _list, "failures": _failures, "remove": _remove, "verify": _verify, "compact": _compact}[
        options.action
    ]
    store = existing_store()
    if store is None:
        if options.action in ("remove", "failures"):
            raise SettingsError(NONE_YET)
        if options.json:
            print_json(_NOTHING[options.action])
        else:
            print_text(NONE_YET)
        return SUCCESS
    with store:
        for sentence in store.notices:
            say(sentence)
        return action(store, options)


_NOTHING: dict[str, dict[str, Any]] = {
    "list": {"archives": [], "usage": None},
    "verify": {"shards": 0, "damaged": [], "lost": 0, "previews": 0},
    "compact": {"before": 0, "after": 0},
}
"""What ``--json`` prints where there is no store yet."""


def _list(store: EmbeddingStore, options: argparse.Namespace) -> int:
    from ras.text import count, size

    usage = store.usage()
    known = sorted(store.archives(), key=lambda archive: archive.id)
    listed = [(archive, _indexed(store, archive, sorted(usage.embeddings))) for archive in known]
    gone = set(missing([path for archive in known for path in archive.paths]))
    if options.json:
        found = [{**_as_json(archive, gone), "indexed": indexed} for archive, indexed in listed]
        print_json({"archives": found, "usage": dataclasses.asdict(usage)})
        return SUCCESS
    if not listed:
        print_text(NONE_YET)
    for archive, indexed in listed:
        print_text(*_lines(archive, indexed, gone))
    parts = {
        "embeddings": usage.embedding_bytes,
        "previews": usage.preview_bytes,
        "features": usage.feature_bytes,
        "indexes": usage.index_bytes,
    }
    parts["the rest"] = max(usage.total_bytes - sum(parts.values()), 0)
    shares = ", ".join(f"{name} {size(taken)}" for name, taken in parts.items())
    print_text(f"The store takes {size(usage.total_bytes)}: {shares}; {count(usage.contents, 'different picture')}.")
    return SUCCESS


def _failures(store: EmbeddingStore, options: argparse.Namespace) -> int:
    from ras.cli.failures import list_failures

    known = store.archives()
    chosen = {archive.id: archive for archive in (find_archive(wanted, known) for wanted in options.files)}
    list_failures(store, list(chosen.values()), options)
    return SUCCESS


def _remove(store: EmbeddingStore, options: argparse.Namespace) -> int:
    from ras.text import clean, count, size

    known = store.archives()
    chosen = {archive.id: archive for archive in (find_archive(wanted, known) for wanted in options.files)}
    if not options.yes:
        names = ", ".join(
            f"“{clean(archive.name)}” ({count(archive.pictures, 'picture')})" for archive in chosen.values()
        )
        if not _agreed(f"Forget {names}? Exports and pictures on the disk are not touched. [y/N] "):
            say("Nothing was removed.")
            return SUCCESS
    freed = {archive_id: follow(store.remove(archive_id)) for archive_id in chosen}
    if options.json:
        removed = [{"id": each, "name": chosen[each].name, "freed": freed[each]} for each in freed]
        print_json({"removed": removed, "usage": dataclasses.asdict(store.usage())})
        return SUCCESS
    for archive_id, archive in chosen.items():
        print_text(f"Removed {clean(archive.name)}; {size(freed[archive_id])} were freed.")
    return SUCCESS


def _verify(store: EmbeddingStore, options: argparse.Namespace) -> int:
    from ras.text import count

    report = follow(store.verify())
    if options.json:
        print_json(dataclasses.asdict(report))
    elif not report.damaged:
        print_text(f"Everything is sound: {count(report.shards, 'shard')} and the facts about them were checked.")
    else:
        again = f"{report.to_make or 'Nothing'} will be made again when the archives are indexed again."
        print_text(*report.damaged, again)
    return NOTHING if report.damaged else SUCCESS


def _compact(store: EmbeddingStore, options: argparse.Namespace) -> int:
    from ras.text import size

    report = follow(store.compact())
    if options.json:
        print_json(dataclasses.asdict(report))
    else:
        less = max(report.before - report.after, 0)
        print_text(f"The store takes {size(report.after)}, {size(less)} less than before.")
    return SUCCESS


def _agreed(question: str) -> bool:
    """Ask on the terminal. Raises SettingsError where there is none."""
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()):
        raise SettingsError("Nobody can be asked here whether to remove it: say --yes to do it.")
    sys.stderr.write(question)
    sys.stderr.flush()
    answer = ""
    with contextlib.suppress(OSError):
        answer = sys.stdin.readline()
    return answer.strip().lower() in ("y", "yes")


def _indexed(store: EmbeddingStore, archive: StoredArchive, encoder_ids: Sequence[str]) -> dict[str, int]:
    """Encoder id → how many pictures of the archive have an embedding of it; without those that have none."""
    records = store.load([archive.id]).records
    counts = {each: int((store.contents_of(records, each) >= 0).sum()) for each in encoder_ids}
    return {each: number for each, number in counts.items() if number}


def _lines(archive: StoredArchive, indexed: dict[str, int], gone: Container[str]) -> list[str]:
    from ras.text import clean, count

    when = archive.indexed_at.astimezone().strftime("%Y-%m-%d %H:%M")
    by = ", ".join(f"{whole(number)} by {encoder}" for encoder, number in indexed.items()) or "none yet"
    lines = [f"{archive.id:>3}. {clean(archive.name)}", f"{count(archive.pictures, 'picture')}, indexed {when}: {by}"]
    for path in archive.paths:
        lines.append(clean(path) + ("  (export file is gone; searches work without)" if path in gone else ""))
    return ["\n     ".join(lines)]


def _as_json(archive: StoredArchive, gone: Container[str]) -> dict[str, Any]:
    return {
        "id": archive.id,
        "name": archive.name,
        "pictures": archive.pictures,
        "messages": archive.message_count,
        "indexed_at": archive.indexed_at.isoformat(),
        "paths": [{"path": path, "exists": path not in gone} for path in archive.paths],
    }
