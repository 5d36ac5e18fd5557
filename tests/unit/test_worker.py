"""The background thread: jobs in, events out."""

from __future__ import annotations

import threading
import time
import weakref
from typing import Any, Callable, Generator, Iterator

import pytest

from ras.worker import Cancelled, Failed, Finished, Message, Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


def wait_for(worker: Worker, done: Callable[[list[Message]], bool], seconds: float = 5) -> list[Message]:
    messages: list[Message] = []
    end = time.monotonic() + seconds
    while not done(messages):
        assert time.monotonic() < end, f"only {messages}"
        messages += worker.drain()
        time.sleep(0.005)
    return messages


def ended(messages: list[Message]) -> bool:
    return bool(messages) and isinstance(messages[-1].event, (Finished, Failed, Cancelled))


def counting(to: int) -> Generator[int, None, str]:
    yield from range(to)
    return "through"


def test_events_come_in_order_and_the_value_last(worker: Worker) -> None:
    ticket = worker.submit(lambda: counting(3))
    messages = wait_for(worker, ended)
    assert [message.event for message in messages] == [0, 1, 2, Finished("through")]
    assert {message.ticket for message in messages} == {ticket}


def test_jobs_run_one_after_the_other_on_one_other_thread(worker: Worker) -> None:
    threads = []

    def job() -> Generator[int, None, None]:
        threads.append(threading.current_thread())
        yield 1

    worker.submit(job)
    worker.submit(job)
    wait_for(worker, lambda messages: sum(isinstance(m.event, Finished) for m in messages) == 2)
    assert threads[0] is threads[1] is not threading.current_thread()


def test_an_error_reaches_the_owner_and_the_thread_lives(worker: Worker) -> None:
    def job() -> Generator[int, None, None]:
        yield 1
        raise ZeroDivisionError("boom")

    worker.submit(job)
    error = wait_for(worker, ended)[-1].event
    assert isinstance(error, Failed)
    assert isinstance(error.error, ZeroDivisionError)
    worker.submit(lambda: counting(1))
    assert wait_for(worker, ended)[-1].event == Finished("through")


def test_what_a_job_without_memory_had_made_is_free_when_its_error_is_told(worker: Worker) -> None:
    made: list[weakref.ref[set[int]]] = []

    class Kept(set):  # type: ignore[type-arg]
        pass

    def job() -> Generator[int, None, None]:
        kept = Kept()
        made.append(weakref.ref(kept))
        yield 1
        bytearray(1 << 62)

    worker.submit(job)
    (failed,) = [each.event for each in wait_for(worker, ended) if isinstance(each.event, Failed)]
    assert isinstance(failed.error, MemoryError)
    assert failed.error.__traceback__ is not None
    assert made[0]() is None


def test_a_job_that_cannot_be_made_is_a_failure(worker: Worker) -> None:
    def make() -> Any:
        raise OSError("no such store")

    worker.submit(make)
    assert isinstance(wait_for(worker, ended)[-1].event, Failed)


def test_cancelling_silences_a_job_at_once_and_closes_it(worker: Worker) -> None:
    closed = threading.Event()
    going = threading.Event()

    def endless() -> Generator[int, None, None]:
        try:
            while True:
                going.set()
                yield 1
        finally:
            closed.set()

    ticket = worker.submit(endless)
    assert going.wait(5)
    ticket.cancel()
    messages = wait_for(worker, ended)
    assert [message.event for message in messages] == [Cancelled()]
    assert closed.wait(5)


def test_a_job_cancelled_before_its_turn_never_starts(worker: Worker) -> None:
    gate = threading.Event()
    started = []

    def blocking() -> Generator[int, None, None]:
        gate.wait(5)
        yield 1

    def second() -> Generator[int, None, None]:
        started.append(True)
        yield 2

    worker.submit(blocking)
    ticket = worker.submit(second)
    ticket.cancel()
    gate.set()
    wait_for(worker, lambda messages: any(m.ticket is ticket and m.event == Cancelled() for m in messages))
    assert not started


def test_a_job_that_had_ended_when_it_was_cancelled_is_told_to_be_cancelled(worker: Worker) -> None:
    """Else its owner would wait for its end for ever."""
    after = threading.Event()

    def boom() -> Generator[int, None, None]:
        raise ZeroDivisionError
        yield 1

    def next_one() -> Generator[int, None, None]:
        yield 1
        after.set()

    tickets = [worker.submit(lambda: counting(2)), worker.submit(boom)]
    worker.submit(next_one)
    assert after.wait(5)
    for ticket in tickets:
        ticket.cancel()
    told = [message for message in worker.drain() if message.ticket in tickets]
    assert told == [Message(ticket, Cancelled()) for ticket in tickets]


def test_a_job_that_is_over_is_let_go(worker: Worker) -> None:
    """Not held until the next one comes: it may hold pictures and windows."""

    class Large:
        pass

    large = Large()
    ref = weakref.ref(large)
    worker.submit(lambda large=large: counting(1))  # type: ignore[misc]
    del large
    assert ended(wait_for(worker, ended))
    end = time.monotonic() + 5
    while ref() is not None and time.monotonic() < end:
        time.sleep(0.005)
    assert ref() is None


def test_drain_is_bounded(worker: Worker) -> None:
    worker.submit(lambda: counting(500))
    time.sleep(0.05)
    assert len(worker.drain(most=7)) <= 7


def test_close_ends_the_thread_and_cancels_what_waits() -> None:
    worker = Worker()

    def endless() -> Generator[int, None, None]:
        while True:
            time.sleep(0.001)
            yield 1

    worker.submit(endless)
    worker.submit(endless)
    assert worker.close(timeout=5)
