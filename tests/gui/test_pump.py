"""The timer that brings events of the workers to the window."""

from __future__ import annotations

import time

import pytest

from ras.gui.pump import Pump
from ras.records import Job
from ras.worker import Worker
from tests.gui.conftest import Driver


class Counted(Pump):
    ticks = 0

    def _tick(self) -> None:
        self.ticks += 1
        super()._tick()


def raises(error: BaseException) -> None:
    raise error


def at_once() -> Job[None]:
    yield from ()


def lasting() -> Job[None]:
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        yield
        time.sleep(0.005)


def test_one_that_is_stopped_is_still_although_a_job_was_started_when_another_ended(driver: Driver) -> None:
    """There were two timers then, and it called back a window that was gone."""
    pump, worker, other = Counted(driver.root, raises), Worker("first"), Worker("second")
    ended: list[str] = []
    pump.start(other, lasting)
    pump.start(worker, at_once, done=lambda _: pump.start(worker, at_once, done=lambda _: ended.append("all")))
    driver.until(lambda: ended)
    pump.stop()
    before = pump.ticks
    driver.live(0.2)
    assert pump.ticks == before > 1
    worker.close()
    other.close()


def test_an_error_in_one_callback_keeps_no_other_job_from_being_heard(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(driver.root, "report_callback_exception", lambda _kind, error, _trace: told.append(error))
    pump, worker = Counted(driver.root, raises), Worker("both")
    heard: list[str] = []
    pump.start(worker, at_once, done=lambda _: raises(RuntimeError("a fault")))
    pump.start(worker, at_once, done=lambda _: heard.append("the other"))
    time.sleep(0.3)  # so that both end within one tick
    driver.until(lambda: heard)
    assert [str(error) for error in told] == ["a fault"]
    before = pump.ticks
    driver.live(0.2)
    assert pump.ticks == before, "nothing is under way any more"
    pump.stop()
    worker.close()
