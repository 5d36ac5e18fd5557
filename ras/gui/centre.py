"""The middle of the window: the results under their headline, or what there is to be done instead."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable

from ras.gui.covered import Covered
from ras.gui.filter_panel import FilterPanel
from ras.gui.headline import Headline
from ras.gui.results_bar import ResultsBar
from ras.gui.results_grid import ResultsGrid
from ras.gui.results_view import ResultsView
from ras.gui.sample import SAMPLE, SampleQuery, is_sample
from ras.gui.theme import has_focus
from ras.gui.welcome import Welcome
from ras.text import whole

if TYPE_CHECKING:
    from ras.gui.answer import Answer
    from ras.gui.inputs import Inputs
    from ras.gui.search_run import SearchRun
    from ras.gui.theme import Theme
    from ras.gui.wanted import Wanted
    from ras.records import SearchResult

_FLASH_MS = 250
"""A search that has results sooner shows them and nothing in between."""

_NARROWED = "Only pictures that pass the filter were searched."


class Centre(ttk.Frame):
    """``show`` brings it in line with what is known and what runs; the results fill themselves."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        selected: Callable[[SearchResult | None], None],
        opened: Callable[[SearchResult], None],
        menu: Callable[[SearchResult, int, int], None],
        search: Callable[[], None],
        search_only: Callable[[Wanted], None],
        order: Callable[[str], None],
        resize: Callable[[int], None],
        turn: Callable[[], None],
        show_rest: Callable[[], None],
        search_wider: Callable[[], None],
        can_drop: bool,
    ) -> None:
        super().__init__(parent)
        px = theme.px
        self._search, self._can_drop = search, can_drop
        self._show_rest, self._search_wider = show_rest, search_wider
        self.sample_queries: tuple[SampleQuery, ...] = ()
        """Offered where the sample is open and no query is chosen."""
        self._waiting: str | None = None
        self.columnconfigure(0, weight=1)
        self.rowconfigure(3, weight=1)
        self.head = Headline(self, theme, more=show_rest)
        self.head.grid(row=0, sticky="ew", padx=px(14), pady=(0, px(6)))
        self.results = ResultsGrid(
            self,
            theme,
            selected=selected,
            opened=opened,
            menu=menu,
            turned=lambda result: self.view.turn(result),
            order=order,
        )
        self.view = ResultsView(self.results, changed=lambda: self._say_shown())
        self.results.grid(row=3, sticky="nsew")
        self.bar = ResultsBar(
            self, theme, filters=self.turn_filters, order=order, resize=resize, turn=turn, search_all=search
        )
        self.bar.grid(row=1, sticky="ew", padx=(px(14), px(10)), pady=(0, px(4)))
        self.filters = FilterPanel(
            self,
            theme,
            changed=lambda: self.view.filter(self.filters.wanted),
            search=lambda: search_only(self.filters.wanted),
            closed=self.turn_filters,
        )
        self.filters.grid(row=2, sticky="ew", padx=(px(14), px(10)), pady=(0, px(6)))
        self.filters.grid_remove()
        self.welcome = Welcome(self, theme)
        self.welcome.grid(row=0, rowspan=4, sticky="nsew")
        self._covered = Covered()

    @property
    def headline(self) -> str:
        """What is said over the results."""
        return self.head.text

    def show(self, inputs: Inputs, run: SearchRun) -> None:
        if self._waiting is not None:
            self.after_cancel(self._waiting)
            self._waiting = None
        if self.view.amount or self.results.amount:
            self._say_of_results(run)
            self.bar.offer_all(run.narrowed)
            self._say_shown()
        elif run.running:
            self.head.say("Searching …", "")
            self._waiting = self.after(_FLASH_MS, self._show_searching)
        elif run.answer is not None:
            self._cover()
            self._show_answer(run.answer, narrowed=run.narrowed)
        else:
            self._cover()
            self._show_what_to_do(inputs, run)

    def _show_searching(self) -> None:
        self._waiting = None
        self._cover()
        self.welcome.show("search", "Searching …", ["The first results appear in a moment."])

    def find(self) -> None:
        """Fold the filters out, with the keyboard in the first."""
        self.filters.grid()
        self.filters.focus_first()
        self._say_shown()

    def turn_filters(self) -> None:
        """Fold the filters out, or in: what they say stays in force."""
        if self.filters.winfo_manager():
            self.filters.grid_remove()
            self.results.canvas.focus_set()
            self._say_shown()
        else:
            self.find()

    def _cover(self) -> None:
        """Let the words that stand in place of results stand over all that there would be with them."""
        self.welcome.grid(row=0, rowspan=4)
        self._covered.cover(self.head, self.bar, self.filters, self.results)

    def _say_shown(self) -> None:
        """How many of the results are shown; in place of their tiles, that none is."""
        view = self.view
        folded_out = bool(self.filters.winfo_manager())
        self.bar.say("" if folded_out else view.about)
        self.filters.say(view.about)
        self.bar.show_filters(folded_out=folded_out, active=bool(view.wanted))
        if view.amount and not self.results.amount:
            self.welcome.grid(row=3, rowspan=1)
            self._covered.cover(self.results)
            lines = [
                "It passes none of them."
                if view.amount == 1
                else f"None of the {whole(view.amount)} results passes it."
            ]
            self.welcome.show(
                "filter", "Nothing passes the filter", lines, buttons=[("Clear the filter", self.filters.clear)]
            )
        elif view.amount and self.welcome.winfo_manager():
            self.welcome.grid_remove()
            self._covered.cover()

    def _say_of_results(self, run: SearchRun) -> None:
        if run.running:
            self.head.say("Best so far …", "The order settles while the search goes on.")
        elif run.answer is None:
            self.head.say("Best so far", "The search was stopped before its end.")
        else:
            comment = run.answer.comment
            if run.narrowed:
                comment = f"{comment} {_NARROWED}".strip()
            self.head.say(run.answer.headline, comment, run.answer.more if run.rest_hidden else "")

    def _show_answer(self, answer: Answer, *, narrowed: bool) -> None:
        """Nothing was found that is worth a tile: said in place of the tiles, with the ways on."""
        offered = ((answer.more, self._show_rest), (answer.wider, self._search_wider))
        buttons = [(label, do) for label, do in offered if label]
        lines = answer.comment.splitlines()
        if narrowed:
            lines, buttons = [_NARROWED, *lines], [*buttons, ("Search all pictures", self._search)]
        self.welcome.show("search", answer.headline, lines, buttons=buttons)
        if has_focus(self.results.canvas):  # which cannot be seen
            self.welcome.focus_button()

    def _show_what_to_do(self, inputs: Inputs, run: SearchRun) -> None:
        show = self.welcome.show
        if inputs.opening:
            show("folder", "Reading the archive …", ["You can choose a picture meanwhile."])
        elif inputs.archive is None:
            steps = [
                "Open a Discord archive: exports of DiscordChatExporter or Discord History Tracker, a folder or zip of "
                "them, or Discord’s data package",
                "Drop, paste or choose a picture" if self._can_drop else "Paste or choose a picture",
                "See who posted it, where and when, and open the message",
            ]
            buttons = [("Open an archive …", inputs.ask_for_archive)]
            if SAMPLE.is_file():
                buttons.append(("Try the sample", inputs.open_sample))
            show("search", "Find where a picture was posted", steps=steps, buttons=buttons)
        elif not inputs.archive.archive.records:
            kept = (
                "It has messages, but none with a picture." if inputs.archive.archive.message_count else "It is empty."
            )
            lines = [f"{kept} Was the right channel exported?"]
            show("picture", "This archive has no pictures", lines, buttons=[("Open another …", inputs.ask_for_archive)])
        elif inputs.query is None:
            drop = "Drop it anywhere on this window, paste" if self._can_drop else "Paste"
            lines = [f"{drop} it with Ctrl+V, or click the box on the left."]
            buttons = [("Choose a picture …", inputs.ask_for_picture)]
            samples = self.sample_queries if is_sample(inputs.archive.archive) else ()
            pictures = [
                (query.thumbnail, query.name, lambda query=query: inputs.load_query(str(query.path)))
                for query in samples
            ]
            show("picture", "Now choose a picture", lines, buttons=buttons, pictures=pictures)
        elif run.report is not None:
            lines = ["No picture of this archive could be compared.", "Show skipped, below, says why for each of them."]
            show("info", "Nothing was found", lines if run.skipped else lines[:1])
        else:
            show("search", "Ready to search", buttons=[("Search", self._search)])
