"""Cells of a CSV file that spreadsheets open as it is, and in which none is a formula.

Not either where a spreadsheet takes other marks than the comma for what parts the cells: in many regions it is “;”, and
a quote in the middle of what lies between two of them means nothing then, so that a line break begins a row.
"""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell that a spreadsheet computes can start with (OWASP, CSV Injection); Excel takes the wide ones, too."""

_BEGINNING = re.compile(r"""[;\t\r\n][;"'\s]*""")
"""After what a cell begins by another reading."""

ENCODING = "utf-8-sig"
"""With a byte order mark, by which Excel knows it."""


def safe(cell: str) -> str:
    """The text as a cell that no spreadsheet computes: what looks like a formula gets an apostrophe before it."""
    cell = cell.replace("\0", "")  # which some readers take for the end of the file
    cell = _BEGINNING.sub(_guarded, cell)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _guarded(beginning: re.Match[str]) -> str:
    follows = beginning.string[beginning.end() : beginning.end() + 2]
    # “;-)” is no formula.
    return f"{beginning[0]}'" if follows.startswith(_FORMULA) and follows[1:] != ")" else beginning[0]
