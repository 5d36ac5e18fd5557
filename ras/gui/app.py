"""The window's wiring: panels, workers and settings are made here once, and told of each other."""

from __future__ import annotations

import dataclasses
import gc
import os
import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Any, Callable, Generator, Sequence

from ras.errors import RASError, SettingsError
from ras.gui import dialogs, menus, window
from ras.gui.archive_bar import ArchiveBar
from ras.gui.bench import ArchiveFacts, Bench, EngineFacts
from ras.gui.centre import Centre
from ras.gui.commands import MenuBar
from ras.gui.crashes import CrashReporter
from ras.gui.details import DetailsPanel
from ras.gui.encoder_choice import EncoderChoice
from ras.gui.inputs import Inputs
from ras.gui.notices import NoticeBar
from ras.gui.pump import Pump
from ras.gui.query_panel import QueryPanel
from ras.gui.result_actions import ResultActions
from ras.gui.sample import is_sample, sample_queries
from ras.gui.search_run import SearchRun
from ras.gui.selection import Selection
from ras.gui.status_bar import StatusBar
from ras.gui.theme import Theme
from ras.records import Progress
from ras.settings import MODES, Settings, save_settings
from ras.text import count
from ras.worker import Worker

if TYPE_CHECKING:
    from ras.engine import ModeState


