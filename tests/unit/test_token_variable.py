"""The variable with the bot token: RAS has it, and no other program that RAS starts."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Sequence

import pytest

from ras import cli, launch, token_variable
from ras.launch.pip import follow
from ras.launch.place import Place, places
from ras.token_variable import VARIABLE
from tests.discord_double import TOKEN

TELL = f"import os; print(os.environ.get({VARIABLE!r}))"


@pytest.fixture
def set_by_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return replace(places()[0], folder=tmp_path)


def test_what_is_taken_is_known_and_not_inherited(set_by_the_user: None) -> None:
    token_variable.take()
    child = subprocess.run([sys.executable, "-c", TELL], capture_output=True, encoding="utf-8", check=True)
    assert child.stdout == "None\n"
    token_variable.take()
    assert token_variable.text() == TOKEN
    assert token_variable.for_ras() == {VARIABLE: TOKEN}


def test_without_a_token_nothing_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    token_variable.take()
    assert token_variable.text() == ""
    assert token_variable.for_ras() == {}


def test_where_nothing_was_taken_the_environment_counts(set_by_the_user: None) -> None:
    assert token_variable.text() == TOKEN


@pytest.mark.parametrize("main", [cli.main, launch.main], ids=["command line", "launcher"])
def test_it_is_taken_before_anything_else(set_by_the_user: None, main: Callable[[Sequence[str]], int]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert VARIABLE not in os.environ
    assert token_variable.text() == TOKEN


@pytest.mark.skipif(sys.platform == "win32", reason="replaces the process, as POSIX can")
@pytest.mark.parametrize(
    ("arguments", "handed_on"), [(["search", "a.json", "b.png"], TOKEN), (["test", "-q"], None)], ids=["RAS", "pytest"]
)
def test_the_launcher_hands_it_to_ras_alone(
    set_by_the_user: None,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    handed_on: str | None,
) -> None:
    became: list[Any] = []

    def execve(program: str, command: list[str], environment: dict[str, str]) -> None:
        became.append((command, environment))
        raise SystemExit

    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setattr(launch, "find_place", lambda: place)
    monkeypatch.setattr(launch, "is_ready", lambda *_: True)
    monkeypatch.setattr(launch, "_is_suitable", lambda: arguments[0] == "test")
    monkeypatch.chdir(place.folder)
    with pytest.raises(SystemExit):
        launch.main(arguments)
    ((command, environment),) = became
    assert command[-len(arguments[1:]) :] == arguments[1:]
    assert environment.get(VARIABLE) == handed_on
    lines = [line for line in follow([sys.executable, "-c", TELL], place, io.StringIO()) if line]
    assert lines == ["None"], "pip, and the code of packages"
