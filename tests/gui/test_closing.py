"""Closing the window asks once while indexing runs, stops cleanly, and asks nothing where nothing runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ras.gui.app import App
from tests.cdn_double import CdnDouble
from tests.gui.conftest import Driver
from tests.gui.pictures import write_export
from tests.gui.test_indexing import AMOUNT, HELD, EndlessIndexing, Gate, indexed_now, opened
from tests.gui.test_work_title import HeldIndexing, indexing


@pytest.fixture
def quits(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One for every time that the program was to end."""
    quits: list[int] = []
    monkeypatch.setattr(driver.root, "quit", lambda: quits.append(1))
    return quits


def close(app: App) -> None:
    """As the window manager does."""
    app.root.tk.eval(app.root.protocol("WM_DELETE_WINDOW"))  # type: ignore[arg-type]
    app.root.update()


def test_nothing_is_asked_where_nothing_runs(driver: Driver, quits: list[int]) -> None:
    app = driver.open(EndlessIndexing())
    close(app)
    assert app.closing.window is None
    assert quits == [1]


def test_closing_while_indexing_asks_once_and_keeps_what_is_done(
    driver: Driver, cdn: CdnDouble, tmp_path: Path, quits: list[int]
) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    Gate(cdn)
    app = opened(driver, cdn, path)
    app.archive_bar.index_button.invoke()
    percent = 100 * (AMOUNT - HELD) // AMOUNT
    driver.until(lambda: app.index.run.percent == percent)
    close(app)
    assert not quits
    assert app.closing.asked.startswith(f"Indexing is at {percent} %. What is done is kept")
    close(app)
    assert len([child for child in app.root.winfo_children() if child.winfo_class() == "Toplevel"]) == 1
    assert not quits
    driver.press(app.closing.yes_button, "<Return>")
    assert quits == [1]
    assert app.indexer.close(timeout=0)
    assert indexed_now(app) == AMOUNT - HELD


def test_it_is_kept_open_by_the_button_and_by_escape(driver: Driver, quits: list[int]) -> None:
    app = indexing(driver, HeldIndexing())
    driver.press(app.results.canvas, "<Control-q>")
    assert app.closing.window is not None
    driver.press(app.closing.window, "<Escape>")
    assert app.closing.window is None
    close(app)
    app.closing.no_button.invoke()  # type: ignore[attr-defined]
    assert app.closing.window is None
    assert not quits
    assert app.index.run.running
    assert app.root.state() == "normal"


def test_the_question_goes_when_indexing_is_over(driver: Driver, quits: list[int]) -> None:
    bench = HeldIndexing()
    app = indexing(driver, bench)
    close(app)
    assert app.closing.asked.startswith("Indexing is at 42 %.")
    bench.let_go.set()
    driver.until(lambda: app.closing.window is None)
    assert not quits
    close(app)
    assert quits == [1]


def test_a_paused_indexing_asks_nothing(driver: Driver, quits: list[int]) -> None:
    app = indexing(driver, HeldIndexing())
    app.index.run.pause()
    driver.until(lambda: app.index.run.paused)
    close(app)
    assert quits == [1]
