"""The query as it comes in: a picture, whole or a part of it, from a file, a result or a link; a text; or both."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Sequence

from ras.errors import EncoderError
from ras.gui import dialogs
from ras.gui.bench import crop, load, load_result, load_several, with_text
from ras.records import Notice, Progress
from ras.text import whole

if TYPE_CHECKING:
    from ras.gui.bench import LoadedQuery
    from ras.gui.crop_box import CropBox
    from ras.gui.kept_queries import KeptQuery
    from ras.gui.notices import NoticeBar
    from ras.gui.pump import Pump
    from ras.gui.query_panel import QueryPanel
    from ras.gui.status_bar import StatusBar
    from ras.records import Job, SearchResult
    from ras.settings import Settings
    from ras.worker import Ticket, Worker

MOST_AT_ONCE = 20


class QueryInput:
    """Opens the query and keeps it; a failure leaves the one before. See ``Inputs``, which opens the archive, too."""

    def __init__(
        self,
        root: tk.Tk,
        pump: Pump,
        *,
        query_worker: Worker,
        fetch_worker: Worker,
        query_panel: QueryPanel,
        status: StatusBar,
        notices: NoticeBar,
        settings: Callable[[], Settings],
        begins: Callable[[], None],
        loaded: Callable[[LoadedQuery | None], None],
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._root, self._pump = root, pump
        self._query_worker, self._fetch_worker = query_worker, fetch_worker
        self._query_panel, self._status, self._notices = query_panel, status, notices
        self._settings = settings
        self._begins, self._loaded, self._changed, self._failed = begins, loaded, changed, failed
        self.query: LoadedQuery | None = None
        """The picture, the text, or both together."""
        self.picture: LoadedQuery | None = None
        self.several: tuple[LoadedQuery, ...] = ()
        """Pictures that are searched for together, ``picture`` among them; empty where it is alone."""
        self._text, self._text_weight, self._knows_text = "", 0.5, False
        self._loading: Ticket | None = None
        self._opens_other = False
        """Whether a picture is being opened, and not a part of the one there is."""
        self.downloading = False

    @property
    def loading(self) -> bool:
        """Whether a picture is being opened."""
        return self._loading is not None

    def stop_download(self) -> None:
        """Of a picture; the query before it stays."""
        self._stop_loading()
        self._show_query()
        self._status.say("Cancelled: the picture was not downloaded.")
        self._changed()

    def ask_for_picture(self) -> None:
        path = dialogs.choose_picture(self._root)
        if path:
            self.load_query(path)

    def load_query(self, source: Any, name: str | None = None) -> None:
        """Make a picture (a path, or a PIL image with its ``name``) the query."""
        self._load(name or Path(source).name, lambda: load(source, name))

    def load_several(self, paths: Sequence[str]) -> None:
        """Make several pictures the queries, to be searched for together; the first is shown."""
        if len(paths) > MOST_AT_ONCE:
            self._notices.say(
                f"RAS searches for {MOST_AT_ONCE} pictures at a time; it took the first {MOST_AT_ONCE} of "
                f"{whole(len(paths))}."
            )
        taken = tuple(paths[:MOST_AT_ONCE])
        self._load(f"{len(taken)} pictures", lambda: load_several(taken))

    def show_one(self, place: int) -> None:
        """Show another of several pictures; nothing is searched for anew."""
        self.picture = self.several[place]
        self._compose()
        self._show_query()

    @property
    def described(self) -> tuple[str, float]:
        """The text that is searched for, too, and how much it counts."""
        return (self._text if self._knows_text else ""), self._text_weight

    def load_result(self, result: SearchResult, media_folders: Sequence[str]) -> None:
        """Make a result's picture the query."""
        folders = tuple(media_folders)
        self._load(result.record.file_name, lambda: load_result(result, folders))

    def load_link(self, link: str) -> None:
        """Make the picture behind a link, or in it, the query."""
        from ras.gui.picture_links import load_link, picture_name

        settings = self._settings()
        downloads = not link.lower().startswith("data:")
        self._load(picture_name(link), lambda: load_link(link, settings), downloads=downloads)

    def recall(self, query: KeptQuery) -> None:
        """Search again for one of late."""
        from ras.gui.kept_queries import recall

        if query.text and not query.picture and not self._knows_text:
            self._failed(EncoderError("Texts can be searched for with CLIP only: choose it in the menu “Model”."))
            return
        self._query_panel.text_field.show(query.text, query.text_weight)
        if query.picture:
            self._load(query.name, lambda: recall(query))
        else:
            self._stop_loading()
            self._begins()
            self.picture, self.several = None, ()
            self._compose()
            self._show_query()
            self._loaded(self.query)

    def crop(self, box: CropBox | None) -> None:
        """Search for a part of the query's picture; None is the whole again."""
        loaded = self.picture
        if loaded is not None and not self._opens_other:
            self._load("", lambda: crop(loaded, box))

    def _load(
        self,
        name: str,
        make_job: Callable[[], Job[LoadedQuery] | Job[tuple[LoadedQuery, ...]]],
        *,
        downloads: bool = False,
    ) -> None:
        """``name``: of another picture, to be shown while it is opened."""
        self._begins()
        self._stop_loading()
        self._opens_other, self.downloading = bool(name), downloads
        if name:
            self._query_panel.show_loading(name, "Downloading" if downloads else "Opening")

        def done(loaded: LoadedQuery | tuple[LoadedQuery, ...]) -> None:
            self._loading, self._opens_other, self.downloading = None, False, False
            self.several = loaded if isinstance(loaded, tuple) else ()
            self.picture = loaded[0] if isinstance(loaded, tuple) else loaded
            self._compose()
            self._loaded(self.picture)  # first of all: while a search runs, there is time to draw
            self._show_query()

        def failed(error: BaseException) -> None:
            self._loading, self._opens_other, self.downloading = None, False, False
            if downloads:
                self._status.say("")
            self._show_query()
            self._changed()
            self._failed(error)

        def event(event: object) -> None:
            if isinstance(event, Progress):
                self._status.progress(event)
            elif isinstance(event, Notice):
                self._notices.say(event.text)

        worker = self._fetch_worker if downloads else self._query_worker
        self._loading = self._pump.start(worker, make_job, event=event, done=done, failed=failed)
        self._changed()

    def clear_query(self) -> None:
        self._stop_loading()
        self._begins()
        self.picture, self.several = None, ()
        self._compose()
        self._show_query()
        self._loaded(None)

    def _stop_loading(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
        self._loading, self._opens_other, self.downloading = None, False, False

    def _show_query(self) -> None:
        picture = self.picture
        if picture is None or picture.preview is None:
            self._query_panel.show_nothing()
        else:
            self._query_panel.show_picture(picture.preview, picture.query.name, picture.size, picture.crop)

    def use_text(self, known: bool) -> None:
        """Whether the encoder in use knows texts; the field is there only then."""
        self._knows_text = known
        self._query_panel.show_text_field(known)
        self._compose()

    def describe(self, text: str, weight: float) -> None:
        """A text to search for, alone or with the picture; empty for none. The search is asked for by Enter."""
        self._text, self._text_weight = text, weight
        self._compose()
        self._changed()

    def _compose(self) -> None:
        text = self._text if self._knows_text else ""
        self.query = with_text(self.picture, text, self._text_weight)
        self._query_panel.show_weight(bool(text) and self.picture is not None)
