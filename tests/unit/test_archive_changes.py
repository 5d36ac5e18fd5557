"""Exports that changed, and new ones in a folder, are told without reading what is known."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from ras.archive.changes import changed, exports_among, stamps
from tests.gui.pictures import write_export


def export(folder: Path, name: str) -> Path:
    return write_export(folder, 2, name=name, expired=2)


def test_a_file_that_grew_or_was_written_anew_has_changed(tmp_path: Path) -> None:
    one, two = export(tmp_path, "one"), export(tmp_path, "two")
    paths = [str(one), str(two)]
    before = stamps(paths)
    assert changed(before, stamps(paths)) == ([], [])
    one.write_text(one.read_text("utf-8") + "\n", "utf-8")
    os.utime(two, ns=(1, 1))
    assert changed(before, stamps(paths)) == (paths, [])


def test_new_exports_of_a_folder_are_told_from_other_files(tmp_path: Path) -> None:
    export(tmp_path / "a" / "b", "one")
    before = stamps([str(tmp_path)])
    new = export(tmp_path / "a", "two")
    (tmp_path / "notes.json").write_text('{"notes": []}', "utf-8")
    posted = tmp_path / "a" / "two.json_Files" / "posted.json"
    posted.write_text("{}", "utf-8")
    now = stamps([str(tmp_path)])
    assert str(posted) not in now
    assert str(tmp_path / "notes.json") in now
    assert changed(before, now) == ([], [str(new)])


def test_of_an_export_in_a_zip_the_zip_is_looked_at(tmp_path: Path) -> None:
    made, held = export(tmp_path, "one"), tmp_path / "all.zip"
    with zipfile.ZipFile(held, "w") as file:
        file.write(made, "one.json")
    paths = [str(held / "one.json")]
    before = stamps(paths)
    assert list(before) == [str(held)]
    with zipfile.ZipFile(held, "a") as file:
        file.write(made, "two.json")
    assert changed(before, stamps(paths)) == ([str(held)], [])
    assert exports_among([str(held)]) == [str(held)]


def test_what_is_gone_or_cannot_be_looked_at_is_no_change(tmp_path: Path) -> None:
    one = export(tmp_path, "one")
    paths = [str(one), str(tmp_path / "nothing" / "two.json")]
    before = stamps(paths)
    one.unlink()
    now = stamps(paths)
    assert now == {}
    assert changed(before, now) == ([], [])
