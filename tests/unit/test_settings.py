"""Settings survive a restart, and damage."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ras.errors import SettingsError
from ras.settings import Settings, load_settings, save_settings, settings_path


def test_without_a_file_the_defaults() -> None:
    assert load_settings() == Settings()


def test_what_is_saved_is_loaded(ras_home: Path) -> None:
    settings = Settings(
        mode="realtime", top_k=7, allowed_hosts=("example.org:8080",), clip_weights="ä b.pt", theme="dark"
    )
    save_settings(settings)
    assert settings_path().parent == ras_home
    assert load_settings() == settings
    assert [path.name for path in ras_home.iterdir()] == ["settings.json"]


LATIN_1 = "/exports/caf\udce9"
"""How Python names the folder ``/exports/caf\\xe9`` of a Linux disk, whose name is no UTF-8."""


def test_a_path_that_is_no_text_is_saved_and_loaded() -> None:
    settings = Settings(
        last_archive=(f"{LATIN_1}/general.json",), media_folders=("/ä 😀", LATIN_1), watch_folders=(LATIN_1,)
    )
    save_settings(settings)
    assert load_settings() == settings
    assert "/ä 😀" in settings_path().read_text("utf-8"), "all else can be read by people"


def test_what_stands_for_a_byte_in_a_path_is_nothing_elsewhere() -> None:
    raw = {"allowed_hosts": ["caf\udce9"], "last_archive": ["\ud800"], "theme": "dark"}
    settings_path().write_text(json.dumps(raw), "utf-8")
    assert load_settings() == Settings(theme="dark")


def test_what_cannot_be_written_at_all_gives_a_sentence(ras_home: Path) -> None:
    with pytest.raises(SettingsError, match="could not be saved"):
        save_settings(Settings(), ras_home / "\0" / "settings.json")


@pytest.mark.parametrize("damage", [b"{", b"[]", b"\xff\xfe\x00", b"", b'"text"'])
def test_a_damaged_file_is_set_aside_not_lost(damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    settings_path().write_bytes(damage)
    assert load_settings() == Settings()
    assert "damaged" in caplog.text
    assert settings_path().with_name("settings.json.corrupt").read_bytes() == damage


def test_a_file_that_an_editor_put_a_byte_order_mark_before_is_read() -> None:
    settings_path().write_bytes(b"\xef\xbb\xbf" + json.dumps({"top_k": 77}).encode())
    assert load_settings() == Settings(top_k=77)
    assert not settings_path().with_name("settings.json.corrupt").exists()


def test_one_bad_value_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    values = {
        "top_k": True,
        "connections": 5000,
        "theme": "dark",
        "mode": 3,
        "new_in_version_9": 1,
        "media_folders": [1],
    }
    settings_path().write_text(json.dumps(values), "utf-8")
    assert load_settings() == Settings(theme="dark")
    for name in ("top_k", "connections", "mode", "media_folders"):
        assert name in caplog.text


def test_values_out_of_range_are_refused_with_a_sentence() -> None:
    with pytest.raises(SettingsError, match="it can be 1 to 32"):
        Settings(connections=0)
    with pytest.raises(SettingsError, match="it can be auto, clip, fingerprint"):
        Settings(encoder="psychic")


def test_a_folder_that_cannot_be_written_gives_a_sentence(ras_home: Path) -> None:
    (ras_home / "file").write_text("in the way", "utf-8")
    with pytest.raises(SettingsError, match="could not be saved"):
        save_settings(Settings(), ras_home / "file" / "settings.json")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX places")
def test_data_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ras.paths import data_folder

    monkeypatch.delenv("RAS_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert data_folder() == tmp_path / "ras"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "AppData"))
    assert data_folder() == tmp_path / "AppData" / "RAS"
