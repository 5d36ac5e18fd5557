"""Folders that the user names are watched for new exports: these are offered to be opened and indexed."""

from __future__ import annotations

import os
import time
import tkinter as tk
from pathlib import Path
from typing import TYPE_CHECKING, AbstractSet, Sequence

from ras.text import clean, whole

if TYPE_CHECKING:
    from ras.archive.changes import Stamps
    from ras.gui.app import App
    from ras.records import Job

EVERY_MS = 15_000
_SHARE = 20
"""So many times as long as a look took is the least until the next."""


class FolderWatch:
    """An export is new that is neither indexed nor open, and was not offered before. One that grows is waited for."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._last: Stamps = {}
        """The files as they were at the last look."""
        self._settled: Stamps = {}
        """Files that were looked into, as they were then."""
        self._told: set[str] = set()
        """Exports that were offered since RAS was started."""
        self._offered: tuple[str, ...] = ()
        self._offer = ""
        self._wish: tuple[int, tuple[str, ...]] = (-1, ())
        """The opening that is to be followed by indexing (which of all, and of what)."""
        self._timer: str | None = app.root.after(EVERY_MS, self._look)
        app.panels.bind("<Destroy>", self._gone, add=True)

    def opened(self) -> None:
        """An archive was opened; it is indexed where it was offered so."""
        app, paths = self._app, self._app.watch.paths
        wish, self._wish = self._wish, (-1, ())
        if all(path in paths or path.startswith(tuple(f"{each}{os.sep}" for each in paths)) for path in self._offered):
            app.notices.withdraw(self._offer)
        if wish != (app.inputs.openings, paths):
            return
        if app.index.run.running:
            app.notices.say(
                "The new export is open, and is not indexed yet: another archive is being indexed.",
                offer=("Index archive", app.index.start),
            )
        else:
            app.index.start()

    def _look(self) -> None:
        self._timer = None
        app, folders = self._app, self._app.settings.watch_folders
        if not folders or app.run.running or app.inputs.opening or app.index.run.running:
            self._wait(EVERY_MS)
            return
        last, settled = self._last, self._settled
        told = frozenset(self._told).union(() if app.inputs.archive is None else app.inputs.archive.archive.paths)
        open_folders = tuple(f"{path}{os.sep}" for path in app.watch.paths)  # ``ArchiveWatch`` looks into these

        def job() -> Job[tuple[float, Stamps, Stamps, list[str]]]:
            from ras.archive.changes import exports_among, stamps
            from ras.gui.stored_archives import indexed_files

            yield from ()
            started = time.monotonic()
            now = stamps(folders)
            quiet = {path: stamp for path, stamp in now.items() if last.get(path) == stamp}
            fresh = sorted(path for path, stamp in quiet.items() if settled.get(path) != stamp)
            if not fresh:
                return time.monotonic() - started, now, quiet, []
            known = {os.path.normcase(path) for path in told.union(indexed_files())}
            new = [path for path in fresh if not path.startswith(open_folders) and not _is_known(path, known)]
            exports = exports_among(new)
            return time.monotonic() - started, now, quiet, exports

        def done(found: tuple[float, Stamps, Stamps, list[str]]) -> None:
            self._wait(max(EVERY_MS, round(found[0] * _SHARE * 1000)))
            _, self._last, quiet, new = found
            self._settled = {**self._settled, **quiet}
            if new:
                self._told.update(new)
                self._tell(new)

        def failed(error: BaseException) -> None:
            self._wait(EVERY_MS * _SHARE)
            app.failed(error)

        app.pump.start(app.workers.look, job, done=done, failed=failed)

    def _tell(self, new: Sequence[str]) -> None:
        notices = self._app.notices
        still_offered = any(sentence == self._app.theme.shown(self._offer) for _, sentence in notices.sentences)
        notices.withdraw(self._offer)
        self._offered = tuple(dict.fromkeys((*(self._offered if still_offered else ()), *new)))
        self._offer = new_text(self._offered)
        notices.say(self._offer, offer=("Open and index", self._accept))

    def _accept(self) -> None:
        self._app.inputs.open_archive(self._offered)
        self._wish = (self._app.inputs.openings, self._offered)

    def _wait(self, milliseconds: int) -> None:
        if self._timer is None and self._app.panels.winfo_exists():
            self._timer = self._app.root.after(milliseconds, self._look)

    def _gone(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._app.panels and self._timer is not None:
            self._app.root.after_cancel(self._timer)
            self._timer = None


def _is_known(path: str, known: AbstractSet[str]) -> bool:
    """Whether it is one of the files, or a zip that holds one of them."""
    path = os.path.normcase(path)
    return path in known or any(each.startswith((f"{path}{os.sep}", f"{path}/")) for each in known)


def new_text(paths: Sequence[str]) -> str:
    """``There is a new export: “x.json” in “exports”.``, ``There are 3 new exports: “x.json” and 2 more.``"""
    name = f"“{clean(Path(paths[0]).name, longest=100)}”"
    if len(paths) == 1:
        return f"There is a new export: {name} in “{clean(Path(paths[0]).parent.name, longest=100)}”."
    return f"There are {whole(len(paths))} new exports: {name} and {whole(len(paths) - 1)} more."
