"""The program that PyInstaller makes: it prepares nothing, and stands in for the Python that it has not."""

from __future__ import annotations

import os
import sys

import pytest

from ras.launch import main
from ras.launch.frozen import leave_libraries_to_others, stand_in


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)


def test_it_has_nothing_to_set_up(frozen: None, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("setup", "test"):
        assert main([command]) == 3
        assert "nothing to set up" in capsys.readouterr().err


def test_it_runs_code_as_python_does(
    frozen: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["-c", "print(__name__)"]) == 0
    assert capsys.readouterr().out == "__main__\n"
    with pytest.raises(SystemExit) as ended:
        stand_in(["-c", "raise ValueError('broken')"])
    assert ended.value.code == 1
    assert capsys.readouterr().err.endswith("ValueError: broken\n")


def test_else_it_does_not() -> None:
    assert not stand_in(["-c", "raise AssertionError"])


def test_programs_that_it_starts_get_the_system_s_libraries(frozen: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/RAS/_internal")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/usr/local/lib")
    leave_libraries_to_others()
    assert os.environ["LD_LIBRARY_PATH"] == "/usr/local/lib"
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/RAS/_internal")
    leave_libraries_to_others()
    assert "LD_LIBRARY_PATH" not in os.environ
