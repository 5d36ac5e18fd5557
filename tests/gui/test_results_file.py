"""“Save results as …” in the real window: asked by the keyboard, written beside it, said in the status line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from tkinter import filedialog

import pytest
from PIL import Image

from tests.gui.conftest import Driver
from tests.gui.test_search_in_the_window import opened, searched


class Asked:
    """Stands for the system's dialog, which no test can press: answers with a path, keeps what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path | str) -> None:
        self.path = path
        self.options: list[dict[str, object]] = []
        monkeypatch.setattr(filedialog, "asksaveasfilename", self)

    def __call__(self, **options: object) -> str:
        self.options.append(options)
        return str(self.path)


@pytest.mark.parametrize("ending", [".html", ".csv", ".json"])
def test_results_are_saved_by_the_keyboard(
    driver: Driver, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    app = searched(driver, export, tmp_path)
    assert app.run.report is not None
    amount = len(app.run.report.results)
    target = tmp_path / f"found{ending}"
    target.write_text("before")  # the dialog has asked whether to overwrite it
    asked = Asked(monkeypatch, target)
    driver.press(app.results.canvas, "<Control-s>")
    driver.until(lambda: app.status.text == f"Saved {amount} results to “{target}”.")
    (options,) = asked.options
    assert options["initialfile"] == "results for query.html"
    assert options["filetypes"] == [
        ("Page with pictures (HTML)", "*.html"),
        ("Table (CSV)", "*.csv"),
        ("For programs (JSON)", "*.json"),
    ]
    text = target.read_bytes().decode("utf-8-sig")
    if ending == ".json":
        told = json.loads(text)
        assert (told["query"], told["scope"], len(told["results"])) == ("query.jpg", "all", amount)
        assert told["results"][0]["file_name"] == "view-005.png"
    elif ending == ".csv":
        rows = list(csv.DictReader(text.splitlines()))
        assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, amount + 1)]
    else:
        assert text.count("<img") == amount + 1
        assert "query.jpg" in text


def test_without_results_there_is_nothing_to_save(
    driver: Driver, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(monkeypatch, "/none.html")
    app = opened(driver, export)
    assert not app.results_file.possible
    driver.press(app.results.canvas, "<Control-s>")
    app.choose_scope("copies")
    query = tmp_path / "query.png"
    Image.effect_noise((300, 200), 90).convert("RGB").save(query)
    app.inputs.load_query(str(query))
    driver.until(lambda: app.run.report is not None)
    assert app.run.report is not None
    assert app.run.report.results == ()
    assert not app.results_file.possible
    driver.press(app.results.canvas, "<Control-s>")
    assert asked.options == []


def test_who_thinks_better_of_it_saves_nothing(
    driver: Driver, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched(driver, export, tmp_path)
    said = app.status.text
    asked = Asked(monkeypatch, "")
    driver.press(app.results.canvas, "<Control-s>")
    driver.live(0.05)
    assert len(asked.options) == 1
    assert app.status.text == said


def test_a_name_that_says_no_kind_is_answered_with_a_sentence(
    driver: Driver, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched(driver, export, tmp_path)
    Asked(monkeypatch, tmp_path / "found.txt")
    driver.press(app.results.canvas, "<Control-s>")
    driver.until(lambda: app.notices.sentences)
    assert app.notices.sentences[-1][0] == "Error"
    assert "end its name with .html, .csv or .json" in app.notices.sentences[-1][1]
    assert app.status.text == "The results were not saved."
    assert not (tmp_path / "found.txt").exists()


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        ("cat.png", "results for cat.html"),
        ("../../etc/“x”: a|b?.png", "results for x a b.html"),
        ("北斗.jpg", "results for 北斗.html"),
        ("???", "results.html"),
        ("a" * 300, f"results for {'a' * 60}.html"),
    ],
)
def test_the_proposed_name_is_one_for_every_system(name: str, proposed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from ras.gui.results_file import choose_file

    asked = Asked(monkeypatch, "")
    assert choose_file(None, name) is None  # type: ignore[arg-type]
    assert asked.options[0]["initialfile"] == proposed
