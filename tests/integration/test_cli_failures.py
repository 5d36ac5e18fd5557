"""What could not be had, from the command line: listed by reason, and as a table."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.cdn_double import CdnDouble, Fault
from tests.exports import attachment, make_export, message
from tests.program import FINGERPRINT, gradient, index, local_export, online_export, ras, start


@pytest.fixture
def lost(cdn: CdnDouble, tmp_path: Path) -> Path:
    """An export of 5 pictures: two are gone, one comes as an error page."""
    path = online_export(tmp_path / "lost", cdn, 1, 2, 3, 4, 5)
    for seed in (2, 4):
        cdn.serve(f"/attachments/1/{seed}/{seed}.png", fault=Fault.status(404))
    cdn.serve("/attachments/1/5/5.png", fault=Fault.error_page())
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_indexing_writes_a_table_of_what_it_left_out(cdn: CdnDouble, lost: Path, tmp_path: Path) -> None:
    table = tmp_path / "left out.csv"
    other = local_export(tmp_path / "whole", 7)
    done = index(lost, other, "--allow-host", cdn.host, "--failures", table)
    assert done.returncode == 0, done.stderr
    assert f"Wrote 3 pictures that could not be had to “{table}”." in done.stderr
    assert [(row["file name"], row["reason"]) for row in rows(table)] == [
        ("2.png", "no longer on the server"),
        ("4.png", "no longer on the server"),
        ("5.png", "not a picture"),
    ]
    row = rows(table)[0]
    assert row["message link"].endswith("/10002")
    assert row["url"].startswith(f"http://{cdn.host}/attachments/1/2/2.png")


def test_a_table_is_never_overwritten_unasked_and_that_is_said_at_once(
    cdn: CdnDouble, lost: Path, tmp_path: Path
) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("precious")
    done = index(lost, "--allow-host", cdn.host, "--failures", table)
    assert done.returncode == 2
    assert "exists already and was not overwritten: name another file, or say --force." in done.stderr
    assert cdn.requests == []
    assert table.read_text() == "precious"
    done = index(lost, "--allow-host", cdn.host, "--failures", table, "--force")
    assert done.returncode == 0, done.stderr
    assert len(rows(table)) == 3
    done = ras("archives", "failures", "1", "--csv", table)
    assert (done.returncode, done.stdout) == (2, "")
    done = ras("archives", "failures", "1", "--csv", table, "--force")
    assert done.returncode == 0, done.stderr
    assert len(rows(table)) == 3


def test_what_was_left_out_is_listed_by_reason_most_first(cdn: CdnDouble, lost: Path) -> None:
    index(lost, "--allow-host", cdn.host)
    done = ras("archives", "failures", "Test Server › general")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "3 of 5 pictures of Test Server › general were left out."
    assert lines[1] == "  2 no longer on the server"
    assert re.fullmatch(r"    2\.png, .+ in #general, \d{4}-\d\d-\d\d \d\d:\d\d", lines[2])
    assert lines[3].startswith(f"      http://{cdn.host}/attachments/1/2/2.png")
    assert lines[4].endswith("/10002")
    assert "  1 not a picture" in lines
    told = json.loads(ras("archives", "failures", "1", "--json").stdout)["archives"]
    assert [(each["id"], each["pictures"], each["left_out"]) for each in told] == [(1, 5, 3)]
    gone, page = told[0]["reasons"]
    assert (gone["reason"], gone["text"], gone["count"], gone["hosts"]) == ("gone", "no longer on the server", 2, {})
    assert [picture["file_name"] for picture in gone["pictures"]] == ["2.png", "4.png"]
    assert page["reason"] == "not_a_picture"
    assert set(page["pictures"][0]) == {
        *("file_name", "detail", "url", "message_link", "path", "author", "author_id", "channel", "server"),
        *("timestamp", "size"),
    }


def test_hosts_that_are_not_allowed_are_named(cdn: CdnDouble, lost: Path) -> None:
    index(lost)
    assert cdn.requests == []
    assert f"  5 hosts not allowed ({cdn.host} 5)" in ras("archives", "failures", "1").stdout.splitlines()
    told = json.loads(ras("archives", "failures", "1", "--json").stdout)
    assert told["archives"][0]["reasons"][0]["hosts"] == {cdn.host: 5}


def test_where_nothing_was_left_out_that_is_said(tmp_path: Path) -> None:
    index(local_export(tmp_path / "whole", 7))
    assert ras("archives", "failures", "1").stdout == "Nothing was left out of Test Server › general.\n"
    done = ras("archives", "failures", "none such")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No indexed archive is called" in done.stderr


def test_without_an_index_there_is_a_sentence() -> None:
    done = ras("archives", "failures", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("No archive is indexed yet")


def test_names_of_an_export_are_shown_harmless(cdn: CdnDouble, tmp_path: Path) -> None:
    name = "ge\u202ene\x1b[31m=1.png"
    url = cdn.serve("/a/b.png", gradient(1)) + "?\u202e\x1b[31m"
    index(make_export(tmp_path / "export", messages=[message("x", [attachment(name, url=url, id="1")])]))
    text = ras("archives", "failures", "1").stdout
    assert "gene[31m=1.png" in text
    assert not set(text) & set("\u202e\x1b")


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_table_is_written_also_when_indexing_is_interrupted(cdn: CdnDouble, lost: Path, tmp_path: Path) -> None:
    table = tmp_path / "left out.csv"

    def hold(handler: object, data: bytes) -> None:
        while cdn.wait(0.05):
            pass

    cdn.serve("/attachments/1/3/3.png", fault=Fault(hold))
    with start("index", lost, *FINGERPRINT, "--allow-host", cdn.host, "--failures", table) as process:
        deadline = time.monotonic() + 40
        while cdn.hits("/attachments/1/5/5.png") == 0 or cdn.hits("/attachments/1/3/3.png") == 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(3)  # until what came is committed
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=40)
    assert process.returncode == 130, said
    assert "run it again to go on" in said
    assert {row["file name"] for row in rows(table)} == {"2.png", "4.png", "5.png"}
