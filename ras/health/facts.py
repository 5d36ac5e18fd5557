"""The facts of how RAS is: frozen, so that a worker gathers them and a window shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ras.errors import SkipReason

if TYPE_CHECKING:
    from ras.crashes.folder import CrashReport
    from ras.store import LastVerify, Usage

NONE, WRITABLE, READ_ONLY, UNUSABLE = "none", "writable", "read_only", "unusable"
"""What the store can be: there is none yet; it is as it should be; it can be searched; it cannot be opened."""


@dataclass(frozen=True)
class StoreFacts:
    """The embedding store. What it holds is unknown where it cannot be opened."""

    folder: Path
    state: str
    sentences: tuple[str, ...] = ()
    """Why it cannot be opened, or what was found when it was."""
    archives: int = 0
    usage: Usage | None = None
    failures: tuple[tuple[SkipReason, int], ...] = ()
    """How many pictures of all archives could not be had for which reason, the most frequent first."""
    verified: LastVerify | None = None


@dataclass(frozen=True)
class SetAside:
    """A file or folder that was damaged: moved out of the way, and never deleted unasked."""

    path: Path
    bytes: int
    at: datetime
    """Aware."""


@dataclass(frozen=True)
class Limit:
    """A bound that RAS keeps to."""

    name: str
    value: str
    setting: str = ""
    """The name of the setting that it comes from; empty where it is fixed."""


@dataclass(frozen=True)
class Health:
    store: StoreFacts
    aside: tuple[SetAside, ...]
    limits: tuple[Limit, ...]
    data_folder: Path
    free: int | None
    """Bytes that are free on the disk of the data folder; None where nobody can tell."""
    log: Path
    crashes: tuple[CrashReport, ...]
    """The newest first."""
