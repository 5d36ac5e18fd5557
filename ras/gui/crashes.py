"""Faults of the program: logged with their traceback, kept as a report, shown in one dialog, never swallowed."""

from __future__ import annotations

import logging
import tkinter as tk
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from ras.gui.theme import Theme
from ras.log_file import log_path

if TYPE_CHECKING:
    from ras.crashes.report import Facts
    from ras.gui.crash_window import CrashWindow

log = logging.getLogger(__name__)

_MOST_REPORTS = 10
"""Of one run."""


class CrashReporter:
    """Shows at most one dialog at a time: a fault in a timer would otherwise bury the screen."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self._root, self._theme = root, theme
        self.window: CrashWindow | None = None
        self.reported: list[BaseException] = []
        self._kept: dict[object, Path | None] = {}
        """Where in the program a fault came up → its report: one that comes up again and again has one."""
        self.going_on: Callable[[], Facts] = dict
        """What goes on in the window: settings and counts, for the report."""
        self.show_file: Callable[[Path], None] = lambda _path: None
        """Shows a file in the system's file manager."""

    @property
    def dialog(self) -> tk.Toplevel | None:
        return self.window.window if self.window is not None else None

    def report(self, error: BaseException) -> None:
        log.error("A fault of the program", exc_info=error)
        self.reported.append(error)
        path = self._keep(error)
        if self.window is not None and self.window.exists:
            return
        from ras.gui.crash_window import CrashWindow  # nobody should need it

        lead = (
            "This is a fault of the program, not of yours. You can go on; if it comes again, please send the report "
            "below. It says where in the program it was, and nothing that anybody wrote."
        )
        try:
            text = path.read_text("utf-8") if path is not None else ""
        except OSError:
            path, text = None, ""
        if path is None:
            text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            lead = (
                "This is a fault of the program, not of yours. You can go on. No report of it could be written (is the "
                f"disk full?); what follows may hold names and texts of your archive. The log has more: {log_path()}"
            )
        self.window = CrashWindow(
            self._root,
            self._theme,
            "Something went wrong",
            lead,
            text,
            path,
            show=lambda path: self.show_file(path),
            label="Show report",
        )

    def _keep(self, error: BaseException) -> Path | None:
        """The report of the fault, or of the one that came up there before."""
        frames = traceback.extract_tb(error.__traceback__)
        at = (type(error), *((frames[-1].filename, frames[-1].lineno) if frames else ()))
        if self._kept.get(at) is None and len(self._kept) < _MOST_REPORTS:
            from ras.crashes.report import save_report

            self._kept[at] = save_report(error, "window", self._facts())
        return self._kept.get(at)

    def _facts(self) -> Facts:
        try:
            return {"Tk": str(self._root.tk.call("info", "patchlevel")), **self.going_on()}
        except Exception:  # logged whole: the report is made without these facts
            log.exception("What goes on in the window could not be told")
            return {}
