"""Starts the window: shown first, everything that takes time after."""

from __future__ import annotations

import logging
import sys
import tkinter as tk
from typing import TYPE_CHECKING, Sequence

from ras.called import NAME
from ras.settings import Settings

if TYPE_CHECKING:
    from ras.one_window import Reception

log = logging.getLogger(__name__)

NO_WINDOW = 3


def run(settings: Settings, paths: Sequence[str], reception: Reception | None = None) -> int:
    from ras.gui import taskbar, window
    from ras.gui.dates import use_format

    use_format(settings.dates)
    taskbar.claim_place()
    try:
        root = window.make_root()
    except tk.TclError as exc:
        log.error("No window can be opened: %s", exc)
        sys.stderr.write(f"RAS cannot open a window here (no display). Use the command line: {NAME} search --help\n")
        return NO_WINDOW
    from ras.gui import later_starts
    from ras.gui.app import App
    from ras.gui.theme import Theme

    app = App(root, Theme(root), settings)
    closed: list[bool] = []
    app.when_closed.append(lambda: closed.append(True))
    if reception is not None:
        app.when_closed.append(reception.close)
    # Laid out before it is seen: what is laid out while its events come in is laid out several times.
    root.update_idletasks()
    root.deiconify()
    # Drawn before anything else begins, so that the window is there at once.
    root.update()
    from ras.log_file import start_log

    start_log()
    root.after(20, lambda: app.start(paths))
    root.after(200, lambda: taskbar.set_icon(root))
    later_starts.listen_to_the_dock(root, app.inputs.take_files, app.closing.ask)
    if reception is not None:
        root.after(60, lambda: later_starts.listen(root, reception, app.inputs.take_files))
    if not closed:  # it may have been while it was drawn, when there was no loop to leave yet
        root.mainloop()
    root.destroy()
    return 0
