"""The menus and shortcuts of the window: what stands where, and what each entry does."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any, Generator

from ras.gui import dialogs
from ras.gui.commands import Choice, Command, shown_keys
from ras.gui.sample import SAMPLE
from ras.settings import MODES, SCOPES

if TYPE_CHECKING:
    from ras.gui.action_board import Action
    from ras.gui.app import App

THEMES = (("system", "Theme of the system"), ("dark", "Dark"), ("light", "Light"))
ENCODERS = (("auto", "Automatic"), ("clip", "CLIP"), ("fingerprint", "Fingerprint"))


def entries(app: App) -> list[Command | Choice]:
    inputs, encoder = app.inputs, app.encoder
    return [
        Command("File", "Open archive …", inputs.ask_for_archive, "Mod-o"),
        Command("File", "Open picture …", inputs.ask_for_picture, "Mod-Shift-O"),
        Command("File", "Paste picture", inputs.paste, "Mod-v"),
        Command(
            "File", "Index archive", app.index.start, "Mod-i", possible=lambda: app.index.possible, after_line=True
        ),
        Command("File", "Stop indexing", app.index.run.stop, possible=lambda: app.index.run.running),
        Command("File", "Indexed archives …", app.archives.open, "Mod-Shift-A"),
        Command("File", "Try the sample", inputs.open_sample, possible=SAMPLE.is_file, after_line=True),
        Command("File", "Quit", app.close, "Mod-q", after_line=True),
        Command("Search", "Search", app.search, "F5", possible=lambda: app.can_search),
        Command("Search", "Cancel", app.cancel, "Escape", possible=lambda: app.run.running or inputs.opening),
        Choice("Search", tuple(SCOPES.items()), lambda: app.settings.scope, app.choose_scope, after_line=True),
        Choice(
            "Search", (("auto", "Auto"), *MODES.items()), lambda: app.settings.mode, app.choose_mode, after_line=True
        ),
        Command("Search", "Go to the results", app.results.canvas.focus_set, "F6", after_line=True),
        Command("Search", "Show the less alike, too", app.show_rest, "F7", possible=lambda: app.run.rest_hidden),
        Command("Search", "More like this", lambda: _more_like(app), "Mod-l", possible=lambda: _can_more_like(app)),
        Command("Search", "Forget the picture", inputs.clear_query, possible=lambda: inputs.query is not None),
        Choice("View", THEMES, lambda: app.settings.theme, app.choose_theme),
        Command("View", "Details of the result", app.selection.toggle, "F8", after_line=True),
        Command("View", "Skipped pictures …", app.show_skipped, possible=lambda: bool(app.run.skipped)),
        Command("View", "Left out of the index …", app.index.show_failures, possible=lambda: app.index.has_failures),
        Choice("Model", ENCODERS, lambda: app.settings.encoder, encoder.choose),
        Command(
            "Model",
            "Download the CLIP model",
            encoder.download,
            possible=lambda: not encoder.downloading,
            after_line=True,
        ),
        Command("Model", "Choose a file with CLIP weights …", lambda: _ask_for_weights(app)),
        Command("Help", "Keyboard shortcuts", lambda: _show_shortcuts(app), "F1"),
        Command("Help", "Doctor: what works here", lambda: _show_doctor(app)),
        Command("Help", "Open the log folder", lambda: _open_log_folder(app)),
        Command("Help", "About", lambda: _show_about(app), after_line=True),
    ]


def bind_result_keys(app: App) -> None:
    """Shortcuts for the selected result. Enter, Space and the arrows are the grid's own."""
    canvas, actions = app.results.canvas, app.actions
    command = "Command" if app.root.tk.call("tk", "windowingsystem") == "aqua" else "Control"

    def run(action: Action) -> None:
        if app.results.selection is not None:
            action.run(app.results.selection)

    def copy(event: tk.Event[tk.Misc], action: Action) -> None:
        # A text that is marked is copied by its own widget.
        if not (isinstance(event.widget, tk.Text) and event.widget.tag_ranges("sel")):
            run(action)

    canvas.bind(f"<{command}-Return>", lambda _event: run(actions.open_picture))
    canvas.bind("<Shift-Return>", lambda _event: run(actions.open_in_app))
    for key in ("c", "C"):  # the capital where Caps Lock is on
        app.root.bind(f"<{command}-{key}>", lambda event: copy(event, actions.copy_url))
    app.root.bind(f"<{command}-Shift-C>", lambda event: copy(event, actions.copy_link))


def _can_more_like(app: App) -> bool:
    result = app.results.selection
    return result is not None and app.actions.more_like.possible(result)


def _more_like(app: App) -> None:
    if app.results.selection is not None:
        app.actions.more_like.run(app.results.selection)


def _shortcuts(app: App) -> list[tuple[str, str]]:
    """(what it does, the keys as they are shown)."""
    aqua = app.root.tk.call("tk", "windowingsystem") == "aqua"
    listed = [(entry.label, entry.keys) for entry in entries(app) if isinstance(entry, Command) and entry.keys]
    found = [(label, shown_keys(keys, aqua)) for label, keys in listed]
    found += [(action.label, action.keys) for action in app.actions.in_menu if action and action.keys]
    found += [
        ("Move among the results", "Arrows"),
        ("Menu of a result", "Shift+F10"),
        ("Show a spoiler", "Space"),
    ]
    return list(dict.fromkeys(found))


def _show_shortcuts(app: App) -> None:
    dialogs.show_shortcuts(app.root, app.theme, _shortcuts(app))


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


def _show_about(app: App) -> None:
    facts = app.encoder.facts
    dialogs.show_about(app.root, app.theme, f"{facts.encoder_name} ({facts.device})" if facts else "")


def _open_log_folder(app: App) -> None:
    from ras.gui.crashes import log_folder
    from ras.gui.links import open_folder

    def job() -> Generator[Any, None, None]:
        yield from ()
        open_folder(str(log_folder()))

    app.chore(job)


def _ask_for_weights(app: App) -> None:
    path = dialogs.choose_weights(app.root)
    if path:
        app.encoder.use_weights(path)
