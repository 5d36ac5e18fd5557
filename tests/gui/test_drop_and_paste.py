"""Files and pictures from other programs: dragged by a real mouse, pasted from the real clipboard."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pytest

from ras.gui import dialogs
from ras.gui.app import App
from tests.cdn_double import CdnDouble, Fault
from tests.display import need
from tests.gui.conftest import Driver
from tests.gui.pictures import encoded, picture, write_export
from tests.gui.streams import StreamBench

SOURCE = Path(__file__).with_name("drag_source.py")
pytestmark = pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="driven by xdotool and xclip, which X11 has"
)


@contextmanager
def dragged(driver: Driver, kind: str, *data: str) -> Iterator[None]:
    """A real drag from another program: inside, the mouse is held over the window; at the end it lets go."""
    need("xdotool")
    driver.root.geometry("1000x700+300+60")
    driver.live(0.3)
    source = subprocess.Popen(
        [sys.executable, str(SOURCE), "60", "300", kind, *data], stdout=subprocess.PIPE, text=True
    )
    try:
        assert source.stdout is not None
        assert source.stdout.readline() == "ready\n"
        # On its own thread: the window must answer while the mouse moves.
        steps = [
            f"{x} {y}" for x, y in ((100, 320), (130, 325), (200, 340), (400, 360), (700, 400), (720, 410), (725, 412))
        ]
        hand(driver, ["mousemove 90 320", "mousedown 1", *[f"mousemove {step}" for step in steps]])
        # The window has answered that it takes what comes: a drag that is let go of before that comes to nothing.
        driver.until(lambda: driver.apps[-1].query_panel.zone.lit)
        yield
        hand(driver, ["mousemove 726 412", "mouseup 1"])
        driver.live(0.5)
    finally:
        source.kill()
        source.wait()
        source.stdout.close()


def hand(driver: Driver, moves: list[str]) -> None:
    def work() -> None:
        for move in moves:
            subprocess.run(["xdotool", *move.split()], check=True)
            time.sleep(0.06)

    thread = threading.Thread(target=work)
    thread.start()
    driver.until(lambda: not thread.is_alive())


@contextmanager
def on_clipboard(kind: str, data: bytes) -> Iterator[None]:
    need("xclip")
    holder = subprocess.Popen(
        ["xclip", "-selection", "clipboard", "-quiet", "-t", kind], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert holder.stdin is not None
        holder.stdin.write(data)
        holder.stdin.close()
        time.sleep(0.3)
        yield
    finally:
        holder.kill()
        holder.wait()


@pytest.fixture
def app(driver: Driver) -> App:
    return driver.open(StreamBench(rounds=2, shown=5))


def saved(tmp_path: Path, name: str = "a picture {with} spaces é.png") -> Path:
    path = tmp_path / name
    picture(4).save(path)
    return path


def test_a_picture_dropped_by_mouse_is_searched_for(driver: Driver, app: App, tmp_path: Path) -> None:
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    with dragged(driver, "files", saved(tmp_path).as_uri()):
        assert app.query_panel.zone.lit
    driver.until(lambda: app.run.report is not None)
    assert not app.query_panel.zone.lit
    assert app.inputs.query is not None
    assert app.inputs.query.query.name == "a picture {with} spaces é.png"


def test_an_export_and_a_picture_dropped_together(driver: Driver, app: App, tmp_path: Path) -> None:
    export = tmp_path / "channel.json"
    export.write_text("{}")
    notes = tmp_path / "notes.txt"
    notes.write_text("hello")
    with dragged(driver, "files", notes.as_uri(), saved(tmp_path).as_uri(), export.as_uri()):
        pass
    driver.until(lambda: app.run.report is not None)
    assert app.settings.last_archive == (str(export),)
    assert "“notes.txt” is neither a picture" in app.notices.sentences[0][1]


def test_several_archives_dropped_together_are_one(driver: Driver, tmp_path: Path) -> None:
    """A folder, a file and a zip, by a real mouse into the real program."""
    app = driver.open()
    driver.until(lambda: app.encoder.facts is not None)
    write_export(tmp_path / "folder", 3, name="first")
    second = write_export(tmp_path / "second", 2, first=10)
    third = write_export(tmp_path / "third", 4, first=20)
    packed = shutil.make_archive(str(tmp_path / "exports"), "zip", third.parent)
    with dragged(driver, "files", *(path.as_uri() for path in (tmp_path / "folder", second, Path(packed)))):
        pass
    driver.until(lambda: app.inputs.archive is not None)
    assert app.inputs.archive is not None
    assert len(app.inputs.archive.archive.records) == 9
    assert app.archive_bar.about.startswith("9 pictures in ")
    assert app.notices.sentences == []


def test_a_folder_is_opened_from_the_menu(
    driver: Driver, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "choose_folder", lambda *_: str(tmp_path))
    app.inputs.ask_for_folder()
    driver.until(lambda: app.inputs.archive is not None)
    assert app.settings.last_archive == (str(tmp_path),)


def test_a_dropped_text_is_one_sentence(driver: Driver, app: App) -> None:
    with dragged(driver, "text", "see {picture"):
        pass
    driver.until(lambda: app.notices.sentences)
    assert app.notices.sentences[-1][1].startswith("That was neither a file nor the link of a picture.")


@pytest.mark.parametrize("kind", ["text", "files", "text/html"])
def test_a_link_dropped_from_a_browser_is_downloaded(driver: Driver, kind: str) -> None:
    with CdnDouble() as cdn:
        url = cdn.serve("/cat.png", encoded(picture(4)))
        app = driver.open(StreamBench(rounds=2, shown=5), allowed_hosts=(cdn.host,))
        app.inputs.open_archive(["stream.json"])
        with dragged(driver, kind, f'<a href="/page"><img src="{url}"></a>' if kind == "text/html" else url):
            driver.until(lambda: app.query_panel.zone.lit)
            assert cdn.connections == 0, "nothing is downloaded before it is let go"
        driver.until(lambda: app.run.report is not None)
        assert app.inputs.query.query.name == "cat.png"
        assert cdn.hits("/cat.png") == 1


def test_a_link_is_pasted(driver: Driver) -> None:
    with CdnDouble() as cdn:
        app = driver.open(StreamBench(rounds=2, shown=5), allowed_hosts=(cdn.host,))
        with on_clipboard("UTF8_STRING", cdn.serve("/cat.png", encoded(picture(4))).encode()):
            driver.press(driver.root, "<Control-v>")
            driver.until(lambda: app.inputs.query is not None)
        assert app.inputs.query.query.name == "cat.png"


def test_a_picture_of_a_page_is_pasted(driver: Driver, app: App) -> None:
    data = base64.b64encode(encoded(picture(4))).decode()
    with on_clipboard("text/html", f'<b>é</b><img src="data:image/png;base64,{data}">'.encode()):
        driver.press(driver.root, "<Control-v>")
        driver.until(lambda: app.inputs.query is not None)
    assert app.inputs.query.query.name == "Picture of a page"


def test_a_download_is_cancelled_by_esc(driver: Driver) -> None:
    with CdnDouble() as cdn:
        app = driver.open(StreamBench(rounds=2, shown=5), allowed_hosts=(cdn.host,))
        app.inputs.load_link(cdn.serve("/cat.png", encoded(picture(4)), fault=Fault.stall()))
        driver.until(lambda: cdn.hits("/cat.png"))
        driver.live(0.3)
        assert app.query_panel.about == "Downloading the picture …"
        assert str(app.query_panel.action.cget("text")) == "Cancel"
        driver.press(driver.root, "<Escape>")
        assert not app.inputs.busy
        assert str(app.query_panel.action.cget("text")) == "Search"
        assert not app.query_panel.about.startswith("Downloading") or not app.query_panel._caption.winfo_ismapped()
        app.inputs.load_query(picture(5), "five")
        driver.until(lambda: app.inputs.query is not None)
        assert app.inputs.query.query.name == "five"


def test_a_link_to_this_machine_is_one_sentence(driver: Driver, app: App) -> None:
    with CdnDouble() as cdn:
        app.inputs.load_link(cdn.serve("/cat.png", encoded(picture(4))))
        driver.until(lambda: app.notices.sentences)
        assert "no host of the public internet" in app.notices.sentences[-1][1]
        assert cdn.connections == 0


def test_a_picture_is_pasted(driver: Driver, app: App, tmp_path: Path) -> None:
    with on_clipboard("image/png", saved(tmp_path).read_bytes()):
        driver.press(driver.root, "<Control-v>")
        driver.until(lambda: app.inputs.query is not None)
    assert app.inputs.query is not None
    assert app.inputs.query.query.image.size == (320, 240)


@pytest.mark.parametrize("kind", ["text/uri-list", "UTF8_STRING"])
def test_a_copied_file_is_pasted(driver: Driver, app: App, tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path)
    text = path.as_uri() + "\r\n" if kind == "text/uri-list" else str(path)
    with on_clipboard(kind, text.encode()):
        driver.press(driver.root, "<Control-v>")
        driver.until(lambda: app.inputs.query is not None)
    assert app.inputs.query is not None
    assert app.inputs.query.query.name == path.name


def test_a_text_on_the_clipboard_is_one_sentence(driver: Driver, app: App) -> None:
    with on_clipboard("UTF8_STRING", b"just words"):
        driver.press(driver.root, "<Control-v>")
        driver.until(lambda: app.notices.sentences)
    assert "no picture on the clipboard" in app.notices.sentences[-1][1]


def test_without_the_helper_program_the_way_out_is_said(
    driver: Driver, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_clipboard("image/png", saved(tmp_path).read_bytes()):
        monkeypatch.setenv("PATH", str(tmp_path))
        driver.press(driver.root, "<Control-v>")
        driver.until(lambda: app.notices.sentences)
    assert "xclip" in app.notices.sentences[-1][1]


def test_what_the_empty_zone_says_is_within_it_however_low(driver: Driver) -> None:
    zone = driver.open().query_panel.zone
    zone.grid_forget()
    for height, parts in ((240, 3), (100, 2), (48, 1)):
        zone.place(x=0, y=0, width=zone._theme.px(220), height=zone._theme.px(height))
        driver.live(0.1)
        said = [item for item in zone.find_all() if "face" not in zone.gettags(item)]
        assert len(said) == parts
        for item in said:
            left, top, right, bottom = zone.bbox(item)
            assert 0 <= top < bottom <= zone.winfo_height()
            assert 0 <= left < right <= zone.winfo_width()
