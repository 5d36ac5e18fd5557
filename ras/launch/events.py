"""What the set-up tells of its course."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generator, Union

from ras.launch.stages import Stage
from ras.launch.state import State


@dataclass(frozen=True)
class Plan:
    """What is going to be done; the first event."""

    stages: tuple[Stage, ...]
    """All of them, the ones that are settled already included."""
    settled: tuple[str, ...]
    download: int
    """About how many MB, of what is left to do."""
    disk: int
    fresh: bool
    """Whether there is no environment yet."""


@dataclass(frozen=True)
class Step:
    """How far it is. ``done`` and ``total`` are bytes of the file that is being downloaded, else None."""

    stage: str
    text: str
    overall: float
    """0 to 1."""
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class Outcome:
    """A stage came to its end: ``done``, ``failed`` or ``left out``."""

    stage: str
    status: str
    detail: str = ""


Event = Union[Plan, Step, Outcome]
Preparation = Generator[Event, None, State]


class StageError(Exception):
    """A stage failed; the text is a sentence for the user."""
