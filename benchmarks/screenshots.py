"""Draws every state of the window into a folder: ``python benchmarks/screenshots.py FOLDER [STATE ...]``.

Starts its own screens (Xvfb and openbox are needed), at 100 % to 250 %; uses the sample, the fingerprint encoder,
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
    from ras.records import Archive, Job, Query, SearchReport

PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")
"""Of the result that is chosen."""
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
    "paused-dark": ("dark", 96, "1240x770", ("archive", "stall", "query", "index", "pause")),
    "paused-narrow-light": ("light", 96, "900x600", ("archive", "stall", "index", "pause")),
    "double-paused": ("light", 192, "1900x1060", ("archive", "stall", "index", "pause")),
    "switch-dark": ("dark", 96, "1240x770", ("archive", "index", "lost", "index", "switch")),
    "switch-narrow-light": ("light", 96, "900x600", ("archive", "lost", "switch")),
    "double-switch": ("dark", 192, "1900x1060", ("archive", "index", "lost", "switch")),
    "changed-dark": ("dark", 96, "1240x770", ("lost", "index", "query", "changed")),
    "changed-narrow-light": ("light", 96, "900x600", ("lost", "changed")),
    "closing-dark": ("dark", 96, "1240x770", ("archive", "stall", "query", "index", "close")),
    "closing-narrow-light": ("light", 96, "900x600", ("archive", "stall", "index", "close")),
    "indexed-dark": ("dark", 96, "1240x770", ("archive", "index", "query")),
    "indexed-light-modes": ("light", 96, "1240x770", ("archive", "index", "query", "modes")),
    "stopped-half-way": ("dark", 96, "1240x770", ("archive", "stall", "index", "stop", "modes")),
    "left-out": ("light", 96, "1240x770", ("lost", "index")),
    "left-out-list": ("dark", 96, "1240x770", ("lost", "index", "failures")),
    "left-out-list-light": ("light", 96, "1240x770", ("lost", "index", "failures", "unfold")),
    "report-many-dark": ("dark", 96, "1240x800", ("mixed", "failures", "unfold")),
    "report-many-light": ("light", 96, "1240x800", ("mixed", "failures", "unfold", "several")),
    "report-hosts-dark": ("dark", 96, "1240x800", ("mixed", "failures", "hosts")),
    "report-filter-light": ("light", 96, "1240x800", ("mixed", "failures", "filter")),
    "report-narrow-light": ("light", 96, "900x600", ("mixed", "failures", "hosts")),
    "report-narrow-dark": ("dark", 96, "900x600", ("mixed", "failures", "unfold", "several")),
    "token-dark": ("dark", 96, "1240x770", ("mixed", "token")),
    "token-narrow-light": ("light", 96, "900x600", ("mixed", "token")),
    "spoilers-dark": ("dark", 96, "1240x800", ("spoilers", "query", "rest", "spoiler")),
    "spoilers-light": ("light", 96, "1240x800", ("spoilers", "query", "rest", "spoiler")),
    "spoilers-narrow": ("light", 96, "900x600", ("spoilers", "query", "rest", "spoiler")),
    "spoiler-shown": ("dark", 96, "1240x800", ("spoilers", "query", "rest", "spoiler", "shown")),
    "no-message": ("light", 96, "1240x800", ("archive", "query", "bare")),
    "view-menu-dark": ("dark", 96, "1240x800", ("spoilers", "query", "view-menu")),
    "archives-dark": ("dark", 96, "1240x800", ("archive", "index", "lost", "index", "archives")),
    "archives-light-remove": ("light", 96, "1240x800", ("archive", "index", "archives", "remove")),
    "archives-empty": ("light", 96, "900x600", ("archives",)),
    "gone-archive": ("dark", 96, "1240x770", ("lost", "index", "gone", "query")),
    "health-empty-light": ("light", 96, "1240x800", ("health",)),
    "health-dark": ("dark", 96, "1240x800", ("archive", "index", "verified", "health")),
    "health-light": ("light", 96, "1240x800", ("archive", "index", "verified", "health")),
    "health-trouble-dark": ("dark", 96, "1240x800", ("lost", "index", "harm", "health")),
    "health-trouble-light": ("light", 96, "1240x800", ("lost", "index", "harm", "health", "ask-clear")),
    "health-menu-dark": ("dark", 96, "1240x800", ("lost", "index", "harm", "health", "clear-menu")),
    "health-narrow-light": ("light", 96, "900x600", ("lost", "index", "harm", "health")),
    "health-narrow-dark": ("dark", 96, "900x600", ("archive", "index", "health", "ask-repair")),
    "health-busy-dark": ("dark", 96, "1240x800", ("archive", "stall", "index", "health", "hint")),
    "double-health-light": ("light", 192, "1900x1060", ("archive", "index", "verified", "health")),
    "double-health-dark": ("dark", 192, "1900x1060", ("lost", "index", "harm", "health")),
    "ended-dark": ("dark", 96, "1240x800", ("archive", "ended")),
    "ended-narrow-light": ("light", 96, "900x600", ("archive", "ended")),
    "crash-report-dark": ("dark", 96, "1240x800", ("archive", "ended", "read-report")),
    "crash-report-light": ("light", 96, "900x600", ("archive", "ended", "read-report")),
    "double-crash-report": ("dark", 192, "1900x1060", ("archive", "ended", "read-report")),
    "drag-over": ("dark", 96, "1240x800", ("archive", "drag")),
    "searching-dark": ("dark", 96, "1240x770", ("archive", "half", "query")),
    "searching-light-skipped": ("light", 96, "1240x770", ("lost", "half", "query")),
    "results-dark": ("dark", 96, "1240x770", ("archive", "index", "sunset")),
    "compare-photo-dark": ("dark", 96, "1240x770", ("archive", "index", "sunset", "fourth", "compare")),
    "compare-photo-over-light": ("light", 96, "1240x770", ("archive", "index", "sunset", "fourth", "compare", "over")),
    "list-found-light": ("light", 96, "1240x770", ("archive", "index", "sunset", "rest", "list", "first")),
    "filter-found-light": ("light", 96, "1240x770", ("archive", "index", "sunset", "rest", "filter-mara", "first")),
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
    "around-dark": ("dark", 96, "1240x800", ("archive", "altered", "third", "around")),
    "around-narrow-light": ("light", 96, "900x600", ("archive", "altered", "third", "around")),
    "compare-dark": ("dark", 96, "1240x800", ("archive", "cropped", "compare")),
    "compare-light": ("light", 96, "1240x800", ("archive", "altered", "second", "compare")),
    "compare-over-dark": ("dark", 96, "1240x800", ("archive", "cropped", "compare", "over")),
    "compare-over-light": ("light", 96, "1240x800", ("archive", "altered", "third", "compare", "over")),
    "compare-zoomed-dark": ("dark", 96, "1240x800", ("archive", "cropped", "compare", "zoom")),
    "compare-narrow-light": ("light", 96, "900x600", ("archive", "cropped", "compare", "over")),
    "compare-spoiler-dark": ("dark", 96, "1240x800", ("spoilers", "query", "rest", "spoiler", "compare")),
    "double-compare-light": ("light", 192, "1900x1060", ("archive", "cropped", "compare", "over")),
    "double-compare-dark": ("dark", 192, "1900x1060", ("archive", "altered", "second", "compare")),
    "search-menu-light": ("light", 96, "1240x800", ("archive", "altered", "search-menu")),
    "reposted-dark": ("dark", 96, "1240x800", ("archive", "reposted")),
    "reposted-unfolded-dark": ("dark", 96, "1240x800", ("archive", "reposted", "turn", "third")),
    "reposted-unfolded-light": ("light", 96, "1240x800", ("archive", "reposted", "turn")),
    "narrow-reposted-light": ("light", 96, "900x600", ("archive", "reposted")),
    "double-reposted-dark": ("dark", 192, "1900x1060", ("archive", "reposted", "turn")),
    "filter-dark": ("dark", 96, "1240x800", ("archive", "reposted", "rest", "filter-author")),
    "filter-light": ("light", 96, "1240x800", ("archive", "reposted", "rest", "filter-wrong")),
    "filter-nothing-dark": ("dark", 96, "1240x800", ("archive", "reposted", "filter-nothing")),
    "filter-order-light": ("light", 96, "1240x800", ("archive", "reposted", "newest", "order-menu")),
    "filter-searched-dark": ("dark", 96, "1240x800", ("archive", "index", "query", "filter-author", "search-only")),
    "narrow-filter-light": ("light", 96, "900x600", ("archive", "reposted", "rest", "filter-author")),
    "narrow-filter-dark": ("dark", 96, "900x600", ("archive", "reposted", "filter-nothing")),
    "wide-filter-light": ("light", 96, "1900x1030", ("archive", "reposted", "rest", "filter-author")),
    "double-filter-dark": ("dark", 192, "1900x1060", ("archive", "reposted", "rest", "filter-author")),
    "large-tiles-dark": ("dark", 96, "1240x800", ("archive", "reposted", "size-6")),
    "small-tiles-light": ("light", 96, "1240x800", ("archive", "reposted", "rest", "size-1")),
    "double-tiles-light": ("light", 192, "1900x1060", ("archive", "reposted", "size-2")),
    "tip-dark": ("dark", 96, "1240x800", ("archive", "reposted", "tip")),
    "tip-light": ("light", 96, "1240x800", ("archive", "reposted", "tip")),
    "list-dark": ("dark", 96, "1240x800", ("archive", "reposted", "rest", "list")),
    "list-narrow-dark": ("dark", 96, "900x600", ("archive", "reposted", "rest", "list")),
    "list-light": ("light", 96, "1240x800", ("archive", "reposted", "list", "newest", "turn")),
    "list-spoilers-light": ("light", 96, "1240x800", ("spoilers", "query", "rest", "list", "spoiler")),
    "narrow-list-dark": ("dark", 96, "900x600", ("archive", "reposted", "list", "turn")),
    "wide-list-light": ("light", 96, "1900x1030", ("archive", "reposted", "rest", "list")),
    "double-list-dark": ("dark", 192, "1900x1060", ("archive", "reposted", "list")),
    "narrow-altered-dark": ("dark", 96, "900x600", ("archive", "altered", "third")),
    "narrow-altered-light": ("light", 96, "900x600", ("archive", "index", "altered", "second")),
    "narrow-unlikely": ("light", 96, "900x600", ("archive", "unlikely")),
    "narrow-notice": ("dark", 96, "900x600", ("archive", "altered", "third", "notice")),
    "altered-notice": ("dark", 96, "1240x770", ("archive", "altered", "third", "notice")),
    "wide-altered": ("dark", 96, "1900x1030", ("archive", "altered", "second")),
    "double-altered-light": ("light", 192, "1900x1060", ("archive", "altered", "second")),
    "double-altered-dark": ("dark", 192, "1900x1060", ("archive", "altered", "third")),
    "double-unlikely": ("light", 192, "1900x1060", ("archive", "unlikely")),
    "low-long-dark": ("dark", 96, "900x600", ("long", "altered", "second")),
    "low-long-light": ("light", 96, "900x600", ("long", "altered", "third")),
    "low-scrolled-light": ("light", 96, "900x600", ("long", "reposted", "scrolled")),
    "low-reposted-dark": ("dark", 96, "900x600", ("long", "reposted")),
    "half-more-short-light": ("light", 144, "900x600", ("archive", "altered", "second")),
    "half-more-long-dark": ("dark", 144, "900x600", ("long", "altered", "third")),
    "double-long-light": ("light", 192, "1800x1080", ("long", "altered", "second")),
    "quarter-long-dark": ("dark", 216, "2025x1350", ("long", "altered", "third")),
    "huge-long-light": ("light", 240, "2250x1500", ("long", "altered", "second")),
    "huge-reposted-dark": ("dark", 240, "3800x2000", ("archive", "reposted")),
    "huge-compare-light": ("light", 240, "3800x2000", ("archive", "altered", "second", "compare", "over")),
    "huge-settings-dark": ("dark", 240, "3800x2000", ("archive", "settings", "page-pictures")),
    "huge-failures-light": ("light", 240, "3800x2000", ("mixed", "failures", "unfold", "several")),
    "huge-crop-dark": ("dark", 240, "3800x2000", ("archive", "query", "crop")),
    "small-huge-results-light": ("light", 240, "1900x1080", ("archive", "altered", "second")),
    "small-huge-compare-dark": ("dark", 240, "1900x1080", ("archive", "altered", "second", "compare", "over")),
    "small-huge-settings-light": ("light", 240, "1900x1080", ("archive", "settings", "page-pictures")),
    "small-huge-failures-dark": ("dark", 240, "1900x1080", ("mixed", "failures", "hosts")),
    "small-huge-crop-light": ("light", 240, "1900x1080", ("archive", "query", "crop")),
    "blank-query": ("dark", 96, "1240x800", ("archive", "altered", "blank")),
    "unfinished-light": ("light", 96, "1240x770", ("archive", "index", "unfinished")),
    "new-export-dark": ("dark", 96, "1240x800", ("archive", "new-export")),
    "screen-piece": ("dark", 96, "1240x800", ("archive", "screen-piece")),
    "double-screen-piece": ("light", 192, "1900x1060", ("archive", "screen-piece")),
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
    "double-spoilers-dark": ("dark", 192, "1900x1060", ("spoilers", "query", "rest", "spoiler")),
    "double-report-dark": ("dark", 192, "1900x1060", ("mixed", "failures", "unfold", "several")),
    "double-report-light": ("light", 192, "1900x1060", ("mixed", "failures", "hosts")),
    "double-token-light": ("light", 192, "1900x1060", ("mixed", "token")),
    "shortcuts-narrow-light": ("light", 96, "900x600", ("archive", "query", "shortcuts")),
    "double-shortcuts": ("light", 192, "1900x1060", ("archive", "query", "shortcuts")),
    "about-dark": ("dark", 96, "1240x800", ("archive", "query", "about")),
    "about-narrow-light": ("light", 96, "900x600", ("archive", "about")),
    "double-about": ("dark", 192, "1900x1060", ("archive", "about")),
    "settings-dark": ("dark", 96, "1240x800", ("archive", "settings")),
    "settings-pictures-light": ("light", 96, "1240x800", ("archive", "settings", "page-pictures")),
    "settings-network-wrong": ("dark", 96, "1240x800", ("archive", "settings", "wrong", "page-network")),
    "settings-places-light": ("light", 96, "1240x800", ("archive", "settings", "page-places")),
    "settings-narrow-dark": ("dark", 96, "900x600", ("archive", "settings", "page-pictures", "reset")),
    "settings-import-light": ("light", 96, "900x600", ("archive", "settings", "import")),
    "double-settings-light": ("light", 192, "1900x1060", ("archive", "settings")),
    "double-settings-dark": ("dark", 192, "1900x1060", ("archive", "settings", "page-pictures")),
    "crop-dark": ("dark", 96, "1240x800", ("archive", "query", "crop")),
    "crop-narrow-light": ("light", 96, "900x600", ("archive", "query", "crop")),
    "double-crop-light": ("light", 192, "1900x1060", ("archive", "query", "crop")),
    "words-dark": ("dark", 96, "1240x800", ("archive", "words", "described")),
    "words-hint-light": ("light", 96, "1240x770", ("archive", "words", "alike")),
    "words-narrow-dark": ("dark", 96, "900x600", ("archive", "words", "alike", "both")),
    "words-narrow-light": ("light", 96, "900x600", ("archive", "words", "alike", "crop", "both")),
    "double-words-dark": ("dark", 192, "1900x1060", ("archive", "words", "alike", "both")),
    "recent-dark": ("dark", 96, "1240x800", ("archive", "recent", "query")),
    "recent-narrow-light": ("light", 96, "900x600", ("archive", "recent", "words", "query")),
    "double-recent-light": ("light", 192, "1900x1060", ("archive", "recent", "query")),
    "batch-light": ("light", 96, "1240x800", ("archive", "index", "batch")),
    "batch-narrow-dark": ("dark", 96, "900x600", ("archive", "index", "words", "batch")),
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
    for dots in sorted({SHOTS[name][1] for name in chosen}):
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
        "3840x2160x24" if dots > 192 else "1920x1200x24",
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
    from ras.records import IndexReport, Notice, Progress
    from ras.settings import Settings

    theme, _, size, steps = SHOTS[name]

    class HalfWay(Bench):
        """Its searches (``half``) or indexings (``stall``) stay where they are after some 40 %."""

        def search(self, settings: Settings, query: Query, archive: Archive, *more: Any) -> Job[SearchReport]:
            if query.text:
                return described(query, archive)
            for name in ANSWERS:
                if name in steps:
                    return made_up(name, archive, settings.scope, FIRST)
            return self._half("half", super().search(settings, query, archive, *more))

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
    app.notices.say = lambda text, *more, say=app.notices.say, **named: text and say(text, *more, **named)  # type: ignore
    root.minsize(1, 1)  # a low window at 150 % is one of a small screen
    root.geometry(f"{size}+0+20")
    root.deiconify()
    app.start()
    live(app, lambda: app.encoder.facts is not None)
    if "tip" not in steps:  # where the mouse rests nothing lights up
        root.event_generate("<Motion>", x=root.winfo_width() // 2, y=root.winfo_height() - 2, warp=True)
    for step in steps:
        act(app, step, steps)
    live(app, lambda: False, 1.2)
    # Without the frame, which is the window manager's. The menu bar stands above what winfo calls the window; what Tk
    # shows is a copy of it with a name of its own.
    left, top = root.winfo_rootx(), root.tk.getint(root.tk.call("winfo", "rooty", ".#" + str(app.menu_bar)[1:]))
    box = (left, top, left + root.winfo_width(), root.winfo_rooty() + root.winfo_height())
    if app.screen_piece.window is not None:
        box = (0, 0, root.winfo_screenwidth(), root.winfo_screenheight())
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
            "reposted": QUERIES / "bordered.png",
        }
        app.inputs.load_query(str(queries.get(step, QUERIES / "bordered.png")))
        live(app, lambda: app.run.report is not None or ("half" in steps and app.results.amount > 8))
    elif step in ("copies", "look-alikes"):
        app.choose_scope("copies" if step == "copies" else "alike")
    elif step == "recent":
        for path in sorted(QUERIES.iterdir())[:9]:
            app.inputs.load_query(str(path))
            live(app, lambda path=path: bool(app.history.recent) and app.history.recent[0].query.name == path.name)
    elif step == "batch":
        app.inputs.take_files([*map(str, sorted(QUERIES.iterdir())[:4]), str(ASSETS / "icon.png")])
        live(app, lambda: bool(app.run.reports))
        app.batch.step(1)
    elif step == "words":
        app.inputs.use_text(True)
    elif step in ("described", "both"):
        app.query_panel.text_field.show("a dog in space", 0.4)
        app.search()
        live(app, lambda: app.run.report is not None)
    elif step == "crop":
        crop_query(app)
    elif step == "rest":
        app.show_rest()
    elif step == "blank":
        path = Path(os.environ["RAS_HOME"]) / "white.png"
        Image.new("RGB", (640, 480), "white").save(path)
        app.inputs.load_query(str(path))
        live(app, lambda: bool(app.notices.sentences))
    elif step.startswith("filter-"):
        app.centre.find()
        typed = {
            "author": ("author", "a"),
            "mara": ("author", "mara"),
            "wrong": ("after", "last week"),
            "nothing": ("channel", "memes"),
        }
        field, text = typed[step[7:]]
        app.centre.filters.controls[field].insert(0, text)  # type: ignore[union-attr]
    elif step.startswith("size-"):
        app.looks.choose(tile_size=int(step[5:]))
    elif step == "tip":
        x, y = app.results.layout.origin(0)
        app.results.canvas.event_generate("<Motion>", x=x + 60, y=y + 90, warp=True)
        live(app, lambda: app.results.controls.tip.window is not None)
    elif step == "list":
        app.looks.turn_list()
    elif step == "newest":
        app.looks.choose(order="-date")
    elif step == "order-menu":
        app.centre.bar.order_button.event_generate("<Button-1>")
    elif step == "search-only":
        live(app, lambda: False, 0.3)
        app.centre.filters.search_button.invoke()
        live(app, lambda: app.run.report is not None)
    elif step == "turn":
        app.results.controls.turn_selected()
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
    elif step == "pause":
        app.index.run.pause()
        live(app, lambda: app.index.run.paused)
        live(app, lambda: False, 0.5)
    elif step == "switch":
        app.root.event_generate("<Alt-a>")
        live(app, lambda: bool(app.switcher.menu.winfo_ismapped()))
    elif step == "changed":
        assert app.inputs.archive is not None
        path = Path(app.inputs.archive.archive.paths[0])
        live(app, lambda: bool(app.watch._known))
        path.write_text(path.read_text("utf-8") + "\n", "utf-8")
        live(app, lambda: bool(app.notices.sentences))
    elif step == "close":
        app.closing.ask()
    elif step == "stop":
        app.index.run.stop()
        live(app, lambda: not app.index.run.running)
        live(app, lambda: False, 0.5)
    elif step == "spoiler":
        hidden = [place for place, result in enumerate(app.results._results) if app.results.is_veiled(result)]
        app.results.select(hidden[0])
    elif step == "shown":
        app.results.reveal_selected()
    elif step == "view-menu":
        app.root.event_generate("<Alt-v>")
    elif step == "bare":  # as in a CSV file
        shown = app.results._results
        app.results.show(
            [dataclasses.replace(result, record=dataclasses.replace(result.record, message_id="")) for result in shown]
        )
        app.results.select(0)
    elif step == "spoilers":
        app.inputs.open_archive([str(spoiler_archive())])
        live(app, lambda: app.inputs.archive is not None and app.index.readiness.index is not None)
    elif step == "long":
        app.inputs.open_archive([str(long_archive())])
        live(app, lambda: app.inputs.archive is not None and app.index.readiness.index is not None)
    elif step == "mixed":
        app.inputs.open_archive([str(mixed_archive())])
        live(app, lambda: app.inputs.archive is not None and app.index.readiness.index is not None)
        app.index.start()
        live(app, lambda: not app.index.run.running)
        live(app, lambda: False, 0.5)
    elif step == "failures":
        before = app.report.window
        app.index.show_failures()
        live(app, lambda: app.report.window is not before)
        live(app, lambda: False, 0.3)
    elif step in ("unfold", "several", "hosts", "filter"):
        assert app.report.window is not None
        window = app.report.window
        if step == "unfold":
            window.list.fold(0, True)
        elif step == "several":
            window.list.select(2)
            window.list.select(5, extend=True)
        elif step == "filter":
            window.filter_button.event_generate("<Button-1>")
        else:
            window.allow_button.invoke()
    elif step == "token":
        app.report.ask_for_token(lambda: None)
        live(app, lambda: False, 0.5)
    elif step == "archives":
        app.archives.open()
        live(app, lambda: False, 0.5)
    elif step in (
        "health",
        "verified",
        "harm",
        "ask-clear",
        "ask-repair",
        "clear-menu",
        "hint",
        "ended",
        "read-report",
    ):
        show_health(app, step, "stall" in steps)
    elif step == "remove":
        assert app.archives.window is not None
        app.archives.window.remove_button.invoke()
    elif step == "modes":
        app.query_panel.mode_menu.master.event_generate("<Button-1>")  # as a click does
    elif step == "about":
        next(entry for entry in app.menu_bar.entries if getattr(entry, "label", "") == "About").run()  # type: ignore
        live(app, lambda: False, 0.8)
    elif step == "settings":
        app.root.event_generate("<Control-comma>")
        live(app, lambda: False, 0.5)
    elif step.startswith("page-") or step in ("wrong", "reset", "import"):
        change_settings(app, step)
    elif step == "drag":
        app.query_panel.zone.light(True)
    elif step in PLACES:
        live(app, lambda: False, 0.5)
        app.results.select(PLACES.index(step))
    elif step in ("compare", "over", "zoom"):
        if step == "compare":
            app.results.canvas.event_generate("<F4>")
        elif step == "over":
            app.comparing.choose("over")
        else:
            app.comparing.magnify(3)
        live(app, lambda: app.comparing.complete)
    elif step == "scrolled":
        app.details.scroll.page(9)
    elif step == "around":
        app.around.toggle()
        live(app, lambda: False, 0.8)
    elif step == "notice":
        app.notices.say("CLIP ViT-B/32 is ready: from now on searches use it.")
    elif step == "new-export":
        from ras.gui.folder_watch import new_text

        app.notices.say(new_text((str(SAMPLE),)), offer=("Open and index", app.index.start))
    elif step == "screen-piece":
        take_screen_piece(app)
    elif step == "download":
        app.status.download(Progress("Downloading the CLIP model", 120_000_000, 353_976_522, "bytes", 62))
    elif step == "error":
        app.notices.say("“notes.txt” is neither a picture (PNG or JPEG) nor a Discord archive.", "Error")
    elif step == "fault":
        app.crashes.report(ValueError("an example"))
    elif step == "shortcuts":
        app.root.event_generate("<F1>")
    elif step == "menu":
        app.root.event_generate("<Alt-f>")
    elif step == "context":
        app.results.canvas.event_generate("<Shift-F10>")


def show_health(app: App, step: str, stalled: bool) -> None:
    from ras.crashes import watch
    from ras.crashes.report import save_report
    from ras.gui.stored_archives import verify_store
    from ras.paths import crashes_folder, store_folder
    from ras.records import finish
    from ras.store import VerifyReport, verified
    from ras.store.damage import set_aside

    window = app.health.window
    if step == "verified":
        finish(verify_store())
    elif step == "harm":
        shard = store_folder() / "fingerprint-000001-5f2c9a11.joblib"
        shard.write_bytes(b"damaged" * 40_000)
        set_aside(shard, store_folder() / "damaged")
        said = f"A part of the embedding store in {store_folder()}, {shard.name}, is not what was written"
        verified.keep(store_folder(), VerifyReport(1, (f"{said}. 94 pictures must be indexed again.",), 94))
        try:
            int("nothing")
        except ValueError as exc:
            save_report(exc, "window", app.crash_notice.going_on())
    elif step == "health":
        live(app, lambda: not app.index.run.running, 0 if stalled else 90)
        app.root.event_generate("<Control-H>")
        live(app, lambda: app.health.window is not None and bool(app.health.window.cards))
        live(app, lambda: False, 0.5)
    elif step in ("ended", "read-report"):
        if step == "ended":
            crashes_folder().mkdir(exist_ok=True)
            stem = crashes_folder() / ".run-0123456789ab"
            watch.note({})
            stem.with_suffix(".lock").touch()
            stem.with_suffix(".json").write_text('{"in": "window", "mode": "faiss", "pictures": 3500}', "utf-8")
            stem.with_suffix(".dump").write_text(NATIVE_CRASH.format(REPOSITORY), "utf-8")
            app.crash_notice.look()
            live(app, lambda: bool(app.notices.sentences))
        else:
            app.notices.offer_button.invoke()
        live(app, lambda: False, 0.5)
    elif window is not None:
        if step == "ask-clear":
            window.ask_clear("aside")
        elif step == "ask-repair":
            window.repair_button.invoke()
        elif step == "clear-menu":
            window.clear_button.event_generate("<Button-1>")
        else:
            window.repair_button.focus_force()
        live(app, lambda: False, 0.3)


HEALTH = ("health", "verified", "harm", "ask-clear", "ask-repair", "clear-menu", "hint", "ended", "read-report")

NATIVE_CRASH = """Fatal Python error: Segmentation fault

