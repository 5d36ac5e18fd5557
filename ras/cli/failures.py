"""What could not be had of archives: by reason, picture by picture; as text, JSON or a CSV file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Iterable, Sequence

from ras.cli.output import print_json, print_text
from ras.text import whole

if TYPE_CHECKING:
    from ras.failures import ReasonGroup
    from ras.records import Skipped
    from ras.store import EmbeddingStore, StoredArchive


def list_failures(store: EmbeddingStore, chosen: Sequence[StoredArchive], options: argparse.Namespace) -> None:
    """Print what was left out of each archive, or write it to the file that ``--csv`` names.

    Raises SettingsError where that may not be overwritten, RASError where it cannot be written.
    """
    from ras.failures import by_reason, failures_of
    from ras.new_file import check_target

    if options.csv:
        check_target(options.csv, overwrite=options.force)
    found: list[Skipped] = []
    told: list[dict[str, Any]] = []
    for archive in chosen:
        failures = failures_of(store.load([archive.id]), store)
        found += failures
        groups = by_reason(failures)
        if options.json:
            about = {"id": archive.id, "name": archive.name, "pictures": archive.pictures}
            told.append({**about, "left_out": len(failures), "reasons": [_as_json(group) for group in groups]})
        elif not options.csv:
            print_text(*_lines(archive, len(failures), groups))
    if options.csv:
        save(options.csv, found, overwrite=options.force, quiet=options.json)
    if options.json:
        print_json({"archives": told})


def save(path: str, failures: Iterable[Skipped], *, overwrite: bool, quiet: bool) -> None:
    """Write a CSV file, and say so unless ``quiet``. Raises SettingsError, RASError."""
    from ras.cli.follow import say
    from ras.failures_csv import save_failures
    from ras.text import clean, count

    number = save_failures(path, failures, overwrite=overwrite)
    if not quiet:
        say(f"Wrote {count(number, 'picture')} that could not be had to “{clean(path, longest=300)}”.")


def _lines(archive: StoredArchive, number: int, groups: Sequence[ReasonGroup]) -> list[str]:
    from ras.text import clean, count

    name = clean(archive.name)
    if not number:
        return [f"Nothing was left out of {name}."]
    verb = "was" if number == 1 else "were"
    lines = [f"{whole(number)} of {count(archive.pictures, 'picture')} of {name} {verb} left out."]
    for group in groups:
        hosts = ", ".join(f"{host} {whole(amount)}" for host, amount in group.hosts_counted)
        lines.append(f"  {group.reason.counted(len(group.pictures))}" + (f" ({hosts})" if hosts else ""))
        for failure in group.pictures:
            record = failure.record
            when = record.timestamp.astimezone().strftime("%Y-%m-%d %H:%M")
            lines.append(
                f"    {clean(record.file_name)}, {clean(record.author)} in #{clean(record.channel.name)}, {when}"
            )
            more = (record.local_path or record.url, record.message_link, failure.detail)
            lines += [f"      {clean(line)}" for line in more if line]
    return lines


def _as_json(group: ReasonGroup) -> dict[str, Any]:
    return {
        "reason": group.reason.value,
        "text": group.reason.text,
        "count": len(group.pictures),
        "hosts": dict(group.hosts_counted),
        "pictures": [_picture(failure) for failure in group.pictures],
    }


def _picture(failure: Skipped) -> dict[str, Any]:
    record = failure.record
    return {
        "file_name": record.file_name,
        "detail": failure.detail,
        "url": record.url,
        "message_link": record.message_link,
        "path": record.local_path,
        "author": record.author,
        "author_id": record.author_id,
        "channel": record.channel.name,
        "server": record.channel.guild_name,
        "timestamp": record.timestamp.isoformat(),
        "size": record.file_size,
    }
