"""Reads exports in a process of its own, with little memory and under watch: what it opens, how long it takes.

    with ExportReader() as reader:
        reader.read(path, home)          # problems, one text each; none is what was promised

A promise is broken where reading raises anything but ArchiveError, shows a text that is no sentence, makes a record
that no store could hold, opens a file outside of ``home``, writes or starts anything, or needs more than ``MEMORY``
bytes or ``SECONDS``.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import shutil
import subprocess
import sys
import traceback
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, Iterator, NamedTuple

from tests.reliability.tricks import tricks

if TYPE_CHECKING:
    from tests.reliability.mutate_exports import Case

MEMORY = 512_000_000
"""Bytes that reading one export may take, beside the program itself: small ones, and large ones with few pictures."""
SECONDS = 20
_ROOT = Path(__file__).parents[2]
_PROGRAM = tuple(os.path.realpath(each) + os.sep for each in (sys.prefix, sys.base_prefix, str(_ROOT / "ras")))
_ONLY_READ = {"open", "os.listdir", "os.scandir", "sqlite3.connect"}
_NEVER = re.compile(
    r"os\.(?:remove|rename|mkdir|rmdir|link|symlink|chmod|chown|truncate|system|exec|fork|spawn|posix_spawn)"
    r"|subprocess\.|socket\.|ctypes\.|pickle\.|shutil\.|sqlite3\.(?:load|enable_load)_extension|webbrowser\.|ftplib|smtplib"
)
_ID = re.compile(r"\d{1,19}|", re.ASCII)


class ExportReader:
    """The process that reads; it is started again where it hung or died."""

    def __init__(self, memory: int = MEMORY, seconds: float = SECONDS) -> None:
        self._memory, self._seconds = memory, seconds
        self._process: subprocess.Popen[bytes] | None = None
        self.last: dict[str, Any] = {}
        """What was seen of the last export: seconds, peak (bytes), records, messages, sentence, warnings."""

    def __enter__(self) -> ExportReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, path: Path, home: Path) -> list[str]:
        """The promises that were broken."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        self.last = {}
        process.stdin.write(json.dumps([os.fspath(path), os.fspath(home)]).encode() + b"\n")
        process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(self._seconds):
                self._end()
                return [f"took longer than {self._seconds} s"]
        line = process.stdout.readline()
        if not line.startswith(b"{"):
            self._end()
            return [f"the process died: {process.returncode} {line[:200]!r}"]
        self.last = json.loads(line)
        return list(self.last.pop("problems"))

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.exports_child", str(self._memory)],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


class Trial(NamedTuple):
    """What came of a case."""

    name: str
    problems: list[str]
    seen: dict[str, Any]


def trials(cases: Iterable[Case], folder: Path) -> Iterator[Trial]:
    """Make each case beside ``outside``, and read it."""
    home = folder / "home"
    with ExportReader() as reader:
        for case in cases:
            home.mkdir()
            problems = reader.read(case.make(home), home)
            yield Trial(case.name, problems, reader.last)
            shutil.rmtree(home)


# ------------------------------------------------------------------------------------------------- in the other process


