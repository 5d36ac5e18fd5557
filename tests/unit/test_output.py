"""Results on a standard output that takes none."""

from __future__ import annotations

import contextlib
import errno
import io
import sys
from pathlib import Path

import pytest

from ras import doctor
from ras.cli import main, output
from ras.errors import RASError
from ras.launch import terminal
from ras.launch.events import Outcome, Plan, Preparation
from ras.launch.place import Place
from ras.launch.stages import STAGES
from ras.launch.state import State


class Refusing(io.StringIO):
    """A standard output that fails with this error."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.error = OSError(number, "It cannot be written")

    def flush(self) -> None:
        raise self.error


def test_what_cannot_be_written_is_told() -> None:
    with contextlib.redirect_stdout(Refusing(errno.EINVAL)), pytest.raises(RASError, match="It cannot be written"):
        output.print_text("a result")


def test_on_windows_nobody_reads_what_is_said_to_be_an_invalid_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    """See https://github.com/python/cpython/issues/79935."""
    monkeypatch.setattr(sys, "platform", "win32")
    with contextlib.redirect_stdout(Refusing(errno.EINVAL)), pytest.raises(BrokenPipeError):
        output.print_text("a result")
    with contextlib.redirect_stdout(Refusing(errno.ENOSPC)), pytest.raises(RASError, match="It cannot be written"):
        output.print_text("a result")


def test_help_is_a_result_too(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["--version"], ["index", "--help"]):
        with contextlib.redirect_stdout(Refusing(errno.ENOSPC)):
            assert main(arguments) == 3
        assert capsys.readouterr().err == "The results could not be written: It cannot be written.\n"
        with contextlib.redirect_stdout(Refusing(errno.EPIPE)):
            assert main(arguments) == 0
        assert capsys.readouterr().err == ""


def test_the_doctor_is_no_exception(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (doctor.python,))
    for arguments in (["doctor"], ["doctor", "--json"]):
        with contextlib.redirect_stdout(Refusing(errno.ENOSPC)):
            assert main(arguments) == 3
        assert capsys.readouterr().err == "The results could not be written: It cannot be written.\n"
        with contextlib.redirect_stdout(Refusing(errno.EPIPE)):
            assert main(arguments) == 0
        assert capsys.readouterr().err == ""


def test_the_set_up_goes_on_when_nobody_reads_what_it_tells(tmp_path: Path) -> None:
    def job() -> Preparation:
        yield Plan(STAGES, (), 10, 20, fresh=True)
        yield Outcome(STAGES[0].name, "done")
        return State("3.11")

    with contextlib.redirect_stderr(Refusing(errno.EPIPE)):
        done = terminal.follow(job, Place(tmp_path / "env", tmp_path / "setup.log", "It is made elsewhere."))
    assert done == State("3.11")
