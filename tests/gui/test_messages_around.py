"""The messages around a picture's, in the details: asked for by key and button, gone with the next result."""

from __future__ import annotations

from pathlib import Path

from ras.gui.app import App
from tests.gui.conftest import Driver
from tests.gui.pictures import picture, write_export


def text(app: App) -> str:
    return app.details._text.get("1.0", "end")


def test_they_are_shown_and_hidden_again(driver: Driver, tmp_path: Path) -> None:
    app = driver.open()
    driver.until(lambda: app.encoder.facts is not None)
    app.inputs.take_files([str(write_export(tmp_path, 20))])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(9), "one")
    driver.until(lambda: app.run.report is not None and app.results.amount)
    driver.live(0.3)
    assert app.results.selection is not None
    assert app.results.selection.record.file_name == "view-009.png"
    assert "View number 8" not in text(app)
    driver.press(app.results.canvas, "<Control-M>")
    driver.until(lambda: "View number 14" in text(app))
    assert all(f"View number {number}," in text(app) for number in range(4, 15))
    assert "View number 3," not in text(app)
    assert "[1 picture]" in text(app)
    assert "View number 9," in app.details._text.get(*map(str, app.details._text.tag_ranges("own")))
    app.details.around_button.invoke()
    assert text(app).strip().startswith("View number 9,")
    app.details.around_button.invoke()
    driver.until(lambda: "View number 14" in text(app))
    (tmp_path / "export.json").unlink()
    app.around.toggle()
    app.around.toggle()
    driver.until(lambda: app.notices.sentences)
    assert not app.around.shown
