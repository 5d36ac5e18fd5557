"""Where a record's media file may lie."""

from __future__ import annotations

from pathlib import Path

from ras.media import media_path
from tests.gui.streams import record


def test_an_export_names_no_file_outside_its_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "export" / "a.png", tmp_path / "secret.png"
    inside.parent.mkdir()
    inside.touch()
    outside.touch()
    link = inside.with_name("link.png")
    link.symlink_to(outside)

    def found(path: Path, *folders: str) -> Path | None:
        return media_path(record(1, local_path=str(path), media_root=str(inside.parent)), folders)

    assert found(inside) == inside
    assert found(outside) is None
    assert found(link) is None
    assert found(inside.parent / ".." / "secret.png") is None
    assert found(outside, str(tmp_path)) == outside


def test_a_file_that_was_moved_is_found_by_name(tmp_path: Path) -> None:
    moved = tmp_path / "moved" / "a.png"
    moved.parent.mkdir()
    moved.touch()
    lost = record(1, local_path=str(tmp_path / "export" / "a.png"), media_root=str(tmp_path / "export"))
    assert media_path(lost) is None
    assert media_path(lost, [str(moved.parent)]) == moved
