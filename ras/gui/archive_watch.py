"""The files of the open archive are watched: what has changed is offered to be read again, or is by itself."""

from __future__ import annotations

import time
import tkinter as tk
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

from ras.text import clean, count, whole

if TYPE_CHECKING:
    from ras.archive.changes import Stamps
    from ras.gui.app import App
    from ras.gui.bench import ArchiveFacts
    from ras.records import Job

EVERY_MS = 4000
"""How often files are looked at; less often where that takes long."""
_SHARE = 20
"""So many times as long as a look took is the least until the next."""


class ArchiveWatch:
    """Looks while no job runs. A file that is still being written is waited for: two looks must see the same."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._reading: tuple[tuple[str, ...], Stamps] | None = None
        """What is being read, and how its files were when that began."""
        self._asked: tuple[str, ...] = ()
        self._paths: tuple[str, ...] = ()
        self._known: Stamps | None = None
        """The files of the open archive as they were when it was read."""
        self._last: Stamps | None = None
        """As they were at the last look."""
        self._told: Stamps | None = None
        """As they were when a change was told."""
        self._offer = ""
        self._again: tuple[bool, bool, int] | None = None
        """While it is read again: whether to search and to index after it, and how many pictures there were."""
        self._timer: str | None = app.root.after(EVERY_MS, self._look)
        app.panels.bind("<Destroy>", self._gone, add=True)

    def reads(self, paths: Sequence[str]) -> None:
        """These files, folders and zips are about to be read."""
        asked = self._asked = tuple(paths)
        self._again = self._reading = None

        def job() -> Job[tuple[tuple[str, ...], Stamps]]:
            from ras.archive.changes import stamps

            yield from ()
            return asked, stamps(asked)

        def done(found: tuple[tuple[str, ...], Stamps]) -> None:
            if self._paths == asked and self._known is None:  # the archive was read sooner
                self._known = found[1]
            else:
                self._reading = found

        self._app.pump.start(self._app.workers.look, job, done=done)

    def opened(self, facts: ArchiveFacts) -> None:
        """The archive that was read last is open now."""
        self._paths, self._known, self._last, self._told = self._asked, None, None, None
        if self._reading is not None and self._reading[0] == self._asked:
            self._known = self._reading[1]
        self._reading = None
        self._app.notices.withdraw(self._offer)
        again, self._again = self._again, None
        if again is not None:
            self._after(facts, *again)

    @property
    def paths(self) -> tuple[str, ...]:
        """What was opened: files, zips, or folders with exports in them."""
        return self._paths

    def read_again(self, *, by_itself: bool = False) -> None:
        """Read the open archive from its files once more. By itself, what was indexed of it is indexed on."""
        app = self._app
        if app.inputs.archive is None or not self._paths:
            return
        index = app.index.readiness.index
        indexed = by_itself and index is not None and index.indexed > 0
        again = app.run.shown, indexed, len(app.inputs.archive.archive.records)
        app.inputs.open_archive(self._paths)
        self._again = again

    def read_anew(self) -> None:
        """Read what is open once more, or what is just being opened, since other pictures of it count now."""
        if self._app.inputs.opening:
            self._app.inputs.open_archive(self._asked)
        else:
            self.read_again()

    def _after(self, facts: ArchiveFacts, search: bool, index: bool, before: int) -> None:
        app, more = self._app, len(facts.archive.records) - before
        app.status.say(f"Read again: {count(more, 'new picture')}." if more > 0 else "Read again.")
        if search:
            app.search()
        if index:
            app.index.start()

    def _look(self) -> None:
        self._timer = None
        app = self._app
        busy = app.run.running or app.inputs.opening or app.index.run.running
        known = self._known
        if busy or known is None or app.inputs.archive is None:
            self._wait(EVERY_MS)
            return
        paths, last, told = self._paths, self._last, self._told

        def job() -> Job[tuple[float, Stamps, list[str], list[str]]]:
            from ras.archive.changes import changed, stamps

            yield from ()
            started = time.monotonic()
            now = stamps(paths)
            other: list[str] = []
            new: list[str] = []
            if now == last and now not in (known, told):
                other, new = changed(known, now)
            return time.monotonic() - started, now, other, new

        def done(found: tuple[float, Stamps, list[str], list[str]]) -> None:
            self._wait(max(EVERY_MS, round(found[0] * _SHARE * 1000)))
            if known is not self._known:
                return
            _, self._last, other, new = found
            if other or new:
                self._told = self._last
                self._tell(other, new)

        def failed(error: BaseException) -> None:
            self._wait(EVERY_MS * _SHARE)
            app.failed(error)

        app.pump.start(app.workers.look, job, done=done, failed=failed)

    def _tell(self, other: Sequence[str], new: Sequence[str]) -> None:
        app = self._app
        if app.settings.watch_archives and not app.inputs.opening and not app.run.running:
            self.read_again(by_itself=True)
            return
        app.notices.withdraw(self._offer)
        self._offer = changes_text(other, new)
        app.notices.say(self._offer, offer=("Read again", self.read_again))

    def _wait(self, milliseconds: int) -> None:
        if self._timer is None and self._app.panels.winfo_exists():
            self._timer = self._app.root.after(milliseconds, self._look)

    def _gone(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._app.panels and self._timer is not None:
            self._app.root.after_cancel(self._timer)
            self._timer = None


def changes_text(other: Sequence[str], new: Sequence[str]) -> str:
    """``“general.json” has changed.``, ``“general.json” and 2 more have changed.``"""
    if other and new:
        return f"{count(len(other), 'file')} {_have(other)} changed, and {whole(len(new))} {_are(new)} new."
    paths = other or new
    name = f"“{clean(Path(paths[0]).name, longest=100)}”"
    named = f"{name} and {whole(len(paths) - 1)} more" if len(paths) > 1 else name
    return f"{named} {_have(paths)} changed." if other else f"{named} {_are(paths)} new in the folder of the archive."


def _have(paths: Sequence[str]) -> str:
    return "has" if len(paths) == 1 else "have"


def _are(paths: Sequence[str]) -> str:
    return "is" if len(paths) == 1 else "are"
