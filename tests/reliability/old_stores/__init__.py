"""A store of each earlier version of the schema, as the RAS of that time made it: ``version1.zip``, ``version2.zip`` …

Each has the archive ``archive_of(range(100))`` of ``tests.store_samples``, indexed, and the failure of picture 200; and
features of the contents 0 to 59 from version 2 on. A migration that is added gets the store of the version before it.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from ras.store.schema import MIGRATIONS

VERSIONS = range(1, len(MIGRATIONS))


def unpack(version: int, folder: Path) -> Path:
    """Make the folder, with the store of that version in it."""
    with zipfile.ZipFile(Path(__file__).parent / f"version{version}.zip") as kept:
        kept.extractall(folder)
    return folder
