"""What is indexed of the archive that is open and what each mode can do with it: shown, asked anew, added to."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Callable

from ras.gui import dialogs, window
from ras.gui.bench import Readiness
from ras.gui.indexing_run import IndexingRun
from ras.gui.stored_archives import list_failures
from ras.gui.wording import not_indexed_text

if TYPE_CHECKING:
    from ras.gui.bench import Bench
    from ras.gui.layout import Panels
    from ras.gui.pump import Pump
    from ras.gui.theme import Theme
    from ras.records import Archive, Skipped
    from ras.worker import Worker


class ArchiveIndex:
    """``opened`` tells which archive is open, ``mode`` which mode is chosen, ``searching`` whether a search runs."""

    def __init__(
        self,
        root: tk.Tk,
        theme: Theme,
        pump: Pump,
        bench: Bench,
        *,
        index_worker: Worker,
        search_worker: Worker,
        query_worker: Worker,
        panels: Panels,
        opened: Callable[[], Archive | None],
        mode: Callable[[], str],
        searching: Callable[[], bool],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._root, self._theme, self._pump, self._bench = root, theme, pump, bench
        self._search_worker, self._query_worker = search_worker, query_worker
        self._panels = panels
        self._opened, self._mode, self._searching = opened, mode, searching
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

    def start(self, retry: bool = False) -> None:
        """Index the archive that is open; ``retry`` also the pictures that failed before for good."""
        archive = self._opened()
        if self.possible and archive is not None:
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
        """Bring the button and the window's title in line with what runs."""
        run, archive = self.run, self._opened()
        busy = ""
        if run.stopping:
            busy = "Stopping …"
        elif run.running:
            busy = "Indexing …" if run.archive is archive else "Indexing another …"
        self._panels.archive_bar.show_index(self.readiness.index, busy)
        percent = "" if run.percent is None else f"{run.percent} % – "
        name = "" if archive is None else f"{self._theme.shown(archive.name)} – "
        self._root.title(f"{percent}{name}{window.TITLE}")

    def show_failures(self) -> None:
        """List the pictures of the archive that could not be indexed."""
        archive = self._opened()
        if archive is not None:
            self._list_failures(archive)

    def _list_failures(self, archive: Archive) -> None:
        def show(failures: tuple[Skipped, ...]) -> None:
            again = (lambda: self.start(retry=True)) if archive is self._opened() else None
            dialogs.show_failures(self._root, self._theme, failures, again)

        self._pump.start(self._query_worker, lambda: list_failures(archive), done=show)

    def _say(self, archive: Archive, text: str, left_out: bool) -> None:
        """How an indexing went."""
        if archive is not self._opened():
            text = f"{self._theme.shown(archive.name)}: {text}"
        if self._searching():  # whose progress has the line
            self._panels.notices.say(text)
        else:
            self._panels.status.say(text, (lambda: self._list_failures(archive)) if left_out else None)
