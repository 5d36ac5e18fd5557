"""A picture of the clipboard is decoded like a stranger's: elsewhere, and what it does there costs itself alone."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path
from typing import Callable, Iterator

import pytest
from PIL import BmpImagePlugin, Image, ImageGrab

from ras.gui import clipboard_picture
from ras.gui.app import App
from ras.gui.clipboard import ClipboardError, paste
from ras.gui.clipboard_picture import bitmap_file, picture_on_clipboard
from ras.gui.picture_clipboard import device_independent_bitmap
from ras.images import decode_image, decoders
from ras.images.decoders import Decoders
from ras.records import finish
from tests.gui.conftest import Driver
from tests.gui.pictures import encoded, picture
from tests.gui.streams import StreamBench
from tests.gui.test_drop_and_paste import on_clipboard
from tests.reliability.broken_decoder import MARKED

x11 = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="driven by xclip, which X11 has")


@pytest.fixture
def app(driver: Driver) -> App:
    return driver.open(StreamBench(rounds=2, shown=5))


@pytest.fixture
def decoded_by(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Decoders]]:
    made: list[Decoders] = []

    def use(program: str) -> Decoders:
        made.append(Decoders(program))
        monkeypatch.setattr(decoders, "shared", made[-1])
        return made[-1]

    yield use
    for one in made:
        one.close()


@x11
def test_a_picture_that_crashes_its_decoder_does_not_end_the_program(
    driver: Driver, app: App, decoded_by: Callable[[str], Decoders]
) -> None:
    decoded_by(MARKED)
    with on_clipboard("image/png", encoded(picture(4)) + b"SEGV"):
        driver.press(driver.root, "<Control-v>")
        driver.until(lambda: app.notices.sentences)
    assert app.notices.sentences[-1][1] == (
        "The picture on the clipboard cannot be used. The PNG picture crashes the decoder: it is damaged, or made to "
        "do that. Copy it anew and try again."
    )
    with on_clipboard("image/png", encoded(picture(4))):
        driver.press(driver.root, "<Control-v>")
        driver.until(lambda: app.inputs.query is not None)


@x11
def test_without_other_processes_it_is_pasted_all_the_same(
    driver: Driver, app: App, decoded_by: Callable[[str], Decoders]
) -> None:
    made = decoded_by("raise SystemExit(3)")
    with on_clipboard("image/png", encoded(picture(4))):
        driver.press(driver.root, "<Control-v>")
        driver.until(lambda: app.inputs.query is not None)
    assert made.pids == []
    assert app.inputs.query.query.image.tobytes() == picture(4).convert("RGB").tobytes()


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """A program of this name, in place of all others."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name: str, program: str) -> None:
        path = tmp_path / name
        path.write_text(f"#!{sys.executable}\nimport sys\n{program}\n", "utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return put


@x11
def test_on_wayland_another_kind_of_picture_will_do(
    helper: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    file = io.BytesIO()
    picture(4).save(file, "WEBP", lossless=True)
    helper("wl-paste", f"if sys.argv[1:] != ['-t', 'image']: sys.exit(1)\nsys.stdout.buffer.write({file.getvalue()!r})")
    assert finish(paste(None)).size == (320, 240)
    helper("wl-paste", "sys.exit(1)")
    with pytest.raises(ClipboardError, match="no picture on the clipboard"):
        finish(paste(None))
    helper("wl-paste", "print('<svg/>')")
    with pytest.raises(ClipboardError, match="no picture on the clipboard"):
        finish(paste(None))
    helper("wl-paste", "sys.stdout.buffer.write(b'II*' + bytes(100))")
    with pytest.raises(ClipboardError, match="It is a TIFF picture"):
        finish(paste(None))


@x11
def test_a_program_that_says_too_much_or_never_ends_is_stopped(
    helper: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setattr(clipboard_picture, "_HELPER_SECONDS", 0.5)
    helper("xclip", "import time; time.sleep(600)")
    assert picture_on_clipboard() is None
    monkeypatch.setattr(clipboard_picture, "_HELPER_SECONDS", 20.0)
    helper("xclip", "while True: sys.stdout.buffer.write(bytes(100_000))")
    assert clipboard_picture._output(["xclip"], 1_000_000) is None
    helper("xclip", "sys.stdout.buffer.write(bytes(1000))")
    assert clipboard_picture._output(["xclip"], 1000) == bytes(1000)


@pytest.mark.skipif(os.name == "nt", reason="starts a program of this name")
def test_what_applescript_says_are_the_bytes(
    helper: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    data = encoded(picture(4))
    helper("osascript", f"sys.stdout.buffer.write('«data PNGf{data.hex().upper()}»\\n'.encode())")
    assert picture_on_clipboard() == data


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
def test_a_bitmap_of_windows_becomes_a_file(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture(4).convert(mode)
    bitmap = device_independent_bitmap(image)
    monkeypatch.setattr(sys, "platform", "win32")
    grabbed = BmpImagePlugin.DibImageFile(io.BytesIO(bitmap))
    monkeypatch.setattr(ImageGrab, "grabclipboard", lambda: grabbed)
    data = picture_on_clipboard()
    assert isinstance(data, bytes)
    assert data == bitmap_file(bitmap)
    assert decode_image(data, extra_formats=True).tobytes() == Image.open(io.BytesIO(data)).convert("RGB").tobytes()
    whole = io.BytesIO()
    image.save(whole, "BMP")
    assert data[10:14] == whole.getvalue()[10:14]


def test_of_windows_a_file_stays_as_it_is_and_names_are_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    data = encoded(picture(4))
    for found, expected in ((Image.open(io.BytesIO(data)), data), (["C:\\a.png"], ["C:\\a.png"]), (None, None)):
        monkeypatch.setattr(ImageGrab, "grabclipboard", lambda found=found: found)
        assert picture_on_clipboard() == expected
