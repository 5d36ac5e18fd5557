"""Spoilers in the real window: blurred wherever they are, shown by mouse, by key, or all at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageTk

from ras.gui import shapes
from ras.gui.app import App
from ras.records import SearchResult
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import ALTERED, AnswerBench, judged


def spoilers(*places: int, amount: int = 4) -> tuple[SearchResult, ...]:
    """Results, of which those at ``places`` are spoilers."""
    return tuple(
        replace(result, record=replace(result.record, file_name=f"SPOILER_{place}.png"), **ALTERED)  # type: ignore[arg-type]
        if place in places
        else result
        for place, result in enumerate(judged(alike=amount))
    )


def searched(driver: Driver, *places: int) -> App:
    app = driver.open(AnswerBench(spoilers(*places)))
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None and app.results.complete)
    driver.live(0.2)
    return app


def pixels(photo: ImageTk.PhotoImage) -> Image.Image:
    return ImageTk.getimage(photo).convert("L")


def detail(image: Image.Image) -> float:
    """How much neighbouring pixels differ at most: what is blurred has no edge."""
    middle = np.asarray(image.crop((12, 12, image.width - 12, image.height - 12)), np.int16)
    return float(np.abs(np.diff(middle, axis=1)).max())


def faces(app: App, place: int) -> tuple[Image.Image, Image.Image]:
    """What the tile and the details show of a result."""
    result = app.results._results[place]
    tile = app.results._images.ready(result, veiled=app.results.is_veiled(result))
    assert tile is not None
    assert app.details._photo is not None
    shown = pixels(tile)
    between_the_pills = shown.crop((0, 20, shown.width, shown.height - 20))
    return between_the_pills, pixels(app.details._photo)


def words(app: App) -> list[str]:
    """That can be read on the tiles."""
    canvas = app.results.canvas
    return [
        str(canvas.itemcget(item, "text"))
        for item in canvas.find_all()
        if canvas.type(item) == "text"
        and canvas.itemcget(item, "state") != "hidden"
        and "poiler" in canvas.itemcget(item, "text")
    ]


def test_a_spoiler_is_blurred_on_its_tile_and_in_the_details(driver: Driver) -> None:
    app = searched(driver, 1)
    app.results.select(1)
    driver.live(0.3)
    assert all(detail(face) < 8 for face in faces(app, 1))
    assert words(app) == ["Spoiler\nclick to show"]
    assert app.details._picture.cget("text") == "Spoiler – click to show"
    assert app.details.region == ()
    assert app.query_panel.zone.region == ()
    app.results.select(0)
    driver.live(0.3)
    assert all(detail(face) > 12 for face in faces(app, 0))
    assert app.details._picture.cget("text") == ""


def test_space_shows_it_and_it_stays_so_for_the_next_search(driver: Driver) -> None:
    app = searched(driver, 1, 2)
    app.results.select(1)
    driver.press(app.results.canvas, "<space>")
    driver.until(lambda: app.results.complete)
    driver.live(0.3)
    assert all(detail(face) > 12 for face in faces(app, 1))
    assert app.details._picture.cget("text") == ""
    assert app.details.region != ()
    app.search()
    driver.until(lambda: app.run.report is not None and app.results.complete)
    shown = app.results._results
    assert [app.results.is_veiled(result) for result in shown] == [False, False, True, False]


@pytest.mark.parametrize("keys", ["<Button-1>", "<Return>", "<space>"])
def test_the_picture_of_the_details_is_shown_by_mouse_and_keyboard(driver: Driver, keys: str) -> None:
    app = searched(driver, 1)
    app.results.select(1)
    driver.live(0.1)
    part = app.details._picture
    assert bool(part.cget("takefocus"))
    driver.press(part, keys)
    assert not app.results.is_veiled(app.results._results[1])
    assert not bool(part.cget("takefocus"))
    driver.live(0.3)
    assert all(detail(face) > 12 for face in faces(app, 1))


def test_the_menu_shows_all_and_hides_them_again(driver: Driver) -> None:
    app = searched(driver, 1, 2)
    app.results.select(2)
    driver.press(app.results.canvas, "<F9>")
    driver.until(lambda: app.results.complete)
    driver.live(0.3)
    assert words(app) == []
    assert all(detail(face) > 12 for face in faces(app, 2))
    menu = next(each for each in app.menu_bar._menus if _has(app, each, "Show spoilers"))
    place = next(at for at in range(menu.index("end") + 1) if _label(menu, at) == "Show spoilers")  # type: ignore[operator]
    assert menu.type(place) == "checkbutton"
    assert app.root.getvar(str(menu.entrycget(place, "variable"))) == 1
    menu.invoke(place)
    driver.until(lambda: app.results.complete)
    driver.live(0.3)
    assert len(words(app)) == 2
    assert all(detail(face) < 8 for face in faces(app, 2))
    assert app.details._picture.cget("text") == "Spoiler – click to show"


def _has(app: App, menu: object, label: str) -> bool:
    app.menu_bar._fill(menu, "View")  # type: ignore[arg-type]
    return any(_label(menu, at) == label for at in range(menu.index("end") + 1))  # type: ignore[attr-defined]


def _label(menu: object, place: int) -> str:
    return "" if menu.type(place) == "separator" else str(menu.entrycget(place, "label"))  # type: ignore[attr-defined]


def test_a_spoiler_is_not_searched_for_before_it_is_shown(driver: Driver) -> None:
    app = searched(driver, 1)
    app.results.select(1)
    driver.press(app.results.canvas, "<Control-l>")
    driver.live(0.1)
    assert app.inputs.query is not None
    assert app.inputs.query.query.name == "one"
    labels = [action.label for action in app.actions.in_menu if action is not None]
    assert "Show the spoiler" in labels
    result = app.results._results[1]
    assert app.actions.reveal.possible(result)
    app.actions.reveal.run(result)
    assert not app.actions.reveal.possible(result)
    assert app.actions.more_like.possible(result)


@pytest.mark.parametrize("size", [(256, 192), (40, 256), (256, 12), (1, 1), (7, 256)])
def test_nothing_is_left_of_a_veiled_picture_but_a_few_patches_of_colour(size: tuple[int, int]) -> None:
    """Stripes of 4 pixels are a text: none of it may be left, along either side."""
    image = Image.new("RGB", size, "black")
    for x in range(0, size[0], 8):
        image.paste("white", (x, 0, x + 4, size[1]))
    for y in range(0, size[1], 8):
        image.paste("white", (0, y, size[0], y + 4))
    veiled = shapes.veiled(image)
    assert veiled.size == size
    low, high = veiled.convert("L").getextrema()
    assert isinstance(high, int)
    assert high - low < 24  # type: ignore[operator]
    assert high <= 116  # white words on it are 4.5 : 1
