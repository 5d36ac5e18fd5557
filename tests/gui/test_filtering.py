"""Filters beside the results answer as they are typed, and can go into the search."""

from __future__ import annotations

import time
import tkinter as tk
from dataclasses import replace
from pathlib import Path
from tkinter import ttk

from ras.gui.app import App
from ras.gui.results_bar import ResultsBar
from ras.gui.theme import has_focus
from ras.records import Archive, Job, Query, SearchReport
from ras.settings import Settings
from tests.gui.conftest import Driver
from tests.gui.pictures import picture, write_export
from tests.gui.streams import AnswerBench, StreamBench, judged, results
from tests.gui.test_smoothness import GOAL, Gap, Heartbeat


def answered(driver: Driver) -> App:
    app = driver.open(AnswerBench(judged(identical=1, altered=3, alike=14)))
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    driver.live(0.1)
    return app


def type_into(driver: Driver, app: App, field: str, text: str) -> None:
    control = app.centre.filters.controls[field]
    control.focus_force()
    driver.root.update()
    for letter in text:
        control.event_generate("<Key>", keysym={" ": "space", "-": "minus"}.get(letter, letter))
    driver.live(0.25)


def names(app: App) -> set[str]:
    return {app.results.result_at(place).record.author for place in range(app.results.amount)}


def test_typing_an_author_shows_only_theirs(driver: Driver) -> None:
    app = answered(driver)
    assert app.centre.bar.text == "18 results"
    driver.press(app.results.canvas, "<Control-f>")
    assert has_focus(app.centre.filters.controls["author"])
    type_into(driver, app, "author", "saw")
    assert names(app) == {"Tom Sawyer"}
    assert app.centre.filters.said == "3 of 18 shown"
    assert app.results.selection is not None
    assert app.results.selection.record.author == "Tom Sawyer"
    assert app.details.result == app.results.selection
    control = app.centre.filters.controls["author"]
    control.event_generate("<BackSpace>")
    driver.live(0.25)
    assert names(app) == {"Tom Sawyer"}


def test_escape_clears_and_then_folds_in(driver: Driver) -> None:
    app = answered(driver)
    driver.press(app.results.canvas, "<Control-f>")
    type_into(driver, app, "author", "luna")
    type_into(driver, app, "after", "2021-03")
    assert app.results.amount == 3
    app.centre.filters.controls["after"].event_generate("<Escape>")
    driver.root.update()
    assert app.results.amount == 18
    assert not app.centre.filters.wanted
    app.centre.filters.controls["after"].event_generate("<Escape>")
    driver.root.update()
    assert not app.centre.filters.winfo_ismapped()
    assert has_focus(app.results.canvas)


def test_a_filter_that_nothing_passes_says_so_and_can_be_cleared(driver: Driver) -> None:
    app = answered(driver)
    app.centre.find()
    type_into(driver, app, "channel", "nowhere")
    assert app.results.amount == 0
    assert app.centre.welcome.headline == "Nothing passes the filter"
    assert app.centre.welcome.winfo_ismapped()
    assert app.centre.filters.winfo_ismapped()
    assert app.centre.filters.said == "0 of 18 shown"
    button = next(one for one in app.centre.welcome._row.winfo_children() if isinstance(one, ttk.Button))
    button.invoke()
    driver.live(0.1)
    assert app.results.amount == 18
    assert not app.centre.welcome.winfo_ismapped()


def test_what_is_not_a_date_is_said(driver: Driver) -> None:
    app = answered(driver)
    app.centre.find()
    type_into(driver, app, "after", "soon")
    assert app.results.amount == 18
    assert app.centre.filters.said == "Write 2021, 2021-03 or 2021-03-02."
    assert app.centre.filters.controls["after"].instate(["invalid"])


def test_verdict_is_chosen_by_keyboard(driver: Driver) -> None:
    app = answered(driver)
    app.centre.find()
    button = app.centre.filters.controls["verdict"]
    menu = driver.root.nametowidget(str(button.cget("menu")))
    menu.invoke(2)
    driver.live(0.05)
    assert app.results.amount == 4
    assert app.centre.filters.said == "4 of 18 shown"
    assert "Copies".startswith(str(button.cget("text")).rstrip("…"))


