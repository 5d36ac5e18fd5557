"""The indexed archives: lists them in their window, opens, removes, verifies and compacts what is asked for."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui.archives_window import ArchivesWindow
from ras.gui.store_work import StoreWork
from ras.gui.stored_archives import compact_store, list_archives, remove_archives, verify_store
from ras.text import size

if TYPE_CHECKING:
    from ras.gui.pump import Pump
    from ras.gui.stored_archives import ArchiveRow, StoreContents
    from ras.gui.theme import Theme
    from ras.store import CompactReport, VerifyReport
    from ras.worker import Worker

_WAIT = "Indexing goes on: removing, verifying and compacting can wait, or stop it first."


class StoredArchives:
    """One window at a time; closing it stops what goes on. ``changed`` is called when the store has changed."""

    def __init__(
        self,
        root: tk.Tk,
        theme: Theme,
        pump: Pump,
        *,
        reader: Worker,
        worker: Worker,
        open_archive: Callable[[Sequence[str]], None],
        indexing: Callable[[], bool],
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._root, self._theme, self._pump = root, theme, pump
        self._reader, self._open_archive, self._failed = reader, open_archive, failed
        self.window: ArchivesWindow | None = None
        self._work = StoreWork(
            pump,
            worker,
            window=lambda: self.window,
            indexing=indexing,
            wait=_WAIT,
            changed=changed,
            over=self._list,
            failed=failed,
        )

    def open(self) -> None:
        """Show the window, or bring the one there is to the front."""
        if self.window is not None and self.window.exists:
            self.window.window.lift()
            self.window.table.focus_set()
            return
        self.window = ArchivesWindow(
            self._root,
            self._theme,
            open_archives=self._open,
            remove=self._remove,
            verify=self._verify,
            compact=self._compact,
            stop=self._work.stop,
        )
        self.window.window.bind("<Destroy>", self._closed, add=True)
        self._list()

    def _list(self) -> None:
        def done(contents: StoreContents) -> None:
            if self.window is not None:
                self.window.show(contents)

        def failed(error: BaseException) -> None:
            if self.window is not None:
                self.window.say_of_store("What is indexed could not be read.")
            self._failed(error)

        self._pump.start(self._reader, list_archives, done=done, failed=failed)

    def _closed(self, event: tk.Event[tk.Misc]) -> None:
        if self.window is not None and event.widget is self.window.window:
            self.window = None
            self._work.stop()

    def _open(self, archives: Sequence[ArchiveRow]) -> None:
        paths = [path for archive in archives for path in archive.paths]
        if self.window is not None:
            self.window.close()
        self._open_archive(list(dict.fromkeys(paths)))

    def _remove(self, archives: Sequence[ArchiveRow]) -> None:
        ids = [archive.id for archive in archives]
        self._work.start("Removing", lambda: remove_archives(ids), lambda freed: f"Freed {size(freed)}.")

    def _verify(self) -> None:
        self._work.start("Verifying", verify_store, verified_text)

    def _compact(self) -> None:
        self._work.start("Compacting", compact_store, compacted_text)


def verified_text(report: VerifyReport) -> str:
    """What a verification found."""
    if not report.damaged:
        return "Everything in the index is as it was written."
    said = " ".join(report.damaged)
    if report.to_make:
        said += f" {report.to_make} must be made anew: open the archives and index them."
    return said


def compacted_text(report: CompactReport) -> str:
    """What compacting gained."""
    if report.after >= report.before:
        return f"There was nothing to gain; all takes {size(report.after)}."
    return f"All takes {size(report.after)} now, {size(report.before - report.after)} less than before."
