"""Somebody who uses the window for days: rounds of searches with all that is done between them, and what is then held.

python -m tests.reliability.long_use '{"pictures": 100, …}'     see ``Plan``; prints samples as lines of JSON
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import tkinter as tk
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable, Iterator

from ras.records import finish
from tests.reliability import gauges
from tests.reliability.made_up import stubbed, write_archive
from tests.reliability.rounds import Rounds, query

ROOT = Path(__file__).resolve().parents[2]
RESULTS = 60


@dataclass(frozen=True)
class Plan:
    folder: str
    pictures: int
    rounds: int
    searches: int
    """In each round."""
    small: int = 12
    """Pictures of a second archive, with files beside it, that is searched in Real-time."""
    seed: int = 1
    brief: bool = False
    """With nothing between the searches."""
    leaks: tuple[str, ...] = ()
    """Keys of ``LEAKS``, of which something is left behind with each search, to see whether that is found."""


def samples_of(plan: Plan) -> Iterator[dict[str, object]]:
    """Run it in a process of its own, with a data folder of its own; needs DISPLAY."""
    folder = Path(plan.folder)
    (folder / "tmp").mkdir(parents=True)
    environment = {**os.environ, "RAS_HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    environment.update(OPENBLAS_NUM_THREADS="1", LC_ALL="C.UTF-8")
    command = [sys.executable, "-m", "tests.reliability.long_use", json.dumps(asdict(plan))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
    assert process.returncode == 0, f"it ended with exit status {process.returncode}"


# -- in that process ---------------------------------------------------------------------------------------------------

_kept: list[object] = []

LEAKS: dict[str, Callable[[tk.Tk], object]] = {
    "images of Tk": lambda root: _kept.append(tk.PhotoImage(master=root, width=1, height=1)),
    "commands of Tk": lambda root: root.register(lambda: None),
    "variables of Tk": lambda root: _kept.append(tk.StringVar(root)),
    "timers of Tk": lambda root: root.after(10_000_000, "set leaked 1"),
    "threads": lambda _root: threading.Thread(target=threading.Event().wait, daemon=True).start(),
    "open files": lambda _root: _kept.append(open(os.devnull)),  # noqa: SIM115
    "processes": lambda _root: _kept.append(subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL)),
    "temporary files": lambda _root: os.close(tempfile.mkstemp()[0]),
    gauges.HEAP: lambda _root: _kept.append(bytes(100_000)),
    gauges.BLOCKS: lambda _root: _kept.extend([number] for number in range(60)),
}


def _fill_history() -> None:
    """As many queries of late as are kept."""
    from ras.gui import bench, kept_queries

    for number in range(kept_queries.MOST):
        loaded = finish(bench.load(query(-number - 1), f"query {number}"))
        finish(kept_queries.keep(loaded))


def play(root: tk.Tk, script: Iterator[int]) -> None:
    """Go on with the script whenever as many milliseconds have passed as it yields; its error is raised here."""
    errors: list[BaseException] = []

    def step() -> None:
        try:
            root.after(next(script), step)
        except StopIteration:
            root.quit()
        except BaseException as exc:  # noqa: BLE001  it would end in the window's report of crashes
            errors.append(exc)
            root.quit()

    root.after(1, step)
    root.mainloop()
    if errors:
        raise errors[0]


def main(plan: Plan) -> None:
    from benchmarks.smoothness_user import User
    from ras.gui import window
    from ras.gui.app import App
    from ras.gui.theme import Theme
    from ras.settings import Settings
    from tests.gui.pictures import write_export

    folder = Path(plan.folder)
    archive = write_archive(folder / "large.json", plan.pictures)
    small = write_export(folder / "small", plan.small, expired=2)
    _fill_history()
    root = window.make_root()
    settings = Settings(
        encoder="fingerprint", download_clip=False, theme="dark", window_geometry="1240x800+0+0", top_k=RESULTS
    )
    with stubbed():
        app = App(root, Theme(root), settings)
        root.deiconify()
        root.update()
        app.start()
        rounds = Rounds(
            app,
            User(app),
            archive=archive,
            pictures=plan.pictures,
            small=small,
            searches=plan.searches,
            seed=plan.seed,
            leaks=[LEAKS[leak] for leak in plan.leaks],
            brief=plan.brief,
        )
        try:
            play(root, rounds.play(plan.rounds))
        finally:
            app.stop()
            for one in _kept:
                if isinstance(one, subprocess.Popen):
                    one.kill()


if __name__ == "__main__":
    chosen = json.loads(sys.argv[1])
    main(Plan(**{**chosen, "leaks": tuple(chosen.get("leaks", ()))}))
    sys.stdout.flush()
    os._exit(0)  # threads that were leaked on purpose wait for ever
