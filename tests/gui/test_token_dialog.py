"""The dialog of the bot token: kept in the keyring, never shown, and a person's own token is not taken."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

import pytest
from keyring import core
from keyring.backends import fail

from ras.bot_token import find_token
from ras.gui.app import App
from ras.gui.token_dialog import TokenDialog
from ras.token_variable import VARIABLE
from tests.discord_double import TOKEN
from tests.gui.conftest import Driver
from tests.gui.streams import StreamBench
from tests.keyring_double import KeyringDouble


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> KeyringDouble:
    monkeypatch.delenv(VARIABLE, raising=False)
    return KeyringDouble.use(monkeypatch)


def asked(driver: Driver, app: App, then: object = None) -> TokenDialog:
    dialog = app.report.ask_for_token(then)  # type: ignore[arg-type]
    driver.until(lambda: dialog.said != "Looking for a token …")
    driver.live(0.05)
    return dialog


def ready(widget: tk.Misc) -> bool:
    return str(widget.cget("state")) == "normal"


def test_a_token_is_kept_used_and_forgotten(driver: Driver, keyring: KeyringDouble, ras_home: Path) -> None:
    app = driver.open(StreamBench(rounds=1, shown=3))
    went_on: list[bool] = []
    dialog = asked(driver, app, lambda: went_on.append(True))
    assert dialog.said == "No token is kept yet."
    assert dialog.main_button.cget("text") == "Save and refresh"
    assert [ready(part) for part in (dialog.field, dialog.main_button, dialog.forget_button)] == [True, False, False]
    dialog.field.insert(0, TOKEN)
    driver.press(dialog.field, "<End>")
    dialog.field.event_generate("<KeyRelease>")
    assert dialog.field.cget("show") == "•"
    assert ready(dialog.main_button)
    driver.press(dialog.field, "<Return>")
    driver.until(lambda: went_on)
    assert not dialog.window.winfo_exists()
    assert went_on == [True]
    assert list(keyring.kept.values()) == [TOKEN]
    found = find_token()
    assert found is not None
    assert found.authorization() == f"Bot {TOKEN}"

    dialog = asked(driver, app, lambda: went_on.append(True))
    assert dialog.said == "A token is kept in this computer’s keyring."
    assert dialog.field.get() == ""
    dialog.main_button.invoke()
    assert went_on == [True, True]

    dialog = asked(driver, app)
    assert dialog.main_button.cget("text") == "Save"
    assert not ready(dialog.main_button)
    dialog.forget_button.invoke()
    driver.until(lambda: dialog.said == "No token is kept yet.")
    assert keyring.kept == {}
    kept = "".join(path.read_text("utf-8", "replace") for path in ras_home.rglob("*") if path.is_file())
    assert TOKEN not in kept


@pytest.mark.parametrize(
    ("text", "said"), [("mfa.abcdefghij", "the token of a person’s account"), ("two words", "A bot token is one word")]
)
def test_what_is_no_bot_token_is_not_kept(driver: Driver, keyring: KeyringDouble, text: str, said: str) -> None:
    app = driver.open(StreamBench(rounds=1, shown=3))
    dialog = asked(driver, app)
    dialog.field.insert(0, text)
    driver.press(dialog.field, "<Return>")
    assert said in dialog.said
    assert text not in dialog.said
    assert keyring.kept == {}
    assert dialog.window.winfo_exists()


def test_without_a_keyring_the_way_out_is_said(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(core, "_keyring_backend", fail.Keyring())
    dialog = asked(driver, driver.open(StreamBench(rounds=1, shown=3)), lambda: None)
    assert f"environment variable {VARIABLE}" in dialog.said
    assert not ready(dialog.field)
    assert not ready(dialog.main_button)


def test_a_keyring_that_refuses_is_one_sentence(driver: Driver, keyring: KeyringDouble) -> None:
    app = driver.open(StreamBench(rounds=1, shown=3))
    dialog = asked(driver, app)
    keyring.failure = RuntimeError(f"secret {TOKEN}")
    dialog.field.insert(0, TOKEN)
    driver.press(dialog.field, "<Return>")
    driver.until(lambda: "refuses" in dialog.said)
    assert TOKEN not in dialog.said
    assert ready(dialog.field)


def test_a_token_of_the_environment_comes_first(
    driver: Driver, keyring: KeyringDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    went_on: list[bool] = []
    dialog = asked(driver, driver.open(StreamBench(rounds=1, shown=3)), lambda: went_on.append(True))
    assert dialog.said == f"The token in the environment variable {VARIABLE} is used."
    assert [ready(part) for part in (dialog.field, dialog.main_button, dialog.forget_button)] == [False, True, False]
    driver.press(dialog.main_button, "<Return>")
    assert went_on == [True]
    assert keyring.kept == {}
