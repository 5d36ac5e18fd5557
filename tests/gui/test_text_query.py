"""A description is searched for, alone or with a picture: typed in the real window, encoded by a small real CLIP."""

from __future__ import annotations

from pathlib import Path

import pytest

from ras.gui.app import App
from ras.records import Verdict
from tests.gui.conftest import Driver
from tests.gui.pictures import picture


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    from tests.tiny_clip import write_state_dict

    return write_state_dict(tmp_path_factory.mktemp("clip") / "tiny.pt")


@pytest.fixture
def app(driver: Driver, weights: Path, export: Path) -> App:
    app = driver.open(encoder="clip", clip_weights=str(weights), mode="realtime")
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.encoder.facts is not None and app.inputs.archive is not None, 60)
    driver.live(0.2)
    return app


def write(driver: Driver, app: App, text: str) -> None:
    entry = app.query_panel.text_field.entry
    entry.focus_force()
    driver.root.update()
    for letter in text:
        entry.event_generate("<KeyPress>", keysym={" ": "space"}.get(letter, letter))
    driver.root.update()


def test_words_alone_are_searched_for(driver: Driver, app: App) -> None:
    driver.press(app.root, "<Control-d>")
    assert str(app.root.tk.call("focus")) == str(app.query_panel.text_field.entry)
    assert not app.can_search
    write(driver, app, "cat with a hat")
    assert app.can_search
    assert app.run.report is None, "nothing is searched for before Enter"
    driver.press(app.query_panel.text_field.entry, "<Return>")
    driver.until(lambda: app.run.report is not None, 60)
    assert app.run.report.text == "cat with a hat"
    assert app.run.query.image is None
    assert not app.query_panel.text_field.slider.winfo_ismapped()
    if app.run.rest_hidden or not app.results.amount:
        app.show_rest()
    driver.until(lambda: app.details.winfo_ismapped())
    result = app.results.selection
    meant = "Looks like it" if result.verdict is Verdict.ALIKE else "Probably something else"
    assert app.details.verdict.text.splitlines()[0] == meant
    assert "with these words" in app.details.verdict.text


def test_words_and_picture_together_are_weighed(driver: Driver, app: App) -> None:
    app.inputs.load_query(picture(5), "five")
    driver.until(lambda: app.run.report is not None, 60)
    alone = [(result.record.key, result.score) for result in app.run.report.results]
    write(driver, app, "hat")
    driver.press(app.query_panel.text_field.entry, "<Return>")
    driver.until(lambda: app.run.report is not None and app.run.query.text == "hat", 60)
    slider = app.query_panel.text_field.slider
    assert slider.winfo_ismapped()
    assert (app.run.query.image.size, app.run.query.text_weight) == ((320, 240), 0.5)
    both = [(result.record.key, result.score) for result in app.run.report.results]
    assert both != alone
    slider.focus_force()
    driver.root.update()
    slider.event_generate("<Right>")
    slider.event_generate("<KeyRelease>", keysym="Right")
    driver.until(lambda: app.run.report is not None and app.run.query.text_weight > 0.5, 60)
    assert app.run.report.results[0].score != both[0][1]
    assert str(app.root.tk.call("focus")) == str(slider), "the keyboard stays at the slider"
    driver.press(app.query_panel.text_field.entry, "<Escape>")
    assert app.inputs.query.query.text == ""
    assert not slider.winfo_ismapped()


def test_typing_does_nothing_else_in_the_window(driver: Driver, app: App) -> None:
    """Ctrl+C copies what is marked, Ctrl+V pastes a text; neither is the window's own command."""
    entry = app.query_panel.text_field.entry
    write(driver, app, "hat")
    driver.press(entry, "<Control-a>")
    driver.press(entry, "<Control-c>")
    assert app.root.clipboard_get() == "hat"
    driver.press(entry, "<Control-x>")
    assert app.query_panel.text_field.text == ""
    driver.press(entry, "<Control-v>")
    driver.live(0.2)
    assert app.query_panel.text_field.text == "hat"
    assert app.notices.sentences == []


def test_an_encoder_without_words_has_no_field(driver: Driver, app: App) -> None:
    field = app.query_panel.text_field
    assert field.winfo_ismapped()
    write(driver, app, "hat")
    assert app.inputs.query is not None
    app.change(encoder="fingerprint")
    app.encoder.build()
    driver.until(lambda: app.encoder.facts.encoder_id.startswith("fingerprint"), 60)
    driver.live(0.1)
    assert not field.winfo_ismapped()
    assert app.inputs.query is None
