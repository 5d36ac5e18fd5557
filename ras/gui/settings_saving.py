"""Saves the settings in the background: while a disk is busy, it may take long until a file is safely on it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Callable

from ras.errors import SettingsError
from ras.settings import Settings, save_settings, settings_path, with_changes

if TYPE_CHECKING:
    from ras.gui.pump import Pump
    from ras.records import Job
    from ras.worker import Worker


log = logging.getLogger(__name__)


class SettingsSaving:
    """``failed`` gets the SettingsError of what could not be saved."""

    def __init__(
        self, pump: Pump, worker: Worker, settings: Settings, *, failed: Callable[[BaseException], None]
    ) -> None:
        self._pump, self._worker, self._failed = pump, worker, failed
        self._path = settings_path()
        self._newest = self._saved = settings
        self._lock = threading.Lock()

    def save(self, settings: Settings) -> None:
        """In a moment; of several changes in a row, all at once."""
        self._newest = settings
        self._pump.start(self._worker, self._job, failed=self._failed)

    def finish(self) -> None:
        """Save now what is not saved yet; nobody hears any more of what cannot be saved, so that is logged."""
        try:
            self._save()
        except SettingsError as exc:
            log.error("%s", exc)

    def _save(self) -> None:
        with self._lock:  # an older one must not be written over a newer
            newest = self._newest
            if newest is not self._saved:
                save_settings(with_changes(self._saved, newest, self._path), self._path)
                self._saved = newest  # only now: what could not be saved is tried again with the next change

    def _job(self) -> Job[None]:
        yield from ()
        self._save()
