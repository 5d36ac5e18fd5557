"""A part of the query is searched for: dragged by a real mouse's events, adjusted by handles and keys, taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from ras.gui.app import App
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import StreamBench


@pytest.fixture
def app(driver: Driver, tmp_path: Path) -> App:
    app = driver.open(StreamBench(rounds=1, shown=5))
    app.inputs.open_archive(["stream.json"])
    picture(4).save(tmp_path / "view.png")
    app.inputs.load_query(str(tmp_path / "view.png"))
    driver.until(lambda: app.run.report is not None)
    driver.live(0.4)
    return app


def drag(driver: Driver, app: App, start: tuple[float, float], end: tuple[float, float], let_go: bool = True) -> None:
    """From one place of the picture to another, in shares of its sides."""
    zone = app.query_panel.zone
    left, top, width, height = zone.dragging.place

    def at(share: float) -> dict[str, int]:
        x, y = (one + (other - one) * share for one, other in zip(start, end))
        return {"x": round(left + x * width), "y": round(top + y * height)}

    zone.event_generate("<ButtonPress-1>", **at(0))
    for step in (0.1, 0.5, 1.0):
        zone.event_generate("<B1-Motion>", **at(step))
        driver.root.update()
    if let_go:
        zone.event_generate("<ButtonRelease-1>", **at(1))
        driver.root.update()


def size(app: App) -> tuple[int, int]:
    assert app.inputs.query is not None
    assert app.inputs.query.query.image is not None
    return tuple(app.inputs.query.query.image.size)


def cropped(driver: Driver, app: App) -> tuple[int, int, int, int]:
    """What is searched for once the search is through."""
    driver.until(lambda: app.inputs.query.crop == app.query_panel.zone.crop and app.run.report is not None)
    return app.inputs.query.crop.box


def test_a_dragged_part_is_searched_for(driver: Driver, app: App) -> None:
    first = app.run.report
    assert app.inputs.query.query.content_hash
    drag(driver, app, (0.25, 0.2), (0.75, 0.9))
    left, top, right, bottom = cropped(driver, app)
    for found, meant in zip((left, top, right, bottom), (80, 48, 240, 216)):
        assert abs(found - meant) <= 3, "within a pixel of the screen"
    assert app.run.report is not first
    query = app.inputs.query.query
    assert size(app) == (right - left, bottom - top)
    assert query.image.tobytes() == picture(4).convert("RGB").crop((left, top, right, bottom)).tobytes()
    assert query.content_hash == "", "a part is not the file"
    assert app.query_panel.about == f"Part: {right - left} × {bottom - top} pixels"
    assert app.query_panel.whole.winfo_ismapped()


def test_its_size_is_told_while_it_is_dragged_and_esc_takes_it_back(driver: Driver, app: App) -> None:
    drag(driver, app, (0.1, 0.1), (0.6, 0.6), let_go=False)
    assert app.query_panel.about.startswith("Part: 1")
    driver.press(app.query_panel.zone, "<Escape>")
    assert app.query_panel.zone.crop is None
    assert app.query_panel.about == "320 × 240 pixels"
    assert app.inputs.query.crop is None


def test_handles_resize_and_the_inside_moves(driver: Driver, app: App) -> None:
    drag(driver, app, (0.25, 0.25), (0.75, 0.75))
    before = cropped(driver, app)
    drag(driver, app, (0.75, 0.75), (0.9, 0.85))
    wider = cropped(driver, app)
    assert wider[:2] == before[:2]
    assert wider[2] > before[2] + 30
    assert wider[3] > before[3] + 15
    drag(driver, app, (0.5, 0.5), (0.4, 0.5))
    moved = cropped(driver, app)
    assert moved[2] - moved[0] == wider[2] - wider[0]
    assert moved[0] < wider[0] - 20
    assert moved[1] == wider[1]


def test_whole_picture_undoes(driver: Driver, app: App) -> None:
    drag(driver, app, (0.25, 0.25), (0.75, 0.75))
    cropped(driver, app)
    report = app.run.report
    app.query_panel.whole.invoke()
    driver.until(lambda: app.inputs.query.crop is None and app.run.report is not None and app.run.report is not report)
    assert size(app) == (320, 240)
    assert not app.query_panel.whole.winfo_ismapped()


def test_the_keyboard_does_it_all(driver: Driver, app: App) -> None:
    """The search starts when the keys rest, and the keyboard stays where it is."""
    report = app.run.report
    driver.press(app.root, "<Control-k>")
    zone = app.query_panel.zone
    assert zone.crop is not None
    assert zone.crop.box == (80, 60, 240, 180)
    for keys in ("<Right>", "<Shift-Down>", "<Control-Left>"):
        driver.press(zone, keys)
    assert zone.crop.box == (85, 60, 245, 185)
    assert app.run.report is report
    assert cropped(driver, app) == (85, 60, 245, 185)
    driver.until(lambda: app.run.report is not None and app.run.report is not report)
    assert str(app.root.tk.call("focus")) == str(zone)
    driver.press(zone, "<Escape>")
    driver.until(lambda: app.inputs.query.crop is None)


def test_a_click_still_browses_but_not_on_a_rectangle(
    driver: Driver, app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("ras.gui.dialogs.choose_picture", lambda _root: asked.append(1) or "")
    zone = app.query_panel.zone
    zone.event_generate("<ButtonPress-1>", x=60, y=60)
    zone.event_generate("<B1-Motion>", x=61, y=60)
    zone.event_generate("<ButtonRelease-1>", x=61, y=60)
    assert asked == [1]
    drag(driver, app, (0.25, 0.25), (0.75, 0.75))
    assert asked == [1]
    drag(driver, app, (0.5, 0.5), (0.5, 0.5))
    assert asked == [1]


def test_a_part_with_nothing_in_it_is_one_sentence(driver: Driver) -> None:
    app = driver.open(StreamBench(rounds=1, shown=5))
    half = picture(4)
    half.paste("white", (0, 0, 160, 240))
    app.inputs.load_query(half, "half")
    driver.until(lambda: app.inputs.query is not None)
    driver.live(0.2)
    drag(driver, app, (0.05, 0.1), (0.4, 0.9))
    driver.until(lambda: app.notices.sentences)
    assert app.notices.sentences[-1][1].startswith("This part of “half” has too little in it to be found")
    assert app.query_panel.zone.crop is None
    assert size(app) == (320, 240)


def test_another_picture_comes_whole(driver: Driver, app: App) -> None:
    drag(driver, app, (0.25, 0.25), (0.75, 0.75))
    cropped(driver, app)
    app.inputs.load_query(picture(6), "other")
    driver.until(lambda: app.inputs.query.query.name == "other")
    assert app.query_panel.zone.crop is None
    assert size(app) == (320, 240)
