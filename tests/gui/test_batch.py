"""Several pictures dropped at once are searched for together; a strip and keys switch between their results."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import pytest
from PIL import Image

from ras.gui.app import App
from ras.gui.query_input import MOST_AT_ONCE
from ras.records import Results
from tests.gui.conftest import Driver
from tests.gui.pictures import picture


def saved(folder: Path, numbers: Sequence[int]) -> list[str]:
    """Number 0 is a picture that is not in the export; the rest are."""
    paths = []
    for number in numbers:
        image = picture(number) if number else Image.effect_noise((300, 200), 80).convert("RGB")
        image.save(folder / f"view {number}.png")
        paths.append(str(folder / f"view {number}.png"))
    return paths


@pytest.fixture
def app(driver: Driver, export: Path) -> App:
    app = driver.open(mode="realtime")
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    return app


def best(app: App) -> str:
    return app.run.report.results[0].record.file_name


def test_they_are_searched_for_together(driver: Driver, app: App, tmp_path: Path) -> None:
    app.inputs.take_files(saved(tmp_path, (3, 0, 5)))
    driver.until(lambda: len(app.run.reports) == 3)
    driver.live(0.1)
    strip = app.query_panel.strip
    assert [item.mark for item in strip.items] == ["found", "nothing", "found"]
    assert strip.selected == 0
    assert best(app) == "view-003.png"
    assert app.inputs.query.query.name == "view 3.png"
    reports = app.run.reports
    driver.press(app.root, "<Control-Prior>")
    assert strip.selected == 2
    assert best(app) == "view-005.png"
    assert app.inputs.query.query.name == "view 5.png"
    assert app.results.amount
    driver.press(app.root, "<Control-Prior>")
    assert strip.selected == 1
    assert app.centre.welcome.headline == "Probably not in this archive"
    strip.event_generate("<Button-1>", x=5, y=5)
    driver.root.update()
    assert best(app) == "view-003.png"
    driver.press(app.root, "<Control-Next>")
    driver.press(app.root, "<Control-Next>")
    assert strip.selected == 2
    assert app.run.reports is reports, "switching searches for nothing"


def test_the_shown_one_can_be_switched_while_the_search_runs(driver: Driver, app: App, tmp_path: Path) -> None:
    app.inputs.take_files(saved(tmp_path, (3, 5)))
    driver.until(lambda: app.run.running)
    app.batch.step(1)
    driver.until(lambda: app.run.reports)
    assert app.query_panel.strip.selected == 1
    assert best(app) == "view-005.png"
    assert app.run.answer.shown[0].record.file_name == "view-005.png"


def test_results_of_another_one_are_not_shown_on_the_way(driver: Driver, app: App, tmp_path: Path) -> None:
    app.inputs.take_files(saved(tmp_path, (3, 5)))
    driver.until(lambda: len(app.run.reports) == 2)
    app.run._event(Results(app.run.reports[1].results, query=1))
    assert app.results.selection.record.file_name == "view-003.png"
    app.run._event(Results(app.run.reports[1].results, query=0))
    assert app.results.selection.record.file_name == "view-005.png"


def test_another_picture_or_a_part_ends_it(driver: Driver, app: App, tmp_path: Path) -> None:
    app.inputs.take_files(saved(tmp_path, (3, 5)))
    driver.until(lambda: len(app.run.reports) == 2)
    app.query_panel.zone.dragging.begin()
    driver.until(lambda: app.inputs.query.crop is not None and app.run.report is not None)
    assert not app.batch.active
    assert all(not item.mark for item in app.query_panel.strip.items)
    assert app.run.queries == ()


def test_one_that_is_damaged_is_left_out_with_a_sentence(driver: Driver, app: App, tmp_path: Path) -> None:
    paths = saved(tmp_path, (3, 5))
    (tmp_path / "cut.png").write_bytes(Path(paths[0]).read_bytes()[:40])
    app.inputs.take_files([paths[0], str(tmp_path / "cut.png"), paths[1]])
    driver.until(lambda: len(app.run.reports) == 2)
    assert "“cut.png”" in app.notices.sentences[-1][1]
    assert [item.name for item in app.query_panel.strip.items] == ["view 3.png", "view 5.png"]


def test_only_so_many_at_a_time(driver: Driver, app: App, tmp_path: Path) -> None:
    picture(3).save(tmp_path / "a.png")
    paths = [str(tmp_path / f"{number}.png") for number in range(MOST_AT_ONCE + 3)]
    for path in paths:
        Path(path).write_bytes((tmp_path / "a.png").read_bytes())
    app.inputs.take_files(paths)
    driver.until(lambda: len(app.run.reports) == MOST_AT_ONCE, 60)
    assert f"it took the first {MOST_AT_ONCE} of {MOST_AT_ONCE + 3}" in app.notices.sentences[-1][1]
