"""What the doctor says of OpenCV (it works, is missing, does not load), and of how RAS is."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from ras import doctor
from ras.doctor import kept
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
    assert " settings.json.corrupt: 1 byte, " in told["Set aside"].sentence, "as the file is called"


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


def test_what_fails_where_nobody_may_look_stops_no_other_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def clip_weights() -> doctor.Check:
        raise PermissionError(13, "Permission denied", "models")

    monkeypatch.setattr(doctor, "CHECKS", (clip_weights, doctor.python))
    failed, python = doctor.examine()[:2]
    assert failed == doctor.Check(
        "Clip weights", doctor.WARNING, "It cannot be looked at: [Errno 13] Permission denied: 'models'."
    )
    assert python.state == doctor.OK


def test_no_store_is_promised_where_none_can_be_made(ras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (doctor.store().state, list(ras_home.iterdir())) == (doctor.OK, [])
    (ras_home / "file").touch()
    monkeypatch.setenv("RAS_HOME", str(ras_home / "file" / "home"))
    check = doctor.store()
    assert check.state == doctor.WARNING
    assert "No archive is indexed yet, and none can be: " in check.sentence
    assert "RAS_HOME" in str(check.remedy)


@pytest.mark.skipif(sys.platform == "win32", reason="files there cannot be kept from growing")
def test_a_data_folder_on_a_full_disk_cannot_be_written() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        check = kept.data()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert check.state == doctor.WARNING
    assert "cannot be written (File too large)" in check.sentence
    assert kept.data().state == doctor.OK
