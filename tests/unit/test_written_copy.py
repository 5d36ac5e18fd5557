"""Copies of pictures in zips, for other programs to show: named and typed by RAS, never by the export."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ras.gui.links import OpenError
from ras.gui.written_copy import write_copy
from ras.media import MediaFile, MediaReader
from tests.cdn_double import make_record
from tests.zips import Raw, raw_zip

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def in_zip(folder: Path, file: Raw) -> MediaFile:
    path = raw_zip(folder / "a.zip", [file])
    record = make_record(local_path=str(path / file.name.decode()), media_root=str(path))
    with MediaReader() as media:
        found = media.find(record)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("cat.png", "cat-"),
        ("cat.exe", "cat-"),
        ("../../etc/passwd", "picture-"),
        ("CON", "picture-"),
        ("a\0\x1b\u202egnp.exe", "agnp-"),
        ("x" * 500 + ".png", "x" * 60 + "-"),
        ("C:\\a|b*c?.png", "C_a_b_c-"),
        ("", "picture-"),
    ],
)
def test_the_name_is_safe(tmp_path: Path, ras_home: Path, name: str, written: str) -> None:
    path = Path(write_copy(in_zip(tmp_path, Raw(b"a.png", PNG)), name))
    assert path.parent == ras_home / "cache" / "opened"
    assert path.name.startswith(written)
    assert path.suffix == ".png"
    assert path.read_bytes() == PNG


def test_the_ending_is_the_content_s(tmp_path: Path) -> None:
    assert write_copy(in_zip(tmp_path, Raw(b"a.png", b"\xff\xd8\xff" + bytes(50))), "a.png").endswith(".jpg")


@pytest.mark.parametrize("data", [b"", b"MZ\x90", b"<html>", b"#!/bin/sh\n", b"8BPS"])
def test_only_pictures_are_written(tmp_path: Path, ras_home: Path, data: bytes) -> None:
    with pytest.raises(OpenError, match="not a picture"):
        write_copy(in_zip(tmp_path, Raw(b"a.png", data)), "a.png")
    assert not (ras_home / "cache").exists()


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OpenError, match=r"“cat\.png” in “a\.zip” could not be read: it is protected by a password"):
        write_copy(in_zip(tmp_path, Raw(b"a.png", PNG, flags=1)), "cat.png")


def test_copies_of_yesterday_go(tmp_path: Path, ras_home: Path) -> None:
    folder = ras_home / "cache" / "opened"
    folder.mkdir(parents=True)
    for name, age in (("old.png", 2 * 24 * 3600), ("new.png", 60)):
        (folder / name).write_bytes(b"1")
        os.utime(folder / name, (time.time() - age,) * 2)
    written = Path(write_copy(in_zip(tmp_path, Raw(b"a.png", PNG)), "cat.png"))
    assert {path.name for path in folder.iterdir()} == {"new.png", written.name}
