"""Results as a list: its columns, its headings, and all that tiles can do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ras.gui.app import App
from ras.gui.dates import short_date
from ras.gui.list_columns import place_columns
from ras.settings import load_settings
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import AnswerBench, judged, results
from tests.gui.test_postings import shown, texts


def answered(driver: Driver, **settings: object) -> App:
    found = judged(identical=1, altered=2, alike=17)
    found = tuple(
        replace(
            one, content="same" if one.rank in (2, 5, 9) else str(one.rank), score=0.62 if one.rank == 4 else one.score
        )
        for one in found
    )
    app = driver.open(AnswerBench(found), **settings)
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    driver.live(0.1)
    driver.until(lambda: app.results.complete)
    return app


def test_a_key_turns_tiles_into_a_list_and_that_is_remembered(driver: Driver) -> None:
    app = answered(driver)
    app.results.select(3)
    driver.press(app.results.canvas, "<Control-Shift-L>")
    driver.until(lambda: app.results.complete)
    assert app.results.layout.columns == 1
    assert app.results.head.winfo_ismapped()
    assert {"Identical", "Altered", "Alike", "62 %", "luna", "#landscapes", "3 posts"} <= set(texts(app))
    assert app.results.selected_place == 3
    app.saving.finish()
    assert load_settings().results_as_list
    driver.press(app.results.canvas, "<Down>")
    assert app.results.selected_place == 4
    app.centre.bar.list_button.invoke()
    driver.until(lambda: app.results.complete)
    assert app.results.layout.columns > 1
    assert not app.results.head.winfo_ismapped()
    again = answered(driver, results_as_list=True)
    assert again.results.layout.columns == 1


def test_headings_order_the_results(driver: Driver) -> None:
    app = answered(driver, results_as_list=True, group_postings=False)

    def click(name: str) -> list[str]:
        app.results.head.event_generate("<Button-1>", x=app.results.head.place_of(name) + 4, y=8)
        driver.root.update()
        return [app.results.result_at(place).record.author.casefold() for place in range(app.results.amount)]

    authors = click("author")
    assert authors == sorted(authors)
    assert len(set(authors)) > 3
    assert app.settings.order == "author"
    assert str(app.centre.bar.order_button.cget("text")).strip() == "By author"
    assert click("author") == sorted(authors, reverse=True)
    assert str(app.centre.bar.order_button.cget("text")).strip() == "By author, backwards"
    click("score")
    assert [app.results.result_at(place).rank for place in range(app.results.amount)] == list(range(1, 21))
    click("verdict")
    assert app.results.result_at(0).rank == 20


def test_postings_unfold_in_the_list(driver: Driver) -> None:
    app = answered(driver, results_as_list=True)
    x, y = app.results.layout.origin(1)
    columns = {column.name: left for column, left, _ in app.results.layout.columns_of_list}
    at = x + columns["posts"] + 20, y + app.results.layout.tile[1] // 2
    app.results.canvas.event_generate("<Button-1>", x=at[0], y=at[1])
    driver.root.update()
    assert shown(app)[:5] == ["1", "same", "same", "same", "3"]
    assert {"1 of 3", "2 of 3", "3 of 3"} <= set(texts(app))


@pytest.mark.parametrize("width", [300, 400, 550, 700, 1600])
def test_columns_fit_their_row(driver: Driver, width: int) -> None:
    placed = place_columns(driver.theme, 64, width)
    names = [column.name for column, _, _ in placed]
    assert {"verdict", "author", "posts"} <= set(names)
    assert "date" in (*names, *(column.below for column, _, _ in placed))
    assert placed[-1][2] <= max(width, 320)
    assert all(before[2] == after[1] for before, after in zip(placed, placed[1:]))
    if width >= 700:
        assert len(names) == 7


def test_in_the_least_window_the_date_stands_below_the_author(driver: Driver) -> None:
    app = answered(driver, results_as_list=True, window_geometry="900x600+0+0")
    date = short_date(app.results.result_at(1).record.timestamp)
    canvas, (x, y) = app.results.canvas, app.results.layout.origin(1)
    height = app.results.layout.tile[1]
    inside = [item for item in canvas.find_overlapping(x, y, x + 400, y + height) if canvas.type(item) == "text"]
    boxes = {str(canvas.itemcget(item, "text")): canvas.bbox(item) for item in inside}
    author = next(text for text in boxes if app.results.result_at(1).record.author.startswith(text.rstrip("…")[:3]))
    assert boxes[date][0] == boxes[author][0]
    assert y < boxes[author][1] < boxes[author][3] <= boxes[date][1] + 4
    assert boxes[date][3] < y + height
    assert boxes[date][2] <= canvas.winfo_width()


def test_ten_thousand_rows_are_a_few_dozen(driver: Driver) -> None:
    app = answered(driver, results_as_list=True)
    app.results.show(results(10_000))
    driver.live(0.3)
    assert 0 < app.results.materialised < 40
    app.results.select(9_999)
    driver.live(0.5)
    assert app.results.materialised < 40
    assert app.results.canvas.canvasy(0) > 100_000


def test_a_score_for_words_is_a_number_without_a_bar(driver: Driver) -> None:
    app = answered(driver, results_as_list=True)
    app.results.show(tuple(replace(one, of_text=True, score=0.27) for one in results(3)))
    driver.live(0.2)
    assert "0.27" in texts(app)
    assert "27 %" not in texts(app)
    row = app.results._tiles[app.results.result_at(0).record.key]
    assert app.results.canvas.itemcget(row._bar, "image") == ""  # type: ignore[union-attr]


def test_a_tip_says_verdict_score_and_postings_while_the_mouse_rests(driver: Driver) -> None:
    app = answered(driver)
    canvas, tip = app.results.canvas, app.results.controls.tip
    x, y = app.results.layout.origin(1)
    canvas.event_generate("<Motion>", x=x + 30, y=y + 40)
    driver.until(lambda: tip.window is not None)
    assert tip.text.splitlines() == [
        "Same picture, altered: cropped, mirrored",
        "99 % alike",
        "Posted 3 times, first by Tom Sawyer on 4 March 2021.",
    ]
    canvas.event_generate("<Button-5>", x=x + 30, y=y + 40)
    driver.root.update()
    assert tip.window is None
    x, y = app.results.layout.origin(0)
    canvas.event_generate("<Motion>", x=x + 30, y=y + 40)
    driver.until(lambda: tip.window is not None)
    assert tip.text.splitlines() == ["Identical", "100 % alike"]
    canvas.event_generate("<Leave>")
    driver.root.update()
    assert tip.window is None
