"""Indexing from the command line, as a program: what is kept, what it saves, what it says of trouble."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable

import pytest

from ras import doctor
from ras.matching.local import LocalExtractor
from ras.store import EmbeddingStore
from tests.cdn_double import CdnDouble, Fault
from tests.exports import attachment, make_export, message, signed
from tests.program import (
    FINGERPRINT,
    found,
    gradient,
    in_terminal,
    index,
    listed,
    local_export,
    names,
    online_export,
    picture,
    ras,
    search,
    start,
    unprivileged,
)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals, terminals or permissions")


@pytest.fixture
def query(tmp_path: Path) -> Path:
    """A smaller copy of picture 1."""
    return picture(tmp_path / "query.png", 1)


def test_indexing_says_what_it_did_and_the_second_time_does_nothing(tmp_path: Path, query: Path) -> None:
    export = local_export(tmp_path / "export", 1, 2, 3)
    done = index(export)
    assert done.returncode == 0, done.stderr
    assert re.match(r"Indexed 3 of 3 pictures of Test Server › general in .*\(3 new\)\.\n", done.stdout)
    assert re.search(r"^The store takes [\d.]+ [KM]B\.$", done.stdout, re.MULTILINE)
    again = index(export)
    assert "(nothing new)" in again.stdout
    report = found(export, query)
    assert report["mode"] in ("faiss", "cached")
    assert (names(report)[0], report["searched"], report["not_indexed"]) == ("1.png", 3, 0)


def test_json_of_indexing_has_the_report_of_each_archive_and_the_usage(tmp_path: Path) -> None:
    one, two = local_export(tmp_path / "one", 1, 2), local_export(tmp_path / "two", 2, 3, channel="memes")
    done = index(one, two, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told) == {"archives", "refused", "usage"}
    assert [each["path"] for each in told["archives"]] == [str(one), str(two)]
    first, second = told["archives"]
    keys = {"path", "archive", "pictures", "indexed", "encoded", "reused", "skipped", "seconds"}
    assert set(first) == keys
    assert (first["encoded"], first["reused"]) == (2, 0)
    assert (second["pictures"], second["indexed"], second["encoded"], second["reused"]) == (2, 2, 1, 1)
    assert told["usage"]["contents"] == 3
    assert told["usage"]["total_bytes"] > 0
    assert [each["name"] for each in listed()] == ["Test Server › general", "Test Server › memes"]


def test_what_was_left_out_is_counted_by_reason_and_tried_again_when_asked(tmp_path: Path) -> None:
    with CdnDouble() as cdn:
        cdn.serve("/a/page.png", b"<html>no picture</html>")
        expired = signed(
            "https://cdn.discordapp.com/attachments/1/2/dead.png", datetime(2024, 1, 1, tzinfo=timezone.utc)
        )
        messages = [
            message("", [attachment("page.png", url=cdn.url("/a/page.png"))]),
            message("", [attachment("dead.png", url=expired)]),
            message("", [attachment("1.png", url=cdn.serve("/a/1.png", gradient(1)))]),
        ]
        export = make_export(tmp_path, messages=messages)
        done = index(export, "--allow-host", cdn.host)
        assert done.returncode == 0, done.stderr
        assert "Indexed 1 of 3 pictures" in done.stdout
        assert "left out 2: 1 link expired, 1 not a picture." in done.stdout
        asked = cdn.hits("/a/page.png")
        assert asked >= 1
        assert "left out 2: 1 link expired, 1 not a picture." in index(export, "--allow-host", cdn.host).stdout
        assert cdn.hits("/a/page.png") == asked
        cdn.serve("/a/page.png", gradient(2))  # somebody put it right
        assert "Indexed 2 of 3" in index(export, "--allow-host", cdn.host, "--retry").stdout


def test_nothing_that_could_be_indexed_is_exit_code_1(tmp_path: Path) -> None:
    empty = make_export(tmp_path / "empty", messages=[message("only words")])
    done = index(empty)
    assert (done.returncode, "has no pictures" in done.stdout) == (1, True)
    expired = signed("https://cdn.discordapp.com/attachments/1/2/dead.png", datetime(2024, 1, 1, tzinfo=timezone.utc))
    dead = make_export(tmp_path / "dead", messages=[message("", [attachment(url=expired)])])
    done = index(dead)
    assert (done.returncode, "Indexed 0 of 1 picture" in done.stdout) == (1, True)


def test_an_archive_that_cannot_be_read_does_not_hold_up_the_others(tmp_path: Path) -> None:
    export = local_export(tmp_path / "export", 1)
    done = index(tmp_path / "missing.json", export, "--json")
    assert done.returncode == 2
    assert "missing.json" in done.stderr
    told = json.loads(done.stdout)
    assert [each["path"] for each in told["refused"]] == [str(tmp_path / "missing.json")]
    assert [each["indexed"] for each in told["archives"]] == [1]
    done = index(tmp_path / "missing.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@posix_only
def test_a_terminal_sees_rate_and_time_left(tmp_path: Path) -> None:
    with CdnDouble() as cdn:
        export = online_export(tmp_path, cdn, *range(40))
        for seed in range(40):
            cdn.serve(f"/attachments/1/{seed}/{seed}.png", gradient(seed), fault=Fault.slow_headers(0.2))
        code, seen = in_terminal("index", export, "--allow-host", cdn.host, *FINGERPRINT)
    assert code == 0
    assert re.search(r"Indexing: +\d+%.*\d+/40 \[\d\d:\d\d<(\d\d:\d\d|\?), +[\d.?]+ pictures/s", seen)


@posix_only
def test_a_terminal_sees_what_was_left_out_and_no_bar_if_none_is_wanted(tmp_path: Path) -> None:
    with CdnDouble() as cdn:
        export = online_export(tmp_path, cdn, *range(6))
        for seed in (1, 4):
            cdn.serve(f"/attachments/1/{seed}/{seed}.png", b"<html>no picture</html>")
        for seed in (2, 3):
            cdn.serve(f"/attachments/1/{seed}/{seed}.png", gradient(seed), fault=Fault.slow_headers(1.0))
        call = ("index", export, "--allow-host", cdn.host, *FINGERPRINT)
        code, seen = in_terminal(*call)
        assert code == 0
        assert re.search(r"4/6 \[\d\d:\d\d<.*, 2 left out, \d+ KB\]", seen)
        code, seen = in_terminal(*call, "--progress", "none")
        assert code == 0
        assert "Indexing:" not in seen
        assert "Indexed 4 of 6" in seen


def test_a_program_can_follow_indexing(tmp_path: Path) -> None:
    sizes = [len(gradient(seed)) for seed in range(3)]
    with CdnDouble() as cdn:
        one = online_export(tmp_path / "one", cdn, 0, 1, 2, 3)
        cdn.serve("/attachments/1/3/3.png", b"<html>no picture</html>")
        call = (one, tmp_path / "missing.json", "--allow-host", cdn.host, "--json")
        done = index(*call, "--progress", "json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["archives"][0]["indexed"] == 3
    events = [json.loads(line) for line in done.stderr.splitlines()]
    progress = [event for event in events if event["event"] == "progress" and event["stage"] == "Indexing"]
    assert [event["done"] for event in progress] == sorted(event["done"] for event in progress)
    last = progress[-1]
    assert (last["done"], last["total"], last["unit"], last["failed"]) == (4, 4, "pictures", 1)
    assert sum(sizes) <= last["bytes_read"] <= sum(sizes) + 1000
    skipped = [event for event in events if event["event"] == "skipped"]
    assert [(event["reason"], event["file_name"]) for event in skipped] == [("not_a_picture", "3.png")]
    assert {event["path"] for event in progress + skipped} == {str(one)}
    assert "missing.json" in events[-1]["text"]


@posix_only
def test_whoever_follows_hears_of_everything_at_once_and_of_the_end(tmp_path: Path) -> None:
    with CdnDouble() as cdn:
        export = online_export(tmp_path, cdn, 1, 2)
        cdn.serve("/attachments/1/1/1.png", b"<html>no picture</html>")
        cdn.serve("/attachments/1/2/2.png", gradient(2), fault=Fault.slow_headers(60))
        process = start("index", export, "--allow-host", cdn.host, "--progress", "json", *FINGERPRINT)
        assert process.stderr is not None
        for line in process.stderr:
            if json.loads(line)["event"] == "skipped":
                break
        process.send_signal(signal.SIGINT)
        stdout, rest = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (130, "")
    assert json.loads(rest.splitlines()[-1]) == {
        "event": "notice",
        "text": "Stopped. 0 of 2 pictures of Test Server › general are kept; run it again to go on.",
    }


# What it saves


def test_a_new_export_with_new_signatures_downloads_only_its_new_message(tmp_path: Path, query: Path) -> None:
    with CdnDouble() as cdn:
        old = online_export(tmp_path / "old", cdn, 1, 2, 3)
        assert index(old, "--allow-host", cdn.host).returncode == 0
        before = len(cdn.requests)
        assert before == 3
        later = datetime(2031, 1, 1, tzinfo=timezone.utc)
        new = online_export(tmp_path / "new", cdn, 1, 2, 3, 4, expires=later)
        assert new.read_bytes() != old.read_bytes()
        done = index(new, "--allow-host", cdn.host)
        assert "Indexed 4 of 4" in done.stdout
        assert "(1 new)" in done.stdout
        assert [request.path.partition("?")[0] for request in cdn.requests[before:]] == ["/attachments/1/4/4.png"]
        # The same export once more: not a single request; and a search needs none either.
        assert index(new, "--allow-host", cdn.host).returncode == 0
        assert names(found(new, query, "--allow-host", cdn.host))[0] == "1.png"
        assert len(cdn.requests) == before + 1


# Stopping


@posix_only
@pytest.mark.parametrize("way", ["Ctrl+C", "kill"])
def test_what_was_indexed_before_it_stopped_is_kept(tmp_path: Path, query: Path, way: str) -> None:
    quick, slow = range(30), range(30, 60)
    with CdnDouble() as cdn:
        export = online_export(tmp_path, cdn, *quick, *slow)
        for seed in slow:
            cdn.serve(f"/attachments/1/{seed}/{seed}.png", gradient(seed), fault=Fault.slow_headers(60))
        process = start("index", export, "--allow-host", cdn.host, *FINGERPRINT)
        wait_until(lambda: sum(cdn.hits(f"/attachments/1/{seed}/{seed}.png") for seed in slow) >= 3, process)
        wait_until(lambda: described_in_the_store() >= 20, process)
        process.send_signal(signal.SIGINT if way == "Ctrl+C" else signal.SIGKILL)
        stdout, stderr = process.communicate(timeout=30)
        assert stdout == ""
        assert "Traceback" not in stderr
        kept, described = in_the_store(), described_in_the_store()
        assert kept >= described >= 20
        if way == "Ctrl+C":
            assert process.returncode == 130
            assert f"Stopped. {kept} of 60 pictures of Test Server › general are kept; run it again to go on." in stderr
        asked = {seed: cdn.hits(f"/attachments/1/{seed}/{seed}.png") for seed in quick}
        for seed in slow:
            cdn.serve(f"/attachments/1/{seed}/{seed}.png", gradient(seed))
        done = index(export, "--allow-host", cdn.host)
        assert done.returncode == 0, done.stderr
        assert "Indexed 60 of 60 pictures of Test Server › general in" in done.stdout
        assert f"({60 - kept} new)" in done.stdout
        # Nothing is fetched again but what was stopped between its embedding and its features.
        again = sum(cdn.hits(f"/attachments/1/{seed}/{seed}.png") - asked[seed] for seed in quick)
        assert again == len(quick) - described
    assert names(found("--indexed", "all", query))[0] == "1.png"


def test_two_programs_index_at_once(tmp_path: Path, query: Path) -> None:
    with CdnDouble() as cdn:
        same = online_export(tmp_path / "same", cdn, *range(25))
        other = online_export(tmp_path / "other", cdn, *range(20, 45))
        processes = [start("index", each, "--allow-host", cdn.host, *FINGERPRINT) for each in (same, same, other)]
        for process in processes:
            stdout, stderr = process.communicate(timeout=60)
            assert process.returncode == 0, stderr
            assert "Indexed 25 of 25" in stdout
    assert len(listed()) == 2
    told = json.loads(ras("archives", "verify", "--json").stdout)
    assert told["damaged"] == []
    assert json.loads(ras("archives", "--json").stdout)["usage"]["contents"] == 45
    assert names(found("--indexed", "all", query))[0] == "1.png"


# Trouble with the store


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path, query: Path, ras_home: Path) -> None:
    export = local_export(tmp_path / "export", 1, 2)
    index(export)
    facts = ras_home / "store" / "facts.sqlite"
    database = sqlite3.connect(str(facts))
    version = database.execute("PRAGMA user_version").fetchone()[0]
    database.execute("PRAGMA user_version = 1000")
    database.commit()
    for arguments in (("index", export, *FINGERPRINT), ("archives",), ("archives", "remove", "1", "--yes")):
        done = ras(*arguments)
        assert (done.returncode, done.stdout) == (3, ""), arguments
        assert len(done.stderr.splitlines()) == 1
        assert "newer" in done.stderr
    done = search(export, query, "--json")  # goes on in Real-time, and says so
    assert done.returncode == 0
    assert "newer" in done.stderr
    assert json.loads(done.stdout)["mode"] == "realtime"
    assert search("--indexed", "all", query).returncode == 3
    database.execute(f"PRAGMA user_version = {version}")
    database.commit()
    database.close()
    assert names(found("--indexed", "all", query))[0] == "1.png"


@posix_only
def test_a_store_that_cannot_be_written_still_answers(tmp_path: Path, query: Path, ras_home: Path) -> None:
    export = local_export(tmp_path / "export", 1, 2)
    index(export)
    folders = [ras_home / "store", *(each for each in (ras_home / "store").rglob("*") if each.is_dir())]
    files = [each for each in (ras_home / "store").rglob("*") if each.is_file()]
    for path in (*files, *folders):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        done = unprivileged("search", "--indexed", "all", query, "--json", *FINGERPRINT)
        assert done.returncode == 0, done.stderr
        assert names(json.loads(done.stdout))[0] == "1.png"
        done = unprivileged("index", local_export(tmp_path / "more", 3), *FINGERPRINT)
        assert (done.returncode, done.stdout) == (3, "")
        assert len(done.stderr.splitlines()) == 1
        assert str(ras_home / "store") in done.stderr
        done = unprivileged("archives", "remove", "1", "--yes")
        assert (done.returncode, done.stdout) == (3, "")
        checks = json.loads(unprivileged("doctor", "--json").stdout)["checks"]
        told = next(check for check in checks if check["name"] == "Store")
        assert (told["state"], "cannot be written" in told["sentence"]) == ("warning", True)
        assert [each["id"] for each in json.loads(unprivileged("archives", "--json").stdout)["archives"]] == [1]
    finally:
        for path in (*folders, *files):
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_store_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, query: Path) -> None:
    export = local_export(tmp_path / "export", 1)
    home = tmp_path / "home"
    home.mkdir()
    (home / "store").write_text("a file where the folder should be")
    done = index(export, RAS_HOME=str(home))
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert str(home) in done.stderr
    done = search(export, query, RAS_HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert "1.png" in done.stdout


def test_doctor_says_where_the_store_is_and_what_is_in_it(tmp_path: Path, ras_home: Path) -> None:
    assert doctor.store in doctor.CHECKS
    assert doctor.store().sentence.startswith("No archive is indexed yet")
    assert not (ras_home / "store").exists()
    index(local_export(tmp_path, 1))
    told = doctor.store()
    assert (told.state, told.remedy) == (doctor.OK, None)
    assert re.match(r"1 indexed archive, [\d.]+ [KM]B, in ", told.sentence)
    assert str(ras_home / "store") in told.sentence


def test_a_folder_named_like_a_command_does_not_hide_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "archives").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    assert ras("archives").stdout.startswith("No archive is indexed yet")


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def in_the_store() -> int:
    """How many pictures have been committed."""
    folder = Path(os.environ["RAS_HOME"]) / "store"
    if not (folder / "facts.sqlite").exists():
        return 0
    with EmbeddingStore(folder) as store:
        archives = store.archives()
        return int((store.contents_of(store.load([1]).records, "fingerprint-2") >= 0).sum()) if archives else 0


def described_in_the_store() -> int:
    """How many of them have features."""
    folder = Path(os.environ["RAS_HOME"]) / "store"
    if not (folder / "facts.sqlite").exists():
        return 0
    with EmbeddingStore(folder) as store:
        return len(store.featured_contents(LocalExtractor.id))


@posix_only
def test_a_data_folder_that_may_not_be_looked_into_is_told_and_the_search_goes_on(
    tmp_path: Path, query: Path, ras_home: Path
) -> None:
    export = local_export(tmp_path / "export", 1, 2)
    index(export)
    ras_home.chmod(0)
    try:
        done = unprivileged("search", export, query, "--json", *FINGERPRINT)
        assert done.returncode == 0, done.stderr
        assert names(json.loads(done.stdout))[0] == "1.png"
        assert "Only Real-time search can be used." in done.stderr
        for arguments in (("archives",), ("archives", "verify"), ("search", "--indexed", "all", query)):
            done = unprivileged(*arguments)
            assert (done.returncode, done.stdout) == (3, ""), done.stderr
            assert "cannot be opened or made (Permission denied)" in done.stderr.splitlines()[-1]
        done = unprivileged("token", "status")
        assert (done.returncode, done.stdout[:8]) == (0, "Not set,")
        assert "Whether a bot token is kept cannot be told" in done.stderr
        told = json.loads(unprivileged("doctor", "--json").stdout)
    finally:
        ras_home.chmod(0o755)
    checks = {check["name"]: check for check in told["checks"]}
    assert "cannot be opened or made" in checks["Store"]["sentence"]
    assert {checks[name]["state"] for name in ("Store", "Data folder")} == {"warning"}
    assert checks["Left out"]["sentence"] == "Unknown, since the store cannot be opened."
    assert told["health"]["store"]["state"] == "unusable"
    assert told["health"]["in_order"] is False
