"""Starts the window: shown first, everything that takes time after."""

from __future__ import annotations

import logging
import sys
import tkinter as tk
from typing import Sequence

from ras.settings import Settings

log = logging.getLogger(__name__)

NO_WINDOW = 3


def run(settings: Settings, paths: Sequence[str]) -> int:
    from ras.gui import window
    from ras.gui.crashes import start_log
    from ras.gui.dates import use_local_format

    use_local_format()
    try:
        root = window.make_root()
    except tk.TclError as exc:
        log.error("No window can be opened: %s", exc)
        sys.stderr.write("RAS cannot open a window here (no display). Use the command line: run_app.py search --help\n")
        return NO_WINDOW
    from ras.gui.app import App
    from ras.gui.theme import Theme

    app = App(root, Theme(root), settings)
    root.deiconify()
    # Drawn before anything else begins, so that the window is there at once.
    root.update()
    start_log()
    root.after(20, lambda: app.start(paths))
    root.after(200, lambda: window.set_icon(root))
    root.mainloop()
    root.destroy()
    return 0
