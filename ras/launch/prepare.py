"""The set-up itself: a job (generator of events) that makes the environment, and can be stopped anywhere."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Generator, Sequence, TextIO

from ras.launch import machine
from ras.launch.events import Event, Outcome, Plan, Preparation, StageError, Step
from ras.launch.locked import locked_lines
from ras.launch.pip import explain, is_tampered, pip_command, pip_version, site_packages
from ras.launch.place import Place, SetupError, unwritable
from ras.launch.runs import Runs
from ras.launch.stages import CLIP, CORE, PIP, STAGES, TORCH, TORCHVISION, Stage, key_of, lines_of
from ras.launch.state import DONE, FAILED, FILE_NAME, LEFT_OUT, STARTED, Record, State, read_state, write_state
from ras.launch.torch_build import asked, choose_torch, fitting_torchvision

CUDA_DOWNLOAD, CUDA_DISK = 2900, 7000
"""About how many MB torch takes with CUDA."""
UNLOCKED = "The releases that RAS was tested with cannot be had here; others were taken, without their checksums."


def prepare(
    place: Place, extra: Sequence[Stage] = (), retry: bool = False, pass_fds: Sequence[int] = ()
) -> Preparation:
    """Make the environment, or bring it up to date; the caller holds the lock. Returns the state that it is in then.

    ``retry`` checks what is there, and tries again what failed or was left out. Raises SetupError where RAS cannot run.
    """
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
        place.log.parent.mkdir(parents=True, exist_ok=True)
        # Names of files need not be Unicode.
        opened = place.log.open("a", encoding="utf-8", errors="backslashreplace")
    except OSError as exc:
        raise unwritable(place.log, exc) from exc
    with opened as log:
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
        self.place, self.log, self.stages = place, log, stages
        self.runs = Runs(place, log, pass_fds)
        self.state = read_state(place.folder) or State()
        self.card = machine.find_nvidia()

    def job(self, retry: bool) -> Preparation:
        fresh = not self.state.python or not self.place.has_python()
        todo = [stage for stage in self.stages if fresh or not self.state.settled(stage)]
        if retry:
            todo = list(self.stages)
        settled = tuple(stage.name for stage in self.stages if stage not in todo)
        download, disk = (sum(self._size(stage)[which] for stage in todo) for which in (0, 1))
        yield Plan(self.stages, settled, download, disk, fresh)
        yield from self._environment()
        yield from self._restore_pip()
        if not self.state.stages:  # the environment is new, though there was one
            todo = list(self.stages)
        weights = {stage.name: self._size(stage)[0] + self._size(stage)[1] / 5 for stage in todo}
        self.place.scratch.mkdir(parents=True, exist_ok=True)
        for stage in todo:
            self.runs.share = weights[stage.name] / sum(weights.values())
            yield from self._stage(stage, retry)
            self.runs.base += self.runs.share
        return self.state

    def _size(self, stage: Stage) -> tuple[int, int]:
        if stage is TORCH and machine.variant_wanted(self.card) != "cpu":
            return CUDA_DOWNLOAD, CUDA_DISK
        return stage.download, stage.disk

    def _environment(self) -> Generator[Event, None, None]:
        """Make the virtual environment itself where there is none, or where its Python is gone."""
        place = self.place
        if self.state.python and place.has_python():
            interpreter = os.path.realpath(place.python)
            if interpreter == self.state.interpreter or (yield from self.runs.works(CORE, 0.0)):
                self._save(replace(self.state, interpreter=interpreter))
                return
        yield from self._make()

    def _make(self) -> Generator[Event, None, None]:
        """Make the virtual environment anew. Raises SetupError."""
        place = self.place
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
        code = yield from self.runs.follow([str(executable), "-m", "venv", str(place.folder)], "pip", lines)
        if code != 0 or not place.python.exists():
            raise SetupError(f"The environment could not be made in {place.folder}. {explain(lines)}")
        version = "{}.{}".format(*sys.version_info)
        self._save(State(version, os.path.realpath(place.python)))

    def _restore_pip(self) -> Generator[Event, None, None]:
        """Have a pip that runs: a set-up that was stopped while pip replaced itself left none, or a part of one."""
        folder = site_packages(self.place)
        if any(record.status == STARTED for record in self.state.stages.values()):
            sweep(folder)
        if (yield from self._pip_runs()):
            return
        yield Step("pip", "Bringing the installer back", 0.0)
        for path in (folder / "pip", *folder.glob("pip-*.dist-info")):  # else it counts as there already
            shutil.rmtree(path, ignore_errors=True)
        lines: list[str] = []
        code = yield from self.runs.follow([str(self.place.python), "-m", "ensurepip"], "pip", lines)
        if code != 0 or not (yield from self._pip_runs()):
            self.log.write("pip could not be brought back: the environment is made anew.\n")
            yield from self._make()

    def _pip_runs(self) -> Generator[Event, None, bool]:
        if pip_version(self.place) == (0,):
            return False
        return (yield from self.runs.follow(pip_command(self.place, "--version"), "pip", [])) == 0

    def _save(self, state: State) -> None:
        self.state = state
        write_state(self.place.folder, state)

    def _record(self, stage: Stage, status: str, detail: str = "", variant: str = "") -> None:
        record = Record(key_of(stage, self.state.python), status, detail, variant)
        self._save(self.state.with_stage(stage.name, record))

    def _stage(self, stage: Stage, retry: bool) -> Generator[Event, None, None]:
        yield Step(stage.name, f"Looking at {stage.title}", self.runs.base)
        before = self.state.stages.get(stage.name)
        if retry and before is not None and before.status == DONE and self.state.settled(stage):
            fits = stage is not TORCH or before.variant == machine.variant_wanted(self.card)
            if fits and (yield from self.runs.works(stage, 0.0)):
                yield Outcome(stage.name, DONE)
                return
        needed = self.state.stages.get(stage.needs) if stage.needs else None
        if stage.needs and (needed is None or needed.status != DONE):
            self._record(stage, LEFT_OUT, f"It is of no use without {stage.needs}, which is not there.")
            yield Outcome(stage.name, LEFT_OUT, self.state.stages[stage.name].detail)
            return
        self._record(stage, STARTED, variant=before.variant if before is not None else "")
        try:
            variant, detail = yield from self._install(stage, before)
        except (StageError, OSError) as exc:
            if stage.required:
                raise SetupError(f"{stage.title}: {exc}") from exc
            self._record(stage, FAILED, str(exc))
            self.log.write(f"{stage.title}: {exc}\n")
            yield Outcome(stage.name, FAILED, str(exc))
        else:
            self._record(stage, DONE, detail, variant)
            yield Outcome(stage.name, DONE)

    def _install(self, stage: Stage, before: Record | None) -> Generator[Event, None, tuple[str, str]]:
        """Returns the variant, and what is to be said of it. Raises StageError."""
        room = shutil.disk_usage(str(self.place.folder)).free // 1_000_000
        download, disk = self._size(stage)
        if room < download + disk:
            raise StageError(
                f"There is not enough room: about {download + disk:,} MB are needed, {room:,} MB are free in "
                f"{self.place.folder}."
            )
        repair = before is not None and before.status in (STARTED, DONE)
        section = locked_lines(stage.name)
        if section and (yield from self._install_locked(stage, section, repair)):
            return "", ""
        detail = UNLOCKED if section else ""
        variant, arguments = "", lines_of(stage)
        if stage is PIP:
            arguments = ["--upgrade", *arguments]
        elif stage is TORCH:
            chosen = yield from choose_torch(self.runs, arguments[0], self.card)
            variant, arguments = chosen.variant, asked(chosen)
            if before is not None and before.variant not in ("", variant):
                # Another build of the same release would count as there already.
                yield from self.runs.pip(stage, (1, 1), ["uninstall", "--yes", "torch", "torchvision"], [])
        elif stage is TORCHVISION:
            built = self.state.stages["torch"].variant
            arguments = ["--no-deps", *(yield from fitting_torchvision(self.runs, arguments[0], built))]
        elif stage is CLIP:
            arguments = ["--no-deps", *arguments]
        yield from self.runs.install(stage, (download, disk), arguments)
        if not (yield from self.runs.works(stage)):
            if repair:
                yield from self.runs.install(stage, (download, disk), ["--force-reinstall", *arguments])
            if not repair or not (yield from self.runs.works(stage)):
                raise StageError(f"It was installed, but does not work: {self.runs.trouble}.")
        return variant, detail

    def _install_locked(self, stage: Stage, section: str, repair: bool) -> Generator[Event, None, bool]:
        """Whether the releases that RAS was tested with could be had, and work. Raises StageError for a file that
        is not what its checksum says: nothing else is taken in its place.
        """
        releases = self.runs.scratch / f"{stage.name}.txt"
        releases.write_text(section, "utf-8")
        options = ["install", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(releases)]
        for more in ([], ["--force-reinstall"]) if repair else ([],):
            lines: list[str] = []
            if (yield from self.runs.pip(stage, self._size(stage), [*options, *more], lines)) != 0:
                if is_tampered(lines):
                    raise StageError(explain(lines))
                self.log.write(f"{stage.title}: the tested releases cannot be had: {explain(lines)}\n")
                return False
            if (yield from self.runs.works(stage)):
                return True
        return False


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
