"""The command ``show``, as a program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.exports import attachment, author, cdn_url, make_export, media_name, message, signed
from tests.program import REPOSITORY, gradient, index, local_export, names, picture, ras, search
from tests.zips import Raw, raw_zip, zip_folder

LATER = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=20)
PAST = datetime(2024, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Two pictures on disk, two live links, one dead, one unsigned."""
    links = [signed(cdn_url(str(number), "a.png"), when) for number, when in ((1, LATER), (2, LATER), (3, PAST))]
    when = datetime(2021, 3, 1, 12, tzinfo=timezone.utc)
    messages = [
        message("", [attachment(f"{seed}.png", data=gradient(seed))], when=when + timedelta(days=seed))
        for seed in range(2)
    ]
    messages += [message("", [attachment("a.png", url=url)], when=when + timedelta(days=9)) for url in links]
    messages += [message("", [attachment("a.png", url=cdn_url("4", "a.png"))], by=author("bob", id="2"), when=when)]
    return make_export(tmp_path / "export", messages=messages, media=True, name="general.json")


def shown(*arguments: object) -> Any:
    done = ras("show", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["archives"]


def test_text(export: Path) -> None:
    done = ras("show", export, TZ="UTC")
    assert done.returncode == 0, done.stderr
    first, posted, state, *hints = done.stdout.splitlines()
    assert first == "Test Server › general   (general.json)"
    assert posted == "  6 messages, 6 pictures by 2 people, 1 March 2021 to 10 March 2021"
    until = f"{LATER.day} {LATER:%B %Y %H:%M}"
    assert state == (
        f"  2 on this computer, 2 links live until {until}, 1 link expired, "
        "1 link without Discord’s signature (dead as well)"
    )
    assert [hint[:4] for hint in hints] == ["  → "] * 2
    assert "2 dead links" in hints[0]
    assert "token set" in hints[0]
    assert "index" in hints[1]
    assert done.stderr == ""


def test_json(export: Path) -> None:
    (told,) = shown(export)
    assert told["name"] == "Test Server › general"
    assert told["files"] == [str(export)]
    assert (told["messages"], told["pictures"], told["people"]) == (6, 6, 2)
    assert told["channels"] == [{"server": "Test Server", "name": "general", "pictures": 6}]
    assert told["sources"] == {
        "on_disk": 2,
        "live": 2,
        "lasting": 0,
        "expired": 1,
        "unsigned": 1,
        "blocked_host": 0,
        "no_link": 0,
    }
    assert datetime.fromisoformat(told["live_until"]["first"]) == LATER
    assert datetime.fromisoformat(told["live_until"]["last"]) == LATER
    assert datetime.fromisoformat(told["first"]) == datetime(2021, 3, 1, 12, tzinfo=timezone.utc)
    assert told["lost_files"] == 0
    assert len(told["hints"]) == 2


def test_nothing_is_downloaded_and_no_encoder_loaded(export: Path, ras_home: Path) -> None:
    """Not even the folder of the store is made."""
    nothing = "sys.modules.update(torch=None, clip=None, cv2=None, faiss=None)"
    blocked = f"import sys; {nothing}; from ras.cli import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", blocked, "show", str(export)],
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONIOENCODING": "utf-8",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(ras_home.iterdir()) == []


def test_a_zip_is_shown_like_its_folder(export: Path) -> None:
    (in_folder,), (in_zip,) = shown(export.parent), shown(zip_folder(export.parent))
    for told in (in_folder, in_zip):
        del told["path"], told["files"]
    assert in_zip == in_folder


def test_media_folders_and_allowed_hosts(tmp_path: Path) -> None:
    url = cdn_url("7", "a.png")
    posted = [message("", [attachment("a.png", url=signed(url, PAST), size=3)])]
    posted.append(message("", [attachment("b.png", url="https://example.org/b.png")]))
    export = make_export(tmp_path / "export", messages=posted)
    media = tmp_path / "media" / "somewhere" / media_name(url)
    media.parent.mkdir(parents=True)
    media.write_bytes(b"123")
    (before,) = shown(export)
    assert (before["sources"]["expired"], before["sources"]["blocked_host"]) == (1, 1)
    assert before["blocked_hosts"] == [{"host": "example.org", "pictures": 1}]
    assert "--allow-host example.org" in before["hints"][-1]
    (after,) = shown(export, "--media", tmp_path / "media", "--allow-host", "example.org")
    assert (after["sources"]["on_disk"], after["sources"]["lasting"]) == (1, 1)
    assert after["hints"] == []


def test_missing_media_are_hinted_at(tmp_path: Path) -> None:
    export = local_export(tmp_path, 1, 2)
    shutil.rmtree(export.with_name(export.name + "_Files"))
    (told,) = shown(export)
    assert told["lost_files"] == 2
    assert "--media" in told["hints"][0]


def test_several_archives_and_one_that_cannot_be_read(export: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("hello")
    done = ras("show", export, notes, export.parent, "--json")
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert [each["path"] for each in told["archives"]] == [str(export), str(export.parent)]
    assert [each["path"] for each in told["refused"]] == [str(notes)]
    done = ras("show", notes)
    assert (done.returncode, done.stdout) == (2, "")
    assert "“notes.txt”" in done.stderr
    done = ras("show")
    assert done.returncode == 2


def test_channels_of_a_folder_are_listed(tmp_path: Path) -> None:
    for number in range(15):
        make_export(
            tmp_path, messages=number, name=f"{number}.json", channel=f"c{number}", channel_id=str(8700 + number)
        )
    done = ras("show", tmp_path)
    assert "15 channels: c14 (14), c13 (13), " in done.stdout
    assert "c3 (3), and 3 more" in done.stdout
    assert len(shown(tmp_path)[0]["channels"]) == 15


def test_what_was_indexed_is_shown_when_the_export_is_gone(tmp_path: Path) -> None:
    export = local_export(tmp_path / "e", 1)
    index(export)
    shutil.rmtree(export.parent)
    done = ras("show", export)
    assert done.returncode == 0
    assert "no longer there" in done.stderr
    assert "none on this computer" in done.stdout


def test_hostile_names_are_shown_harmless(tmp_path: Path) -> None:
    messages = [message("", [attachment("b.png", url="https://exa\x1bmple.org/b.png")])]
    export = make_export(tmp_path, messages=messages, channel="a\x1b[2J\u202eb\nc", guild="\u202e")
    done = ras("show", export)
    assert done.returncode == 0
    assert all(line.isprintable() for line in done.stdout.splitlines())


def test_a_picture_in_a_zip_is_searched_and_told_by_its_path(tmp_path: Path) -> None:
    """All the way: read, indexed, found; the zip is never unpacked."""
    export = local_export(tmp_path / "e", 1, 2)
    path = zip_folder(tmp_path / "e")
    shutil.rmtree(tmp_path / "e")
    query = picture(tmp_path / "query.png", 2)
    for _ in range(2):
        done = search(path, query, "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert names(report)[0] == "2.png"
        told = Path(report["results"][0]["path"])
        assert told.parent == path / f"{export.name}_Files"
        assert report["skipped"] == {}
        index(path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["e.zip", "query.png"]
    assert json.loads(ras("archives", "--json").stdout)["archives"][0]["paths"][0]["exists"]


def test_a_bomb_is_one_sentence(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", [Raw(b"a.json", b"1", size=1 << 50)], zip64=True)
    done = ras("show", path)
    assert done.returncode == 2
    assert "zip bomb" in done.stderr
    assert "Traceback" not in done.stderr
