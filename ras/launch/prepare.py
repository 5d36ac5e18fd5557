"""The set-up itself: a job (generator of events) that makes the environment, and can be stopped anywhere."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generator, Sequence, TextIO, Union

from ras.launch import machine
from ras.launch.pip import Reading, explain, follow, pip_command, pip_environment, pip_version, site_packages
from ras.launch.place import Place, SetupError
from ras.launch.stages import CLIP, CORE, PIP, STAGES, TORCH, TORCHVISION, Stage, key_of, lines_of
from ras.launch.state import DONE, FAILED, FILE_NAME, LEFT_OUT, STARTED, Record, State, read_state, write_state

CUDA_DOWNLOAD, CUDA_DISK = 2900, 7000
"""About how many MB torch takes with CUDA."""


ONLY_CUDA = (
    "The package index only has builds with gigabytes of CUDA, of no use without an NVIDIA card, "
    "and PyTorch's own index, which has smaller ones, did not answer or has none that fits."
)


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


def prepare(
    place: Place, extra: Sequence[Stage] = (), retry: bool = False, pass_fds: Sequence[int] = ()
) -> Preparation:
    """Make the environment, or bring it up to date; the caller holds the lock. Returns the state that it is in then.

    ``retry`` checks what is there, and tries again what failed or was left out. Raises SetupError where RAS cannot run.
    """
    place.folder.mkdir(parents=True, exist_ok=True)
    place.log.parent.mkdir(parents=True, exist_ok=True)
    with place.log.open("a", encoding="utf-8") as log:
        log.write(f"\n==== {time.strftime('%Y-%m-%d %H:%M:%S')}  Python {sys.version.split()[0]}, {sys.platform}\n")
        run = _Preparation(place, log, tuple(pass_fds), (*STAGES, *extra))
        try:
            return (yield from run.job(retry))
        except (SetupError, StageError, OSError) as exc:
            log.write(f"{exc}\n")
            reason = "The disk is full." if getattr(exc, "errno", None) == 28 else str(exc)
            raise SetupError(f"{reason} Details are in {os.path.realpath(place.log)}.") from exc
        finally:
            shutil.rmtree(place.scratch, ignore_errors=True)


def leave_out(place: Place) -> bool:
    """Settle what is optional and unfinished as left out; whether the program can start then."""
    state = read_state(place.folder)
    if state is None or not state.settled(CORE):
        return False
    for stage in STAGES:
        if not state.settled(stage):
            detail = "It was left out at the set-up."
            state = state.with_stage(stage.name, Record(key_of(stage, state.python), LEFT_OUT, detail))
    write_state(place.folder, state)
    return True


def remove_environment(folder: Path) -> None:
    """Delete an environment that RAS made; the state goes last, so that a rest is still known as ours."""
    for path in folder.iterdir():
        if path.name == FILE_NAME:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / FILE_NAME).unlink()


class _Preparation:
    """One run: what its steps share."""

    def __init__(self, place: Place, log: TextIO, pass_fds: tuple[int, ...], stages: tuple[Stage, ...]) -> None:
        self.place, self.log, self.pass_fds, self.stages = place, log, pass_fds, stages
        self.state = read_state(place.folder) or State()
        self.card = machine.find_nvidia()
        self.share = 0.0
        self.base = 0.0

    def job(self, retry: bool) -> Preparation:
        fresh = not self.state.python
        todo = [stage for stage in self.stages if fresh or not self.state.settled(stage)]
        if retry:
            todo = list(self.stages)
        weights = {stage.name: self._size(stage)[0] + self._size(stage)[1] / 5 for stage in todo}
        settled = tuple(stage.name for stage in self.stages if stage not in todo)
        download, disk = (sum(self._size(stage)[which] for stage in todo) for which in (0, 1))
        yield Plan(self.stages, settled, download, disk, fresh)
        yield from self._environment()
        self.place.scratch.mkdir(parents=True, exist_ok=True)
        for stage in todo:
            self.share = weights[stage.name] / sum(weights.values())
            yield from self._stage(stage, retry)
            self.base += self.share
        return self.state

    def _size(self, stage: Stage) -> tuple[int, int]:
        if stage is TORCH and machine.variant_wanted(self.card) != "cpu":
            return CUDA_DOWNLOAD, CUDA_DISK
        return stage.download, stage.disk

    def _environment(self) -> Generator[Event, None, None]:
        """Make the virtual environment itself where there is none, or where its Python is gone."""
        place = self.place
        if self.state.python and place.python.exists():
            interpreter = os.path.realpath(place.python)
            if interpreter == self.state.interpreter or (yield from self._works(CORE, 0.0)):
                self._save(replace(self.state, interpreter=interpreter))
                return
        if place.prefix_is_here():
            raise SetupError("The environment is damaged; start run_app.py with another Python to make it anew.")
        if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
            raise SetupError(missing_venv())
        yield Step("pip", "Making the environment", 0.0)
        self._save(State())
        remove_environment(place.folder)
        self._save(State())
        executable = Path(sys.executable)
        if executable.stem.lower() == "pythonw":
            executable = executable.with_name("python" + executable.suffix)
        lines: list[str] = []
        code = yield from self._follow([str(executable), "-m", "venv", str(place.folder)], "pip", lines)
        if code != 0 or not place.python.exists():
            raise SetupError(f"The environment could not be made in {place.folder}. {explain(lines)}")
        version = "{}.{}".format(*sys.version_info)
        self._save(State(version, os.path.realpath(place.python)))

    def _save(self, state: State) -> None:
        self.state = state
        write_state(self.place.folder, state)

    def _record(self, stage: Stage, status: str, detail: str = "", variant: str = "") -> None:
        record = Record(key_of(stage, self.state.python), status, detail, variant)
        self._save(self.state.with_stage(stage.name, record))

    def _stage(self, stage: Stage, retry: bool) -> Generator[Event, None, None]:
        yield Step(stage.name, f"Looking at {stage.title}", self.base)
        before = self.state.stages.get(stage.name)
        if retry and before is not None and before.status == DONE and self.state.settled(stage):
            fits = stage is not TORCH or before.variant == machine.variant_wanted(self.card)
            if fits and (yield from self._works(stage, self.base)):
                yield Outcome(stage.name, DONE)
                return
        needed = self.state.stages.get(stage.needs) if stage.needs else None
        if stage.needs and (needed is None or needed.status != DONE):
            self._record(stage, LEFT_OUT, f"It is of no use without {stage.needs}, which is not there.")
            yield Outcome(stage.name, LEFT_OUT, self.state.stages[stage.name].detail)
            return
        if before is not None and before.status == STARTED:
            sweep(site_packages(self.place))
        self._record(stage, STARTED, variant=before.variant if before is not None else "")
        try:
            variant = yield from self._install(stage, before)
        except (StageError, OSError) as exc:
            if stage.required:
                raise SetupError(f"{stage.title}: {exc}") from exc
            self._record(stage, FAILED, str(exc))
            self.log.write(f"{stage.title}: {exc}\n")
            yield Outcome(stage.name, FAILED, str(exc))
        else:
            self._record(stage, DONE, variant=variant)
            yield Outcome(stage.name, DONE)

    def _install(self, stage: Stage, before: Record | None) -> Generator[Event, None, str]:
        """Returns the variant. Raises StageError."""
        room = shutil.disk_usage(str(self.place.folder)).free // 1_000_000
        download, disk = self._size(stage)
        if room < download + disk:
            raise StageError(
                f"There is not enough room: about {download + disk:,} MB are needed, {room:,} MB are free in "
                f"{self.place.folder}."
            )
        variant, arguments = "", lines_of(stage)
        if stage is TORCH:
            chosen = yield from self._choose_torch(arguments[0])
            variant, arguments = chosen.variant, _asked(chosen)
            if before is not None and before.variant not in ("", variant):
                # Another build of the same release would count as there already.
                yield from self._pip(stage, ["uninstall", "--yes", "torch", "torchvision"])
        elif stage is TORCHVISION:
            arguments = ["--no-deps", *(yield from self._fitting_torchvision(arguments[0]))]
        elif stage is CLIP:
            arguments = ["--no-deps", *arguments]
        yield from self._pip_install(stage, arguments)
        if not (yield from self._works(stage, self.base + 0.98 * self.share)):
            repair = before is not None and before.status in (STARTED, DONE)
            if repair:
                yield from self._pip_install(stage, ["--force-reinstall", *arguments])
            if not repair or not (yield from self._works(stage, self.base + 0.98 * self.share)):
                raise StageError(f"It was installed, but does not work: {self.trouble}.")
        return variant

    def _pip_install(self, stage: Stage, arguments: Sequence[str]) -> Generator[Event, None, None]:
        lines: list[str] = []
        upgrade = ["--upgrade"] if stage is PIP else []
        if (yield from self._pip(stage, ["install", "--prefer-binary", *upgrade, *arguments], lines)) != 0:
            raise StageError(explain(lines))

    def _pip(self, stage: Stage, arguments: list[str], lines: list[str] | None = None) -> Generator[Step, None, int]:
        if arguments[0] == "install" and pip_version(self.place) >= (24, 1):
            arguments = [arguments[0], "--progress-bar", "raw", *arguments[1:]]
        command = pip_command(self.place, *arguments)
        return (yield from self._follow(command, stage.name, [] if lines is None else lines, self._size(stage)))

    def _follow(
        self, command: list[str], stage: str, lines: list[str], sizes: tuple[int, int] = (1, 1)
    ) -> Generator[Step, None, int]:
        """Run a command, with a Step for every word of it; ``lines`` collects its last output."""
        reading = Reading()
        unpacking_since = 0.0
        process = follow(command, self.place, self.log, self.pass_fds, pip_environment(self.place))
        try:
            while True:
                try:
                    line = next(process)
                except StopIteration as stop:
                    code: int = stop.value
                    return code
                if line is not None:
                    reading.take(line)
                    if not line.startswith("Progress "):
                        lines.append(line)
                        del lines[:-60]
                part = 0.7 * min(1.0, reading.fetched / (sizes[0] * 1e6))
                if reading.installing:
                    unpacking_since = unpacking_since or time.monotonic()
                    # pip says nothing while it unpacks: 40 MB a second is what a slow disk takes.
                    part = 0.7 + 0.28 * (1 - math.exp((unpacking_since - time.monotonic()) * 40 / sizes[1]))
                overall = self.base + self.share * part
                yield Step(stage, reading.text or "Starting", overall, reading.done, reading.total)
        finally:
            process.close()

    def _works(self, stage: Stage, overall: float) -> Generator[Event, None, bool]:
        """Whether the stage's check passes in a fresh process; else ``trouble`` says why not."""
        lines: list[str] = []
        process = follow([str(self.place.python), "-c", stage.check], self.place, self.log, self.pass_fds)
        try:
            while True:
                try:
                    line = next(process)
                except StopIteration as stop:
                    self.trouble = lines[-1][:300].rstrip(".") if lines else f"it ended with code {stop.value}"
                    return bool(stop.value == 0)
                if line:
                    lines.append(line)
                yield Step(stage.name, f"Trying {stage.title}", overall)
        except OSError as exc:  # the environment's Python itself does not start
            self.trouble = str(exc)
            return False
        finally:
            process.close()

    def _choose_torch(self, requirement: str) -> Generator[Event, None, machine.Candidate]:
        """The first candidate that pip can resolve, and that is no CUDA where there is no card for it."""
        yield Step("torch", "Choosing the build for this machine", self.base)
        reasons: list[str] = []
        for candidate in machine.candidates(requirement, self.card, machine.reachable()):
            reason = yield from self._objection(candidate)
            if reason is None:
                return candidate
            self.log.write(f"Not {candidate}: {reason}\n")
            reasons.append(reason)
        raise StageError(reasons[-1] if len(set(reasons)) == 1 else " ".join(dict.fromkeys(reasons)))

    def _objection(self, candidate: machine.Candidate) -> Generator[Event, None, str | None]:
        """What speaks against it, found without downloading it; None is a go-ahead."""
        if candidate.cuda or sys.platform == "darwin":
            return None
        # fast-deps reads a wheel's metadata with a few range requests where the index does not offer it alone: else
        # a mere dry run downloads gigabytes from such an index. An index that refuses that is asked in the plain way.
        objection = yield from self._try_resolving(candidate, "--use-feature=fast-deps")
        if objection not in (None, ONLY_CUDA):
            objection = yield from self._try_resolving(candidate)
        return objection

    def _try_resolving(self, candidate: machine.Candidate, *options: str) -> Generator[Event, None, str | None]:
        lines: list[str] = []
        command = pip_command(self.place, "install", "--dry-run", "--prefer-binary", *options, *_asked(candidate))
        asking = self._follow(command, "torch", lines)
        try:
            while True:
                try:
                    step = next(asking)
                except StopIteration as stop:
                    return None if stop.value == 0 else explain(lines)
                if any(map(_names_cuda, lines[-3:])):
                    return ONLY_CUDA
                yield replace(
                    step, overall=self.base, text="Choosing the build for this machine", done=None, total=None
                )
        finally:
            asking.close()

    def _fitting_torchvision(self, requirement: str) -> Generator[Event, None, list[str]]:
        """What to ask for: torch 2.N goes with torchvision 0.(N+15) (the table in torchvision's README)."""
        lines: list[str] = []
        yield from self._follow(
            [str(self.place.python), "-c", "import torch; print(torch.__version__)"], "torchvision", lines
        )
        match = re.search(r"^2\.(\d+)", lines[-1] if lines else "")
        asked = [f"torchvision==0.{int(match.group(1)) + 15}.*" if match else requirement]
        variant = self.state.stages["torch"].variant
        if sys.platform != "darwin" and machine.reachable():
            asked += ["--extra-index-url", machine.INDEX + variant]
        return asked


