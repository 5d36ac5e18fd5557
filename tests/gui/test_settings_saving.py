from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from ras.gui import settings_saving
from ras.settings import Settings, load_settings, save_settings, settings_path
from tests.gui.conftest import Driver


def test_a_change_is_saved_while_the_window_goes_on(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    threads, saved = [], []

    def save(settings: Settings, *more: object) -> None:
        threads.append(threading.current_thread())
        saved.append(settings.tile_size)
        save_settings(settings, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(settings_saving, "save_settings", save)
    app = driver.open()
    for size in (1, 2, 5):
        app.change(tile_size=size)
    driver.until(lambda: load_settings().tile_size == 5)
    assert threading.main_thread() not in threads
    assert saved[-1] == 5
    driver.live(0.1)
    assert len(saved) <= 3


def test_what_is_changed_last_is_saved_before_the_window_is_gone(driver: Driver) -> None:
    app = driver.open()
    app.change(order="-date")
    app.close()
    assert load_settings().order == "-date"
    assert load_settings().window_geometry == app.settings.window_geometry


def test_what_another_window_saved_meanwhile_stays(driver: Driver) -> None:
    """Closing a window saves its size, and undid all that was chosen in the other one since it was opened."""
    app = driver.open()
    app.change(order="-date")
    driver.until(lambda: load_settings().order == "-date")
    save_settings(replace(load_settings(), media_folders=("/tmp/media",), order="author"))
    app.change(tile_size=5)
    driver.until(lambda: load_settings().tile_size == 5)
    app.close()
    assert load_settings().media_folders == ("/tmp/media",)
    assert load_settings().order == "author"
    assert load_settings().window_geometry == app.settings.window_geometry


@pytest.mark.parametrize("damaged", [b"", b"[]", b"{", b"\xff"])
def test_where_nothing_usable_is_saved_everything_is(driver: Driver, damaged: bytes) -> None:
    app = driver.open(order="-date")
    driver.live(0.2)
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_bytes(damaged)
    app.change(tile_size=5)
    driver.until(lambda: app.saving._saved is app.settings)  # loading before would set the damaged file aside
    assert (load_settings().tile_size, load_settings().order) == (5, "-date")


def test_settings_that_cannot_be_saved_are_said(driver: Driver) -> None:
    app = driver.open()
    driver.live(0.2)
    path = settings_path()
    if path.is_file():
        path.unlink()
    path.mkdir(parents=True)
    app.change(order="-date")
    driver.until(lambda: any("could not be saved" in sentence for _, sentence in app.notices.sentences))


def test_what_could_not_be_saved_is_saved_when_it_can_be(driver: Driver) -> None:
    app = driver.open()
    driver.live(0.2)
    path = settings_path()
    path.unlink(missing_ok=True)
    path.mkdir(parents=True)
    app.change(order="-date")
    driver.until(lambda: any("could not be saved" in sentence for _, sentence in app.notices.sentences))
    path.rmdir()
    app.saving.finish()
    assert load_settings().order == "-date"


@pytest.mark.parametrize("what", ["saving", "being told"])
def test_the_window_ends_whatever_fails(driver: Driver, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault of the program")

    app = driver.open()
    driver.live(0.2)
    done: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(app.workers, "close", lambda: done.append("stopped"))
        patched.setattr(app.root, "quit", lambda: done.append("ended"))
        if what == "saving":
            patched.setattr(settings_saving, "save_settings", fail)
        else:
            app.when_closed.insert(0, fail)
        with pytest.raises(RuntimeError):
            app.close()
    assert done == ["stopped", "ended"]
