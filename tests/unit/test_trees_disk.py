"""A folder on the disk as a tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ras.trees import DiskTree, open_tree

posix = pytest.mark.skipif(os.name == "nt", reason="needs links and pipes")


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "a.json").write_bytes(b"12345")
    (tmp_path / "b" / "d.json").write_bytes(b"1")
    tree = open_tree(str(tmp_path))
    assert isinstance(tree, DiskTree)
    assert (tree.files(), tree.folders()) == (("a.json",), ("b",))
    assert (tree.files("b"), tree.folders("b")) == (("d.json",), ("c",))
    assert tree.files("none") == tree.folders("a.json") == tree.files("a\0b") == ()
    assert tree.size("a.json") == 5
    assert tree.modified("a.json") == (tmp_path / "a.json").stat().st_mtime
    with tree.open("b/d.json") as file:
        assert file.read() == b"1"


@posix
def test_links_and_pipes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "loop").symlink_to("loop")
    (tmp_path / "in" / "dangling").symlink_to("nothing")
    os.mkfifo(tmp_path / "in" / "pipe")
    (tmp_path / "in" / "good.json").write_bytes(b"1")
    tree = DiskTree(str(tmp_path / "in"))
    assert tree.folders() == ()
    assert sorted(tree.files()) == ["dangling", "good.json", "loop", "pipe"]
    for name in ("dangling", "loop", "pipe", "folder", "none"):
        with pytest.raises(OSError, match=" "):
            tree.open(name)