Current thread 0x00007f21c8ff96c0 (most recent call first):
  File "{0}/ras/strategies/index_file.py", line 126 in open_index
  File "{0}/ras/strategies/faiss_index.py", line 96 in search
  File "{0}/ras/worker.py", line 119 in _work
  File "{0}/ras/worker.py", line 106 in _run

Extension modules: numpy._core._multiarray_umath, PIL._imaging (total: 2)
"""


def change_settings(app: App, step: str) -> None:
    from ras.settings import Settings
    from ras.settings_file import export_settings

    window = app.settings_change.window
    assert window is not None
    if step == "import":
        path = Path(os.environ["RAS_HOME"]) / "ras-settings.json"
        export_settings(path, Settings(encoder="clip", top_k=60, allowed_hosts=("pictures.example.org",), emoji=True))
        app.settings_change._ask(
            str(path), {"encoder": "clip", "top_k": 60, "allowed_hosts": ("pictures.example.org",)}
        )
    elif step == "reset":
        window.values["top_k"] = 99
        window.reset_button.invoke()
    elif step == "wrong":
        window.show_page("Network")
        window.rows["connections"].control.insert("end", "00")  # type: ignore[attr-defined]
        window.rows["allowed_hosts"].control.insert("end", "pictures.example.org")  # type: ignore[attr-defined]
    else:
        window.show_page(step[5:].title())


def take_screen_piece(app: App) -> None:
    """Of a screen with pictures on it, as a browser shows them."""
    import tkinter as tk

    from PIL import Image, ImageTk

    from ras.gui.sample import SAMPLE

    page = tk.Toplevel(app.root, background="#f2f3f5")
    page.geometry(f"{app.root.winfo_screenwidth()}x{app.root.winfo_screenheight()}+0+0")
    page.wm_overrideredirect(True)
    for place, path in enumerate(sorted(SAMPLE.parent.rglob("*.png"))[:8]):
        with Image.open(path) as picture:
            photo = ImageTk.PhotoImage(picture.convert("RGB").resize((400, 400)), master=page)
        label = tk.Label(page, image=str(photo), borderwidth=0)
        label.photo = photo  # type: ignore[attr-defined]
        label.grid(row=place // 4, column=place % 4, padx=30, pady=70)
    live(app, lambda: False, 0.5)
    app.screen_piece.take()
    live(app, lambda: app.screen_piece.window is not None)
    window = app.screen_piece.window
    assert window is not None
    live(app, lambda: False, 0.5)
    canvas = window.winfo_children()[0]
    for event, x, y in (("<Button-1>", 470, 50), ("<B1-Motion>", 700, 300), ("<B1-Motion>", 930, 500)):
        canvas.event_generate(event, x=x, y=y)


def described(query: Query, archive: Archive) -> Job[SearchReport]:
    """As an encoder that knows texts might answer."""
    found = yield from made_up("alike", archive, "all", FIRST)
    return dataclasses.replace(found, text="" if query.image else query.text)


def crop_query(app: App) -> None:
    """As a drag does it."""
    drag = app.query_panel.zone.dragging
    left, top, width, height = drag.place
    for event, x, y in (("<Button-1>", 0.2, 0.15), ("<B1-Motion>", 0.8, 0.65), ("<ButtonRelease-1>", 0.8, 0.65)):
        app.query_panel.zone.event_generate(event, x=round(left + x * width), y=round(top + y * height))
    live(app, lambda: app.inputs.query is not None and app.inputs.query.crop is not None)
    live(app, lambda: app.run.report is not None)


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


def spoiler_archive() -> Path:
    """A copy of the sample in which every third picture is a spoiler."""
    import json

    path = lost_archive(gone=False)
    export = json.loads(path.read_text("utf-8"))
    for number, message in enumerate(export["messages"]):
        for attachment in message["attachments"]:
            if number % 3 == 0:
                attachment["fileName"] = f"SPOILER_{attachment['fileName']}"
    path.write_text(json.dumps(export), "utf-8")
    return path


def long_archive() -> Path:
    """A copy of the sample with names and messages that are long, written from right to left, or have emoji."""
    import json

    path = lost_archive(gone=False)
    export = json.loads(path.read_text("utf-8"))
    export["guild"]["name"], export["channel"]["name"] = "نادي المصورين 📷", "صور-الغروب-على-شاطئ-البحر-الأبيض-المتوسط"
    names = ("عبد الرحمن بن محمد الصوفي 🌅", "נעמי בת־אברהם", "Maximiliane von Hohenstaufen-Wittelsbach zu Seeon 🦉")
    words = (
        "غروب الشمس فوق البحر 🌊 صورة من الصيف الماضي",
        "שקיעה מעל הים 🌅",
        "🌅 The light went from gold to violet within four minutes, and nobody spoke. " * 9,
    )
    for number, message in enumerate(export["messages"]):
        message["author"].update(name=names[number % 3], nickname=names[number % 3])
        message["content"] = words[number % 3]
    path.write_text(json.dumps(export), "utf-8")
    return path


def mixed_archive() -> Path:
    """A copy of the sample of which pictures cannot be had for every reason that needs no network."""
    import json

    path = lost_archive(gone=False)
    export = json.loads(path.read_text("utf-8"))
    attachments = [each for message in export["messages"] for each in message["attachments"]]
    for number, attachment in enumerate(attachments):
        name, file = attachment["fileName"], path.parent / attachment["url"]
        if number % 3 == 0:
            attachment["url"] = (
                f"https://cdn.discordapp.com/attachments/7/{9000 + number}/{name}?ex=65000000&is=64000000&hm=0&"
            )
        elif number % 7 == 1:
            host = ("i.imgur.com", "pbs.twimg.com", "pictures.example.org")[number % 5 % 3]
            attachment["url"] = f"https://{host}/media/{number}/{name}"
        elif number % 11 == 2 and file.is_file():
            file.write_bytes(b"<html>This content is no longer available.</html>")
        elif number % 13 == 4 and file.is_file():
            file.write_bytes(file.read_bytes()[:900])
    path.write_text(json.dumps(export), "utf-8")
    return path


def live(app: App, done: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        app.root.update()
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
