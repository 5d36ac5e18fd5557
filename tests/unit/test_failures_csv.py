"""The table of what could not be had: whole, harmless in a spreadsheet, never over another file unasked."""

from __future__ import annotations

import csv
import io
import os
import re
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ras.csv_cells import safe
from ras.errors import RASError, SettingsError, SkipReason
from ras.failures_csv import COLUMNS, save_failures
from ras.new_file import check_target
from ras.records import Channel, ImageRecord, Skipped

RECORD = ImageRecord(
    key="a:1",
    message_id="870000000000000300",
    attachment_id="1",
    file_name="cat, “grey”.png",
    url="https://cdn.discordapp.com/attachments/7/1/cat.png?ex=65000000",
    local_path="/exports/general.json_Files/cat.png",
    file_size=1204,
    author_id="870000000000000001",
    author="北斗 🔥",
    channel=Channel("7", "general", "5", "Wanderers"),
    timestamp=datetime(2021, 3, 4, 5, 6, 7, tzinfo=timezone.utc),
)
FAILURE = Skipped(RECORD, SkipReason.EXPIRED, "The link expired:\nexport it again.")


@pytest.mark.parametrize(
    "text",
    [
        *("hi;=1+1", "hi;  @SUM(1)", 'hi;"=1', "a\n=1", "a\r\n+1", "a\n- b", "a;\t=1", "a;;=1", "a\n＝1"),
        "=1;=2\n=3",
    ],
)
def test_no_other_reading_finds_a_formula(text: str) -> None:
    """Where the list separator is “;”, a file is split there and at line breaks, and quotes within a line count not."""
    target = io.StringIO()
    csv.writer(target).writerow(["plain", safe(text), "plain"])
    lines = target.getvalue().splitlines()
    cells = [cell for line in lines for cell in line.split(";")]
    assert not [cell for cell in cells if cell.strip(' \t"').startswith(("=", "+", "-", "@", "＝"))]


def test_a_text_without_formulas_stays_as_it_is() -> None:
    text = "one; two ;-)\nthree – a=b, c;d\n" + "\n" * 100_000
    assert safe(text) == text


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_every_column_is_what_the_record_says(tmp_path: Path) -> None:
    path = tmp_path / "left out.csv"
    assert save_failures(path, [FAILURE]) == 1
    head, row = read(path)
    assert dict(zip(head, row)) == {
        "reason": "link expired",
        "detail": "The link expired:\nexport it again.",
        "file name": "cat, “grey”.png",
        "url": RECORD.url,
        "message link": "https://discord.com/channels/5/7/870000000000000300",
        "local path": "/exports/general.json_Files/cat.png",
        "author": "北斗 🔥",
        "author id": "870000000000000001",
        "channel": "general",
        "server": "Wanderers",
        "date": "2021-03-04T05:06:07+00:00",
        "size": "1204",
    }
    assert tuple(head) == COLUMNS
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")  # by which Excel knows that it is UTF-8
    assert b'"The link expired:\nexport it again."' in data


def test_what_is_not_known_is_empty(tmp_path: Path) -> None:
    bare = replace(RECORD, message_id="", url="", local_path=None, file_size=None)
    save_failures(tmp_path / "x.csv", [replace(FAILURE, record=bare)])
    row = dict(zip(*read(tmp_path / "x.csv")))
    assert [row[name] for name in ("message link", "url", "local path", "size")] == ["", "", "", ""]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("https://x","y")', "\0=1"]
)
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    hostile = replace(RECORD, file_name=text, author=text, channel=replace(RECORD.channel, name=text, guild_name=text))
    save_failures(tmp_path / "x.csv", [replace(FAILURE, record=hostile, detail=text)])
    row = dict(zip(*read(tmp_path / "x.csv")))
    for name in ("detail", "file name", "author", "channel", "server"):
        assert row[name] == "'" + re.sub(r"([\t\r\n])=", r"\1'=", text.replace("\0", ""))


def test_harmless_texts_stay_as_they_are() -> None:
    for text in ("", "a=b", " =1", "'quoted'", "https://x", "🔥", "1-2"):
        assert safe(text) == text


def test_what_utf8_cannot_carry_does_not_stop_it(tmp_path: Path) -> None:
    save_failures(tmp_path / "x.csv", [replace(FAILURE, record=replace(RECORD, file_name="a\ud800b.png"))])
    assert read(tmp_path / "x.csv")[1][2] == "a?b.png"


def test_another_file_is_not_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("precious")
    with pytest.raises(SettingsError, match="exists already and was not overwritten"):
        save_failures(path, [FAILURE])
    assert path.read_text() == "precious"
    save_failures(path, [FAILURE], overwrite=True)
    assert len(read(path)) == 2
    assert os.listdir(tmp_path) == ["mine.csv"]


def test_where_no_table_can_stand_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is a folder"):
        check_target(tmp_path, overwrite=True)
    with pytest.raises(SettingsError, match="There is no folder"):
        check_target(tmp_path / "none" / "x.csv", overwrite=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_pipe_or_device_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingsError, match="not an ordinary file"):
        save_failures(tmp_path / "pipe", [FAILURE], overwrite=True)
    assert (tmp_path / "pipe").is_fifo()


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("before")

    def broken():  # type: ignore[no-untyped-def]
        yield FAILURE
        raise OSError(28, "No space left on device")

    with pytest.raises(RASError, match="could not be written: No space left on device"):
        save_failures(path, broken(), overwrite=True)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["mine.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_the_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    save_failures(tmp_path / "x.csv", [FAILURE])
    assert (tmp_path / "x.csv").stat().st_mode == (tmp_path / "other").stat().st_mode
