"""Files that the user asked for: never over another one unasked, and there as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Iterator, TextIO

from ras.errors import RASError, SettingsError
from ras.text import clean


def check_target(path: str | Path, *, overwrite: bool, example: str = "left-out.csv") -> Path:
    """The absolute path. Raises SettingsError where no file may be written there; ``example`` is a name for one."""
    path = Path(os.path.abspath(path))
    if path.is_dir():
        raise SettingsError(f"“{_shown(path)}” is a folder: name a file in it, such as {example}.")
    if not path.parent.is_dir():
        raise SettingsError(f"There is no folder “{_shown(path.parent)}” to write {clean(path.name, longest=100)} to.")
    if path.exists() and not path.is_file():  # a device, which must not be replaced
        raise SettingsError(f"“{_shown(path)}” is not an ordinary file: name another.")
    if not overwrite and os.path.lexists(path):
        raise SettingsError(
            f"“{_shown(path)}” exists already and was not overwritten: name another file, or say --force."
        )
    return path


@contextlib.contextmanager
def writing(path: Path, *, encoding: str = "utf-8", errors: str = "replace") -> Iterator[TextIO]:
    """A text file that stands at ``path``, of ``check_target``, once the block ended well.

    Line ends stay as they are written. Raises RASError where it cannot be written.
    """
    part = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        try:
            with part.open("x", encoding=encoding, errors=errors, newline="") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())  # some disks say only now that they are full: before it replaces another
            os.replace(part, path)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    except OSError as exc:
        raise RASError(f"“{_shown(path)}” could not be written: {exc.strerror or exc}.") from exc


def _shown(path: Path) -> str:
    return clean(str(path), longest=300)
