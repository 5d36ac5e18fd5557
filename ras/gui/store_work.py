"""A job that changes the store, behind the line of progress of the window that asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ras.records import Job, Progress

if TYPE_CHECKING:
    from typing import Protocol

    from ras.gui.progress_line import ProgressLine
    from ras.gui.pump import Pump
    from ras.worker import Ticket, Worker

    class Workplace(Protocol):
        """The window: ``work`` has its line show how far it is, or go; ``say`` puts a sentence under what it shows."""

        def work(self, line: Callable[[ProgressLine], None] | None) -> None: ...

        def say(self, text: str) -> None: ...


class StoreWork:
    """One at a time, and none while pictures are indexed. ``window``: the one there is now, None when it was closed.

    ``changed`` is called when the store may have changed, ``over`` after that, to look at it anew.
    """

    def __init__(
        self,
        pump: Pump,
        worker: Worker,
        *,
        window: Callable[[], Workplace | None],
        indexing: Callable[[], bool],
        wait: str,
        changed: Callable[[], None],
        over: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._pump, self._worker, self._window = pump, worker, window
        self._indexing, self._wait = indexing, wait
        self._changed, self._look, self._failed = changed, over, failed
        self._ticket: Ticket | None = None

    @property
    def running(self) -> bool:
        return self._ticket is not None

    def start(self, stage: str, make_job: Callable[[], Job[Any]], said: Callable[[Any], str]) -> None:
        """``said`` tells how it went from what the job returns; ``wait`` is said instead where it cannot be now."""
        if self.running:
            return
        if self._indexing():
            self._say(self._wait)
            return
        self._say("")
        self._show(Progress(stage, 0))

        def event(event: object) -> None:
            if isinstance(event, Progress):
                self._show(event)

        def failed(error: BaseException) -> None:
            self._over("")
            self._failed(error)

        self._ticket = self._pump.start(
            self._worker, make_job, event=event, done=lambda result: self._over(said(result)), failed=failed
        )

    def stop(self) -> None:
        if self._ticket is not None:
            self._ticket.cancel()
            self._over("Stopped.")

    def _over(self, said: str) -> None:
        self._ticket = None
        self._changed()
        window = self._window()
        if window is not None:
            window.work(None)
            window.say(said)
            self._look()

    def _show(self, event: Progress) -> None:
        window = self._window()
        if window is not None:
            window.work(lambda line: line.show(event))

    def _say(self, text: str) -> None:
        window = self._window()
        if window is not None:
            window.say(text)
