"""Zips and folders that somebody made to hurt, with links, liars and bombs in them.

Beside the folder that a case is made in lies ``outside``, with what no export may reach: see ``make_outside``.
"""

from __future__ import annotations

import contextlib
import os
import struct
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Iterator, Mapping, Sequence

from tests import exports
from tests.data_packages import files_of
from tests.reliability.mutate_exports import Case, sound
from tests.trackers import kept, make_tracker, tracked
from tests.zips import Raw, raw_zip

PICTURE = b"\x89PNG\r\n\x1a\n outside"


def make_outside(beside: Path) -> Path:
    """What lies beside the folders of exports: an export, a zip, a picture, a database, a folder of pictures."""
    outside = beside / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(PICTURE)
    exports.make_export(outside, name="secret.json")
    make_tracker(outside, [tracked("secret", [kept("s.png", PICTURE)])], name="secret.dht")
    raw_zip(outside / "secret.zip", [Raw(b"secret.json", (outside / "secret.json").read_bytes())])
    return outside


# ----------------------------------------------------------------------------------------------------------- zips


def zips() -> Iterator[Case]:
    """Bombs, liars, and names that lead out. Every one has a sound export besides."""
    good = Raw(b"good.json", sound()["exporter"][1])
    zeros = Raw(b"bomb.json", bytes(20_000_000))
    kernel = zeros.stored
    lying = [
        *(Raw(b"a.json", b"1" * 1000, size=size) for size in (0, 1, 999, 1001, 2**31, 2**32 - 2)),
        *(Raw(b"a.json", b"{}", method=method) for method in (1, 9, 12, 14, 93, 99, 65535)),
        *(Raw(b"a.json", b"{}", flags=flags) for flags in (1, 8, 0x40, 0x2001, 0x800, 0xFFFF)),
        *(Raw(b"a.json", good.data, packed=packed) for packed in (b"", b"\0" * 100, b"\xff" * 100, kernel[:50])),
        *(Raw(b"a.json", b"{}", offset=offset) for offset in (0, 3, 2**31, 2**32 - 2)),
        Raw(b"a.json", good.data, crc=1),
        Raw(b"a.json", b"{}", extra=struct.pack("<2H", 1, 0xFFFF)),
        Raw(b"a.json", b"{}", extra=struct.pack("<2H3Q", 1, 24, 2**63, 2**63, 2**63)),
    ]
    names = (
        *(
            b"../outside/x.json",
            b"..\\outside\\x.json",
            b"/etc/x.json",
            b"C:\\x.json",
            b"C:x.json",
            b"\\\\host\\a\\x.json",
        ),
        *(
            b"a/../../x.json",
            b"CON",
            b"CON.json",
            b"NUL.json",
            b"aux.json/a.json",
            b"a\0.json",
            b"a.json\0",
            b"",
            b"/",
            b".",
        ),
        *(
            b"x" * 5000 + b".json",
            b"a/" * 2000 + b"x.json",
            b"\xff\xfe.json",
            "\u202egnp.json".encode(),
            b"a\x1b[31m\n.json",
        ),
        *(
            b"a:stream.json",
            b"a.json.",
            b"a.json ",
            b"good.json",
            b"good.json/x.json",
            b"Good.json",
            b"~/x.json",
            b"%2e%2e/x.json",
        ),
    )
    several: dict[str, Sequence[Raw]] = {
        **{f"a lie, number {number}": [good, raw] for number, raw in enumerate(lying)},
        **{f"the name {name[:30]!r}": [good, Raw(name, good.data)] for name in names},
        "a link": [good, Raw(b"link.json", b"/etc/passwd", attributes=0xA1FF << 16)],
        "a link for a folder": [
            good,
            Raw(b"f", b"../outside", attributes=0xA1FF << 16),
            Raw(b"f/secret.json", good.data),
        ],
        "10 GB of zeros": [good, *(Raw(b"%d.json" % n, packed=kernel, size=20_000_000, crc=0) for n in range(500))],
        "a bomb of zeros": [good, zeros],
        "files over each other": [
            zeros,
            *(Raw(b"%d.json" % n, packed=kernel, size=20_000_000, offset=0) for n in range(100)),
        ],
        "the same name 10,000 times": [Raw(b"good.json", b"[]")] * 10_000 + [good],
        "a name as file and as folder": [
            good,
            Raw(b"a", b"1"),
            Raw(b"a/b.json", good.data),
            Raw(b"a/b.json/c.json", good.data),
        ],
        "a zip in a zip": [good, Raw(b"in.zip", b"PK\3\4" + bytes(100))],
        "names of folders": [Raw(b"/".join([b"%05d" % n + b"x" * 55] * 63) + b"/a.json") for n in range(8_000)],
    }
    for what, files in several.items():
        for zip64 in (False, True):
            yield Case(f"zip: {what} ({zip64})", partial(_make_zip, files=files, zip64=zip64))
    for number in range(0, 120, 7):
        yield Case(f"zip: {number} bytes of its end are missing", partial(_make_zip, files=[good], cut=number))


