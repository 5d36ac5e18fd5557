"""Cells of a CSV file that spreadsheets open as it is, and in which none is a formula."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell that a spreadsheet computes can start with (OWASP, CSV Injection); Excel takes the wide ones, too."""

ENCODING = "utf-8-sig"
"""With a byte order mark, by which Excel knows it."""


def safe(cell: str) -> str:
    """The text as a cell that no spreadsheet computes: what looks like a formula gets an apostrophe before it."""
    cell = cell.replace("\0", "")  # which some readers take for the end of the file
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
