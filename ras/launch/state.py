"""What is known of the private environment: a small JSON file inside it, written atomically after every stage."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ras.launch.stages import STAGES, Stage, key_of
from ras.regular_file import read_regular

FILE_NAME = "ras-environment.json"

STARTED, DONE, FAILED, LEFT_OUT = "started", "done", "failed", "left out"


@dataclass(frozen=True)
class Record:
    """How a stage went. ``started`` that was never followed by another status: the set-up was killed in it."""

    key: str
    status: str
    detail: str = ""
    """Why it failed or was left out: a sentence for the user."""
    variant: str = ""
    """Which build of torch: ``cpu``, ``cu130`` …"""


@dataclass(frozen=True)
class State:
    """``python`` (``3.11``) is empty until the environment itself is made."""

    python: str = ""
    interpreter: str = ""
    """What the environment's Python really is, links resolved: another one after an upgrade of the system's."""
    stages: dict[str, Record] = field(default_factory=dict)

    def with_stage(self, name: str, record: Record) -> State:
        return State(self.python, self.interpreter, {**self.stages, name: record})

    def settled(self, stage: Stage) -> bool:
        """Whether nothing is to be done for it: it works, or it is optional and could not be had the last time."""
        record = self.stages.get(stage.name)
        if record is None or not self.python or record.key != key_of(stage, self.python):
            return False
        return record.status == DONE or (not stage.required and record.status in (FAILED, LEFT_OUT))

    def complete(self) -> bool:
        return all(map(self.settled, STAGES))


def read_state(folder: Path) -> State | None:
    """The state of the environment in ``folder``; None where there is none that RAS made."""
    try:
        raw: Any = json.loads(read_regular(folder / FILE_NAME))
        stages = {str(name): Record(**record) for name, record in raw["stages"].items()}
        return State(str(raw["python"]), str(raw["interpreter"]), stages)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return State()  # damaged, but ours: it is made anew


def write_state(folder: Path, state: State) -> None:
    """Raises OSError."""
    temporary = folder / (FILE_NAME + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(asdict(state), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, folder / FILE_NAME)