def _asked(candidate: machine.Candidate) -> list[str]:
    return [candidate.requirement, *(["--extra-index-url", candidate.index] if candidate.index else [])]


def _names_cuda(line: str) -> bool:
    """Whether a line of pip's says that CUDA comes: one of its packages, or a torch too large for less."""
    words = line.split()
    if len(words) < 2 or words[0] not in ("Collecting", "Processing", "Downloading"):
        return False
    if re.match(r"(nvidia-|nvidia_|cuda-|cuda_|triton|pytorch[-_]triton)", words[1].rpartition("/")[2]):
        return True
    large = re.search(r"torch-[^/]*\.whl \(([\d.]+) (MB|GB)\)", line)
    return large is not None and (large.group(2) == "GB" or float(large.group(1)) > 400)


def missing_venv() -> str:
    version = "{}.{}".format(*sys.version_info)
    return (
        f"This Python ({sys.executable}) cannot make environments, because its module venv or ensurepip is missing. "
        f"On Debian and Ubuntu: sudo apt install python{version}-venv"
    )


def sweep(folder: Path) -> None:
    """Clear away what a killed pip left, so that pip does not take it for whole: it writes RECORD last of all."""
    for path in folder.glob("~*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob("*.dist-info"):
        if not (path / "RECORD").is_file():
            shutil.rmtree(path)
