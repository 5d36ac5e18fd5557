"""The words of the settings: each setting has its place, a sentence of help, and a check of what is typed."""

from __future__ import annotations

from typing import Any

import pytest

from ras.errors import SettingsError
from ras.gui.settings_change import OF_THE_ARCHIVE, OF_THE_ENGINE
from ras.gui.settings_fields import FIELDS, OF_THE_MAIN_WINDOW, PAGES, changes_text, shown, value_of
from ras.settings import Settings
from ras.settings_file import CARRIED


def test_every_setting_has_its_place() -> None:
    assert set(FIELDS) == set(CARRIED)
    assert set(FIELDS) >= OF_THE_ARCHIVE | OF_THE_ENGINE


def test_every_field_is_explained() -> None:
    for field in FIELDS.values():
        if field not in OF_THE_MAIN_WINDOW:
            assert field.help.endswith("."), field.name
        assert field.label
        assert bool(field.options) == (field.kind == "choice")


@pytest.mark.parametrize("name", [field.name for page in PAGES for field in page.fields])
def test_the_default_is_shown_and_taken_back(name: str) -> None:
    field, default = FIELDS[name], getattr(Settings(), name)
    typed = default if field.kind in ("tick", "choice") else shown(field, default)
    assert value_of(field, typed) == default
    if field.kind == "choice":
        assert default in dict(field.options)


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("top_k", " 1,000 ", 1000),
        ("clip_weights", "  ", None),
        ("allowed_hosts", "a.example\n\n b.example:80 \na.example", ("a.example", "b.example:80")),
        ("device", "cuda:3", "cuda:3"),
    ],
)
def test_what_is_typed_is_taken_as_it_is_meant(name: str, typed: Any, value: Any) -> None:
    assert value_of(FIELDS[name], typed) == value


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("top_k", "0", "“Results to keep” is 0; it can be 1 to 10000."),
        ("top_k", "", "“Results to keep” takes a whole number, such as 30."),
        ("clip_weights", "here.pt", "“File with CLIP weights”: name the file with all its folders, or choose it."),
        ("media_folders", "pictures", "“Media folders”: name “pictures” with all the folders it is in."),
        ("allowed_hosts", "user@example.org", "“Other hosts to download from” has 'user@example.org'"),
        ("device", "cuda:x", "“CLIP runs on” can be"),
        ("clip_model", "ViT", "“CLIP model” can be"),
    ],
)
def test_what_cannot_be_taken_is_a_sentence(name: str, typed: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        value_of(FIELDS[name], typed)
    assert str(caught.value).startswith(said)


def test_changes_are_told_by_their_labels() -> None:
    told = changes_text(
        Settings(media_folders=("/a", "/b")),
        {"emoji": True, "top_k": 30, "theme": "dark", "media_folders": (), "clip_weights": "/w\u202e.pt"},
    )
    assert told == [
        "Custom emoji: no → yes",
        "Colours: As the system → Dark",
        "Media folders: /a, /b → none",
        "File with CLIP weights: none → /w.pt",
    ]
