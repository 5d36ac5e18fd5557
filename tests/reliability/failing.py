"""Does the work of ``indexing_work`` on a disk that fails, in ``forks``; says what a user would not put up with."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
from pathlib import Path
from typing import Any, Iterator

import ras.cli
from ras.engine import SearchEngine, build_engine
from ras.errors import RASError
from ras.records import Notice
from ras.store import EmbeddingStore
from tests.reliability.faulty_disk import Fault, faulty
from tests.reliability.forks import SAYS, say
from tests.reliability.indexing_work import SETTINGS, Work
from tests.reliability.kept import differences, lost

_RAW = re.compile(r"Errno|Traceback|Error\(|sqlite3|NoneType|\n")


def on_a_faulty_disk(folder: str, home: str, *fault: Any) -> None:
    """The disk fails, then it is well again. The same engine goes on as the user starts it once more."""
    trial = _Trial(folder, home)
    with trial.translated(), faulty(trial.work.home, Fault(*fault), SAYS):
        trial.work_on()
    trial.check_and_finish()


def in_a_folder_that_vanishes(folder: str, home: str, commits: int, comes_back: bool) -> None:
    """After so many commits the data folder is moved away, or deleted; later it may be back."""
    trial = _Trial(folder, home)
    here, away = trial.work.home, trial.work.home.with_name(f"{trial.work.home.name}-away")
    real, left = EmbeddingStore.add, [commits]

    def add(self: EmbeddingStore, *arguments: Any, **named: Any) -> None:
        real(self, *arguments, **named)
        left[0] -= 1
        if left[0] == 0 and comes_back:
            os.rename(here, away)
        elif left[0] == 0:
            shutil.rmtree(here)

    EmbeddingStore.add = add  # type: ignore[method-assign]
    with trial.translated():
        trial.work_on()
    if not any("was moved or deleted" in sentence for sentence in trial.told):
        say(f"nobody was told that the folder is gone, but {trial.told}")
    if comes_back:
        shutil.rmtree(here, ignore_errors=True)  # what was begun in its place
        os.rename(away, here)
    else:
        trial.said.clear()
    trial.check_and_finish()


def from_the_command_line(folder: str, home: str, *fault: Any) -> None:
    """``ras index`` on a disk that fails: it ends as a program should, and the next call does the rest."""
    trial = _Trial(folder, home)
    call = ["index", *(str(trial.work.export(name)) for name in ("old", "new")), "--encoder", "fingerprint"]
    heard = io.StringIO()
    disk = faulty(trial.work.home, Fault(*fault), SAYS)
    with contextlib.redirect_stderr(heard), contextlib.redirect_stdout(io.StringIO()), disk:
        code = ras.cli.main(call)
    if code not in (0, 3):
        say(f"it ended with {code}")
    if code == 3 and not heard.getvalue():
        say("it failed and said nothing")
    for line in heard.getvalue().splitlines():
        _check_sentence(line, "")
    trial.check_and_finish()


class _Trial:
    def __init__(self, folder: str, home: str) -> None:
        self.said: list[Any] = []
        self.work = Work(Path(folder), Path(home), self.said.append)
        self.work.tell_commits()
        self.told: list[str] = []
        """What the user was told."""
        self._steps: list[str] = []
        self._engine: SearchEngine | None = None

    def work_on(self) -> None:
        if self._engine is None or self._engine._store is None:  # the window builds it again, too
            self._engine = self._built()
        for step in self.work.steps(self._steps, self._engine):
            self._steps.append(step)

    def _built(self) -> SearchEngine:
        job = build_engine(SETTINGS)
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                engine: SearchEngine = stop.value
                return engine
            if isinstance(event, Notice):
                self.said.append({"notice": event.text})

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """An error must be a sentence for the user; any other ends the trial, as a fault of the program."""
        try:
            yield
        except RASError as exc:
            self.told.append(str(exc))
            _check_sentence(str(exc), str(self.work.home))
        for line in self.said:
            if "notice" in line:
                self.told.append(line["notice"])
                _check_sentence(line["notice"], "")

    def check_and_finish(self) -> None:
        for trouble in lost(self.work, [line for line in self.said if "pictures" in line], self._steps):
            say(f"while the program goes on: {trouble}")
        self.work_on()
        assert self._engine is not None
        self._engine.close()
        for trouble in differences(self.work):
            say(trouble)


def _check_sentence(text: str, names: str) -> None:
    if _RAW.search(text) or not text.endswith((".", "?")) or len(text) > 600 or names not in text:
        say(f"this is no clear sentence: {text!r}")
