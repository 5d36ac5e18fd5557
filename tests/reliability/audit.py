"""Whom this process connects to, by Python's audit events."""

from __future__ import annotations

import sys
from typing import Any, Iterator

import pytest


class Audit:
    """What this process does about the network while ``recording``; a hook can never be taken away again."""

    def __init__(self) -> None:
        self.recording = False
        self.connected: list[Any] = []
        sys.addaudithook(self._take)

    def _take(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.recording and event == "socket.connect" and not isinstance(arguments[1], (str, bytes)):
            self.connected.append(arguments[1][:2])  # no sockets of the file system, which X11 has


_audit = Audit()


@pytest.fixture
def connected() -> Iterator[list[Any]]:
    """The addresses that this process tries to connect to."""
    _audit.connected.clear()
    _audit.recording = True
    yield _audit.connected
    _audit.recording = False
