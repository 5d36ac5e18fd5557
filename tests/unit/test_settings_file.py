"""Settings carried from one computer to another, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ras.errors import SettingsError
from ras.settings import Settings
from ras.settings_file import CARRIED, export_settings, import_settings

CHOSEN = Settings(
    encoder="clip", clip_weights="/weights/ä.pt", top_k=7, allowed_hosts=("example.org:8080",), dates="iso", emoji=True
)


def test_what_is_exported_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    export_settings(path, CHOSEN)
    assert Settings(**import_settings(path)) == CHOSEN


def test_a_path_that_is_no_text_is_exported_and_imported(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    chosen = Settings(media_folders=("/exports/caf\udce9", "/ä"))
    export_settings(path, chosen)
    assert Settings(**import_settings(path)) == chosen


def test_what_belongs_to_a_computer_is_not_carried(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    export_settings(path, Settings(window_geometry="800x600+0+0", last_archive=("/a.json",)))
    assert not {"window_geometry", "last_archive"} & json.loads(path.read_text("utf-8")).keys()
    path.write_text(json.dumps({"window_geometry": "1x1+0+0", "theme": "dark", "of_version_9": 1}), "utf-8")
    assert import_settings(path) == {"theme": "dark"}
    assert "theme" in CARRIED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xd8\xff\xe0 a picture", "is not a file of settings"),
        (b"[" * 100_000, "is not a file of settings"),
        (b" " * (1 << 20) + b"{}", "it is too large"),
        (b"{}", "has no settings of RAS in it"),
        (b'["theme"]', "has no settings of RAS in it"),
        (b'{"guild": {}, "messages": []}', "has no settings of RAS in it"),
        (b'{"theme": "dark", "connections": 5000}', "is 5000; it can be 1 to 32"),
        (b'{"top_k": true}', "“top_k” has a value of the wrong kind"),
        (b'{"media_folders": ["a\\u0000b"]}', "characters that no text"),
        (b'{"clip_weights": "\\ud800"}', "characters that no text"),
    ],
)
def test_a_bad_file_changes_nothing_and_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"“some\.json”") as caught:
        import_settings(path)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"“none\.json” cannot be read"):
        import_settings(tmp_path / "none.json")
    (tmp_path / "dots").mkdir()
    with pytest.raises(SettingsError, match="“dots” cannot be read"):
        import_settings(tmp_path / "dots")
