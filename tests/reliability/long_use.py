"""Somebody who uses the window for days: rounds of searches with all that is done between them, and what is then held.

    python -m tests.reliability.long_use '{"pictures": 100, …}'     see ``Plan``; prints samples as lines of JSON

Every round ends as the one before it did: what is held at the end of each tells whether anything was left behind.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import tkinter as tk
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterator

from PIL import Image

from tests.reliability import gauges
from tests.reliability.made_up import is_missing, picture, stubbed, write_archive

if TYPE_CHECKING:
    from benchmarks.smoothness_user import User
    from ras.gui.app import App

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
    "processes": lambda _root: _kept.append(subprocess.Popen(["sleep", "1000"])),
    "temporary files": lambda _root: os.close(tempfile.mkstemp()[0]),
    gauges.HEAP: lambda _root: _kept.append(bytes(20_000)),
    gauges.BLOCKS: lambda _root: _kept.extend([number] for number in range(60)),
}


class LongUse:
    """Scripts are generators of the milliseconds until they go on."""

    def __init__(self, app: App, user: User, plan: Plan, archive: Path, small: Path) -> None:
        self.app, self.user, self.plan, self.archive, self.small = app, user, plan, archive, small
        self.found = self.searched = 0
        self._next = plan.seed * 7919

    def say(self, what: str) -> None:
        """What is held just now, as a line on standard output."""
        app = self.app
        sample = gauges.take(app.root, Path(os.environ["RAS_HOME"]), Path(os.environ["TMPDIR"]))
        jobs = sum(len(tickets) for tickets in app.pump._workers.values())
        print(json.dumps({"what": what, **sample, "jobs that are waited for": jobs, "found": self.found}), flush=True)

    def idle(self) -> Iterator[int]:
        """Until nothing goes on any more, and what waits for its time has had it."""
        app = self.app
        for _ in range(3):
            yield 120
            yield from self.user.until(
                lambda: app.results.complete and app.pump._timer is None and app.history._waiting is None
            )

    def whole(self) -> Iterator[int]:
        """Index the archive while it is scrolled and searched, then the rounds."""
        app, plan = self.app, self.plan
        yield from self.user.until(lambda: app.encoder.facts is not None)
        yield from self.open(self.archive)
        yield from self.user.until(lambda: app.index.possible)
        app.index.start()
        yield from self.indexing()
        yield from self.idle()
        for _ in range(plan.rounds):
            yield from self.round()
            self.say("round")
        if app.crashes.reported:
            raise app.crashes.reported[0]

    def indexing(self) -> Iterator[int]:
        """What is indexed so far is searched, by Cached, and scrolled."""
        app, step = self.app, max(1, self.plan.pictures // 30)
        shown = 0
        app.choose_mode("cached")
        while app.index.run.running:
            progress = app.index.run._shown
            done = progress.done if progress is not None and progress.total else 0
            if done >= shown + step:
                shown = done
                self.say("indexing")
            if done > 200 and app.inputs.query is None:
                app.inputs.load_query(self.query(5), "first query")
            for down in (True, True, False):
                self.user.wheel(app.results.canvas, down=down)
                yield 100
        assert app.index.run.through, "the indexing did not come to its end"

    def round(self) -> Iterator[int]:
        app, user, plan = self.app, self.user, self.plan
        app.choose_theme("light")
        yield 50
        for number in range(plan.searches):
            app.choose_mode("faiss" if number % 2 else "cached")
            yield from self.search(self._other())
            yield from self.look_around(number)
            for leak in plan.leaks:
                LEAKS[leak](app.root)
        yield from self.windows()
        yield from self.other_archive()
        app.encoder.build()
        yield from self.idle()
        # As at the end of every round: the same archive, query, mode and theme, and nothing that was open.
        app.choose_theme("dark")
        app.choose_mode("cached")
        yield from self.search(0)
        app.results.canvas.yview_moveto(0)
        yield from user.until(lambda: not app.run.running)
        yield from self.idle()

    def _other(self) -> int:
        """Of the next query: not once more what was searched for lately."""
        while True:
            self._next = (self._next + 7919) % self.plan.pictures
            if not is_missing(self._next):
                return self._next

    @staticmethod
    def query(number: int) -> Image.Image:
        """Larger and coarser than what was posted."""
        return Image.open(io.BytesIO(picture(number, (320, 240), 60)))

    def search(self, number: int, *, among: bool = True) -> Iterator[int]:
        app, before = self.app, self.app.run.report
        app.inputs.load_query(self.query(number), f"query {number % 7}")
        yield from self.user.until(lambda: app.run.report is not None and app.run.report is not before)
        yield from self.user.until(lambda: app.results.complete)
        if app.run.rest_hidden:
            app.show_rest()
        self.searched += 1
        best = app.run.report.results[0] if app.run.report is not None and app.run.report.results else None
        self.found += among and best is not None and best.record.key.endswith(f"88{number:010}")

    def look_around(self, number: int) -> Iterator[int]:
        """Scroll, select, and in turn: compare, filter, sort, show as a list, ask for something else at once."""
        app, user = self.app, self.user
        canvas = app.results.canvas
        for down in (True, True, True, False):
            user.wheel(canvas, down=down)
            yield 20
        user.key(canvas, "<Right>")
        yield 20
        canvas.yview_moveto(1.0)
        yield from user.until(lambda: app.results.complete)
        canvas.yview_moveto(0.0)
        turn = number % 5
        if turn == 0:
            yield from self.compare()
        elif turn == 1:
            yield from self.filter()
        elif turn == 2:
            for order in ("date", "author", "likeness"):
                app.looks.choose(order=order)
                yield 30
            app.looks.turn_list()
            yield 60
            app.looks.turn_list()
            yield 60
        elif turn == 3:  # the first two searches are cancelled somewhere on their way
            app.inputs.load_query(self.query(1), "one")
            yield 10 + number % 40
            app.inputs.load_query(self.query(2), "two")
            yield number % 60
            app.cancel()
            yield from self.search(3)
        else:
            app.around.toggle()
            yield 100
            app.around.toggle()
            app.selection.toggle()
            yield 30
            app.selection.toggle()

    def compare(self) -> Iterator[int]:
        app = self.app
        app.results.select(0)
        app.comparing.open()
        yield from self.user.until(lambda: app.comparing.complete)
        assert app.comparing.window is not None
        app.comparing.choose("over")
        yield 30
        self.user.wheel(app.comparing.window.pane, down=False)
        app.comparing.step(1)
        yield 40
        app.comparing.step(1)
        yield from self.user.until(lambda: app.comparing.complete)
        app.comparing.window.destroy()
        yield 20

    def filter(self) -> Iterator[int]:
        app = self.app
        app.centre.find()
        yield 20
        entry = app.centre.filters.controls["author"]
        for character in "erer1":
            self.user.key(entry, f"<Key-{character}>")
            yield 20
        yield 250
        app.centre.filters.clear()
        yield 20
        app.centre.turn_filters()
        yield 20

    def windows(self) -> Iterator[int]:
        """Each that can be opened, opened and closed."""
        app, until = self.app, self.user.until
        app.health.open()
        yield from until(lambda: app.health.window is not None and app.health.window.cards)
        yield 30
        assert app.health.window is not None
        app.health.window.close()
        app.index.show_failures()
        yield from until(lambda: app.report.window is not None and app.report.window.exists)
        yield 30
        assert app.report.window is not None
        app.report.window.close()
        app.settings_change.open()
        yield 60
        assert app.settings_change.window is not None
        app.settings_change.window.window.destroy()
        app.archives.open()
        yield 60
        assert app.archives.window is not None
        app.archives.window.close()
        app.history.pop_up()
        yield 30
        if app.history._menu is not None:
            app.history._menu.unpost()
        yield 20

    def other_archive(self) -> Iterator[int]:
        """A small one, that is searched in Real-time; then the large one again."""
        app = self.app
        yield from self.open(self.small)
        app.choose_mode("realtime")
        yield from self.search(1, among=False)
        yield from self.compare()
        app.choose_mode("cached")
        yield from self.open(self.archive)

    def open(self, path: Path) -> Iterator[int]:
        app, before = self.app, self.app.inputs.archive
        app.inputs.open_archive([str(path)])
        yield from self.user.until(lambda: app.inputs.archive is not before and not app.inputs.opening)
        yield from self.user.until(lambda: app.state.condition is not None and not app.run.running)


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
    root = window.make_root()
    settings = Settings(
        encoder="fingerprint", download_clip=False, theme="dark", window_geometry="1240x800+0+0", top_k=RESULTS
    )
    with stubbed():
        app = App(root, Theme(root), settings)
        root.deiconify()
        root.update()
        app.start()
        play(root, LongUse(app, User(app), plan, archive, small).whole())
        app.stop()
    for one in _kept:
        if isinstance(one, subprocess.Popen):
            one.kill()


if __name__ == "__main__":
    chosen = json.loads(sys.argv[1])
    main(Plan(**{**chosen, "leaks": tuple(chosen.get("leaks", ()))}))
    sys.stdout.flush()
    os._exit(0)  # threads that were leaked on purpose wait for ever
