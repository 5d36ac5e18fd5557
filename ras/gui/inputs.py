"""What a search needs, however it comes in: the archive and the query, by menu, drop, paste or command line."""

from __future__ import annotations

import os
import tkinter as tk
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Sequence

from ras.gui import dialogs, interpreter
from ras.gui.query_input import QueryInput
from ras.gui.sample import FIRST_QUERY, SAMPLE
from ras.records import Notice, Progress
from ras.text import whole

if TYPE_CHECKING:
    from ras.gui.archive_bar import ArchiveBar
    from ras.gui.bench import ArchiveFacts, Bench, LoadedQuery
    from ras.gui.incoming import Incoming
    from ras.gui.notices import NoticeBar
    from ras.gui.pump import Pump
    from ras.gui.query_panel import QueryPanel
    from ras.gui.status_bar import StatusBar
    from ras.settings import Settings
    from ras.worker import Ticket, Worker

_TIMES = 8
"""After so many archives that were opened, all garbage is looked for, which holds up the window for a moment."""


class Inputs(QueryInput):
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
        fetch_worker: Worker,
        archive_bar: ArchiveBar,
        query_panel: QueryPanel,
        status: StatusBar,
        notices: NoticeBar,
        settings: Callable[[], Settings],
        begins: Callable[[], None],
        reads: Callable[[Sequence[str]], None],
        opened: Callable[[ArchiveFacts], None],
        loaded: Callable[[LoadedQuery | None], None],
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        super().__init__(
            root,
            pump,
            query_worker=query_worker,
            fetch_worker=fetch_worker,
            query_panel=query_panel,
            status=status,
            notices=notices,
            settings=settings,
            begins=begins,
            loaded=loaded,
            changed=changed,
            failed=failed,
        )
        self._bench, self._archive_worker = bench, archive_worker
        self._archive_bar = archive_bar
        self._reads, self._opened = reads, opened
        self.archive: ArchiveFacts | None = None
        self._opening: Ticket | None = None
        self.openings = 0
        """How often an archive was asked for."""

    @property
    def opening(self) -> bool:
        """Whether an archive is being read."""
        return self._opening is not None

    @property
    def busy(self) -> bool:
        """Whether something is going on that takes long enough to be cancelled."""
        return self.opening or self.downloading

    @property
    def complete(self) -> bool:
        """Whether a search can start."""
        return self.archive is not None and self.query is not None and self._opening is None and not self.loading

    # -- archive ---------------------------------------------------------------------------------------------------

    def ask_for_archive(self) -> None:
        paths = dialogs.choose_archive(self._root)
        if paths:
            self.open_archive(paths)

    def ask_for_folder(self) -> None:
        folder = dialogs.choose_folder(self._root, "Open all Discord archives of a folder")
        if folder:
            self.open_archive([folder])

    def open_sample(self) -> None:
        """The sample archive, and a picture to search for in it: one click shows what RAS does."""
        self.open_archive([str(SAMPLE)])
        if FIRST_QUERY.is_file():
            self.load_query(str(FIRST_QUERY))

    def open_archive(self, paths: Sequence[str]) -> None:
        """Exports, folders and zips, all as one archive."""
        self._begins()
        if self._opening is not None:
            self._opening.cancel()
        paths, kinds = tuple(os.path.abspath(path) for path in paths), self._settings().kinds
        more = f" and {whole(len(paths) - 1)} more" if len(paths) > 1 else ""
        self._reads(paths)
        self._archive_bar.show_reading(Path(paths[0]).stem + more)
        # When it is read, what there is then is kept for good. Now and then, what was in use then is not any more.
        self.openings += 1
        interpreter.collect(also_kept=self.openings % _TIMES == 0)

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
            self._archive_worker, lambda: self._bench.open(paths, kinds), event=event, done=done, failed=failed
        )
        self._changed()

    def cancel_opening(self) -> None:
        """Stop reading an archive, and downloading a picture; those before it stay."""
        if self.downloading:
            self.stop_download()
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

    # -- either ----------------------------------------------------------------------------------------------------

    def take_files(self, paths: Sequence[str]) -> None:
        """Files from a drop, a paste or the command line: archives are opened together, pictures become the query."""
        from ras.gui.incoming import sort_files

        def done(incoming: Incoming) -> None:
            for sentence in incoming.refusals:
                self._notices.say(sentence)
            if incoming.archives:
                self.open_archive(incoming.archives)
            if len(incoming.pictures) > 1:
                self.load_several(incoming.pictures)
            elif incoming.pictures:
                self.load_query(incoming.pictures[0])

        self._pump.start(self._query_worker, lambda: sort_files(paths), done=done)

    def paste_no_text(self) -> bool:
        """Paste where text can be pasted, too; False where it is a text, and was not."""
        from ras.gui.clipboard import text_on_clipboard
        from ras.gui.incoming import paths_in
        from ras.gui.picture_links import link_in

        text = text_on_clipboard(self._root)
        if text is not None and not paths_in(text) and not link_in(text):
            return False
        self.paste()
        return True

    def paste(self) -> None:
        """A picture, copied files, or the link of a picture, from the clipboard."""
        from ras.gui.clipboard import paste, text_on_clipboard

        text = text_on_clipboard(self._root)

        def done(pasted: Any) -> None:
            if isinstance(pasted, list):
                self.take_files(pasted)
            elif isinstance(pasted, str):
                self.load_link(pasted)
            else:
                self.load_query(pasted, "Pasted picture")

        self._pump.start(self._query_worker, lambda: paste(text), done=done)
