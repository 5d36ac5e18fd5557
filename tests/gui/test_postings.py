"""A picture that was posted again is one tile, which unfolds by mouse and by keyboard."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ras.gui.app import App
from ras.gui.tile import mark_size
from ras.settings import load_settings
from tests.gui.conftest import Driver
from tests.gui.pictures import picture, write_export
from tests.gui.streams import AnswerBench, judged

ABOUT = "Posted 4 times, first by luna on 4 March 2021"


def answered(driver: Driver, **settings: object) -> App:
    """A search that found nine pictures, the second of which was posted four times."""
    found = judged(identical=1, altered=2, alike=9)
    contents = ["0", *["same" if place in (1, 4, 6, 11) else str(place) for place in range(1, len(found))]]
    found = tuple(replace(one, content=content) for one, content in zip(found, contents))
    found = tuple(
        replace(one, record=replace(one.record, author="luna")) if one.content == "same" else one for one in found
    )
    app = driver.open(AnswerBench(found), **settings)
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    driver.live(0.1)
    driver.until(lambda: app.results.complete)
    return app


def shown(app: App) -> list[str]:
    return [app.results.result_at(place).content for place in range(app.results.amount)]


def pill(app: App, place: int) -> tuple[int, int]:
    """A point on what the tile says of other postings."""
    x, y = app.results.layout.origin(place)
    mark = app.results.mark(app.results.result_at(place))
    assert mark is not None
    width, height = mark_size(app.theme, mark.text)
    right, bottom = (app.results.layout.face[side] + app.theme.px(8) - app.theme.px(6) for side in (0, 1))
    return x + right - width // 2, y + bottom - height // 2


def click(driver: Driver, app: App, at: tuple[int, int]) -> None:
    app.results.canvas.event_generate("<Button-1>", x=at[0], y=at[1])
    app.results.canvas.event_generate("<ButtonRelease-1>", x=at[0], y=at[1])
    driver.live(0.05)


def test_a_click_on_the_pill_unfolds_and_folds(driver: Driver) -> None:
    app = answered(driver)
    assert shown(app) == ["0", "same", "2", "3", "5", "7", "8", "9", "10"]
    mark = app.results.mark(app.results.result_at(1))
    assert mark is not None
    assert (mark.text, mark.about) == ("4 posts", ABOUT)
    assert mark.text in texts(app)
    click(driver, app, pill(app, 1))
    assert shown(app)[:6] == ["0", "same", "same", "same", "same", "2"]
    assert {"1 of 4", "4 of 4"} <= set(texts(app))
    click(driver, app, pill(app, 1))
    assert shown(app)[:3] == ["0", "same", "2"]
    x, y = app.results.layout.origin(1)
    click(driver, app, (x + 20, y + 20))  # elsewhere on the tile
    assert shown(app)[:3] == ["0", "same", "2"]


def test_enter_unfolds_and_then_opens_the_message(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    app = answered(driver)
    opened: list[str] = []
    monkeypatch.setattr("ras.gui.links.open_link", opened.append)
    app.results.select(1)
    driver.press(app.results.canvas, "<Return>")
    assert len(shown(app)) == 12
    assert not opened
    driver.press(app.results.canvas, "<Right>")
    driver.press(app.results.canvas, "<Return>")
    driver.until(lambda: opened)
    assert app.results.selection is not None
    assert opened == [app.results.selection.record.message_link]
    driver.press(app.results.canvas, "<Control-u>")
    assert len(shown(app)) == 9
    assert app.results.selected_place == 1  # the tile that stands for the posting that was selected


def test_one_tile_for_each_picture_is_a_choice_that_is_remembered(driver: Driver) -> None:
    app = answered(driver)
    driver.press(app.results.canvas, "<Control-g>")
    assert len(shown(app)) == 12
    app.saving.finish()
    assert not load_settings().group_postings
    assert not app.results.controls.can_turn
    again = answered(driver, group_postings=False)
    assert again.results.amount == 12
    driver.press(again.results.canvas, "<Control-g>")
    assert again.results.amount == 9


def test_a_selected_posting_stays_selected_when_others_fold(driver: Driver) -> None:
    app = answered(driver, group_postings=False)
    app.results.select(6)
    app.looks.choose(group_postings=True)
    assert app.results.selected_place == 1
    app.results.select(4)
    before = app.results.selection
    app.looks.choose(group_postings=False)
    assert app.results.selection == before


def test_order_by_date_is_remembered(driver: Driver) -> None:
    app = answered(driver)
    app.looks.choose(order="-date")
    app.saving.finish()
    assert load_settings().order == "-date"
    dates = [app.results.result_at(place).record.timestamp for place in range(app.results.amount)]
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize("mode", ["realtime", "cached", "auto"])
def test_the_engine_tells_the_same_bytes_from_the_same_picture(driver: Driver, tmp_path: Path, mode: str) -> None:
    exports = [str(write_export(tmp_path, 6)), str(write_export(tmp_path, 4, name="later", first=6))]
    files = {path.name: path for path in tmp_path.rglob("view-*.png")}
    for name in ("view-003.png", "view-006.png"):
        shutil.copy(files["view-001.png"], files[name])
    picture(1).save(files["view-008.png"], optimize=True)  # the same pixels in other bytes
    assert files["view-008.png"].read_bytes() != files["view-001.png"].read_bytes()
    app = driver.open(mode=mode)
    if mode != "realtime":  # in Auto, only some of the pictures are indexed, and the others come from Real-time
        for paths in [exports] if mode == "cached" else [exports[:1], exports]:
            before = app.inputs.archive
            app.inputs.open_archive(paths)
            driver.until(lambda before=before: app.inputs.archive is not before and app.index.possible)  # type: ignore
            if len(paths) == 1 or mode == "cached":
                app.index.start()
                driver.until(lambda: not app.index.run.running and "are indexed" in app.status.text, seconds=60)
    else:
        app.inputs.open_archive(exports)
        driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    app.inputs.load_query(str(files["view-001.png"]))
    driver.until(lambda: app.run.report is not None, seconds=60)
    tiles = [app.results.result_at(place) for place in range(app.results.amount)]
    marks = {tile.record.file_name: mark.text for tile in tiles for mark in [app.results.mark(tile)] if mark}
    assert marks == {"view-001.png": "3 posts"}
    assert "view-008.png" in {tile.record.file_name for tile in tiles}


def texts(app: App) -> list[str]:
    canvas = app.results.canvas
    return [canvas.itemcget(item, "text") for item in canvas.find_all() if canvas.type(item) == "text"]
