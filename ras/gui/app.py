"""The window's wiring: panels, workers and settings are made here once, and what the user does is carried out."""

from __future__ import annotations

import dataclasses
import logging
import os
import time
import tkinter as tk
from pathlib import Path
from tkinter import ttk
from typing import TYPE_CHECKING, Any, Sequence

from ras.errors import RASError, SettingsError
from ras.gui import dialogs, window
from ras.gui.archive_bar import ArchiveBar
from ras.gui.bench import ArchiveFacts, Bench, EngineFacts, LoadedQuery, load
from ras.gui.commands import Choice, Command, MenuBar, shown_keys
from ras.gui.crashes import CrashReporter, log_folder
from ras.gui.details import DetailsPanel
from ras.gui.encoder_choice import EncoderChoice
from ras.gui.notices import NoticeBar
from ras.gui.pump import Pump
from ras.gui.query_panel import QueryPanel
from ras.gui.result_actions import ResultActions, link_state
from ras.gui.results_grid import ResultsGrid
from ras.gui.status_bar import StatusBar
from ras.gui.theme import Theme
from ras.gui.welcome import Welcome
from ras.paths import ASSETS
from ras.records import Notice, Progress, Results, SearchReport, SearchResult, Skipped
from ras.settings import MODES, Settings, save_settings
from ras.text import count
from ras.worker import Ticket, Worker

if TYPE_CHECKING:
    from ras.engine import ModeState
    from ras.gui.incoming import Incoming
    from ras.gui.local_picture import LocalPicture

log = logging.getLogger(__name__)

