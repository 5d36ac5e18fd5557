"""The search in the window: starts it, cancels it, and shows what comes while it runs."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Sequence

from ras.gui.answer import answer_to
from ras.records import Notice, Progress, Results, Skipped

if TYPE_CHECKING:
    from ras.gui.answer import Answer
    from ras.gui.bench import Bench
    from ras.gui.notices import NoticeBar
    from ras.gui.pump import Pump
    from ras.gui.results_view import ResultsView
    from ras.gui.status_bar import StatusBar
    from ras.gui.wanted import Wanted
    from ras.records import Archive, Job, Query, SearchReport, SearchResult
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
        view: ResultsView,
        status: StatusBar,
        notices: NoticeBar,
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._pump, self._bench, self._worker = pump, bench, worker
        self._view, self._status, self._notices = view, status, notices
        self._changed, self._failed = changed, failed
        self.query: Query | None = None
        """Of the last search."""
        self.queries: tuple[Query, ...] = ()
        """Those that were searched for together, ``query`` among them; empty where it was alone."""
        self.reports: tuple[SearchReport, ...] = ()
        """Of these, once the search came to its end."""
        self.report: SearchReport | None = None
        """Of the last search, if it came to its end."""
        self.answer: Answer | None = None
        """Of that search; None also where no picture could be compared."""
        self.rest_hidden = False
        """Whether results are held back that are probably other pictures."""
        self.narrowed = False
        """Whether only pictures were searched that pass the filter."""
        self.skipped: list[Skipped] = []
        self._asked = ("all", 0)
        self._ticket: Ticket | None = None

    @property
    def running(self) -> bool:
        return self._ticket is not None

    @property
    def shown(self) -> bool:
        """Whether there is something to be seen of a search: that it runs, what it found, or what it came to."""
        return self.running or self.report is not None or self._view.amount > 0

    def start(
        self,
        settings: Settings,
        query: Query,
        archive: Archive,
        wanted: Wanted | None = None,
        queries: Sequence[Query] = (),
    ) -> None:
        """``wanted``: search only in pictures that fit it; ``queries``: search for these together, and show ``query``
        of them.
        """
        self.forget()
        self.queries, self._asked = tuple(queries), (settings.scope, len(archive.records))
        self.narrowed = wanted is not None
        self.query = query
        started = time.monotonic()
        self._status.progress(Progress("Searching", 0, None))

        def done(found: SearchReport | tuple[SearchReport, ...]) -> None:
            self._ticket = None
            self.reports = found if isinstance(found, tuple) else ()
            self.report = report = found[self._place] if isinstance(found, tuple) else found
            self._answer(report, settings.scope, len(archive.records))
            self._status.report(report, len(archive.records), time.monotonic() - started)
            self._changed()

        def failed(error: BaseException) -> None:
            self._ticket = None
            self._status.say("The search did not come to its end.")
            self._changed()
            self._failed(error)

        more = [] if wanted is None else [wanted]
        job: Callable[[], Job[Any]] = lambda: self._bench.search(settings, query, archive, *more)  # noqa: E731
        if queries:
            job = lambda: self._bench.search_many(settings, queries, archive, *more)  # noqa: E731
        self._ticket = self._pump.start(
            self._worker,
            job,
            event=self._event,
            done=done,
            failed=failed,
        )
        self._changed()

    @property
    def _place(self) -> int:
        """Of the query that is shown, among those that were searched for together."""
        return next((place for place, one in enumerate(self.queries) if one is self.query), 0)

    def show_query(self, place: int) -> None:
        """Show what was found of another of the queries."""
        self.query = self.queries[place]
        self.report = self.answer = None
        self.rest_hidden = False
        self._view.show(())
        if self.reports:
            self.report = self.reports[place]
            self._answer(self.report, *self._asked)
        self._changed()

    def cancel(self) -> None:
        """Stop the search; what was found so far stays."""
        if self._ticket is None:
            return
        self._ticket.cancel()
        self._ticket = None
        self._status.say("Cancelled." + (" These are the best of what was compared." if self._view.amount else ""))
        self._changed()

    def forget(self) -> None:
        """Take back what the last search found."""
        self.cancel()
        self.report = self.answer = None
        self.queries, self.reports = (), ()
        self.rest_hidden = self.narrowed = False
        self.skipped = []
        self._view.show(())

    def show_rest(self) -> None:
        """Show also what is probably another picture."""
        if self.answer is not None and self.rest_hidden:
            self.rest_hidden = False
            self._view.show(self._told((*self.answer.shown, *self.answer.rest)))
            self._view.select(len(self.answer.shown))
            self._changed()

    def _answer(self, report: SearchReport, scope: str, total: int) -> None:
        answer = self.answer = answer_to(report, scope, total)
        if answer is None:
            self._show(report.results)
            return
        chosen = self._view.chosen
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
        elif isinstance(event, Results) and event.query == self._place:
            first = not self._view.amount
            self._show(event.results)
            if first:
                self._changed()

    def _show(self, results: tuple[SearchResult, ...]) -> None:
        self._view.show(self._told(results))
        self._view.follow_best()

    def _told(self, results: tuple[SearchResult, ...]) -> tuple[SearchResult, ...]:
        """The results with what their verdicts mean, where a text alone was searched for."""
        if self.query is None or self.query.image is not None:
            return results
        return tuple(replace(result, of_text=True) for result in results)
