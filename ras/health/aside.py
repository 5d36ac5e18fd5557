"""What was set aside because it was damaged: found, counted, and deleted when somebody asks for it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from datetime import datetime, timezone
from pathlib import Path

from ras.errors import StoreError
from ras.health.facts import SetAside
from ras.paths import data_folder, store_folder
from ras.records import Job, Progress

_WHOLE_STORE = re.compile(r"\.damaged-\d{4}-\d\d-\d\d(-\d+)?")
"""What follows the name of a store’s folder that was set aside as a whole."""
_SETTINGS = "settings.json.corrupt"


def set_aside() -> tuple[SetAside, ...]:
    """All that RAS has set aside, the newest first."""
    found = []
    for path in _paths():
        with contextlib.suppress(OSError):  # another program just deleted it
            status = path.lstat()
            # When it was renamed: Windows does not keep that, and says when it was written last.
            moved = status.st_mtime if os.name == "nt" else status.st_ctime
            found.append(SetAside(path, _size_of(path), datetime.fromtimestamp(moved, timezone.utc)))
    return tuple(sorted(found, key=lambda each: (each.at, each.path.name), reverse=True))


def clear_set_aside() -> Job[int]:
    """Delete all that was set aside; how many bytes that freed. Raises StoreError where something stays."""
    freed, found = 0, set_aside()
    for number, each in enumerate(found):
        yield Progress("Deleting what was set aside", number, len(found), "files")
        try:
            if each.path.is_dir() and not each.path.is_symlink():
                shutil.rmtree(str(each.path))
            else:
                each.path.unlink()
        except FileNotFoundError:
            continue
        except OSError as exc:
            raise StoreError(
                f"“{each.path}” could not be deleted ({exc.strerror or exc}): close other programs that use it, or "
                "delete it yourself."
            ) from exc
        freed += each.bytes
    return freed


def _paths() -> list[Path]:
    damaged, store = store_folder() / "damaged", store_folder()
    paths = []
    with contextlib.suppress(OSError):
        if not damaged.is_symlink():  # else what is in it may be anybody's
            paths += [damaged / name for name in sorted(os.listdir(str(damaged)))]
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(str(data_folder()))):
            if name == _SETTINGS or (name.startswith(store.name) and _WHOLE_STORE.fullmatch(name[len(store.name) :])):
                paths.append(data_folder() / name)
    return paths


def _size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder; links are not followed."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    total = 0
    for place, _, names in os.walk(str(path)):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total
