"""Results are dragged to another program, by a real mouse, and a real program takes them."""

from __future__ import annotations

import errno
import hashlib
import json
import queue
import subprocess
import sys
import threading
import time
import tkinter as tk
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import unquote

import pytest

from ras.gui import drag_out, links
from ras.gui.app import App
from ras.gui.drag_copies import DragCopies, clear_leftovers, copy_for_drag
from ras.gui.incoming import from_numbers
from ras.gui.picture_file import PictureFile
from ras.paths import data_folder
from ras.records import finish
from tests.display import need
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import AnswerBench, judged, record
from tests.gui.test_drop_and_paste import hand

TARGET = Path(__file__).with_name("drop_target.py")
ON_FILES, ON_TEXT = (1300, 130), (1300, 190)
"""Places of the other program's window where it takes files, and where texts."""
NAME = "Grüße {vom} Meer.png"
pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="driven by xdotool, which X11 has")


@pytest.fixture
def app(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """Four results: one whose file is here, one of which only the preview is, a spoiler, one without a link."""
    monkeypatch.setenv("RAS_HOME", str(tmp_path / "home"))
    media = tmp_path / "media"
    media.mkdir()
    picture(0, (300, 200)).save(media / NAME)
    facts: tuple[dict[str, Any], ...] = (
        {"file_name": NAME, "local_path": str(media / NAME), "media_root": str(media), "file_size": None},
        {"file_name": "..\\gone?.webp"},
        {"file_name": "SPOILER_cat.png"},
        {"file_name": "unlinked.png", "url": ""},
    )
    found = [
        replace(result, record=record(place, **changes))
        for place, (result, changes) in enumerate(zip(judged(alike=4), facts))
    ]
    app = driver.open(AnswerBench(tuple(found)), window_geometry="1100x760+0+0")
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(0), "one")
    driver.until(lambda: app.run.report is not None and app.results.complete)
    driver.live(0.4)
    return app


def on_tile(app: App, place: int) -> tuple[int, int]:
    """A point of its picture, on the screen."""
    canvas, (x, y), (width, height) = app.results.canvas, app.results.layout.origin(place), app.results.layout.tile
    top = y - int(canvas.canvasy(0))
    return canvas.winfo_rootx() + x + width // 3, canvas.winfo_rooty() + top + height // 3


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def middle(widget: tk.Misc) -> tuple[int, int]:
    return widget.winfo_rootx() + widget.winfo_width() // 2, widget.winfo_rooty() + widget.winfo_height() // 2


def drag(driver: Driver, start: tuple[int, int], end: tuple[int, int], *, to: Program | None = None) -> None:
    """From the press to the release: while a drag goes on, Tk's loop is in it."""
    (x, y), (to_x, to_y) = start, end
    steps = [f"mousemove {x + round((to_x - x) * part)} {y + round((to_y - y) * part)}" for part in (0.03, 0.1, 0.5, 1)]

    def work() -> None:
        for move in (f"mousemove {x} {y}", "mousedown 1", *steps):
            xdotool(move)
        if to is not None:
            to.over.wait(15)
        for by in range(1, 7):
            xdotool(f"mousemove {to_x + by} {to_y + by}")
        xdotool("mouseup 1")

    thread = threading.Thread(target=work)
    thread.start()
    driver.until(lambda: not thread.is_alive(), 30)
    driver.live(0.4)


def xdotool(move: str) -> None:
    subprocess.run(["xdotool", *move.split()], check=True)
    time.sleep(0.06)


