"""Memory that ends: one sentence, whatever was going on, and what had been made is free again. In other processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ras.errors import OUT_OF_MEMORY
from tests.exports import make_export
from tests.gui.pictures import picture
from tests.unit.test_archive_room import tiny

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts all of a process's memory")

LIMITED = """
import resource, sys
from pathlib import Path
def leave(amount):
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + amount, resource.RLIM_INFINITY))
"""
# It ends here, and not somewhere in msgspec 0.22, which crashes where it gets no memory.
GREEDY = """
import ras.archive.room
take, calls = ras.archive.room.Room.take, 0
def greedy(room, *pictures_and_texts):
    global calls
    calls += 1
    if calls == 50_000:
        bytearray(1_000_000_000)
    return take(room, *pictures_and_texts)
ras.archive.room.Room.take = greedy
"""
READ = f"""{GREEDY}
from ras.archive import read_archive
from ras.errors import ArchiveError
from ras.records import finish
small, large = sys.argv[1:]
finish(read_archive([small]))
leave(100_000_000)
try:
    finish(read_archive([small, large]))
    print("it was read")
except ArchiveError as exc:
    print(exc)
    bytearray(80_000_000)
    print(len(finish(read_archive([small])).records))
"""
COMMAND = f"""{GREEDY}
import ras.archive, ras.archive.merge, ras.cli.search, ras.crashes.report, numpy
leave(200_000_000)
sys.exit(ras.cli.main(["search", *sys.argv[1:], "--encoder", "fingerprint"]))
"""
SEARCH = """
import ras.cli.search, ras.crashes.report
def search(options):
    kept = [bytearray(1_000_000) for _ in range(10)]
    kept.append(bytearray(1_000_000_000))
ras.cli.search.search = search
leave(100_000_000)
sys.exit(ras.cli.main(["search", *sys.argv[1:]]))
"""


def ran(program: str, *arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIMITED + program, *map(os.fspath, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return make_export(tmp_path, messages=3, name="small.json")


@pytest.fixture
def large(tmp_path: Path) -> Path:
    return tiny(tmp_path / "large.json", 150_000, with_picture=True)


def test_an_archive_that_memory_does_not_suffice_for(small: Path, large: Path) -> None:
    ended = ran(READ, small, large)
    assert ended.stdout.splitlines() == [
        "There is not enough memory to read “small.json”, “large.json”. Close other programs, or open fewer or smaller "
        "exports at a time.",
        "3",
    ]


def test_the_command_line_says_it(tmp_path: Path, large: Path, ras_home: Path) -> None:
    query = tmp_path / "query.png"
    picture(1).save(query)
    ended = ran(COMMAND, large, query)
    assert "There is not enough memory to read “large.json”." in ended.stderr
    assert "fault" not in ended.stderr
    assert ended.returncode == 2
    assert not list((ras_home / "crashes").glob("*.txt"))


def test_the_command_line_says_it_wherever_it_happens(small: Path, ras_home: Path) -> None:
    ended = ran(SEARCH, small, small)
    assert ended.stderr.splitlines()[-1].endswith(OUT_OF_MEMORY)
    assert ended.returncode == 3
    assert not list((ras_home / "crashes").glob("*.txt"))
