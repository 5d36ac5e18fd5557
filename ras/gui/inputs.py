"""What a search needs, however it comes in: the archive and the query, by menu, drop, paste or command line."""

from __future__ import annotations

import os
import tkinter as tk
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Sequence

from ras.gui import dialogs
from ras.gui.bench import load, load_result
from ras.gui.sample import FIRST_QUERY, SAMPLE
from ras.records import Notice, Progress

if TYPE_CHECKING:
    from ras.gui.archive_bar import ArchiveBar
    from ras.gui.bench import ArchiveFacts, Bench, LoadedQuery
    from ras.gui.incoming import Incoming
    from ras.gui.notices import NoticeBar
    from ras.gui.pump import Pump
    from ras.gui.query_panel import QueryPanel
    from ras.gui.status_bar import StatusBar
    from ras.records import Job, SearchResult
    from ras.worker import Ticket, Worker


class Inputs:
    """Opens archive and query, and keeps those that are open; a failure leaves what was open before.

    ``begins`` is called when a new input is asked for, ``opened`` and ``loaded`` when there is a new archive or query,
    ``changed`` whenever something to be seen has changed.
    """

    def __init__(
        self,
        root: tk.Tk,
        pump: Pump,
        bench: Bench,
        *,
        archive_worker: Worker,
        query_worker: Worker,
        archive_bar: ArchiveBar,
        query_panel: QueryPanel,
        status: StatusBar,
        notices: NoticeBar,
        begins: Callable[[], None],
        opened: Callable[[ArchiveFacts], None],
        loaded: Callable[[LoadedQuery | None], None],
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._root, self._pump, self._bench = root, pump, bench
        self._archive_worker, self._query_worker = archive_worker, query_worker
        self._archive_bar, self._query_panel = archive_bar, query_panel
        self._status, self._notices = status, notices
        self._begins, self._opened, self._loaded = begins, opened, loaded
        self._changed, self._failed = changed, failed
        self.archive: ArchiveFacts | None = None
        self.query: LoadedQuery | None = None
        self._opening: Ticket | None = None
        self._loading: Ticket | None = None

    @property
    def opening(self) -> bool:
        """Whether an archive is being read."""
        return self._opening is not None

    @property
    def complete(self) -> bool:
        """Whether a search can start."""
        return self.archive is not None and self.query is not None and self._opening is None and self._loading is None

    # -- archive ---------------------------------------------------------------------------------------------------

    def ask_for_archive(self) -> None:
        paths = dialogs.choose_archive(self._root)
        if paths:
            self.open_archive(paths)

    def open_sample(self) -> None:
        """The sample archive, and a picture to search for in it: one click shows what RAS does."""
        self.open_archive([str(SAMPLE)])
        if FIRST_QUERY.is_file():
            self.load_query(str(FIRST_QUERY))

    def open_archive(self, paths: Sequence[str]) -> None:
        """The parts of one export."""
        self._begins()
        if self._opening is not None:
            self._opening.cancel()
        paths = tuple(os.path.abspath(path) for path in paths)
        self._archive_bar.show_reading(Path(paths[0]).stem)

        def event(event: object) -> None:
            if isinstance(event, Progress):
                self._status.progress(event)
            elif isinstance(event, Notice):
                self._notices.say(event.text)

        def done(facts: ArchiveFacts) -> None:
            self._opening = None
            self.archive = facts
            self._archive_bar.show(facts)
            self._opened(facts)

        def failed(error: BaseException) -> None:
            self._stop_reading()
            self._failed(error)

        self._opening = self._pump.start(
            self._archive_worker, lambda: self._bench.open(paths), event=event, done=done, failed=failed
        )
        self._changed()

    def cancel_opening(self) -> None:
        """Stop reading an archive; the one before it stays open."""
        if self._opening is not None:
            self._opening.cancel()
            self._stop_reading("Cancelled: the archive was not opened.")

    def _stop_reading(self, said: str = "") -> None:
        self._opening = None
        self._status.say(said)
        if self.archive is not None:
            self._archive_bar.show(self.archive)
        else:
            self._archive_bar.show_nothing()
        self._changed()

    # -- query -----------------------------------------------------------------------------------------------------

    def ask_for_picture(self) -> None:
        path = dialogs.choose_picture(self._root)
        if path:
            self.load_query(path)

    def load_query(self, source: Any, name: str | None = None) -> None:
        """Make a picture (a path, or a PIL image with its ``name``) the query."""
        self._load(name or Path(source).name, lambda: load(source, name))

    def load_result(self, result: SearchResult, media_folders: Sequence[str]) -> None:
        """Make a result's picture the query."""
        folders = tuple(media_folders)
        self._load(result.record.file_name, lambda: load_result(result, folders))

    def _load(self, name: str, make_job: Callable[[], Job[LoadedQuery]]) -> None:
        self._begins()
        if self._loading is not None:
            self._loading.cancel()
        self._query_panel.show_loading(name)

        def done(loaded: LoadedQuery) -> None:
            self._loading = None
            self.query = loaded
            self._loaded(loaded)  # first of all: while a search runs, there is time to draw
            self._show_query()

        def failed(error: BaseException) -> None:
            self._loading = None
            self._show_query()
            self._changed()
            self._failed(error)

        self._loading = self._pump.start(self._query_worker, make_job, done=done, failed=failed)
        self._changed()

    def clear_query(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        self._begins()
        self.query = None
        self._show_query()
        self._loaded(None)

    def _show_query(self) -> None:
        if self.query is None:
            self._query_panel.show_nothing()
        else:
            width, height = self.query.query.image.size
            self._query_panel.show_picture(self.query.preview, self.query.query.name, f"{width:,} × {height:,} pixels")

    # -- either ----------------------------------------------------------------------------------------------------

    def take_files(self, paths: Sequence[str]) -> None:
        """Files from a drop, a paste or the command line: exports are opened, a picture becomes the query."""
        from ras.gui.incoming import sort_files

        def done(incoming: Incoming) -> None:
            for sentence in incoming.refusals:
                self._notices.say(sentence)
            if len(incoming.pictures) > 1:
                first = Path(incoming.pictures[0]).name
                self._notices.say(f"RAS searches for one picture at a time; it took “{first}”.")
            if incoming.archives:
                self.open_archive(incoming.archives)
            if incoming.pictures:
                self.load_query(incoming.pictures[0])

        self._pump.start(self._query_worker, lambda: sort_files(paths), done=done)

    def paste(self) -> None:
        """A picture, or copied files, from the clipboard."""
        from ras.gui.clipboard import paste, text_on_clipboard

        text = text_on_clipboard(self._root)

        def done(pasted: Any) -> None:
            if isinstance(pasted, list):
                self.take_files(pasted)
            else:
                self.load_query(pasted, "Pasted picture")

        self._pump.start(self._query_worker, lambda: paste(text), done=done)
