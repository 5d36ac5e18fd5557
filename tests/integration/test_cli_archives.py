"""The command ``archives``, as a program."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from ras.paths import REPOSITORY
from tests.program import (
    found,
    in_terminal,
    index,
    listed,
    local_export,
    names,
    picture,
    ras,
    search,
)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals, terminals or permissions")


@pytest.fixture
def query(tmp_path: Path) -> Path:
    """A smaller copy of picture 1."""
    return picture(tmp_path / "query.png", 1)


def test_archives_are_listed_and_removed_by_number_name_or_path(tmp_path: Path) -> None:
    exports = [
        local_export(tmp_path / name, seed, 9, channel=name, channel_id=str(870000000000000100 + seed))
        for seed, name in enumerate(("one", "two", "three"), 1)
    ]
    index(*exports)
    text = ras("archives", "list").stdout
    assert re.search(
        r"^  1\. Test Server › one\n +2 pictures, indexed \d{4}-.*: 2 by fingerprint-2\n", text, re.MULTILINE
    )
    assert str(exports[2]) in text
    taken = r"[\d.]+ \w+"
    parts = ", ".join(f"{part} {taken}" for part in ("embeddings", "previews", "features", "indexes", "the rest"))
    assert re.search(rf"The store takes {taken}: {parts}; 4 different pictures\.$", text.strip())
    done = ras("archives", "remove", "1", "test server › TWO")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--yes" in done.stderr
    assert len(listed()) == 3
    done = ras("archives", "remove", "1", "test server › TWO", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [each["id"] for each in told["removed"]] == [1, 2]
    assert [each["name"] for each in listed()] == ["Test Server › three"]
    assert told["usage"]["contents"] == 2  # the picture that all three had is still needed
    done = ras("archives", "remove", "--yes", exports[2])
    assert done.stdout.startswith("Removed Test Server › three; ")
    assert listed() == []
    done = ras("archives", "remove", "--yes", "three")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_means_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As of a variable that is not set; the folder that is current is not meant."""
    index(local_export(tmp_path / "one", 1, 9))
    monkeypatch.chdir(tmp_path)
    for command in (("archives", "remove", "--yes"), ("show",), ("index",)):
        done = ras(*command, name, PYTHONPATH=str(REPOSITORY))
        assert (done.returncode, done.stdout) == (2, ""), command
        assert "one of the names is empty; perhaps a variable is not set" in done.stderr
    assert len(listed()) == 1


def test_a_name_that_two_archives_have_needs_the_number(tmp_path: Path, query: Path) -> None:
    index(local_export(tmp_path / "one", 1), local_export(tmp_path / "two", 2))
    done = search("--indexed", "Test Server › general", query)
    assert done.returncode == 2
    assert "1, 2" in done.stderr
    assert names(found("--indexed", 2, query)) == ["2.png"]
    assert names(found("--indexed", 2, "--indexed", "1", query)) == ["1.png", "2.png"]


@posix_only
@pytest.mark.parametrize(("answer", "left"), [("n", 1), ("", 1), ("y", 0)])
def test_on_a_terminal_removing_asks(tmp_path: Path, answer: str, left: int) -> None:
    index(local_export(tmp_path, 1))
    code, seen = in_terminal("archives", "remove", "1", answer=answer)
    assert code == 0
    assert "Forget “Test Server › general” (1 picture)?" in seen
    assert ("Nothing was removed" in seen) == bool(left)
    assert len(listed()) == left


def test_hostile_names_are_shown_harmless_and_can_be_typed_as_shown(tmp_path: Path, query: Path) -> None:
    hostile = "ge\u202ene\x1b[31mral\nremoved 'x'; DROP TABLE archives; --"
    index(local_export(tmp_path / "export", 1, guild="\u2066all", channel=hostile))
    shown = "all › gene[31mral removed 'x'; DROP TABLE archives; --"
    text = ras("archives").stdout
    assert f"  1. {shown}\n" in text
    assert not set(text) & set("\u202e\u2066\x1b")
    assert names(found("--indexed", shown, query)) == ["1.png"]
    done = ras("archives", "remove", shown, "--yes")
    assert done.stdout.startswith(f"Removed {shown}; ")
    assert listed() == []


def test_verify_and_compact(tmp_path: Path, query: Path) -> None:
    assert ras("archives", "verify").returncode == 0
    index(local_export(tmp_path / "one", 1, 2), local_export(tmp_path / "two", 3, channel="memes"))
    done = ras("archives", "verify")
    assert done.returncode == 0
    assert done.stdout.startswith("Everything is sound: ")
    assert json.loads(ras("archives", "verify", "--json").stdout)["damaged"] == []
    ras("archives", "remove", "2", "--yes")
    done = ras("archives", "compact")
    assert done.returncode == 0, done.stderr
    assert re.match(r"The store takes [\d.]+ \w+, [\d.]+ \w+ less than before\.$", done.stdout)
    told = json.loads(ras("archives", "compact", "--json").stdout)
    assert set(told) >= {"before", "after"}
    assert names(found("--indexed", "all", query)) == ["1.png", "2.png"]


def test_a_program_can_follow_the_care_of_the_store(tmp_path: Path) -> None:
    index(local_export(tmp_path / "one", 1, 2), local_export(tmp_path / "two", 3, channel="memes"))
    for arguments, stage in (
        (("remove", "2", "--yes"), "Removing"),
        (("verify",), "Verifying"),
        (("compact",), "Compacting"),
    ):
        for call in (("archives", *arguments, "--progress", "json"), ("archives", "--progress", "json", *arguments)):
            done = ras(*call)
            events = [json.loads(line) for line in done.stderr.splitlines()]
            if done.returncode == 0:
                assert {event["event"] for event in events} == {"progress"}, call
                assert all(event["stage"].startswith(stage) for event in events)
            else:  # it was removed before
                assert [event["event"] for event in events] == ["error"]


def test_damage_is_told_by_verify_and_mended_by_indexing(tmp_path: Path, query: Path, ras_home: Path) -> None:
    export = local_export(tmp_path / "export", 1, 2, 3)
    index(export)
    ras("archives", "compact")
    files = [*(ras_home / "store" / "shards").glob("*.joblib"), *(ras_home / "store" / "indexes").glob("*.faiss")]
    assert files
    for file in files:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0xFF
        file.chmod(0o644)
        file.write_bytes(data)
    done = ras("archives", "verify", "--json")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["damaged"]) == len(files)
    done = index(export)
    assert "Indexed 3 of 3" in done.stdout
    assert names(found("--indexed", "all", query))[0] == "1.png"
    assert ras("archives", "verify").returncode == 0
