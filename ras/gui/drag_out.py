"""A result is dragged to another program: its picture as a file, its original URL as a text."""

from __future__ import annotations

import logging
import os
import tkinter as tk
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ras.errors import RASError
from ras.gui.drag_copies import DragCopies, DragCopy, clear_leftovers, copy_for_drag
from ras.gui.incoming import paths_in
from ras.gui.picture_file import PictureFile
from ras.text import clean

if TYPE_CHECKING:
    from ras.gui.app import App
    from ras.records import SearchResult
    from ras.worker import Ticket

log = logging.getLogger(__name__)

_REFUSED = ("refuse_drop",)
_START = 5
"""Pixels, at a scale of 1, that the mouse moves before a press becomes a drag."""


class DragOut:
    """From a tile, a row of the list, and the picture in the details. The file is written when the mouse is pressed, on
    a worker: there once the drag begins, mostly; else the preview goes in its place.

    Dropped on the query, it is “More like this”; this window takes it nowhere else.
    """

    def __init__(self, app: App) -> None:
        self._app, self._grid, self._details = app, app.results, app.details
        self._aqua = app.root.tk.call("tk", "windowingsystem") == "aqua"
        self._x11 = app.root.tk.call("tk", "windowingsystem") == "x11"
        self._copies = DragCopies()
        self._pressed: SearchResult | None = None
        self._dragged: SearchResult | None = None
        self._offered = ("", "")
        """(path, URL) of the newest drag."""
        self._kept: dict[str, DragCopy] = {}
        """By the key of the record: what was dragged may be read for as long as the window is there."""
        self._ready: tuple[str, DragCopy] | None = None
        """(key of the record, its copy), not dragged yet."""
        self._writing: Ticket | None = None
        self._focus = ""
        self.works = self._set_up()
        if self.works:
            self._details.picture_tip += "; drag it into another program"
        app.pump.start(app.workers.chores, clear_leftovers)
        app.when_closed.append(self._copies.clear)

    def _set_up(self) -> bool:
        """Without the package, or where it does not load, results just can't be dragged."""
        app = self._app
        try:
            from tkinterdnd2 import DND_FILES, DND_TEXT

            sources: tuple[Any, ...] = (self._grid.canvas, self._details.picture)
            for widget in sources:
                widget.drag_source_register(1, DND_FILES, DND_TEXT)
                widget.dnd_bind("<<DragInitCmd>>", self._begin)
                widget.dnd_bind("<<DragEndCmd>>", self._end)
            app.root.tk.eval(f"set ::tkdnd::_dx {app.theme.px(_START)}; set ::tkdnd::_dy {app.theme.px(_START)}")
            if self._x11:
                from ras.gui.xdnd_files import send_files_as_bytes

                send_files_as_bytes(app.root)
        except (ImportError, AttributeError, tk.TclError) as exc:
            log.warning("Results cannot be dragged to other programs here: %s", exc)
            return False
        for widget, press in (
            (self._grid.canvas, self._press_on_tile),
            (self._details.picture, self._press_on_picture),
        ):
            # A tag of its own, before the widget's: a press there lifts the veil of a spoiler.
            tag = f"DragOut{widget}"
            widget.bindtags((tag, *widget.bindtags()))
            widget.bind_class(tag, "<Button-1>", press)
            for other in ("<Double-Button-1>", *(("<Control-Button-1>",) if self._aqua else ())):
                widget.bind_class(tag, other, lambda _event: self._press(None))
        return True

    # -- the mouse is pressed --------------------------------------------------------------------------------------

    def _press_on_tile(self, event: tk.Event[tk.Misc]) -> None:
        grid, y = self._grid, int(self._grid.canvas.canvasy(event.y))
        place = grid.layout.place_at(event.x, y)
        if place is None or place >= grid.amount or grid.on_pill(place, event.x, y):
            self._press(None)
        else:
            self._press(grid.result_at(place))

    def _press_on_picture(self, _event: object) -> None:
        self._press(self._details.result)

    def _press(self, result: SearchResult | None) -> None:
        """What is dragged if the mouse moves on; None where that is nothing."""
        self._pressed = None if result is None or self._grid.is_veiled(result) else result
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        if self._pressed is not None and self._copy_of(self._pressed) is None:
            self._write(self._pressed)

    def _write(self, result: SearchResult) -> None:
        app, key, folders = self._app, result.record.key, tuple(self._app.settings.media_folders)
        unused, self._ready = None if self._ready is None else self._ready[1], None

        def done(copy: DragCopy) -> None:
            self._writing, self._ready = None, (key, copy)

        def failed(error: BaseException) -> None:
            self._writing = None
            if not isinstance(error, RASError):  # of those, who drags hears what could be had instead
                app.failed(error)

        self._writing = app.pump.start(
            app.workers.chores,
            lambda: copy_for_drag(result, folders, self._copies, unused),
            done=done,
            failed=failed,
        )

    def _copy_of(self, result: SearchResult) -> DragCopy | None:
        """One that is as good as it gets, and still there."""
        key = result.record.key
        copy = self._ready[1] if self._ready is not None and self._ready[0] == key else self._kept.get(key)
        return copy if copy is not None and not copy.is_preview and os.path.exists(copy.path) else None

    # -- it is dragged ---------------------------------------------------------------------------------------------

    def _begin(self, _event: object) -> Any:
        """What is offered, as tkdnd wants it: actions, and (type, data) pairs."""
        result = self._pressed
        if result is None or not self._can_drag():
            return _REFUSED
        copy, url = self._file_of(result), clean(result.record.url)
        if copy is None and not url:
            self._app.status.say("There is neither a picture nor a link to drag.")
            return _REFUSED
        if copy is not None:
            self._kept[result.record.key] = copy
        self._dragged, self._offered = result, ("" if copy is None else copy.path, url)
        self._focus = str(self._app.root.tk.call("focus"))
        self._grid.controls.tip.hide()
        offers: list[object] = []
        if copy is not None:
            offers += ["DND_Files", (Path(copy.path).as_uri() if self._x11 else copy.path,)]
        if url:
            offers += ["DND_Text", url]
        return ("copy",), tuple(offers)

    def _can_drag(self) -> bool:
        """Not while the drag before is under way, nor once the button was let go, which may be before we hear of it."""
        if not self._x11:
            return True
        from ras.gui.xdnd_files import is_button_down, is_dragging

        return not is_dragging(self._app.root) and is_button_down(self._app.root)

    def _file_of(self, result: SearchResult) -> DragCopy | None:
        """What was written since the mouse was pressed, else the preview; None where there is neither."""
        if self._ready is not None and self._ready[0] == result.record.key:
            ready, self._ready = self._ready[1], None
            return ready
        copy = self._copy_of(result)
        if copy is not None or result.preview is None:
            return copy
        try:
            return self._copies.write(PictureFile(result.record.file_name, result.preview, "JPEG", is_preview=True))
        except RASError as exc:
            self._app.notices.say(str(exc))
            return None

    def _end(self, event: Any) -> None:
        result, self._pressed = self._dragged, None
        tk_call = self._app.root.tk.call
        if self._focus and str(tk_call("focus")) == str(self._app.panels):
            tk_call("focus", self._focus)  # tkdnd gives the keyboard to what something is dragged over
        if result is not None and event.action != "refuse_drop":
            self._say(result)
        if not self._aqua:  # there, the drag has only begun
            self._dragged = None

    def _say(self, result: SearchResult) -> None:
        name, copy = f"“{clean(result.record.file_name, longest=80)}”", self._kept.get(result.record.key)
        if copy is None:
            self._app.status.say(f"Only the link to {name} was dragged: there is neither a file nor a preview of it.")
        elif copy.is_preview:
            why = "the picture is not on this computer" if self._writing is None else "the picture was not ready yet"
            self._app.status.say(f"Only the preview of {name} was dragged: {why}.")

    # -- it comes back to this window ------------------------------------------------------------------------------

    def is_unwelcome(self, x: int, y: int) -> bool:
        """Whether it is what is dragged just now, and at a place of the screen where this window does not take it."""
        return self._dragged is not None and not self._aqua and not self._is_on_query(x, y)

    def take(self, data: str, x: int, y: int) -> bool:
        """Whether what was dropped there was dragged from here; then it is seen to."""
        (path, url), result = self._offered, self._dragged
        if result is None or (paths_in(data) != [path] if path else data.strip() != url):
            return False
        self._dragged = None
        if self._is_on_query(x, y):
            self._app.root.after(1, self._app.actions.more_like.run, result)
        return True

    def _is_on_query(self, x: int, y: int) -> bool:
        panel = self._app.query_panel
        left, top = x - panel.winfo_rootx(), y - panel.winfo_rooty()
        return 0 <= left < panel.winfo_width() and 0 <= top < panel.winfo_height()
