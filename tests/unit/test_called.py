"""How the program is called depends on how it came here: sentences that say what to run must be right."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from ras.paths import ASSETS, REPOSITORY

TOLD = (
    "from ras.called import *; from ras.doctor.check import SETUP; "
    "print(NAME, CALL, remedy('faiss-cpu'), SETUP, sep='|')"
)


def told(root: Path, before: str = "") -> str:
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; {before}{TOLD}"],
        env={**os.environ, "PYTHONPATH": str(root)},
        cwd=str(root),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return run.stdout.strip()


def test_from_its_repository_it_is_a_script() -> None:
    assert told(REPOSITORY) == (
        "run_app.py|python run_app.py|Install it: pip install faiss-cpu|Run: python run_app.py setup"
    )


@pytest.mark.parametrize(("system", "name"), [("linux", "RAS"), ("darwin", "RAS"), ("win32", "ras-cli")])
def test_built_it_is_a_program(system: str, name: str) -> None:
    # Not all of the module’s imports know what to do on a system that this is not.
    before = f"import ras.doctor.check; del sys.modules['ras.called'], sys.modules['ras.doctor.check']; \
sys.frozen, sys.platform = True, {system!r}; "
    built = "This program was built without it."
    assert told(REPOSITORY, before) == f"{name}|{name}|{built}|{built}"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of packages, as pip fills it."""
    # Asked for by its metadata: it refuses to be imported where something else has imported distutils before.
    try:
        release = metadata.version("setuptools")
    except metadata.PackageNotFoundError:
        pytest.skip("setuptools builds the package")
    if int(release.partition(".")[0]) < 61:
        pytest.skip("this setuptools does not read pyproject.toml")
    source, packages = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("packages")
    for name in ("pyproject.toml", "README.md", "requirements.txt"):
        shutil.copyfile(str(REPOSITORY / name), str(source / name))
    for name in ("ras", "assets", "bundle"):
        shutil.copytree(str(REPOSITORY / name), str(source / name), ignore=shutil.ignore_patterns("__pycache__"))
    setup = "from setuptools import setup; setup()"
    command = [sys.executable, "-c", setup, "-q", "build_py", "--build-lib", str(packages)]
    subprocess.run(command, cwd=str(source), check=True, capture_output=True)
    return packages


def test_installed_by_pip_it_is_a_command(installed: Path) -> None:
    assert told(installed) == "ras|ras|Install it: pip install faiss-cpu|Install it with pip."
    start = "from ras.desktop.program import start_command; print(*start_command()[1:])"
    run = subprocess.run(
        [sys.executable, "-c", start], cwd=str(installed), check=True, capture_output=True, encoding="utf-8"
    )
    assert run.stdout.strip() == "-m ras"


def test_installed_by_pip_it_has_all_that_it_reads(installed: Path) -> None:
    own = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "ras").rglob("*") if path.is_file()}
    wanted = {name for name in own if "__pycache__" not in name}
    there = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert wanted <= there
    for name in ("fingerprint_words.npz", "local_features.npz", "licences.md", "icon.ico", "icon.icns", "icon.png"):
        copy = installed / "ras" / "assets" / name
        assert copy.read_bytes() == (ASSETS / name).read_bytes()
    search = [sys.executable, "-m", "ras", "search", "ras/assets/sample/sample.json"]
    search += ["ras/assets/sample/queries/recompressed.jpg", "--encoder", "fingerprint", "--top-k", "1"]
    run = subprocess.run(search, cwd=str(installed), check=True, capture_output=True, encoding="utf-8")
    assert str(installed) in run.stdout
