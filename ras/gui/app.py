"""The window's wiring: panels, workers and settings are made here once, and told of each other."""

from __future__ import annotations

import contextlib
import dataclasses
import tkinter as tk
from typing import Any, Callable, Generator, Sequence

from ras import untold
from ras.errors import OUT_OF_MEMORY, RASError
from ras.gui import interpreter, menus, window
from ras.gui.archive_index import ArchiveIndex
from ras.gui.archive_state import ArchiveState
from ras.gui.archive_switcher import ArchiveSwitcher
from ras.gui.archive_watch import ArchiveWatch
from ras.gui.archives_care import StoredArchives
from ras.gui.batch import Batch
from ras.gui.bench import ArchiveFacts, Bench, EngineFacts
from ras.gui.closing import Closing
from ras.gui.commands import MenuBar
from ras.gui.comparing import Comparing
from ras.gui.crash_notice import CrashNotice
from ras.gui.crashes import CrashReporter
from ras.gui.drag_out import DragOut
from ras.gui.encoder_choice import EncoderChoice
from ras.gui.failures_report import FailuresReport
from ras.gui.folder_watch import FolderWatch
from ras.gui.health_page import HealthPage
from ras.gui.inputs import Inputs
from ras.gui.keys import bind_enter
from ras.gui.layout import Panels
from ras.gui.messages_around import MessagesAround
from ras.gui.pump import Pump
from ras.gui.query_history import QueryHistory
from ras.gui.result_actions import ResultActions
from ras.gui.result_looks import ResultLooks
from ras.gui.results_file import ResultsFile
from ras.gui.sample import is_sample, sample_queries
from ras.gui.screen_piece import ScreenPiece
from ras.gui.search_run import SearchRun
from ras.gui.selection import Selection
from ras.gui.settings_change import SettingsChange
from ras.gui.settings_saving import SettingsSaving
from ras.gui.spoken_names import SpokenNames
from ras.gui.theme import Theme
from ras.gui.wanted import Wanted
from ras.gui.work_title import WorkTitle
from ras.gui.workers import Workers
from ras.records import Progress
from ras.settings import Settings
from ras.text import count