def _watch(seen: list[str], home: list[str]) -> None:
    """Note what is done besides reading in the home folder, from now on."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not home:
            return
        if _NEVER.match(event):
            seen.append(f"{event} {arguments!r}"[:300])
        elif event in _ONLY_READ and arguments and isinstance(arguments[0], (str, bytes)):
            path = os.fsdecode(arguments[0])
            if event == "sqlite3.connect":
                from urllib.parse import unquote, urlsplit

                path = unquote(urlsplit(path).path) if path.startswith("file:") else path
            try:
                real = os.path.realpath(path)
            except (OSError, ValueError):
                return
            is_writing = event == "open" and isinstance(arguments[1], str) and arguments[1].strip("rbtU") != ""
            is_inside = real == home[0] or real.startswith(home[0] + os.sep)
            if not is_inside and not real.startswith(_PROGRAM):
                seen.append(f"{event} outside: {path[:200]!r}")
            elif is_writing and not real.startswith(_PROGRAM):
                seen.append(f"written: {path[:200]!r}")

    sys.addaudithook(hook)


def _problems_of_sentence(text: str) -> Iterator[str]:
    is_one_line = text.splitlines() == [text.strip()] and not tricks(text)
    if not (is_one_line and 10 < len(text) < 1000 and text.endswith(".")):
        yield f"no sentence: {text[:300]!r}"


def _problems_of(record: Any, home: str) -> Iterator[str]:
    try:
        for name, value in vars(record).items():
            if isinstance(value, str):
                value.encode("utf-8")
                if len(value) > 30_000:
                    yield f"{name} has {len(value)} characters"
        for value in vars(record.channel).values():
            value.encode("utf-8")
        record.timestamp.isoformat().encode()
        record.timestamp.astimezone()
    except (ValueError, OverflowError, AttributeError) as exc:
        yield f"a record that no store can hold: {exc!r}"[:300]
        return
    ids = (record.message_id, record.author_id, record.attachment_id or "", record.channel.id, record.channel.guild_id)
    if not all(map(_ID.fullmatch, ids)):
        yield f"ids that are none: {ids!r}"[:300]
    if record.timestamp.tzinfo is None or not 2015 <= record.timestamp.year <= 2300:
        yield f"posted at {record.timestamp}"
    if record.file_size is not None and not 0 <= record.file_size < 2**63:
        yield f"{record.file_size} bytes"
    if (record.local_path is None) != (record.media_root is None):
        yield "a path without what it may not leave"
    elif record.local_path is not None:
        root = os.path.realpath(record.media_root)
        if not (root == home or root.startswith(home + os.sep)):
            yield f"media in {root!r}"
        if not os.path.normpath(record.local_path).startswith(record.media_root.rstrip(os.sep) + os.sep):
            yield f"a file at {record.local_path!r}"[:300]


def _read(path: str, home: str) -> dict[str, Any]:
    from ras.archive import read_archive
    from ras.archive.context import messages_around
    from ras.errors import ArchiveError, FetchError
    from ras.media import MediaReader
    from ras.records import DEFAULT_KINDS, PictureKinds, finish

    problems: list[str] = []
    answer: dict[str, Any] = {"problems": problems}
    kinds = PictureKinds(True, True, True, True) if zlib.crc32(os.fsencode(path)) % 2 else DEFAULT_KINDS
    try:
        archive = finish(read_archive([path], kinds))
    except ArchiveError as exc:
        answer["sentence"] = str(exc)
        problems += _problems_of_sentence(str(exc))
        return answer
    answer.update(records=len(archive.records), messages=archive.message_count, warnings=archive.warnings)
    for warning in archive.warnings:
        problems += _problems_of_sentence(warning)
    for record in archive.records[:2000]:
        problems += _problems_of(record, home)
    with MediaReader() as media:
        for record in archive.records[:50]:
            if record.local_path is not None:
                try:
                    media.read(record, 100_000)
                except FetchError as exc:
                    problems += _problems_of_sentence(str(exc))
    for record in archive.records[:2]:
        try:
            finish(messages_around(archive.paths, record))
        except ArchiveError as exc:
            problems += _problems_of_sentence(str(exc))
    return answer


def _resident(field: str) -> int:
    text = Path("/proc/self/status").read_text() if os.path.exists("/proc/self/status") else ""
    found = re.search(rf"{field}:\s+(\d+) kB", text)
    return int(found[1]) * 1024 if found else 0


def main() -> None:
    """Answer a line of JSON with one, until there is none."""
    import resource
    import time

    from tests.exports_csv import make_csv

    # What loads a module, or learns the time zone, is done before anything is watched.
    for name in (
        "ras.archive",
        "ras.archive.context",
        "ras.media",
        "ras.images",
        "numpy",
        "encodings.idna",
        "stringprep",
    ):
        __import__(name)
    _warm_up(make_csv)
    seen: list[str] = []
    home: list[str] = []
    _watch(seen, home)
    most = _resident("VmSize") + int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        path, folder = json.loads(line)
        seen.clear()
        before, started = _resident("VmHWM"), time.monotonic()
        home[:] = [os.path.realpath(folder)]
        try:
            answer = _read(path, home[0])
        except BaseException:  # noqa: BLE001  whatever it is, it is what was looked for
            answer = {"problems": [traceback.format_exc()[-1500:]]}
        home.clear()
        answer["problems"] += seen[:5]
        answer.update(seconds=time.monotonic() - started, peak=max(0, _resident("VmHWM") - before))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _warm_up(make_csv: Any) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        make_csv(Path(folder))
        _read(folder, os.path.realpath(folder))


if __name__ == "__main__":
    main()
