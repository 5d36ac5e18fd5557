"""The reliability benchmark’s command line: what it refuses, and that no part takes the others with it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterator

import pytest

from benchmarks.reliability import __main__ as benchmark
from benchmarks.reliability import network
from benchmarks.reliability.rows import Row


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, ras_home: Path) -> Callable[..., int]:
    """Runs it with these parts in place of its own, and these arguments."""

    def run(parts: dict[str, Any], *arguments: str) -> int:
        monkeypatch.setenv("RAS_HOME", str(ras_home))  # each part has its own; put back at the end
        monkeypatch.setattr(benchmark, "PARTS", dict.fromkeys(parts, "made up"))
        modules = {f"benchmarks.reliability.{name}": SimpleNamespace(run=part) for name, part in parts.items()}
        monkeypatch.setattr(benchmark.importlib, "import_module", modules.__getitem__)
        monkeypatch.setattr(benchmark.sys, "argv", ["reliability", *arguments])
        return benchmark.main()

    return run


def sound(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    assert list(folder.iterdir()) == []
    yield Row("a trial", 1000, 0, f"at {scale} with {seed}")


def broken(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    yield Row("a trial", 2, 0, "“a|b”\nand more")
    raise OSError("the display | is gone")


def interrupted(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    yield Row("a trial", 2, 0)
    raise KeyboardInterrupt


@pytest.mark.parametrize("scale", ["0", "-1", "nan", "inf", "much"])
def test_a_share_that_is_none_is_refused(
    call: Callable[..., int], capsys: pytest.CaptureFixture[str], scale: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        call({"sound": sound}, f"--scale={scale}")
    assert ended.value.code == 2
    assert f"'{scale}' is no number above 0" in capsys.readouterr().err


def test_a_part_that_is_none_is_refused(call: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call({"sound": sound}, "sound", "unsound")
    assert ended.value.code == 2
    assert "no such part: unsound; there are sound" in capsys.readouterr().err


def test_a_part_that_fails_itself_is_told_and_the_others_run(
    call: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call({"broken": broken, "sound": sound}, "--scale", "0.5", "--seed", "7") == 1
    told = capsys.readouterr()
    assert told.out.splitlines()[2:] == [
        "| broken | a trial | 2 | 0 | “a\\|b” and more |",
        "| broken | the part itself | 1 | 1 | seed 7: OSError('the display \\| is gone') |",
        "| sound | a trial | 1,000 | 0 | at 0.5 with 7 |",
    ]
    assert "Traceback" in told.err


def test_ctrl_c_ends_it_without_a_traceback(call: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert call({"interrupted": interrupted, "sound": sound}) == 130
    told = capsys.readouterr()
    assert "sound" not in told.out
    assert told.err == "Interrupted.\n"


def test_a_run_that_failed_is_not_judged_by_the_report_of_the_one_before(tmp_path: Path) -> None:
    report = tmp_path / "failures.csv"
    report.write_text("file name,reason\n", "utf-8")
    nowhere = SimpleNamespace(export=tmp_path / "missing.json", hosts=())
    with pytest.raises(RuntimeError, match="ended with 2"):
        network._index(nowhere, report)
    assert not report.exists()
