"""A keyring in memory that passes for the one of the system."""

from __future__ import annotations

from typing import Any

import pytest
from keyring import core
from keyring.backend import KeyringBackend


class KeyringDouble(KeyringBackend):
    """``use`` it for one test. ``failure`` is raised by whatever is asked of it."""

    __module__ = "keyring.backends.SecretService"
    priority = -1  # nothing finds it by itself

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.asked = 0
        self.failure: Exception | None = None

    @classmethod
    def use(cls, monkeypatch: pytest.MonkeyPatch) -> KeyringDouble:
        double = cls()
        monkeypatch.setattr(core, "_keyring_backend", double)
        return double

    def get_password(self, service: str, username: str) -> Any:
        self._ask()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._ask()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._ask()
        del self.kept[service, username]

    def _ask(self) -> None:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