class App:
    """One window. ``bench`` is replaced in tests that need an engine of their own."""

    def __init__(self, root: tk.Tk, theme: Theme, settings: Settings, bench: Bench | None = None) -> None:
        self.root, self.theme, self.settings = root, theme, settings
        theme.use(settings.theme)
        self.crashes = CrashReporter(root, self.theme)
        root.report_callback_exception = lambda _kind, error, _trace: self.crashes.report(error)
        self.bench = bench or Bench()
        self.workers = workers = Workers()
        self.searches, self.indexer, self.chores = workers.search, workers.index, workers.chores
        self.pump = Pump(root, self.failed, self._say_untold)
        self.saving = SettingsSaving(self.pump, self.chores, settings, failed=self.failed)
        self._search_when_complete = False
        self.when_closed: list[Callable[[], None]] = []
        """Called as soon as it is settled that the window closes."""
        self.actions = ResultActions(
            root,
            self.theme,
            chore=self.chore,
            said=lambda text: self.status.say(text),
            media_folders=lambda: self.settings.media_folders,
            like=lambda result: self.inputs.load_result(result, self.settings.media_folders),
            veiled=lambda result: self.results.is_veiled(result),
            reveal=lambda: self.results.reveal_selected(),
            compare=lambda: self.comparing.open(),
        )
        self.work_title = WorkTitle(self)
        self.panels = panels = Panels(self)
        self.archive_bar, self.notices, self.query_panel = panels.archive_bar, panels.notices, panels.query_panel
        self.centre, self.details, self.status = panels.centre, panels.details, panels.status
        self.results = self.centre.results
        self.encoder = EncoderChoice(
            self.pump,
            self.bench,
            self.searches,
            workers.download,
            settings=lambda: self.settings,
            change=self.change,
            built=self._engine_built,
            loading=self._engine_loading,
            downloading=self.status.download,
            notices=self.notices,
            failed=self.failed,
        )
        self.inputs = Inputs(
            root,
            self.pump,
            self.bench,
            archive_worker=self.searches,
            query_worker=self.chores,
            fetch_worker=workers.fetch,
            archive_bar=self.archive_bar,
            query_panel=self.query_panel,
            status=self.status,
            notices=self.notices,
            settings=lambda: self.settings,
            begins=self._input_begins,
            reads=lambda paths: self.watch.reads(paths),
            opened=self._archive_opened,
            loaded=self._query_loaded,
            changed=self.update,
            failed=self.failed,
        )
        self.state = ArchiveState(
            self.pump,
            workers.look,
            self.archive_bar,
            opened=lambda: None if self.inputs.archive is None else self.inputs.archive.archive,
            settings=lambda: self.settings,
        )
        self.run = SearchRun(
            self.pump,
            self.bench,
            self.searches,
            view=self.centre.view,
            status=self.status,
            notices=self.notices,
            changed=self.update,
            failed=self.failed,
        )
        self.report = FailuresReport(
            root,
            theme,
            self.pump,
            self.chores,
            settings=lambda: self.settings,
            change=self.change,
            rebuild=lambda then: self.encoder.build(then=then),
            busy=lambda: self.index.run.running,
            failed=self.failed,
        )
        self.index = ArchiveIndex(
            theme,
            self.pump,
            self.bench,
            index_worker=self.indexer,
            search_worker=self.searches,
            panels=panels,
            report=self.report,
            opened=lambda: None if self.inputs.archive is None else self.inputs.archive.archive,
            mode=lambda: self.settings.mode,
            searching=lambda: self.run.running,
            changed=self.work_title.update,
            failed=self.failed,
        )
        self.results_file = ResultsFile(self)
        self.selection = Selection(
            self.pump,
            self.chores,
            results=self.results,
            details=self.details,
            zone=self.query_panel.zone,
            encoder_id=self._encoder_in_use,
            media_folders=lambda: self.settings.media_folders,
            condition=lambda: self.state.condition,
        )
        self.comparing = Comparing(self)
        self.around = MessagesAround(self)
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
        self.looks, self.history, self.batch = ResultLooks(self), QueryHistory(self), Batch(self)
        self.screen_piece, self.drag_out = ScreenPiece(self), DragOut(self)
        self.settings_change, self.closing = SettingsChange(self), Closing(self)
        self.watch, self.switcher, self.folders = ArchiveWatch(self), ArchiveSwitcher(self), FolderWatch(self)
        self.crash_notice, self.health = CrashNotice(self), HealthPage(self)
        self.menu_bar = MenuBar(root, theme, menus.entries(self))
        menus.bind_result_keys(self)
        bind_enter(root)
        SpokenNames(self)
        window.place(root, settings.window_geometry, self.theme.scale)
        root.protocol("WM_DELETE_WINDOW", self.closing.ask)
        self.update()

    # -- from start to close ---------------------------------------------------------------------------------------

    def start(self, paths: Sequence[str] = ()) -> None:
        """What happens behind the window once it is seen: the engine, and the archive of the last time."""
        self.encoder.build()
        self.crash_notice.look()
        if paths:
            self.inputs.take_files(list(paths))
        elif self.settings.last_archive:
            self.inputs.open_archive(self.settings.last_archive)

    def close(self) -> None:
        """Save what is remembered, stop what runs, end; whatever fails, the rest is done."""
        steps = (
            *self.when_closed,
            lambda: self.change(window_geometry=window.geometry_of(self.root)),
            *(self.root.withdraw, self.saving.finish, self.stop, self.root.quit),
        )
        with contextlib.ExitStack() as left:
            for step in reversed(steps):
                left.callback(step)

    def stop(self) -> None:
        """Stop what runs in the background."""
        self.pump.stop()
        self.workers.close()

    def change(self, **fields: Any) -> None:
        """Change settings and save them."""
        if fields.keys() & {"media_folders", "allowed_hosts"}:
            self.root.after_idle(self.state.look)
        self.settings = dataclasses.replace(self.settings, **fields)
        self.saving.save(self.settings)

    def failed(self, error: BaseException) -> None:
        """A job ended with an error: a sentence where RAS raised it on purpose, else a fault of the program."""
        if isinstance(error, RASError):
            self.notices.say(str(error), "Error")
        elif isinstance(error, MemoryError):
            self.notices.say(OUT_OF_MEMORY, "Error")
        else:
            self.crashes.report(error)

    def _say_untold(self) -> None:
        for sentence in untold.take():
            self.notices.say(sentence)

    # -- archive and query arrive ----------------------------------------------------------------------------------

    def _input_begins(self) -> None:
        self.run.cancel()
        self.notices.clear("Error")

    def _archive_opened(self, facts: ArchiveFacts) -> None:
        self.run.forget()
        self.index.show(facts.readiness)
        self.state.look()
        self.status.say(f"Opened {count(len(facts.archive.records), 'picture')}.")
        if is_sample(facts.archive) and not self.centre.sample_queries:
            self.pump.start(self.chores, sample_queries, done=self._sample_queries_ready)
        self.update()
        self.watch.opened(facts)
        self.change(last_archive=self.watch.paths)  # the folder that was opened, and not what lay in it then
        self.switcher.remember(self.watch.paths)
        self.folders.opened()
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

    def search(self, wanted: Wanted | None = None) -> None:
        """``wanted``: only in pictures that fit it."""
        inputs = self.inputs
        if not self.can_search or inputs.archive is None or inputs.query is None:
            return
        self._search_when_complete = False
        self.notices.clear("Error")
        queries = self.batch.queries
        query = queries[self.batch.place] if queries else inputs.query.query
        self.run.start(self.settings, query, inputs.archive.archive, wanted, queries)
        if not queries:
            self.history.add(inputs.query)
        if not self.query_panel.in_use:
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
        self.inputs.use_text(facts.knows_text)
        # What the modules have made stays for good. Unfrozen, the collector looks through all of it again and again,
        # and the window waits: some 70 ms each time once torch is loaded.
        interpreter.keep()
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
        self.query_panel.show_action(busy=self.run.running or self.inputs.busy, ready=self.can_search)
        if self.inputs.archive is None:
            self.query_panel.say("Open an archive first.")
        elif not self.index.readiness.states:
            self.query_panel.say("The encoder is being loaded …")
        self.batch.update()
        self.centre.show(self.inputs, self.run)
        self.index.update()

    def choose_theme(self, choice: str) -> None:
        self.change(theme=choice)
        self.theme.use(choice)

    def show_skipped(self) -> None:
        self.report.show_skipped(self.run.skipped, lambda _keys: self.search())

    def chore(
        self, make_job: Callable[[], Generator[Any, None, Any]], done: Callable[[Any], None] | None = None
    ) -> None:
        """Run a job beside the window; ``done`` gets what it returns."""
        self.pump.start(self.chores, make_job, done=done)
