"""Keeps watch over a run of the program: crashes of native code and of threads leave a report, too.

A crash of native code ends the process at once, and all that can be written then are bare lines, by ``faulthandler``,
with the paths of this computer in them. They go to a file of the run, and the next start makes a report of it. Each
run holds a lock as long as it lives: so nobody takes the file of one that goes on.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import logging
import os
import re
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ras.launch.lock import Lock
from ras.paths import crashes_folder

if TYPE_CHECKING:
    from ras.crashes.report import Facts

log = logging.getLogger(__name__)

_RUN = re.compile(r"\.run-[0-9a-f]{12}\.lock")
_MOST_BYTES = 200_000
_FRAME = re.compile(r'  File "(.*)", line (\d+) in ([\w<>.]{1,100})')
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U(000[0-9a-f]{5}|0010[0-9a-f]{4}))")
_BINARY = re.compile(r'  Binary file "(?:.*[/\\])?([\w.+-]{1,80})", at .*?(\+0x[0-9a-f]+)?.*')
_PLAIN = re.compile(
    r"(?:Fatal Python error|Windows fatal exception): [\w ':.-]{1,80}"
    r"|(?:Current t|T)hread 0x[0-9a-f]+ (?:\[[\w.-]{0,40}\] )?\(most recent call first\):"
    r"|Current thread's C stack trace \(most recent call first\):"
    r"|  (?:<no Python frame>|Garbage-collecting|\.\.\.)|Extension modules: [\w., ():]{1,20000}|"
)


_now: Watch | None = None


def begin(where: str) -> None:
    """Watch over this process from now on, until ``end``. ``where``: the part of the program, in its own words."""
    global _now
    end()
    _now = Watch(where)


def note(facts: Facts) -> None:
    """What is going on now: it stands in the report if native code crashes or a thread does."""
    if _now is not None:
        _now.note(facts)


def keep_fault(error: BaseException) -> Path | None:
    """Write a report of a fault in what the process is doing; None where it cannot be written."""
    from ras.crashes.report import save_report

    return save_report(error, _now.where if _now is not None else "program", _now.facts if _now is not None else {})


def end() -> None:
    """The process ends as it should."""
    global _now
    if _now is not None:
        _now.end()
        _now = None


class Watch:
    """One run of the program. There is one at a time: the hooks belong to the process."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.facts: Facts = {}
        self._stem = ""
        self._lock: Lock | None = None
        self._dump: int | None = None
        self._before: Callable[[Any], Any] = threading.excepthook
        threading.excepthook = self._thread_failed
        # Where somebody has switched it on already (a developer, a test), its lines go where they are wanted.
        if not faulthandler.is_enabled():
            self._watch_native_code()

    def note(self, facts: Facts) -> None:
        if facts != self.facts:
            self.facts = dict(facts)
            if self._stem:
                with contextlib.suppress(OSError):
                    self._path("json").write_text(json.dumps({"in": self.where, **self.facts}), "utf-8")

    def end(self) -> None:
        threading.excepthook = self._before
        if self._dump is not None:
            faulthandler.disable()
            os.close(self._dump)
            self._dump = None
        if self._stem:
            _delete(self._path(""))
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if self._stem:
            with contextlib.suppress(OSError):
                self._path("lock").unlink()
            with contextlib.suppress(OSError):  # there are reports in it
                crashes_folder().rmdir()
            self._stem = ""

    def _watch_native_code(self) -> None:
        stem = f".run-{os.urandom(6).hex()}"
        try:
            lock = Lock(crashes_folder() / f"{stem}.lock")
            if not lock.acquire():
                return
            self._stem, self._lock = stem, lock
            self._path("json").write_text(json.dumps({"in": self.where}), "utf-8")
            self._dump = os.open(str(self._path("dump")), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            faulthandler.enable(self._dump)
        except OSError as exc:  # the folder cannot be written: the program works all the same
            log.info("Crashes of native code will leave no report: %s", exc)

    def _path(self, ending: str) -> Path:
        return crashes_folder() / (f"{self._stem}.{ending}" if ending else self._stem)

    def _thread_failed(self, failed: Any) -> None:
        from ras.crashes.report import save_report

        if failed.exc_value is not None and not issubclass(failed.exc_type, SystemExit):
            log.error("A fault of the program in a thread", exc_info=failed.exc_value)
            save_report(failed.exc_value, f"{self.where}, in a thread", self.facts)
        self._before(failed)


def collect() -> tuple[Path, ...]:
    """Make reports of what native code left that crashed in earlier runs; their files."""
    folder, made = crashes_folder(), []
    try:
        names = [name for name in os.listdir(str(folder)) if _RUN.fullmatch(name)]
    except OSError:
        return ()
    if not names:
        return ()
    from ras.crashes.folder import keep
    from ras.crashes.report import text_of

    for name in sorted(names):
        lock, stem = Lock(folder / name), folder / name[: -len(".lock")]
        with contextlib.suppress(OSError):
            if not lock.acquire():
                continue  # that run goes on
            try:
                dump = stem.with_name(f"{stem.name}.dump")
                with dump.open("rb") as file:
                    lines = _told(file.read(_MOST_BYTES).decode("utf-8", "replace"))
                if lines:
                    when = datetime.fromtimestamp(dump.stat().st_mtime, timezone.utc)
                    facts = _facts_in(stem.with_name(f"{stem.name}.json"))
                    where = f"{facts.pop('in', 'program')}, in native code"
                    path = keep(text_of(where, facts, lines, when))
                    if path is None:
                        continue  # the disk is full: another time
                    made.append(path)
            except FileNotFoundError:
                pass
            finally:
                lock.release()
            _delete(stem)
            (folder / name).unlink()
    return tuple(made)


def _delete(stem: Path) -> None:
    for ending in ("dump", "json"):
        with contextlib.suppress(OSError):
            stem.with_name(f"{stem.name}.{ending}").unlink()


def _facts_in(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text("utf-8")[:10_000])
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _told(dump: str) -> list[str]:
    """The lines of ``faulthandler``, with places in the program for the paths of this computer; nothing else."""
    from ras.crashes.places import ELSEWHERE, place_of

    lines = []
    for line in dump.splitlines():
        frame, binary = _FRAME.fullmatch(line), _BINARY.fullmatch(line)
        if frame is not None:
            place = place_of(frame[1])
            if place == ELSEWHERE:  # letters beyond ASCII are written as numbers
                place = place_of(_ESCAPE.sub(lambda found: chr(int(found[1] or found[2] or found[3], 16)), frame[1]))
            lines.append(f"  {place}:{frame[2]} in {frame[3]}")
        elif binary is not None:
            lines.append(f"  {binary[1]}{binary[2] or ''}")
        elif _PLAIN.fullmatch(line):
            lines.append(line)
    return lines if any(line.strip() for line in lines) else []
