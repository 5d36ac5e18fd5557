"""requirements.txt resolves, from wheels alone, wherever RAS is promised to run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ras.launch.stages import OPENCV, lines_of
from ras.paths import REPOSITORY

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
PLATFORMS = ("windows", "aarch64-apple-darwin", "x86_64-apple-darwin", "x86_64-unknown-linux-gnu")
CORNERS = (("3.8", "windows"), ("3.12", "x86_64-apple-darwin"), ("3.13", "x86_64-apple-darwin"))


def resolve(python: str, platform: str, file: Path = REPOSITORY / "requirements.txt") -> tuple[int, str]:
    uv = Path(sys.executable).with_name("uv.exe" if sys.platform == "win32" else "uv")
    program = str(uv) if uv.exists() else shutil.which("uv")
    assert program is not None, "uv is missing; it is part of the extra “test”"
    options = [
        "--quiet",
        "--no-config",
        "--only-binary",
        ":all:",
        "--python-version",
        python,
        "--python-platform",
        platform,
    ]
    run = subprocess.run(
        [program, "pip", "compile", *options, str(file)],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return run.returncode, run.stdout if run.returncode == 0 else run.stderr


def test_requirements_resolve_on_every_python_and_platform(tmp_path: Path) -> None:
    pairs = [(python, platform) for python in PYTHONS for platform in PLATFORMS]
    if not os.environ.get("CI"):  # all of them take minutes where the registry does not offer metadata alone
        pairs = [pair for pair in pairs if pair in CORNERS]
    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(pairs, pool.map(lambda pair: resolve(*pair), pairs)))
    # The set-up installs stage by stage: OpenCV must not undo what torch needs.
    alone = tmp_path / "opencv.txt"
    alone.write_text("\n".join(lines_of(OPENCV)), "utf-8")
    answers["OpenCV alone", "x86_64-apple-darwin"] = resolve("3.12", "x86_64-apple-darwin", alone)
    failed = {pair: text for pair, (code, text) in answers.items() if code != 0}
    if failed and all("Failed to fetch" in text or "error sending request" in text for text in failed.values()):
        text = "The package registry cannot be reached, so it is not known whether requirements.txt resolves."
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    assert not failed
    assert "torch==2.4.1" in answers["3.8", "windows"][1]
    assert "torch==2.2.2" in answers["3.12", "x86_64-apple-darwin"][1]
    assert "torch==" not in answers["3.13", "x86_64-apple-darwin"][1]
    for where in ("3.12", "OpenCV alone"):
        assert "numpy==1." in answers[where, "x86_64-apple-darwin"][1]
        assert "opencv-python-headless==4.11." in answers[where, "x86_64-apple-darwin"][1]
    assert all("opencv-python-headless==" in text for _, text in answers.values())
