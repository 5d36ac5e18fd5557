"""The error tree. ``str(error)`` is a sentence for the user: what happened, to which file, what to do.

::

    RASError
    ├── ArchiveError        an export cannot be read at all
    ├── PictureError        one picture cannot be used; carries a SkipReason
    │   ├── FetchError      its bytes could not be had
    │   │   └── HostGivenUp its server had been given up, so that it was not asked for
    │   └── DecodeError     its bytes are no picture that RAS can read, or search for
    ├── EncoderError        an encoder cannot be used on this machine
    │   └── WeightsError    its weights are missing, damaged, or could not be downloaded
    ├── SettingsError       a setting or an argument has a value that RAS cannot use
    ├── TokenError          the bot token cannot be read from the system keyring, or kept there
    ├── ModeError           a search mode that this version or this archive does not offer
    └── StoreError          the embedding store cannot be opened, read or written
        └── StaleView       what was opened of it has changed since; open it again

Third-party exceptions are translated where the library is called (``raise … from exc``). Anything
outside this tree that reaches the window or the command line is a bug, and is shown as one.
"""

from __future__ import annotations

from enum import Enum
from typing import Mapping

from ras.text import whole


class SkipReason(str, Enum):
    """Why a picture was left out of a search. The value is the key in ``--json``."""

    EXPIRED = "expired_link"
    GONE = "gone"
    NETWORK = "network"
    BLOCKED = "blocked_host"
    TOO_LARGE = "too_large"
    MISSING = "missing_file"
    UNSUPPORTED = "unsupported_format"
    NOT_A_PICTURE = "not_a_picture"
    DAMAGED = "damaged"
    CRASHED = "crashed_decoder"
    """It made the process that decoded it crash, or stall."""
    BLANK = "blank"
    """Only of a picture to search for: those of an archive are taken as they are."""

    @property
    def permanent(self) -> bool:
        """Whether trying again is in vain, unless a setting or the picture itself changes."""
        return self in _PERMANENT

    @property
    def text(self) -> str:
        """The reason in a few plain words, of one picture: ``link expired``."""
        return _REASON_TEXT[self]

    def counted(self, number: int) -> str:
        """``1 link expired``, ``340 links expired``."""
        return f"{whole(number)} {_REASON_TEXT[self] if number == 1 else _REASON_OF_MANY.get(self, _REASON_TEXT[self])}"


OUT_OF_MEMORY = (
    "There is not enough memory for this. Close other programs and try again, or open fewer or smaller exports at a "
    "time."
)
"""What to tell of a MemoryError that no library call was near enough to translate: no fault of the program."""

_REASON_TEXT = {
    SkipReason.EXPIRED: "link expired",
    SkipReason.GONE: "no longer on the server",
    SkipReason.NETWORK: "network trouble",
    SkipReason.BLOCKED: "host not allowed",
    SkipReason.TOO_LARGE: "too large",
    SkipReason.MISSING: "file missing",
    SkipReason.UNSUPPORTED: "other kind of file",
    SkipReason.NOT_A_PICTURE: "not a picture",
    SkipReason.DAMAGED: "damaged",
    SkipReason.CRASHED: "crashed or stalled the decoder",
    SkipReason.BLANK: "blank",
}

_REASON_OF_MANY = {
    SkipReason.EXPIRED: "links expired",
    SkipReason.BLOCKED: "hosts not allowed",
    SkipReason.MISSING: "files missing",
    SkipReason.UNSUPPORTED: "other kinds of file",
    SkipReason.NOT_A_PICTURE: "no pictures",
}

_PERMANENT = {
    SkipReason.GONE,
    SkipReason.TOO_LARGE,
    SkipReason.UNSUPPORTED,
    SkipReason.NOT_A_PICTURE,
    SkipReason.DAMAGED,
    SkipReason.CRASHED,
    SkipReason.BLANK,
}


def reasons_text(skipped: Mapping[str, int]) -> str:
    """``340 links expired, 11 other kinds of file``: counts by ``SkipReason`` value, the most frequent first."""
    ordered = sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(SkipReason(reason).counted(number) for reason, number in ordered)


class RASError(Exception):
    """Base of every error that RAS raises on purpose; its text is meant for the user."""


class ArchiveError(RASError):
    """An export cannot be read at all."""


class PictureError(RASError):
    """One picture cannot be used. In a search this becomes a ``Skipped`` event."""

    def __init__(self, message: str, reason: SkipReason) -> None:
        super().__init__(message)
        self.reason = reason


class FetchError(PictureError):
    """The bytes of a picture could not be had."""


class HostGivenUp(FetchError):
    """Its server had been given up for others, so that it was not asked for: nothing new is known of it."""


class DecodeError(PictureError):
    """The bytes are no picture that RAS can read, or too little is in it to search for."""


class EncoderError(RASError):
    """An encoder cannot be used on this machine."""


class WeightsError(EncoderError):
    """Weights are missing, damaged, or could not be downloaded. ``what`` is the text without the way out."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}".rstrip())
        self.what = what


class SettingsError(RASError):
    """A setting or an argument has a value that RAS cannot use."""


class TokenError(RASError):
    """The bot token cannot be read from the system keyring, or kept there."""


class ModeError(RASError):
    """A search mode that this version or this archive does not offer."""


class StoreError(RASError):
    """The embedding store cannot be opened, read or written."""


class StaleView(StoreError):
    """What was opened of the store has changed since, or turned out damaged and was set aside. Open it again.

    ``damaged`` tells the two apart: only damage is worth a word to the user, and the text has it.
    """

    def __init__(self, message: str, damaged: bool = False) -> None:
        super().__init__(message)
        self.damaged = damaged
