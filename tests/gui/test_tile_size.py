"""Results are made larger and smaller by slider and by keys."""

from __future__ import annotations

import pytest

from ras.gui.app import App
from ras.gui.tile_layout import SIZES, lay_out
from ras.settings import load_settings
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import AnswerBench, judged


def answered(driver: Driver, **settings: object) -> App:
    app = driver.open(AnswerBench(judged(alike=60)), **settings)
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    driver.live(0.1)
    driver.until(lambda: app.results.complete)
    return app


@pytest.mark.parametrize("width", [250, 600, 900, 1900, 3600])
def test_larger_sizes_make_larger_tiles(driver: Driver, width: int) -> None:
    layouts = [lay_out(driver.theme, width, size) for size in SIZES]
    widths = [layout.tile[0] for layout in layouts]
    assert widths == sorted(widths)
    for layout in layouts:
        assert layout.columns * (layout.tile[0] + layout.gap) + layout.gap <= max(
            width, layout.tile[0] + 2 * layout.gap
        )
    assert lay_out(driver.theme, width) == lay_out(driver.theme, width, 3)


def test_keys_make_tiles_larger_and_smaller_and_the_size_is_remembered(driver: Driver) -> None:
    app = answered(driver)
    app.results.select(40)
    middle = app.results.layout
    driver.press(app.results.canvas, "<Control-plus>")
    driver.press(app.results.canvas, "<Control-equal>")
    assert app.results.layout.tile[0] > middle.tile[0]
    app.saving.finish()
    assert load_settings().tile_size == 5
    assert app.centre.bar.slider.get() == 5
    driver.until(lambda: app.results.complete)
    assert app.results.selected_place == 40
    driver.live(0.3)
    top = app.results.layout.origin(40)[1] - app.results.canvas.canvasy(0)
    assert 0 <= top <= app.results.canvas.winfo_height() - app.results.layout.tile[1]
    for _ in range(9):
        driver.press(app.results.canvas, "<Control-minus>")
    assert app.settings.tile_size == 1
    assert app.results.layout.columns > middle.columns
    driver.press(app.results.canvas, "<Control-Key-0>")
    assert app.results.layout == middle


def test_the_slider_is_dragged_and_moved_by_keys(driver: Driver) -> None:
    app = answered(driver, tile_size=2)
    slider = app.centre.bar.slider
    assert slider.get() == 2
    before = app.results.layout.tile
    driver.press(slider, "<Right>")
    assert app.settings.tile_size == 3
    x, y = (int(part) for part in slider.coords())
    slider.event_generate("<Button-1>", x=x, y=y)
    for step in range(0, slider.winfo_width() - x, 6):
        slider.event_generate("<B1-Motion>", x=x + step, y=y)
        driver.root.update()
    slider.event_generate("<ButtonRelease-1>", x=slider.winfo_width() - 2, y=y)
    driver.live(0.05)
    assert app.settings.tile_size == 7
    assert app.results.layout.tile[0] > before[0]
    driver.until(lambda: app.results.complete)


def test_pictures_that_are_kept_are_bounded_whatever_their_size(driver: Driver) -> None:
    app = answered(driver, tile_size=7)
    for place in range(0, app.results.amount, 2):
        app.results.select(place)
        driver.live(0.02)
    driver.until(lambda: app.results.complete)
    kept = app.results._images._pictures.values()
    assert sum(photo.width() * photo.height() for photo in kept) <= 12_000_000
    assert len(kept) > 3
