"""What the command line prints for people has the user's numbers; what programs read has not."""

from __future__ import annotations

import json
import locale
from pathlib import Path
from typing import Iterator

import pytest

from ras import number_format
from ras.cli import main
from ras.settings import Settings, save_settings
from tests.exports import make_export, message

MANY = 1204


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return make_export(tmp_path / "export", messages=[message(f"word {number}") for number in range(MANY)])


@pytest.fixture
def in_germany(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The region need not be installed here."""
    setlocale = locale.setlocale

    def answer(category: int, wanted: str | None = None) -> str:
        if category == locale.LC_NUMERIC and wanted == "":
            return "de_DE.UTF-8"
        return setlocale(category, wanted)

    monkeypatch.setattr(locale, "setlocale", answer)
    monkeypatch.setattr(
        locale, "localeconv", lambda: {"decimal_point": ",", "thousands_sep": ".", "grouping": [3, 3, 0]}
    )
    monkeypatch.setattr(number_format, "_in_use", [number_format.NumberFormat()])
    number_format.of_the_region.cache_clear()
    yield
    number_format.of_the_region.cache_clear()


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("in_germany")
def test_people_read_their_own_numbers_and_programs_plain_ones(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "1.204 messages" in printed(capsys, "show", str(export))
    told = json.loads(printed(capsys, "show", str(export), "--json"))
    assert told["archives"][0]["messages"] == MANY


@pytest.mark.usefixtures("in_germany")
def test_the_setting_counts(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_settings(Settings(dates="iso"))
    assert "1,204 messages" in printed(capsys, "show", str(export))
