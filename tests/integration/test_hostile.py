"""The whole program against hostile input: what it promises holds, and nothing is ever shown but sentences."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.cdn_double import CdnDouble, Fault
from tests.exports import attachment, embed, make_export, message, picture
from tests.integration.test_cli import REPOSITORY, gradient, ras

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals, links and pipes")


@pytest.fixture
def query(tmp_path: Path) -> Path:
    path = tmp_path / "query.png"
    path.write_bytes(gradient(1))
    return path


def search(*arguments: object) -> tuple[int, dict[str, Any]]:
    """Exit code and the JSON on standard output; nothing like a traceback on standard error."""
    done = ras("search", *arguments, "--encoder", "fingerprint", "--json")
    assert "Traceback" not in done.stderr
    assert "fault of the program" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def png_header(width: int, height: int, extra: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + rows + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@posix
def test_media_paths_lead_nowhere_but_into_the_export(tmp_path: Path, query: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(gradient(1))
    media = tmp_path / "export" / "x.json_Files"
    media.mkdir(parents=True)
    (media / "link.png").symlink_to(secret)
    (media / "loop.png").symlink_to("loop.png")
    (media / "device.png").symlink_to("/dev/zero")
    os.mkfifo(media / "pipe.png")
    (media / "folder.png").mkdir()
    (media / "empty.png").write_bytes(b"")
    (media / "page.png").write_bytes(b"<html>404</html>")
    (media / "good.png").write_bytes(gradient(2))
    paths = [
        *("../secret.png", "..\\secret.png", str(secret), f"file://{secret}", "x.json_Files/../../secret.png"),
        *("%2e%2e/secret.png", "\\\\host\\share\\a.png", "C:\\a.png", "/", "..", "a\0b.png", "y" * 9000 + ".png"),
        *(f"x.json_Files/{name}.png" for name in ("link", "loop", "device", "pipe", "folder", "empty", "page")),
    ]
    posted = [message("", [attachment("a.png", url=path, id="none")]) for path in paths]
    posted.append(message("", [attachment("good.png", url="x.json_Files\\good.png", id="none")]))
    export = make_export(tmp_path / "export", messages=posted, name="x.json")
    code, found = search(export, query)
    assert code in (0, 1)  # whether or not the query looks like what is left
    assert [result["file_name"] for result in found["results"]] == ["good.png"]
    assert sum(found["skipped"].values()) == len(paths)


def test_links_lead_nowhere_but_to_discord(tmp_path: Path, query: Path) -> None:
    """Nothing listens for Discord here: what is let through would be counted as network trouble."""
    with CdnDouble() as cdn:
        cdn.serve("/a.png", gradient(1))
        links = [
            *(cdn.url("/a.png"), "http://169.254.169.254/latest/", "https://[::1]/a.png", "https://127.1/a.png"),
            *(f"https://cdn.discordapp.com@{cdn.host}/a.png", f"https://{cdn.host}\\@cdn.discordapp.com/a.png"),
            *("https://cdn.discordapp.com:22/a.png", "http://cdn.discordapp.com/a.png", "ftp://cdn.discordapp.com/a"),
            *("https://cdn.discordapp.com.evil.test/a.png", "https://cdn\u3002discordapp\u3002com.evil.test/a.png"),
            *("javascript:alert(1)", "data:image/png;base64,iVBORw0KGgo=", "https://", "https://[", "https:///a.png"),
            *(f"https://{'a' * 100_000}.test/", "https://cdn.discordapp.com:99999/a.png", "https://\ud800/a.png"),
        ]
        posted = [message("", [attachment("a.png", url=link, id="none")]) for link in links]
        posted += [message("", embeds=[embed(image=picture(link))]) for link in links[:6]]
        code, found = search(make_export(tmp_path / "export", messages=posted), query)
        assert cdn.connections == 0
    assert code == 1
    assert set(found["skipped"]) == {"blocked_host", "missing_file"}
    assert sum(found["skipped"].values()) == len(posted)


def test_pictures_made_to_hurt_are_counted_and_the_rest_is_found(tmp_path: Path, query: Path) -> None:
    bomb = zlib.compress(b"\0" * 100_000_000, 9)
    whole = gradient(1)
    pictures = {
        "65535.png": png_header(65535, 65535),
        "2billion.png": png_header(2**31 - 1, 2**31 - 1),
        "nothing.png": png_header(0, 0),
        "start.png": whole[:40],
        "text.png": png_header(10, 10, chunk(b"zTXt", b"a\0\0" + bomb)),
        "profile.png": png_header(10, 10, chunk(b"iCCP", b"a\0\0" + bomb)),
        "frames.png": png_header(10, 10, chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))),
        "half.png": whole[: len(whole) // 2],
        "wrong ending.jpg": whole,
    }
    posted = [message("", [attachment(name, data=data)]) for name, data in pictures.items()]
    posted += [message("", [attachment(f"same{n}.png", data=whole)]) for n in range(50)]
    export = make_export(tmp_path / "export", messages=posted, media=True)
    code, found = search(export, query, "--top-k", 1000)
    assert code == 0
    assert found["skipped"] == {"too_large": 2, "damaged": 2}
    assert found["searched"] == len(posted) - 4
    assert found["results"][0]["file_name"] == "wrong ending.jpg"
    assert [result["file_name"] for result in found["results"][1:51]] == [f"same{n}.png" for n in range(50)]


def test_what_can_be_reached_is_found_and_the_rest_is_counted(tmp_path: Path, query: Path) -> None:
    data = gradient(1, 64)
    faults = {
        "fine": None,
        "throttled": (Fault.throttled("0.2"), 1),
        "slow": (Fault.slow_headers(0.5), 1),
        "cut": (Fault.cut(100), 1),
        "broken": (Fault.status(500), 1),
        "gone": (Fault.status(404), None),
        "private": (Fault.redirect("http://10.0.0.1/a.png"), None),
        "circle": (Fault.redirect("/circle.png"), None),
        "page": (Fault.error_page(), None),
        "endless": (Fault.endless(), None),
    }
    with CdnDouble() as cdn:
        posted = []
        for name, fault in faults.items():
            if fault is None:
                cdn.serve(f"/{name}.png", data)
            else:
                cdn.serve(f"/{name}.png", data, fault=fault[0], times=fault[1])
            posted.append(message("", [attachment(f"{name}.png", url=cdn.url(f"/{name}.png"), size=len(data))]))
        code, found = search(make_export(tmp_path / "export", messages=posted), query, "--allow-host", cdn.host)
    assert code == 0
    assert sorted(result["file_name"] for result in found["results"]) == [
        *("broken.png", "cut.png", "fine.png", "slow.png", "throttled.png")
    ]
    assert found["skipped"] == {"gone": 2, "blocked_host": 1, "not_a_picture": 1, "too_large": 1}


@posix
def test_interrupting_says_one_word(tmp_path: Path, query: Path) -> None:
    """While a server stalls: the thread that waits for it must not keep the program alive."""
    with CdnDouble() as cdn:
        cdn.serve("/a.png", gradient(1), fault=Fault.stall())
        export = make_export(tmp_path / "export", messages=[message("", [attachment(url=cdn.url("/a.png"))])])
        command = [sys.executable, "-m", "ras", "search", export, query, "--encoder", "fingerprint"]
        with subprocess.Popen(
            [*map(str, command), "--allow-host", cdn.host],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        ) as process:
            deadline = time.monotonic() + 30
            while not cdn.connections and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=10)
        assert (process.returncode, output, errors) == (130, b"", b"Interrupted.\n")


@posix
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_output_that_nobody_takes(options: list[str], unbuffered: str, tmp_path: Path, query: Path) -> None:
    posted = [message("", [attachment(f"{n}.png", data=gradient(1, 64))]) for n in range(3)]
    export = make_export(tmp_path / "export", messages=posted, media=True)
    command = [sys.executable, "-m", "ras", "search", export, query, "--encoder", "fingerprint", *options]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": unbuffered}

    def end(**streams: Any) -> tuple[int, str]:
        done = subprocess.run(
            list(map(str, command)), stderr=subprocess.PIPE, encoding="utf-8", env=environment, check=False, **streams
        )
        return done.returncode, done.stderr.replace("Compared 3 pictures by fingerprint-2 on cpu (Real-time).\n", "")

    reader, writer = os.pipe()
    os.close(reader)
    assert end(stdout=writer) == (0, "")
    os.close(writer)
    assert end(preexec_fn=lambda: os.close(1)) == (0, "")
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            assert end(stdout=full) == (3, "The results could not be written: No space left on device.\n")


@posix
@pytest.mark.parametrize("name", ["x\n\x1b[31m\u202e.json", "n" * 5000], ids=["controls", "too long"])
def test_a_strange_name_is_one_line_without_control_characters(name: str, query: Path, tmp_path: Path) -> None:
    done = ras("search", tmp_path / name, query)
    assert done.returncode == 2
    assert done.stderr.rstrip("\n").isprintable()
    assert len(done.stderr) < 200
