"""Tells of a crash of the last run, whose report lies in the data folder; and notes what goes on, for the next one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ras.crashes import watch
from ras.records import Job

if TYPE_CHECKING:
    from ras.crashes.report import Facts
    from ras.gui.app import App
    from ras.gui.crash_window import CrashWindow

NOTE_MS = 2000
"""How often what goes on is noted: a crash of native code leaves no time for it."""
_LEAD = "Nothing that anybody wrote is in it. You can read it, copy it, and send it to whoever looks into the fault."


class CrashNotice:
    """``look`` is called once, when the window is there."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.window: CrashWindow | None = None
        app.crashes.going_on, app.crashes.show_file = self.going_on, self.show_file

    def look(self) -> None:
        def found(paths: tuple[Path, ...]) -> None:
            if paths:
                from ras.crashes.places import without_home

                app, path = self._app, paths[-1]
                said = f"RAS ended unexpectedly last time. A report is in {without_home(str(path.parent))}."
                app.notices.say(said, offer=("Show report", lambda: self.show(path)))

        self._app.pump.start(self._app.chores, _collected, done=found)
        self._note()

    def show(self, path: Path) -> None:
        """Show a report, one at a time."""

        def job() -> Job[str]:
            yield from ()
            return path.read_text("utf-8", "replace")

        def shown(text: str) -> None:
            from ras.gui.crash_window import CrashWindow

            app = self._app
            if self.window is not None and self.window.exists:
                self.window.window.destroy()
            self.window = CrashWindow(app.root, app.theme, "Report of a crash", _LEAD, text, path, show=self.show_file)

        def gone(error: BaseException) -> None:
            if isinstance(error, OSError):
                from ras.crashes.places import without_home

                self._app.notices.say(f"{without_home(str(path))} is no longer there.", "Error")
            else:
                self._app.failed(error)

        self._app.pump.start(self._app.chores, job, done=shown, failed=gone)

    def show_file(self, path: Path) -> None:
        from ras.gui.links import show_in_folder

        def job() -> Job[None]:
            yield from ()
            show_in_folder(str(path))

        self._app.chore(job)

    def going_on(self) -> Facts:
        """Settings and counts; nothing that a person chose the words of."""
        app = self._app
        facts = app.encoder.facts
        archive = app.inputs.archive
        return {
            "mode": app.settings.mode,
            "encoder": app.settings.encoder if facts is None else f"{app.settings.encoder}, {facts.device}",
            "scale": f"{app.theme.scale:.2f}",
            "pictures of the archive": 0 if archive is None else len(archive.archive.records),
            "a query is there": app.inputs.query is not None,
            "searching": app.run.running,
            "indexing": app.index.run.running,
            "paused": app.index.run.paused,
            "results": app.results.amount,
        }

    def _note(self) -> None:
        app = self._app
        if app.panels.winfo_exists():
            watch.note(self.going_on())
            app.root.after(NOTE_MS, self._note)


def _collected() -> Job[tuple[Path, ...]]:
    yield from ()
    return watch.collect()
