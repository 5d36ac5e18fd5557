"""The log: written by window and command line, bounded, and without what nobody may see."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from ras import log_file
from ras.log_file import log_fault, log_path, start_log, without_secrets
from ras.paths import REPOSITORY
from tests.discord_double import TOKEN


@pytest.fixture
def handler() -> Iterator[logging.Handler]:
    before = logging.getLogger("ras").level
    handler = start_log()
    yield handler
    for logger in (logging.getLogger(), logging.getLogger("py.warnings")):
        logger.removeHandler(handler)
    handler.close()
    logging.getLogger("ras").setLevel(before)
    logging.captureWarnings(False)


def test_the_first_line_makes_the_file(handler: logging.Handler) -> None:
    assert not log_path().parent.exists()
    logging.getLogger("ras.test").info("a lone surrogate: %s", "\ud83d")
    assert "INFO ras.test: a lone surrogate: \\ud83d" in log_path().read_text("utf-8")


def test_it_does_not_grow_for_ever(handler: logging.Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "_MOST_BYTES", 1000)
    for number in range(200):
        logging.getLogger("ras.test").info("line %d %s", number, "x" * 60)
    names = sorted(path.name for path in log_path().parent.iterdir())
    assert names == ["ras.log", "ras.log.1", "ras.log.2", "ras.log.3"]
    assert all(path.stat().st_size < 1300 for path in log_path().parent.iterdir())
    assert "line 199" in log_path().read_text("utf-8")
    assert "line 199" not in log_path().with_name("ras.log.1").read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bot {TOKEN}",
        f"a bare {TOKEN}, in a traceback",
        "Bearer abcdefghijkl",
        "https://cdn.discordapp.com/a/1/2/a.png?ex=65abcdef&is=65abcdee&hm=0123456789abcdef&",
        "mfa.abcdefghijklmnopqrstuvwxyz",
    ],
)
def test_secrets_are_left_out(handler: logging.Handler, text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("ras.test").exception("%s", text)
    written = log_path().read_text("utf-8")
    assert "ValueError" in written
    for secret in (TOKEN, "abcdefghijkl", "0123456789abcdef", "65abcdef"):
        assert secret not in written
    assert written.count("[left out]") >= 2


def test_a_fault_stands_in_the_log_with_its_traceback_and_nowhere_else(
    ras_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    for _ in range(2):  # the log is begun once
        with pytest.raises(ValueError, match="Bot ") as raised:
            fail(f"Bot {TOKEN} \x1b]0;title\x07 caf\udce9 " + "x" * 1_000_000)
        assert log_fault(raised.value)
    written = log_path().read_text("utf-8")
    assert written.count("ERROR ras: A fault of the program\n    Traceback") == 2
    assert "ValueError: Bot [left out] \\x1b]0;title\\x07 caf\\udce9 xxx" in written
    assert len(written) < 200_000
    assert capsys.readouterr().err == ""


def test_a_fault_that_cannot_be_kept_is_said_to_be_lost(ras_home: Path) -> None:
    (ras_home / "logs").write_text("in the way", "utf-8")
    assert not log_fault(ValueError("x"))


def test_what_is_no_secret_stays() -> None:
    for text in ("ras.store.care: 12.5 s", "https://example.org/a.png?width=300", "general.channel-log.2021.json"):
        assert without_secrets(text) == text


def test_a_log_that_cannot_be_written_is_one_warning(
    ras_home: Path, handler: logging.Handler, caplog: pytest.LogCaptureFixture
) -> None:
    (ras_home / "logs").write_text("in the way", "utf-8")
    for _ in range(3):
        logging.getLogger("ras.test").warning("something")
    assert caplog.text.count("The log cannot be written") == 1


def test_the_command_line_writes_it_and_says_it_once(ras_home: Path) -> None:
    (ras_home / "settings.json").write_text('{"connections": 99}', "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ras", "search", "no.json", "no.png"],
        capture_output=True,
        text=True,
        env={**os.environ, "RAS_HOME": str(ras_home)},
        cwd=REPOSITORY,
    )
    assert done.returncode == 2
    assert done.stderr.count("“connections”") == 1
    assert "it can be 1 to 32" in log_path().read_text("utf-8")


def test_lines_do_not_go_to_the_terminal_in_its_place(ras_home: Path) -> None:
    (ras_home / "logs").write_text("in the way", "utf-8")
    code = (
        "import logging; from ras.log_file import start_log; start_log(); "
        "[logging.getLogger('ras.test').warning('\\x1b[2J%d', number) for number in range(3)]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "RAS_HOME": str(ras_home)},
        cwd=REPOSITORY,
        check=True,
    )
    assert done.stderr.startswith("The log cannot be written to ")
    assert done.stderr.count("\n") == 1
