"""What is indexed of the archive that is open and what each mode can do with it: shown, asked anew, added to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from ras.gui.bench import Readiness
from ras.gui.indexing_run import IndexingRun
from ras.gui.wording import not_indexed_text

if TYPE_CHECKING:
    from ras.engine import Retry
    from ras.gui.bench import Bench
    from ras.gui.failures_report import FailuresReport
    from ras.gui.layout import Panels
    from ras.gui.pump import Pump
    from ras.gui.theme import Theme
    from ras.records import Archive
    from ras.worker import Worker


class ArchiveIndex:
    """``opened`` tells which archive is open, ``mode`` which mode is chosen, ``searching`` whether a search runs.

    ``changed`` is called when an indexing began, went on or ended. ``report`` shows what could not be indexed.
    """

    def __init__(
        self,
        theme: Theme,
        pump: Pump,
        bench: Bench,
        *,
        index_worker: Worker,
        search_worker: Worker,
        panels: Panels,
        report: FailuresReport,
        opened: Callable[[], Archive | None],
        mode: Callable[[], str],
        searching: Callable[[], bool],
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._theme, self._pump, self._bench = theme, pump, bench
        self._search_worker = search_worker
        self._panels, self._report = panels, report
        self._opened, self._mode, self._searching, self._changed = opened, mode, searching, changed
        self._encoder_id = ""
        self.readiness = Readiness()
        self.run = IndexingRun(
            pump,
            bench,
            index_worker,
            line=panels.status.indexing,
            notices=panels.notices,
            said=self._say,
            changed=self.update,
            ended=self.refresh,
            failed=failed,
        )

    @property
    def possible(self) -> bool:
        """Whether there is a picture in the archive that might still be indexed, or lacks details."""
        state = self.readiness.index
        return state is not None and (state.indexed < state.pictures or state.unfinished > 0) and not self.run.running

    @property
    def has_failures(self) -> bool:
        return self.readiness.index is not None and self.readiness.index.failed > 0

    def start(self, retry: Retry = False) -> None:
        """Index the archive that is open; ``retry`` also what failed before for good, or only what has these keys.

        Goes on with it where that was paused.
        """
        archive = self._opened()
        if self.run.paused and self.run.archive is archive and retry is False:
            self.run.resume()
        elif self.possible and archive is not None:
            self.run.start(archive, retry=retry)

    def show(self, readiness: Readiness | None = None) -> None:
        """Show what is known now, or was known before."""
        if readiness is not None:
            self.readiness = readiness
        known = self.readiness
        if known.states:
            more = not_indexed_text(known.index) if known.index is not None else ""
            self._panels.query_panel.show_modes(known.states, self._mode(), more)
        self.update()

    def refresh(self) -> None:
        """Ask anew what can be done with the archive, since what is indexed has changed."""
        self._pump.start(self._search_worker, self._bench.readiness, done=self.show)

    def use_encoder(self, encoder_id: str) -> None:
        """Searches use another encoder from now on: what is being indexed for the old one is of no use to them."""
        if encoder_id != self._encoder_id:
            self._encoder_id = encoder_id
            self.run.restart()

    def update(self) -> None:
        """Bring the button in line with what runs."""
        run, archive = self.run, self._opened()
        busy = ""
        if run.stopping or run.pausing:
            busy = "Stopping …" if run.stopping else "Pausing …"
        elif run.running:
            busy = "Indexing …" if run.archive is archive else "Indexing another …"
        resume = run.paused and run.archive is archive
        self._panels.archive_bar.show_index(self.readiness.index, busy, "Resume indexing" if resume else "")
        self._changed()

    def show_failures(self) -> None:
        """List the pictures of the archive that could not be indexed."""
        archive = self._opened()
        if archive is not None:
            self._list_failures(archive)

    def _list_failures(self, archive: Archive) -> None:
        def again(keys: frozenset[str]) -> None:
            if archive is self._opened():
                self.start(retry=keys)

        self._report.show_left_out(archive, self._encoder_id, again if archive is self._opened() else None)

    def _say(self, archive: Archive, text: str, left_out: bool) -> None:
        """How an indexing went."""
        if archive is not self._opened():
            text = f"{self._theme.shown(archive.name)}: {text}"
        if self._searching():  # whose progress has the line
            self._panels.notices.say(text)
        else:
            self._panels.status.say(text, (lambda: self._list_failures(archive)) if left_out else None)
