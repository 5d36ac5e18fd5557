"""The parts of the window that need no screen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ras.engine import ModeState
from ras.gui import shapes
from ras.gui.bench import IndexState
from ras.gui.commands import shown_keys
from ras.gui.incoming import paths_in, sort_files
from ras.gui.links import OpenError, open_link, open_picture
from ras.gui.palette import PALETTES
from ras.gui.window import fitted
from ras.gui.wording import (
    index_label,
    indexed_text,
    mode_label,
    mode_word,
    not_indexed_text,
    progress_text,
    rate_text,
    report_text,
    stopped_text,
)
from ras.paths import REPOSITORY
from ras.records import IndexReport, Progress, SearchReport, finish


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_texts_meet_wcag_aa(palette: object) -> None:
    pairs = [(text, ground) for text in ("text", "muted") for ground in ("ground", "panel", "well", "raised")]
    pairs += [("link", "ground"), ("link", "panel"), ("link", "soft"), ("on_accent", "accent"), ("text", "hover")]
    pairs += [("on_accent", "accent_hover"), ("notice_text", "notice"), ("error_text", "error"), ("muted", "soft")]
    for text, ground in pairs:
        light, dark = sorted((luminance(getattr(palette, text)), luminance(getattr(palette, ground))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            Progress("Searching", 1204, 3561, "pictures", 58, 38.4, 412_000_000, 12),
            "Searching: 1,204 of 3,561 pictures · about 1 min left · 38 pictures/s · 12 skipped · 412 MB",
        ),
        (
            Progress("Searching", 1_204_000, 3_561_000, "pictures", 90_000, 12_044.4, 3_412_000_000_000, 1204),
            "Searching: 1,204,000 of 3,561,000 pictures · about 25 h left · 12,044 pictures/s"
            " · 1,204 skipped · 3,412.0 GB",
        ),
        (Progress("Searching", 1, 1, "pictures", 0.0), "Searching: 1 of 1 picture · under 1 s left"),
        (Progress("Searching", 640, 3561, "pictures", None, None, 0, 0), "Searching: 640 of 3,561 pictures"),
        (Progress("Searching", 640, None, "pictures", None, 1.0), "Searching: 640 pictures · 1.0 pictures/s"),
        (
            Progress("Downloading the CLIP model", 120_000_000, 338_000_000, "bytes", 70),
            "Downloading the CLIP model: 120 MB of 338 MB · about 1 min left",
        ),
        (
            Progress("Downloading the CLIP model", 120_000_000, None, "bytes", None, 2_400_000.5),
            "Downloading the CLIP model: 120 MB · 2.4 MB/s",
        ),
        (Progress("Loading the CLIP model", 0), "Loading the CLIP model …"),
    ],
)
def test_progress_says_how_far_how_long_how_fast(event: Progress, said: str) -> None:
    assert progress_text(event) == said


def test_pictures_that_could_not_be_had_have_the_word_of_their_job() -> None:
    assert progress_text(Progress("Indexing", 2, 3, failed=1), "left out") == "Indexing: 2 of 3 pictures · 1 left out"


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (1234.5, "1,234 pictures/s"),
        (9.96, "10 pictures/s"),
        (9.94, "9.9 pictures/s"),
        (1.0, "1.0 pictures/s"),
        (0.4, "24 pictures/min"),
        (1 / 60, "1 picture/min"),
        (0.008, "under 1 picture/min"),
        (0.0, "under 1 picture/min"),
    ],
)
def test_a_rate_is_a_number_that_can_be_pictured(rate: float, said: str) -> None:
    assert rate_text(rate, "pictures") == said


def test_report_counts_what_was_skipped() -> None:
    report = SearchReport("realtime", "x", "cpu", 3210, {"unsupported_format": 11, "expired_link": 340}, ())
    assert (
        report_text(report, 3561, 41)
        == "Compared 3,210 of 3,561 pictures in 40 s; skipped 351: 340 links expired, 11 other kinds of file."
    )


def test_report_of_the_index_says_what_is_missing() -> None:
    report = SearchReport("cached", "x", "cpu", 3347, {}, (), 214)
    assert report_text(report, 3561, 0.2) == (
        "Compared 3,347 of 3,561 pictures from the index in under 1 s; 214 not indexed yet."
    )


def test_indexing_ends_in_one_sentence() -> None:
    def report(indexed: int, **skipped: int) -> IndexReport:
        return IndexReport("a", 3561, indexed, indexed, 0, skipped, 41)

    assert indexed_text(report(3561)) == "All 3,561 pictures are indexed (40 s)."
    assert indexed_text(report(3210, unsupported_format=11, expired_link=340)) == (
        "3,210 of 3,561 pictures are indexed (40 s); left out 351: 340 links expired, 11 other kinds of file."
    )
    assert stopped_text(IndexState(3561, 1204, 0)) == (
        "Stopped. 1,204 of 3,561 pictures are indexed; press “Index 2,357 new” to go on."
    )
    assert stopped_text(IndexState(3561, 0, 0)) == (
        "Stopped. 0 of 3,561 pictures are indexed; press “Index archive” to go on."
    )
    assert stopped_text(IndexState(3561, 3561, 0, 1204)) == (
        "Stopped. All 3,561 pictures are indexed; details of 1,204 are still to come: press “Finish indexing”."
    )
    assert stopped_text(IndexState(3561, 3548, 13, 1204)) == (
        "Stopped. 3,548 of 3,561 pictures are indexed; details of 1,204 are still to come: press “Finish indexing”."
    )
    assert stopped_text(IndexState(3561, 1204, 0, 1204)) == (
        "Stopped. 1,204 of 3,561 pictures are indexed; press “Index 2,357 new” to go on."
    )
    assert stopped_text(IndexState(3561, 3561, 0)) == "Stopped. All 3,561 pictures are indexed."
    assert stopped_text(IndexState(1, 1, 0)) == "Stopped. The picture is indexed."


@pytest.mark.parametrize(
    ("state", "label", "sentence"),
    [
        (IndexState(3561, 0, 0), "Index archive", "Index the archive once, and every search takes a moment."),
        (IndexState(3561, 3347, 0), "Index 214 new", "214 of 3,561 pictures are not indexed yet."),
        (IndexState(3561, 3547, 13), "Index 1 new", "1 of 3,561 pictures is not indexed yet."),
        (IndexState(3561, 3221, 340), "Indexed, 340 left out …", ""),
        (IndexState(340, 0, 340), "340 left out …", ""),
        (IndexState(3561, 3561, 0), "Indexed", ""),
        (
            IndexState(3561, 3548, 13, 31),
            "Finish indexing",
            "Details of 31 pictures are still to come: altered copies may be missed.",
        ),
        (IndexState(3561, 3347, 0, 31), "Index 214 new", "214 of 3,561 pictures are not indexed yet."),
        (IndexState(3561, 0, 0, 0), "Index archive", "Index the archive once, and every search takes a moment."),
    ],
)
def test_an_archive_says_what_is_not_indexed(state: IndexState, label: str, sentence: str) -> None:
    assert index_label(state) == label
    assert not_indexed_text(state) == sentence


def test_modes_say_how_long_they_take_or_that_they_are_not_ready() -> None:
    cached = ModeState("cached", "Cached", True, "under 1 s for 3,347 pictures", "under 1 s")
    assert mode_label(cached) == "Cached – under 1 s"
    assert mode_word(cached, "214 of 3,561 pictures are not indexed yet.") == (
        "Under 1 s for 3,347 pictures. 214 of 3,561 pictures are not indexed yet."
    )
    faiss = ModeState("faiss", "FAISS", False, "none of its pictures is indexed yet.")
    assert mode_label(faiss) == "FAISS – not ready"
    assert mode_word(faiss, "Index the archive once.") == "None of its pictures is indexed yet."
    auto = ModeState("auto", "Auto", True, "Real-time, about 3 min for 3,561 pictures", "Real-time, about 3 min")
    assert mode_label(auto) == "Auto – Real-time, about 3 min"
    assert mode_word(auto, "") == "Real-time, about 3 min for 3,561 pictures"


@pytest.mark.parametrize(
    ("saved", "expected"),
    [
        ("900x600+50+60", "900x600+50+60"),
        ("900x600+5000+-300", "900x600+1020+0"),
        ("9000x9000+0+0", "1920x1080+0+0"),
        ("", "1200x800+360+93"),
        ("rubbish", "1200x800+360+93"),
    ],
)
def test_geometry_stays_on_the_screen(saved: str, expected: str) -> None:
    assert fitted(saved, (1920, 1080), (1200, 800)) == expected


def test_shortcuts_are_written_as_the_platform_does() -> None:
    assert shown_keys("Mod-Shift-O", False) == "Ctrl+Shift+O"
    assert shown_keys("Mod-Shift-O", True) == "⇧⌘O"
    assert shown_keys("F5", False) == "F5"


def test_files_are_sorted_by_what_they_are(tmp_path: Path) -> None:
    def file(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    Image.new("RGB", (4, 4)).save(tmp_path / "named.txt", "PNG")
    export, bom = file("export.json", b'{"guild":'), file("export", b'\xef\xbb\xbf  {"guild"')
    webp = file("w.png", b"RIFF\0\0\0\0WEBPVP8 ")
    other = file("notes.txt", b"hello")
    tracker, packed = file("tracker.dht", b"SQLite format 3\0"), file("exports.bin", b"PK\x03\x04")
    table, page = file("general.CSV", b"AuthorID,Author"), file("general.html", b"<!DOCTYPE html>")
    archives = [export, bom, tracker, packed, table, page, str(tmp_path)]
    paths = [str(tmp_path / "named.txt"), *archives, webp, other, str(tmp_path / "gone.png")]
    incoming = finish(sort_files(paths))
    assert incoming.pictures == (str(tmp_path / "named.txt"),)
    assert incoming.archives == tuple(archives)
    said = ("WebP", "“notes.txt” is neither a picture (PNG or JPEG) nor a Discord archive.", "gone.png")
    assert [part in refusal for part, refusal in zip(said, incoming.refusals)] == [True] * 3
    assert len(incoming.refusals) == 3


def test_every_format_that_is_read_is_offered() -> None:
    from ras.gui.dialogs import _archive_patterns

    assert {"*.json", "*.JSON", "*.csv", "*.html", "*.dht", "*.zip", "*.ZIP"} <= set(_archive_patterns())


def test_paths_are_found_in_what_file_managers_copy(tmp_path: Path) -> None:
    path = tmp_path / "a b ü.png"
    assert paths_in(f'copy\n{path.as_uri()}\r\n{path}\n# comment\n"{path}"') == [str(path)] * 3
    assert paths_in("file://other-machine/share/x.png\nhttps://example.com/x.png\nwords") == []


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "javascript:alert(1)", "https://example.com/a b", "C:\\x.exe", ""),
        *("discord://-/invite/abc", 'discord:x" --gpu-launcher="calc', "discord://-/channels/1/2/3\n"),
        *('discord://-/channels/1/2/3" --x', "discord://-/channels/1/2/3/../../../invite/abc", "Discord://-/settings"),
    ],
)
def test_other_links_are_never_opened(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ras.gui.links._hand_over", lambda url, _sorry: pytest.fail(f"{url} was handed over"))
    with pytest.raises(OpenError):
        open_link(url)


def test_web_pages_and_messages_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    monkeypatch.setattr("ras.gui.links._hand_over", lambda url, _sorry: opened.append(url))
    urls = [
        "https://e.org/a.png?b=1",
        "http://e.org/old.png",
        "discord://-/channels/5/7/9",
        "discord://-/channels/@me/7/9",
    ]
    for url in urls:
        open_link(url)
    assert opened == urls


def test_only_pictures_are_handed_to_the_system(tmp_path: Path) -> None:
    script = tmp_path / "picture.png"
    script.write_bytes(b"#!/bin/sh\n")
    disguised = tmp_path / "picture.desktop"
    Image.new("RGB", (4, 4)).save(disguised, "PNG")
    for path in (script, disguised, tmp_path / "gone.png"):
        with pytest.raises(OpenError):
            open_picture(str(path))


def test_a_veiled_picture_shows_nothing_of_it() -> None:
    image = Image.new("RGB", (200, 150), "black")
    for x in range(0, 200, 2):
        image.paste((255, 255, 255), (x, 0, x + 1, 150))
    low, high = shapes.veiled(image).convert("L").getextrema()
    assert high - low < 40


def test_a_frame_has_its_size_whatever_the_picture() -> None:
    for size in ((1, 900), (900, 1), (300, 240), (5, 5)):
        assert shapes.framed(Image.new("RGB", size), (180, 144), 6, "#000000", "#ffffff").size == (180, 144)


def test_warnings_of_libraries_go_to_the_log_and_not_to_the_terminal(ras_home: Path) -> None:
    program = (
        "import logging, warnings; logging.basicConfig(level=logging.WARNING)\n"
        "from ras.log_file import start_log; start_log()\n"
        "warnings.warn('odd metadata'); logging.getLogger('ras.gui').info('a detail')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stderr == ""
    log = (ras_home / "logs" / "ras.log").read_text("utf-8")
    assert "odd metadata" in log
    assert "a detail" in log
