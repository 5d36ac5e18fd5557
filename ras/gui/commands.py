"""Everything that can be done in the window, as one table: the menus, the shortcuts and the help read it."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from typing import Any, Callable, Sequence

from ras.gui.theme import Theme


@dataclass(frozen=True)
class Command:
    menu: str
    label: str
    run: Callable[[], None]
    keys: str = ""
    """As Tk writes it, without the platform's main modifier: ``Mod-o``, ``Mod-Shift-O``, ``F5``."""
    possible: Callable[[], bool] = lambda: True
    after_line: bool = False
    ticked: Callable[[], bool] | None = None
    """Of an entry that is on or off."""


@dataclass(frozen=True)
class Choice:
    """Several entries of a menu of which one is ticked."""

    menu: str
    options: tuple[tuple[str, str], ...]
    """(value, label)"""
    current: Callable[[], str]
    choose: Callable[[str], None]
    after_line: bool = False


def shown_keys(keys: str, aqua: bool) -> str:
    """``Mod-Shift-O`` → ``Ctrl+Shift+O``, on macOS ``⇧⌘O``."""
    if not keys:
        return ""
    *modifiers, key = keys.split("-")
    names = {
        "Return": "Enter",
        "Escape": "Esc",
        "comma": ",",
        "plus": "+",
        "minus": "−",
        "Next": "Page Down",
        "Prior": "Page Up",
    }
    key = names.get(key, key.upper() if len(key) == 1 else key)
    if aqua:
        marks = {"Mod": "⌘", "Shift": "⇧", "Alt": "⌥"}
        return "".join(marks[modifier] for modifier in sorted(modifiers, reverse=True)) + key
    return "+".join([{"Mod": "Ctrl"}.get(modifier, modifier) for modifier in modifiers] + [key])


def in_menu(keys: str) -> str:
    """Keys as they are shown, and a gap after them, without which they would touch the edge of the menu on X11."""
    return f"{keys}  " if keys else ""


def key_sequences(keys: str, widget: tk.Misc) -> set[str]:
    """``Mod-o`` → ``<Control-o>`` and ``<Control-O>``, on macOS with ``Command``: what Tk binds."""
    sequence = keys.replace("Mod", "Command" if widget.tk.call("tk", "windowingsystem") == "aqua" else "Control")
    # With Caps Lock on, the key is the capital letter; Tk prefers a binding with Shift where there is one.
    either = {sequence, sequence[:-1] + sequence[-1].upper() if sequence[-2] == "-" else sequence}
    return {f"<{each}>" for each in either}


class MenuBar(tk.Menu):
    """The menus, made when they are opened, so that they always tell the present state."""

    def __init__(self, root: tk.Tk, theme: Theme, entries: Sequence[Command | Choice]) -> None:
        super().__init__(root, tearoff=False)
        self._theme, self.entries = theme, entries
        self._aqua = root.tk.call("tk", "windowingsystem") == "aqua"
        self._menus: list[tk.Menu] = []
        self._variables: dict[Choice | Command, tk.Variable] = {}
        for name in dict.fromkeys(entry.menu for entry in entries):
            menu = tk.Menu(self, tearoff=False, postcommand=lambda: None)
            menu.configure(postcommand=lambda menu=menu, name=name: self._fill(menu, name))  # type: ignore[misc]
            self.add_cascade(label=name, menu=menu, underline=0)
            self._menus.append(menu)
        root.configure(menu=self)
        self._bind_keys(root)
        self.bind("<<ThemeChanged>>", lambda _event: self.recolour())
        self.recolour()

    def recolour(self) -> None:
        for menu in (self, *self._menus):
            self._theme.colour_menu(menu, bar=menu is self)

    def _fill(self, menu: tk.Menu, name: str) -> None:
        menu.delete(0, "end")
        for entry in self.entries:
            if entry.menu != name:
                continue
            if entry.after_line:
                menu.add_separator()
            if isinstance(entry, Choice):
                # Kept, because Tk reads it when the entry is drawn, and a variable that is collected is unset.
                variable = self._variables[entry] = tk.StringVar(menu, entry.current())
                for value, label in entry.options:
                    command = lambda entry=entry, value=value: entry.choose(value)  # noqa: E731
                    menu.add_radiobutton(label=label, value=value, variable=variable, command=command)
                continue
            options: dict[str, Any] = {
                "label": entry.label,
                "command": entry.run,
                "accelerator": in_menu(shown_keys(entry.keys, self._aqua)),
                "state": "normal" if entry.possible() else "disabled",
            }
            if entry.ticked is None:
                menu.add_command(**options)
            else:
                self._variables[entry] = tk.BooleanVar(menu, entry.ticked())
                menu.add_checkbutton(variable=self._variables[entry], **options)

    def _bind_keys(self, root: tk.Tk) -> None:
        for entry in self.entries:
            if isinstance(entry, Command) and entry.keys:
                for keys in key_sequences(entry.keys, root):
                    root.bind(keys, lambda _event, entry=entry: self._run(entry))  # type: ignore[misc]

    @staticmethod
    def _run(entry: Command) -> str | None:
        if not entry.possible():
            return None
        entry.run()
        return "break"
