"""Indexing in the window: starts it beside the searches, stops it, and says how far it is and how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from ras.gui.wording import indexed_text, stopped_text
from ras.records import Notice, Progress

if TYPE_CHECKING:
    from ras.gui.bench import Bench, IndexState
    from ras.gui.notices import NoticeBar
    from ras.gui.progress_line import ProgressLine
    from ras.gui.pump import Pump
    from ras.records import Archive, IndexReport
    from ras.worker import Ticket, Worker


class IndexingRun:
    """One indexing at a time, on a worker of its own. What was done is kept however it ends.

    ``changed`` is called when it starts or ends and at every step forward, ``ended`` when the store has changed for
    good, ``said`` with the archive, how it went, and whether pictures were left out.
    """

    def __init__(
        self,
        pump: Pump,
        bench: Bench,
        worker: Worker,
        *,
        line: ProgressLine,
        notices: NoticeBar,
        said: Callable[[Archive, str, bool], None],
        changed: Callable[[], None],
        ended: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._pump, self._bench, self._worker = pump, bench, worker
        self._line, self._notices = line, notices
        self._said, self._changed, self._ended, self._failed = said, changed, ended, failed
        self.archive: Archive | None = None
        """What is being indexed."""
        self.percent: int | None = None
        """How far that is; None while nobody can tell."""
        self.stopping = False
        self._ticket: Ticket | None = None

    @property
    def running(self) -> bool:
        """Also while it is being stopped."""
        return self.archive is not None

    def start(self, archive: Archive, *, retry: bool = False) -> None:
        """``retry``: also the pictures that failed before for good."""
        if self.running:
            return
        self.archive, self.percent, self.stopping = archive, None, False
        self._line.stop.configure(state="normal")
        self._line.show(Progress("Indexing", 0))
        self._ticket = self._pump.start(
            self._worker,
            lambda: self._bench.index(archive, retry),
            event=self._event,
            done=self._done,
            failed=self._broke,
        )
        self._changed()

    def stop(self) -> None:
        """Stop after the picture at hand; what is done is kept."""
        archive, ticket = self.archive, self._ticket
        if archive is None or ticket is None:
            return
        ticket.cancel()
        self._ticket, self.stopping = None, True
        self._line.stop.configure(state="disabled")
        self._line.show(Progress("Stopping", 0))
        # On the same worker, so that it counts when the last pictures have been written.
        self._pump.start(
            self._worker, lambda: self._bench.count_indexed(archive), done=self._stopped, failed=self._broke
        )
        self._changed()

    def restart(self) -> None:
        """Go on with another encoder: what the old one makes is of no use to the searches any more."""
        archive = self.archive
        if archive is None or self._ticket is None:
            return
        self._ticket.cancel()
        self.archive = None
        self.start(archive)

    def _event(self, event: object) -> None:
        if isinstance(event, Notice):
            self._notices.say(event.text)
        elif isinstance(event, Progress):
            self._line.show(event)
            percent = event.done * 100 // event.total if event.total else None
            if percent != self.percent:
                self.percent = percent
                self._changed()

    def _done(self, report: IndexReport) -> None:
        self._over(indexed_text(report), bool(report.skipped))

    def _stopped(self, state: IndexState | None) -> None:
        self._over("Stopped." if state is None else stopped_text(state))

    def _broke(self, error: BaseException) -> None:
        self._over("Indexing did not come to its end; what was done is kept.")
        self._failed(error)

    def _over(self, said: str, left_out: bool = False) -> None:
        archive = self.archive
        assert archive is not None
        self.archive = self.percent = self._ticket = None
        self.stopping = False
        self._line.hide()
        self._changed()
        self._said(archive, said, left_out)
        self._ended()
