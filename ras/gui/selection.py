"""The selected result at length: shown in the details panel at once, and sharper when the selection rests on it.

What of the query it shows is outlined on the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui.region_outline import worth_outlining
from ras.gui.result_actions import link_state

if TYPE_CHECKING:
    from ras.gui.details import DetailsPanel
    from ras.gui.drop_zone import DropZone
    from ras.gui.local_picture import LocalPicture
    from ras.gui.pump import Pump
    from ras.gui.results_grid import ResultsGrid
    from ras.records import SearchResult
    from ras.worker import Ticket, Worker

_REST_MS = 150
"""A result that the keyboard only passes by, or that leads a search for a moment, is not decoded in full."""

_LINGER_MS = 300
"""Without a selection the panel goes, but not while the next search is about to bring one: every tile would be laid out
anew, twice."""


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
    ) -> None:
        self._pump, self._worker = pump, worker
        self._results, self._details, self._zone = results, details, zone
        self._encoder_id, self._media_folders = encoder_id, media_folders
        self._wanted = True
        self._looking: Ticket | None = None
        self._timer: str | None = None
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
        if result is None and self._wanted:
            self._timer = self._details.after(_LINGER_MS, self._hide)
            return
        if result is None or not self._wanted:
            self._hide()
            return
        veiled = self._results.is_veiled(result)
        self._details.show(result, link_state(result.record), veiled=veiled, encoder_id=self._encoder_id())
        self._details.grid()
        if (result.record.local_path is not None or self._media_folders()) and not veiled:
            self._timer = self._details.after(_REST_MS, self._look, result)

    def _outline_query(self, result: SearchResult | None) -> None:
        matched = None if result is None or self._results.is_veiled(result) else result.matched_region
        self._zone.outline(matched.query if matched is not None and worth_outlining(matched.query) else ())

    def _hide(self) -> None:
        self._timer = None
        self._details.grid_remove()

    def _look(self, result: SearchResult) -> None:
        """Look for the result's own file: its picture is sharper than the preview."""
        from ras.gui.local_picture import look

        self._timer = None
        record, folders, room = result.record, tuple(self._media_folders()), self._details.picture_size()
        self._looking = self._pump.start(self._worker, lambda: look(record, folders, room), done=self._looked)

    def _looked(self, found: LocalPicture) -> None:
        self._looking = None
        if found.image is not None:
            self._details.sharpen(found.key, found.image)
