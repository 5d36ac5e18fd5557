"""The drop-down on the archive's name: the archives of late, the indexed ones, all of these together, or another."""

from __future__ import annotations

import json
import tkinter as tk
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

from ras.gui.commands import in_menu, shown_keys
from ras.gui.dates import short_date
from ras.gui.stored_archives import Switchable, switchable
from ras.text import count, whole

if TYPE_CHECKING:
    from ras.gui.app import App

MOST_RECENT = 8
MOST_LISTED = 14
"""Indexed archives that stand in the drop-down; the window of the indexed archives has all."""
_MOST_PATHS = 100
"""Of one archive that is remembered."""
_WIDE = 340
"""Pixels at 100 % that a name may take."""


class ArchiveSwitcher:
    """Looks at the store each time that it is opened."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.menu = tk.Menu(app.root, tearoff=False)
        self._chosen = tk.IntVar(app.root)

    def remember(self, paths: Sequence[str]) -> None:
        """The archive at these paths is open now."""
        if not 0 < len(paths) <= _MOST_PATHS:
            return
        recent = [tuple(paths), *(each for each in self._recent if each != tuple(paths))]
        self._app.change(recent_archives=tuple(json.dumps(each) for each in recent[:MOST_RECENT]))

    def open(self) -> None:
        """Show the drop-down under the archive's name."""
        recent, pump, worker = self._recent, self._app.pump, self._app.chores
        pump.start(worker, lambda: switchable(recent, MOST_LISTED), done=self._show, failed=self._not_read)

    @property
    def _recent(self) -> list[tuple[str, ...]]:
        """Paths of each, the latest first."""
        found = []
        for text in self._app.settings.recent_archives:
            try:
                paths = json.loads(text)
            except ValueError:
                continue
            if isinstance(paths, list) and paths and all(isinstance(path, str) for path in paths):
                found.append(tuple(paths))
        return found

    def _not_read(self, error: BaseException) -> None:
        """What is indexed cannot be told; the rest can."""
        self._show(Switchable((), tuple(self._recent)))
        self._app.failed(error)

    def _show(self, there: Switchable) -> None:
        app, menu = self._app, self.menu
        app.theme.colour_menu(menu)
        menu.delete(0, "end")
        self._chosen.set(-1)
        place = 0
        if there.recent:
            self._head("Recent")
            for paths in there.recent:
                more = f" and {whole(len(paths) - 1)} more" if len(paths) > 1 else ""
                self._offer(place, Path(paths[0]).stem + more, paths, _place(paths))
                place += 1
        if there.indexed:
            if there.recent:
                menu.add_separator()
            self._head("Indexed")
            names = Counter(row.name for row in there.indexed)
            for row in there.indexed[:MOST_LISTED]:
                about = [count(row.pictures, "picture")]
                about.append("its export is gone" if row.gone else f"indexed {short_date(row.indexed_at)}")
                if names[row.name] > 1 and row.paths:
                    about.append(_place(row.paths))
                self._offer(place, row.name, row.paths, ", ".join(about))
                place += 1
            menu.add_separator()
            if len(there.indexed) > 1:
                every = tuple(dict.fromkeys(path for row in there.indexed for path in row.paths))
                label = f"All {whole(len(there.indexed))} indexed archives together"
                menu.add_command(label=label, command=lambda: app.inputs.open_archive(every))
        elif there.recent:
            menu.add_separator()
        aqua = app.root.tk.call("tk", "windowingsystem") == "aqua"
        for label, command, keys in (
            ("Open archive …", app.inputs.ask_for_archive, "Mod-o"),
            ("Open folder of archives …", app.inputs.ask_for_folder, ""),
            ("Indexed archives …", app.archives.open, "Mod-Shift-A"),
        ):
            menu.add_command(label=label, command=command, accelerator=in_menu(shown_keys(keys, aqua)))
        x, y = app.archive_bar.below_name
        menu.tk_popup(x, y)

    def _head(self, label: str) -> None:
        self.menu.add_command(label=label, state="disabled")

    def _offer(self, place: int, name: str, paths: Sequence[str], about: str) -> None:
        app, theme = self._app, self._app.theme
        opened = app.inputs.archive
        if opened is not None and paths in (opened.archive.paths, app.watch.paths):
            self._chosen.set(place)
        shown = theme.elided(theme.shown(name), "RasBody", theme.px(_WIDE))
        self.menu.add_radiobutton(
            label=f"{shown}  –  {theme.elided(theme.shown(about), 'RasBody', theme.px(_WIDE))}",
            variable=self._chosen,
            value=place,
            command=lambda: app.inputs.open_archive(list(paths)),
        )


def _place(paths: Sequence[str]) -> str:
    """``in exports``: the folder, by which two of the same name are told apart."""
    return f"in {Path(paths[0]).parent.name or Path(paths[0]).anchor}"
