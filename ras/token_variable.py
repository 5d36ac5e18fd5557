"""The environment variable with the bot token: RAS takes it away, so that no program that it starts inherits it.

This is done at every start before anything else, by the launcher too, and so needs the standard library alone.
"""

from __future__ import annotations

import os

VARIABLE = "RAS_DISCORD_BOT_TOKEN"

_taken = ""


def take() -> None:
    """From now on this process's memory has the token, and its environment does not."""
    global _taken
    _taken = os.environ.pop(VARIABLE, "") or _taken


def text() -> str:
    """What was taken; where nothing was, what the environment has. It may be empty, or no token."""
    return _taken or os.environ.get(VARIABLE, "")


def for_ras() -> dict[str, str]:
    """What the environment of a process needs that is RAS itself: the token, if there is one."""
    return {VARIABLE: text()} if text() else {}
