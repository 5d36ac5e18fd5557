"""Start Reverse Archive Search: double-click this file, or run  python run_app.py --help

This file must parse on any Python, so that one that is too old can be told so. The rest is in ras/launch.
"""

import os
import sys

TOO_OLD = (
    "Reverse Archive Search needs Python 3.8 or newer with tkinter, and this is Python %d.%d: get a newer one from "
    "https://www.python.org/downloads/ or from your system's packages, and start run_app.py with it."
) % tuple(sys.version_info[:2])


def refuse():
    if sys.stderr is not None:
        sys.stderr.write(TOO_OLD + "\n")
    if len(sys.argv) > 1 or (sys.stderr is not None and sys.stderr.isatty() and os.name != "nt"):
        return 3
    try:
        try:
            import tkinter as tk
            from tkinter import messagebox
        except ImportError:  # Python 2
            import Tkinter as tk
            import tkMessageBox as messagebox
        root = tk.Tk()
    except Exception:  # noqa: BLE001  no tkinter or no display: it was said above
        return 3
    root.withdraw()
    messagebox.showerror("Reverse Archive Search", TOO_OLD)
    return 3


if __name__ == "__main__":
    if sys.version_info < (3, 8):
        sys.exit(refuse())
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    try:
        from ras.launch import main

        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # in the moment that importing takes
        sys.exit(130)
