"""The panels of the window, from top to bottom and from left to right."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING

from ras.gui.archive_bar import ArchiveBar
from ras.gui.centre import Centre
from ras.gui.details import DetailsPanel
from ras.gui.notices import NoticeBar
from ras.gui.query_panel import QueryPanel
from ras.gui.status_bar import StatusBar

if TYPE_CHECKING:
    from ras.gui.app import App

_LEAST_CENTRE = 220
"""Width of the middle with the gaps on both its sides."""


class Panels(ttk.Frame):
    """Made before the parts that they report to: what a panel calls is looked up in the app when it calls."""

    def __init__(self, app: App) -> None:
        theme, px = app.theme, app.theme.px
        super().__init__(app.root, padding=(px(16), px(14), px(16), px(10)))
        self._px = px
        self.pack(fill="both", expand=True)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(2, weight=1)
        can_drop = self._accept_drops(app)
        self.archive_bar = ArchiveBar(
            self,
            theme,
            can_drop=can_drop,
            open_archive=lambda: app.inputs.ask_for_archive(),
            switch=lambda: app.switcher.open(),
            index=lambda: app.index.start(),
            show_failures=lambda: app.index.show_failures(),
        )
        self.archive_bar.grid(row=0, column=0, columnspan=3, sticky="ew", pady=(0, px(14)))
        self.notices = NoticeBar(self, theme)
        self.notices.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(0, px(12)))
        self.notices.grid_remove()
        self.query_panel = QueryPanel(
            self,
            theme,
            can_drop=can_drop,
            browse=lambda: app.inputs.ask_for_picture(),
            clear=lambda: app.inputs.clear_query(),
            crop=lambda box: app.inputs.crop(box),
            describe=lambda text, weight: app.inputs.describe(text, weight),
            paste=lambda: app.inputs.paste_no_text(),
            choose_query=lambda index: (app.batch if app.batch.active else app.history).choose(index),
            choose_mode=app.choose_mode,
            choose_scope=app.choose_scope,
            search=app.search,
            cancel=app.cancel,
        )
        self.query_panel.name_mode(app.settings.mode)
        self.query_panel.show_scope(app.settings.scope)
        self.query_panel.grid(row=2, column=0, sticky="ns")
        self.query_panel.grid_propagate(False)
        self.centre = Centre(
            self,
            theme,
            selected=lambda result: app.selection.show(result),
            opened=app.actions.open_message.run,
            menu=app.actions.pop_up,
            search=app.search,
            search_only=app.search,
            order=lambda order: app.looks.choose(order=order),
            resize=lambda size: app.looks.choose(tile_size=size),
            turn=lambda: app.looks.turn_list(),
            show_rest=app.show_rest,
            search_wider=lambda: app.choose_scope("all"),
            can_drop=can_drop,
        )
        self.centre.grid(row=2, column=1, sticky="nsew", padx=(px(4), 0))
        self.details = DetailsPanel(
            self,
            theme,
            actions=app.actions.in_panel,
            close=lambda: app.selection.toggle(),
            reveal=lambda: self.centre.results.reveal_selected(),
            compare=lambda: app.comparing.open(),
            around=lambda: app.around.toggle(),
            mark=self.centre.results.mark,
            turn=self.centre.results.controls.turn_selected,
        )
        self.centre.results.bind("<<Arranged>>", lambda _event: self.details.show_postings(), add=True)
        self.details.grid(row=2, column=2, sticky="ns", padx=(px(8), 0))
        self.details.grid_propagate(False)
        self.details.grid_remove()
        self.status = StatusBar(
            self,
            theme,
            show_skipped=app.show_skipped,
            pause_indexing=lambda: app.index.run.pause_or_resume(),
            stop_indexing=lambda: app.index.run.stop(),
            stop_download=lambda: app.encoder.stop_download(),
            progressed=app.work_title.update,
        )
        self.status.grid(row=3, column=0, columnspan=3, sticky="ew", pady=(px(10), 0))
        self.bind("<Configure>", self._resized)

    def _accept_drops(self, app: App) -> bool:
        from ras.gui.dnd import accept_drops

        return accept_drops(
            self,
            hovering=lambda over: self.query_panel.zone.light(over),
            files=lambda paths: app.inputs.take_files(paths),
            link=lambda link: app.inputs.load_link(link),
            refuse=lambda text: self.notices.say(text),
            out=lambda: app.drag_out,
        )

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        px = self._px
        beside = (event.width - px(_LEAST_CENTRE)) // 2  # on a small screen of a large scale
        width = px(288) if event.width > px(1120) else max(px(204), min(px(252), beside))
        for panel in (self.query_panel, self.details):
            panel.configure(width=width)
