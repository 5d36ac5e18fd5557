"""“Save results as”: asks where, writes on a worker, and says what came of it."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

from ras.records import Job
from ras.text import clean, count

if TYPE_CHECKING:
    from ras.gui.app import App
    from ras.sheets import Answered

_LONGEST_STEM = 60


class ResultsFile:
    """Of what the last search of the window found."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def possible(self) -> bool:
        """Whether a search came to its end and found something."""
        report = self._app.run.report
        return report is not None and bool(report.results) and self._app.run.query is not None

    def save(self) -> None:
        """Ask for a file and write all results of the search, those too that are held back."""
        from ras.sheets import Answered

        app = self._app
        report, query = app.run.report, app.run.query
        if report is None or query is None:
            return
        folders = app.settings.media_folders
        path = choose_file(app.root, query.name)
        if not path:
            return
        answered = Answered(query, query.name, report, query.scope(app.settings.scope))
        app.status.say("Saving the results …")

        def done(number: int) -> None:
            app.status.say(f"Saved {count(number, 'result')} to “{clean(path, longest=300)}”.")

        def failed(error: BaseException) -> None:
            app.status.say("The results were not saved.")
            app.failed(error)

        app.pump.start(app.chores, lambda: _saved(path, [answered], folders), done=done, failed=failed)


def choose_file(parent: tk.Misc, name: str) -> str | None:
    """Where to save; the dialog asks before a file is overwritten. ``name``: what the query is called."""
    from tkinter import filedialog

    from ras.sheets import KINDS

    chosen = filedialog.asksaveasfilename(
        parent=parent,
        title="Save results as",
        initialfile=f"{_stem(name)}.html",
        defaultextension=".html",
        filetypes=[(label, f"*{ending}") for ending, label in KINDS.items()],
    )
    return str(chosen) if chosen else None


def _stem(name: str) -> str:
    """``results for cat``: of letters, digits and spaces alone, which every system takes."""
    letters = "".join(one if one.isalnum() else " " for one in Path(clean(name)).stem[:_LONGEST_STEM])
    return " ".join(["results", *(["for"] if letters.strip() else []), *letters.split()])


def _saved(path: str, answered: Sequence[Answered], media_folders: Sequence[str]) -> Job[int]:
    from ras.media import MediaReader
    from ras.sheets import save_results

    yield from ()
    with MediaReader(media_folders) as media:
        return save_results(path, answered, media, overwrite=True)  # the dialog has asked
