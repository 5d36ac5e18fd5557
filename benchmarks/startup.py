"""How long the window takes to open: ``python benchmarks/startup.py [RUNS [STORED]]``.

Prints, cold (every module is compiled anew, as at the very first start) and warm: from the start of the process until
the window is drawn, and until a search by the fingerprint can start. Each is the median of RUNS (5) runs, beside a
bare ``tkinter.Tk()`` window of the same interpreter, whose runs alternate with ours, as a ratio. Uses a data folder of
its own; without a screen it starts Xvfb. With STORED, also with a store of so many pictures instead of an empty one, in
runs that alternate.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Sequence

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

BARE = "import time, tkinter; root = tkinter.Tk(); root.update(); print(time.monotonic(), flush=True)"


def main(arguments: Sequence[str]) -> int:
    if arguments == ["--window"]:
        return window()
    runs = int(arguments[0]) if arguments else 5
    stored = int(arguments[1]) if len(arguments) > 1 else 0

    def work(environment: dict[str, str]) -> None:
        compare(environment, runs)
        if stored:
            compare_stores(environment, runs, stored)

    if os.environ.get("DISPLAY") or sys.platform in ("win32", "darwin"):
        work(dict(os.environ))
    else:
        from benchmarks.screenshots import with_screen

        with_screen(96, work)
    return 0


def compare(environment: dict[str, str], runs: int) -> None:
    import statistics  # takes a while, which the window is not to be blamed for

    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, median of {runs} runs, seconds (× a bare Tk window)"
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "settings.json").write_text(json.dumps({"encoder": "fingerprint", "download_clip": False}))
        base = {**environment, "RAS_HOME": folder, "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled")}
        base.pop("PYTHONDONTWRITEBYTECODE", None)
        for name, more in (("cold", {"PYTHONDONTWRITEBYTECODE": "1"}), ("warm", {})):
            here = {**base, **more}
            if name == "warm":  # the run that compiles is not counted
                measure(here, "-c", BARE)
                measure(here, __file__, "--window")
            bare, drawn, ready = [], [], []
            for _ in range(runs):
                bare.append(measure(here, "-c", BARE)[0])
                seconds = measure(here, __file__, "--window")
                drawn.append(seconds[0])
                ready.append(seconds[1])
            baseline = statistics.median(bare)
            print(f"{name}: bare Tk window {baseline:.2f}", end="")
            for what, values in (("window drawn", drawn), ("ready to search", ready)):
                median = statistics.median(values)
                print(f", {what} {median:.2f} (× {median / baseline:.1f})", end="")
            print(flush=True)


def compare_stores(environment: dict[str, str], runs: int, stored: int) -> None:
    """Print the same, warm, with an empty store and with one of ``stored`` pictures."""
    import statistics

    from benchmarks.big_store import fill_store_with, made_archive, picture_like
    from ras.encoders.fingerprint import FingerprintEncoder

    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        fill_store_with(Path(full) / "store", made_archive(stored), picture_like(stored), FingerprintEncoder.id)
        environments = []
        for folder in (empty, full):
            (Path(folder) / "settings.json").write_text(json.dumps({"encoder": "fingerprint", "download_clip": False}))
            environments.append({**environment, "RAS_HOME": folder})
            measure(environments[-1], __file__, "--window")  # not counted: it may compile, and makes the empty store
        seconds: list[list[list[float]]] = [[], []]
        for _ in range(runs):
            for each, here in zip(seconds, environments):
                each.append(measure(here, __file__, "--window"))
    for place, what in enumerate(("window drawn", "ready to search")):
        nothing, much = (statistics.median(run[place] for run in each) for each in seconds)
        print(f"{what}: empty store {nothing:.2f}, {stored:,} pictures {much:.2f} (× {much / nothing:.2f})", flush=True)


def measure(environment: dict[str, str], *arguments: str) -> list[float]:
    """Seconds from the start of a process to each line that it prints (a reading of the monotonic clock)."""
    started = time.monotonic()
    done = subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [float(line) - started for line in done.stdout.split()]


def window() -> int:
    """Open the window as ``python run_app.py`` does in its environment; say when it is drawn and when it is ready."""
    from ras.gui import app
    from ras.gui.bench import EngineFacts

    class Watched(app.App):
        def _engine_built(self, facts: EngineFacts) -> None:
            super()._engine_built(facts)
            print(time.monotonic(), flush=True)
            self.root.after(1, self.close)

    import tkinter

    mainloop = tkinter.Misc.mainloop

    def announced(root: tkinter.Misc, n: int = 0) -> None:
        print(time.monotonic(), flush=True)  # the window has been drawn before its loop begins
        mainloop(root, n)

    app.App = Watched  # type: ignore[misc]
    tkinter.Misc.mainloop = announced  # type: ignore[method-assign]
    from ras.cli import main as ras

    sys.argv = ["run_app.py"]
    code = ras([])
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
