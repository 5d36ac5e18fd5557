"""The window stays alive while a search streams, and only what is seen exists."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

import pytest

from ras.archive import read_archive
from ras.gui.app import App
from ras.gui.bench import ArchiveFacts, Bench
from ras.gui.interpreter import uncollected
from ras.records import DEFAULT_KINDS, Job, PictureKinds, finish
from tests.gui.conftest import Driver
from tests.gui.pictures import picture, write_export
from tests.gui.streams import StreamBench, record, results

GOAL = 0.05
"""Seconds of computing at a stretch that nobody notices."""
STALL = 0.4
"""Seconds; generous, since other programs may have the processor."""


@dataclass
class Gap:
    """The longest that the Tk loop did not come round, in seconds."""

    busy: float = 0.0
    """In which the window itself computed: the processor time of its thread. A busy machine does not change it much."""
    wall: float = 0.0


class Heartbeat:
    def __init__(self, driver: Driver) -> None:
        self.driver, self.longest, self.beating = driver, Gap(), True
        self.last = (time.thread_time(), time.perf_counter())
        self._beat()

    def _beat(self) -> None:
        now = (time.thread_time(), time.perf_counter())
        self.longest.busy = max(self.longest.busy, now[0] - self.last[0])
        self.longest.wall = max(self.longest.wall, now[1] - self.last[1])
        self.last = now
        if self.beating:
            self.driver.root.after(2, self._beat)


def longest_gap(driver: Driver, app: App, searches: int) -> Gap:
    """Of several searches the best: a machine that is busy with other things stalls any program now and then."""
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(1), "one")
    best = Gap(9.0, 9.0)
    for _ in range(searches):
        driver.until(lambda: app.run.report is not None, seconds=30)
        driver.live(0.1)
        heart = Heartbeat(driver)
        app.search()
        driver.until(lambda: app.run.report is not None, seconds=30)
        heart.beating = False
        driver.live(0.01)
        best = Gap(min(best.busy, heart.longest.busy), min(best.wall, heart.longest.wall))
        if best.busy < GOAL and best.wall < STALL:
            break
    return best


def test_thousands_of_events_do_not_freeze_the_window(driver: Driver) -> None:
    app = driver.open(StreamBench(rounds=2000, shown=300))
    gap = longest_gap(driver, app, searches=7)
    assert len(app.run.skipped) == 2000
    assert gap.busy < GOAL
    assert gap.wall < STALL


@pytest.mark.parametrize("waits", [False, True])
def test_the_heartbeat_notices_a_window_that_does_freeze(driver: Driver, waits: bool) -> None:
    app = driver.open(StreamBench(rounds=20, shown=30))
    show = app.results.show

    def slow(shown: Any, *more: float) -> None:
        show(shown, *more)
        if waits:
            time.sleep(2 * STALL)  # as if it asked a disk or a server
        else:
            until = time.thread_time() + 4 * GOAL  # as if it decoded everything at once
            while time.thread_time() < until:
                pass

    app.results.show = slow  # type: ignore[method-assign]
    gap = longest_gap(driver, app, searches=2)
    assert gap.wall >= 2 * STALL if waits else gap.busy >= 4 * GOAL


class FullBench(Bench):
    """Opens an archive of 100,000 pictures: some lie beside its export, of the others there are only dead links."""

    def open(self, paths: Sequence[str], kinds: PictureKinds = DEFAULT_KINDS) -> Job[ArchiveFacts]:
        yield from ()
        with uncollected():
            few = finish(read_archive(paths, kinds))
            dead = "https://cdn.discordapp.com/attachments/7/8/view.png?ex=65000000&is=64000000&hm=0&"
            more = (record(number, url=dead) for number in range(20_000, 120_000 - len(few.records)))
            self._archive = archive = dataclasses.replace(few, records=(*few.records, *more))
        return ArchiveFacts(archive, self._readiness())


def scroll_while_indexing(driver: Driver, app: App) -> Gap:
    """By the wheel, there and back, and by the scroll bar, which brings other tiles with each step."""
    canvas, heart = app.results.canvas, Heartbeat(driver)
    for notch in range(24):
        app.index.start(retry=True)  # anew, should it have come to its end
        canvas.event_generate("<Button-5>" if notch < 16 else "<Button-4>", x=50, y=50)
        driver.live(0.03)
    for step in range(24):
        app.index.start(retry=True)
        canvas.yview("moveto", step / 24)
        driver.live(0.03)
    heart.beating = False
    driver.live(0.01)
    return heart.longest


def test_indexing_a_large_archive_does_not_freeze_a_grid_that_scrolls(driver: Driver, tmp_path: Path) -> None:
    app = driver.open(FullBench())
    app.inputs.open_archive([str(write_export(tmp_path, 60))])
    driver.until(lambda: app.index.possible, seconds=60)
    assert app.inputs.archive is not None
    assert len(app.inputs.archive.archive.records) == 100_000
    app.centre.welcome.grid_remove()
    app.results.show(results(10_000))
    app.index.start()
    driver.until(lambda: app.index.run.percent is not None, seconds=60)
    best = Gap(9.0, 9.0)
    for _ in range(7):
        gap = scroll_while_indexing(driver, app)
        best = Gap(min(best.busy, gap.busy), min(best.wall, gap.wall))
        if best.busy < GOAL and best.wall < STALL:
            break
    assert best.busy < GOAL
    assert best.wall < STALL


def test_cancel_is_at_once_and_the_results_stay(driver: Driver) -> None:
    bench = StreamBench(rounds=10, shown=40, endless=True, pause=0.001)
    app = driver.open(bench)
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.results.amount == 40)
    driver.root.event_generate("<Escape>")
    driver.root.update()
    assert app.query_panel.action.cget("text") == "Search"
    assert "Cancelled" in app.status.text
    assert app.results.amount == 40
    driver.until(lambda: bench.ended)
    order = app.results.selection
    driver.live(0.2)
    assert app.results.selection == order
    assert app.run.report is None


def test_ten_thousand_results_make_a_few_dozen_tiles(driver: Driver) -> None:
    app = driver.open(StreamBench(rounds=1, shown=3))
    app.centre.welcome.grid_remove()
    app.results.show(results(10_000))
    driver.live(0.5)
    assert 0 < app.results.materialised < 60
    items = len(app.results.canvas.find_all())
    app.results.canvas.yview_moveto(0.5)
    driver.live(0.2)
    app.results.select(9_999)
    driver.live(0.5)
    assert app.results.materialised < 60
    assert len(app.results.canvas.find_all()) < items + 7 * 20


def test_selection_stays_with_its_picture(driver: Driver) -> None:
    app = driver.open(StreamBench(rounds=1, shown=3))
    shown = results(20)
    app.results.show(shown)
    app.results.select(4)
    app.results.show(tuple(reversed(shown)))
    assert app.results.selection == shown[4]
    app.results.show(shown[:3])
    assert app.results.selection is None


def test_wheel_scrolls(driver: Driver) -> None:
    app = driver.open(StreamBench(rounds=1, shown=3))
    app.centre.welcome.grid_remove()
    app.results.show(results(100))
    driver.live(0.3)
    app.results.canvas.event_generate("<Button-5>", x=50, y=50)
    driver.live(0.4)
    assert app.results.canvas.canvasy(0) > 50
    app.results.canvas.event_generate("<Button-4>", x=50, y=50)
    driver.live(0.4)
    assert app.results.canvas.canvasy(0) == 0
