"""Where the pictures of the open archive can be had from: looked at in the background, said in the archive's line."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Callable

from ras.gui.dates import long_date
from ras.text import count, whole

if TYPE_CHECKING:
    from ras.condition import Condition
    from ras.gui.archive_bar import ArchiveBar
    from ras.gui.pump import Pump
    from ras.records import Archive, Job
    from ras.settings import Settings
    from ras.worker import Ticket, Worker

_LONGEST_WAIT = 24 * 3600


class ArchiveState:
    """``opened`` tells which archive is open. ``worker`` does nothing else: no search has to wait for it."""

    def __init__(
        self,
        pump: Pump,
        worker: Worker,
        bar: ArchiveBar,
        *,
        opened: Callable[[], Archive | None],
        settings: Callable[[], Settings],
    ) -> None:
        self._pump, self._worker, self._bar = pump, worker, bar
        self._opened, self._settings = opened, settings
        self._looking: Ticket | None = None
        self._timer: str | None = None
        self.condition: Condition | None = None
        """Of the archive that is open; None as long as it is not known."""

    def look(self) -> None:
        """Look anew: another archive is open, its links have expired, or its media may lie elsewhere."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if self._timer is not None:
            self._bar.after_cancel(self._timer)
            self._timer = None
        archive, settings = self._opened(), self._settings()
        self.condition = None
        if archive is None:
            return

        def job() -> Job[Condition]:
            from ras.condition import condition

            return condition(archive, settings)

        self._looking = self._pump.start(self._worker, job, done=lambda condition: self._seen(archive, condition))

    def _seen(self, archive: Archive, condition: Condition) -> None:
        self._looking = None
        self.condition = condition
        self._bar.show_condition(archive, condition_parts(condition))
        if condition.next_expiry is not None:
            left = (condition.next_expiry - datetime.now(timezone.utc)).total_seconds()
            if left < _LONGEST_WAIT:
                self._timer = self._bar.after(int(max(1.0, left + 1) * 1000), self.look)


def condition_parts(state: Condition) -> list[str]:
    """``2,900 on this computer``, ``214 links live until 3 May 2024, 18:00``, ``447 expired``: what there is."""
    from ras.condition import Source

    parts = []
    here, live = state.count(Source.ON_DISK), state.count(Source.LIVE)
    if here:
        parts.append(f"{'all' if here == state.pictures else f'{whole(here)}'} on this computer")
    if state.lost:  # whatever their links are good for: they may only lie in another folder
        parts.append(f"{count(state.lost, 'file')} missing")
    if live and state.next_expiry is not None:
        parts.append(f"{count(live, 'link')} live until {long_date(state.next_expiry)}")
    if state.dead:
        parts.append(f"{count(state.dead, 'link')} expired")
    others = state.count(Source.LASTING)
    if others:
        parts.append(f"{count(others, 'link')} without expiry")
    blocked = state.count(Source.BLOCKED)
    if blocked:
        parts.append(f"{whole(blocked)} on other hosts")
    nothing = state.count(Source.NONE)
    if nothing:
        parts.append(f"{whole(nothing)} lost")
    return parts
