"""The page that tells how RAS is: gathered in the background, and the care of it that its buttons ask for."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Callable

from ras.gui.store_work import StoreWork
from ras.records import Job

if TYPE_CHECKING:
    from ras.gui.app import App
    from ras.gui.health_window import HealthWindow
    from ras.health import Health

WAIT = "Indexing goes on: verifying, repairing and clearing wait until it ends, or stop it first."
_LOOK_MS = 400
"""How often it is looked whether an indexing goes on, since that decides what can be done."""


class HealthPage:
    """One window at a time; closing it stops what goes on."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.window: HealthWindow | None = None
        self._health: Health | None = None
        self._work = StoreWork(
            app.pump,
            app.indexer,
            window=lambda: self.window,
            indexing=self._indexing,
            wait=WAIT,
            changed=app.index.refresh,
            over=self.refresh,
            failed=self._not_done,
        )

    def open(self) -> None:
        """Show the window, or bring the one there is to the front."""
        if self.window is not None:
            self.window.window.lift()
            self.window.scroll.canvas.focus_set()
            return
        from ras.gui.health_window import Calls, HealthWindow  # no start needs it

        calls = Calls(
            verify=self._verify,
            repair=self._repair,
            clear=self._clear,
            stop=self._work.stop,
            refresh=self.refresh,
            report=self._show_report,
            folder=self._show_folder,
        )
        self.window = HealthWindow(self._app.root, self._app.theme, calls)
        self.window.window.bind("<Destroy>", self._closed, add=True)
        self._look()
        self.refresh()

    def refresh(self) -> None:
        """Look at everything anew."""
        from ras.health import gather

        settings = self._app.settings

        def done(health: Health) -> None:
            self._health = health
            if self.window is not None:
                self.window.show(health)

        self._app.pump.start(self._app.chores, lambda: gather(settings), done=done, failed=self._not_done)

    def _indexing(self) -> bool:
        return self._app.index.run.running

    def _look(self) -> None:
        if self.window is not None:
            self.window.hold(WAIT if self._indexing() else "")
            self.window.window.after(_LOOK_MS, self._look)

    def _closed(self, event: tk.Event[tk.Misc]) -> None:
        if self.window is not None and event.widget is self.window.window:
            self.window = None
            self._work.stop()

    # -- what is asked for -----------------------------------------------------------------------------------------

    def _verify(self) -> None:
        from ras.gui.archives_care import verified_text
        from ras.gui.stored_archives import verify_store

        self._work.start("Verifying", verify_store, verified_text)

    def _repair(self) -> None:
        from ras.health.care import repair

        self._work.start("Repairing", repair, lambda repaired: repaired.sentence)

    def _clear(self, what: str) -> None:
        from ras.gui.health_clearing import CLEARINGS

        clearing = CLEARINGS[what]
        self._work.start("Clearing", clearing.job, clearing.said)

    def _show_report(self) -> None:
        if self._health is not None and self._health.crashes:
            self._app.crash_notice.show(self._health.crashes[0].path)

    def _show_folder(self) -> None:
        from ras.gui.links import open_folder
        from ras.paths import data_folder

        def job() -> Job[None]:
            yield from ()
            data_folder().mkdir(parents=True, exist_ok=True)
            open_folder(str(data_folder()))

        self._start(job)

    def _start(self, job: Callable[[], Job[None]]) -> None:
        self._app.pump.start(self._app.chores, job, failed=self._not_done)

    def _not_done(self, error: BaseException) -> None:
        """A sentence stands where people look; what is no sentence is a fault of the program."""
        from ras.errors import RASError

        if isinstance(error, RASError) and self.window is not None:
            self.window.say(str(error))
        else:
            self._app.failed(error)
