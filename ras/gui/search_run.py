"""The search in the window: starts it, cancels it, and shows what comes while it runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable

from ras.gui.answer import answer_to
from ras.records import Notice, Progress, Results, Skipped

if TYPE_CHECKING:
    from ras.gui.answer import Answer
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
        self.answer: Answer | None = None
        """Of that search; None also where no picture could be compared."""
        self.rest_hidden = False
        """Whether results are held back that are probably other pictures."""
        self.skipped: list[Skipped] = []
        self._ticket: Ticket | None = None

    @property
    def running(self) -> bool:
        return self._ticket is not None

    @property
    def shown(self) -> bool:
        """Whether there is something to be seen of a search: that it runs, what it found, or what it came to."""
        return self.running or self.report is not None or self._grid.amount > 0

    def start(self, settings: Settings, query: Query, archive: Archive) -> None:
        self.forget()
        started = time.monotonic()
        self._status.progress(Progress("Searching", 0, None))

        def done(report: SearchReport) -> None:
            self._ticket = None
            self.report = report
            self._answer(report, settings.scope, len(archive.records))
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
        self.report = self.answer = None
        self.rest_hidden = False
        self.skipped = []
        self._grid.show(())

    def show_rest(self) -> None:
        """Show also what is probably another picture."""
        if self.answer is not None and self.rest_hidden:
            self.rest_hidden = False
            self._grid.show((*self.answer.shown, *self.answer.rest))
            self._grid.select(len(self.answer.shown))
            self._changed()

    def _answer(self, report: SearchReport, scope: str, total: int) -> None:
        answer = self.answer = answer_to(report, scope, total)
        if answer is None:
            self._show(report.results)
            return
        chosen = self._grid.chosen
        # What somebody looks at is not taken away.
        self.rest_hidden = bool(answer.rest) and (
            chosen is None or chosen.record.key not in {result.record.key for result in answer.rest}
        )
        self._show(answer.shown if self.rest_hidden else (*answer.shown, *answer.rest))

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

    def _show(self, results: tuple[SearchResult, ...]) -> None:
        self._grid.show(results)
        self._grid.follow_best()
