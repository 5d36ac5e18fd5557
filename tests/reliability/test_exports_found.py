"""What the fuzzer of exports has found, each as a small test of its own."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sqlite3
from pathlib import Path
from typing import Callable, Iterable

import pytest

from ras.archive import folder_search
from ras.archive.changes import exports_among, stamps
from ras.archive.data_package import layout
from ras.archive.discord_chat_exporter import csv_export
from ras.archive.json_stream import ElementStream
from ras.archive.values import LONGEST_TEXT
from ras.errors import SettingsError
from ras.settings import Settings
from ras.settings_file import CARRIED, import_settings
from ras.trees import DiskTree
from ras.trees.database import Database
from tests.exports import attachment, make_export, message
from tests.reliability import hostile_databases, hostile_folders, hostile_texts, mutate_exports
from tests.reliability.exports_child import trials
from tests.reliability.mutate_exports import Case
from tests.reliability.test_exports import posix, read
from tests.trackers import add, make_tracker, tracked

# ------------------------------------------------------------------------------------------------------------- time


KEPT: dict[str, Callable[[], Iterable[Case]]] = {
    "exporter: messages/0/timestamp is 100,000 spaces in a date (2)": mutate_exports.values,
    "exporter: messages/0/attachments/0/url is a URL in URLs (2)": mutate_exports.values,
    "csv 2.47: commas behind an address for b'a.png'": hostile_texts.tables,
    "csv 2.47: a date with spaces for b'2024-'": hostile_texts.tables,
    "package csv: lines in a cell that stays open": hostile_texts.tables,
    "folder: 20 files of a bracket and spaces": hostile_folders.folders,
    "tracker: 5,000 other tables": hostile_databases.databases,
    "zip: names of folders (False)": hostile_folders.zips,
}
"""What took minutes, or gigabytes."""


@posix
@pytest.mark.parametrize("name", KEPT)
def test_what_took_minutes_or_gigabytes(tmp_path: Path, name: str) -> None:
    hostile_folders.make_outside(tmp_path)
    (case,) = [case for case in KEPT[name]() if case.name == name]
    (trial,) = trials([case], tmp_path)
    assert trial.problems == []


def test_the_first_comma_before_a_path_ends_an_address() -> None:
    between = csv_export._next_attachment("a.csv")
    for cell, parts in {
        "https://a/b.png,other/x.png": ["https://a/b.png", "other/x.png"],
        "https://a/b.png?x=1,2,3": ["https://a/b.png?x=1,2,3"],
        "https://a/b,c.png?x=1,2&y=3/4": ["https://a/b,c.png?x=1", "2&y=3/4"],
        "https://a/b.png?x=1,y?z=/": ["https://a/b.png?x=1,y?z=/"],
        "https://a/b.png,,other\\x.png": ["https://a/b.png", ",other\\x.png"],
    }.items():
        assert list(csv_export._split(cell, between)) == parts


def test_tables_of_a_database_are_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in hostile_databases.databases() if "5,000 other tables" in case.name)
    path = case.make(tmp_path)
    queries = []
    rows = Database.rows
    monkeypatch.setattr(Database, "rows", lambda self, *query: queries.append(query) or rows(self, *query))
    assert read(path).message_count == 1
    assert len(queries) < 50


def test_names_of_channels_have_an_end(tmp_path: Path) -> None:
    """One of 16 MB with " in " four million times took longer than anybody waits."""
    (tmp_path / "index.json").write_text('{"870000000000000012": "' + " in " * 100_000 + '"}', "utf-8")
    assert [len(name) for name in layout._names(DiskTree(str(tmp_path)), "index.json").values()] == [1000]


# ----------------------------------------------------------------------------------------------------------- memory


def test_members_that_nobody_asked_for_are_not_kept() -> None:
    """200 MB of empty objects beside the messages took 4 GB."""
    member = ",".join(["{}"] * 60_000)
    document = (
        '{"first": 1, ' + "".join(f'"m{n}": [{member}], ' for n in range(10)) + '"messages": [{"id": 1}], "last": 2}'
    )
    stream: ElementStream[bytes] = ElementStream(
        io.BytesIO(document.encode()), "messages", lambda raw: [raw], lambda raw: raw, r"\{"
    )
    assert [element for batch in stream for element in batch] == [b'[{"id": 1}]'] or stream.found
    assert stream.closed
    assert stream.members["first"] == 1
    assert sum(name.startswith("m") for name in stream.members) < 8


def test_texts_have_an_end(tmp_path: Path) -> None:
    long = message("x" * 1_000_000, [attachment("n" * 1_000_000, url="https://cdn.discordapp.com/" + "u" * 1_000_000)])
    (record,) = read(make_export(tmp_path, messages=[long])).records
    assert {len(record.content), len(record.file_name), len(record.url)} == {LONGEST_TEXT}


def test_a_path_that_no_system_has_is_none(tmp_path: Path) -> None:
    long = "https:/" + "a/" * 20_000 + "b.png"
    (record,) = read(make_export(tmp_path, messages=[message("", [attachment(url=long)])])).records
    assert record.local_path is None


def test_attachments_of_one_message_have_an_end(tmp_path: Path) -> None:
    case = next(case for case in hostile_databases.databases() if "200,000 attachments" in case.name)
    archive = read(case.make(tmp_path))
    assert archive.message_count == 1
    assert len(archive.records) <= 1_000


# ------------------------------------------------------------------------------------------------------------ links


@posix
def test_a_link_in_a_folder_leads_nowhere_and_one_that_is_named_does(tmp_path: Path) -> None:
    outside = hostile_folders.make_outside(tmp_path)
    home = tmp_path / "home"
    make_export(home, messages=[message("", [attachment()])])
    (home / "link.json").symlink_to(outside / "secret.json")
    (home / "inside.json").symlink_to(next(home.glob("Test*.json")))
    archive = read(home)
    assert archive.message_count == 1
    assert [warning for warning in archive.warnings if "leads out of the folder" in warning and "link.json" in warning]
    assert read(home / "link.json").message_count == 3
    before = stamps([str(home)])
    (home / "new.json").symlink_to(outside / "secret.json")
    assert stamps([str(home)]) == before
    assert exports_among([str(home)]) == [str(home)]


def test_only_so_many_files_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        (tmp_path / f"{number}.json").write_bytes(b"{")
    make_export(tmp_path, name="0.json")
    monkeypatch.setattr(folder_search, "_MOST_FILES", 10)
    archive = read(tmp_path)
    assert archive.message_count == 3
    assert "holds more than 10 files" in archive.warnings[0]


@posix
def test_only_so_many_warnings_are_given(tmp_path: Path) -> None:
    make_export(tmp_path, name="0.json")
    for number in range(300):
        (tmp_path / f"{number}.html").symlink_to("nowhere")
    archive = read(tmp_path)
    assert len(archive.warnings) == 201
    assert archive.warnings[-1] == "There would be 100 other sentences on what could not be read."


@posix
def test_a_linked_folder_is_not_even_listed(tmp_path: Path) -> None:
    outside = hostile_folders.make_outside(tmp_path)
    home = tmp_path / "home"
    (home / "real").mkdir(parents=True)
    (home / "link").symlink_to(outside)
    (home / "near").symlink_to("real")
    (home / "real" / "a.png").write_bytes(b"1")
    tree = DiskTree(str(home))
    assert tree.files("link") == tree.folders("link") == tree.files("link/..") == ()
    assert tree.files("near") == tree.files("real") == ("a.png",)
    with pytest.raises(OSError, match="leads out"):
        tree.open("link/secret.png")


@posix
def test_a_log_of_a_database_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    """SQLite takes the rows in it for the database's own."""
    path = make_tracker(tmp_path / "home", wal=True)
    with contextlib.closing(sqlite3.connect(path)) as database:
        add(database, tracked("from elsewhere"))
        database.commit()
        (tmp_path / "log").write_bytes(Path(f"{path}-wal").read_bytes())
        raw = path.read_bytes()
    path.write_bytes(raw)
    Path(f"{path}-wal").symlink_to(tmp_path / "log")
    archive = read(path)
    assert archive.message_count == 3
    assert "What was written last" in archive.warnings[0]


