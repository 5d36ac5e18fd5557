"""Whatever people wrote into an export, and however its files are called, what RAS writes and shows runs nothing.

The whole program, as processes: terminal output, the log, pages, tables. ``tests/gui/test_hostile_texts.py`` has the
window.
"""

from __future__ import annotations

import csv
import json
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.program import FINGERPRINT, gradient, ras
from tests.reliability.hostile_words import HOSTILE, ODD_NAME, TITLE, TURNED, hostile_export
from tests.reliability.tricks import tricks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file names")


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_export(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("query") / f"query {ODD_NAME}.png"
    path.write_bytes(gradient(1, 200))
    return path


def test_nothing_on_a_terminal_but_text(export: Path, query: Path, ras_home: Path) -> None:
    commands: list[tuple[object, ...]] = [
        ("show", export),
        ("index", export, *FINGERPRINT),
        ("index", export, *FINGERPRINT, "--json"),
        ("index", export, *FINGERPRINT, "--progress", "json", "--retry"),
        ("search", export, query, *FINGERPRINT),
        ("search", export, query, *FINGERPRINT, "--json"),
        ("search", export, query, *FINGERPRINT, "--nearest"),
        ("search", export, query, *FINGERPRINT, "--filter", f"author={HOSTILE}"),
        ("search", export, *FINGERPRINT, "--text", HOSTILE),
        ("archives",),
        ("archives", "--json"),
        ("archives", "failures", "1"),
        ("archives", "remove", HOSTILE.replace("\0", "")),
        ("search", f"{export}{TITLE}{TURNED}missing", query, *FINGERPRINT),
        (f"serach{TITLE}{TURNED}", export),
    ]
    shown = ""
    for command in commands:
        done = ras(
            *[
                argument.encode("utf-8", "replace").decode() if isinstance(argument, str) else argument
                for argument in command
            ]
        )
        assert "Traceback" not in done.stderr, command
        found = tricks(done.stdout) | tricks(done.stderr)
        assert not found, (command, sorted(map(ascii, found)), done.stdout, done.stderr)
        for line in (done.stdout + done.stderr).splitlines():
            assert not line.startswith(("RAS: all", "2026-01-01")), (command, line)
        shown += done.stdout
    assert "all your pictures were found" in shown, "the hostile texts were not shown at all"

    logs = list(ras_home.glob("logs/*"))
    assert logs
    for path in logs:
        text = path.read_text("utf-8")
        assert not tricks(text), (path, sorted(map(ascii, tricks(text))))
        assert not [line for line in text.splitlines() if "INFO ras: forged" in line and "forged" in line[:40]], path


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_pages_and_tables_of_them_run_nothing(export: Path, query: Path, tmp_path: Path) -> None:
    for ending in ("html", "csv", "json"):
        done = ras("search", export, query, *FINGERPRINT, "--nearest", "--save", tmp_path / f"found.{ending}")
        assert done.returncode == 0, done.stderr
    done = ras("index", export, *FINGERPRINT, "--failures", tmp_path / "failures.csv")
    assert done.returncode == 0, done.stderr

    page = Tags()
    page.feed((tmp_path / "found.html").read_text("utf-8"))
    assert not {"script", "iframe", "object", "embed", "form", "base"} & {tag for tag, _ in page.found}
    for tag, attributes in page.found:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        link = attributes.get("href") or attributes.get("src") or ""
        assert link.startswith(("https://", "discord://", "data:image/jpeg;", "data:image/png;", "#")) or not link, link

    rows = 0
    for name in ("found.csv", "failures.csv"):
        with (tmp_path / name).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                rows += 1
                # What a spreadsheet takes for a formula, whatever stands before it that it skips.
                assert not [
                    cell for cell in row if cell.lstrip("\ufeff \t\r\n\"'")[:1] in tuple("=+@") and cell[:1] != "'"
                ], row
                assert not [cell for cell in row if cell[:1] in ("\t", "\r", "\n")], row
    assert rows > 4
    assert json.loads((tmp_path / "found.json").read_text("utf-8"))["results"]
