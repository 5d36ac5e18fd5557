"""Draws every state of the window into a folder: ``python benchmarks/screenshots.py FOLDER [STATE ...]``.

Starts its own screens (Xvfb and openbox are needed), at 100 % and at 200 %; uses the sample, the fingerprint encoder,
no network, and a data folder of its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Sequence

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from benchmarks.made_up_verdicts import ANSWERS, CROP, made_up  # noqa: E402

if TYPE_CHECKING:
    from ras.gui.app import App

FIRST = "far_away.png"
"""The picture of the sample that made-up answers have on top."""

# Name → (theme, dots per inch, size of the window, what is done in it).
SHOTS: dict[str, tuple[str, int, str, Sequence[str]]] = {
    "first-start-dark": ("dark", 96, "1240x800", ()),
    "first-start-light": ("light", 96, "1240x770", ()),
    "archive-dark": ("dark", 96, "1240x800", ("archive",)),
    "modes-before-indexing": ("light", 96, "1240x800", ("archive", "modes")),
    "indexing-dark": ("dark", 96, "1240x770", ("archive", "stall", "query", "index")),
    "indexing-light-left-out": ("light", 96, "1240x770", ("lost", "stall", "query", "index")),
    "indexed-dark": ("dark", 96, "1240x770", ("archive", "index", "query")),
    "indexed-light-modes": ("light", 96, "1240x770", ("archive", "index", "query", "modes")),
    "stopped-half-way": ("dark", 96, "1240x770", ("archive", "stall", "index", "stop", "modes")),
    "left-out": ("light", 96, "1240x770", ("lost", "index")),
    "left-out-list": ("dark", 96, "1240x770", ("lost", "index", "failures")),
    "archives-dark": ("dark", 96, "1240x800", ("archive", "index", "lost", "index", "archives")),
    "archives-light-remove": ("light", 96, "1240x800", ("archive", "index", "archives", "remove")),
    "archives-empty": ("light", 96, "900x600", ("archives",)),
    "gone-archive": ("dark", 96, "1240x770", ("lost", "index", "gone", "query")),
    "drag-over": ("dark", 96, "1240x800", ("archive", "drag")),
    "searching-dark": ("dark", 96, "1240x770", ("archive", "half", "query")),
    "searching-light-skipped": ("light", 96, "1240x770", ("lost", "half", "query")),
    "results-dark": ("dark", 96, "1240x770", ("archive", "index", "sunset")),
    "results-light": ("light", 96, "1240x770", ("archive", "query")),
    "details-scrolled": ("dark", 96, "1240x800", ("archive", "query", "sixth")),
    "identical-dark": ("dark", 96, "1240x800", ("archive", "identical")),
    "identical-rest-light": ("light", 96, "1240x800", ("archive", "identical", "rest")),
    "altered-dark": ("dark", 96, "1240x800", ("archive", "altered", "third")),
    "altered-light": ("light", 96, "1240x800", ("archive", "altered", "second")),
    "cropped-dark": ("dark", 96, "1240x800", ("archive", "cropped")),
    "alike-light": ("light", 96, "1240x800", ("archive", "alike")),
    "unlikely-dark": ("dark", 96, "1240x800", ("archive", "unlikely")),
    "unlikely-rest-dark": ("dark", 96, "1240x800", ("archive", "unlikely", "rest")),
    "no-copy-light": ("light", 96, "1240x800", ("archive", "copies", "unlikely")),
    "nothing-alike-dark": ("dark", 96, "900x600", ("archive", "look-alikes", "unlikely")),
    "scopes-dark": ("dark", 96, "1240x800", ("archive", "altered", "scopes")),
    "search-menu-light": ("light", 96, "1240x800", ("archive", "altered", "search-menu")),
    "narrow-altered-dark": ("dark", 96, "900x600", ("archive", "altered", "third")),
    "narrow-altered-light": ("light", 96, "900x600", ("archive", "index", "altered", "second")),
    "narrow-unlikely": ("light", 96, "900x600", ("archive", "unlikely")),
    "narrow-notice": ("dark", 96, "900x600", ("archive", "altered", "third", "notice")),
    "altered-notice": ("dark", 96, "1240x770", ("archive", "altered", "third", "notice")),
    "wide-altered": ("dark", 96, "1900x1030", ("archive", "altered", "second")),
    "double-altered-light": ("light", 192, "1900x1060", ("archive", "altered", "second")),
    "double-altered-dark": ("dark", 192, "1900x1060", ("archive", "altered", "third")),
    "double-unlikely": ("light", 192, "1900x1060", ("archive", "unlikely")),
    "blank-query": ("dark", 96, "1240x800", ("archive", "altered", "blank")),
    "unfinished-light": ("light", 96, "1240x770", ("archive", "index", "unfinished")),
    "notice-and-download": ("dark", 96, "1240x800", ("archive", "query", "notice", "download")),
    "error-light": ("light", 96, "1240x800", ("archive", "query", "error")),
    "fault": ("dark", 96, "1240x800", ("archive", "query", "fault")),
    "shortcuts": ("dark", 96, "1240x800", ("archive", "query", "shortcuts")),
    "menu-light": ("light", 96, "1240x800", ("archive", "query", "menu")),
    "context-menu": ("dark", 96, "1240x800", ("archive", "query", "context")),
    "narrow-dark": ("dark", 96, "900x600", ("archive", "query")),
    "narrow-first-start": ("light", 96, "900x600", ()),
    "narrow-indexing": ("light", 96, "900x600", ("archive", "stall", "query", "index")),
    "narrow-indexing-left-out": ("dark", 96, "900x600", ("lost", "stall", "query", "index")),
    "narrow-searching": ("light", 96, "900x600", ("lost", "half", "query")),
    "narrow-left-out": ("dark", 96, "900x600", ("lost", "index", "query")),
    "narrow-archives": ("dark", 96, "900x600", ("archive", "index", "archives", "remove")),
    "wide-dark": ("dark", 96, "1900x1030", ("archive", "query")),
    "double-dark": ("dark", 192, "1900x1060", ("archive", "query")),
    "double-indexing": ("light", 192, "1900x1060", ("archive", "stall", "query", "index")),
    "double-archives": ("dark", 192, "1900x1060", ("archive", "index", "archives", "remove")),
    "double-left-out-list": ("light", 192, "1900x1060", ("lost", "index", "failures")),
    "double-light-first-start": ("light", 192, "1900x1060", ()),
}


def main(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["--draw"]:
        return draw(arguments[1], Path(arguments[2]))
    if not arguments:
        print(__doc__)
        return 2
    folder, chosen = Path(arguments[0]), arguments[1:] or list(SHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    for dots in (96, 192):
        names = [name for name in chosen if SHOTS[name][1] == dots]
        if names:
            with_screen(dots, lambda environment, names=names: [shoot(name, folder, environment) for name in names])
    return 0


def with_screen(dots: int, work: Callable[[dict[str, str]], object]) -> None:
    reading, writing = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        "1920x1200x24",
        "-dpi",
        str(dots),
        "-nolisten",
        "tcp",
    ]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        environment = {**os.environ, "DISPLAY": f":{pipe.readline().strip()}"}
    manager = subprocess.Popen(["openbox"], env=environment, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    try:
        work(environment)
    finally:
        manager.terminate()
        server.terminate()
        server.wait()


def shoot(name: str, folder: Path, environment: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as home:
        out = folder / f"{name}.png"
        command = [sys.executable, __file__, "--draw", name, str(out)]
        subprocess.run(command, env={**environment, "RAS_HOME": home}, check=True)
        print(out)


def draw(name: str, out: Path) -> int:
    """One state, in this process (a process has one Tk root)."""
    from PIL import ImageGrab

    from ras.gui import window
    from ras.gui.app import App
    from ras.gui.bench import Bench
    from ras.gui.theme import Theme
    from ras.records import Archive, IndexReport, Job, Notice, Progress, Query, SearchReport
    from ras.settings import Settings

    theme, _, size, steps = SHOTS[name]

    class HalfWay(Bench):
        """Its searches (``half``) or indexings (``stall``) stay where they are after some 40 %."""

        def search(self, settings: Settings, query: Query, archive: Archive) -> Job[SearchReport]:
            for name in ANSWERS:
                if name in steps:
                    return made_up(name, archive, settings.scope, FIRST)
            return self._half("half", super().search(settings, query, archive))

        def index(self, archive: Archive, retry: bool) -> Job[IndexReport]:
            return self._half("stall", super().index(archive, retry))

        def _half(self, step: str, job: Job[Any]) -> Job[Any]:
            if step not in steps:
                return (yield from job)
            with contextlib.closing(job):
                while True:
                    event = next(job)
                    yield event
                    if isinstance(event, Progress) and event.total and event.done > event.total * 0.4:
                        # The sample is through before it can be told how fast it goes; a real archive takes longer.
                        yield dataclasses.replace(event, seconds_left=94, rate=38.2, bytes_read=412_000_000)
                        while True:
                            yield Notice("")
                            time.sleep(0.05)

    root = window.make_root()
    settings = Settings(theme=theme, encoder="fingerprint", download_clip=False, window_geometry=f"{size}+0+20")
    app = App(root, Theme(root), settings, HalfWay())
    app.notices.say = lambda text, kind="Notice", say=app.notices.say: text and say(text, kind)  # type: ignore
    root.deiconify()
    app.start()
    live(app, lambda: app.encoder.facts is not None)
    for step in steps:
        act(app, step, steps)
    live(app, lambda: False, 1.2)
    # Without the frame, which is the window manager's. The menu bar stands above what winfo calls the window; what Tk
    # shows is a copy of it with a name of its own.
    left, top = root.winfo_rootx(), root.tk.getint(root.tk.call("winfo", "rooty", ".#" + str(app.menu_bar)[1:]))
    box = (left, top, left + root.winfo_width(), root.winfo_rooty() + root.winfo_height())
    ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).crop(box).save(out)
    os._exit(0)  # without waiting for a search that never ends


def act(app: App, step: str, steps: Sequence[str]) -> None:
    from PIL import Image

    from ras.gui.bench import IndexState
    from ras.gui.sample import QUERIES, SAMPLE
    from ras.paths import ASSETS
    from ras.records import Progress

    if step in ("archive", "lost", "gone"):
        path = SAMPLE if step == "archive" else lost_archive(gone=step == "gone")
        before = app.inputs.archive
        app.inputs.open_archive([str(path)])
        live(app, lambda: app.inputs.archive is not before and app.index.readiness.index is not None)
    elif step in ("query", "sunset") or step in ANSWERS:
        queries = {
            "sunset": QUERIES / "cropped.jpg",
            "unlikely": ASSETS / "icon.png",
            "alike": ASSETS / "icon.png",
            "cropped": cropped_query(),
        }
        app.inputs.load_query(str(queries.get(step, QUERIES / "bordered.png")))
        live(app, lambda: app.run.report is not None or ("half" in steps and app.results.amount > 8))
    elif step in ("copies", "look-alikes"):
        app.choose_scope("copies" if step == "copies" else "alike")
    elif step == "rest":
        app.show_rest()
    elif step == "blank":
        path = Path(os.environ["RAS_HOME"]) / "white.png"
        Image.new("RGB", (640, 480), "white").save(path)
        app.inputs.load_query(str(path))
        live(app, lambda: bool(app.notices.sentences))
    elif step == "unfinished":
        app.index.show(dataclasses.replace(app.index.readiness, index=IndexState(94, 92, 2, 31)))
    elif step == "scopes":
        app.query_panel.scope_button.event_generate("<Button-1>")
    elif step == "search-menu":
        app.root.event_generate("<Alt-s>")
    elif step == "index":
        app.index.start()
        live(app, lambda: not app.index.run.running or ("stall" in steps and (app.index.run.percent or 0) >= 40))
        live(app, lambda: False, 0.5)
    elif step == "stop":
        app.index.run.stop()
        live(app, lambda: not app.index.run.running)
        live(app, lambda: False, 0.5)
    elif step == "failures":
        app.index.show_failures()
    elif step == "archives":
        app.archives.open()
        live(app, lambda: False, 0.5)
    elif step == "remove":
        assert app.archives.window is not None
        app.archives.window.remove_button.invoke()
    elif step == "modes":
        app.query_panel.mode_menu.master.event_generate("<Button-1>")  # as a click does
    elif step == "drag":
        app.query_panel.zone.light(True)
    elif step in ("second", "third", "sixth"):
        app.results.select({"second": 1, "third": 2, "sixth": 5}[step])
    elif step == "notice":
        app.notices.say("CLIP ViT-B/32 is ready: from now on searches use it.")
    elif step == "download":
        app.status.download(Progress("Downloading the CLIP model", 120_000_000, 353_976_522, "bytes", 62))
    elif step == "error":
        app.notices.say("“notes.txt” is neither a picture (PNG or JPEG) nor a Discord export (JSON).", "Error")
    elif step == "fault":
        app.crashes.report(ValueError("an example"))
    elif step == "shortcuts":
        app.root.event_generate("<F1>")
    elif step == "menu":
        app.root.event_generate("<Alt-f>")
    elif step == "context":
        app.results.canvas.event_generate("<Shift-F10>")


def cropped_query() -> Path:
    """The part of the first picture that is outlined on it."""
    from PIL import Image

    from ras.gui.sample import SAMPLE

    path = Path(os.environ["RAS_HOME"]) / "cropped.png"
    with Image.open(next(SAMPLE.parent.rglob(f"{Path(FIRST).stem}-*"))) as whole:
        left, top, right, bottom = (*CROP[0], *CROP[2])
        box = (left * whole.width, top * whole.height, right * whole.width, bottom * whole.height)
        whole.convert("RGB").crop(tuple(map(round, box))).save(path)
    return path


def lost_archive(gone: bool) -> Path:
    """A copy of the sample of which some pictures are lost; or all of it is ``gone``."""
    import shutil

    from ras.gui.sample import SAMPLE

    folder = Path(os.environ["RAS_HOME"]) / "copy"
    if gone:
        shutil.rmtree(folder)
    else:
        shutil.copytree(SAMPLE.parent, folder)
        for path in sorted(folder.rglob("*.jpg"))[::9]:
            path.unlink()
    return folder / SAMPLE.name


def live(app: App, done: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        app.root.update()
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
