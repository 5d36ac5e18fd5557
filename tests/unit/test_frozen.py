"""The program that PyInstaller makes: it prepares nothing, and stands in for the Python that it has not."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from ras.crashes.places import line_of, place_of, source_of
from ras.images.decoders import Decoders
from ras.images.messages import Request
from ras.launch import main
from ras.launch.frozen import leave_libraries_to_others, stand_in
from ras.paths import REPOSITORY


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
    monkeypatch.delenv("PYINSTALLER_RESET_ENVIRONMENT", raising=False)
    leave_libraries_to_others()
    assert os.environ["LD_LIBRARY_PATH"] == "/usr/local/lib"
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ
    # Started once more, it looks for its own again: else NumPy found no library of its own there.
    assert os.environ["PYINSTALLER_RESET_ENVIRONMENT"] == "1"
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/RAS/_internal")
    leave_libraries_to_others()
    assert "LD_LIBRARY_PATH" not in os.environ


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands in for the program")
def test_it_decodes_in_processes_of_its_own(frozen: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It stands in for a Python that takes neither options nor a module."""
    folder = tmp_path / "Zoë’s “RAS” 雪"
    folder.mkdir()
    program, calls = folder / "RAS", folder / "calls"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        f"open({str(calls)!r}, 'a').write(sys.argv[1] + '\\n')\n"
        f"sys.frozen, sys.path[:] = True, {[str(REPOSITORY), *sys.path]!r}\n"
        "from ras.launch import main\n"
        "sys.exit(main(sys.argv[1:]))\n",
        "utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
    decoders = Decoders()
    try:
        shrunk = decoders.decode(Request(picture.getvalue(), None, 10_000, extra_formats=False))
        assert shrunk.image.getpixel((0, 0)) == (0, 128, 128)
        assert decoders.trouble == ""
        assert len(decoders.pids) == 1
    finally:
        decoders.close()
    assert calls.read_text("utf-8") == "-c\n"


def test_a_crash_report_tells_lines_of_the_program_and_not_of_the_current_folder(
    frozen: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a program that PyInstaller made, the files of frames are relative paths."""
    (tmp_path / "ras").mkdir()
    (tmp_path / "ras" / "paths.py").write_text("a line of somebody else\n" * 50, "utf-8")
    (tmp_path / "somebody.py").write_text("a line of somebody else\n" * 50, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert place_of("ras/paths.py") == "ras/paths.py"
    assert line_of("ras/paths.py", 1) == (REPOSITORY / "ras" / "paths.py").read_text("utf-8").splitlines()[0]
    assert line_of("ras/paths.py", 0) == line_of("ras/paths.py", 10_000) == ""
    assert source_of("somebody.py") == []
