"""Writes what could not be had as a CSV file that spreadsheets open as it is, and in which no cell is a formula."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Iterable, TextIO

from ras.csv_cells import ENCODING, safe
from ras.new_file import check_target, writing
from ras.records import Skipped

COLUMNS = (
    *("reason", "detail", "file name", "url", "message link", "local path", "author", "author id", "channel", "server"),
    *("date", "size"),
)


def save_failures(path: str | Path, failures: Iterable[Skipped], *, overwrite: bool = False) -> int:
    """Write the file whole or not at all; returns how many pictures are in it.

    Raises SettingsError where there is a file of that name that may not be overwritten, RASError where it cannot be
    written.
    """
    with writing(check_target(path, overwrite=overwrite), encoding=ENCODING) as file:
        return write_failures(file, failures)


def write_failures(file: TextIO, failures: Iterable[Skipped]) -> int:
    """The heading and a row for each picture; returns how many."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    number = 0
    for failure in failures:
        writer.writerow([safe(cell) for cell in _cells(failure)])
        number += 1
    return number


def _cells(failure: Skipped) -> tuple[str, ...]:
    record = failure.record
    return (
        failure.reason.text,
        failure.detail,
        record.file_name,
        record.url,
        record.message_link,
        record.local_path or "",
        record.author,
        record.author_id,
        record.channel.name,
        record.channel.guild_name,
        record.timestamp.isoformat(),
        "" if record.file_size is None else str(record.file_size),
    )
