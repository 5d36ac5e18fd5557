"""The menus and shortcuts of the window: what stands where, and what each entry does."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING

from ras.gui import dialogs
from ras.gui.commands import Choice, Command, key_sequences
from ras.gui.help_menu import help_entries
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
        Command("File", "Open folder of archives …", inputs.ask_for_folder),
        Command("File", "Switch archive …", app.switcher.open, "Alt-a"),
        Command("File", "Open picture …", inputs.ask_for_picture, "Mod-Shift-O"),
        Command("File", "Paste picture", inputs.paste, "Mod-v"),
        Command("File", "Take a piece of the screen …", app.screen_piece.take, "Mod-Shift-K"),
        Command(
            "File", "Index archive", app.index.start, "Mod-i", possible=lambda: app.index.possible, after_line=True
        ),
        Command(
            "File",
            "Pause indexing",
            app.index.run.pause_or_resume,
            "Mod-Shift-I",
            possible=lambda: app.index.run.can_pause,
            ticked=lambda: app.index.run.paused,
        ),
        Command("File", "Stop indexing", app.index.run.stop, possible=lambda: app.index.run.can_pause),
        Command("File", "Indexed archives …", app.archives.open, "Mod-Shift-A"),
        Command("File", "Bot token for dead links …", lambda: _ask_for_token(app)),
        Command(
            "File",
            "Save results as …",
            app.results_file.save,
            "Mod-s",
            possible=lambda: app.results_file.possible,
            after_line=True,
        ),
        Command("File", "Settings …", app.settings_change.open, "Mod-comma", after_line=True),
        Command("File", "Try the sample", inputs.open_sample, possible=SAMPLE.is_file, after_line=True),
        Command("File", "Quit", app.closing.ask, "Mod-q", after_line=True),
        Command("Search", "Search", app.search, "F5", possible=lambda: app.can_search),
        Command("Search", "Cancel", app.cancel, "Escape", possible=lambda: app.run.running or inputs.busy),
        Choice("Search", tuple(SCOPES.items()), lambda: app.settings.scope, app.choose_scope, after_line=True),
        Choice(
            "Search", (("auto", "Auto"), *MODES.items()), lambda: app.settings.mode, app.choose_mode, after_line=True
        ),
        Command(
            "Search",
            "Go to the results",
            app.results.canvas.focus_set,
            "F6",
            possible=lambda: app.results.amount > 0,
            after_line=True,
        ),
        Command("Search", "Show the less alike, too", app.show_rest, "F7", possible=lambda: app.run.rest_hidden),
        Command("Search", "More like this", lambda: _more_like(app), "Mod-l", possible=lambda: _can_more_like(app)),
        Command(
            "Search",
            "Search for a part of the picture",
            lambda: _begin_crop(app),
            "Mod-k",
            possible=lambda: inputs.query is not None,
            after_line=True,
        ),
        Command(
            "Search",
            "Describe the picture",
            app.query_panel.text_field.focus,
            "Mod-d",
            possible=lambda: bool(app.query_panel.text_field.winfo_manager()),
        ),
        Command("Search", "Whole picture", app.query_panel.zone.dragging.undo, possible=lambda: _is_cropped(app)),
        Command(
            "Search",
            "Next picture of several",
            lambda: app.batch.step(1),
            "Mod-Next",
            possible=lambda: app.batch.active,
            after_line=True,
        ),
        Command(
            "Search",
            "Previous picture of several",
            lambda: app.batch.step(-1),
            "Mod-Prior",
            possible=lambda: app.batch.active,
        ),
        Command(
            "Search",
            "Recent queries …",
            app.history.pop_up,
            "Mod-h",
            possible=lambda: bool(app.history.recent),
            after_line=True,
        ),
        Command("Search", "Forget recent queries", app.history.clear, possible=lambda: bool(app.history.recent)),
        Command("Search", "Forget the picture", inputs.clear_query, possible=lambda: inputs.query is not None),
        Choice("View", THEMES, lambda: app.settings.theme, app.choose_theme),
        *app.looks.entries(),
        Command(
            "View",
            "Compare with the query",
            app.comparing.open,
            "F4",
            possible=lambda: app.comparing.possible,
            after_line=True,
        ),
        Command("View", "Details of the result", app.selection.toggle, "F8"),
        Command(
            "View",
            "Messages around it",
            app.around.toggle,
            "Mod-Shift-M",
            possible=lambda: app.around.possible,
            ticked=lambda: app.around.shown,
        ),
        Command(
            "View",
            "Show spoilers",
            lambda: app.results.show_spoilers(not app.results.spoilers_shown),
            "F9",
            ticked=lambda: app.results.spoilers_shown,
        ),
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
        *help_entries(app),
    ]


def bind_result_keys(app: App) -> None:
    """Shortcuts for the selected result, where no menu has them. Enter, Space and the arrows are the grid's own."""
    canvas, in_menus = app.results.canvas, {getattr(entry, "keys", "") for entry in app.menu_bar.entries}

    def run(event: tk.Event[tk.Misc], action: Action) -> None:
        # A text that is marked is copied by its own widget.
        marked = isinstance(event.widget, tk.Text) and event.widget.tag_ranges("sel")
        if app.results.selection is not None and not marked:
            action.run(app.results.selection)

    canvas.bind("<space>", lambda _event: app.comparing.space_on_result())
    for action in app.actions.in_menu:
        if action and action.sequence and action.sequence not in in_menus:
            for keys in key_sequences(action.sequence, canvas):
                widget = canvas if "Return" in keys else app.root
                widget.bind(keys, lambda event, action=action: run(event, action))  # type: ignore[misc]


def _begin_crop(app: App) -> None:
    app.query_panel.zone.focus_set()
    app.query_panel.zone.dragging.begin()


def _is_cropped(app: App) -> bool:
    return app.query_panel.zone.crop is not None


def _can_more_like(app: App) -> bool:
    result = app.results.selection
    return result is not None and app.actions.more_like.possible(result)


def _more_like(app: App) -> None:
    if app.results.selection is not None:
        app.actions.more_like.run(app.results.selection)


def _ask_for_token(app: App) -> None:
    app.report.ask_for_token()


def _ask_for_weights(app: App) -> None:
    path = dialogs.choose_weights(app.root)
    if path:
        app.encoder.use_weights(path)