def _make_zip(folder: Path, files: Sequence[Raw], zip64: bool = False, cut: int = 0) -> Path:
    path = raw_zip(folder / "export.zip", files, zip64=zip64)
    if cut:
        path.write_bytes(path.read_bytes()[:-cut])
    return path


# -------------------------------------------------------------------------------------------------------- folders

LINKS: Mapping[str, str] = {
    "export.json": "../outside/secret.json",
    "b.json": "/etc/passwd",
    "a.dht": "../outside/secret.dht",
    "a.zip": "../outside/secret.zip",
    "loop.json": "loop.json",
    "circle": ".",
    "link": "../outside",
    "link_Files": "../outside",
    "zero.json": "/dev/zero",
    "terminal.csv": "/dev/tty",
    "memory.html": "/proc/self/mem",
    "good.json_Files": "../outside",
}


def folders() -> Iterator[Case]:
    """A folder with a sound export, and links, pipes and devices beside it."""
    for name, target in LINKS.items():
        yield Case(f"folder: {name} leads to {target}", partial(_make_folder, links={name: target}))
    yield Case("folder: all of these", partial(_make_folder, links=LINKS))
    yield Case("folder: pipes", partial(_make_folder, pipes=("export.json", "a.zip", "a.dht", "a.html", "a.csv")))
    yield Case("folder: an export that is a folder", partial(_make_folder, inner=("export.json", "a.zip", "a.dht")))
    yield Case("folder: 400 folders in folders", partial(_make_folder, inner=("/".join(["d"] * 400),)))
    yield Case(
        "folder: 20 files of a bracket and spaces",
        partial(_make_folder, files={f"{n}.json": b"{" + b" " * 66_000 for n in range(20)}),
    )
    for ending in ("-wal", "-journal", "-shm", "_downloads"):
        yield Case(f"folder: a tracker’s {ending} leads out", partial(_make_beside, ending=ending))
    for lost in ("channel.json", "messages.csv", "index.json"):
        yield Case(f"folder: a package’s {lost} leads out", partial(_make_package, lost=lost))


def _make_folder(
    folder: Path,
    links: Mapping[str, str] = MappingProxyType({}),
    pipes: Sequence[str] = (),
    inner: Sequence[str] = (),
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> Path:
    posted = [exports.message("", [exports.attachment("s.png", url=f"good.json_Files/{name}.png")]) for name in "ab"]
    posted += [exports.message("", [exports.attachment("s.png", url="link/secret.png")])]
    exports.make_export(folder, messages=posted, name="good.json")
    for name, target in links.items():
        (folder / name).symlink_to(target)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    for name in pipes:
        os.mkfifo(folder / name)
    for name in inner:
        with contextlib.suppress(OSError):  # as deep as the system has it
            (folder / name).mkdir(parents=True)
    return folder


def _make_beside(folder: Path, ending: str) -> Path:
    path = make_tracker(folder, wal=ending == "-wal", separate=ending == "_downloads")
    beside = Path(f"{path}{ending}")
    if beside.exists():
        beside.unlink()
    beside.symlink_to("../outside/secret.dht")
    if ending == "-shm":
        Path(f"{path}-wal").write_bytes(b"no log")
    return path


def _make_package(folder: Path, lost: str) -> Path:
    for name, data in files_of(form="csv").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(lost):
            (folder / name).symlink_to(folder.parent / "outside" / "secret.json")
        else:
            (folder / name).write_bytes(data)
    return folder
