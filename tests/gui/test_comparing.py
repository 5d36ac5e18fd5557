"""“Compare with the query” in the real window: opened, walked through, magnified, dragged, overlaid and closed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageTk

from ras.gui.app import App
from ras.gui.compare_view import CompareView
from ras.gui.compare_window import CompareWindow
from ras.gui.pane import Pane
from ras.records import MatchedRegion
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import PART, WHOLE, AnswerBench, judged, record
from tests.gui.test_spoilers import detail


def searched(driver: Driver, folder: Path, *, spoilers: tuple[int, ...] = (), **changes: object) -> App:
    """Four results; the first two have their pictures in ``folder``, 900 × 600 pixels."""
    found = []
    for place, result in enumerate(judged(alike=4)):
        name = f"SPOILER_{place}.png" if place in spoilers else f"view-{place}.png"
        local = None
        if place < 2:
            picture(place, (900, 600)).save(folder / name)
            local = str(folder / name)
        changed = record(
            place, file_name=name, local_path=local, media_root=str(folder) if local else None, file_size=None
        )
        found.append(replace(result, record=changed, **changes))  # type: ignore[arg-type]
    app = driver.open(AnswerBench(tuple(found)))
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(0, (450, 300)), "one")
    driver.until(lambda: app.run.report is not None and app.results.complete)
    driver.until(lambda: app.results.amount == 4)
    app.results.select(0)
    return app


def opened(driver: Driver, app: App, keys: str = "<space>") -> CompareWindow:
    driver.press(app.results.canvas, keys)
    settle(driver, app)
    window = app.comparing.window
    assert window is not None
    return window


def settle(driver: Driver, app: App) -> None:
    driver.live(0.2)
    driver.until(lambda: app.comparing.complete)
    driver.live(0.1)


def seen(pane: Pane) -> Image.Image:
    """What a pane shows, put together from its bands."""
    face = Image.new("RGB", pane.room)
    for item in pane.find_withtag("picture"):
        left, top = pane.coords(item)
        photo: ImageTk.PhotoImage = next(each for each in pane._seen if str(each) == str(pane.itemcget(item, "image")))
        face.paste(ImageTk.getimage(photo).convert("RGB"), (round(left) - 2, round(top) - 2))
    return face


def view(app: App) -> CompareView:
    assert app.comparing.view is not None
    return app.comparing.view


def off(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).mean())


@pytest.mark.parametrize("keys", ["<space>", "<F4>"])
def test_a_key_opens_it_and_space_closes_it(driver: Driver, tmp_path: Path, keys: str) -> None:
    app = searched(driver, tmp_path)
    window = opened(driver, app, keys)
    assert str(window.heading.cget("text")) == "Looks alike"
    assert str(window.counter.cget("text")) == "1 of 4"
    said = [str(label.cget("text")) for label in window.captions]
    assert said == ["Query: one · 450 × 300 pixels", "view-0.png · 900 × 600 pixels"]
    assert window.query_pane.winfo_ismapped()
    scale = view(app).zoom.scale((900, 600), window.pane.room)
    whole = picture(0, (900, 600)).resize((round(900 * scale), round(600 * scale)), Image.Resampling.BILINEAR)
    middle = ((window.pane.room[0] - whole.width) // 2, (window.pane.room[1] - whole.height) // 2)
    shown = seen(window.pane).crop((*middle, middle[0] + whole.width, middle[1] + whole.height))
    assert off(shown, whole) < 4
    driver.press(window.pane, "<space>")
    assert app.comparing.window is None
    assert not [child for child in app.root.winfo_children() if isinstance(child, CompareWindow)]


def test_a_double_click_on_the_picture_of_the_details_opens_it(driver: Driver, tmp_path: Path) -> None:
    app = searched(driver, tmp_path)
    driver.live(0.3)
    part = app.details._picture
    for _ in range(2):
        part.event_generate("<Button-1>", x=9, y=9)
        part.event_generate("<ButtonRelease-1>", x=9, y=9)
    settle(driver, app)
    assert app.comparing.window is not None


def test_arrows_go_on_to_the_next_result_here_and_in_the_grid(driver: Driver, tmp_path: Path) -> None:
    app = searched(driver, tmp_path)
    window = opened(driver, app)
    first = seen(window.pane)
    driver.press(window.pane, "<Right>")
    settle(driver, app)
    assert app.results.selected_place == 1
    assert str(window.captions[1].cget("text")) == "view-1.png · 900 × 600 pixels"
    assert off(first, seen(window.pane)) > 10
    driver.press(window.pane, "<Right>")
    settle(driver, app)
    assert str(window.captions[1].cget("text")) == "view-2.png · only the preview of the search is here"
    for _ in range(5):
        driver.press(window.pane, "<Left>")
    settle(driver, app)
    assert app.results.selected_place == 0
    assert off(first, seen(window.pane)) == 0
    assert str(window.previous.cget("state")) == "disabled"


def test_wheel_keys_and_drag_show_a_part_in_both_panes(driver: Driver, tmp_path: Path) -> None:
    app = searched(driver, tmp_path)
    window = opened(driver, app)
    driver.press(window.pane, "<Key-1>")
    settle(driver, app)
    assert str(window.scale.cget("text")) == "100 %"
    original = picture(0, (900, 600))
    room = window.pane.room
    zoom = view(app).zoom
    left, top = round(zoom.x * 900 - room[0] / 2), round(zoom.y * 600 - room[1] / 2)
    assert off(seen(window.pane), original.crop((left, top, left + room[0], top + room[1]))) < 6 or room[1] > 600
    driver.press(window.pane, "<plus>")
    settle(driver, app)
    assert str(window.scale.cget("text")) == "150 %"
    window.pane.event_generate("<Motion>", x=40, y=50)
    window.pane.event_generate("<Button-4>", x=40, y=50)
    settle(driver, app)
    assert str(window.scale.cget("text")) == "187 %"
    before = seen(window.pane)
    window.pane.event_generate("<Button-1>", x=200, y=200)
    window.pane.event_generate("<B1-Motion>", x=170, y=190)
    settle(driver, app)
    after = seen(window.pane)
    wide, high = before.size
    assert off(after.crop((0, 0, wide - 30, high - 10)), before.crop((30, 10, wide, high))) < 4
    assert off(after, before) > 1
    assert view(app).query_zoom.factor == view(app).zoom.factor
    assert view(app).query_zoom.x == pytest.approx(view(app).zoom.x, abs=0.02)
    driver.press(window.pane, "<Key-0>")
    assert view(app).zoom.factor == 1.0


def test_the_query_lies_over_the_picture_where_they_match(driver: Driver, tmp_path: Path) -> None:
    """The query is the part of the picture that the result says is matched: laid over it, nothing changes."""
    app = searched(driver, tmp_path, matched_region=MatchedRegion(WHOLE, PART))
    whole = picture(0, (900, 600))
    app.inputs.load_query(whole.crop((180, 120, 630, 480)), "part")
    driver.until(lambda: app.run.report is not None and app.results.amount == 4)
    driver.live(0.3)
    window = opened(driver, app)
    driver.press(window.pane, "<o>")
    settle(driver, app)
    assert not window.query_pane.winfo_ismapped()
    assert window.slider.winfo_ismapped()
    assert "the query lies over it" in str(window.captions[1].cget("text"))
    window.blend.set(0.0)
    app.comparing.draw()
    settle(driver, app)
    plain = seen(window.pane)
    driver.press(window.pane, "<b>")
    settle(driver, app)
    assert window.blend.get() == 1.0
    over = seen(window.pane)
    assert 0 < off(plain, over) < 3
    view(app).onto_query = None  # as of a result that does not say where
    app.comparing.draw()
    settle(driver, app)
    assert off(plain, seen(window.pane)) > 8
    driver.press(window.pane, "<s>")
    settle(driver, app)
    assert window.query_pane.winfo_ismapped()


def test_a_spoiler_is_veiled_until_space_shows_it(driver: Driver, tmp_path: Path) -> None:
    app = searched(driver, tmp_path, spoilers=(0,))
    window = opened(driver, app, "<F4>")
    assert window.pane.words == "Spoiler – Space shows it"
    assert detail(seen(window.pane).convert("L")) < 8
    assert not app.comparing.is_sharp
    driver.press(window.pane, "<o>")
    settle(driver, app)
    middle = (window.pane.room[0] // 2 - 150, 150, window.pane.room[0] // 2 + 150, 450)
    assert detail(seen(window.pane).crop(middle).convert("L")) < 8
    driver.press(window.pane, "<space>")
    settle(driver, app)
    assert window.pane.words == ""
    assert app.comparing.is_sharp
    assert detail(seen(window.pane).crop(middle).convert("L")) > 12


def test_space_on_a_veiled_result_shows_it_and_opens_nothing(driver: Driver, tmp_path: Path) -> None:
    app = searched(driver, tmp_path, spoilers=(0,))
    driver.press(app.results.canvas, "<space>")
    assert not app.results.is_veiled(app.results.result_at(0))
    assert app.comparing.window is None
    driver.press(app.results.canvas, "<space>")
    assert app.comparing.window is not None


def test_it_goes_with_the_query(driver: Driver, tmp_path: Path) -> None:
    app = searched(driver, tmp_path)
    opened(driver, app)
    app.inputs.clear_query()
    driver.live(0.4)
    assert app.comparing.window is None
