"""A result's picture leaves the window: by the system's clipboard, and as a file."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from ras.gui import picture_clipboard, picture_out
from ras.gui.app import App
from ras.gui.picture_clipboard import device_independent_bitmap
from ras.gui.picture_file import PictureFile
from tests.display import need
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import AnswerBench, judged, record


def searched(driver: Driver, folder: Path) -> App:
    """Three results: a PNG and a JPEG in ``folder``, and one of which only the preview is here."""
    picture(0, (300, 200)).save(folder / "view 0 – über.png")
    picture(1, (300, 200)).save(folder / "view-1.jpg")
    found = []
    for place, (result, name) in enumerate(zip(judged(alike=3), ("view 0 – über.png", "view-1.jpg", "..\\gone?.webp"))):
        local = str(folder / name) if place < 2 else None
        changed = record(
            place, file_name=name, local_path=local, media_root=str(folder) if local else None, file_size=None
        )
        found.append(replace(result, record=changed))
    app = driver.open(AnswerBench(tuple(found)))
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(0), "one")
    driver.until(lambda: app.run.report is not None and app.results.amount == 3)
    app.results.select(0)
    return app


def on_clipboard() -> Image.Image:
    asked = ["xclip", "-selection", "clipboard", "-t", "TARGETS", "-o"]
    kinds = subprocess.run(asked, capture_output=True, timeout=10, check=True).stdout
    assert b"image/png" in kinds.split()  # what programs ask before they paste
    asked = ["xclip", "-selection", "clipboard", "-t", "image/png", "-o"]
    data = subprocess.run(asked, capture_output=True, timeout=10, check=True).stdout
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_a_picture_is_copied_as_a_picture(driver: Driver, tmp_path: Path) -> None:
    need("xclip")
    app = searched(driver, tmp_path)
    driver.press(app.results.canvas, "<Control-P>")
    driver.until(lambda: "clipboard" in app.status.text)
    assert app.status.text == "“view 0 – über.png” is on the clipboard."
    assert on_clipboard().tobytes() == picture(0, (300, 200)).tobytes()
    app.results.select(1)
    driver.press(app.results.canvas, "<Control-P>")
    driver.until(lambda: "view-1" in app.status.text)
    with Image.open(tmp_path / "view-1.jpg") as jpeg:
        assert on_clipboard().tobytes() == jpeg.convert("RGB").tobytes()
    app.results.select(2)
    driver.press(app.results.canvas, "<Control-P>")
    driver.until(lambda: "preview" in app.status.text)
    assert app.status.text.startswith("Only the preview of “..\\gone?.webp” is on the clipboard")
    assert on_clipboard().size == (256, 192)


def test_without_a_helper_it_is_said_what_is_missing(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_clipboard.shutil, "which", lambda _name: None)
    app = searched(driver, tmp_path)
    driver.press(app.results.canvas, "<Control-P>")
    driver.until(lambda: app.notices.sentences)
    assert "xclip" in app.notices.sentences[0][1]


def test_what_windows_takes_is_a_bitmap_without_the_header_of_a_file() -> None:
    dib = device_independent_bitmap(picture(2, (33, 20)))
    assert dib[:4] == (40).to_bytes(4, "little")
    size = 14 + len(dib)
    file = b"BM" + size.to_bytes(4, "little") + b"\0\0\0\0" + (54).to_bytes(4, "little") + dib
    assert Image.open(io.BytesIO(file)).convert("RGB").tobytes() == picture(2, (33, 20)).tobytes()


def test_the_very_bytes_are_saved(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media = tmp_path / "media"
    media.mkdir()
    app = searched(driver, media)
    asked: list[PictureFile] = []
    target = tmp_path / "saved.jpg"
    target.write_text("before")

    def choose(_parent: object, file: PictureFile) -> str:
        asked.append(file)
        return str(target)

    monkeypatch.setattr(picture_out, "choose_file", choose)
    app.results.select(1)
    driver.press(app.results.canvas, "<Control-S>")
    driver.until(lambda: "Saved" in app.status.text)
    assert target.read_bytes() == (media / "view-1.jpg").read_bytes()
    assert app.status.text == f"Saved the picture to “{target}”."
    assert [child.name for child in tmp_path.iterdir() if child.name.endswith(".part")] == []
    app.results.select(2)
    driver.press(app.results.canvas, "<Control-S>")
    driver.until(lambda: "preview" in app.status.text)
    assert target.read_bytes() == app.results.result_at(2).preview
    assert [file.is_preview for file in asked] == [False, True]
    assert [file.saved_name for file in asked] == ["view-1.jpg", "gone.jpg"]


def test_nothing_is_saved_where_nobody_says_so(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = searched(driver, tmp_path)
    monkeypatch.setattr(picture_out, "choose_file", lambda *_: None)
    before = sorted(tmp_path.iterdir())
    app.actions.save_picture.run(app.results.result_at(0))
    driver.live(0.3)
    assert sorted(tmp_path.iterdir()) == before
    monkeypatch.setattr(picture_out, "choose_file", lambda *_: str(tmp_path / "no" / "such.png"))
    app.actions.save_picture.run(app.results.result_at(0))
    driver.until(lambda: app.notices.sentences)
    assert "could not be written" in app.notices.sentences[0][1]


@pytest.mark.parametrize(
    ("name", "kind", "saved"),
    [
        ("cat.png", "PNG", "cat.png"),
        ("cat.png", "JPEG", "cat.jpg"),
        ("../../etc/passwd", "PNG", "passwd.png"),
        ("C:\\x\\cat.exe", "GIF", "cat.gif"),
        ("\u202egnp.exe", "PNG", "gnp.png"),
        ("", "PNG", "picture.png"),
        ("北斗 (2).webp", "WEBP", "北斗 (2).webp"),
        ("Con.png", "PNG", "picture.png"),
        ("com1.png", "JPEG", "picture.jpg"),
        ("\U00020000" * 300 + ".png", "PNG", "\U00020000" * 60 + ".png"),
    ],
)
def test_names_of_foreign_pictures_are_made_safe(name: str, kind: str, saved: str) -> None:
    assert PictureFile(name, b"", kind, is_preview=False).saved_name == saved
