"""A second program that a real mouse drops on: ``drop_target.py X Y``; tells in JSON what comes and what it got."""

from __future__ import annotations

import hashlib
import json
import sys
import tkinter as tk
from pathlib import Path
from typing import Any

from tkinterdnd2 import COPY, DND_FILES, DND_TEXT, TkinterDnD


def main() -> None:
    x, y = sys.argv[1:]
    root = TkinterDnD.Tk()
    root.overrideredirect(True)
    root.geometry(f"160x120+{x}+{y}")

    def tell(**facts: object) -> None:
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()

    def raw(kind: str) -> str:
        """As Tk has it: a number for each byte of a type that it does not know, a text of one that it does."""
        try:
            return str(root.selection_get(selection="XdndSelection", type=kind))
        except tk.TclError as exc:
            return str(exc)

    def dropped(event: Any) -> str:
        files = [str(path) for path in root.tk.splitlist(event.data)] if "uri-list" in event.type else []
        tell(
            data=event.data,
            types=event.types,
            files={path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in files},
            raw=[raw("text/uri-list") for _ in range(3)],
            text=raw("UTF8_STRING"),
        )
        return str(COPY)

    for place, kind in enumerate((DND_FILES, DND_TEXT)):
        label = tk.Label(root, text=kind)
        label.place(x=0, y=60 * place, width=160, height=60)
        label.drop_target_register(kind)
        label.dnd_bind("<<DropEnter>>", lambda _event: (tell(over=True), str(COPY))[1])
        label.dnd_bind("<<Drop>>", dropped)
    root.attributes("-topmost", True)
    root.update()
    tell(ready=True)
    root.after(30_000, root.destroy)
    root.mainloop()


main()
