"""The details of a result: nothing is cut off in any window, the score is a bar, too, and other postings are said."""

from __future__ import annotations

import tkinter as tk
from dataclasses import replace
from typing import Iterator

import pytest

from ras.archive.context import NearbyMessage
from ras.gui.app import App
from ras.gui.dates import spoken_date
from ras.records import Change, Channel, Evidence, SearchResult, Verdict
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import AnswerBench, judged, record

WINDOWS = ["900x600", "760x540", "1240x800", "1900x1000"]
HOSTILE = record(
    1,
    author="שם " * 200,
    file_name="f" * 500,
    channel=Channel("1", "قناة " * 90, "2", "guild " * 90),
    content="word " * 2000,
)
ALTERED = SearchResult(1, 0.5, HOSTILE, None, 0, Verdict.ALTERED, tuple(Change), None, Evidence(1_000_000, 0.5))


def searched(driver: Driver, results: tuple[SearchResult, ...]) -> App:
    app = driver.open(AnswerBench(results))
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    driver.live(0.2)
    return app


def reposted(driver: Driver) -> App:
    """A search whose first picture was posted three times."""
    found = judged(identical=3, altered=1)
    return searched(driver, tuple(replace(one, content="same") for one in found[:3]) + found[3:])


def descendants(widget: tk.Misc) -> Iterator[tk.Misc]:
    for child in widget.winfo_children():
        yield child
        yield from descendants(child)


def assert_all_can_be_seen(app: App) -> None:
    """Whole, one below the other, within the panel or what it scrolls; the main button within the panel."""
    panel, inside = app.details, app.details.scroll.inside
    right = panel.winfo_rootx() + panel.winfo_width()
    region = int(str(panel.scroll.canvas.cget("scrollregion")).split()[3])
    shown = [part for part in descendants(panel) if part.winfo_class() in ("TButton", "TLabel", "Label", "Text")]
    shown = [part for part in shown if part.winfo_manager() and part.master.winfo_manager()]  # type: ignore[union-attr]
    assert len(shown) > 10
    for part in shown:
        assert part.winfo_viewable()
        assert part.winfo_height() >= part.winfo_reqheight(), part
        assert part.winfo_width() >= part.winfo_reqwidth(), part
        assert part.winfo_rootx() + part.winfo_width() <= right
        if str(part).startswith(str(inside)):
            assert part.winfo_rooty() + part.winfo_height() <= inside.winfo_rooty() + region
    main = panel.board.buttons[0][1]
    assert main.winfo_rooty() + main.winfo_height() <= panel.winfo_rooty() + panel.winfo_height()
    parts = [part for part in inside.winfo_children() if part.winfo_manager() and part.grid_info()["in"] is inside]
    parts.sort(key=lambda part: part.winfo_y())
    for upper, lower in zip(parts, parts[1:]):
        assert upper.winfo_y() + upper.winfo_height() <= lower.winfo_y()


@pytest.mark.parametrize("geometry", WINDOWS)
def test_nothing_is_cut_off_and_the_picture_stays_readable(driver: Driver, geometry: str) -> None:
    app = reposted(driver)
    driver.root.geometry(geometry)
    driver.live(0.4)
    other = replace(ALTERED, verdict=Verdict.UNLIKELY, changes=())
    for result, veiled in ((app.results.selection, False), (ALTERED, False), (ALTERED, True), (other, False)):
        assert result is not None
        app.details.show(result, "Link expired on a day", veiled=veiled, encoder_id="fingerprint-2")
        driver.live(0.2)
        assert_all_can_be_seen(app)
        width, height = app.details.picture_size()
        assert height >= 0.4 * width
        assert app.details.picture.winfo_height() == height
        if not app.details.scrolls:  # then all of it is in sight
            assert app.details.scroll.inside.winfo_reqheight() <= app.details.scroll.canvas.winfo_height()


def test_a_low_panel_scrolls_by_wheel_and_by_keyboard_and_a_high_one_does_not(driver: Driver) -> None:
    app = searched(driver, judged(altered=2))
    canvas, last = app.details.scroll.canvas, app.details.board.buttons[-1][1]
    assert not app.details.scrolls
    driver.root.geometry("900x600")
    driver.live(0.4)
    assert app.details.scrolls
    app.details.picture.event_generate("<Button-5>")
    driver.until(lambda: canvas.canvasy(0) > 0)
    driver.press(app.results.canvas, "<Right>")  # another result is shown from its top
    driver.live(0.3)
    assert canvas.canvasy(0) == 0
    last.focus_force()
    bottom = app.details.scroll.winfo_rooty() + app.details.scroll.winfo_height()
    driver.until(lambda: last.winfo_rooty() + last.winfo_height() <= bottom)
    driver.press(last, "<Prior>")
    driver.until(lambda: canvas.canvasy(0) == 0)


