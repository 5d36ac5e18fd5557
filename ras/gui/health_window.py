"""The window that tells how RAS is, section by section, and offers to verify, repair and clear what it keeps."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from tkinter import ttk
from typing import TYPE_CHECKING, Callable

from ras.gui import dialogs
from ras.gui.fitted_label import FittedLabel
from ras.gui.health_card import HealthCard
from ras.gui.health_clearing import CLEARINGS
from ras.gui.progress_line import ProgressLine
from ras.gui.question import Question
from ras.gui.scroll_frame import ScrollFrame
from ras.health.facts import NONE, READ_ONLY, UNUSABLE, WRITABLE
from ras.health.words import as_text, headline, sections

if TYPE_CHECKING:
    from ras.gui.theme import Theme
    from ras.health import Health

_VERIFY = "Verify reads everything in the store through, and sets aside what is damaged. Nothing is deleted."
_REPAIR = "Repair verifies, sets aside what is damaged, and gives back room that nothing uses."
_CLEAR = "Clear deletes what you choose; each time you are asked first."
_ALL = "Verify looks, Repair sets right what it can, Clear deletes what you choose. Only Verify asks nothing first."
_ASK_REPAIR = (
    "Repair the store? It is read through, what is damaged is set aside, and room that nothing uses is given back. "
    "Pictures whose embeddings are lost must be indexed again; archives are named then."
)


@dataclass(frozen=True)
class Calls:
    """What the window calls when it is asked for."""

    verify: Callable[[], None]
    repair: Callable[[], None]
    clear: Callable[[str], None]
    """With a key of ``CLEARINGS``."""
    stop: Callable[[], None]
    refresh: Callable[[], None]
    report: Callable[[], None]
    """Shows the newest report of a crash."""
    folder: Callable[[], None]


class HealthWindow:
    """Shows what it is told and reports what is asked for; decides nothing."""

    def __init__(self, parent: tk.Tk, theme: Theme, calls: Calls) -> None:
        px = theme.px
        self._theme, self._calls = theme, calls
        self._health: Health | None = None
        self._held, self._busy, self._columns = "", False, 0
        self.cards: dict[str, HealthCard] = {}
        self.window, frame, row = dialogs.dialog_with_row(parent, theme, "Health")
        self.headline = ttk.Label(frame, text="Looking …", style="Muted.TLabel", justify="left")
        self.headline.pack(anchor="w", pady=(0, px(10)))
        foot = ttk.Frame(frame)
        foot.pack(side="bottom", fill="x")
        foot.columnconfigure(0, weight=1)
        self.scroll = ScrollFrame(frame, theme)
        self.scroll.pack(fill="both", expand=True)
        self._sides = [ttk.Frame(self.scroll.inside), ttk.Frame(self.scroll.inside)]
        self._said = ttk.Label(foot, style="Strong.TLabel", justify="left")
        self._said.grid(row=0, sticky="ew", pady=(px(10), 0))
        self._said.grid_remove()
        self._line = ProgressLine(foot, theme, stop_label="Stop", stop=calls.stop)
        self._line.grid(row=1, sticky="ew", pady=(px(8), 0))
        self._line.hide()
        self.question = Question(foot, theme, no="Do not", yes="Repair", answered=self._focus)
        self.question.grid(row=2, sticky="ew", pady=(px(10), 0))
        self.question.grid_remove()
        self._hint = FittedLabel(foot, theme)
        self._hint.grid(row=3, sticky="ew", pady=(px(10), 0))
        self._make_buttons(row)
        self.window.bind("<Escape>", lambda _event: self._escape())
        self.window.bind("<F5>", lambda _event: calls.refresh())
        for keys, pages in (("<Prior>", -1.0), ("<Next>", 1.0), ("<Up>", -0.2), ("<Down>", 0.2)):
            self.scroll.canvas.bind(keys, lambda _event, pages=pages: self.scroll.page(pages))  # type: ignore[misc]
        self.window.bind("<Configure>", lambda _event: self._wrap())
        self.window.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self.scroll.canvas.bind("<Configure>", lambda event: self._lay_out(event.width), add=True)
        dialogs.place_over(self.window, parent, theme, (920, 680), (600, 420))
        self._enable()
        self.scroll.canvas.configure(takefocus=True)
        self.scroll.canvas.focus_set()

    def _make_buttons(self, row: ttk.Frame) -> None:
        px, calls = self._theme.px, self._calls
        self.verify_button = ttk.Button(row, text="Verify", command=calls.verify)
        self.repair_button = ttk.Button(row, text="Repair …", command=self._ask_repair)
        self.clear_button = ttk.Menubutton(row, text="Clear  ", style="Ground.TMenubutton", direction="above")
        self.clear_menu = tk.Menu(self.clear_button, tearoff=False)
        self.clear_button.configure(menu=self.clear_menu)
        self.refresh_button = ttk.Button(row, text="Refresh", command=calls.refresh)
        self.copy_button = ttk.Button(row, text="Copy", command=self._copy)
        self.report_button = ttk.Button(row, text="Show report", command=calls.report)
        self.folder_button = ttk.Button(row, text="Data folder", command=calls.folder)
        for button, hint in (
            (self.verify_button, _VERIFY),
            (self.repair_button, _REPAIR),
            (self.clear_button, _CLEAR),
            (self.refresh_button, "Look at everything anew."),
            (self.copy_button, "Copy all of this as a text, to send to somebody who helps."),
            (self.report_button, "Read the newest report of a crash."),
            (self.folder_button, "Show the folder in which RAS keeps everything."),
        ):
            for event in ("<Enter>", "<FocusIn>"):
                button.bind(event, lambda _event, hint=hint: self._tell(hint), add=True)
            for event in ("<Leave>", "<FocusOut>"):
                button.bind(event, lambda _event: self._tell(""), add=True)
        for number, care in enumerate((self.verify_button, self.repair_button, self.clear_button)):
            care.pack(side="left", padx=(px(8) if number else 0, 0))
        for other in (self.refresh_button, self.copy_button, self.folder_button):
            other.pack(side="right", padx=(0, px(8)))
        self._theme.colour_menu(self.clear_menu)

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        return bool(self.window.winfo_exists())

    @property
    def said(self) -> str:
        """The sentence under the cards; empty while there is none."""
        return str(self._said.cget("text"))

    @property
    def hint(self) -> str:
        """The line above the buttons: what the one under the mouse or with the keyboard does, or why it cannot."""
        return self._hint.text

    def show(self, health: Health) -> None:
        self._health = health
        self.headline.configure(text=headline(health))
        found = sections(health)
        for section in found:
            if section.title not in self.cards:
                side = self._sides[0 if section.title in ("Store", "Left out", "Places") else 1]
                self.cards[section.title] = HealthCard(side, self._theme)
                self.cards[section.title].pack(fill="x", pady=(0, self._theme.px(10)))
            self.cards[section.title].show(section)
        if health.crashes:
            self.report_button.pack(side="right", padx=(0, self._theme.px(8)))
        else:
            self.report_button.pack_forget()
        self.scroll.watch()
        self._lay_out(self.scroll.canvas.winfo_width())
        self._enable()

    def hold(self, why: str) -> None:
        """Nothing can be verified, repaired or cleared now, and why; empty: it can again."""
        if why != self._held:
            self._held = why
            self._enable()

    def work(self, line: Callable[[ProgressLine], None] | None) -> None:
        """``line`` shows how far something is that goes on; None when it is over."""
        self._busy = line is not None
        if line is None:
            self._line.hide()
        else:
            line(self._line)
        self._enable()

    def say(self, text: str) -> None:
        self._said.configure(text=self._theme.shown(text))
        if text:
            self._said.grid()
        else:
            self._said.grid_remove()

    def close(self) -> None:
        self.window.destroy()

    # -- what can be done ------------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str:
        """Why this (``verify``, ``repair``, ``clear``) cannot be done now; empty where it can."""
        if self._busy:
            return "Something goes on already: stop it, or wait until it is over."
        if self._held:
            return self._held
        if self._health is None:
            return "RAS is still looking."
        store = self._health.store
        if action == "clear":
            return ""
        if store.state == NONE or (store.state == WRITABLE and not store.archives):
            return "There is nothing in the store yet: index an archive first."
        if store.state == UNUSABLE:
            return "The store cannot be opened; see above why."
        if store.state == READ_ONLY and action == "repair":
            return "The store cannot be written, so that it can be verified but not repaired."
        return ""

    def _enable(self) -> None:
        self.verify_button.configure(state="disabled" if self.why_not("verify") else "normal")
        self.repair_button.configure(state="disabled" if self.why_not("repair") else "normal")
        self.clear_button.configure(state="disabled" if self.why_not("clear") else "normal")
        self._fill_menu()  # before it is opened, since where it comes up depends on its size
        self.refresh_button.configure(state="disabled" if self._busy else "normal")
        self.copy_button.configure(state="normal" if self._health is not None else "disabled")
        self._tell("")

    def _tell(self, hint: str) -> None:
        actions = {_VERIFY: "verify", _REPAIR: "repair", _CLEAR: "clear"}
        why = self.why_not(actions[hint]) if hint in actions else ""
        self._hint.say(why or hint or self._held or _ALL)

    def _fill_menu(self) -> None:
        self.clear_menu.delete(0, "end")
        self._theme.colour_menu(self.clear_menu)
        health = self._health
        if health is None:
            return
        for what, clearing in CLEARINGS.items():
            why, label = clearing.why_not(health), clearing.label(health)
            if what == "everything":
                self.clear_menu.add_separator()
            self.clear_menu.add_command(
                label=f"{label.rpartition(' (')[0]}: {why}" if why else label,
                state="disabled" if why else "normal",
                command=lambda what=what: self.ask_clear(what),  # type: ignore[misc]
            )

    def ask_clear(self, what: str) -> None:
        """Ask before something is cleared; ``what`` is a key of ``CLEARINGS``."""
        clearing = CLEARINGS[what]
        if self._health is not None and not self.why_not("clear") and not clearing.why_not(self._health):
            self.say("")
            self.question.yes_button.configure(text=clearing.yes)
            self.question.ask(clearing.question(self._health), lambda: self._calls.clear(what))

    def _ask_repair(self) -> None:
        self.say("")
        self.question.yes_button.configure(text="Repair")
        self.question.ask(_ASK_REPAIR, self._calls.repair)

    def _copy(self) -> None:
        if self._health is not None:
            self.window.clipboard_clear()
            self.window.clipboard_append(as_text(self._health))
            self.say("On the clipboard.")

    def _focus(self) -> None:
        self.scroll.canvas.focus_set()

    def _escape(self) -> None:
        if self.question.text:
            self.question.dismiss()
        else:
            self.close()

    # -- room ------------------------------------------------------------------------------------------------------

    def _lay_out(self, width: int) -> None:
        columns = 2 if width >= self._theme.px(640) else 1
        if columns == self._columns or width <= 1:
            return
        self._columns = columns
        left, right = self._sides
        inside, gap = self.scroll.inside, self._theme.px(5)
        for place in (0, 1):
            inside.columnconfigure(place, weight=1 if place < columns else 0, uniform="side" if columns == 2 else "")
        left.grid(row=0, column=0, sticky="new", padx=(0, gap if columns == 2 else 0))
        right.grid(row=0 if columns == 2 else 1, column=columns - 1, sticky="new", padx=(gap if columns == 2 else 0, 0))

    def _wrap(self) -> None:
        width = self.window.winfo_width() - 2 * self._theme.px(20)
        for label in (self.headline, self._said):
            label.configure(wraplength=max(1, width))
        self.question.wrap(width)

    def _recolour(self) -> None:
        self.window.configure(background=self._theme.palette.ground)
