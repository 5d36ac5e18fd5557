"""Whether the window stays alive under load: ``python -m benchmarks.smoothness [PICTURES [PHASE ...]]``.

Opens the real window with the fingerprint encoder on an archive of PICTURES (100,000), nearly all of them stored, and
indexes those that are not (with their details, by the program's own threads), while the user searches with 10,000
results, scrolls their tiles by wheel and by scroll bar, and as a list, filters and sorts them, goes through them, and
magnifies and drags one in the compare window. Prints for each PHASE how long the window's loop did not come round (wall
time), how much processor time its thread took at a stretch at most, and the frames of what scrolled, each drawn by the
screen before the next. Beside it beat two bare Tk windows: one in a process of its own all the time, which says what
the machine allows, and before that one in the process of the same indexing, which says what its threads allow; and a
plain canvas with as many images is scrolled there. Uses a data folder of its own; without a screen it starts Xvfb.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, Sequence

from benchmarks.heartbeat import Frames, Heartbeat, gaps_of

if TYPE_CHECKING:
    import tkinter as tk


REPOSITORY = Path(__file__).resolve().parent.parent
PICTURES, FRESH, RESULTS = 100_000, 1000, 10_000
_ROUGH_SECONDS = 8.0
_HEAD = f"{'':24}{'seconds':>8}{'longest gap':>13}{'99 %':>7}{'> 50':>6}{'busiest':>9}{'bare: longest':>15}{'99 %':>7}"


def main(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["--beat"]:
        return beat(Path(arguments[1]))
    if arguments[:1] == ["--indexing"]:
        return beside_indexing(arguments[1])
    if arguments[:1] == ["--window"]:
        return window(arguments[1], arguments[2:])
    pictures = int(arguments[0]) if arguments else PICTURES
    chosen = arguments[1:]

    def work(environment: dict[str, str]) -> None:
        from benchmarks.full_archive import full_archive

        with tempfile.TemporaryDirectory() as folder:
            home = os.environ["RAS_HOME"] = str(Path(folder) / "home")
            environment = {**environment, "RAS_HOME": home, "OPENBLAS_NUM_THREADS": "1"}
            export = str(full_archive(Path(folder), pictures, min(FRESH, pictures // 4)))
            print(f"{pictures:,} pictures, {os.cpu_count()} cores, milliseconds", flush=True)
            for command in (["--indexing", export], ["--window", export, *chosen]):
                subprocess.run([*_command(), *command], env=environment, cwd=REPOSITORY, check=True)

    if os.environ.get("DISPLAY") or sys.platform in ("win32", "darwin"):
        work(dict(os.environ))
    else:
        from benchmarks.screenshots import with_screen

        with_screen(96, work)
    return 0


def _command() -> list[str]:
    return [sys.executable, "-m", "benchmarks.smoothness"]


# -- what it is compared with ------------------------------------------------------------------------------------------


def beat(out: Path) -> int:
    """A bare window in a process of its own, until its standard input ends."""
    import tkinter as tk

    root = tk.Tk()
    root.geometry("200x100+1700+1000")
    heart, ended = Heartbeat(root), threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()

    def look() -> None:
        if ended.is_set():
            root.quit()
        root.after(50, look)

    look()
    root.mainloop()
    out.write_text(json.dumps(heart.beats))
    os._exit(0)


def beside_indexing(export: str) -> int:
    """A bare window, and a plain canvas with as many images as there are tiles, in the process of the indexing."""
    import tkinter as tk

    from PIL import Image, ImageTk

    from ras.archive import read_archive
    from ras.gui import window
    from ras.gui.bench import Bench
    from ras.gui.pump import Pump
    from ras.records import finish
    from ras.worker import Worker

    root = window.make_root()
    root.geometry("700x700+0+0")
    bench, pump, indexer = Bench(), Pump(root, _raise), Worker("index")
    finish(bench.build(_settings()))
    archive = finish(read_archive([export]))
    canvas = tk.Canvas(root, highlightthickness=0, yscrollincrement=1)
    canvas.pack(fill="both", expand=True)
    photos = [ImageTk.PhotoImage(Image.effect_noise((160, 180), 60).convert("RGB"), master=root) for _ in range(64)]
    for number in range(RESULTS):
        canvas.create_image(number % 4 * 172, number // 4 * 250, image=photos[number % 64], anchor="nw")
    canvas.configure(scrollregion=(0, 0, 700, RESULTS // 4 * 250))
    root.deiconify()
    root.update()
    heart, frames = Heartbeat(root), Frames(canvas)
    moments: dict[str, tuple[float, float]] = {}

    def script() -> Iterator[int]:
        yield 500
        started = time.perf_counter()
        for _ in range(200):
            frames.draw(lambda: canvas.yview_scroll(24, "units"))
            yield 12
        moments["plain canvas, scrolled"] = (started, time.perf_counter())
        quiet = frames.said
        ticket = pump.start(indexer, lambda: bench.index(archive, False))
        yield 1500
        started = time.perf_counter()
        yield int(_ROUGH_SECONDS * 1000)
        moments["indexing, bare window"] = (started, time.perf_counter())
        frames.costs.clear(), frames.moments.clear()
        started = time.perf_counter()
        for _ in range(200):
            frames.draw(lambda: canvas.yview_scroll(24, "units"))
            yield 12
        moments["and plain canvas, scrolled"] = (started, time.perf_counter())
        print(_HEAD)
        for name, (since, until) in moments.items():
            said = quiet if name.startswith("plain") else frames.said if "scrolled" in name else ""
            _say(name, heart.beats, None, since, until, said)
        ticket.cancel()
        indexer.close(timeout=5)
        os._exit(0)

    _play(root, script())
    root.mainloop()
    return 1


# -- the window --------------------------------------------------------------------------------------------------------


def window(export: str, chosen: Sequence[str]) -> int:
    from benchmarks.smoothness_user import PHASES, User
    from ras.gui import window
    from ras.gui.app import App
    from ras.gui.theme import Theme

    root = window.make_root()
    app = App(root, Theme(root), _settings())
    root.deiconify()
    root.update()
    app.start()
    heart, user = Heartbeat(root), User(app)
    beats = Path(os.environ["RAS_HOME"]) / "beats.json"
    bare = subprocess.Popen([*_command(), "--beat", str(beats)], stdin=subprocess.PIPE, cwd=REPOSITORY)
    moments: dict[str, tuple[float, float, str]] = {}

    def script() -> Iterator[int]:
        yield 1000
        for name, phase in PHASES.items():
            needed = name in ("opening", "indexing starts", "search, 10,000 results")
            if chosen and not needed and not any(one in name for one in chosen):
                continue
            user.frames = None
            started = time.perf_counter()
            yield from phase(user, export)
            moments[name] = (started, time.perf_counter(), user.frames.said if user.frames is not None else "")
            yield 300
        still = app.index.run.running
        print("window, indexing all the time" if still else "window; THE INDEXING ENDED TOO EARLY")
        assert bare.stdin is not None
        bare.stdin.close()
        bare.wait()
        beside = [(one, two) for one, two in json.loads(beats.read_text())]
        for name, (since, until, said) in moments.items():
            _say(name, heart.beats, beside, since, until, said)
        os._exit(0)

    _play(root, script())
    root.mainloop()
    return 1


def _settings():  # type: ignore[no-untyped-def]
    from ras.settings import Settings

    return Settings(
        encoder="fingerprint",
        download_clip=False,
        theme="dark",
        window_geometry="1240x800+0+0",
        mode="cached",
        top_k=RESULTS,
    )


def _play(root: tk.Misc, script: Iterator[int]) -> None:
    """Go on with the script whenever as many milliseconds have passed as it yields."""

    def step() -> None:
        try:
            root.after(next(script), step)
        except BaseException:  # noqa: BLE001  Tk would go on, and the benchmark never end
            traceback.print_exc()
            os._exit(1)

    root.after(1, step)


def _say(
    name: str,
    beats: Sequence[tuple[float, float]],
    beside: Sequence[tuple[float, float]] | None,
    since: float,
    until: float,
    said: str,
) -> None:
    gaps = gaps_of(beats, since, until)
    line = f"{name:24}{until - since:8.1f}{gaps.longest * 1000:13.0f}{gaps.usual * 1000:7.0f}"
    line += f"{gaps.over:6}{gaps.busiest * 1000:9.0f}"
    more = " " * 22
    if beside is not None:
        bare = gaps_of(beside, since, until)
        more = f"{bare.longest * 1000:15.0f}{bare.usual * 1000:7.0f}"
    print(f"{line}{more}  {said}".rstrip(), flush=True)


def _raise(error: BaseException) -> None:
    raise error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
