"""The bot token: where it comes from, where it is kept, and that nothing shows it."""

from __future__ import annotations

import copy
import io
import logging
import os
import pickle
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest
from keyring import core
from keyring.backends import chainer, fail, null

from ras import bot_token, token_variable
from ras.bot_token import BotToken, check_keyring, describe_token, find_token, forget_token
from ras.cli import main
from ras.errors import SettingsError, TokenError
from ras.token_variable import VARIABLE
from tests.discord_double import TOKEN
from tests.keyring_double import KeyringDouble
from tests.program import REPOSITORY, ras


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> KeyringDouble:
    return KeyringDouble.use(monkeypatch)


def test_nothing_shows_the_token() -> None:
    token = BotToken(TOKEN)
    shown = [repr(token), str(token), f"{token}", f"{token!r:>80}", f"{[token]}", "{}".format(token)]  # noqa: UP032
    assert all(TOKEN not in text for text in shown)
    assert token.authorization() == f"Bot {TOKEN}"
    for escape in (pickle.dumps, copy.copy, copy.deepcopy, vars):
        with pytest.raises(TypeError) as caught:
            escape(token)
        assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("text", [TOKEN, f"  {TOKEN}\r\n", f"Bot {TOKEN}", f"bot \t{TOKEN}"])
def test_it_is_taken_as_people_copy_it(text: str) -> None:
    assert BotToken(text).authorization() == f"Bot {TOKEN}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "Bot ",
        f"{TOKEN} {TOKEN}",
        f"{TOKEN}\x00",
        f"a\r\nHost: {TOKEN}",
        f"{TOKEN}é",
        "x" * 501,
        f"mfa.{TOKEN}",
    ],
    ids=range(9),
)
def test_what_is_no_bot_token_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        BotToken(text)
    told = "".join(traceback.format_exception(SettingsError, caught.value, caught.value.__traceback__))
    assert TOKEN not in told
    assert "xxxx" not in told


def test_the_environment_comes_first(keyring: KeyringDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    BotToken("from.the.keyring").keep()
    monkeypatch.setenv(VARIABLE, TOKEN)
    found = find_token()
    assert found is not None
    assert (found.authorization(), found.source) == (f"Bot {TOKEN}", "environment")
    assert "environment" in describe_token()
    monkeypatch.setenv(VARIABLE, "  ")
    found = find_token()
    assert found is not None
    assert (found.authorization(), found.source) == ("Bot from.the.keyring", "system keyring")
    assert "system keyring" in describe_token()


def test_it_is_found_when_it_was_taken_from_the_environment(
    keyring: KeyringDouble, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, f" Bot {TOKEN}")
    token_variable.take()
    found = find_token()
    assert found is not None
    assert (found.authorization(), found.source) == (f"Bot {TOKEN}", "environment")
    assert main(["token", "status"]) == main(["token", "forget"]) == 0
    told = capfd.readouterr()
    assert "Set (environment)" in told.out
    assert f"{VARIABLE} has a token too" in told.err


def test_a_bad_variable_is_named_and_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"{TOKEN} {TOKEN}")
    with pytest.raises(SettingsError, match=VARIABLE) as caught:
        find_token()
    assert TOKEN not in "".join(traceback.format_exception(SettingsError, caught.value, caught.value.__traceback__))


def test_it_is_kept_in_the_keyring_and_nowhere_else(keyring: KeyringDouble, ras_home: Path) -> None:
    assert find_token() is None
    BotToken(f"Bot {TOKEN}").keep()
    assert list(keyring.kept.values()) == [TOKEN]
    files = [path for path in ras_home.rglob("*") if path.is_file()]
    assert files
    assert not any(TOKEN in path.read_text("utf-8") for path in files)
    assert forget_token()
    assert not keyring.kept
    assert find_token() is None
    assert not forget_token()


def test_who_has_set_none_is_not_asked_to_unlock_a_keyring(keyring: KeyringDouble) -> None:
    assert find_token() is None
    assert "Not set" in describe_token()
    assert keyring.asked == 0


def test_a_token_of_another_data_folder_is_left_alone(
    keyring: KeyringDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    BotToken(TOKEN).keep()
    monkeypatch.setenv("RAS_HOME", str(tmp_path))
    assert find_token() is None


def test_a_token_without_its_mark_can_be_forgotten(keyring: KeyringDouble, ras_home: Path) -> None:
    BotToken(TOKEN).keep()
    (ras_home / "bot-token-is-in-keyring").unlink()
    assert find_token() is None
    assert forget_token()
    assert not keyring.kept
    assert not forget_token()


class PlaintextKeyring(KeyringDouble):
    __module__ = "keyrings.alt.file"


@pytest.mark.parametrize("backend", [fail.Keyring(), null.Keyring(), PlaintextKeyring()], ids=["fail", "null", "plain"])
def test_only_keyrings_of_the_system_count(backend: KeyringDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "_keyring_backend", backend)
    for attempt in (check_keyring, BotToken(TOKEN).keep):
        with pytest.raises(TokenError, match=VARIABLE):
            attempt()
    assert not getattr(backend, "kept", None)
    assert find_token() is None
    assert not forget_token(), "there is nothing to forget, which is no trouble"


def test_among_several_keyrings_the_systems_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, system = PlaintextKeyring(), KeyringDouble()
    monkeypatch.setattr(core, "_keyring_backend", chainer.ChainerBackend())
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [plain, system])
    BotToken(TOKEN).keep()
    assert system.kept
    assert not plain.kept


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(TokenError, match=VARIABLE):
        BotToken(TOKEN).keep()
    assert find_token() is None
    assert not forget_token()
    monkeypatch.setenv(VARIABLE, TOKEN)
    assert find_token() is not None


