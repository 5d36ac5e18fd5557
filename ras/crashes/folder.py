"""The folder of crash reports: the newest twenty, each a text file."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ras.paths import crashes_folder

log = logging.getLogger(__name__)

KEPT = 20
_NAME = re.compile(r"crash-(\d{8}-\d{6}-\d{6})\.txt")
_TIME = "%Y%m%d-%H%M%S-%f"
_LONGEST = 200_000


@dataclass(frozen=True)
class CrashReport:
    path: Path
    made: datetime
    """Aware."""

    def text(self) -> str:
        """Raises OSError."""
        with self.path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_LONGEST)


def reports() -> tuple[CrashReport, ...]:
    """Those that there are, the newest first."""
    try:
        names = os.listdir(str(crashes_folder()))
    except OSError:
        return ()
    found = []
    for name in names:
        match = _NAME.fullmatch(name)
        if match is not None:
            with contextlib.suppress(ValueError):
                made = datetime.strptime(match[1], _TIME).replace(tzinfo=timezone.utc)
                found.append(CrashReport(crashes_folder() / name, made))
    return tuple(sorted(found, key=lambda report: report.made, reverse=True))


def keep(text: str) -> Path | None:
    """Write a report, and delete those beyond the newest twenty; None where that cannot be done, which is logged."""
    folder, now = crashes_folder(), datetime.now(timezone.utc)
    part = folder / f".{os.urandom(6).hex()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            path = _free(folder, now)
            os.replace(str(part), str(path))
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    except OSError as exc:
        log.warning("The report of a crash could not be written to %s: %s", folder, exc)
        return None
    for old in reports()[KEPT:]:
        with contextlib.suppress(OSError):  # another RAS deletes it as well
            old.path.unlink()
    return path


def delete_reports() -> None:
    """Raises OSError."""
    for report in reports():
        with contextlib.suppress(FileNotFoundError):
            report.path.unlink()


def _free(folder: Path, now: datetime) -> Path:
    while True:
        path = folder / f"crash-{now.strftime(_TIME)}.txt"
        if not os.path.lexists(str(path)):
            return path
        now += timedelta(microseconds=1)
