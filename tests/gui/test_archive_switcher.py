"""The drop-down on the archive's name switches between archives, indexed ones and those of late, by mouse and keys."""

from __future__ import annotations

from pathlib import Path

from ras.gui.app import App
from ras.gui.archive_switcher import MOST_RECENT
from tests.gui.conftest import Driver
from tests.gui.pictures import write_export
from tests.gui.test_indexing import settled


def entries(app: App) -> list[str]:
    menu = app.switcher.menu
    last = menu.index("end")
    assert last is not None
    return [
        "---" if menu.type(place) == "separator" else str(menu.entrycget(place, "label")) for place in range(last + 1)
    ]


def dropped_down(driver: Driver, app: App) -> list[str]:
    app.switcher.menu.delete(0, "end")
    driver.press(app.results.canvas, "<Alt-a>")
    driver.until(lambda: app.switcher.menu.index("end") is not None and app.switcher.menu.winfo_ismapped())
    return entries(app)


def closed(driver: Driver, app: App) -> None:
    app.switcher.menu.event_generate("<Escape>")
    driver.until(lambda: not app.switcher.menu.winfo_ismapped())


def choose(driver: Driver, app: App, start: str) -> None:
    """The entry that starts so."""
    place = next(place for place, label in enumerate(entries(app)) if label.startswith(start))
    closed(driver, app)
    app.switcher.menu.invoke(place)
    driver.until(lambda: not app.inputs.opening)


def opened(driver: Driver, app: App, path: Path) -> None:
    app.inputs.open_archive([str(path)])
    driver.until(lambda: not app.inputs.opening and app.index.readiness.index is not None)


def name(app: App) -> str:
    assert app.inputs.archive is not None
    return app.inputs.archive.archive.paths[0]


def test_the_archives_of_late_are_a_key_away(driver: Driver, tmp_path: Path) -> None:
    one, two = write_export(tmp_path, 2, name="one"), write_export(tmp_path, 3, name="two")
    app = driver.open()
    driver.until(lambda: app.encoder.facts is not None)
    assert dropped_down(driver, app)[:1] == ["Open archive …"]
    closed(driver, app)
    opened(driver, app, one)
    opened(driver, app, two)
    assert dropped_down(driver, app) == [
        *("Recent", f"two  –  in {tmp_path.name}", f"one  –  in {tmp_path.name}", "---"),
        *("Open archive …", "Open folder of archives …", "Indexed archives …"),
    ]
    assert app.switcher._chosen.get() == 0
    choose(driver, app, "one")
    assert name(app) == str(one)
    found = dropped_down(driver, app)
    assert [label.split(" ")[0] for label in found[:3]] == ["Recent", "one", "two"]
    assert app.switcher._chosen.get() == 0
    closed(driver, app)
    two.unlink()
    assert dropped_down(driver, app)[1:3] == [f"one  –  in {tmp_path.name}", "---"]
    closed(driver, app)


def test_indexed_archives_are_listed_and_opened_together(driver: Driver, tmp_path: Path) -> None:
    app = driver.open()
    driver.until(lambda: app.encoder.facts is not None)
    paths = [write_export(tmp_path / each, 2, name=each, first=at) for each, at in (("one", 0), ("two", 10))]
    folders = [path.parent.name for path in paths]
    for path in paths:
        opened(driver, app, path)
        app.index.start()
        driver.until(lambda: not app.index.run.running)
        settled(driver, app)
    opened(driver, app, paths[1].parent)  # the same by its folder
    paths[0].unlink()
    found = dropped_down(driver, app)
    assert found[0] == "Indexed"
    assert "–  2 pictures, indexed " in found[1]
    assert found[1].endswith(f", in {folders[1]}")
    assert found[2].endswith(f"–  2 pictures, its export is gone, in {folders[0]}")
    assert found[3:5] == ["---", "All 2 indexed archives together"]
    choose(driver, app, "All 2")
    assert app.inputs.archive is not None
    assert len(app.inputs.archive.archive.records) == 4
    dropped_down(driver, app)
    closed(driver, app)
    app.switcher.menu.invoke(1)
    driver.until(lambda: not app.inputs.opening)
    assert len(app.inputs.archive.archive.records) == 2


def test_the_name_is_a_button(driver: Driver, tmp_path: Path) -> None:
    app = driver.open()
    driver.until(lambda: app.encoder.facts is not None)
    opened(driver, app, write_export(tmp_path, 2, name="one"))
    driver.live(0.1)
    button = app.archive_bar.name_button
    driver.press(button, "<Down>")
    driver.until(lambda: app.switcher.menu.winfo_ismapped())
    assert app.switcher.menu.winfo_rooty() >= button.winfo_rooty() + button.winfo_height()
    closed(driver, app)
    app.switcher.menu.delete(0, "end")
    button.event_generate("<Enter>")
    button.event_generate("<ButtonPress-1>", x=8, y=8)
    button.event_generate("<ButtonRelease-1>", x=8, y=8)
    driver.until(lambda: app.switcher.menu.winfo_ismapped())
    closed(driver, app)


def test_only_some_are_remembered(driver: Driver, tmp_path: Path) -> None:
    app = driver.open(recent_archives=("nothing that RAS wrote", "[]", '["/a/b.json", 7]'))
    for number in range(MOST_RECENT + 3):
        app.switcher.remember([str(tmp_path / f"{number}.json")])
    app.switcher.remember([str(tmp_path / "5.json")])
    assert len(app.settings.recent_archives) == MOST_RECENT
    assert "5.json" in app.settings.recent_archives[0]
    app.switcher.remember([f"/many/{number}.json" for number in range(1000)])
    assert "5.json" in app.settings.recent_archives[0]
