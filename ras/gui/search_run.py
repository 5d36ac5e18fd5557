"""The search in the window: starts it, cancels it, and shows what comes while it runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable

from ras.gui.results_grid import NOTHING_IS
from ras.records import Notice, Progress, Results, Skipped

if TYPE_CHECKING:
    from ras.gui.bench import Bench
    from ras.gui.notices import NoticeBar
    from ras.gui.pump import Pump
    from ras.gui.results_grid import ResultsGrid
    from ras.gui.status_bar import StatusBar
    from ras.records import Archive, Query, SearchReport, SearchResult
    from ras.settings import Settings
    from ras.worker import Ticket, Worker


class SearchRun:
    """One search at a time. ``changed`` is called when it starts, ends, or brings its first results."""

    def __init__(
        self,
        pump: Pump,
        bench: Bench,
        worker: Worker,
        *,
        grid: ResultsGrid,
        status: StatusBar,
        notices: NoticeBar,
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._pump, self._bench, self._worker = pump, bench, worker
        self._grid, self._status, self._notices = grid, status, notices
        self._changed, self._failed = changed, failed
        self.report: SearchReport | None = None
        """Of the last search, if it came to its end."""
        self.skipped: list[Skipped] = []
        self._ticket: Ticket | None = None

    @property
    def running(self) -> bool:
        return self._ticket is not None

    def start(self, settings: Settings, query: Query, archive: Archive) -> None:
        self.forget()
        started = time.monotonic()
        self._status.progress(Progress("Searching", 0, None))

        def done(report: SearchReport) -> None:
            self._ticket = None
            self.report = report
            self._show(report.results, report.convincing)
            self._status.report(report, len(archive.records), time.monotonic() - started)
            self._changed()

        def failed(error: BaseException) -> None:
            self._ticket = None
            self._status.say("The search did not come to its end.")
            self._changed()
            self._failed(error)

        self._ticket = self._pump.start(
            self._worker,
            lambda: self._bench.search(settings, query, archive),
            event=self._event,
            done=done,
            failed=failed,
        )
        self._changed()

    def cancel(self) -> None:
        """Stop the search; what was found so far stays."""
        if self._ticket is None:
            return
        self._ticket.cancel()
        self._ticket = None
        self._status.say("Cancelled." + (" These are the best of what was compared." if self._grid.amount else ""))
        self._changed()

    def forget(self) -> None:
        """Take back what the last search found."""
        self.cancel()
        self.report = None
        self.skipped = []
        self._grid.show(())

    def _event(self, event: object) -> None:
        if isinstance(event, Progress):
            self._status.progress(event)
        elif isinstance(event, Skipped):
            self.skipped.append(event)
        elif isinstance(event, Notice):
            self._notices.say(event.text)
        elif isinstance(event, Results):
            first = not self._grid.amount
            self._show(event.results)
            if first:
                self._changed()

    def _show(self, results: tuple[SearchResult, ...], convincing: float = NOTHING_IS) -> None:
        self._grid.show(results, convincing)
        self._grid.follow_best()
