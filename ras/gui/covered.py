"""What something stands over: Tab passes it by, since nobody would see where the keyboard is."""

from __future__ import annotations

import tkinter as tk
from typing import Any, Iterator


class Covered:
    """Keeps in mind how each widget took the keyboard before it was covered."""

    def __init__(self) -> None:
        self._before: dict[tk.Misc, Any] = {}
        self._parts: tuple[tk.Misc, ...] = ()

    def cover(self, *parts: tk.Misc) -> None:
        """From now on Tab passes by all that is in these parts, and nothing else."""
        if parts == self._parts:
            return
        self._parts = parts
        covered = {widget for part in parts for widget in _all_in(part)}
        for widget in [each for each in self._before if each not in covered]:
            taken = self._before.pop(widget)
            if widget.winfo_exists():
                widget.configure(takefocus=taken)  # type: ignore[call-arg]
        for widget in covered - self._before.keys():
            self._before[widget] = widget.cget("takefocus")
            widget.configure(takefocus=False)  # type: ignore[call-arg]


def _all_in(part: tk.Misc) -> Iterator[tk.Misc]:
    for child in part.winfo_children():
        if not isinstance(child, (tk.Menu, tk.Toplevel)):
            if "takefocus" in child.keys():  # noqa: SIM118  of Tk, not of a dict
                yield child
            yield from _all_in(child)
