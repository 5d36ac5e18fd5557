"""A piece of the screen is the query: the window steps aside, a rectangle is dragged, Esc goes back."""

from __future__ import annotations

import tkinter as tk
from typing import Iterator

import pytest
from PIL import ImageGrab, ImageTk

from ras.gui.app import App
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import StreamBench

LEFT, TOP = 420, 330


@pytest.fixture
def behind(driver: Driver) -> Iterator[tk.Toplevel]:
    """Another window on the screen, with a picture in it, as of another program."""
    other = tk.Toplevel(driver.root)
    other.wm_overrideredirect(True)
    other.geometry(f"320x240+{LEFT}+{TOP}")
    photo = ImageTk.PhotoImage(picture(4), master=other)
    tk.Label(other, image=photo, borderwidth=0).pack()
    other.photo = photo  # type: ignore[attr-defined]
    return other


def taking(driver: Driver) -> tuple[App, tk.Canvas]:
    app = driver.open(StreamBench(rounds=1, shown=5))
    driver.live(0.2)
    driver.press(app.root, "<Control-K>")
    driver.until(lambda: app.screen_piece.window is not None)
    assert app.root.state() == "withdrawn"
    driver.live(0.2)
    return app, app.screen_piece.window.winfo_children()[0]


def test_a_piece_is_searched_for(driver: Driver, behind: tk.Toplevel) -> None:
    app, canvas = taking(driver)
    for event, x, y in (
        ("<Button-1>", LEFT + 20, TOP + 30),
        ("<B1-Motion>", LEFT + 90, TOP + 90),
        ("<B1-Motion>", LEFT + 260, TOP + 210),
        ("<ButtonRelease-1>", LEFT + 260, TOP + 210),
    ):
        canvas.event_generate(event, x=x, y=y)
        driver.root.update()
    driver.until(lambda: app.inputs.query is not None)
    assert app.inputs.query.query.image.tobytes() == picture(4).convert("RGB").crop((20, 30, 260, 210)).tobytes()
    assert app.inputs.query.query.name == "Piece of the screen"
    assert app.screen_piece.window is None
    assert app.root.state() == "normal"


def test_by_keyboard_and_back(driver: Driver, behind: tk.Toplevel) -> None:
    app, canvas = taking(driver)
    driver.press(canvas, "<Escape>")
    assert app.screen_piece.window is None
    assert app.root.state() == "normal"
    assert app.inputs.query is None
    driver.press(app.root, "<Control-K>")
    driver.until(lambda: app.screen_piece.window is not None)
    canvas = app.screen_piece.window.winfo_children()[0]
    driver.press(canvas, "<Right>")
    driver.press(canvas, "<Shift-Down>")
    driver.live(0.8)
    assert app.screen_piece.window is not None, "Enter takes it, nothing else"
    driver.press(canvas, "<Return>")
    driver.until(lambda: app.inputs.query is not None)
    assert app.inputs.query.query.image.width == app.root.winfo_screenwidth() // 2


def test_where_the_screen_cannot_be_had_it_is_one_sentence(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_options: object) -> None:
        raise OSError("Pillow was built without XCB support")

    monkeypatch.setattr(ImageGrab, "grab", refused)
    app = driver.open(StreamBench(rounds=1, shown=5))
    app.screen_piece.take()
    driver.until(lambda: app.notices.sentences)
    assert "cannot see the screen here" in app.notices.sentences[-1][1]
    assert app.root.state() == "normal"
