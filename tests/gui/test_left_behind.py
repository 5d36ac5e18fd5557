"""What was closed, said again or cancelled leaves nothing behind. All of it together: ``tests/reliability``."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Iterator

import pytest

from ras.gui.app import App
from tests.gui.conftest import Driver
from tests.gui.pictures import picture


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.collect()


def commands(app: App) -> int:
    return len(app.root.tk.splitlist(app.root.tk.call("info", "commands")))


def opened(driver: Driver, export: Path) -> App:
    app = driver.open()
    driver.until(lambda: app.encoder.facts is not None)
    open_archive(driver, app, export)
    return app


def open_archive(driver: Driver, app: App, export: Path) -> None:
    before = app.inputs.archive
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not before)
    driver.until(lambda: app.pump._timer is None)


def test_a_button_that_does_something_else_now_has_one_command(driver: Driver, export: Path) -> None:
    app = opened(driver, export)
    app.update()
    app.status.say("Left out.", lambda: None)
    before = commands(app)
    for _ in range(20):
        app.query_panel.show_action(busy=True, ready=True)
        app.update()
        app.status.say("Left out.", lambda: None)
    assert commands(app) == before


def test_a_window_that_was_open_while_archives_were_opened_goes_in_time(driver: Driver, export: Path) -> None:
    app = opened(driver, export)
    app.settings_change.open()
    ref = weakref.ref(app.settings_change.window)
    open_archive(driver, app, export)  # keeps the window for good
    assert app.settings_change.window is not None
    app.settings_change.window.close()
    for _ in range(8):
        open_archive(driver, app, export)
    assert ref() is None


def test_closed_windows_are_gone_also_where_an_archive_is_opened_after_them(driver: Driver, export: Path) -> None:
    app = opened(driver, export)
    app.inputs.load_query(picture(3), "three")
    driver.until(lambda: app.run.report is not None)
    gone = []
    app.settings_change.open()
    settings = app.settings_change.window
    assert settings is not None
    for title in settings.page_buttons:
        settings.show_page(title)
    driver.live(0.2)
    gone.append(weakref.ref(settings))
    settings.close()
    del settings
    app.show_skipped()
    driver.until(lambda: app.report.window is not None)
    assert app.report.window is not None
    gone.append(weakref.ref(app.report.window))
    app.report.window.close()
    app.comparing.open()
    driver.until(lambda: app.comparing.complete)
    window, view = app.comparing.window, app.comparing.view
    assert window is not None
    gone += [weakref.ref(window), weakref.ref(view)]
    window.destroy()
    del window, view
    driver.until(lambda: app.pump._timer is None)
    open_archive(driver, app, export)  # keeps for good what there is by then
    gc.collect()
    assert [ref() for ref in gone] == [None] * 4
