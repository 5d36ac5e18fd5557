"""What a screen reader says of the controls of the main window that are drawn, and of the result that is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ras.gui import accessible
from ras.gui.dates import spoken_date
from ras.text import clean, percent, whole

if TYPE_CHECKING:
    from ras.gui.app import App
    from ras.records import SearchResult

_LONGEST = 60


class SpokenNames:
    def __init__(self, app: App) -> None:
        self._app = app
        panel, results, bar = app.query_panel, app.results, app.centre.bar
        describe = accessible.describe
        describe(
            results.canvas,
            "Results",
            role=accessible.LIST,
            help="The arrows move among the results, Enter opens the message, Shift+F10 shows what else can be done.",
            value=lambda: self.selected,
        )
        describe(
            panel.zone,
            "Picture to search for",
            role=accessible.BUTTON,
            help="Enter chooses a picture, Delete forgets it, Ctrl+K searches for a part of it.",
            value=lambda: self.query,
        )
        describe(panel.strip, "Queries", role=accessible.LIST, help="The arrows choose one, Enter takes it.")
        describe(panel.scope_button, "What is to be found")
        describe(panel.mode_menu.master, "Search mode")
        describe(panel.text_field.entry, "Words to search for", role=accessible.FIELD)
        describe(panel.text_field.slider, "Weight of the words", role=accessible.SLIDER)
        describe(bar.order_button, "Order of the results")
        describe(bar.slider, "Size of the pictures", role=accessible.SLIDER)
        describe(app.details.picture, "Picture of the result", role=accessible.LABEL)
        for field, control in app.centre.filters.controls.items():
            describe(control, f"Filter: {field}")
        app.selection.watchers.append(self._selected)

    @property
    def query(self) -> str:
        """The picture that is searched for."""
        loaded = self._app.inputs.query
        return "" if loaded is None else clean(loaded.query.name, longest=_LONGEST)

    @property
    def selected(self) -> str:
        """The selected result in one line."""
        results = self._app.results
        result, place = results.selection, results.selected_place
        if result is None or place is None:
            return ""
        return f"{summary(result)}. {whole(place + 1)} of {whole(results.amount)}"

    def _selected(self, _result: SearchResult | None) -> None:
        accessible.tell(self._app.results.canvas, self.selected)
        self._app.work_title.update()


def summary(result: SearchResult) -> str:
    """``far_away.png, identical, 100 % alike, by Mara in #showcase on 16 March 2025``."""
    record = result.record
    said = [
        clean(record.file_name, longest=_LONGEST),
        result.verdict_title[:1].lower() + result.verdict_title[1:],
        "" if result.of_text else f"{percent(result.score)} alike",
        f"by {clean(record.author, longest=_LONGEST)} in #{clean(record.channel.name, longest=_LONGEST)} "
        f"on {spoken_date(record.timestamp)}",
    ]
    return ", ".join(part for part in said if part)