def test_the_wheel_over_a_long_message_scrolls_the_message_first(driver: Driver) -> None:
    app = searched(driver, (ALTERED,))
    driver.root.geometry("900x600")
    driver.live(0.4)
    canvas, text = app.details.scroll.canvas, app.details._text
    text.event_generate("<Button-5>")
    driver.live(0.3)
    assert text.yview()[0] > 0
    assert canvas.canvasy(0) == 0
    text.yview("end")
    text.event_generate("<Button-5>")
    driver.until(lambda: canvas.canvasy(0) > 0)


def test_the_score_is_a_bar_beside_the_number(driver: Driver) -> None:
    app = searched(driver, judged(altered=1))
    label = app.details.verdict._score
    first = str(label.cget("image")[0])
    assert driver.root.tk.getint(driver.root.tk.call("image", "width", first)) == app.theme.px(60)
    app.details.show(replace(ALTERED, score=0.1), "", veiled=False)
    assert str(label.cget("image")[0]) != first
    app.details.show(replace(ALTERED, of_text=True), "", veiled=False)  # of words, scores mislead as a length
    assert not label.cget("image")
    assert app.details.verdict.text.splitlines()[2] == "Score 0.50 with these words"


def test_other_postings_are_said_and_unfold_from_there(driver: Driver) -> None:
    app = reposted(driver)
    postings = app.details.postings
    mark = app.results.mark(app.results.result_at(0))
    assert mark is not None
    assert postings.text == mark.about
    assert postings.text.startswith("Posted 3 times, first by ")
    assert (app.results.amount, postings.button.cget("text")) == (2, "All 3 posts")
    driver.press(postings.button, "<space>")
    driver.until(lambda: app.results.amount == 4)
    assert postings.button.cget("text") == "As one result"
    driver.press(app.results.canvas, "<Control-u>")  # folded elsewhere
    driver.until(lambda: app.results.amount == 2)
    assert postings.button.cget("text") == "All 3 posts"
    app.results.select(1)
    driver.live(0.1)
    assert postings.text == ""
    assert not postings.winfo_ismapped()


def test_the_messages_around_come_into_sight(driver: Driver) -> None:
    app = searched(driver, judged(altered=1))
    driver.root.geometry("900x600")
    driver.live(0.4)
    result = app.results.selection
    assert result is not None
    moment, own = result.record.timestamp, result.record.message_id
    nearby = [NearbyMessage(own if n == 5 else f"near {n}", "ada", moment, "words " * 30, 0) for n in range(9)]
    app.details.show_around(result.record.key, nearby)
    text, scroll = app.details._text, app.details.scroll
    driver.until(lambda: text.winfo_rooty() + text.winfo_height() <= scroll.winfo_rooty() + scroll.winfo_height())
    assert text.tag_ranges("own")
    assert text.bbox("own.first") is not None


def test_in_a_narrow_panel_the_buttons_stand_below_each_other(driver: Driver) -> None:
    app = searched(driver, judged(altered=1))
    buttons = [button for _, button in app.details.board.buttons[1:]]
    assert len({button.winfo_rootx() for button in buttons}) == 2
    app.details.configure(width=app.theme.px(190))
    driver.live(0.3)
    assert len({button.winfo_rootx() for button in buttons}) == 1
    assert_all_can_be_seen(app)
    app.details.configure(width=app.theme.px(288))
    driver.live(0.3)
    assert len({button.winfo_rootx() for button in buttons}) == 2


def test_of_the_other_postings_rather_the_name_is_cut_than_the_date(driver: Driver) -> None:
    found = judged(identical=2)
    long = [replace(one.record, author="Maximiliane von Hohenstaufen-Wittelsbach zu Seeon am See") for one in found]
    app = searched(driver, tuple(replace(one, record=its, content="same") for one, its in zip(found, long)))
    driver.root.geometry("900x600")
    driver.live(0.4)
    said = str(app.details.postings._label.cget("text"))
    assert said.startswith("Posted 2 times, first by Maximiliane")
    assert "…" in said
    assert said.endswith(spoken_date(found[0].record.timestamp))
