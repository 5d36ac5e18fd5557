"""The window's title tells of long work, and of its end to who works in another window."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import Iterator

import pytest

from ras.errors import StoreError
from ras.gui import work_title
from ras.gui.app import App
from ras.gui.window import TITLE
from ras.records import Archive, IndexReport, Job, Progress
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import StreamBench
from tests.gui.test_indexing import EndlessIndexing

OTHER = """
import sys, tkinter
root = tkinter.Tk()
root.geometry("200x100+900+700")
root.update()
root.focus_force()
print("there", flush=True)
root.after(60000, root.destroy)
root.mainloop()
"""


class HeldIndexing(EndlessIndexing):
    """Comes to its end when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.error: Exception | None = None

    def index(self, archive: Archive, retry: bool) -> Job[IndexReport]:
        while not self.let_go.wait(0.01):
            yield Progress("Indexing", 42, 100)
        if self.error is not None:
            raise self.error
        return IndexReport("stream", 3, 3, 3, 0, {}, 12.0)


@contextmanager
def another_window(driver: Driver) -> Iterator[None]:
    """Another program's window has the focus."""
    with subprocess.Popen([sys.executable, "-c", OTHER], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            other.stdout.readline()
            driver.until(lambda: not driver.root.tk.call("focus"))
            yield
        finally:
            other.kill()


def indexing(driver: Driver, bench: HeldIndexing, **settings: object) -> App:
    app = driver.open(bench, **settings)
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.index.refresh()
    driver.until(lambda: app.index.possible)
    app.index.start()
    driver.until(lambda: app.index.run.percent == 42)
    return app


def test_the_title_tells_how_far_indexing_is(driver: Driver) -> None:
    bench = HeldIndexing()
    app = indexing(driver, bench)
    assert app.root.title() == f"42 % · Indexing – stream – {TITLE}"
    app.index.run.pause()
    driver.until(lambda: app.index.run.paused)
    assert app.root.title() == f"42 % · Paused – stream – {TITLE}"
    app.index.run.resume()
    driver.until(lambda: app.root.title().startswith("42 % · Indexing"))
    bench.let_go.set()
    driver.until(lambda: not app.index.run.running)
    assert app.root.title() == f"stream – {TITLE}"


def test_a_long_search_is_told_a_short_one_is_not(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_title, "SOON", 1000.0)
    bench = StreamBench(rounds=4, shown=3, endless=True, pause=0.01)
    app = driver.open(bench)
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.running and app.results.amount)
    assert app.root.title() == f"stream – {TITLE}"
    monkeypatch.setattr(work_title, "SOON", 0.0)
    driver.until(lambda: app.root.title() == f"100 % · Searching – stream – {TITLE}")
    app.cancel()
    driver.until(lambda: app.root.title().endswith(f".png: probably another picture – stream – {TITLE}"))
    assert "Searching" not in app.root.title()


def test_the_end_of_long_work_is_marked_until_somebody_looks(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_title, "LONG", 0.0)
    bench = HeldIndexing()
    app = indexing(driver, bench)
    rung: list[int] = []
    monkeypatch.setattr(app.root, "bell", lambda: rung.append(1))
    with another_window(driver):
        bench.let_go.set()
        driver.until(lambda: not app.index.run.running)
        driver.live(0.1)
        assert app.root.title() == f"✓ Indexing is done – stream – {TITLE}"
        assert not rung
        app.root.focus_force()
        driver.until(lambda: app.root.title() == f"stream – {TITLE}")


def test_who_looks_is_told_nothing(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_title, "LONG", 0.0)
    bench = HeldIndexing()
    app = indexing(driver, bench)
    app.root.focus_force()
    driver.until(lambda: driver.root.tk.call("focus"))
    bench.let_go.set()
    driver.until(lambda: not app.index.run.running)
    assert app.root.title() == f"stream – {TITLE}"


def test_short_work_ends_without_a_mark(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_title, "LONG", 1000.0)
    bench = HeldIndexing()
    app = indexing(driver, bench)
    with another_window(driver):
        bench.let_go.set()
        driver.until(lambda: not app.index.run.running)
        assert app.root.title() == f"stream – {TITLE}"


def test_a_sound_is_made_where_it_is_wanted(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_title, "LONG", 0.0)
    bench = HeldIndexing()
    app = indexing(driver, bench, bell_when_done=True)
    rung: list[int] = []
    monkeypatch.setattr(app.root, "bell", lambda: rung.append(1))
    with another_window(driver):
        bench.let_go.set()
        driver.until(lambda: rung == [1])


def test_what_failed_is_not_called_done(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_title, "LONG", 0.0)
    bench = HeldIndexing()
    bench.error = StoreError("The disk is full.")
    app = indexing(driver, bench)
    with another_window(driver):
        bench.let_go.set()
        driver.until(lambda: not app.index.run.running)
        assert app.root.title() == f"Indexing has ended – stream – {TITLE}"
