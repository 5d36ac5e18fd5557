"""The Help menu: the shortcuts, what works here, the log, and about the program."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any, Generator

from ras.gui import dialogs
from ras.gui.commands import Command, shown_keys

if TYPE_CHECKING:
    from ras.gui.app import App
    from ras.gui.shortcuts_window import Group


def help_entries(app: App) -> list[Command]:
    return [
        Command("Help", "Keyboard shortcuts", lambda: _show_shortcuts(app), "F1"),
        Command("Help", "Health: store, limits, reports", app.health.open, "Mod-Shift-H"),
        Command("Help", "Doctor: what works here", lambda: _show_doctor(app)),
        Command("Help", "Show the log file", lambda: _show_log(app)),
        Command("Help", "About", lambda: _show_about(app), after_line=True),
    ]


def shortcut_groups(app: App) -> list[Group]:
    """(heading, (what it does, the keys as they are shown)…): the menus, then what can be done with a result."""
    aqua = app.root.tk.call("tk", "windowingsystem") == "aqua"
    groups: dict[str, list[tuple[str, str]]] = {}
    for entry in app.menu_bar.entries:
        if isinstance(entry, Command) and entry.keys:
            groups.setdefault(entry.menu, []).append((entry.label, shown_keys(entry.keys, aqua)))
    listed = {keys for group in groups.values() for _, keys in group}
    groups["Results"] = [
        *app.results.own_keys,
        *((action.label, action.keys) for action in app.actions.in_menu if action and action.keys not in ("", *listed)),
    ]
    return [(heading, tuple(group)) for heading, group in groups.items()]


def _is_open(app: App, title: str) -> bool:
    """Whether a window with this title is there already; then it comes to the front."""
    for child in app.root.winfo_children():
        if isinstance(child, tk.Toplevel) and child.title().startswith(title):
            child.lift()
            child.focus_set()
            return True
    return False


def _show_shortcuts(app: App) -> None:
    from ras.gui.shortcuts_window import TITLE, ShortcutsWindow

    if _is_open(app, TITLE):
        return
    ShortcutsWindow(app.root, app.theme, shortcut_groups(app))


def _show_doctor(app: App) -> None:
    def job() -> Generator[Any, None, str]:
        yield from ()
        from ras.doctor import report_text

        return report_text()

    app.status.say("The doctor looks around …")
    app.pump.start(app.chores, job, done=lambda text: _show_what_works(app, text))


def _show_what_works(app: App, text: str) -> None:
    app.status.say("")
    dialogs.show_text(app.root, app.theme, "What works here", text)


def _show_log(app: App) -> None:
    from ras.gui.links import open_folder, show_in_folder
    from ras.log_file import log_folder, log_path

    def job() -> Generator[Any, None, None]:
        yield from ()
        if log_path().is_file():
            show_in_folder(str(log_path()))
        else:  # nothing was logged yet
            log_folder().mkdir(parents=True, exist_ok=True)
            open_folder(str(log_folder()))

    app.chore(job)


def _show_about(app: App) -> None:
    from ras.gui.about_window import TITLE, AboutWindow
    from ras.versions import licence, versions

    if _is_open(app, TITLE):
        return
    tk_version, facts = str(app.root.tk.call("info", "patchlevel")), app.encoder.facts
    encoder = f"{facts.encoder_name} ({facts.device.upper()})" if facts else "not loaded yet"

    def job() -> Generator[Any, None, Any]:
        yield from ()
        return (*versions(tk_version), ("Encoder in use", encoder)), licence()

    def done(found: Any) -> None:
        AboutWindow(app, *found)

    app.pump.start(app.chores, job, done=done)
