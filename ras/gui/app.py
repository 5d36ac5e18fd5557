"""The window's wiring: panels, workers and settings are made here once, and told of each other."""

from __future__ import annotations

import dataclasses
import gc
import time
import tkinter as tk
from typing import Any, Callable, Generator, Sequence

from ras.errors import RASError, SettingsError
from ras.gui import dialogs, menus, window
from ras.gui.archive_index import ArchiveIndex
from ras.gui.archives_care import StoredArchives
from ras.gui.bench import ArchiveFacts, Bench, EngineFacts
from ras.gui.commands import MenuBar
from ras.gui.crashes import CrashReporter
from ras.gui.encoder_choice import EncoderChoice
from ras.gui.inputs import Inputs
from ras.gui.keys import bind_enter
from ras.gui.layout import Panels
from ras.gui.pump import Pump
from ras.gui.result_actions import ResultActions
from ras.gui.sample import is_sample, sample_queries
from ras.gui.search_run import SearchRun
from ras.gui.selection import Selection
from ras.gui.theme import Theme
from ras.records import Progress
from ras.settings import Settings, save_settings
from ras.text import count
from ras.worker import Worker

_LAST_MOMENT = 0.8
"""Seconds that what runs in the background has to end in when the window is closed."""


class App:
    """One window. ``bench`` is replaced in tests that need an engine of their own."""

    def __init__(self, root: tk.Tk, theme: Theme, settings: Settings, bench: Bench | None = None) -> None:
        self.root, self.theme, self.settings = root, theme, settings
        theme.use(settings.theme)
        self.crashes = CrashReporter(root, self.theme)
        root.report_callback_exception = lambda _kind, error, _trace: self.crashes.report(error)
        self.bench = bench or Bench()
        self.searches, self.indexer = Worker("search"), Worker("index")
        self.downloads, self.chores = Worker("download"), Worker("chores")
        self.pump = Pump(root, self.failed)
        self._search_when_complete = False
        self.actions = ResultActions(
            root,
            self.theme,
            chore=self.chore,
            said=lambda text: self.status.say(text),
            media_folders=lambda: self.settings.media_folders,
            like=lambda result: self.inputs.load_result(result, self.settings.media_folders),
            veiled=lambda result: self.results.is_veiled(result),
        )
        self.panels = panels = Panels(self)
        self.archive_bar, self.notices, self.query_panel = panels.archive_bar, panels.notices, panels.query_panel
        self.centre, self.details, self.status = panels.centre, panels.details, panels.status
        self.results = self.centre.results
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
        self.index = ArchiveIndex(
            root,
            theme,
            self.pump,
            self.bench,
            index_worker=self.indexer,
            search_worker=self.searches,
            query_worker=self.chores,
            panels=panels,
            opened=lambda: None if self.inputs.archive is None else self.inputs.archive.archive,
            mode=lambda: self.settings.mode,
            searching=lambda: self.run.running,
            failed=self.failed,
        )
        self.selection = Selection(
            self.pump,
            self.chores,
            results=self.results,
            details=self.details,
            zone=self.query_panel.zone,
            encoder_id=self._encoder_in_use,
            media_folders=lambda: self.settings.media_folders,
        )
        self.archives = StoredArchives(
            root,
            theme,
            self.pump,
            reader=self.chores,
            worker=self.indexer,
            open_archive=self.inputs.open_archive,
            indexing=lambda: self.index.run.running,
            changed=self.index.refresh,
            failed=self.failed,
        )
        self.menu_bar = MenuBar(root, theme, menus.entries(self))
        menus.bind_result_keys(self)
        bind_enter(root)
        window.place(root, settings.window_geometry, self.theme.scale)
        root.protocol("WM_DELETE_WINDOW", self.close)
        self.update()

    # -- from start to close ---------------------------------------------------------------------------------------

    def start(self, paths: Sequence[str] = ()) -> None:
        """What happens behind the window once it is seen: the engine, and the archive of the last time."""
        self.encoder.build()
        if paths:
            self.inputs.take_files(list(paths))
        elif self.settings.last_archive:
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
        workers = (self.indexer, self.searches, self.downloads, self.chores)
        for worker in workers:  # all at the same time, then wait
            worker.close(timeout=0)
        deadline = time.monotonic() + _LAST_MOMENT
        for worker in workers:
            worker.close(timeout=max(0.0, deadline - time.monotonic()))

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
        self.index.show(facts.readiness)
        self.change(last_archive=facts.archive.paths)
        self.status.say(f"Opened {count(len(facts.archive.records), 'picture')}.")
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
        self.query_panel.name_mode(mode)
        self.index.show()

    def choose_scope(self, scope: str) -> None:
        """What is to be found from now on; what is shown of a search is searched for anew."""
        if scope == self.settings.scope:
            return
        self.change(scope=scope)
        self.query_panel.show_scope(scope)
        if self.run.shown:
            self.search()

    def show_rest(self) -> None:
        """Show also the results that are probably other pictures."""
        self.run.show_rest()
        self.results.canvas.focus_set()

    def _encoder_in_use(self) -> str:
        """Of the results that are shown."""
        if self.run.report is not None:
            return self.run.report.encoder
        return self.encoder.facts.encoder_id if self.encoder.facts is not None else ""

    def _engine_built(self, facts: EngineFacts) -> None:
        self.index.use_encoder(facts.encoder_id)
        # What the modules have made stays for good. Unfrozen, the collector looks through all of it again and again,
        # and the window waits: some 70 ms each time once torch is loaded.
        gc.freeze()
        self.status.show_encoder(f"{facts.encoder_name} · {facts.device.upper()}")
        if facts.readiness.states:
            self.index.show(facts.readiness)
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
        elif not self.index.readiness.states:
            self.query_panel.say("The encoder is being loaded …")
        self.centre.show(self.inputs, self.run)
        self.index.update()

    def choose_theme(self, choice: str) -> None:
        self.change(theme=choice)
        self.theme.use(choice)

    def show_skipped(self) -> None:
        dialogs.show_skipped(self.root, self.theme, self.run.skipped)

    def chore(self, make_job: Callable[[], Generator[Any, None, Any]]) -> None:
        """Run a job beside the window of which nothing is to be heard unless it fails."""
        self.pump.start(self.chores, make_job)
