"""Writes each of RAS's small files on a disk that fails at each of its calls, in ``forks``: the old one is kept."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

from PIL import Image

from ras.bot_token import BotToken
from ras.crashes.folder import delete_reports
from ras.crashes.report import save_report
from ras.errors import RASError, SkipReason
from ras.failures_csv import save_failures
from ras.gui.bench import LoadedQuery
from ras.gui.kept_queries import keep
from ras.gui.picture_file import PictureFile, save_picture
from ras.gui.written_copy import write_copy
from ras.log_file import start_log
from ras.media import MediaReader
from ras.records import Query, SearchReport, SearchResult, Skipped, finish
from ras.settings import Settings, save_settings
from ras.settings_file import export_settings
from ras.sheets import Answered, save_results
from ras.store import VerifyReport, verified
from tests.cdn_double import make_record
from tests.keyring_double import KeyringDouble
from tests.pictures import picture, record
from tests.reliability.faulty_disk import WAYS, Fault, calls_made, faulty
from tests.reliability.forks import say
from tests.zips import Raw, raw_zip

FAILING = [way for way in WAYS if way not in ("kill", "torn")]


@dataclass(frozen=True)
class Written:
    """A kind of file. ``write`` writes one of two; ``grows`` where each time something is added to what is there."""

    write: Callable[[int], object]
    grows: bool = False
    silent: bool = False
    """Whether nothing is raised: it does not matter enough to stop anything."""


def on_a_faulty_disk(home: str, error: int) -> None:
    """Each of them, each way, at each call: says what is lost, left over, or not told."""
    folder = Path(home)
    os.environ["RAS_HOME"] = home
    for name, kind in _kinds(folder).items():
        kind.write(0)
        kind.write(1)
        new, trials = _files(folder), 0
        for way in FAILING:
            at = 1
            while True:
                kind.write(0)
                old = _files(folder)
                told, hit, calls = _written(folder, kind, Fault(at, way, error))
                if calls < at:
                    break
                for trouble in _troubles(kind, old, new, _files(folder), told):
                    say(f"{name}, {way} at {at} ({hit}): {trouble}")
                kind.write(1)  # the disk is well again
                for path in set(_files(folder)) - set(new):
                    if not kind.grows and way != "dead" and hit != "unlink":  # else it could not be deleted
                        say(f"{name}, {way} at {at} ({hit}): {path} is left over")
                    if not kind.grows:
                        (folder / path).unlink()
                at += 1
                trials += 1
        say({"kind": name, "trials": trials})


def _written(folder: Path, kind: Written, fault: Fault) -> tuple[str, str, int]:
    """Write on a disk with the fault. → what the user is told, which call was hit, how many there were."""
    reading, writing = os.pipe()
    told = ""
    with faulty(folder, fault, writing):
        try:
            kind.write(1)
        except RASError as exc:
            told = str(exc)
        calls = calls_made()
    os.close(writing)
    with os.fdopen(reading) as pipe:
        hits = [json.loads(line)["hit"] for line in pipe]
    return told, "".join(hits[:1]), calls


def _troubles(
    kind: Written, old: dict[str, bytes], new: dict[str, bytes], now: dict[str, bytes], told: str
) -> Iterator[str]:
    for path, data in old.items():
        if path not in now:
            yield f"{path} is gone"
        elif now[path] not in (data, new.get(path)) and not (kind.grows and now[path].startswith(data)):
            yield f"{path} is neither the old one nor the new one"
    if not told and not kind.silent and any(now.get(path) != data for path, data in new.items()):
        yield "it was not written, and nobody was told"
    if told and ("Errno" in told or not told.endswith(".")):
        yield f"this is no clear sentence: {told!r}"


def _files(folder: Path) -> dict[str, bytes]:
    """Path → what is in it, without the time of day that a page is made at."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): re.sub(rb"\d+:\d\d(:\d\d\.\d+)?", b"", path.read_bytes()) for path in paths}


def _kinds(folder: Path) -> dict[str, Written]:
    from keyring import core

    core._keyring_backend = KeyringDouble()
    out = folder / "chosen by the user"
    out.mkdir(parents=True)
    (folder / "store").mkdir()
    answered = [_answered(number) for number in (0, 1)]
    holder = raw_zip(folder.parent / f"{folder.name}.zip", [Raw(b"a.png", picture("red"))])
    with MediaReader() as media:
        one = media.find(make_record(local_path=str(holder / "a.png"), media_root=str(holder)))
    assert one is not None
    log = logging.getLogger("ras.test")
    pictures = [PictureFile("a.png", picture(colour), "PNG", False) for colour in ("red", "blue")]
    left_out = [[Skipped(record(number), SkipReason.GONE, "It is gone.")] for number in (0, 1)]

    def write_log(number: int) -> None:
        handler = start_log()
        log.warning("line %d", number)
        logging.getLogger().removeHandler(handler)
        with contextlib.suppress(OSError):  # as at the program's end, where logging does that
            handler.close()

    def keep_token(number: int) -> None:
        if number == 0:
            with contextlib.suppress(FileNotFoundError):
                (folder / "bot-token-is-in-keyring").unlink()
        else:
            BotToken("abc.def").keep()

    def report_crash(number: int) -> None:
        if number == 0:
            delete_reports()
        save_report(ValueError(number), "test")

    def results(ending: str) -> Callable[[int], object]:
        path = out / f"results{ending}"
        return lambda number: save_results(path, [answered[number]], MediaReader(), overwrite=True)

    return {
        "settings": Written(lambda number: save_settings(Settings(connections=4 + number))),
        "exported settings": Written(
            lambda number: export_settings(out / "s.json", Settings(connections=4 + number), overwrite=True)
        ),
        "recent queries": Written(lambda number: finish(keep(_loaded(number))), silent=True),
        **{f"results as {ending}": Written(results(ending)) for ending in (".html", ".csv", ".json")},
        "failures": Written(lambda number: save_failures(out / "f.csv", left_out[number], overwrite=True)),
        "a saved picture": Written(lambda number: finish(save_picture(pictures[number], str(out / "a.png")))),
        "a picture to be shown": Written(lambda number: write_copy(one, "a.png")),
        "the mark of a token": Written(keep_token),
        "the log": Written(write_log, grows=True, silent=True),
        "a crash report": Written(report_crash, grows=True, silent=True),
        "the last verification": Written(
            lambda number: verified.keep(folder / "store", VerifyReport(number, (), 0)), silent=True
        ),
    }


def _answered(number: int) -> Answered:
    query = Query(Image.new("RGB", (9, 9)), "query.png")
    found = SearchResult(1, 0.5, record(number), picture("red"), 0)
    return Answered(query, "query.png", SearchReport("cached", "e", "cpu", 9, {}, (found,)), "all")


def _loaded(number: int) -> LoadedQuery:
    image = Image.new("RGB", (9, 9), (number, 0, 0))
    return LoadedQuery(Query(image, f"{number}.png"), image)
