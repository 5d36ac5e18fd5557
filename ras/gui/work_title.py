"""The window's title tells how far long work is, and that it is over to who looks elsewhere meanwhile."""

from __future__ import annotations

import logging
import sys
import time
import tkinter as tk
from typing import TYPE_CHECKING

from ras.gui.window import TITLE

if TYPE_CHECKING:
    from ras.gui.app import App

log = logging.getLogger(__name__)

LONG = 10.0
"""Seconds from which on people look elsewhere: the end of what took longer is told to who does."""
_ROOM = 400
"""Pixels of a file's name, about."""
SOON = 2.0
"""Seconds that a search takes before the title tells of it: it would only flicker."""


class WorkTitle:
    """Brought up to date by those who make progress; what it shows is looked up in the app."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._since: dict[str, float] = {}
        """What runs → since when."""
        self._over = ""
        """What ended while the window had not the focus."""
        app.root.bind("<FocusIn>", lambda _event: self._seen(), add=True)

    def update(self) -> None:
        """Something began, went on or ended."""
        app = self._app
        self._watch("Indexing", app.index.run.running, app.index.run.through)
        self._watch("Searching", app.run.running, app.run.report is not None)
        self._show()

    def _watch(self, what: str, runs: bool, good: bool) -> None:
        if runs:
            if what not in self._since:
                self._since[what], self._over = time.monotonic(), ""
            return
        since = self._since.pop(what, None)
        if since is not None and time.monotonic() - since >= LONG and not self._has_focus():
            self._over = f"✓ {what} is done" if good else f"{what} has ended"
            if self._app.settings.bell_when_done:
                self._app.root.bell()
            flash(self._app.root)

    def _show(self) -> None:
        app, parts = self._app, [self._over or self._work(), self._selected()]
        if app.inputs.archive is not None:
            parts.append(app.theme.shown(app.inputs.archive.archive.name))
        title = " – ".join([part for part in parts if part] + [TITLE])
        if title != app.root.title():
            app.root.title(title)

    def _selected(self) -> str:
        """``far_away.png: identical``: the title is all that a screen reader hears of Tk 8.6."""
        result = self._app.results.selection
        if result is None or self._app.run.running:  # the best so far would flicker
            return ""
        name = self._app.theme.elided(self._app.theme.shown(result.record.file_name), "RasBody", _ROOM)
        return f"{name}: {result.verdict_title[:1].lower()}{result.verdict_title[1:]}"

    def _work(self) -> str:
        """``42 % · Indexing``; empty where nothing takes long."""
        run, event = self._app.index.run, self._app.status.at
        if time.monotonic() - self._since.get("Searching", time.monotonic()) >= SOON and event is not None:
            return f"{event.done * 100 // event.total} % · {event.stage}" if event.total else event.stage
        if run.archive is None:
            return ""
        stage = "Paused" if run.paused else "Indexing"
        return stage if run.percent is None else f"{run.percent} % · {stage}"

    def _has_focus(self) -> bool:
        return bool(self._app.root.tk.call("focus"))

    def _seen(self) -> None:
        if self._over and self._app.panels.winfo_exists():
            self._over = ""
            self._show()


def flash(root: tk.Tk) -> None:
    """Let the window's button in the taskbar flash: on Windows; Tk cannot ask for it elsewhere."""
    if sys.platform == "win32":
        import ctypes

        try:
            ctypes.windll.user32.FlashWindow(int(root.wm_frame(), 16), True)
        except (AttributeError, OSError, ValueError) as exc:
            log.info("The taskbar was not told that the work is done: %s", exc)
