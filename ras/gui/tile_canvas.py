"""A canvas that is told of many changes by a single call into Tk."""

from __future__ import annotations

import tkinter as tk
from typing import Any

_EACH = "namespace eval ::ras {proc each calls {foreach call $calls {{*}$call}}}"


class TileCanvas(tk.Canvas):
    """After every call into Tk the interpreter has to be had back from the workers, which takes them up to a
    millisecond: two hundred calls, as many tiles need that come into view, would be felt.
    """

    def __init__(self, parent: tk.Misc, **options: Any) -> None:
        super().__init__(parent, **options)
        self._waiting: list[tuple[object, ...]] = []
        self._tags = 0
        self.tk.eval(_EACH)

    def new_tag(self) -> str:
        """One that no item has. After ``clear`` they come again: Tk never forgets the name of a tag (Tk_GetUid)."""
        self._tags += 1
        return f"tile-{self._tags}"

    def later(self, *call: object) -> None:
        """One of the canvas's own commands, with all it takes, at the next ``flush``."""
        self._waiting.append((str(self), *call))

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self.tk.call("::ras::each", tuple(waiting))

    def clear(self) -> None:
        """Delete everything, and forget what was to be done to it."""
        self._waiting.clear()
        self.delete("all")
        self._tags = 0
