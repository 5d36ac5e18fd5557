"""Carries events from the worker threads to the Tk thread: bounded per tick, and only while a job is under way."""

from __future__ import annotations

import logging
import time
import tkinter as tk
from dataclasses import dataclass
from typing import Any, Callable

from ras.records import Progress, Results
from ras.worker import Cancelled, Failed, Finished, Ticket, Worker

log = logging.getLogger(__name__)

TICK_MS = 15
QUICK_MS = 2
_QUICK_SECONDS = 0.4
"""Since a job was started: from a drop to its results it is three jobs, and each would wait half a tick to be heard."""
_BUDGET = 0.012
"""Seconds of the Tk thread that one tick may take before it lets the window breathe."""
_MOST_LATE = 0.05
"""Seconds; later was not because of what is drawn."""
_FADING = 0.5
"""What of a tick's lateness still counts for the next but one."""


@dataclass(frozen=True)
class _Ears:
    event: Callable[[Any], None] | None
    done: Callable[[Any], None] | None
    failed: Callable[[BaseException], None]


class Pump:
    """Starts jobs and calls back on the Tk thread. A cancelled ticket is heard of no more."""

    def __init__(
        self, root: tk.Misc, failed: Callable[[BaseException], None], ended: Callable[[], None] = lambda: None
    ) -> None:
        """``failed`` hears of errors that nobody else wants to hear of; ``ended`` is called when jobs have ended."""
        self._root = root
        self._ended = ended
        self._failed = failed
        self._workers: dict[Worker, dict[Ticket, _Ears]] = {}
        self._timer: str | None = None
        self._quick_until = 0.0
        self._due = self._late = 0.0
        self._stopped = False

    def start(
        self,
        worker: Worker,
        make_job: Callable[[], Any],
        *,
        event: Callable[[Any], None] | None = None,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> Ticket:
        """Submit a job: ``event`` gets its events (of Progress and Results only the newest), ``done`` its result."""
        ticket = worker.submit(make_job)
        self._workers.setdefault(worker, {})[ticket] = _Ears(event, done, failed or self._failed)
        self._quick_until = time.monotonic() + _QUICK_SECONDS
        if self._timer is None and not self._stopped:
            self._wait(QUICK_MS)
        return ticket

    def stop(self) -> None:
        """Call nobody back any more: the window is about to go."""
        self._stopped = True
        if self._timer is not None:
            self._root.after_cancel(self._timer)
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        now = time.perf_counter()
        deadline = now + _BUDGET
        self._late = min(max(now - self._due, _FADING * self._late), _MOST_LATE)
        try:
            for worker, tickets in list(self._workers.items()):
                self._drain(worker, tickets, deadline)
        finally:
            # Also when a callback raised (Tk reports that): the other jobs still have to be heard.
            # Unless a callback started a job, and with it the next tick: two timers would both go on for ever.
            if self._timer is None and any(self._workers.values()) and not self._stopped:
                self._wait(QUICK_MS if time.monotonic() < self._quick_until else TICK_MS)

    def _wait(self, pause: int) -> None:
        """The next tick comes so many milliseconds after what this one had drawn: a screen that draws more slowly than
        events come would have no moment left for anything else. How long that takes is told by how late ticks are.
        """
        pause += round(2000 * self._late)
        self._due = time.perf_counter() + pause / 1000
        self._timer = self._root.after(pause, self._tick)

    def _drain(self, worker: Worker, tickets: dict[Ticket, _Ears], deadline: float) -> None:
        """Also where a callback raises, whatever was taken from the worker is heard; the first error is raised then."""
        newest: dict[tuple[Ticket, type], Any] = {}
        endings = []
        errors: list[Exception] = []

        def call(heard: Callable[[Any], None], what: Any) -> None:
            try:
                heard(what)
            except Exception as exc:
                if errors:
                    log.error("One more callback failed", exc_info=exc)
                errors.append(exc)

        while time.perf_counter() < deadline:
            messages = worker.drain(50)
            for message in messages:
                ticket, event = message.ticket, message.event
                if isinstance(event, (Finished, Failed, Cancelled)):
                    endings.append(message)
                elif isinstance(event, (Progress, Results)):
                    newest[ticket, type(event)] = event
                else:
                    ears = tickets[ticket]
                    if ears.event is not None:
                        call(ears.event, event)
            if len(messages) < 50:
                break
        for (ticket, _), event in newest.items():
            ears = tickets[ticket]
            # An event's callback may have cancelled the ticket whose other events wait here.
            if ears.event is not None and not ticket.cancelled:
                call(ears.event, event)
        for message in endings:
            ears = tickets.pop(message.ticket)
            if message.ticket.cancelled:
                continue
            if isinstance(message.event, Finished) and ears.done is not None:
                call(ears.done, message.event.value)
            elif isinstance(message.event, Failed):
                call(ears.failed, message.event.error)
        if endings:
            self._ended()
        if errors:
            raise errors[0]
