"""Recent queries: kept in the data folder, shown under the query, searched for again, forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ras.gui.app import App
from ras.gui.kept_queries import MOST, folder
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import StreamBench


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAS_HOME", str(tmp_path / "home"))


def opened(driver: Driver, **settings: object) -> App:
    app = driver.open(StreamBench(rounds=1, shown=5), **settings)
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    return app


def search(driver: Driver, app: App, number: int) -> None:
    app.inputs.load_query(picture(number), f"view {number}")
    driver.until(lambda: app.run.query is not None and app.run.query.name == f"view {number}")
    driver.until(lambda: app.run.report is not None)
    driver.until(lambda: names(app)[:1] == [f"view {number}"])


def names(app: App) -> list[str]:
    return [one.query.name for one in app.history.recent]


def test_a_recent_query_is_searched_for_again_after_a_restart(driver: Driver) -> None:
    app = opened(driver)
    for number in (1, 2, 3, 1):
        search(driver, app, number)
    assert names(app) == ["view 1", "view 3", "view 2"], "the newest first, each once"
    assert len(list(folder().glob("*.png"))) == 3
    app.stop()
    for child in driver.root.winfo_children():
        child.destroy()
    again = opened(driver)
    driver.until(lambda: len(again.query_panel.strip.items) == 3)
    strip = again.query_panel.strip
    driver.until(strip.winfo_ismapped)
    driver.live(0.1)
    step = strip.winfo_height() + again.theme.px(6)
    strip.event_generate("<Button-1>", x=step + 5, y=5)
    driver.until(lambda: again.run.report is not None)
    assert again.run.query.name == "view 3"
    assert again.run.query.image.tobytes() == picture(3).convert("RGB").tobytes()
    driver.until(lambda: names(again)[0] == "view 3")


def test_by_keyboard(driver: Driver) -> None:
    app = opened(driver)
    for number in (1, 2, 3):
        search(driver, app, number)
    strip = app.query_panel.strip
    driver.press(strip, "<Right>")
    driver.press(strip, "<Right>")
    driver.press(strip, "<Return>")
    driver.until(lambda: app.run.query.name == "view 1")
    assert any(getattr(entry, "label", "") == "Recent queries …" for entry in app.menu_bar.entries)


def test_the_part_that_was_searched_for_comes_back(driver: Driver) -> None:
    app = opened(driver)
    search(driver, app, 1)
    zone = app.query_panel.zone
    zone.dragging.begin()
    driver.until(lambda: app.run.query.image.size == (160, 120) and app.run.report is not None)
    driver.until(lambda: bool(app.history.recent) and app.history.recent[0].query.crop)
    assert names(app) == ["view 1"], "one for each picture"
    search(driver, app, 2)
    app.history.choose(1)
    driver.until(lambda: app.run.query.name == "view 1" and app.inputs.query.crop is not None)
    assert app.inputs.query.crop.box == (80, 60, 240, 180)
    assert zone.crop == app.inputs.query.crop


def test_only_so_many_are_kept_and_all_are_forgotten(driver: Driver) -> None:
    app = opened(driver)
    listed = [{"name": f"old {place}", "picture": "", "content_hash": "", "text": f"words {place}",
               "text_weight": 0.5, "crop": []} for place in range(40)]  # fmt: skip
    folder().mkdir(parents=True)
    (folder() / "queries.json").write_text(json.dumps(listed))
    (folder() / ("0" * 32 + ".png")).write_bytes(b"of no query")
    (folder() / "mine.png").write_bytes(b"not by RAS")
    search(driver, app, 1)
    assert len(names(app)) == MOST
    assert sorted(path.name for path in folder().glob("*.png"))[1:] == ["mine.png"]
    app.history.clear()
    driver.until(lambda: not app.history.recent)
    assert [path.name for path in folder().iterdir()] == ["mine.png"]
    assert not app.query_panel.strip.winfo_ismapped()


@pytest.mark.parametrize(
    "text",
    ["{", "[1, null, {}]", "[" * 5000, '[{"name": "x", "picture": "../../../secret.png", "crop": []}]',
     '[{"name": "x", "picture": "' + "0" * 32 + '.png", "crop": []}]', '{"a": 1}'],
)  # fmt: skip
def test_a_damaged_list_is_no_trouble(driver: Driver, text: str) -> None:
    folder().mkdir(parents=True)
    (folder() / "queries.json").write_text(text)
    (folder() / ("0" * 32 + ".png")).write_bytes(b"\x89PNG\r\n\x1a\nno")
    app = opened(driver)
    driver.live(0.1)
    assert names(app) == []
    search(driver, app, 1)


def test_switched_off_nothing_is_kept(driver: Driver) -> None:
    app = opened(driver)
    search(driver, app, 1)
    app.settings_change._apply({"keep_queries": False})
    driver.until(lambda: not app.history.recent)
    app.inputs.load_query(picture(2), "view 2")
    driver.until(lambda: app.run.query.name == "view 2" and app.run.report is not None)
    driver.live(0.8)
    assert list(folder().iterdir()) == []
