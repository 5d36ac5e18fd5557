"""How many requests a host gets at once, by a clock that the test turns; for a real one see test_downloads.py."""

from __future__ import annotations

import logging
import threading
from typing import Callable

import pytest

from ras.downloader.hosts import Host, PassingTrouble, Patience
from ras.errors import FetchError, SkipReason

PATIENCE = Patience(backoff=1, longest_pause=60)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def go_on() -> None:
    """The ``stop`` of who waits as long as it takes."""


def refused(host: Host, clock: Clock) -> None:
    """One request, refused; then the pause is over."""
    started = host.enter(go_on)
    host.pause(None, PATIENCE, started)
    host.leave()
    clock.now = host.resume_at


def answered(host: Host, times: int) -> None:
    for _ in range(times):
        started = host.enter(go_on)
        host.answered(started)
        host.leave()


def climb(host: Host, most: int = 100_000) -> int:
    """How many answers it takes until the host gets more at once."""
    before = host.limit
    for taken in range(most):
        if host.limit > before:
            return taken
        answered(host, 1)
    raise AssertionError(f"still {before} at once")


def test_a_refusal_halves_down_to_one(clock: Clock) -> None:
    host = Host("cdn", 6, clock)
    limits = [host.limit]
    for _ in range(4):
        refused(host, clock)
        limits.append(host.limit)
    assert limits == [6, 3, 1, 1, 1]


def test_answers_raise_it_one_by_one_and_never_above_the_most(clock: Clock) -> None:
    host = Host("cdn", 4, clock)
    answered(host, 500)
    assert host.limit == 4
    refused(host, clock)
    refused(host, clock)
    assert host.limit == 1
    rounds = []
    for limit in (1, 2, 3):
        assert host.limit == limit
        rounds.append(climb(host) / limit)
    assert all(10 <= each <= 20 for each in rounds), "ten rounds or a few more for each"
    answered(host, 5000)
    assert host.limit == 4


def test_what_was_under_way_counts_with_the_first_refusal(clock: Clock) -> None:
    host = Host("cdn", 8, clock)
    under_way = [host.enter(go_on) for _ in range(8)]
    for started in under_way[:4]:
        clock.now += 0.3
        host.pause(None, PATIENCE, started)
    pause = host.resume_at - clock.now
    clock.now = host.resume_at + 5  # one is refused late, after the pause
    host.pause(2.0, PATIENCE, under_way[4])
    assert host.limit == 4
    assert pause == pytest.approx(1)
    assert host.resume_at == clock.now + 2, "but what it says of when to come back is heeded"
    for started in under_way[5:]:
        host.answered(started)
    for _ in under_way:
        host.leave()
    now = clock.now = host.resume_at
    refused(host, clock)
    assert host.limit == 2
    assert host.resume_at - now == pytest.approx(2), "twice the first pause: those answers told nothing new"


def test_answers_of_before_the_refusal_raise_nothing(clock: Clock) -> None:
    host = Host("cdn", 8, clock)
    before = host.enter(go_on)
    refused(host, clock)
    for _ in range(1000):
        host.answered(before)
    assert host.limit == 4
    climb(host)
    assert host.limit == 5


def waiting(host: Host, stop: Callable[[], None] = go_on) -> tuple[threading.Thread, list[object]]:
    """A thread that enters, and what it got: the moment, or the error."""
    got: list[object] = []

    def enter() -> None:
        try:
            got.append(host.enter(stop))
        except FetchError as exc:
            got.append(exc)

    thread = threading.Thread(target=enter, daemon=True)
    thread.start()
    return thread, got


def joined(thread: threading.Thread) -> None:
    thread.join(10)
    assert not thread.is_alive()


def test_who_finds_no_place_waits_for_one_without_looking_at_the_clock() -> None:
    looks = []

    def clock() -> float:
        looks.append(1)
        return 5.0

    host = Host("cdn", 2, clock)
    host.enter(go_on)
    host.enter(go_on)
    thread, got = waiting(host)
    thread.join(0.5)
    assert got == []
    assert len(looks) == 3, "each looked once"
    host.leave()
    joined(thread)
    assert got == [5.0]


def test_all_that_wait_get_in_once_the_pause_is_over() -> None:
    host = Host("cdn", 6)
    under_way = [host.enter(go_on) for _ in range(6)]
    threads = [waiting(host)[0], waiting(host)[0]]  # for a place
    host.pause(0.3, Patience(backoff=0.01), under_way[0])
    threads.append(waiting(host)[0])  # for the end of the pause
    for _ in under_way:
        host.leave()
    for thread in threads:
        joined(thread)
    assert host.limit == 3


def test_waiting_ends_when_it_is_told_to(clock: Clock) -> None:
    host = Host("cdn", 1, clock)
    host.enter(go_on)
    ended = threading.Event()

    def stop() -> None:
        if ended.is_set():
            raise FetchError("it ended", SkipReason.NETWORK)

    for_a_place, place = waiting(host, stop)
    host.pause(50, PATIENCE, clock.now)
    for_the_pause, after = waiting(host, stop)
    for_a_place.join(0.1)
    assert place == after == []
    ended.set()
    host.wake()
    for thread in (for_a_place, for_the_pause):
        joined(thread)
    assert [str(error) for error in (*place, *after)] == ["it ended"] * 2


def test_who_waits_hears_that_the_host_is_given_up(clock: Clock) -> None:
    host = Host("cdn", 1, clock)
    host.enter(go_on)
    thread, got = waiting(host)
    host.pause(3600, PATIENCE, clock.now)
    joined(thread)
    assert "asks to wait 1 h" in str(got[0])
    lost = Host("cdn", 1, clock)
    lost.enter(go_on)
    thread, got = waiting(lost)
    for _ in range(3):
        lost.failed(PassingTrouble("it is down"), 0, silent=5, useless=60, answered=False)
    joined(thread)
    assert "it is down" in str(got[0])


def test_the_log_tells_what_was_done(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ras.downloader")
    host = Host("cdn.example", 2, clock)
    host.pause(2.5, PATIENCE, clock.now)
    host.pause(2.5, PATIENCE, clock.now)
    clock.now = host.resume_at
    climb(host)
    assert caplog.messages == [
        "cdn.example refuses requests: it is left alone for 2.5 s, and then gets up to 1 request at the same time.",
        "cdn.example gets up to 2 requests at the same time again.",
    ]
