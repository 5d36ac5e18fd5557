"""The Python that RAS runs in, and the environment that was prepared for it."""

from __future__ import annotations

import importlib.util
import sys

from ras.called import CALL, SETS_UP
from ras.doctor.check import OK, PROBLEM, SETUP, WARNING, Check
from ras.launch import environment_modules
from ras.launch.frozen import is_frozen
from ras.launch.place import find_place
from ras.launch.prepare import missing_venv
from ras.launch.state import DONE, read_state


def python() -> Check:
    version = "{}.{}.{}".format(*sys.version_info)
    return Check("Python", OK, f"Python {version} at {sys.executable}.")


def environment() -> Check:
    name = "Environment"
    if is_frozen():
        return Check(name, OK, "RAS brings its own.")
    place = find_place()
    state = read_state(place.folder) if place is not None else None
    missing = environment_modules()
    inside = place is not None and place.prefix_is_here()
    if not inside and not missing:
        return Check(name, OK, f"RAS runs in your own environment, {sys.prefix}.")
    if place is None or state is None:
        if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
            return Check(name, PROBLEM, "The set-up has not run, and cannot run with this Python.", missing_venv())
        way = f"Run: {CALL} (it sets up what is missing)" if SETS_UP else SETUP
        return Check(name, PROBLEM, "The set-up has not run yet.", way)
    if not inside or missing:
        sentence = f"{place.folder} is not complete" + (f": {', '.join(missing)} is missing." if inside else ".")
        return Check(name, PROBLEM, sentence, SETUP)
    lacking = [(stage, record) for stage, record in state.stages.items() if record.status != DONE]
    lacking = [(stage, record) for stage, record in lacking if stage not in ("torchvision", "pip")]
    if lacking:
        said = " ".join(f"Without {stage}: {record.detail}" for stage, record in lacking)
        return Check(name, WARNING, f"{place.folder} works. {said}", f"{SETUP} (it tries again)")
    other = [stage for stage, record in state.stages.items() if record.status == DONE and record.detail]
    said = f" Of other releases than RAS was tested with, without their checksums: {', '.join(other)}." if other else ""
    return Check(name, OK, f"{place.folder} is complete.{said}")
