"""Where the private environment lies, and how its Python is started undisturbed."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from ras.launch.state import FILE_NAME, State
from ras.paths import REPOSITORY, data_folder
from ras.regular_file import read_regular


class SetupError(Exception):
    """The set-up cannot go on; the text is a sentence for the user."""


def unwritable(path: Path, exc: OSError) -> SetupError:
    """For a file of the set-up's own that cannot be opened, or a folder that cannot be made."""
    return SetupError(
        f"{exc.filename or path} cannot be written ({exc.strerror or exc}). If it belongs to another user or stands in "
        "the way, remove it; or name another folder for RAS's data in the environment variable RAS_HOME."
    )


@dataclass(frozen=True)
class Place:
    folder: Path
    log: Path
    note: str = ""
    """Why it is not the usual place; a sentence for the user."""

    @property
    def lock(self) -> Path:
        return self.folder.with_name(self.folder.name + ".lock")

    @property
    def scratch(self) -> Path:
        """For pip's temporary files: on the disk that must have the room anyway, where /tmp may be small."""
        return self.folder.with_name(self.folder.name + ".tmp")

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    def has_python(self) -> bool:
        """Whether the environment's Python is there, and the one that it was made with.

        Elsewhere it is a link to that one. On Windows it is a starter, which stays where that one is uninstalled; it
        looks for it in the folder that pyvenv.cfg names.
        """
        if not os.path.exists(self.python):
            return False
        if sys.platform != "win32":
            return True
        try:
            lines = read_regular(self.folder / "pyvenv.cfg").decode("utf-8", "replace").splitlines()
            pairs = [line.partition("=") for line in lines]
            home = next(value.strip() for key, _, value in pairs if key.strip().lower() == "home")
            # Not always python.exe: there are python3.13t.exe and pypy3.exe.
            return any(re.match(r"(python|pypy).*\.exe$", name, re.IGNORECASE) for name in os.listdir(home))
        except (OSError, ValueError, StopIteration):
            return False

    def prefix_is_here(self) -> bool:
        """Whether this very process runs in the environment."""
        return os.path.realpath(sys.prefix) == os.path.realpath(self.folder)


def usual_folder() -> Path:
    # The Microsoft Store's Python writes to a hidden copy of AppData that others do not see, with paths too long for
    # torch (docs.python.org/3/using/windows.html, "Redirection of local data"); the home folder is not redirected.
    if sys.platform == "win32" and "PythonSoftwareFoundation" in sys.base_prefix and "RAS_HOME" not in os.environ:
        return Path.home() / ".ras" / "env"
    return data_folder() / "env"


def places() -> tuple[Place, ...]:
    """Where the environment may be, the usual place first. Nothing is made or tried."""
    usual = usual_folder()
    beside = REPOSITORY / ".ras"
    note = f"The environment is made in {beside}, because {usual.parent} cannot be written."
    return (
        Place(usual, data_folder() / "logs" / "setup.log"),
        Place(beside / "env", beside / "setup.log", note),
    )


def find_place() -> Place | None:
    """Where the environment is; None where there is none yet."""
    return next((place for place in places() if os.path.isfile(place.folder / FILE_NAME)), None)


def choose_place() -> Place:
    """Where the environment is, or is to be made. Raises SetupError where no place can be written."""
    existing = find_place()
    if existing is not None:
        return existing
    for place in places():
        if _is_free(place.folder) and _is_writable(place.folder.parent) and _is_writable(place.log.parent):
            return place
    first, second = places()
    raise SetupError(
        f"RAS needs a folder for its packages, and neither {first.folder} nor {second.folder} can be made. "
        "Name one that can be written in the environment variable RAS_HOME."
    )


def _is_free(folder: Path) -> bool:
    """Not there or empty: a folder that somebody else filled is never touched."""
    try:
        return not any(folder.iterdir())
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _is_writable(folder: Path) -> bool:
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=str(folder)):
            return True
    except OSError:
        return False


def is_ready(place: Place, state: State | None) -> bool:
    """Whether the program can start in the environment as it is. Reads a few small files, starts nothing."""
    return (
        state is not None
        and state.complete()
        and place.has_python()
        and os.path.realpath(place.python) == state.interpreter
    )


def child_environment() -> dict[str, str]:
    """The process environment without what would lead the private Python to other packages."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV")
    }
    return {**kept, "PYTHONNOUSERSITE": "1"}