@posix
@pytest.mark.parametrize("ending", ["-wal", "-journal", "-shm"])
def test_what_a_link_beside_a_database_leads_to_is_not_written(tmp_path: Path, ending: str) -> None:
    """Old versions of SQLite do."""
    path = make_tracker(tmp_path / "home", wal=True)
    target = tmp_path / "target"
    target.write_bytes(b"not to be touched" * 100)
    Path(f"{path}-wal").write_bytes(b"")
    if ending == "-wal":
        Path(f"{path}-wal").unlink()
    Path(f"{path}{ending}").symlink_to(target)
    assert read(path).message_count == 3
    assert target.read_bytes() == b"not to be touched" * 100
    assert sorted(os.listdir(path.parent)) == sorted({path.name, f"{path.name}-wal", f"{path.name}{ending}"})


# ------------------------------------------------------------------------------------------------ settings of others


def test_any_value_of_any_setting_is_taken_or_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    taken, said = 0, {}
    for name, (what, text) in itertools.product(CARRIED, mutate_exports.VALUES.items()):
        path.write_text(f'{{"{name}": {text}}}', "utf-8", "surrogatepass")
        try:
            Settings(**import_settings(path))
            taken += 1
        except SettingsError as exc:
            said[name, what] = str(exc)
    assert taken
    assert [place for place, sentence in said.items() if not sentence.isprintable() or len(sentence) > 1_000] == []


@posix
def test_settings_are_not_read_from_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "settings.json")
    with pytest.raises(SettingsError, match="not a regular file"):
        import_settings(tmp_path / "settings.json")