class App:
    """One window. ``bench`` is replaced in tests that need an engine of their own."""

    def __init__(self, root: tk.Tk, theme: Theme, settings: Settings, bench: Bench | None = None) -> None:
        self.root, self.theme, self.settings = root, theme, settings
        theme.use(settings.theme)
        self.crashes = CrashReporter(root, self.theme)
        root.report_callback_exception = lambda _kind, error, _trace: self.crashes.report(error)
        self.bench = bench or Bench()
        self.searches, self.downloads, self.chores = Worker("search"), Worker("download"), Worker("chores")
        self.pump = Pump(root, self.failed)
        self._states: tuple[ModeState, ...] = ()
        self._search_when_complete = False
        self.actions = ResultActions(
            root,
            self.theme,
            chore=self.chore,
            said=lambda text: self.status.say(text),
            media_folders=lambda: self.settings.media_folders,
        )
        self._build()
        self.encoder = EncoderChoice(
            self.pump,
            self.bench,
            self.searches,
            self.downloads,
            settings=lambda: self.settings,
            change=self.change,
            built=self._engine_built,
            loading=self._engine_loading,
            downloading=self.status.download,
            notice=self.notices.say,
            failed=self.failed,
        )
        self.inputs = Inputs(
            root,
            self.pump,
            self.bench,
            archive_worker=self.searches,
            query_worker=self.chores,
            archive_bar=self.archive_bar,
            query_panel=self.query_panel,
            status=self.status,
            notices=self.notices,
            begins=self._input_begins,
            opened=self._archive_opened,
            loaded=self._query_loaded,
            changed=self.update,
            failed=self.failed,
        )
        self.run = SearchRun(
            self.pump,
            self.bench,
            self.searches,
            grid=self.results,
            status=self.status,
            notices=self.notices,
            changed=self.update,
            failed=self.failed,
        )
        self.selection = Selection(
            self.pump,
            self.chores,
            results=self.results,
            details=self.details,
            media_folders=lambda: self.settings.media_folders,
        )
        self.menu_bar = MenuBar(root, theme, menus.entries(self))
        menus.bind_result_keys(self)
        root.bind_class("TButton", "<Return>", _press_button)
        window.place(root, settings.window_geometry, self.theme.scale)
        root.protocol("WM_DELETE_WINDOW", self.close)
        self.update()

    def _build(self) -> None:
        """The panels, from top to bottom and from left to right. What they report goes to parts that are made later."""
        theme, px = self.theme, self.theme.px
        self.frame = ttk.Frame(self.root, padding=(px(16), px(14), px(16), px(10)))
        self.frame.pack(fill="both", expand=True)
        self.frame.columnconfigure(1, weight=1)
        self.frame.rowconfigure(2, weight=1)
        can_drop = self._accept_drops()
        self.archive_bar = ArchiveBar(
            self.frame, theme, can_drop=can_drop, open_archive=lambda: self.inputs.ask_for_archive()
        )
        self.archive_bar.grid(row=0, column=0, columnspan=3, sticky="ew", pady=(0, px(14)))
        self.notices = NoticeBar(self.frame, theme)
        self.notices.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(0, px(12)))
        self.notices.grid_remove()
        self.query_panel = QueryPanel(
            self.frame,
            theme,
            can_drop=can_drop,
            browse=lambda: self.inputs.ask_for_picture(),
            clear=lambda: self.inputs.clear_query(),
            choose_mode=self.choose_mode,
            search=self.search,
            cancel=self.cancel,
        )
        self.query_panel.name_mode({"auto": "Auto", **MODES}[self.settings.mode])
        self.query_panel.grid(row=2, column=0, sticky="ns")
        self.query_panel.grid_propagate(False)
        self.centre = Centre(
            self.frame,
            theme,
            selected=lambda result: self.selection.show(result),
            opened=self.actions.open_message.run,
            menu=self.actions.pop_up,
            search=self.search,
            can_drop=can_drop,
        )
        self.centre.grid(row=2, column=1, sticky="nsew", padx=(px(4), 0))
        self.results = self.centre.results
        self.details = DetailsPanel(
            self.frame, theme, actions=self.actions.in_panel, close=lambda: self.selection.toggle()
        )
        self.details.grid(row=2, column=2, sticky="ns", padx=(px(8), 0))
        self.details.grid_propagate(False)
        self.details.grid_remove()
        self.status = StatusBar(
            self.frame, theme, show_skipped=self.show_skipped, stop_download=lambda: self.encoder.stop_download()
        )
        self.status.grid(row=3, column=0, columnspan=3, sticky="ew", pady=(px(10), 0))
        self.frame.bind("<Configure>", self._resized)

    def _accept_drops(self) -> bool:
        from ras.gui.dnd import accept_drops

        return accept_drops(
            self.frame,
            hovering=lambda over: self.query_panel.zone.light(over),
            files=lambda paths: self.inputs.take_files(paths),
            refuse=lambda text: self.notices.say(text),
        )

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        px = self.theme.px
        roomy = event.width > px(1120)
        for panel in (self.query_panel, self.details):
            panel.configure(width=px(288 if roomy else 244))

    # -- from start to close ---------------------------------------------------------------------------------------

    def start(self, paths: Sequence[str] = ()) -> None:
        """What happens behind the window once it is seen: the engine, and the archive of the last time."""
        self.encoder.build()
        if paths:
            self.inputs.take_files(list(paths))
        elif self.settings.last_archive and all(os.path.isfile(path) for path in self.settings.last_archive):
            self.inputs.open_archive(self.settings.last_archive)

    def close(self) -> None:
        """Save what is remembered, stop what runs, end."""
        self.change(window_geometry=window.geometry_of(self.root))
        self.root.withdraw()
        self.stop()
        self.root.quit()

    def stop(self) -> None:
        """Stop what runs in the background. What does not stop at once ends with the program."""
        self.pump.stop()
        for worker in (self.searches, self.downloads, self.chores):
            worker.close(timeout=0.5)

    def change(self, **fields: Any) -> None:
        """Change settings and save them."""
        self.settings = dataclasses.replace(self.settings, **fields)
        try:
            save_settings(self.settings)
        except SettingsError as exc:
            self.notices.say(str(exc), "Error")

    def failed(self, error: BaseException) -> None:
        """A job ended with an error: a sentence where RAS raised it on purpose, else a fault of the program."""
        if isinstance(error, RASError):
            self.notices.say(str(error), "Error")
        else:
            self.crashes.report(error)

    # -- archive and query arrive ----------------------------------------------------------------------------------

    def _input_begins(self) -> None:
        self.run.cancel()
        self.notices.clear("Error")

    def _archive_opened(self, facts: ArchiveFacts) -> None:
        self.run.forget()
        self._show_states(facts.states)
        self.change(last_archive=facts.archive.paths)
        self.status.say(f"Opened {count(len(facts.archive.records), 'picture')}.")
        self.root.title(f"{self.theme.shown(facts.archive.name)} – {window.TITLE}")
        if is_sample(facts.archive) and not self.centre.sample_queries:
            self.pump.start(self.chores, sample_queries, done=self._sample_queries_ready)
        self.update()
        self._search_if_wanted()

    def _sample_queries_ready(self, queries: Any) -> None:
        self.centre.sample_queries = queries
        self.update()

    def _query_loaded(self, loaded: object) -> None:
        """A new query is searched for as soon as there is an archive."""
        self.run.forget()
        self._search_when_complete = loaded is not None
        self.update()
        self._search_if_wanted()

    # -- search ----------------------------------------------------------------------------------------------------

    @property
    def can_search(self) -> bool:
        return self.inputs.complete and self.inputs.archive is not None and bool(self.inputs.archive.archive.records)

    def _search_if_wanted(self) -> None:
        if self._search_when_complete and self.inputs.complete:
            self.search()

    def search(self) -> None:
        inputs = self.inputs
        if not self.can_search or inputs.archive is None or inputs.query is None:
            return
        self._search_when_complete = False
        self.notices.clear("Error")
        self.run.start(self.settings, inputs.query.query, inputs.archive.archive)
        self.results.canvas.focus_set()

    def cancel(self) -> None:
        """Stop the search, or else the reading of an archive."""
        if self.run.running:
            self.run.cancel()
        else:
            self.inputs.cancel_opening()

    def choose_mode(self, mode: str) -> None:
        self.change(mode=mode)
        self._show_states(self._states)

    def _show_states(self, states: tuple[ModeState, ...]) -> None:
        self._states = states
        if states:
            self.query_panel.show_modes(states, self.settings.mode)

    def _engine_built(self, facts: EngineFacts) -> None:
        # What the modules have made stays for good. Unfrozen, the collector looks through all of it again and again,
        # and the window waits: some 70 ms each time once torch is loaded.
        gc.freeze()
        self.status.show_encoder(f"{facts.encoder_name} · {facts.device.upper()}")
        if facts.states:
            self._show_states(facts.states)
        self.update()

    def _engine_loading(self, event: Progress | None) -> None:
        if event is not None:
            self.status.show_encoder(f"{event.stage} …")
        elif self.encoder.facts is None:
            self.status.show_encoder("")

    # -- what is seen ----------------------------------------------------------------------------------------------

    def update(self) -> None:
        """Bring the panels in line with what is known and what runs."""
        self.query_panel.show_action(busy=self.run.running or self.inputs.opening, ready=self.can_search)
        if self.inputs.archive is None:
            self.query_panel.say("Open an archive first.")
        elif not self._states:
            self.query_panel.say("The encoder is being loaded …")
        self.centre.show(self.inputs, self.run)

    def choose_theme(self, choice: str) -> None:
        self.change(theme=choice)
        self.theme.use(choice)

    def show_skipped(self) -> None:
        dialogs.show_skipped(self.root, self.theme, self.run.skipped)

    def chore(self, make_job: Callable[[], Generator[Any, None, Any]]) -> None:
        """Run a job beside the window of which nothing is to be heard unless it fails."""
        self.pump.start(self.chores, make_job)


def _press_button(event: tk.Event[tk.Misc]) -> None:
    """Tk's own buttons know the space bar alone."""
    if isinstance(event.widget, ttk.Button):
        event.widget.invoke()
