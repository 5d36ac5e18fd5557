"""Results of the command line in files: what is written, what is not overwritten, what is said."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.program import local_export, picture, search


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return local_export(tmp_path / "export", 1, 2, 3)


@pytest.fixture
def query(tmp_path: Path) -> Path:
    return picture(tmp_path / "query.png", 2)


def test_json_in_a_file_is_what_is_printed(export: Path, query: Path, tmp_path: Path) -> None:
    done = search(export, query, "--json", "--save", tmp_path / "out.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == json.loads(done.stdout)
    assert f"Saved 3 results to “{tmp_path / 'out.json'}”." in done.stderr


def test_several_queries_are_in_one_file(export: Path, query: Path, tmp_path: Path) -> None:
    other = picture(tmp_path / "other.png", 3)
    done = search(export, query, other, "--save", tmp_path / "out.csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["query"] for row in rows] == [str(query)] * 3 + [str(other)] * 3
    assert [row["file name"] for row in rows if row["rank"] == "1"] == ["2.png", "3.png"]
    assert all(Path(row["path"]).is_file() for row in rows)
    assert "2.png" in done.stdout, "it is printed as well"


def test_a_page_has_the_pictures(export: Path, query: Path, tmp_path: Path) -> None:
    done = search(export, query, "--save", tmp_path / "out.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out.html").read_text("utf-8")
    assert page.count("<img") == 4
    assert page.count('src="data:image/jpeg;base64,') == 4


def test_another_file_is_overwritten_by_force_alone(export: Path, query: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.html"
    path.write_text("precious")
    done = search(export, query, "--save", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "exists already and was not overwritten: name another file, or say --force." in done.stderr
    assert path.read_text() == "precious"
    assert search(export, query, "--save", path, "--force").returncode == 0
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("out.txt", "end its name with .html, .csv or .json"),
        ("none/out.csv", "There is no folder"),
        (".", "is a folder"),
    ],
)
def test_where_no_file_can_stand_is_said_before_anything_is_read(
    query: Path, tmp_path: Path, name: str, sentence: str
) -> None:
    done = search(tmp_path / "no-such-archive.json", query, "--save", tmp_path / name)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "no-such-archive" not in done.stderr
