"""Indexing in the window: started beside the searches, paused, stopped, and said how far it is and how it went.

To pause it is to stop it and to keep in mind how far it was. What is done is committed, no thread or connection is
left that could time out however long the pause is, and going on costs the few pictures that were on their way.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Callable

from ras.gui.wording import indexed_text, stopped_text
from ras.records import Notice, Progress, Skipped

if TYPE_CHECKING:
    from ras.engine import Retry
    from ras.gui.bench import Bench, IndexState
    from ras.gui.notices import NoticeBar
    from ras.gui.progress_line import ProgressLine
    from ras.gui.pump import Pump
    from ras.records import Archive, IndexReport
    from ras.worker import Ticket, Worker


class IndexingRun:
    """One indexing at a time, on a worker of its own. What was done is kept however it ends.

    ``changed`` is called when it starts, pauses or ends and at every step forward, ``ended`` when the store has changed
    for good, ``said`` with the archive, how it went, and whether pictures were left out.
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
        """What is being indexed, or is to be gone on with after a pause."""
        self.percent: int | None = None
        """How far that is; None while nobody can tell."""
        self.stopping = self.pausing = self.paused = False
        self.through = False
        """Whether the last one came to its end."""
        self._ticket: Ticket | None = None
        self._retry: Retry = False
        self._tried: set[str] = set()
        """Keys of pictures that could not be had; after a pause they are not asked for once more."""
        self._shown: Progress | None = None
        self._before: dict[str, Progress] = {}
        """Stage → how far it was when it was paused."""

    @property
    def running(self) -> bool:
        """Also while it is being stopped; not while it is paused."""
        return self.archive is not None and not self.paused

    @property
    def can_pause(self) -> bool:
        """Whether it can be paused, gone on with, or stopped: not while it is about to."""
        return self.paused or self._ticket is not None

    def start(self, archive: Archive, *, retry: Retry = False) -> None:
        """``retry``: also the pictures that failed before for good, or only those with these keys.

        One that is paused is taken for stopped.
        """
        if self.running:
            return
        self.archive, self.percent, self._retry, self.through = archive, None, retry, False
        self._shown, self._before, self._tried = None, {}, set()
        self._go(Progress("Indexing", 0))

    def pause(self) -> None:
        """Stop after the picture at hand, and wait for ``resume`` or ``stop``."""
        if self._end("Pausing"):
            self.pausing = True
            self._changed()

    def resume(self) -> None:
        """Go on after a pause."""
        if self.paused:
            self._go(self._shown or Progress("Indexing", 0))

    def pause_or_resume(self) -> None:
        if self.paused:
            self.resume()
        else:
            self.pause()

    def stop(self) -> None:
        """Stop after the picture at hand; what is done is kept."""
        if self.paused:
            self.paused, self.stopping = False, True
            self._count("Stopping")
            self._changed()
        elif self._end("Stopping"):
            self.stopping = True
            self._changed()

    def _go(self, shown: Progress) -> None:
        archive, retry = self.archive, self._retry
        assert archive is not None
        if not isinstance(retry, bool):
            retry = frozenset(retry) - self._tried
        self.stopping = self.pausing = self.paused = False
        self._line.second("Pause", "normal")
        self._line.stop.configure(state="normal")
        self._line.show(dataclasses.replace(shown, seconds_left=None, rate=None))
        self._ticket = self._pump.start(
            self._worker,
            lambda: self._bench.index(archive, retry),
            event=self._event,
            done=self._done,
            failed=self._broke,
        )
        self._changed()

    def _end(self, stage: str) -> bool:
        """Cancel what runs; False where nothing does."""
        if self.archive is None or self._ticket is None:
            return False
        self._ticket.cancel()
        self._ticket = None
        self._count(stage)
        return True

    def _count(self, stage: str) -> None:
        archive = self.archive
        assert archive is not None
        self._line.stop.configure(state="disabled")
        self._line.second("Pause", "disabled")
        self._line.show(Progress(stage, 0))
        # On the same worker, so that it counts when the last pictures have been written.
        self._pump.start(
            self._worker, lambda: self._bench.count_indexed(archive), done=self._ended_early, failed=self._broke
        )

    def restart(self) -> None:
        """Go on with another encoder: what the old one makes is of no use to the searches any more."""
        archive = self.archive
        self._shown, self._before, self._tried = None, {}, set()
        if archive is None or self._ticket is None:
            return
        self._ticket.cancel()
        self.archive = None
        self.start(archive)

    def _event(self, event: object) -> None:
        if isinstance(event, Notice):
            self._notices.say(event.text)
        elif isinstance(event, Skipped):
            if not isinstance(self._retry, bool):
                self._tried.add(event.record.key)
        elif isinstance(event, Progress):
            self._show(gone_on(self._before.get(event.stage), event))

    def _show(self, shown: Progress) -> None:
        self._shown = shown
        self._line.show(shown)
        percent = shown.done * 100 // shown.total if shown.total else None
        if percent != self.percent:
            self.percent = percent
            self._changed()

    def _done(self, report: IndexReport) -> None:
        self.through = True
        self._over(indexed_text(report), bool(report.skipped))

    def _ended_early(self, state: IndexState | None) -> None:
        if self.pausing:
            self._now_paused(state)
        else:
            self._over("Stopped." if state is None else stopped_text(state))

    def _now_paused(self, state: IndexState | None) -> None:
        self.pausing, self.paused = False, True
        shown = self._shown
        if shown is not None and shown.total:
            self._before[shown.stage] = shown
        elif state is not None:
            shown = Progress("", state.indexed, state.pictures)
        shown = shown or Progress("", 0)
        self._line.stop.configure(state="normal")
        self._line.second("Resume", "normal")
        self._line.show(dataclasses.replace(shown, stage="Paused", seconds_left=None, rate=None))
        self._changed()
        self._ended()

    def _broke(self, error: BaseException) -> None:
        self._over("Indexing did not come to its end; what was done is kept.")
        self._failed(error)

    def _over(self, said: str, left_out: bool = False) -> None:
        archive = self.archive
        assert archive is not None
        self.archive = self.percent = self._ticket = None
        self.stopping = self.pausing = self.paused = False
        self._line.hide()
        self._changed()
        self._said(archive, said, left_out)
        self._ended()


def gone_on(before: Progress | None, event: Progress) -> Progress:
    """How far a stage is that was paused: it starts anew with what was left, but people count from its beginning."""
    if before is None or not before.total or not event.total:
        return event
    # What could not be had for want of a network is tried once more.
    again = max(0, event.total - (before.total - before.done))
    return dataclasses.replace(
        event,
        done=max(0, before.total - (event.total - event.done)),
        total=before.total,
        bytes_read=before.bytes_read + event.bytes_read,
        failed=max(0, before.failed - again) + event.failed,
    )
