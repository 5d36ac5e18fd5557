"""Where RAS keeps what is its own. Standard library only: the launcher needs it before anything is installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
_PACKED = Path(__file__).resolve().parent / "assets"
ASSETS = _PACKED if _PACKED.is_dir() else REPOSITORY / "assets"
"""In the package where pip has installed it, else beside it."""


def data_folder() -> Path:
    """The folder for settings, weights, logs and the private environment; it may not exist yet.

    ``RAS_HOME`` overrides; else the platform's own place for a user's local (not roaming) program data.
    """
    override = os.environ.get("RAS_HOME")
    if override:
        return Path(override).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "RAS"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "RAS"
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "ras"


def store_folder() -> Path:
    """Where the embedding store lies; it may not exist yet."""
    return data_folder() / "store"


def crashes_folder() -> Path:
    """Where reports of the program's own faults lie; it may not exist yet."""
    return data_folder() / "crashes"
