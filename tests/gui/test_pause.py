"""Indexing pauses and goes on: nothing is fetched meanwhile, nothing is lost, and all is counted from the start."""

from __future__ import annotations

import threading
from pathlib import Path

from ras.errors import SkipReason
from ras.gui.app import App
from ras.gui.indexing_run import gone_on
from ras.records import Progress
from tests.cdn_double import CdnDouble, Fault
from tests.gui.conftest import Driver
from tests.gui.pictures import encoded, picture, write_export
from tests.gui.test_indexing import (
    AMOUNT,
    HELD,
    EndlessIndexing,
    Gate,
    button,
    indexed_now,
    opened,
    path_of,
    settled,
)

DONE = AMOUNT - HELD


def paused(driver: Driver, app: App) -> None:
    pause = app.status.indexing.pause
    assert pause is not None
    assert str(pause.cget("text")) == "Pause"
    pause.invoke()
    driver.until(lambda: app.index.run.paused)
    settled(driver, app)
    driver.live(0.05)


def half_way(driver: Driver, cdn: CdnDouble, path: Path) -> App:
    app = opened(driver, cdn, path)
    app.archive_bar.index_button.invoke()
    driver.until(lambda: app.index.run.percent == 100 * DONE // AMOUNT)
    return app


def test_nothing_is_fetched_in_a_pause_and_nothing_is_lost(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    gate = Gate(cdn)
    app = half_way(driver, cdn, path)
    line = app.status.indexing
    paused(driver, app)
    assert indexed_now(app) == DONE
    assert line.winfo_ismapped()
    assert line.text.startswith(f"Paused: {DONE} of {AMOUNT} pictures")
    assert button(app) == "Resume indexing"
    assert not app.index.run.running
    gate.open()
    driver.live(0.3)  # for those that were on their way
    asked = len(cdn.requests)
    driver.live(1.2)
    assert len(cdn.requests) == asked
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("fetch-", "compute-"))]
    assert indexed_now(app) == DONE
    assert line.pause is not None
    assert str(line.pause.cget("text")) == "Resume"
    said = []
    line.pause.invoke()
    while app.index.run.archive is not None:
        said.append(line.text)
        driver.live(0.01)
    assert not [each for each in said if f"of {HELD} pictures" in each and "details" not in each]
    settled(driver, app)
    driver.live(0.05)
    assert button(app) == "Indexed"
    assert f"All {AMOUNT} pictures are indexed" in app.status.text
    assert app.index.readiness.index is not None
    assert app.index.readiness.index.failed == 0
    assert not line.winfo_ismapped()


def test_what_was_on_its_way_is_no_failure(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    Gate(cdn)  # never opened: without the pause these would time out
    app = half_way(driver, cdn, path)
    paused(driver, app)
    assert app.index.readiness.index is not None
    assert (app.index.readiness.index.fresh, app.index.readiness.index.failed) == (HELD, 0)


def test_the_keys_pause_and_go_on(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    gate = Gate(cdn)
    app = half_way(driver, cdn, path)
    driver.press(app.results.canvas, "<Control-Shift-I>")
    driver.until(lambda: app.index.run.paused)
    settled(driver, app)
    gate.open()
    driver.press(app.results.canvas, "<Control-i>")
    assert app.index.run.running
    driver.until(lambda: app.index.run.archive is None)
    settled(driver, app)
    assert app.index.readiness.index is not None
    assert app.index.readiness.index.indexed == AMOUNT


def test_a_paused_one_can_be_stopped(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    Gate(cdn)
    app = half_way(driver, cdn, path)
    paused(driver, app)
    app.status.indexing.stop.invoke()
    driver.until(lambda: app.index.run.archive is None)
    settled(driver, app)
    driver.live(0.05)
    assert not app.index.run.paused
    assert app.status.text.startswith(f"Stopped. {DONE} of {AMOUNT} pictures are indexed")
    assert button(app) == f"Index {HELD} new"
    assert not app.status.indexing.winfo_ismapped()


def test_pictures_that_are_tried_again_are_tried_once_however_often_one_pauses(
    driver: Driver, cdn: CdnDouble, tmp_path: Path
) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    lost = [path_of(number) for number in range(4)]
    for gone in lost:
        cdn.serve(gone, fault=Fault.status(404))
    app = opened(driver, cdn, path)
    app.archive_bar.index_button.invoke()
    driver.until(lambda: app.index.run.archive is None)
    settled(driver, app)
    gate = Gate(cdn, 4, 2)
    assert app.inputs.archive is not None
    keys = {record.key for record in app.inputs.archive.archive.records[:4]}
    app.index.start(retry=keys)
    driver.until(lambda: [cdn.hits(gone) for gone in lost] == [2, 2, 2, 2] and app.index.run.percent == 50)
    paused(driver, app)
    gate.open()
    for number in (2, 3):
        cdn.serve(path_of(number), encoded(picture(number)))
    app.index.run.resume()
    driver.until(lambda: app.index.run.archive is None)
    settled(driver, app)
    assert [cdn.hits(gone) for gone in lost][:2] == [2, 2]
    assert app.index.readiness.index is not None
    assert app.index.readiness.index.failed == 2


def test_another_archive_may_be_indexed_in_a_pause(driver: Driver) -> None:
    bench = EndlessIndexing()
    app = driver.open(bench)
    app.inputs.open_archive(["one.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.index.refresh()
    driver.until(lambda: app.index.possible)
    app.index.start()
    driver.until(lambda: app.index.run.percent == 33)
    app.index.run.pause()
    driver.until(lambda: app.index.run.paused)
    assert bench.stopped == 1
    before = app.inputs.archive
    app.inputs.open_archive(["two.json"])
    driver.until(lambda: app.inputs.archive is not before)
    app.index.refresh()
    driver.until(lambda: button(app) == "Index archive")
    app.archive_bar.index_button.invoke()
    driver.until(lambda: len(bench.started) == 2 and app.index.run.percent == 33)
    assert not app.index.run.paused
    assert app.index.run.archive is not None
    assert app.index.run.archive.paths[0].endswith("two.json")
    app.index.run.stop()
    driver.until(lambda: app.index.run.archive is None)


def test_a_stage_that_goes_on_counts_from_its_beginning() -> None:
    before = Progress("Indexing", 1200, 3561, bytes_read=400, failed=30)
    shown = gone_on(before, Progress("Indexing", 100, 2361, bytes_read=50, failed=3))
    assert (shown.done, shown.total, shown.failed, shown.bytes_read) == (1300, 3561, 33, 450)
    # Ten that failed for want of a network are tried once more, and all but one are there now.
    shown = gone_on(before, Progress("Indexing", 2371, 2371, failed=1))
    assert (shown.done, shown.total, shown.failed) == (3561, 3561, 21)
    assert gone_on(None, before) is before
    assert not SkipReason.NETWORK.permanent
