"""What every test shares: a data folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def ras_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """RAS keeps its data in a fresh folder, so that no test sees another's or the user's."""
    home = tmp_path_factory.mktemp("ras-home")
    monkeypatch.setenv("RAS_HOME", str(home))
    return home
