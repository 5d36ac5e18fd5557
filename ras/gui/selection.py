"""The selected result at length: shown in the details panel at once, and sharper when the selection rests on it.

What of the query it shows is outlined on the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui.region_outline import worth_outlining
from ras.gui.result_actions import link_state

if TYPE_CHECKING:
    from ras.condition import Condition
    from ras.gui.details import DetailsPanel
    from ras.gui.drop_zone import DropZone
    from ras.gui.local_picture import LocalPicture
    from ras.gui.pump import Pump
    from ras.gui.results_grid import ResultsGrid
    from ras.records import ImageRecord, SearchResult
    from ras.worker import Ticket, Worker

_REST_MS = 150
"""A result that the keyboard only passes by, or that leads a search for a moment, is not decoded in full."""

_LINGER_MS = 300
"""Without a selection the panel goes, but not while the next search is about to bring one: every tile would be laid out
anew, twice."""

_REMEMBERED = 1000
"""Of so many records, at most, it is kept in mind whether their file was there."""


class Selection:
    def __init__(
        self,
        pump: Pump,
        worker: Worker,
        *,
        results: ResultsGrid,
        details: DetailsPanel,
        zone: DropZone,
        encoder_id: Callable[[], str],
        media_folders: Callable[[], Sequence[str]],
        condition: Callable[[], Condition | None],
    ) -> None:
        self._pump, self._worker = pump, worker
        self._results, self._details, self._zone = results, details, zone
        self._encoder_id, self._media_folders, self._condition = encoder_id, media_folders, condition
        self._there: dict[str, bool] = {}
        """Key of a record → whether its file was there when it was last looked for."""
        self._wanted = True
        self._looking: Ticket | None = None
        self._timer: str | None = None
        self._coming: str | None = None
        """The timer that shows the details of what is selected."""
        self.watchers: list[Callable[[SearchResult | None], None]] = []
        """Called, too, with what is selected, whenever that changes or is revealed."""

    def toggle(self) -> None:
        """Show the details from now on, or no longer."""
        self._wanted = not self._wanted
        self.show(self._results.selection)
        self._results.canvas.focus_set()

    def show(self, result: SearchResult | None) -> None:
        if self._timer is not None:
            self._details.after_cancel(self._timer)
            self._timer = None
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._outline_query(result)
        for watcher in self.watchers:
            watcher(result)
        if self._coming is None:
            # In a moment: first the results are drawn, and of several changes at once only the last is shown.
            self._coming = self._details.after(1, self.settle)

    def settle(self) -> None:
        """Show the details of what is selected now, if that is still to be done."""
        if self._coming is None:
            return
        self._details.after_cancel(self._coming)
        self._coming = None
        result = self._results.selection
        if result is None and self._wanted:
            self._timer = self._details.after(_LINGER_MS, self._hide)
            return
        if result is None or not self._wanted:
            self._hide()
            return
        veiled = self._results.is_veiled(result)
        state = link_state(result.record, self._is_there(result.record))
        self._details.show(result, state, veiled=veiled, encoder_id=self._encoder_id())
        self._details.grid()
        if result.record.local_path is not None or self._media_folders():
            self._timer = self._details.after(_REST_MS, self._look, result, veiled)

    def _is_there(self, record: ImageRecord) -> bool | None:
        """Whether its file is, as far as is known: on Tk's thread nothing is looked for, a disk may be far away."""
        condition = self._condition()
        whole = condition is not None and not condition.lost
        return self._there.get(record.key, True if whole else None)

    def _outline_query(self, result: SearchResult | None) -> None:
        matched = None if result is None or self._results.is_veiled(result) else result.matched_region
        self._zone.outline(matched.query if matched is not None and worth_outlining(matched.query) else ())

    def _hide(self) -> None:
        self._timer = None
        self._details.grid_remove()

    def _look(self, result: SearchResult, veiled: bool) -> None:
        """Look for the result's own file: its picture is sharper than the preview, unless that may not be shown."""
        from ras.gui.local_picture import look

        self._timer = None
        record, folders = result.record, tuple(self._media_folders())
        room = None if veiled else self._details.picture_size()

        def looked(found: LocalPicture) -> None:
            self._looking = None
            if len(self._there) >= _REMEMBERED:
                self._there.clear()
            self._there[found.key] = found.there
            self._details.say_link_state(found.key, link_state(record, found.there))
            if found.image is not None:
                self._details.sharpen(found.key, found.image)

        self._looking = self._pump.start(self._worker, lambda: look(record, folders, room), done=looked)
