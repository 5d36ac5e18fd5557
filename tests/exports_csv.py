"""Small exports in DiscordChatExporter's CSV format, in every dialect that it had, made of ``tests.exports`` messages.

    path = make_csv(tmp_path)                                     # three messages, a picture each
    path = make_csv(tmp_path, messages=[message("hi")], dialect="2.30", media=True)
    path = make_csv(tmp_path, dialect="saved again", separator=";")

Written after ``CsvMessageWriter.cs`` and its forerunners of Tyrrrz/DiscordChatExporter.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterable

from tests.exports import Json, _place_media, attachment, document, message

HEADER = "AuthorID,Author,Date,Content,Attachments,Reactions"
DIALECTS = ("2.5", "2.18", "2.19", "2.30", "2.40", "2.47", "saved again")


def make_csv(
    folder: Path,
    *,
    messages: Iterable[Json] | int = 3,
    dialect: str = "2.47",
    media: bool = False,
    name: str = "Test Server - Text channels - general [870000000000000002].csv",
    slash: str = "/",
    newline: str = "\r\n",
    encoding: str = "utf-8",
    bom: bool = False,
    separator: str = ",",
    date_format: str | None = None,
    zone: timezone = timezone(timedelta(hours=2)),
    **about: Any,
) -> Path:
    """Write a CSV export into ``folder`` and return its path; see ``tests.exports.make_export``.

    ``date_format`` is of ``strftime``; else dates are as the dialect's version wrote them without being told.
    """
    if isinstance(messages, int):
        messages = [message(f"message {n}", [attachment(f"picture{n}.png")]) for n in range(messages)]
    whole = document(messages, **about)
    _place_media(whole, folder / f"{name}_Files" if media else None, "2.47" if dialect == "2.47" else "2.40.1", slash)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = table(whole["messages"], dialect, newline=newline, separator=separator, date_format=date_format, zone=zone)
    path.write_bytes((("\ufeff" if bom else "") + text).encode(encoding))
    return path


def table(
    messages: Iterable[Json],
    dialect: str = "2.47",
    *,
    newline: str = "\r\n",
    separator: str = ",",
    date_format: str | None = None,
    zone: timezone = timezone.utc,
) -> str:
    """The text of the file."""
    rows = [_cells(each, dialect, date_format, zone) for each in messages]
    if dialect == "saved again":
        written = io.StringIO()
        csv.writer(written, delimiter=separator, lineterminator=newline).writerows([HEADER.split(","), *rows])
        return written.getvalue()
    if dialect == "2.5":
        return "".join(
            line + newline for line in ("Author;Date;Content;Attachments;", *(_quoted(r[1:5], ";") + ";" for r in rows))
        )
    end = "," if dialect == "2.19" else ""
    return "".join(line + newline for line in (HEADER, *(_quoted(row, ",") + end for row in rows)))


def _quoted(cells: Iterable[str], separator: str) -> str:
    return separator.join('"' + cell.replace('"', '""') + '"' for cell in cells)


def _cells(message: Json, dialect: str, date_format: str | None, zone: timezone) -> list[str]:
    when = datetime.fromisoformat(message["timestamp"]).astimezone(zone)
    if date_format is None and dialect in ("2.47", "saved again"):
        date = when.isoformat(timespec="microseconds").replace(when.strftime("%f"), when.strftime("%f") + "0")
    else:
        date = when.strftime(
            date_format or ("%d-%b-%y %I:%M %p" if dialect in ("2.5", "2.18") else "%m/%d/%Y %I:%M %p")
        )
    by = message["author"]
    return [
        by["id"],
        by["name"] if dialect == "2.47" else f"{by['name']}#{by['discriminator']}",
        date,
        message["content"],
        ",".join(each["url"] for each in message["attachments"]),
        ",".join(f"{each['emoji']['name']} ({each['count']})" for each in message.get("reactions", ())),
    ]