def test_a_filter_stays_in_force_when_it_is_folded_in_and_for_the_next_search(driver: Driver) -> None:
    app = answered(driver)
    app.centre.find()
    type_into(driver, app, "author", "luna")
    app.centre.bar.filter_button.invoke()
    driver.live(0.05)
    assert app.centre.bar.text == "3 of 18 shown"
    assert app.centre.bar.filter_button.instate(["selected"])
    app.search()
    driver.until(lambda: app.run.report is not None)
    assert names(app) == {"luna"}


def test_over_the_results_nothing_is_cut_off_however_narrow(driver: Driver) -> None:
    app = answered(driver)
    top = tk.Toplevel(driver.root)
    bar = ResultsBar(
        top,
        app.theme,
        filters=lambda: None,
        order=lambda _order: None,
        resize=lambda _size: None,
        turn=lambda: None,
        search_all=lambda: None,
    )
    bar.pack(fill="x")
    bar.say("18 results")
    bar.show_order("likeness")
    for width, order in ((700, "Most alike first"), (190, "Most alike first"), (150, "Most…")):
        top.geometry(f"{app.theme.px(width)}x{app.theme.px(60)}")
        driver.live(0.2)
        assert bar.list_button.winfo_rootx() + bar.list_button.winfo_width() <= top.winfo_rootx() + top.winfo_width()
        for button in (bar.filter_button, bar.order_button, bar.list_button):
            assert button.winfo_width() >= button.winfo_reqwidth()
        assert str(bar.order_button.cget("text")).strip().startswith(order[:4])
        assert str(bar.filter_button.cget("compound")) == ("left" if width == 700 else "image")
    top.destroy()


def test_order_is_chosen_over_the_results(driver: Driver) -> None:
    bench = AnswerBench(judged(alike=6))
    bench.results = tuple(
        replace(one, record=replace(one.record, timestamp=one.record.timestamp.replace(day=1 + one.rank * 4 % 7)))
        for one in bench.results
    )
    app = driver.open(bench)
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    menu = driver.root.nametowidget(str(app.centre.bar.order_button.cget("menu")))
    menu.invoke(1)
    days = [app.results.result_at(place).record.timestamp.day for place in range(6)]
    assert days == sorted(days, reverse=True)
    assert str(app.centre.bar.order_button.cget("text")).strip() == "Newest first"
    assert app.settings.order == "-date"


def test_search_only_these_searches_what_passes(driver: Driver, tmp_path: Path) -> None:
    export = write_export(tmp_path, 12)
    app = driver.open()
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    app.inputs.load_query(picture(4), "four")
    driver.until(lambda: app.run.report is not None)
    app.centre.find()
    type_into(driver, app, "author", "tom")
    before = app.run.report
    app.centre.filters.search_button.invoke()
    driver.until(lambda: app.run.report not in (None, before))
    assert app.run.report is not None
    assert app.run.report.searched == 2
    assert {result.record.author for result in app.run.report.results} == {"Tom Sawyer"}
    said = app.centre.welcome if app.results.amount == 0 else app.centre.head
    texts = str(said._lines.cget("text")) if said is app.centre.welcome else app.centre.head.comment
    assert "Only pictures that pass the filter were searched." in texts
    driver.root.event_generate("<F5>")
    driver.until(lambda: app.run.report is not None and app.run.report.searched == 12)
    assert not app.centre.bar.all_button.winfo_ismapped()


class ManyBench(StreamBench):
    """Its search finds all of them at once."""

    def search(self, settings: Settings, query: Query, archive: Archive) -> Job[SearchReport]:
        yield from ()
        return SearchReport("realtime", "stream", "cpu", len(self.results), {}, self.results)


def test_ten_thousand_results_answer_without_a_stall(driver: Driver) -> None:
    bench = ManyBench(rounds=1, shown=1)
    bench.results = tuple(replace(one, content=str(one.rank // 3)) for one in results(10_000))
    app = driver.open(bench)
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    app.show_rest()
    driver.live(0.5)
    best = Gap(9.0, 9.0)
    for _ in range(6):
        heart = Heartbeat(driver)
        app.centre.find()
        type_into(driver, app, "author", "a")
        type_into(driver, app, "author", "n")
        app.centre.filters.clear()
        app.looks.choose(order="-date")
        driver.live(0.05)
        app.looks.choose(order="likeness")
        for _ in range(10):
            app.results.canvas.event_generate("<Button-5>", x=50, y=50)
            driver.live(0.02)
        heart.beating = False
        driver.live(0.01)
        best = Gap(min(best.busy, heart.longest.busy), min(best.wall, heart.longest.wall))
        if best.busy < GOAL:
            break
        time.sleep(0.1)
    assert best.busy < GOAL
