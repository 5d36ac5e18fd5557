"""The command ``token``: the bot token that refreshes expired links. It is never shown, and never an argument."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import sys

from ras import token_variable
from ras.bot_token import BotToken, check_keyring, describe_token, forget_token
from ras.cli.codes import SUCCESS
from ras.cli.follow import say
from ras.cli.output import print_text
from ras.token_variable import VARIABLE

_LONGEST = 1000
"""Characters that are read; a token has about 70."""


def token(options: argparse.Namespace) -> int:
    """Run the action; the exit code. Raises SettingsError, TokenError."""
    {"set": _set, "forget": _forget, "status": _status}[options.action]()
    return SUCCESS


def _set() -> None:
    check_keyring()
    text = ""
    with contextlib.suppress(UnicodeDecodeError):  # it quotes what it could not read; what a token is, is said below
        if sys.stdin is not None and sys.stdin.isatty():
            text = getpass.getpass("Bot token (it is not shown): ")
        elif sys.stdin is not None:
            text = sys.stdin.readline(_LONGEST)
    BotToken(text).keep()
    print_text("The bot token is in the system keyring: expired links of Discord are refreshed with it from now on.")
    _warn_of_variable()


def _forget() -> None:
    if forget_token():
        print_text("The bot token is no longer in the system keyring.")
    else:
        print_text("There is no bot token in the system keyring.")
    _warn_of_variable()


def _status() -> None:
    print_text(describe_token())


def _warn_of_variable() -> None:
    if token_variable.text().strip():
        say(f"The environment variable {VARIABLE} has a token too, and comes first.")
