"""A media folder, listed once."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from ras import media_index
from ras.media_index import MediaIndex
from ras.trees import DiskTree


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def names(index: MediaIndex, name: str) -> list[str]:
    return [place.name for place in index.places(name)]


def listed(folder: Path) -> MediaIndex:
    index = MediaIndex(DiskTree(str(folder)))
    while index.advance():
        pass
    return index


def test_it_is_listed_folder_by_folder(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    put(tmp_path / "x" / "a.png")
    index = MediaIndex(DiskTree(str(tmp_path)))
    assert names(index, "a.png") == []
    assert index.advance()
    assert names(index, "a.png") == ["a.png"]
    assert index.advance()
    assert names(index, "a.png") == ["a.png", "x/a.png"]
    assert not index.advance()


def test_files_are_found_in_folders_of_folders(tmp_path: Path) -> None:
    for place in ("a.png", "x/a.png", "x/y/z/a.png", "x/b.png"):
        put(tmp_path / place)
    index = listed(tmp_path)
    assert names(index, "a.png") == ["a.png", "x/a.png", "x/y/z/a.png"]
    (place,) = index.places("b.png")
    assert place.path == str(tmp_path / "x" / "b.png")
    assert (place.folder_name, place.size()) == ("x", 0)
    assert names(index, "c.png") == []
    assert names(MediaIndex(None), "a.png") == []
    (tmp_path / "x" / "b.png").unlink()
    assert place.size() is None


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_links_to_folders_are_left_out(tmp_path: Path) -> None:
    put(tmp_path / "media" / "a.png")
    (tmp_path / "media" / "circle").symlink_to(tmp_path / "media")
    (tmp_path / "media" / "loop.png").symlink_to("loop.png")
    put(tmp_path / "secret" / "a.png")
    (tmp_path / "media" / "secret").symlink_to(tmp_path / "secret")
    assert names(listed(tmp_path / "media"), "a.png") == ["a.png"]


def test_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(5):
        put(tmp_path / str(number) / "a.png")
    assert len(names(listed(tmp_path), "a.png")) == 5
    monkeypatch.setattr(media_index, "_MOST_OF_A_NAME", 3)
    assert len(names(listed(tmp_path), "a.png")) == 3
    monkeypatch.setattr(media_index, "_MOST_FOLDERS", 3)
    with caplog.at_level(logging.WARNING):
        index = listed(tmp_path)
    assert len(names(index, "a.png")) == 2
    assert "only in some" in caplog.text
