"""How long a job still takes, by its recent past."""

from __future__ import annotations

import pytest

from ras import pace
from ras.pace import Pace


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(pace.time, "monotonic", lambda: self.now)

    def run(
        self, measured: Pace, seconds: float, rate: float, done: float, total: int | None
    ) -> tuple[float, float | None]:
        """So many seconds at so many a second: (done then, seconds left then)."""
        left = None
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            done += rate / 10
            left = measured.seconds_left(round(done), total)
        return done, left


def test_nothing_is_said_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, measured = Clock(monkeypatch), Pace()
    assert measured.seconds_left(0, 100) is None
    clock.now += 20
    assert measured.seconds_left(0, 100) is None
    assert measured.seconds_left(1, 100) is None
    clock.now += 0.4
    assert measured.seconds_left(5, 100) is None
    assert measured.rate is None


def test_what_came_before_the_first_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model was loaded for 20 seconds; then 10 a second are done."""
    clock, measured = Clock(monkeypatch), Pace()
    measured.seconds_left(0, 200)
    clock.now += 20
    done, left = clock.run(measured, 2, 10, 0, 200)
    assert left == pytest.approx((200 - done) / 10, rel=0.1)
    assert measured.rate == pytest.approx(10, rel=0.1)


def test_the_recent_past_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, measured = Clock(monkeypatch), Pace(window=5)
    done, _ = clock.run(measured, 10, 100, 0, 2000)
    done, left = clock.run(measured, 6, 10, done, 2000)
    assert left == pytest.approx((2000 - done) / 10, rel=0.1)


def test_without_a_total_there_is_a_rate_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, measured = Clock(monkeypatch), Pace()
    assert clock.run(measured, 3, 50, 0, None)[1] is None
    assert measured.rate == pytest.approx(50, rel=0.1)


def test_nothing_is_left_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, measured = Clock(monkeypatch), Pace()
    assert clock.run(measured, 3, 50, 0, 150)[1] == 0
