"""What the doctor says of OpenCV (it works, is missing, does not load), and of how RAS is."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from ras import doctor
from ras.launch.stages import OPENCV


def test_opencv_is_looked_at_before_torch() -> None:
    assert doctor.CHECKS.index(doctor.opencv) < doctor.CHECKS.index(doctor.torch)


def test_opencv_that_works_says_its_version() -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV may be missing")
    assert doctor.opencv() == doctor.Check("OpenCV", doctor.OK, f"OpenCV {cv2.__version__}: local features.")


def test_without_opencv_it_is_said_what_is_lost_and_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    check = doctor.opencv()
    assert (check.state, check.remedy) == (doctor.WARNING, doctor.SETUP)
    assert check.sentence == ("It is not installed; crops, collages and photos of screens are recognised less often.")


@pytest.mark.parametrize(
    ("code", "said"),
    [("raise ImportError('libGL is away')", "libGL is away"), ("__version__ = '3.4'", "SIFT_create")],
)
def test_an_opencv_that_does_not_serve_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    (tmp_path / "cv2.py").write_text(code, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    doctor.probe.cache_clear()
    try:
        check = doctor.opencv()
    finally:
        doctor.probe.cache_clear()
    assert (check.state, check.remedy) == (doctor.WARNING, doctor.SETUP)
    assert check.sentence.startswith("It does not load (")
    assert said in check.sentence
    assert OPENCV.check.startswith("import cv2; cv2.SIFT_create()")


def test_the_health_is_told_with_the_checks(ras_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ras_home / "settings.json.corrupt").write_text("{", "utf-8")
    found = doctor.checks_of(doctor.gather_health())
    told = {check.name: check for check in found}
    assert list(told) == ["Last verification", "Set aside", "Left out", "Crash reports", "Limits and disk"]
    assert told["Set aside"].state == doctor.WARNING
    assert "1 damaged thing, 1 byte" in told["Set aside"].sentence
    assert told["Set aside"].remedy
    assert (told["Left out"].state, told["Left out"].remedy) == (doctor.OK, None)
    assert "A picture of an archive: up to 64 MB" in told["Limits and disk"].sentence


def test_without_the_set_up_only_what_needs_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ras.doctor.health_checks.environment_modules", lambda: ("numpy",))
    assert doctor.gather_health() is None
    assert doctor.checks_of(None) == ()


def test_json_has_the_health(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (doctor.python,))
    assert doctor.main(as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in told["checks"]][:2] == ["Python", "Last verification"]
    assert told["health"]["store"]["state"] == "none"
    assert told["health"]["in_order"] is True
    assert doctor.main() == 0
    assert "Crash reports" in capsys.readouterr().out
