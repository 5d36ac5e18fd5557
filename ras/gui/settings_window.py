"""The window of the settings: pages of fields that are checked while one types, and taken with OK."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from tkinter import ttk
from typing import Any, Callable, Mapping

from ras.errors import SettingsError
from ras.gui import dialogs
from ras.gui.fitted_label import FittedLabel
from ras.gui.question import Question
from ras.gui.scroll_frame import ScrollFrame
from ras.gui.settings_fields import FIELDS, PAGES, Field, changes_text, shown, value_of
from ras.gui.settings_row import SettingRow
from ras.gui.theme import Theme
from ras.settings import Settings
from ras.text import count

_TOKEN = "The bot token is kept in this computer’s keyring, not in the settings."


@dataclass(frozen=True)
class Calls:
    """What the window calls when it is asked for."""

    taken: Callable[[dict[str, Any]], None]
    """With the settings that were changed, once, by OK."""
    export: Callable[[Mapping[str, Any]], None]
    load: Callable[[], None]
    token: Callable[[], None]
    show_data: Callable[[], None]


class SettingsWindow:
    """Shows what it is told and reports what is asked for; nothing is changed before OK."""

    def __init__(self, parent: tk.Tk, theme: Theme, settings: Settings, data: str, calls: Calls) -> None:
        self._theme, self._before, self._calls, self._data = theme, settings, calls, data
        self.values: dict[str, Any] = {name: getattr(settings, name) for name in FIELDS}
        self.errors: dict[str, str] = {}
        self.rows: dict[str, SettingRow] = {}
        self._frames: dict[str, ScrollFrame] = {}
        self._usage = ""
        self._usage_label: ttk.Label | None = None
        px = theme.px
        self.window = tk.Toplevel(parent, background=theme.palette.ground)
        self.window.title("Settings – RAS")
        self.window.transient(parent)
        frame = ttk.Frame(self.window, padding=px(20))
        frame.pack(fill="both", expand=True)
        frame.columnconfigure(1, weight=1)
        frame.rowconfigure(1, weight=1)
        title = ttk.Label(frame, text="Settings", style="Large.TLabel")
        title.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, px(12)))
        self._page = tk.StringVar(self.window)
        self.page_buttons: dict[str, ttk.Radiobutton] = {}
        names = ttk.Frame(frame)
        names.columnconfigure(0, minsize=px(120))
        names.grid(row=1, column=0, sticky="n", padx=(0, px(14)))
        for page in PAGES:
            button = ttk.Radiobutton(names, text=page.title, style="Page.TRadiobutton", value=page.title)
            button.configure(variable=self._page, command=lambda title=page.title: self._go_to(title))  # type: ignore[misc]
            button.grid(sticky="ew", pady=(0, px(2)))
            for keys, step in (("<Up>", -1), ("<Down>", 1)):
                button.bind(keys, lambda _event, step=step: self._turn(step, focus=True))  # type: ignore[misc]
            self.page_buttons[page.title] = button
        self._card = ttk.Frame(frame, style="Panel.TFrame", padding=px(16))
        self._card.grid(row=1, column=1, sticky="nsew")
        self._card.columnconfigure(0, weight=1)
        self._card.rowconfigure(0, weight=1)
        self._make_foot(frame)
        self.window.bind("<Escape>", lambda _event: self._escape())
        self.window.bind("<Control-Next>", lambda _event: self._turn(1))
        self.window.bind("<Control-Prior>", lambda _event: self._turn(-1))
        self.window.bind("<Control-Return>", lambda _event: self._ok())
        self.window.bind("<Configure>", lambda _event: self.question.wrap(self.window.winfo_width() - 2 * px(20)))
        self.window.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        dialogs.place_over(self.window, parent, theme, (860, 640), (600, 400))
        self.show_page(PAGES[0].title)
        self._enable()
        self.page_buttons[PAGES[0].title].focus_set()

    def _make_foot(self, frame: ttk.Frame) -> None:
        px = self._theme.px
        foot = ttk.Frame(frame)
        foot.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(px(14), 0))
        foot.columnconfigure(0, weight=1)
        self._said = FittedLabel(foot, self._theme)
        self._said.grid(row=0, sticky="ew", pady=(0, px(10)))
        self.question = Question(foot, self._theme, no="Do not", yes="Reset", answered=self._focus_page)
        self.question.grid(row=1, sticky="ew", pady=(0, px(10)))
        self.question.grid_remove()
        row = ttk.Frame(foot)
        row.grid(row=2, sticky="ew")
        row.columnconfigure(3, weight=1)
        self.reset_button = ttk.Button(row, text="Reset …", command=self._ask_reset)
        self.import_button = ttk.Button(row, text="Import …", command=self._calls.load)
        self.export_button = ttk.Button(row, text="Export …", command=lambda: self._calls.export(self.values))
        self.cancel_button = ttk.Button(row, text="Cancel", command=self.close)
        self.ok_button = ttk.Button(row, text="OK", style="Accent.TButton", command=self._ok, width=8)
        buttons = (self.reset_button, self.import_button, self.export_button)
        for column, button in enumerate(buttons):
            button.grid(row=0, column=column, padx=(0, px(8)))
        self.cancel_button.grid(row=0, column=4, padx=(0, px(8)))
        self.ok_button.grid(row=0, column=5)

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        return bool(self.window.winfo_exists())

    @property
    def said(self) -> str:
        """The line above the buttons."""
        return self._said.text

    def say(self, text: str) -> None:
        self._said.say(text)

    def show_page(self, title: str) -> None:
        """Bring a page to the front; it is made when it is seen first."""
        self._page.set(title)
        for frame in self._frames.values():
            frame.grid_remove()
        if title not in self._frames:
            self._frames[title] = self._make_page(title)
        self._frames[title].grid(row=0, column=0, sticky="nsew")

    def show_usage(self, text: str) -> None:
        """What the data folder takes."""
        self._usage = text
        if self._usage_label is not None:
            self._usage_label.configure(text=text)

    def take(self, values: Mapping[str, Any], said: str) -> None:
        """Let the fields have other values, which OK takes; ``said`` tells where they are from."""
        self.values.update(values)
        for name in values:
            self.errors.pop(name, None)
            if name in self.rows:
                self.rows[name].show(values[name])
                self.rows[name].complain("")
        self._enable()
        self.say(said)

    def close(self) -> None:
        self.window.destroy()

    @property
    def changed(self) -> dict[str, Any]:
        """The settings that OK would change."""
        return {name: value for name, value in self.values.items() if value != getattr(self._before, name)}

    def _make_page(self, title: str) -> ScrollFrame:
        px, page = self._theme.px, next(page for page in PAGES if page.title == title)
        frame = ScrollFrame(self._card, self._theme, card=True)
        frame.inside.columnconfigure(0, weight=1)
        for number, field in enumerate(page.fields):
            row = SettingRow(frame.inside, self._theme, field, self.values[field.name], self._typed)
            row.grid(row=number, sticky="ew", pady=(0, px(16)))
            row.complain(self.errors.get(field.name, ""))
            self.rows[field.name] = row
        more = {"Network": self._make_token, "Places": self._make_data}.get(title)
        if more is not None:
            more(frame.inside).grid(row=len(page.fields), sticky="ew", pady=(0, px(8)))
        frame.watch()
        return frame

    def _make_token(self, parent: tk.Misc) -> ttk.Frame:
        frame = ttk.Frame(parent, style="Card.TFrame")
        self.token_button = ttk.Button(frame, text="Bot token …", style="Card.TButton", command=self._calls.token)
        self.token_button.grid(row=0, sticky="w")
        ttk.Label(frame, text=_TOKEN, style="Card.Muted.TLabel").grid(row=1, sticky="w", pady=(self._theme.px(5), 0))
        return frame

    def _make_data(self, parent: tk.Misc) -> ttk.Frame:
        px = self._theme.px
        frame = ttk.Frame(parent, style="Card.TFrame")
        frame.columnconfigure(0, weight=1)
        heading = ttk.Label(frame, text="RAS’s own folder", style="Card.Strong.TLabel")
        heading.grid(row=0, sticky="w", pady=(0, px(5)))
        line = ttk.Frame(frame, style="Card.TFrame")
        line.grid(row=1, sticky="ew")
        line.columnconfigure(0, weight=1)
        folder = ttk.Entry(line, style="Card.TEntry")  # to be copied from, and scrolled where it is long
        folder.insert(0, self._data)
        folder.configure(state="readonly")
        folder.grid(row=0, column=0, sticky="ew")
        self.data_button = ttk.Button(line, text="Show", style="Card.TButton", command=self._calls.show_data)
        self.data_button.grid(row=0, column=1, padx=(px(8), 0))
        self._usage_label = ttk.Label(frame, text=self._usage, style="Card.Muted.TLabel")
        self._usage_label.grid(row=2, sticky="w", pady=(px(5), 0))
        note = "To keep it elsewhere, set the environment variable RAS_HOME before RAS starts."
        ttk.Label(frame, text=note, style="Card.Muted.TLabel").grid(row=3, sticky="w")
        return frame

    # -- what is typed and asked for -------------------------------------------------------------------------------

    def _typed(self, field: Field, typed: Any) -> None:
        try:
            self.values[field.name] = value_of(field, typed)
        except SettingsError as exc:
            before = getattr(self._before, field.name)
            if typed == shown(field, before):  # as it is anyway
                self.values[field.name] = before
                self.errors.pop(field.name, None)
            else:
                self.errors[field.name] = str(exc)
        else:
            self.errors.pop(field.name, None)
        if field.name in self.rows:
            self.rows[field.name].complain(self.errors.get(field.name, ""))
        self._enable()

    def _enable(self) -> None:
        """Bring the line and the buttons in line with what was typed."""
        state = "disabled" if self.errors else "normal"
        self.ok_button.configure(state=state)
        self.export_button.configure(state=state)
        if self.errors:
            pages = [page.title for page in PAGES if any(field.name in self.errors for field in page.fields)]
            self.say(f"{count(len(self.errors), 'setting')} cannot be taken: see {', '.join(pages)}.")
        elif self.changed:
            self.say(f"{count(len(self.changed), 'setting')} changed; OK applies it.")
        else:
            self.say("")

    def _ok(self) -> None:
        if not self.errors:
            changed = self.changed
            self.close()
            if changed:
                self._calls.taken(changed)

    def _ask_reset(self) -> None:
        first = {name: getattr(Settings(), name) for name in FIELDS}
        different = len(changes_text(Settings(**self.values), first))
        if not different and not self.errors:
            self.say("All settings are as they were at first.")
            return
        said = "All settings are as they were at first; OK applies it."
        self.question.ask(
            "Reset all settings to what they were at first? Archives and the bot token stay.",
            lambda: self.take(first, said),
        )

    def _turn(self, step: int, focus: bool = False) -> str:
        titles = list(self.page_buttons)
        title = titles[(titles.index(self._page.get()) + step) % len(titles)]
        if focus:
            self._go_to(title)
        else:
            self.show_page(title)
        return "break"

    def _go_to(self, title: str) -> None:
        self.show_page(title)
        self._focus_page()

    def _focus_page(self) -> None:
        self.page_buttons[self._page.get()].focus_set()

    def _escape(self) -> None:
        if self.question.text:
            self.question.dismiss()
        else:
            self.close()

    def _recolour(self) -> None:
        self.window.configure(background=self._theme.palette.ground)
