"""Screen-reader names, handed to a stand-in for what Tk 9.1 has; and with a Tk that has none of it, only the title."""

from __future__ import annotations

import gc
import tkinter as tk
from tkinter import ttk
from typing import Iterator

import pytest

from ras.gui import accessible
from ras.gui.app import App
from ras.gui.window import TITLE
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import AnswerBench, judged

STAND_IN = """
namespace eval ::tk::accessible {
    variable said {}
    foreach what {role name help value description state action} {
        proc set_acc_$what {window value} "variable said; dict set said \\$window $what \\$value"
    }
    proc emit_selection_change {window} {variable said; dict incr said ::changes}
}
foreach class {Canvas TButton} {
    bind $class <Map> {+::tk::accessible::set_acc_name %W Default}
}
"""
"""As in Tk 9.1, the default of a class is said when a widget of it is mapped."""


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """The variables of closed windows go on this thread: on a worker's they would ask a main loop that is not there."""
    yield
    gc.collect()


@pytest.fixture
def reader(root: tk.Tk) -> Iterator[tk.Tk]:
    before = {each: root.bind_class(each, "<Map>") for each in ("Canvas", "TButton")}
    root.tk.eval(STAND_IN)
    yield root
    root.tk.eval("namespace delete ::tk::accessible")
    for each, script in before.items():
        root.tk.call("bind", each, "<Map>", script)


def heard(widget: tk.Misc, what: str = "name") -> str:
    said = "::tk::accessible::said"
    there = widget.tk.getboolean(widget.tk.eval(f"dict exists ${said} {widget} {what}"))
    return str(widget.tk.eval(f"dict get ${said} {widget} {what}")) if there else ""


def searched(driver: Driver) -> App:
    app = driver.open(AnswerBench(judged(identical=1, altered=1)))
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    driver.live(0.2)
    return app


def descendants(widget: tk.Misc) -> Iterator[tk.Misc]:
    for child in widget.winfo_children():
        yield child
        yield from descendants(child)


def test_what_is_drawn_has_a_name_and_help(driver: Driver, reader: tk.Tk) -> None:
    app = searched(driver)
    assert heard(app.results.canvas) == "Results"
    assert heard(app.results.canvas, "role") == "Listbox"
    assert "Enter opens the message" in heard(app.results.canvas, "help")
    assert (heard(app.query_panel.zone), heard(app.query_panel.zone, "role")) == ("Picture to search for", "Button")
    assert heard(app.query_panel.scope_button) == "What is to be found"
    assert heard(app.details.picture) == "Picture of the result"
    assert heard(app.details.picture, "help").startswith("Double-click to compare it")  # its tooltip


def test_the_selected_result_is_told(driver: Driver, reader: tk.Tk) -> None:
    app = searched(driver)
    first = app.results.result_at(0).record
    said = heard(app.results.canvas, "value")
    assert said.startswith(f"{first.file_name}, identical, ")
    assert f"by {first.author} in #{first.channel.name}" in said
    assert said.endswith("1 of 2")
    changes = reader.tk.eval("dict get $::tk::accessible::said ::changes")
    driver.press(app.results.canvas, "<Right>")
    assert heard(app.results.canvas, "value").endswith("2 of 2")
    assert int(reader.tk.eval("dict get $::tk::accessible::said ::changes")) > int(changes)


def test_every_control_of_the_window_is_named(driver: Driver, reader: tk.Tk) -> None:
    app = searched(driver)
    app.notices.say("A word to be closed.")
    app.comparing.open()
    app.settings_change.open()
    driver.live(0.3)
    nameless = []
    for widget in descendants(app.root):
        focused = str(widget.cget("takefocus")) != "0" if "takefocus" in widget.keys() else False  # noqa: SIM118
        if not focused or not widget.winfo_viewable():
            continue
        drawn = isinstance(widget, (tk.Canvas, ttk.Entry)) and str(widget.cget("takefocus")) not in ("", "0")
        silent = isinstance(widget, ttk.Button) and not str(widget.cget("text")).strip()
        if silent or (drawn and heard(widget) in ("", "Default")):
            nameless.append(str(widget))
    assert nameless == []


def test_a_field_of_the_settings_has_its_label_as_its_name(driver: Driver, reader: tk.Tk) -> None:
    app = driver.open()
    app.settings_change.open()
    driver.live(0.3)
    window = app.settings_change.window
    assert window is not None
    row = next(row for row in window.rows.values() if row.winfo_viewable())
    assert heard(row.control) == row.field.label
    assert heard(row.control, "help") == row.field.help


def test_an_icon_has_words_that_are_not_seen(driver: Driver) -> None:
    app = searched(driver)
    button = app.details.verdict._close
    width = button.winfo_reqwidth()
    assert button.cget("text") == "Hide the details"
    button.configure(text="")
    app.root.update_idletasks()
    assert button.winfo_reqwidth() == width


def test_without_it_nothing_is_bound_and_the_title_tells(driver: Driver) -> None:
    app = searched(driver)
    assert not accessible.is_heard(app.root)
    before = app.results.canvas.bind("<Map>")
    accessible.describe(app.results.canvas, "Results", role=accessible.LIST)
    accessible.tell(app.results.canvas, "something")
    assert app.results.canvas.bind("<Map>") == before
    first, second = (app.results.result_at(place).record.file_name for place in (0, 1))
    assert app.root.title().startswith(f"{first}: identical – ")
    assert app.root.title().endswith(TITLE)
    driver.press(app.results.canvas, "<Right>")
    assert app.root.title().startswith(f"{second}: same picture, altered – ")


def test_a_reader_that_refuses_does_no_harm(driver: Driver, reader: tk.Tk) -> None:
    reader.tk.eval("proc ::tk::accessible::set_acc_value args {error {no such object}}")
    app = searched(driver)
    driver.press(app.results.canvas, "<Right>")
    assert app.results.selected_place == 1


def test_each_window_has_a_title(driver: Driver) -> None:
    app = searched(driver)
    app.comparing.open()
    app.settings_change.open()
    app.root.event_generate("<F1>")
    driver.live(0.3)
    tops = [top for top in descendants(app.root) if isinstance(top, tk.Toplevel) and not top.wm_overrideredirect()]
    assert len(tops) >= 3
    assert all(top.title() not in ("", "toplevel") and not top.title().startswith("!") for top in tops)
