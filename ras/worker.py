"""One background thread: jobs in, events out. Knows nothing of Tk: its owner drains the queue on its own loop."""

from __future__ import annotations

import logging
import queue
import threading
import traceback
from dataclasses import dataclass
from typing import Any, Callable, Generator

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finished:
    """A job came to its end. ``value`` is what it returned."""

    value: Any


@dataclass(frozen=True)
class Cancelled:
    """A job was cancelled before its end."""


@dataclass(frozen=True)
class Failed:
    """A job raised."""

    error: BaseException


class Ticket:
    """A submitted job: cancel it here, tell its events from others' by it."""

    def __init__(self, make_job: Callable[[], Generator[Any, None, Any]]) -> None:
        self.make_job = make_job
        self._cancel = threading.Event()

    def cancel(self) -> None:
        """From now on its owner hears of this job no more but one Cancelled; the job stops at its next yield."""
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()


@dataclass(frozen=True)
class Message:
    """What comes out of the queue: an event of the ticket's job, or how that job ended."""

    ticket: Ticket
    event: Any


class Worker:
    """Runs jobs (generators of events) one after the other on its own daemon thread.

    ``submit`` takes a function that makes the job, so that everything the job owns (a database connection, a
    session) is made on the worker's thread. ``drain`` is called by the owner, on the owner's thread.
    """

    def __init__(self, name: str = "worker") -> None:
        self.name = name
        self._jobs: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._current: Ticket | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, make_job: Callable[[], Generator[Any, None, Any]]) -> Ticket:
        ticket = Ticket(make_job)
        self._jobs.put(ticket)
        return ticket

    def drain(self, most: int = 100) -> list[Message]:
        """At most ``most`` waiting messages; events of cancelled jobs are dropped, their Cancelled is kept."""
        messages: list[Message] = []
        while len(messages) < most:
            try:
                message = self._messages.get_nowait()
            except queue.Empty:
                break
            if message.ticket.cancelled and isinstance(message.event, (Finished, Failed)):
                message = Message(message.ticket, Cancelled())  # it had ended before it was cancelled
            if not message.ticket.cancelled or isinstance(message.event, Cancelled):
                messages.append(message)
        return messages

    def close(self, timeout: float = 2.0) -> bool:
        """Cancel the job that runs, take no more, wait up to ``timeout`` seconds; whether the thread ended."""
        self._closed = True
        current = self._current
        if current is not None:
            current.cancel()
        self._jobs.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            ticket = self._jobs.get()
            if ticket is None:
                return
            self._current = ticket
            if self._closed:
                ticket.cancel()
            self._messages.put(Message(ticket, self._work(ticket)))
            self._current = ticket = None  # a job that is over holds nothing while the next one is waited for

    def _work(self, ticket: Ticket) -> Any:
        if ticket.cancelled:
            return Cancelled()
        try:
            job = ticket.make_job()
            while True:
                try:
                    event = next(job)
                except StopIteration as stop:
                    return Cancelled() if ticket.cancelled else Finished(stop.value)
                if ticket.cancelled:
                    job.close()
                    return Cancelled()
                self._messages.put(Message(ticket, event))
        except MemoryError as exc:
            traceback.clear_frames(exc.__traceback__)  # what the job had made would live as long as its error
            return Cancelled() if ticket.cancelled else Failed(exc)
        except BaseException as exc:  # noqa: BLE001  handed to the owner whole: a thread must not die with its error unseen
            if ticket.cancelled:
                log.info("A cancelled job ended with %r", exc)
                return Cancelled()
            return Failed(exc)
