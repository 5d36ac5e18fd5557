"""The dialects of DiscordChatExporter's CSV files: how rows begin, and what their cells are.

DCE quotes every cell and doubles every quote inside, so that a line that begins with a quote, an id, a quote and a
separator can be nothing but the start of a row: a quote that is missing spoils one row, not the rest of the file.
Programs for tables that saved such a file again leave quotes away where they can; there quotes are counted too.
"""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

_HEADER = re.compile(
    # "Author;Date;Content;Attachments;" in the oldest, then "AuthorID,Author,Date,Content,Attachments,Reactions".
    # Tables may begin with a word on their separator.
    r'\s*(?:sep=.\r?\n)?("?AuthorID"?[,;\t])?"?Author"?([,;\t])"?Date"?\2"?Content"?\2"?Attachments"?(?:\2[^\r\n]{0,100})?(?:\r?\n|\Z)'
)
_MOST_ENDS = 10
"""Places in a row that are looked at where it may end."""


class Row(NamedTuple):
    """A message."""

    author_id: str
    """Empty in the oldest dialect."""
    author: str
    date: str
    content: str
    attachments: str


class Dialect:
    """How the rows of one file are written."""

    def __init__(self, separator: str, columns: int, *, with_id: bool, quoted: bool) -> None:
        self.quoted = quoted
        """Whether all cells are."""
        self._columns, self._with_id, self._separator = columns, with_id, separator
        mark = re.escape(separator)
        quote = '"' if quoted else '"?'
        # Tables make 4,56E+17 of ids. Names without an id are of the time when all ended in "#" and four digits.
        first = (r"\d[\d.,E+]{0,24}" if with_id else r'[^"\r\n]{1,50}#\d{4}') + quote
        self.next_row = re.compile(f"\n(?={quote}{first}{mark}{quote if quoted else ''})".encode())
        """The line break before a row."""
        cell = r'"([^"]*(?:""[^"]*)*)"'
        self._cell = re.compile(cell if quoted else rf'{cell}|([^"\r\n{mark}]*)')
        # DCE writes no quotes into the cells before the content, but for a few people's names.
        self._before = re.compile(rf'"([^"\r\n]*)"{mark}' * (2 + with_id))
        self._row_end = re.compile(rf'"{mark}?\r?\n')

    @staticmethod
    def of(head: bytes) -> tuple[Dialect, int] | None:
        """The dialect of a file that begins so, and where its first row begins; None where it is no such file."""
        header = _HEADER.match(head.decode("latin-1"))
        if header is None or (header[1] and header[1][-1] != header[2]):
            return None
        names = header[0][header[0].index("Author") :].strip().rstrip(header[2]).split(header[2])
        quoted = head[header.end() : header.end() + 1] in (b'"', b"")
        return Dialect(header[2], len(names), with_id=bool(header[1]), quoted=quoted), header.end()

    def read(self, row: bytes) -> tuple[Row | None, int]:
        """What is in a row, and how many rows of it are damaged beyond reading."""
        text = row.decode("utf-8", "replace").replace("\0", "")
        cells = self._cells(text)
        if cells is not None:
            return self._row(cells), 0
        if not self.quoted:
            return None, 1
        for end in itertools.islice(self._row_end.finditer(text), _MOST_ENDS):
            cells = self._cells(text[: end.end()])
            if cells is not None:
                # Behind it there is another row, whose start is damaged.
                return self._row(cells), 1
        cells = self._salvaged(text)
        return (None, 1) if cells is None else (self._row(cells), 0)

    def _cells(self, text: str) -> list[str] | None:
        text = text.rstrip("\r\n")
        if self.quoted and text.endswith(self._separator):
            text = text[:-1]
        cells: list[str] = []
        position = 0
        while len(cells) < self._columns:
            cell = self._cell.match(text, position)
            if cell is None:
                return None
            cells.append((cell[1] or "").replace('""', '"') if cell[1] is not None else cell[cell.lastindex or 0])
            position = cell.end()
            if position == len(text):
                return cells if len(cells) == self._columns else None
            if text[position] != self._separator:
                return None
            position += 1
        return None

    def _salvaged(self, text: str) -> list[str] | None:
        """The cells of a row whose content has single quotes in it, or lacks one of its own."""
        text = text.rstrip("\r\n" + self._separator)
        before = self._before.match(text)
        if before is None or text[-1:] != '"':
            return None
        after = self._columns - len(before.groups()) - 1
        between = f'"{self._separator}"'
        content, *cells = text[before.end() : -1].rsplit(between, after)
        if len(cells) == after - 1:
            content, found, cell = content.rpartition(f'{self._separator}"')
            cells = [cell, *cells] if found else []
        if between in content and self._row_end.search(content):
            return None  # two rows, both of them damaged
        if len(cells) != after or any('"' in cell or "\n" in cell for cell in cells):
            return None
        return [*before.groups(), content[content[:1] == '"' :].replace('""', '"'), *cells]

    def _row(self, cells: list[str]) -> Row:
        author_id = cells[0] if self._with_id else ""
        return Row(author_id, *cells[self._with_id : self._with_id + 4])
