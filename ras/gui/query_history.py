"""The recent queries under the query, and in a menu; choosing one searches for it again."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING

from PIL import ImageTk

from ras.gui.kept_queries import Thumbnail, forget, keep, kept
from ras.gui.query_strip import StripItem
from ras.gui.theme import Theme

if TYPE_CHECKING:
    from ras.gui.app import App
    from ras.gui.bench import LoadedQuery

_THUMBNAIL, _PAUSE_MS = 28, 300


class QueryHistory:
    def __init__(self, app: App) -> None:
        self._app, self._theme = app, app.theme
        self.recent: tuple[Thumbnail, ...] = ()
        self._waiting: LoadedQuery | None = None
        self._menu: tk.Menu | None = None
        self._photos: list[ImageTk.PhotoImage] = []
        app.pump.start(app.chores, kept, done=self._show)

    def add(self, loaded: LoadedQuery) -> None:
        """It is searched for. It is kept when the search is over: a picture takes a moment to be written."""
        waited, self._waiting = self._waiting is not None, loaded
        if not waited:
            self._app.root.after(_PAUSE_MS, self._keep)

    def _keep(self) -> None:
        loaded = self._waiting
        if self._app.run.running:
            self._app.root.after(_PAUSE_MS, self._keep)
            return
        self._waiting = None
        if loaded is not None and self._app.settings.keep_queries:
            self._app.pump.start(self._app.chores, lambda: keep(loaded), done=self._show)

    def clear(self) -> None:
        self._app.pump.start(self._app.chores, forget, done=self._show)

    def settings_changed(self) -> None:
        """Where no queries are to be kept any more, those of before go, too."""
        if not self._app.settings.keep_queries and self.recent:
            self.clear()

    def choose(self, index: int) -> None:
        if 0 <= index < len(self.recent):
            self._app.inputs.recall(self.recent[index].query)

    def pop_up(self) -> None:
        """All of them, with their names."""
        if self._menu is not None:
            self._menu.destroy()
        strip, theme = self._app.query_panel.strip, self._theme
        # A name of its own, each time the same: Tk never forgets one (Tk_GetUid).
        menu = self._menu = tk.Menu(self._app.root, name="recent", tearoff=False)
        theme.colour_menu(menu)
        self._photos = []
        for index, one in enumerate(self.recent):
            face = _face(one, theme)
            self._photos.append(face)
            menu.add_command(
                label="  " + theme.elided(theme.shown(one.query.shown), "RasBody", theme.px(280)),
                image=face,
                compound="left",
                command=lambda index=index: self.choose(index),  # type: ignore[misc]
            )
        beside = strip if strip.winfo_ismapped() else self._app.query_panel.zone
        menu.tk_popup(beside.winfo_rootx(), beside.winfo_rooty() + beside.winfo_height())

    def _show(self, recent: tuple[Thumbnail, ...]) -> None:
        self.recent = recent
        self._app.query_panel.show_recent([StripItem(one.image, one.query.shown) for one in recent])


def _face(one: Thumbnail, theme: Theme) -> ImageTk.PhotoImage:
    from ras.gui import shapes

    side, colours = theme.px(_THUMBNAIL), theme.palette
    if one.image is None:
        return theme.icon("search", _THUMBNAIL, colours.muted)
    face = shapes.framed(one.image, (side, side), theme.px(4), colours.well, colours.panel, fill=True)
    return ImageTk.PhotoImage(face, master=theme.root)
