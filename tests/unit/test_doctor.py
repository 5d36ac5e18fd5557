"""What the doctor says of OpenCV: that it works, that it is missing, that it does not load."""

from __future__ import annotations

import importlib.util
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
