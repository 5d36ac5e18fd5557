"""Settings are changed in their window, carried in a file, and take effect: what needs to be made anew is, no more."""

from __future__ import annotations

import os
import tkinter as tk
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Mapping

from ras.errors import SettingsError
from ras.gui.dates import use_format
from ras.paths import data_folder
from ras.records import Job, Progress
from ras.settings import Settings
from ras.text import clean, count, size

if TYPE_CHECKING:
    from ras.gui.app import App
    from ras.gui.import_question import ImportQuestion
    from ras.gui.settings_window import SettingsWindow

OF_THE_ENGINE = frozenset(
    {
        *("encoder", "clip_model", "clip_weights", "device", "connections", "max_megabytes", "max_megapixels"),
        *("extra_formats", "small_previews", "allowed_hosts", "refresh_links", "media_folders"),
    }
)
"""Settings that the engine is built with."""
OF_THE_ARCHIVE = frozenset({"picture_links", "stickers", "emoji", "avatars"})
"""Settings that decide which pictures an archive has."""
OF_THE_LOOKS = frozenset({"order", "group_postings", "results_as_list", "tile_size"})
_OF_MENUS = OF_THE_LOOKS | {"mode", "scope", "theme"}
"""Changed by what their menus call."""
_RISKY = {
    "clip_weights": "A file with weights decides what searches find: take one only from somebody you trust.",
    "allowed_hosts": "From allowed hosts RAS downloads, also where they are in your own network.",
}


class SettingsChange:
    """One window at a time."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.window: SettingsWindow | None = None
        self.question: ImportQuestion | None = None

    def open(self) -> None:
        """Show the window, or bring the one there is to the front."""
        app = self._app
        if self.window is not None and self.window.exists:
            self.window.window.lift()
            self.window.window.focus_set()
            return
        from ras.gui.settings_window import Calls, SettingsWindow  # 60 ms that the start need not take

        calls = Calls(self._apply, self._export, self._import, self._ask_for_token, self._show_data)
        self.window = window = SettingsWindow(app.root, app.theme, app.settings, str(data_folder()), calls)
        window.show_usage("Its size is being measured …")

        def measured(found: tuple[int, int]) -> None:
            if window.exists:
                files, taken = found
                window.show_usage(f"{size(taken)} in {count(files, 'file')}: the index, the model, settings and logs.")

        measuring = app.pump.start(app.workers.look, lambda: _measured(data_folder()), done=measured)

        def closed(event: tk.Event[tk.Misc]) -> None:
            measuring.cancel()
            if event.widget is window.window:
                self.window = self.question = None

        window.window.bind("<Destroy>", closed, add=True)

    # -- what changes ----------------------------------------------------------------------------------------------

    def _apply(self, changed: dict[str, Any]) -> None:
        app, names = self._app, changed.keys()
        looks = {name: value for name, value in changed.items() if name in OF_THE_LOOKS}
        app.change(**{name: value for name, value in changed.items() if name not in _OF_MENUS})
        app.history.settings_changed()
        if "theme" in changed:
            app.choose_theme(changed["theme"])
        if looks:
            app.looks.choose(**looks)
        if "dates" in changed:
            use_format(changed["dates"])
        if "mode" in changed:
            app.choose_mode(changed["mode"])
        if changed.get("download_clip") is False and app.encoder.downloading:
            app.encoder.stop_download()
        if names & OF_THE_ENGINE or changed.get("download_clip"):
            app.encoder.build()
        if names & OF_THE_ARCHIVE:
            app.watch.read_anew()
        if "scope" in changed:  # last: it searches again
            app.choose_scope(changed["scope"])
        said = [f"{count(len(changed), 'setting')} changed."]
        if names & OF_THE_ENGINE and app.index.run.running:
            said.append("The indexing that is under way goes on as it began.")
        app.status.say(" ".join(said))

    # -- files of settings -----------------------------------------------------------------------------------------

    def _export(self, values: Mapping[str, Any]) -> None:
        from ras.gui.import_question import choose_target
        from ras.settings_file import export_settings

        path = choose_target(self._parent)
        if not path:
            return
        settings = Settings(**values)

        def job() -> Job[None]:
            yield from ()
            export_settings(path, settings, overwrite=True)  # the dialog has asked

        self._say_when_done(job, lambda _: f"Exported to “{clean(path, longest=300)}”; the bot token is not in it.")

    def _import(self) -> None:
        from ras.gui.import_question import choose_source
        from ras.settings_file import import_settings

        path = choose_source(self._parent)
        if not path:
            return

        def job() -> Job[dict[str, Any]]:
            yield from ()
            return import_settings(path)

        self._app.pump.start(self._app.chores, job, done=lambda values: self._ask(path, values), failed=self._not_done)

    def _ask(self, path: str, values: dict[str, Any]) -> None:
        """Say what a file would change before any of it is in the fields."""
        from ras.gui.import_question import ImportQuestion
        from ras.gui.settings_fields import FIELDS, changes_text, shown, value_of

        window = self.window
        if window is None or not window.exists:
            return
        name = f"“{clean(Path(path).name, longest=100)}”"
        now = Settings(**window.values)
        different = {field: value for field, value in values.items() if value != getattr(now, field)}
        try:
            for field, value in different.items():
                if not isinstance(value, bool):
                    value_of(FIELDS[field], value if FIELDS[field].kind == "choice" else shown(FIELDS[field], value))
        except SettingsError as exc:
            window.say(f"{name} was not imported, nothing is changed. {exc}")
            return
        lines = changes_text(now, different)
        if not lines:
            window.say(f"{name} has the settings as they are.")
            return
        lines += [""] + [sentence for field, sentence in _RISKY.items() if different.get(field)]
        said = f"{count(len(different), 'setting')} of {name} taken over; OK applies it."
        title = f"{name} changes {count(len(different), 'setting')}:"
        self.question = ImportQuestion(
            self._app.root, self._app.theme, window.window, title, lines, lambda: window.take(different, said)
        )

    # -- the rest --------------------------------------------------------------------------------------------------

    @property
    def _parent(self) -> tk.Misc:
        return self.window.window if self.window is not None and self.window.exists else self._app.root

    def _ask_for_token(self) -> None:
        self._app.report.ask_for_token()

    def _show_data(self) -> None:
        from ras.gui.links import open_folder

        def job() -> Job[None]:
            yield from ()
            data_folder().mkdir(parents=True, exist_ok=True)
            open_folder(str(data_folder()))

        self._say_when_done(job, lambda _: "")

    def _say_when_done(self, job: Callable[[], Job[Any]], said: Callable[[Any], str]) -> None:
        def done(result: Any) -> None:
            if self.window is not None and self.window.exists:
                self.window.say(said(result))

        self._app.pump.start(self._app.chores, job, done=done, failed=self._not_done)

    def _not_done(self, error: BaseException) -> None:
        """A sentence stands where people look; what is no sentence is a fault of the program."""
        from ras.errors import RASError

        if isinstance(error, RASError) and self.window is not None and self.window.exists:
            self.window.say(str(error))
        else:
            self._app.failed(error)


def _measured(folder: Path) -> Job[tuple[int, int]]:
    """How many files a folder has and the bytes that they take; what cannot be looked at is not counted."""
    files = taken = 0
    for place, _, names in os.walk(folder):
        yield Progress("Measuring", files)
        for name in names:
            try:
                taken += os.lstat(os.path.join(place, name)).st_size
                files += 1
            except OSError:
                continue
    return files, taken
