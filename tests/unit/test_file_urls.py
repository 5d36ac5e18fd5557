"""Files on the command line that opens the window: paths, and URLs as some desktops give them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ras.file_urls import path_of_url
from ras.launch.commands import files_of, opens_window

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")


@posix_only
@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///home/me/a%20b.json", "/home/me/a b.json"),
        ("FILE:///a", "/a"),
        ("file://localhost/a%25b%23c", "/a%b#c"),
        ("file:/a/b", "/a/b"),
        ("file:///sch%C3%B6n.png", "/schön.png"),
        ("file:///%FF.png", os.fsdecode(b"/\xff.png")),
        ("file://elsewhere/a", ""),
        ("file://[/a", ""),
        ("https://example.org/a.json", ""),
    ],
)
def test_the_path_of_a_url(url: str, path: str) -> None:
    assert path_of_url(url) == path


@posix_only
def test_every_path_s_url_leads_back_to_it(tmp_path: Path) -> None:
    for name in ("a b", "100%", "#1?", "“ö”", "e\u0301", os.fsdecode(b"\xff")):
        assert path_of_url((tmp_path / name).as_uri()) == str(tmp_path / name)


def test_files_and_urls_open_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b.json").write_text("{}")
    url = (tmp_path / "gone.png").as_uri()
    for arguments in ([], ["a b.json"], [str(tmp_path)], [url], ["--new-window"], ["--new-window", "a b.json"]):
        assert opens_window(arguments), arguments
    for arguments in (["gone.json"], ["search"], ["shortcut"], ["--help"], ["a b.json", "--json"], ["--new"]):
        assert not opens_window(arguments), arguments


def test_they_are_named_as_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window that takes them has another current folder."""
    monkeypatch.chdir(tmp_path)
    url = (tmp_path / "ö.png").as_uri()
    assert files_of(["a b.json", "--new-window", url]) == [str(tmp_path / "a b.json"), str(tmp_path / "ö.png")]