def test_a_keyring_that_fails_is_not_quoted(keyring: KeyringDouble, caplog: pytest.LogCaptureFixture) -> None:
    BotToken(TOKEN).keep()
    keyring.failure = RuntimeError(f"cannot store {TOKEN}")
    for attempt in (find_token, forget_token, describe_token, BotToken(TOKEN).keep):
        with caplog.at_level(logging.DEBUG), pytest.raises(TokenError, match="RuntimeError") as caught:
            attempt()
        told = "".join(traceback.format_exception(TokenError, caught.value, caught.value.__traceback__))
        assert TOKEN not in told + caplog.text


def test_a_keyring_that_waits_for_ever(keyring: KeyringDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    BotToken(TOKEN).keep()
    unlocked = threading.Event()
    monkeypatch.setattr(bot_token, "_PATIENCE", 0.05)
    monkeypatch.setattr(KeyringDouble, "_ask", lambda self: unlocked.wait(60))
    with pytest.raises(TokenError, match="does not answer"):
        find_token()
    unlocked.set()


def test_a_token_that_the_keyring_takes_late_is_found_and_forgotten(
    keyring: KeyringDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked = threading.Event()
    monkeypatch.setattr(bot_token, "_PATIENCE", 0.05)
    monkeypatch.setattr(KeyringDouble, "_ask", lambda self: unlocked.wait(60))
    with pytest.raises(TokenError, match="does not answer"):
        BotToken(TOKEN).keep()
    unlocked.set()
    for thread in threading.enumerate():
        if thread.name == "keyring":
            thread.join(20)
    monkeypatch.setattr(bot_token, "_PATIENCE", 20)
    assert "Set (system keyring)" in describe_token()
    assert forget_token()
    assert not keyring.kept
    assert find_token() is None


@pytest.mark.parametrize("before", [False, True], ids=["the first", "another one before"])
def test_a_keyring_that_refuses_leaves_all_as_it_was(keyring: KeyringDouble, before: bool) -> None:
    if before:
        BotToken("the.one.before").keep()
    keyring.failure = RuntimeError("locked")
    with pytest.raises(TokenError, match="refuses"):
        BotToken(TOKEN).keep()
    keyring.failure, keyring.asked = None, 0
    assert (find_token() is not None) is before
    assert keyring.asked == before


def test_what_would_not_be_found_again_is_not_kept(keyring: KeyringDouble, ras_home: Path) -> None:
    ras_home.rmdir()
    ras_home.touch()
    with pytest.raises(TokenError, match="cannot be written"):
        BotToken(TOKEN).keep()
    assert not keyring.kept


def test_the_command(
    keyring: KeyringDouble, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"Bot {TOKEN}\nmore\n"))
    assert main(["token", "set"]) == 0
    assert list(keyring.kept.values()) == [TOKEN]
    assert main(["token", "status"]) == main(["token"]) == 0
    told = capfd.readouterr()
    assert told.out.count("Set (system keyring)") == 2
    assert main(["token", "forget"]) == 0
    assert not keyring.kept
    assert main(["token"]) == 0
    assert "Not set" in capfd.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{TOKEN} x\n"))
    assert main(["token", "set"]) == 2
    rest = capfd.readouterr()
    assert TOKEN not in told.out + told.err + rest.out + rest.err
    assert not keyring.kept


def test_what_is_read_in_another_encoding_is_not_quoted(
    keyring: KeyringDouble, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ras_home: Path
) -> None:
    """UTF-16, as Windows PowerShell writes files."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TOKEN.encode("utf-16")), "utf-8"))
    assert main(["token", "set"]) == 2
    told = capsys.readouterr().err
    assert "A bot token is one word" in told
    assert "\\x" not in told
    assert not (ras_home / "crashes").exists()
    assert keyring.kept == {}


def test_a_keyring_that_is_missing_is_said_before_the_token_is_asked_for() -> None:
    done = ras("token", "set", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    assert done.returncode == 3
    assert VARIABLE in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of POSIX")
def test_on_a_terminal_it_is_not_echoed() -> None:
    """The keyring is one that refuses, after the token was read."""
    import pty

    program = (
        "from ras.cli import token; token.check_keyring = lambda: None\n"
        "from ras.cli import main; raise SystemExit(main(['token', 'set']))"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        end = threading.Timer(60, process.kill)
        end.start()
        seen, answered = b"", False
        while True:
            try:
                seen += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if b"not shown" in seen and not answered:  # only now: what was typed before is thrown away
                answered = True
                os.write(ours, TOKEN.encode() + b"\n")
        end.cancel()
        os.close(ours)
    assert answered, seen
    assert process.returncode == 3, seen
    assert VARIABLE.encode() in seen
    assert TOKEN.encode() not in seen


@pytest.mark.parametrize("arguments", [("token", TOKEN), ("token", "set", TOKEN), ("token", "set", f"--token={TOKEN}")])
def test_as_an_argument_it_is_refused_and_not_repeated(arguments: tuple[str, ...]) -> None:
    done = ras(*arguments)
    assert done.returncode == 2
    assert TOKEN not in done.stdout + done.stderr


def test_doctor_says_where_it_is_from(monkeypatch: pytest.MonkeyPatch, keyring: KeyringDouble) -> None:
    from ras.doctor import WARNING, bot_token

    assert "Not set" in bot_token().sentence
    monkeypatch.setenv(VARIABLE, TOKEN)
    assert "Set (environment)" in bot_token().sentence
    monkeypatch.setenv(VARIABLE, f"{TOKEN} {TOKEN}")
    assert bot_token().state == WARNING
    assert TOKEN not in bot_token().sentence
