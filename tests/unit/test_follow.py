"""What a job's events become on standard error: a bar on a terminal, lines of JSON for a program, or nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import logging
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from ras.cli import bar, follow
from ras.errors import SkipReason
from ras.records import Event, ImageRecord, Job, Notice, Progress, Results, SearchResult, Skipped, Verdict
from tests.gui.streams import record, results
from tests.program import on_terminal

POSIX = sys.platform != "win32"

NEW = Progress("Indexing", 0)
BEGUN = Progress("Indexing", 0, 3561)
HALF = Progress("Indexing", 1204, 3561, "pictures", 58, 38.24, 412_000_000, 12)
LATER = Progress("Indexing", 2408, 3561, "pictures", 29, 38.24, 824_000_000, 1024)


class Stream(io.StringIO):
    """Stands in for standard error: a pipe, or a terminal that does not tell its width."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    @property
    def lines(self) -> list[str]:
        """What was written, one after the other; a bar is drawn over the one before."""
        return [line for line in re.split(r"[\r\n]", self.getvalue()) if line.strip()]


def job(*events: Event, pause: float = 0.0) -> Job[str]:
    for event in events:
        yield event
        time.sleep(pause)
    return "through"


SLOWLY = 0.12
"""Between two events: tqdm draws no more than ten bars a second."""


def shown(*events: Event, terminal: bool = True, way: str = "auto", pause: float = SLOWLY, **more: Any) -> Stream:
    """What a job of these events writes to standard error."""
    with contextlib.redirect_stderr(Stream(terminal)) as stream:
        follow.show_progress(way)
        assert follow.follow(job(*events, pause=pause), **more) == "through"
    return stream


@pytest.fixture(autouse=True)
def as_ever() -> Iterator[None]:
    yield
    follow.show_progress("auto")


# The bar


def test_a_bar_shows_what_the_events_tell() -> None:
    seen = shown(NEW, BEGUN, HALF, LATER, failed="left out").lines
    assert re.search(r"^Indexing: \d\d:\d\d$", seen[0])
    drawn = [line for line in seen if "/3561" in line]
    assert re.search(r"^Indexing:   0%\| +\| 0/3561 \[\d\d:\d\d<\?, \? pictures/s\]$", drawn[0])
    assert re.search(r"^Indexing:  34%\|.+\| 1204/3561 \[\d\d:\d\d<00:58, 38\.24 pictures/s, 12 left out", drawn[1])
    assert re.search(r"^Indexing:  68%\|.+\| 2408/3561 \[\d\d:\d\d<00:29, 38\.24 pictures/s, 1,024 left out", drawn[2])


def test_an_event_that_counts_no_more_pictures_is_drawn_all_the_same() -> None:
    stalled = dataclasses.replace(HALF, seconds_left=None, rate=0.042, failed=13)
    seen = shown(BEGUN, HALF, stalled).lines
    assert re.search(r"1204/3561 \[\d\d:\d\d<\?, 0\.04 pictures/s, 13 skipped", seen[-1])


def test_nobody_guesses_how_fast_a_job_is_that_will_tell() -> None:
    seen = shown(*(Progress("Indexing", done, 3561, bytes_read=done * 100_000) for done in (0, 64, 128, 192))).lines
    assert re.search(r"192/3561 \[\d\d:\d\d<\?, \? pictures/s, 19\.2 MB\]$", seen[-1])
    assert not [line for line in seen if re.search(r"\d pictures/s", line)]


def test_where_the_job_tells_nothing_the_bar_measures() -> None:
    through = [Progress("Downloading", 100_000_000 + step, 200_000_000, "bytes") for step in (0, 10_000, 20_000)]
    # What was there before counts as done, but not as done in this moment.
    assert re.search(r" 50%\|.*100M/200M \[\d\d:\d\d<[\d:]+, +\d+\.?\d*kB/s\]$", shown(*through).lines[-1])


def test_a_job_may_tell_how_fast_its_bytes_come() -> None:
    seen = shown(Progress("Downloading", 5_000_000, 10_000_000, "bytes", 2.0, 2_500_000))
    assert re.search(r"5\.00M/10\.0M \[\d\d:\d\d<00:02, 2\.5 MB/s\]$", seen.lines[-1])


@pytest.mark.parametrize(("width", "said"), [(100, "412 MB]"), (79, "12 left out]"), (50, "58]"), (20, "")])
def test_a_bar_is_no_longer_than_the_line(monkeypatch: pytest.MonkeyPatch, width: int, said: str) -> None:
    monkeypatch.setattr(bar, "WIDTH", width)
    seen = shown(BEGUN, HALF, failed="left out").lines
    assert max(map(len, seen)) == width
    assert seen[-1].startswith("Indexing:  34%|")
    assert seen[-1].endswith(said)


@pytest.mark.skipif(not POSIX, reason="needs a pseudo-terminal")
@pytest.mark.parametrize("columns", [50, 80, 140])
def test_a_terminal_is_never_made_to_break_a_line(columns: int) -> None:
    program = (
        "from tests.unit.test_follow import BEGUN, HALF, LATER, SLOWLY, job\n"
        "from ras.cli.follow import follow\n"
        "follow(job(BEGUN, HALF, LATER, pause=SLOWLY), failed='left out')\n"
    )
    code, seen, _ = on_terminal([sys.executable, "-c", program], columns, only_errors=True)
    assert code == 0, seen
    drawn = [line for line in seen.split("\r") if line.strip()]
    assert "2408/3561" in drawn[-1]
    assert max(map(len, drawn)) <= columns
    assert ("MB" in drawn[-1]) == (columns == 140)
    assert "\n" not in seen


