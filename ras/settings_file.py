"""Settings in a file of the user's own: to carry them to another computer, or to keep them."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from ras.errors import SettingsError
from ras.new_file import check_target, writing
from ras.regular_file import read_regular
from ras.settings import OF_THIS_MACHINE, Settings, setting_from_json
from ras.text import clean

CARRIED = tuple(field.name for field in dataclasses.fields(Settings) if field.name not in OF_THIS_MACHINE)
"""The settings that are written and read; never a bot token, which is none."""


def export_settings(path: str | Path, settings: Settings, *, overwrite: bool = False) -> None:
    """Write the settings as JSON. Raises SettingsError or RASError where that is not possible."""
    target = check_target(path, overwrite=overwrite, example="ras-settings.json")
    values = {name: getattr(settings, name) for name in CARRIED}
    with writing(target, errors="backslashreplace") as file:  # as ``save_settings``
        file.write(json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def import_settings(path: str | Path) -> dict[str, Any]:
    """The settings that a file names, by field. Raises SettingsError where one is not valid: then none is taken.

    What belongs to a computer, and what only another version of RAS knows, is passed over.
    """
    name = f"“{clean(Path(path).name, longest=100)}”"
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # opening a pipe would wait forever
            raise OSError(None, "it is not a regular file")
        data = read_regular(path)
    except (OSError, ValueError) as exc:
        raise SettingsError(f"{name} cannot be read: {getattr(exc, 'strerror', None) or exc}.") from exc
    try:
        # Old Pythons take a minute for a number of a million digits; no setting has twenty.
        raw = json.loads(data.decode("utf-8-sig"), parse_int=lambda digits: int(digits[:20]))
    except (ValueError, RecursionError) as exc:
        raise SettingsError(f"{name} is not a file of settings; choose one that RAS has exported.") from exc
    known = [field for field in CARRIED if isinstance(raw, dict) and field in raw]
    if not known:
        raise SettingsError(f"{name} has no settings of RAS in it; choose a file that RAS has exported.")
    try:
        return {field: setting_from_json(field, raw[field]) for field in known}
    except SettingsError as exc:
        why = clean(str(exc), longest=500)  # it may quote what stands in the file
        raise SettingsError(f"{name} was not imported, nothing is changed. {why}") from exc
