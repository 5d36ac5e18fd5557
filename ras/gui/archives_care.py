"""The indexed archives: lists them in their window, opens, removes, verifies and compacts what is asked for."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any, Callable, Sequence

from ras.gui.archives_window import ArchivesWindow
from ras.gui.stored_archives import compact_store, list_archives, remove_archives, verify_store
from ras.records import Job, Progress
from ras.text import count, size

if TYPE_CHECKING:
    from ras.gui.pump import Pump
    from ras.gui.stored_archives import ArchiveRow, StoreContents
    from ras.gui.theme import Theme
    from ras.store import CompactReport, VerifyReport
    from ras.worker import Ticket, Worker

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
        self._reader, self._worker = reader, worker
        self._open_archive, self._indexing = open_archive, indexing
        self._changed, self._failed = changed, failed
        self._ticket: Ticket | None = None
        self.window: ArchivesWindow | None = None

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
            stop=self._stop,
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
            self._stop()

    def _open(self, archives: Sequence[ArchiveRow]) -> None:
        paths = [path for archive in archives for path in archive.paths]
        if self.window is not None:
            self.window.close()
        self._open_archive(list(dict.fromkeys(paths)))

    def _remove(self, archives: Sequence[ArchiveRow]) -> None:
        ids = [archive.id for archive in archives]
        self._work("Removing", lambda: remove_archives(ids), lambda freed: f"Freed {size(freed)}.")

    def _verify(self) -> None:
        self._work("Verifying", verify_store, verified_text)

    def _compact(self) -> None:
        self._work("Compacting", compact_store, compacted_text)

    def _stop(self) -> None:
        if self._ticket is None:
            return
        self._ticket.cancel()
        self._over("Stopped.")

    def _work(self, stage: str, make_job: Callable[[], Job[Any]], said: Callable[[Any], str]) -> None:
        """Run a job that changes the store, behind the window's line of progress."""
        if self._indexing():
            self._say(_WAIT)
            return
        self._say("")
        self._show(Progress(stage, 0))

        def event(event: object) -> None:
            if isinstance(event, Progress):
                self._show(event)

        def failed(error: BaseException) -> None:
            self._over("")
            self._failed(error)

        self._ticket = self._pump.start(
            self._worker, make_job, event=event, done=lambda result: self._over(said(result)), failed=failed
        )

    def _over(self, said: str) -> None:
        self._ticket = None
        self._changed()
        if self.window is not None:
            self.window.work(None)
            self._say(said)
            self._list()

    def _show(self, event: Progress) -> None:
        if self.window is not None:
            self.window.work(lambda line: line.show(event))

    def _say(self, text: str) -> None:
        if self.window is not None:
            self.window.say(text)


def verified_text(report: VerifyReport) -> str:
    """What a verification found."""
    if not report.damaged:
        return "Everything in the index is as it was written."
    said = " ".join(report.damaged)
    if report.lost:
        said += f" {count(report.lost, 'embedding')} must be made anew: open the archives and index them."
    return said


def compacted_text(report: CompactReport) -> str:
    """What compacting gained."""
    if report.after >= report.before:
        return f"There was nothing to gain; all takes {size(report.after)}."
    return f"All takes {size(report.after)} now, {size(report.before - report.after)} less than before."
