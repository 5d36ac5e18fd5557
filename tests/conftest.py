"""What tests share: a data folder of its own for each, and a server of pictures."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Iterator

import pytest

from ras import token_variable, untold
from tests.cdn_double import CdnDouble
from tests.discord_double import DiscordDouble
from tests.reliability.audit import connected  # noqa: F401  a fixture

os.environ["LC_ALL"] = "C.UTF-8"
"""Numbers and dates are written as the user's region does: in tests, as no region does."""


@pytest.fixture(autouse=True)
def ras_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """RAS keeps its data in a fresh folder, so that no test sees another's or the user's."""
    home = tmp_path_factory.mktemp("ras-home")
    monkeypatch.setenv("RAS_HOME", str(home))
    monkeypatch.setattr(token_variable, "_taken", "")
    untold.take()
    return home


@pytest.fixture(autouse=True)
def no_log_of_another_test() -> Iterator[None]:
    """A command that ran in the test's own process has begun the log: it ends with the test."""
    loggers = [logging.getLogger(name) for name in ("", "py.warnings", "ras")]
    before = [(logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before):
        logger.setLevel(level)
        for handler in [each for each in logger.handlers if isinstance(each, logging.FileHandler)]:
            if handler not in handlers:
                logger.removeHandler(handler)
                handler.close()


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxy the machine uses, it does not stand between a test and its server."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def cdn(no_proxy: None) -> Iterator[CdnDouble]:
    with CdnDouble() as double:
        yield double


@pytest.fixture
def discord(no_proxy: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[DiscordDouble]:
    """Discord on loopback, where this process and those that it starts find Discord's hosts."""
    with DiscordDouble() as double:
        for name, value in double.environment().items():
            monkeypatch.setenv(name, value)
        yield double
