"""Several pictures at once: searched for together, and a strip under the query switches between their results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ras.gui.bench import with_text
from ras.gui.query_strip import StripItem
from ras.records import Verdict

if TYPE_CHECKING:
    from ras.gui.app import App
    from ras.records import Query, SearchReport


class Batch:
    """Of ``Inputs.several``: it ends when another picture comes, or a part of one is searched for."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._shown: object = None
        """What the strip was last brought in line with."""

    @property
    def active(self) -> bool:
        return len(self._app.inputs.several) > 1

    @property
    def place(self) -> int:
        """Of the picture that is shown."""
        several, picture = self._app.inputs.several, self._app.inputs.picture
        return next((place for place, one in enumerate(several) if one is picture), 0)

    @property
    def queries(self) -> tuple[Query, ...]:
        """All of them, with the text that is searched for besides; empty where there is a single picture."""
        if not self.active:
            return ()
        described = self._app.inputs.described
        found = (with_text(picture, *described) for picture in self._app.inputs.several)
        return tuple(one.query for one in found if one is not None)

    def choose(self, place: int) -> None:
        """Show another of them, and what was found of it."""
        if self.active and place != self.place:
            self._app.inputs.show_one(place)
            if self._app.run.queries:
                self._app.run.show_query(place)
            self.update()

    def step(self, way: int) -> None:
        """To the next (1) or the one before (-1), round and round."""
        if self.active:
            self.choose((self.place + way) % len(self._app.inputs.several))

    def update(self) -> None:
        """Bring the strip in line."""
        several = self._app.inputs.several if self.active else ()
        reports = self._app.run.reports if several else ()
        place = self.place if several else 0
        now = [place, *map(id, several), *map(id, reports)]
        if now == self._shown:
            return
        self._shown = now
        told = reports or (None,) * len(several)
        items = [StripItem(one.thumbnail, one.query.name, _mark(report)) for one, report in zip(several, told)]
        self._app.query_panel.show_batch(items, place)


def _mark(report: SearchReport | None) -> str:
    if report is None:
        return ""
    if report.verdict.is_copy:
        return "found"
    return "alike" if report.verdict is Verdict.ALIKE else "nothing"
