"""The user's own Discord bot token: from the environment, else from the system keyring. It is kept nowhere else.

It never stands in settings, logs, reports of faults, texts of exceptions, the store, URLs or arguments of programs.
Only tokens of bots are meant: programs that use a person's own token break Discord's terms.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Callable, NoReturn, TypeVar

from ras import token_variable
from ras.called import CALL
from ras.errors import SettingsError, TokenError
from ras.paths import data_folder
from ras.token_variable import VARIABLE

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

log = logging.getLogger(__name__)

KEYRING, ENVIRONMENT = "system keyring", "environment"
"""Where a token can come from."""

_SERVICE, _USER = "Reverse Archive Search", "Discord bot token"
_PATIENCE = 60.0
"""Seconds that the keyring is waited for; it may ask the user to unlock it."""
_WAY_OUT = f"Put the token into the environment variable {VARIABLE} instead."

# Those of the operating systems and desktops. Others keep secrets in plain files (keyrings.alt), or not at all (null).
_SYSTEM_KEYRINGS = tuple(
    f"keyring.backends.{name}" for name in ("Windows", "macOS", "SecretService", "libsecret", "kwallet")
)

_Value = TypeVar("_Value")


class BotToken:
    """The secret. Whatever shows, formats or pickles this object does not get it."""

    __slots__ = ("_secret", "source")

    def __init__(self, text: str, source: str = ENVIRONMENT) -> None:
        """``text`` as people copy it, perhaps with “Bot ” before it. Raises SettingsError, which does not quote it."""
        secret = re.sub(r"^bot(\s+|$)", "", text.strip(), flags=re.IGNORECASE)
        # Nothing else goes into an HTTP header; a library that refused it would quote it.
        if not re.fullmatch(r"[\x21-\x7e]{1,500}", secret):
            raise SettingsError(
                "A bot token is one word of letters, digits and “._-”. Discord shows it under "
                "https://discord.com/developers/applications, “Bot”."
            )
        if secret.lower().startswith("mfa."):
            raise SettingsError(
                "That is the token of a person’s account, whose use by programs Discord forbids: make a bot under "
                "https://discord.com/developers/applications and take its token."
            )
        self._secret = secret
        self.source = source

    def authorization(self) -> str:
        """The value of the header ``Authorization``. For discord.com alone."""
        return f"Bot {self._secret}"

    @property
    def remedy(self) -> str:
        """What to do if Discord refuses it."""
        if self.source == ENVIRONMENT:
            return f"Check the environment variable {VARIABLE}."
        return f"Set it again: {CALL} token set"

    def keep(self) -> None:
        """Put it into the system keyring. Raises TokenError."""
        new = _set_mark()
        try:
            _ask(lambda keyring: keyring.set_password(_SERVICE, _USER, self._secret))
        except _NoAnswer:  # it may take the token yet, once it is unlocked: the mark stays
            raise
        except TokenError:
            if new:
                with contextlib.suppress(OSError):
                    _mark().unlink()
            raise

    def __repr__(self) -> str:
        return f"<bot token from the {self.source}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a bot token is not pickled or copied")


def find_token() -> BotToken | None:
    """The token that the user has set; None without one.

    Raises SettingsError if the environment variable holds something else, TokenError if the keyring cannot be read.
    """
    if token_variable.text().strip():
        try:
            return BotToken(token_variable.text(), ENVIRONMENT)
        except SettingsError as exc:
            raise SettingsError(f"The environment variable {VARIABLE} is of no use. {exc}") from None
    if not _is_marked():
        return None
    kept = _ask(lambda keyring: keyring.get_password(_SERVICE, _USER))
    return BotToken(kept, KEYRING) if kept else None


def describe_token() -> str:
    """Whether there is one and where from, in a sentence. Raises as ``find_token`` does."""
    token = find_token()
    if token is None:
        return f"Not set, so expired links of Discord cannot be refreshed; {CALL} token set changes that."
    return f"Set ({token.source}): expired links of Discord are refreshed with it."


def forget_token() -> bool:
    """Remove the token from the system keyring; whether there was one. Raises TokenError.

    The keyring is asked in any case: it may have one that another data folder has the mark of.
    """

    def forget(keyring: KeyringBackend) -> bool:
        there = bool(keyring.get_password(_SERVICE, _USER))
        if there:
            keyring.delete_password(_SERVICE, _USER)
        return there

    try:
        there = _ask(forget)
    except _NoKeyring:
        if _is_marked():
            raise
        return False
    try:
        with contextlib.suppress(FileNotFoundError):
            _mark().unlink()
    except OSError as exc:
        raise TokenError(f"The token is removed, but {_mark()} cannot be deleted ({exc.strerror}).") from exc
    return there


def check_keyring() -> None:
    """Raises TokenError where this machine has no keyring to keep a token in; its text has the way out."""
    _ask(lambda keyring: None)


def _mark() -> Path:
    """Stands there while the keyring has a token, or may get it. Who has none is not asked to unlock a keyring."""
    return data_folder() / "bot-token-is-in-keyring"


def _is_marked() -> bool:
    """Where nobody may look for the mark, there is none."""
    try:
        os.stat(_mark())
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as exc:
        log.warning("Whether a bot token is kept cannot be told: %s (%s).", _mark(), exc.strerror or exc)
        return False
    return True


def _set_mark() -> bool:
    """Whether there was none. Raises TokenError."""
    try:
        if _mark().exists():
            return False
        _mark().parent.mkdir(parents=True, exist_ok=True)
        _mark().write_text("RAS keeps a bot token in the system keyring.\n", "utf-8")
    except OSError as exc:
        raise TokenError(
            f"{_mark()} cannot be written ({exc.strerror}), without which the token would not be found: it is not kept."
        ) from exc
    return True


class _NoKeyring(TokenError):
    """This machine has none that counts."""


class _NoAnswer(TokenError):
    """What the keyring was asked for it may still do."""


def _system_keyring() -> KeyringBackend:
    try:
        import keyring
        from keyring.backends.chainer import ChainerBackend
    except ImportError as exc:
        raise _NoKeyring(f"The package “keyring” is missing, so no token can be kept. {_WAY_OUT}") from exc
    chosen = keyring.get_keyring()
    for backend in chosen.backends if isinstance(chosen, ChainerBackend) else [chosen]:
        if type(backend).__module__ in _SYSTEM_KEYRINGS:
            return backend
    raise _NoKeyring(f"This machine has no system keyring in which a token would be safe. {_WAY_OUT}")


def _ask(question: Callable[[KeyringBackend], _Value]) -> _Value:
    """Ask the system keyring, in a thread of its own: it may wait for the user for ever. Raises TokenError.

    Of its exceptions only the kind is told: nobody knows what their texts quote.
    """
    answer: queue.SimpleQueue[tuple[_Value, None] | tuple[None, TokenError]] = queue.SimpleQueue()

    def work() -> None:
        try:
            answer.put((question(_system_keyring()), None))
        except TokenError as exc:
            answer.put((None, exc))
        except Exception as exc:  # noqa: BLE001  each keyring has its own; the user is told
            kind = type(exc).__name__
            answer.put((None, TokenError(f"The system keyring refuses ({kind}); it may be locked. {_WAY_OUT}")))

    threading.Thread(target=work, name="keyring", daemon=True).start()
    try:
        value, trouble = answer.get(timeout=_PATIENCE)
    except queue.Empty:
        raise _NoAnswer(f"The system keyring does not answer; it may wait to be unlocked. {_WAY_OUT}") from None
    if trouble is not None:
        raise trouble
    return value  # type: ignore[return-value]