class Program:
    """Another one, that things are dropped on."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._said: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.over = threading.Event()
        """Set once something is held over it."""
        self.process = subprocess.Popen(
            [sys.executable, str(TARGET), "1220", "100"], stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.listener = threading.Thread(target=self._listen)
        self.listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                said = json.loads(line)
                if "over" in said:
                    self.over.set()
                else:
                    self._said.put(said)

    def says(self) -> dict[str, Any]:
        self._driver.until(lambda: not self._said.empty())  # meanwhile, the window must answer what it asks for
        return self._said.get()

    def gets(self, start: tuple[int, int], end: tuple[int, int] = ON_FILES) -> dict[str, Any]:
        """What it says of a drop."""
        self.over.clear()
        drag(self._driver, start, end, to=self)
        return self.says()


@pytest.fixture
def program(driver: Driver) -> Iterator[Program]:
    need("xdotool")
    program = Program(driver)
    try:
        assert program.says() == {"ready": True}
        yield program
    finally:
        program.process.kill()
        program.process.wait()
        program.listener.join()


def copies() -> list[Path]:
    return [path for path in (data_folder() / "cache" / "dragged").rglob("*") if path.suffix]


def test_the_other_program_gets_the_picture_itself(driver: Driver, app: App, program: Program, tmp_path: Path) -> None:
    said = program.gets(on_tile(app, 0))
    ((path, digest),) = said["files"].items()
    assert digest == sha256(tmp_path / "media" / NAME)
    assert Path(path).name == "Grüße _vom_ Meer.png"
    assert Path(path).parent != tmp_path / "media", "what the other program does to it happens to a copy"
    # A list of files, as file managers and browsers ask for it: bytes under its own type, which Tk has as numbers.
    assert said["raw"][0].startswith("0x66 0x69 0x6c 0x65")
    assert [unquote(from_numbers(each)) for each in said["raw"]] == [f"file://{path}\r\n"] * 3
    assert said["text"] == app.results.result_at(0).record.url
    assert "Only" not in app.status.text
    assert program.gets(middle(app.details.picture), ON_TEXT)["data"] == app.results.result_at(0).record.url
    assert copies() == [Path(path)]
    hand(driver, ["mousemove {} {}".format(*on_tile(app, 1)), "click 1", "mousemove {} {}".format(*on_tile(app, 0))])
    driver.until(lambda: len(copies()) == 2)
    hand(driver, ["click 1"])
    assert Path(path) in copies(), "the other program may still read it"
    # The window is as before: the press selected the tile, and the keyboard is still there.
    assert app.results.selected_place == 0
    subprocess.run(["xdotool", "key", "Right"], check=True)
    driver.until(lambda: app.results.selected_place == 1)


def test_a_row_of_the_list_whose_picture_is_not_here_gives_its_preview(
    driver: Driver, app: App, program: Program
) -> None:
    app.looks.turn_list()
    driver.until(lambda: app.results.complete and bool(app.results.layout.columns_of_list))
    driver.live(0.2)
    ((path, digest),) = program.gets(on_tile(app, 1))["files"].items()
    preview = app.results.result_at(1).preview
    assert preview is not None
    assert digest == hashlib.sha256(preview).hexdigest()
    assert Path(path).name == "gone.jpg"
    words = "Only the preview of “..\\gone?.webp” was dragged: the picture is not on this computer."
    assert app.status.text == words
    said = program.gets(on_tile(app, 3))
    assert [Path(path).name for path in said["files"]] == ["unlinked.jpg"]
    assert not said["text"].startswith("http"), "there is no link to it"


def test_a_picture_that_is_not_read_yet_does_not_hold_the_mouse_up(
    driver: Driver, app: App, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = threading.Event()

    def slow(*arguments: Any) -> Iterator[None]:
        read.wait(20)
        return (yield from copy_for_drag(*arguments))

    monkeypatch.setattr(drag_out, "copy_for_drag", slow)
    try:
        ((path, digest),) = program.gets(on_tile(app, 0))["files"].items()
        assert digest == hashlib.sha256(app.results.result_at(0).preview or b"").hexdigest()
        assert "was not ready yet" in app.status.text
        read.set()
        ((again, digest),) = program.gets(on_tile(app, 0))["files"].items()
        assert digest == sha256(Path(app.results.result_at(0).record.local_path or ""))
        assert again != path, "no copy replaces another"
    finally:
        read.set()


def test_a_veiled_spoiler_is_not_dragged_and_a_click_is_still_a_click(
    driver: Driver, app: App, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiler = app.results.result_at(2)
    drag(driver, on_tile(app, 2), ON_FILES)
    assert app.results.selection == spoiler
    assert not app.results.is_veiled(spoiler), "the press was a click on it, as ever"
    assert copies() == []
    assert [Path(path).name for path in program.gets(on_tile(app, 2))["files"]] == ["SPOILER_cat.jpg"], (
        "the first drag gave nothing"
    )
    opened: list[str] = []
    monkeypatch.setattr(links, "open_link", opened.append)
    x, y = on_tile(app, 1)
    hand(driver, [f"mousemove {x} {y}", "click --repeat 2 --delay 60 1"])
    driver.until(lambda: opened)
    assert app.results.selected_place == 1
    x, y = middle(app.details.picture)
    hand(driver, [f"mousemove {x} {y}", "click --repeat 2 --delay 60 1"])
    driver.until(lambda: app.comparing.window is not None)


def test_on_the_query_it_is_more_like_this_and_elsewhere_in_the_window_nothing(driver: Driver, app: App) -> None:
    lit: list[bool] = []
    light = app.query_panel.zone.light
    app.query_panel.zone.light = lambda over: (lit.append(over), light(over))[1]  # type: ignore[method-assign]
    drag(driver, on_tile(app, 0), middle(app.archive_bar))
    assert not any(lit)
    drag(driver, on_tile(app, 0), on_tile(app, 3))
    assert (app.inputs.query.query.name, app.notices.sentences) == ("one", [])  # type: ignore[union-attr]
    drag(driver, on_tile(app, 0), middle(app.query_panel.zone))
    driver.until(lambda: app.inputs.query is not None and app.inputs.query.query.name == NAME)
    assert any(lit)
    assert not app.query_panel.zone.lit
    assert app.notices.sentences == []


def test_copies_go_when_the_window_does_and_those_of_a_crash_later(driver: Driver, app: App, program: Program) -> None:
    copies_of_others = data_folder() / "cache" / "dragged"
    crashed, living = DragCopies(), DragCopies()
    file = PictureFile("cat.png", b"left", "PNG", is_preview=False)
    left, used = Path(crashed.write(file).path), Path(living.write(file).path)
    assert left != used
    assert crashed._lock is not None
    crashed._lock.release()  # as the system does when a process dies
    (path,) = program.gets(on_tile(app, 0))["files"]
    for tell in app.when_closed:
        tell()
    assert not Path(path).parent.parent.exists()
    driver.open(AnswerBench(judged(alike=1)))
    driver.until(lambda: not left.exists())
    driver.live(0.2)
    assert used.read_bytes() == b"left"
    living.clear()
    assert list(copies_of_others.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="flock is not Windows' lock")
def test_without_locks_copies_are_made_and_none_of_another_window_is_cleared_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_file: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    copy = Path(DragCopies().write(PictureFile("cat.png", b"used", "PNG", is_preview=False)).path)
    finish(clear_leftovers())
    assert copy.read_bytes() == b"used"


def test_without_the_package_nothing_breaks_and_nothing_is_promised(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tkinterdnd2", None)
    app = driver.open(AnswerBench(judged(alike=2)))
    assert not app.drag_out.works
    assert "drag" not in app.details.picture_tip
    assert "Drag" not in "".join(str(tag) for tag in app.results.canvas.bindtags())
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(0), "one")
    driver.until(lambda: app.run.report is not None and app.results.complete)
    x, y = on_tile(app, 1)
    hand(driver, [f"mousemove {x} {y}", "mousedown 1", f"mousemove {x + 60} {y + 60}", "mouseup 1"])
    driver.until(lambda: app.results.selected_place == 1)
