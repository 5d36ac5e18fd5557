"""A second program that a real mouse drags files from: ``drag_source.py X Y TYPE DATA...``; says when it is seen."""

from __future__ import annotations

import sys
import tkinter as tk

from tkinterdnd2 import COPY, DND_FILES, DND_TEXT, TkinterDnD


def main() -> None:
    x, y, kind, *data = sys.argv[1:]
    root = TkinterDnD.Tk()
    # As a source, tkdnd 2.10 hands file lists to Tk under a type that Tk 8.6 sends as zeros; file managers send bytes.
    root.tk.eval("proc ::tkdnd::xdnd::getFormatForType type {return UTF8_STRING}")
    root.overrideredirect(True)
    root.geometry(f"120x60+{x}+{y}")
    label = tk.Label(root, text="drag me", background="orange")
    label.pack(fill="both", expand=True)
    offered = {"files": DND_FILES, "text": DND_TEXT}.get(kind, kind)
    label.drag_source_register(1, offered)
    payload = tuple(data) if kind == "files" else data[0]
    label.dnd_bind("<<DragInitCmd>>", lambda event: (COPY, offered, payload))
    root.attributes("-topmost", True)
    root.update()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    root.after(20_000, root.destroy)
    root.mainloop()


main()
