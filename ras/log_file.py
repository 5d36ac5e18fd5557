"""The log of the program, window and command line alike: a file that does not grow for ever and tells no secrets."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
from io import TextIOWrapper
from pathlib import Path

from ras.paths import data_folder

log = logging.getLogger(__name__)

_MOST_BYTES = 1_000_000
_KEPT = 3
_LONGEST = 50_000
"""Characters of one entry; an exception may quote a whole file."""
# What a person could be harmed with who sends the log to somebody: tokens, and the signatures by which anybody can
# fetch a picture. A Discord token is three words of base64 with dots between them.
_SECRETS = re.compile(
    r"(?P<kept>[?&](?:ex|is|hm|token|sig|signature|key)=|\b(?:Bot|Bearer)\s+)[^\s&\"'<>]{6,}"
    r"|\bmfa\.[\w-]{20,}|\b[\w-]{20,40}\.[\w-]{4,8}\.[\w-]{12,}"
)


def log_folder() -> Path:
    return data_folder() / "logs"


def log_path() -> Path:
    return log_folder() / "ras.log"


def start_log() -> logging.Handler:
    """Write what the program logs to ``log_path``, too; the file and its folder are made with the first line."""
    handler = _LogFile()
    # Warnings of libraries (Pillow's, of odd metadata in a picture) belong in the file, not in a terminal.
    logging.captureWarnings(True)
    warnings = logging.getLogger("py.warnings")
    warnings.setLevel(logging.WARNING)
    warnings.addHandler(handler)
    warnings.propagate = False
    for terminal in logging.getLogger().handlers:
        terminal.setLevel(max(terminal.level, logging.WARNING))
    logging.getLogger().addHandler(handler)
    logging.getLogger("ras").setLevel(logging.INFO)
    return handler


def log_fault(error: BaseException) -> bool:
    """Write a fault of the program with its traceback to the log, and nowhere else; whether that could be done."""
    root = logging.getLogger()
    handler = next((each for each in root.handlers if isinstance(each, _LogFile)), None) or start_log()
    told = (type(error), error, error.__traceback__)
    handler.handle(log.makeRecord("ras", logging.ERROR, __file__, 0, "A fault of the program", (), told))
    return handler in root.handlers  # else it was given up


def without_secrets(text: str) -> str:
    return _SECRETS.sub(lambda match: f"{match['kept'] or ''}[left out]", text)


# What steers the terminal that a log is read on, or hides what it says; and lone surrogates, which UTF-8 cannot carry.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = without_secrets(super().format(record))
        if len(text) > _LONGEST:
            text = f"{text[:_LONGEST]} […]"
        text = _STEERING.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
        return text.replace("\n", "\n    ")  # so that no foreign text can look like a line of the log


class _LogFile(logging.FileHandler):
    """logging.handlers has one that rotates, but loading that takes 40 ms of every start."""

    def __init__(self) -> None:
        super().__init__(str(log_path()), encoding="utf-8", delay=True)
        self.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self.stream is None:
                log_folder().mkdir(parents=True, exist_ok=True)
                self.stream = self._open()
            if self.stream.tell() > _MOST_BYTES:
                self.stream.close()
                self.stream = self._set_aside()
        except Exception:  # noqa: BLE001  as logging has it
            self.handleError(record)
        else:
            super().emit(record)

    def _set_aside(self) -> TextIOWrapper:
        """Begin anew; the file before is ``ras.log.1``, the one before that ``ras.log.2``, …"""
        path = log_path()
        names = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, _KEPT + 1))]
        for older, newer in zip(names[:0:-1], names[-2::-1]):
            # On Windows a file that another RAS has open stays as it is, and grows until that one is gone.
            with contextlib.suppress(OSError):
                os.replace(newer, older)
        return self._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that cannot be written is given up with one warning, not with one for each line."""
        for logger in (logging.getLogger(), logging.getLogger("py.warnings")):
            logger.removeHandler(self)
        error = sys.exc_info()[1]
        reason = getattr(error, "strerror", None) or error
        log.warning("The log cannot be written to %s: %s.", log_path(), reason)
        # Else logging would write the next lines on the terminal, as they are: names of files and texts of strangers.
        logging.getLogger().addHandler(logging.NullHandler())
