"""Writes results as the kind of file that its name says, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Callable, Sequence, TextIO

from ras.csv_cells import ENCODING
from ras.errors import SettingsError
from ras.new_file import check_target, writing
from ras.sheets.page import write_page
from ras.sheets.report_json import write_json
from ras.sheets.table import write_table
from ras.text import clean

if TYPE_CHECKING:
    from ras.media import MediaReader
    from ras.sheets.answered import Answered

    Writer = Callable[[TextIO, Sequence[Answered], MediaReader], None]

KINDS = {
    ".html": "Page with pictures (HTML)",
    ".csv": "Table (CSV)",
    ".json": "For programs (JSON)",
}
"""The endings of files that results can be saved as."""

_WRITERS: dict[str, tuple[Writer, str, str]] = {
    ".html": (write_page, "utf-8", "replace"),
    ".csv": (write_table, ENCODING, "replace"),
    # A lone surrogate is then written as JSON escapes it.
    ".json": (write_json, "utf-8", "backslashreplace"),
}
"""Ending → what writes it, its encoding, and what becomes of what that cannot carry."""


def save_results(path: str | Path, answered: Sequence[Answered], media: MediaReader, *, overwrite: bool = False) -> int:
    """Write what was found of each query; returns how many results that were. ``media`` finds their files.

    Raises SettingsError where no such file may be written there, RASError where it cannot be.
    """
    target = check_results_file(path, overwrite=overwrite)
    write, encoding, errors = _WRITERS[target.suffix.lower()]
    with writing(target, encoding=encoding, errors=errors) as file:
        write(file, answered, media)
    return sum(len(one.report.results) for one in answered)


def check_results_file(path: str | Path, *, overwrite: bool) -> Path:
    """The absolute path. Raises SettingsError where its ending says no kind, or no file may be written there."""
    target = check_target(path, overwrite=overwrite, example="results.html")
    if target.suffix.lower() not in KINDS:
        raise SettingsError(
            f"“{clean(target.name, longest=100)}” does not say what kind of file it is to be: "
            "end its name with .html, .csv or .json."
        )
    return target
