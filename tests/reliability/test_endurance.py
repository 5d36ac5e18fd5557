"""The window after much use holds what it held after little: memory, threads, files, things of Tk, files on disk.

For hours, with 100,000 pictures: ``python -m benchmarks.reliability endurance``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.display import screen
from tests.reliability import gauges
from tests.reliability.long_use import LEAKS, Plan, samples_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from Linux’s /proc")


def growing(plan: Plan) -> dict[str, str]:
    """Names of the gauges that grew, and what they showed; every search had its picture first."""
    with screen():
        samples = [sample for sample in samples_of(plan) if sample["what"] == "round"]
    assert samples[-1]["found"] == samples[-1]["searched"]
    verdicts = gauges.judge(samples, plan.searches)  # type: ignore[arg-type]
    return {verdict.gauge.name: verdict.said for verdict in verdicts if verdict.grows}


def test_nothing_grows_with_use(tmp_path: Path) -> None:
    assert growing(Plan(str(tmp_path / "use"), pictures=60, rounds=9, searches=5)) == {}


def test_whatever_is_left_behind_is_found(tmp_path: Path) -> None:
    found = growing(Plan(str(tmp_path / "use"), pictures=60, rounds=9, searches=2, brief=True, leaks=tuple(LEAKS)))
    assert set(LEAKS) <= set(found)


@pytest.mark.parametrize(
    ("name", "each", "grows"),
    [(gauges.HEAP, 1.0, True), (gauges.HEAP, 0.4, False), ("the store", 1.0, True), ("its write-ahead log", 1.0, True)],
)
def test_kilobytes_with_each_search_are_found_in_the_long_run(name: str, each: float, grows: bool) -> None:
    nothing = {gauge.name: 1000.0 for gauge in gauges.GAUGES}
    samples = [{**nothing, name: 1000.0 + each * 50 * round_} for round_ in range(200)]
    found = [verdict.gauge.name for verdict in gauges.judge(samples, 50) if verdict.grows]
    assert found == ([name] if grows else [])