SAMPLE = ASSETS / "sample" / "sample.json"
SAMPLE_QUERY = SAMPLE.parent / "queries" / "cropped.jpg"


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

        self.archive: ArchiveFacts | None = None
        self.query: LoadedQuery | None = None
        self.report: SearchReport | None = None
        self.skipped: list[Skipped] = []
        self._opening: Ticket | None = None
        self._loading: Ticket | None = None
        self._search: Ticket | None = None
        self._looking: Ticket | None = None
        self._search_when_ready = False
        self._started = 0.0
        self._states: tuple[ModeState, ...] = ()
        self._details_wanted = True

        self.encoder = EncoderChoice(
            self.pump,
            self.bench,
            self.searches,
            self.downloads,
            settings=lambda: self.settings,
            change=self.change,
            built=self._engine_built,
            loading=self._engine_loading,
            downloading=lambda event: self.status.download(event),
            notice=lambda text: self.notices.say(text),
            failed=self.failed,
        )
        self.actions = ResultActions(
            root,
            self.theme,
            chore=self._chore,
            said=lambda text: self.status.say(text),
            media_folders=lambda: self.settings.media_folders,
        )
        self._build()
        window.place(root, settings.window_geometry, self.theme.scale)
        root.protocol("WM_DELETE_WINDOW", self.close)

    # -- the window ------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        root, theme, px = self.root, self.theme, self.theme.px
        self.menu_bar = MenuBar(root, theme, self._entries())
        self.frame = ttk.Frame(root, padding=(px(16), px(14), px(16), px(10)))
        self.frame.pack(fill="both", expand=True)
        self.frame.columnconfigure(1, weight=1)
        self.frame.rowconfigure(2, weight=1)
        self.archive_bar = ArchiveBar(self.frame, theme, open_archive=self.ask_for_archive)
        self.archive_bar.grid(row=0, column=0, columnspan=3, sticky="ew", pady=(0, px(14)))
        self.notices = NoticeBar(self.frame, theme)
        self.notices.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(0, px(12)))
        self.notices.grid_remove()
        self.query_panel = QueryPanel(
            self.frame,
            theme,
            can_drop=self._accept_drops(),
            browse=self.ask_for_picture,
            clear=self.clear_query,
            choose_mode=self.choose_mode,
            search=self.search,
            cancel=self.cancel,
        )
        self.query_panel.name_mode({"auto": "Auto", **MODES}[self.settings.mode])
        self.query_panel.grid(row=2, column=0, sticky="ns")
        self.query_panel.grid_propagate(False)
        centre = ttk.Frame(self.frame)
        centre.columnconfigure(0, weight=1)
        centre.rowconfigure(1, weight=1)
        centre.grid(row=2, column=1, sticky="nsew", padx=(px(4), 0))
        self._head = ttk.Label(centre, style="Strong.TLabel")
        self._head.grid(row=0, sticky="w", padx=px(14), pady=(0, px(4)))
        self.grid = ResultsGrid(
            centre, theme, selected=self._selected, opened=self.actions.open_message.run, menu=self.actions.pop_up
        )
        self.grid.grid(row=1, sticky="nsew")
        self.welcome = Welcome(centre, theme)
        self.welcome.grid(row=0, rowspan=2, sticky="nsew")
        self.details = DetailsPanel(
            self.frame, theme, actions=self.actions.in_panel, close=lambda: self.show_details(False)
        )
        self.details.grid(row=2, column=2, sticky="ns", padx=(px(8), 0))
        self.details.grid_propagate(False)
        self.details.grid_remove()
        self.status = StatusBar(
            self.frame, theme, show_skipped=self.show_skipped, stop_download=self.encoder.stop_download
        )
        self.status.grid(row=3, column=0, columnspan=3, sticky="ew", pady=(px(10), 0))
        self.frame.bind("<Configure>", self._resized)
        self._bind_result_keys()
        self._update()

    def _accept_drops(self) -> bool:
        from ras.gui.dnd import accept_drops

        return accept_drops(
            self.frame,
            hovering=lambda over: self.query_panel.zone.light(over),
            files=self.take_files,
            refuse=lambda text: self.notices.say(text),
        )

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        px = self.theme.px
        roomy = event.width > px(1120)
        for panel in (self.query_panel, self.details):
            panel.configure(width=px(288 if roomy else 236))

    def _entries(self) -> list[Command | Choice]:
        themes = (("system", "Theme of the system"), ("dark", "Dark"), ("light", "Light"))
        encoders = (("auto", "Automatic"), ("clip", "CLIP"), ("fingerprint", "Fingerprint"))
        return [
            Command("File", "Open archive …", self.ask_for_archive, "Mod-o"),
            Command("File", "Open picture …", self.ask_for_picture, "Mod-Shift-O"),
            Command("File", "Paste picture", self.paste, "Mod-v"),
            Command("File", "Try the sample", self.open_sample, possible=SAMPLE.is_file, after_line=True),
            Command("File", "Quit", self.close, "Mod-q", after_line=True),
            Command("Search", "Search", self.search, "F5", possible=self._ready),
            Command("Search", "Cancel", self.cancel, "Escape", possible=lambda: self._search is not None),
            Command("Search", "Go to the results", lambda: self.grid.canvas.focus_set(), "F6", after_line=True),
            Command("Search", "Forget the picture", self.clear_query, possible=lambda: self.query is not None),
            Choice("View", themes, lambda: self.settings.theme, self.choose_theme),
            Command(
                "View",
                "Details of the result",
                lambda: self.show_details(not self._details_wanted),
                "F8",
                after_line=True,
            ),
            Command("View", "Skipped pictures …", self.show_skipped, possible=lambda: bool(self.skipped)),
            Choice("Model", encoders, lambda: self.settings.encoder, lambda value: self.encoder.choose(value)),
            Command(
                "Model",
                "Download the CLIP model",
                lambda: self.encoder.download(),
                possible=lambda: not self.encoder.downloading,
                after_line=True,
            ),
            Command("Model", "Choose a file with CLIP weights …", self._ask_for_weights),
            Command("Help", "Keyboard shortcuts", self.show_shortcuts, "F1"),
            Command("Help", "Doctor: what works here", self.show_doctor),
            Command("Help", "Open the log folder", self._open_log_folder),
            Command("Help", "About", self._show_about, after_line=True),
        ]

    def _bind_result_keys(self) -> None:
        canvas = self.grid.canvas
        command = "Command" if self.root.tk.call("tk", "windowingsystem") == "aqua" else "Control"
        canvas.bind(f"<{command}-Return>", lambda _event: self._with_result(self.actions.open_picture))
        canvas.bind("<Shift-Return>", lambda _event: self._with_result(self.actions.open_in_app))
        for key in ("c", "C"):  # the capital where Caps Lock is on
            self.root.bind(f"<{command}-{key}>", lambda event: self._copy(event, self.actions.copy_url))
        self.root.bind(f"<{command}-Shift-C>", lambda event: self._copy(event, self.actions.copy_link))

    def _copy(self, event: tk.Event[tk.Misc], action: Any) -> None:
        # A text that is marked is copied by its own widget.
        if not (isinstance(event.widget, tk.Text) and event.widget.tag_ranges("sel")):
            self._with_result(action)

    def _with_result(self, action: Any) -> None:
        if self.grid.selection is not None:
            action.run(self.grid.selection)

    def start(self, paths: Sequence[str] = ()) -> None:
        """What happens behind the window once it is seen: the engine, and the archive of the last time."""
        self.encoder.build()
        if paths:
            self.take_files(list(paths))
        elif self.settings.last_archive and all(os.path.isfile(path) for path in self.settings.last_archive):
            self.open_archive(self.settings.last_archive)

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

    # -- archive ---------------------------------------------------------------------------------------------------

    def ask_for_archive(self) -> None:
        paths = dialogs.choose_archive(self.root)
        if paths:
            self.open_archive(paths)

    def open_sample(self) -> None:
        """The sample archive, and a picture to search for in it: one click shows what RAS does."""
        self.open_archive([str(SAMPLE)])
        if SAMPLE_QUERY.is_file():
            self.load_query(str(SAMPLE_QUERY))

    def open_archive(self, paths: Sequence[str]) -> None:
        self.cancel()
        if self._opening is not None:
            self._opening.cancel()
        paths = tuple(os.path.abspath(path) for path in paths)
        self.notices.clear("Error")
        self.archive_bar.show_reading(Path(paths[0]).stem)

        def event(event: object) -> None:
            if isinstance(event, Progress):
                self.status.progress(event)
            elif isinstance(event, Notice):
                self.notices.say(event.text)

        def done(facts: ArchiveFacts) -> None:
            self._opening = None
            self.archive = facts
            self.archive_bar.show(facts)
            self._forget_results()
            self._show_states(facts.states)
            self.change(last_archive=paths)
            self.status.say(f"Opened {count(len(facts.archive.records), 'picture')}.")
            self.root.title(f"{self.theme.shown(facts.archive.name)} – {window.TITLE}")
            self._update()
            self._search_if_ready()

        def failed(error: BaseException) -> None:
            self._opening = None
            self.status.say("")
            if self.archive is not None:
                self.archive_bar.show(self.archive)
            else:
                self.archive_bar.show_nothing()
            self._update()
            self.failed(error)

        self._opening = self.pump.start(
            self.searches, lambda: self.bench.open(paths), event=event, done=done, failed=failed
        )
        self._update()

    # -- query -----------------------------------------------------------------------------------------------------

    def ask_for_picture(self) -> None:
        path = dialogs.choose_picture(self.root)
        if path:
            self.load_query(path)

    def take_files(self, paths: Sequence[str]) -> None:
        """Files from a drop, a paste or the command line: exports are opened, a picture becomes the query."""
        from ras.gui.incoming import sort_files

        def done(incoming: Incoming) -> None:
            for sentence in incoming.refusals:
                self.notices.say(sentence)
            if len(incoming.pictures) > 1:
                self.notices.say(
                    f"RAS searches for one picture at a time; it took “{Path(incoming.pictures[0]).name}”."
                )
            if incoming.archives:
                self.open_archive(incoming.archives)
            if incoming.pictures:
                self.load_query(incoming.pictures[0])

        self.pump.start(self.chores, lambda: sort_files(paths), done=done)

    def paste(self) -> None:
        from ras.gui.clipboard import paste, text_on_clipboard

        text = text_on_clipboard(self.root)

        def done(pasted: Any) -> None:
            if isinstance(pasted, list):
                self.take_files(pasted)
            else:
                self.load_query(pasted, "Pasted picture")

        self.pump.start(self.chores, lambda: paste(text), done=done)

    def load_query(self, source: Any, name: str | None = None) -> None:
        """Make a picture the query, and search for it as soon as there is an archive."""
        self.cancel()
        if self._loading is not None:
            self._loading.cancel()
        self.notices.clear("Error")
        self.query_panel.show_loading(name or Path(source).name)

        def done(loaded: LoadedQuery) -> None:
            self._loading = None
            self.query = loaded
            width, height = loaded.query.image.size
            self.query_panel.show_picture(loaded.preview, loaded.query.name, f"{width:,} × {height:,} pixels")
            self._forget_results()
            self._search_when_ready = True
            self._search_if_ready()
            self._update()

        def failed(error: BaseException) -> None:
            self._loading = None
            self._show_query()
            self._update()
            self.failed(error)

        self._loading = self.pump.start(self.chores, lambda: load(source, name), done=done, failed=failed)
        self._update()

    def clear_query(self) -> None:
        self.cancel()
        self.query = None
        self._search_when_ready = False
        self._forget_results()
        self._show_query()
        self._update()

    def _show_query(self) -> None:
        if self.query is None:
            self.query_panel.show_nothing()
        else:
            width, height = self.query.query.image.size
            self.query_panel.show_picture(self.query.preview, self.query.query.name, f"{width:,} × {height:,} pixels")

    # -- search ----------------------------------------------------------------------------------------------------

    def choose_mode(self, mode: str) -> None:
        self.change(mode=mode)
        self._show_states(self._states)

    def _ready(self) -> bool:
        return self.archive is not None and self.query is not None and self._opening is None and self._loading is None

    def _search_if_ready(self) -> None:
        if self._search_when_ready and self._ready():
            self.search()

    def search(self) -> None:
        if not self._ready():
            return
        assert self.archive is not None
        assert self.query is not None
        self.cancel()
        self._search_when_ready = False
        self._forget_results()
        self.notices.clear("Error")
        self._started = time.monotonic()
        settings, query = self.settings, self.query.query
        self.status.progress(Progress("Searching", 0, None))
        self._search = self.pump.start(
            self.searches,
            lambda: self.bench.search(settings, query),
            event=self._search_event,
            done=self._search_done,
            failed=self._search_failed,
        )
        self.grid.canvas.focus_set()
        self._update()

    def cancel(self) -> None:
        """Stop the search; what was found so far stays."""
        if self._search is None:
            return
        self._search.cancel()
        self._search = None
        self.status.say("Cancelled." + (" These are the best of what was compared." if self.grid.selection else ""))
        self._update()

    def _search_event(self, event: object) -> None:
        if isinstance(event, Progress):
            self.status.progress(event)
        elif isinstance(event, Skipped):
            self.skipped.append(event)
        elif isinstance(event, Notice):
            self.notices.say(event.text)
        elif isinstance(event, Results):
            self._show_results(event.results)

    def _search_done(self, report: SearchReport) -> None:
        assert self.archive is not None
        self._search = None
        self.report = report
        self._show_results(report.results)
        self.status.report(report, len(self.archive.archive.records), time.monotonic() - self._started)
        self._update()

    def _search_failed(self, error: BaseException) -> None:
        self._search = None
        self.status.say("The search did not come to its end.")
        self._update()
        self.failed(error)

    def _show_results(self, results: Sequence[SearchResult]) -> None:
        first = not self.grid.amount
        self.grid.show(results)
        self.grid.follow_best()
        if first:
            self._update()

    def _forget_results(self) -> None:
        self.report = None
        self.skipped = []
        self.grid.show(())
        self.details.grid_remove()

    # -- what is seen ----------------------------------------------------------------------------------------------

    def _update(self) -> None:
        """Bring button, headline and empty states in line with what is known and what runs."""
        searching = self._search is not None
        self.query_panel.show_action(searching=searching, ready=self._ready())
        self._show_word()
        if self.grid.amount:
            found = count(self.grid.amount, "picture")
            self._head.configure(text="Best so far …" if searching else f"The {found} most alike")
            self.welcome.grid_remove()
            return
        self.welcome.grid()
        show = self.welcome.show
        if searching:
            show("search", "Searching …", ["The first results appear in a moment."])
        elif self._opening is not None:
            show("folder", "Reading the archive …", ["You can choose a picture meanwhile."])
        elif self.archive is None:
            steps = [
                "Open an export of a Discord channel, made with DiscordChatExporter (JSON)",
                "Drop, paste or choose a picture",
                "See who posted it, where and when, and open the message",
            ]
            buttons = [("Open an archive …", self.ask_for_archive)]
            if SAMPLE.is_file():
                buttons.append(("Try the sample", self.open_sample))
            show("search", "Find where a picture was posted", steps=steps, buttons=buttons)
        elif self.query is None:
            lines = ["Drop it anywhere on this window, paste it with Ctrl+V, or click the box on the left."]
            show("picture", "Now choose a picture", lines, buttons=[("Choose a picture …", self.ask_for_picture)])
        elif self.report is not None:
            lines = ["No picture of this archive could be compared.", "Show skipped, below, says why for each of them."]
            show("info", "Nothing was found", lines if self.skipped else lines[:1])
        else:
            show("search", "Ready to search", buttons=[("Search", self.search)])

    def _show_word(self) -> None:
        if self.archive is None:
            self.query_panel.say("Open an archive first.")
        elif not self._states:
            self.query_panel.say("The encoder is being loaded …")

    def _show_states(self, states: tuple[ModeState, ...]) -> None:
        self._states = states
        if states:
            self.query_panel.show_modes(states, self.settings.mode)

    def _selected(self, result: SearchResult | None) -> None:
        if result is None or not self._details_wanted:
            self.details.grid_remove()
            return
        veiled = self.grid.is_veiled(result)
        if self._looking is not None:
            self._looking.cancel()
        self.details.show(result, link_state(result.record), veiled=veiled)
        self.details.grid()
        if result.record.local_path is not None and not veiled:
            from ras.gui.local_picture import look

            record, folders, room = result.record, self.settings.media_folders, self.details.picture_size()
            self._looking = self.pump.start(self.chores, lambda: look(record, folders, room), done=self._looked)

    def _looked(self, found: LocalPicture) -> None:
        self._looking = None
        if found.image is not None:
            self.details.sharpen(found.key, found.image)

    def _engine_built(self, facts: EngineFacts) -> None:
        self.status.show_encoder(f"{facts.encoder_name} · {facts.device.upper()}")
        if facts.states:
            self._show_states(facts.states)
        self._update()

    def _engine_loading(self, event: Progress | None) -> None:
        if event is not None:
            self.status.show_encoder(f"{event.stage} …")
        elif self.encoder.facts is None:
            self.status.show_encoder("")

    def _chore(self, make_job: Any) -> None:
        self.pump.start(self.chores, make_job)

    # -- menus -----------------------------------------------------------------------------------------------------

    def choose_theme(self, choice: str) -> None:
        self.change(theme=choice)
        self.theme.use(choice)

    def show_details(self, wanted: bool) -> None:
        self._details_wanted = wanted
        self._selected(self.grid.selection)
        self.grid.canvas.focus_set()

    def show_skipped(self) -> None:
        dialogs.show_skipped(self.root, self.theme, self.skipped)

    def show_shortcuts(self) -> None:
        aqua = self.root.tk.call("tk", "windowingsystem") == "aqua"
        listed = [(entry.label, entry.keys) for entry in self._entries() if isinstance(entry, Command) and entry.keys]
        shortcuts = [(label, shown_keys(keys, aqua)) for label, keys in listed]
        shortcuts += [(action.label, action.keys) for action in self.actions.in_menu if action and action.keys]
        shortcuts += [
            ("Move among the results", "Arrows"),
            ("Menu of a result", "Shift+F10"),
            ("Show a spoiler", "Space"),
        ]
        dialogs.show_shortcuts(self.root, self.theme, list(dict.fromkeys(shortcuts)))

    def show_doctor(self) -> None:
        def job() -> Any:
            yield from ()
            from ras.doctor import report_text

            return report_text()

        def done(text: str) -> None:
            dialogs.show_text(self.root, self.theme, "What works here", text)

        self.pump.start(self.chores, job, done=done)

    def _show_about(self) -> None:
        facts = self.encoder.facts
        dialogs.show_about(self.root, self.theme, f"{facts.encoder_name} ({facts.device})" if facts else "")

    def _open_log_folder(self) -> None:
        from ras.gui.links import open_folder

        def job() -> Any:
            yield from ()
            open_folder(str(log_folder()))

        self._chore(job)

    def _ask_for_weights(self) -> None:
        path = dialogs.choose_weights(self.root)
        if path:
            self.encoder.use_weights(path)