def test_a_sentence_stands_above_the_bar() -> None:
    seen = shown(HALF, Notice("CLIP is\nused\u202e."), LATER).lines
    assert "CLIP is used." in seen
    assert seen[-1].startswith("Indexing:  68%|")


@pytest.mark.parametrize(("terminal", "way"), [(False, "auto"), (False, "none"), (True, "none")])
def test_where_no_bar_is_drawn_what_is_said_is_seen(terminal: bool, way: str) -> None:
    seen = shown(BEGUN, HALF, Notice("CLIP is used."), Results(results(3)), terminal=terminal, way=way)
    assert seen.getvalue() == "CLIP is used.\n"


# Lines of JSON


def lines(*events: Event, queries: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What is written of them, also on a terminal; each line is plain ASCII."""
    written = shown(*events, way="json", pause=0, failed="left out", queries=queries).getvalue()
    assert written.isascii()
    return [json.loads(line) for line in written.splitlines()]


def about(picture: ImageRecord) -> dict[str, Any]:
    names = ("message_id", "attachment_id", "file_name", "url", "message_link")
    return {name: getattr(picture, name) for name in names}


def test_each_event_is_a_line_with_all_its_facts() -> None:
    lost = record(7, file_name="a\nb “🐱” \ud83d\u2028.png")
    kinds = [*Verdict, *Verdict]
    best = tuple(dataclasses.replace(each, verdict=kinds[place]) for place, each in enumerate(results(7)))
    told = lines(
        BEGUN,
        HALF,
        Skipped(lost, SkipReason.EXPIRED, "The link\nexpired."),
        Notice("CLIP is used."),
        Results(best[:1], query=1),
        Results(best, final=True),
        queries=("one.png", "two.png"),
    )
    begun = {"done": 0, "total": 3561, "unit": "pictures", "rate": None, "seconds_left": None}
    half = {"done": 1204, "total": 3561, "unit": "pictures", "rate": 38.24, "seconds_left": 58}
    values = ["identical", "altered", "alike", "unlikely", "identical", "altered", "alike"]
    ranked = [
        {"rank": each.rank, "score": round(each.score, 6), "verdict": value, **about(each.record)}
        for each, value in zip(best, values)
    ]
    assert told == [
        {"event": "progress", "stage": "Indexing", **begun, "bytes_read": 0, "failed": 0},
        {"event": "progress", "stage": "Indexing", **half, "bytes_read": 412_000_000, "failed": 12},
        {"event": "skipped", "reason": "expired_link", "detail": "The link\nexpired.", **about(lost)},
        {"event": "notice", "text": "CLIP is used."},
        {"event": "results", "query": "two.png", "final": False, "best": ranked[:1]},
        {"event": "results", "query": "one.png", "final": True, "best": ranked[:5]},
    ]


def test_numbers_are_those_of_json() -> None:
    told = lines(Progress("Searching", 1, 3, "pictures", 2 / 3, 1 / 3), Results((SearchResult(1, 1 / 3, record(1)),)))
    assert (told[0]["seconds_left"], told[0]["rate"]) == (0.667, 0.333)
    assert (told[1]["query"], told[1]["best"][0]["score"]) == (0, 0.333333)


def test_all_that_is_said_is_a_line() -> None:
    log = logging.Logger("a library")
    log.addHandler(follow.Log())

    def said(way: str) -> list[str]:
        with contextlib.redirect_stderr(Stream(terminal=False)) as stream:
            follow.show_progress(way)
            follow.say("Compared 2\npictures.")
            follow.complain("“a.png”\x1b[2J does not\nexist\u202e.")
            log.warning("%s is odd", "It")
        return stream.getvalue().splitlines()

    assert [json.loads(line) for line in said("json")] == [
        {"event": "notice", "text": "Compared 2 pictures."},
        {"event": "error", "text": "“a.png”[2J does not exist."},
        {"event": "notice", "text": "It is odd"},
    ]
    assert said("auto") == ["Compared 2 pictures.", "“a.png”[2J does not exist.", "It is odd"]


def test_a_line_is_there_before_the_next_event(tmp_path: Path) -> None:
    seen = []
    path = tmp_path / "events"

    def watched() -> Job[None]:
        for event in (BEGUN, HALF):
            yield event
            seen.append(len(path.read_text("ascii").splitlines()))

    with path.open("w", encoding="ascii") as file, contextlib.redirect_stderr(file):
        follow.show_progress("json")
        follow.follow(watched())
    assert seen == [1, 2]


def test_a_job_goes_on_when_its_follower_has_gone() -> None:
    program = (
        "import sys\n"
        "from tests.unit.test_follow import BEGUN, HALF, job\n"
        "from ras.cli import follow\n"
        "follow.show_progress('json')\n"
        "sys.stdin.readline()\n"
        "print(follow.follow(job(BEGUN, *[HALF] * 2000)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, **pipes) as process:  # type: ignore[call-overload]
        process.stderr.close()
        process.stdin.write(b"now\n")
        process.stdin.close()
        assert process.stdout.read().split() == [b"through"]
    assert process.returncode == 0


def test_an_error_of_the_system_is_told_in_its_words_alone(tmp_path: Path) -> None:
    program = (
        "import logging; from ras.cli.follow import Log\n"
        "logging.basicConfig(format='%(message)s', handlers=[Log()])\n"
        f"try: open({str(tmp_path / 'gone.partial')!r})\n"
        "except OSError as exc: logging.warning('It was not kept: %s', exc)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert done.stderr == "It was not kept: No such file or directory\n"
