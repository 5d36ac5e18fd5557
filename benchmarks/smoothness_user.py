"""What somebody does in the window in a minute, by mouse and keyboard: see ``smoothness``."""

from __future__ import annotations

import functools
import math
import time
import tkinter as tk
from typing import TYPE_CHECKING, Callable, Iterator

from benchmarks.heartbeat import FRAME, Frames

if TYPE_CHECKING:
    from ras.gui.app import App

Phase = Callable[["User", str], Iterator[int]]


class User:
    """Phases are generators of the milliseconds until they go on."""

    def __init__(self, app: App) -> None:
        self.app, self.root = app, app.root
        self.frames: Frames | None = None
        """Of what the phase scrolled."""
        self._x11 = app.root.tk.call("tk", "windowingsystem") == "x11"

    def wheel(self, widget: tk.Misc, down: bool) -> None:
        x, y = widget.winfo_width() // 2, widget.winfo_height() // 2
        if self._x11:
            widget.event_generate("<Button-5>" if down else "<Button-4>", x=x, y=y)
        else:
            widget.event_generate("<MouseWheel>", delta=-120 if down else 120, x=x, y=y)

    def key(self, widget: tk.Misc, keys: str) -> None:
        widget.focus_force()
        widget.event_generate(keys)

    def next_frame(self) -> int:
        """Milliseconds until a screen that draws 60 frames a second shows the next one: a hand drags as evenly."""
        return math.ceil((FRAME - time.perf_counter() % FRAME) * 1000)

    def until(self, true: Callable[[], object], seconds: float = 120) -> Iterator[int]:
        for _ in range(int(seconds * 100)):
            if true():
                return
            yield 10
        raise AssertionError("the window did not come to what was waited for")


def opening(user: User, export: str) -> Iterator[int]:
    app = user.app
    yield from user.until(lambda: app.encoder.facts is not None)
    app.inputs.take_files([export])
    yield from user.until(lambda: app.inputs.archive is not None)
    yield from user.until(lambda: app.state.condition is not None)


def indexing(user: User, _export: str) -> Iterator[int]:
    app = user.app
    yield from user.until(lambda: app.index.possible)
    app.index.start()
    yield 6000


def search(user: User, _export: str) -> Iterator[int]:
    """The sample's picture is the query, whose results are all others in the archive."""
    from ras.gui.sample import FIRST_QUERY

    app = user.app
    before = app.run.report
    app.inputs.take_files([str(FIRST_QUERY)])
    yield from user.until(lambda: app.run.report is not None and app.run.report is not before)
    yield from user.until(lambda: app.results.complete)
    yield 500
    if app.run.rest_hidden:
        app.show_rest()
    yield from user.until(lambda: app.results.complete)
    assert app.results.amount > 1000, f"only {app.results.amount} results"
    app.results.select(0)
    yield 500


def by_wheel(user: User, _export: str) -> Iterator[int]:
    """Some notches, a rest, some back: each glides."""
    canvas = user.app.results.canvas
    frames = user.frames = Frames(canvas)
    to = canvas.yview_moveto
    canvas.yview_moveto = lambda fraction: frames.draw(lambda: to(fraction))  # type: ignore[method-assign]
    try:
        for round_ in range(6):
            for _ in range(16):
                user.wheel(canvas, down=round_ != 4)
                yield 70
            yield 300
    finally:
        del canvas.yview_moveto  # type: ignore[method-assign]


def by_bar(user: User, _export: str) -> Iterator[int]:
    """The slider is dragged all the way down, then up; with each step other tiles are seen."""
    canvas = user.app.results.canvas
    (bar,) = (child for child in user.app.results.winfo_children() if child.winfo_class() == "TScrollbar")
    frames = user.frames = Frames(canvas)
    x, steps = bar.winfo_width() // 2, 240
    top, bottom = bar.winfo_height() // 50, bar.winfo_height() * 9 // 10
    canvas.yview_moveto(0)
    yield 200
    bar.event_generate("<Button-1>", x=x, y=top)
    for step in [*range(steps), *reversed(range(steps))]:
        y = top + (bottom - top) * step // steps
        frames.draw(functools.partial(bar.event_generate, "<B1-Motion>", x=x, y=y))
        yield user.next_frame()
    bar.event_generate("<ButtonRelease-1>", x=x, y=top)
    yield 300


def listed(user: User, export: str) -> Iterator[int]:
    user.app.looks.turn_list()
    yield 500
    yield from by_wheel(user, export)
    user.app.looks.turn_list()
    yield 500


def filtering(user: User, _export: str) -> Iterator[int]:
    app = user.app
    app.centre.find()
    yield 300
    entry = app.centre.filters.controls["author"]
    for text in ("wanderer", "5", "nobody", "erer 4"):
        for character in text:
            user.key(entry, "<space>" if character == " " else f"<Key-{character}>")
            yield 120
        yield 300
        for _ in text:
            user.key(entry, "<BackSpace>")
            yield 120
        yield 300
    app.centre.turn_filters()
    yield 300


def sorting(user: User, _export: str) -> Iterator[int]:
    for order in ("date", "-date", "author", "name", "likeness"):
        user.app.looks.choose(order=order)
        yield 500
    user.app.looks.choose(group_postings=False)
    yield 300
    user.app.looks.choose(group_postings=True)
    yield 300


def going_through(user: User, _export: str) -> Iterator[int]:
    """By the arrow keys, with rests in which the picture itself is looked for."""
    canvas = user.app.results.canvas
    for number in range(50):
        user.key(canvas, "<Right>" if number % 3 else "<Down>")
        yield 400 if number % 10 == 9 else 60


def comparing(user: User, _export: str) -> Iterator[int]:
    app = user.app
    app.comparing.open()
    yield from user.until(lambda: app.comparing.complete)
    for mode in ("side", "over"):
        app.comparing.choose(mode)
        yield 500
        window = app.comparing.window
        assert window is not None
        pane = window.pane
        frames = user.frames = user.frames or Frames(pane)
        for _ in range(10):
            user.wheel(pane, down=False)
            yield 50
        pane.event_generate("<Button-1>", x=100, y=100)
        for step in range(60):
            at = 100 + (step if step < 30 else 60 - step) * 6
            frames.draw(functools.partial(pane.event_generate, "<B1-Motion>", x=at, y=at))
            yield user.next_frame()
        pane.event_generate("<ButtonRelease-1>", x=100, y=100)
        for _ in range(10):
            user.wheel(pane, down=True)
            yield 50
    for _ in range(8):
        app.comparing.step(1)
        yield 300
    if app.comparing.window is not None:
        app.comparing.window.destroy()
    yield 300


def resting(_user: User, _export: str) -> Iterator[int]:
    yield 3000


PHASES: dict[str, Phase] = {
    "idle": resting,
    "opening": opening,
    "indexing starts": indexing,
    "search, 10,000 results": search,
    "tiles, by wheel": by_wheel,
    "tiles, by scroll bar": by_bar,
    "list, by wheel": listed,
    "filter typed": filtering,
    "sorted, grouped": sorting,
    "results gone through": going_through,
    "compare": comparing,
    "searched again": search,
}
