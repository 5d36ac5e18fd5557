"""Runs trials of ``indexing_work``: each comes back with what was wrong, in lines that say which trial it was."""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Iterator, NamedTuple

from tests.reliability.faulty_disk import compiled
from tests.reliability.forks import Ended, Forks


class Call(NamedTuple):
    """A call that writes: the how manieth (from 1) of all, or of a kind, see ``Fault``."""

    at: int
    kind: str = ""


class Kill(NamedTuple):
    """Kill the work before a call, or when half of it is done; or after so many seconds."""

    call: Call = Call(0)
    way: str = "kill"
    after: float | None = None

    def __str__(self) -> str:
        when = f"at {self.call.at} {self.call.kind}" if self.after is None else f"after {self.after:.4f} s"
        return f"{self.way} {when}"


class Fail(NamedTuple):
    """Do the work as a function of ``failing`` has it."""

    how: str
    arguments: tuple[object, ...]

    def __str__(self) -> str:
        return f"{self.how.replace('_', ' ')}, {', '.join(map(str, self.arguments))}"


class Trial(NamedTuple):
    """How one went: which call was hit, whether it was killed or failed at all, and what was wrong after."""

    hit: str
    struck: bool
    troubles: list[str]


class Trials:
    """The exports, the undisturbed outcome, and programs that have RAS loaded. ``calls`` that write made it all."""

    def __init__(self, folder: Path, servers: list[Forks]) -> None:
        self.folder, self.servers = folder, servers
        self._numbers = itertools.count(1)
        ended = servers[0].run("tests.reliability.kept:prepare", str(folder))
        if ended.status != 0:
            raise RuntimeError(f"the undisturbed work failed: {ended}")
        self.calls = ended.hits

    def of_each_kind(self, seed: int) -> list[Call]:
        """A call of each kind: what it does in which folder, and whose names are not random to which file."""
        kinds = Counter(re.sub(r"([a-z0-9]+-\d-)?[0-9a-f]{8,}.*", "*", call) for call in self.calls)
        chance = random.Random(seed)
        return [Call(chance.randint(1, number), kind) for kind, number in sorted(kinds.items())]

    def kill(self, server: Forks, trial: Kill) -> Trial:
        home = self.folder / f"home-{next(self._numbers)}"
        fault = (trial.call.at, trial.way, 0, trial.call.kind)
        arguments = (str(self.folder), str(home), fault)
        ended = server.run("tests.reliability.kept:killed", *arguments, kill_after=trial.after)
        troubles = [] if ended.status in (0, -signal.SIGKILL) else [f"it ended with {ended.status}"]
        examined = server.run("tests.reliability.kept:examine", str(self.folder), str(home), ended.said)
        troubles += examined.said
        troubles += [] if examined.status == 0 else [f"it could not be finished ({examined.status})"]
        return self._told(trial, home, ended, troubles, ended.status == -signal.SIGKILL)

    def fail(self, server: Forks, trial: Fail) -> Trial:
        home = self.folder / f"home-{next(self._numbers)}"
        ended = server.run(f"tests.reliability.failing:{trial.how}", str(self.folder), str(home), *trial.arguments)
        troubles = ended.said + ([] if ended.status == 0 else [f"it ended with {ended.status}"])
        return self._told(trial, home, ended, troubles, bool(ended.hits))

    def _told(self, trial: Kill | Fail, home: Path, ended: Ended, troubles: list[str], struck: bool) -> Trial:
        for left in self.folder.glob(f"{home.name}*"):
            shutil.rmtree(left, ignore_errors=True)
        hit = "".join(ended.hits[:1])
        return Trial(hit, struck, [f"{trial}, {hit}: {trouble}" for trouble in troubles])


@contextlib.contextmanager
def trials(folder: Path, programs: int = 2) -> Iterator[Trials]:
    """Trials in an empty folder, so many at once."""
    with contextlib.ExitStack() as stack:
        library = compiled(folder)
        servers = [stack.enter_context(Forks(library)) for _ in range(programs)]
        yield Trials(folder, servers)
