"""What somebody does in the window in one round, and what is held at the end of it.

Every round ends as the one before it did: what is held then tells whether anything was left behind.
"""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Callable, Iterator, Sequence

import numpy as np
from PIL import Image

from tests.reliability import gauges
from tests.reliability.made_up import is_missing, picture

if TYPE_CHECKING:
    import tkinter as tk

    from benchmarks.smoothness_user import User
    from ras.gui.app import App


def query(number: int) -> Image.Image:
    """Larger and coarser than what was posted; below 0, one that was not."""
    return Image.open(io.BytesIO(picture(number, (320, 240), 60)))


class Rounds:
    """Scripts are generators of the milliseconds until they go on."""

    def __init__(
        self,
        app: App,
        user: User,
        *,
        archive: Path,
        pictures: int,
        small: Path,
        searches: int,
        seed: int,
        leaks: Sequence[Callable[[tk.Tk], object]] = (),
        brief: bool = False,
    ) -> None:
        """``pictures`` in the archive, ``searches`` in a round; after each, all ``leaks`` are called. ``brief``: with
        nothing between the searches.
        """
        self.app, self.user = app, user
        self.archive, self.pictures, self.small = archive, pictures, small
        self.searches, self.leaks, self.brief = searches, leaks, brief
        self.found = self.searched = 0
        self._next = seed * 7919

    def say(self, what: str) -> None:
        """What is held just now, as a line on standard output."""
        app = self.app
        sample = gauges.take(app.root, Path(os.environ["RAS_HOME"]), Path(os.environ["TMPDIR"]))
        jobs = sum(len(tickets) for tickets in app.pump._workers.values())
        counts = {"jobs that are waited for": jobs, "searched": self.searched, "found": self.found}
        print(json.dumps({"what": what, **sample, **counts}), flush=True)  # noqa: T201

    def idle(self) -> Iterator[int]:
        """Until nothing goes on any more, and what waits for its time has had it."""
        app = self.app
        for _ in range(3):
            yield 120
            yield from self.user.until(
                lambda: app.results.complete and app.pump._timer is None and app.history._waiting is None
            )

    def play(self, rounds: int) -> Iterator[int]:
        """Index the archive while it is scrolled and searched, then the rounds."""
        app = self.app
        yield from self.user.until(lambda: app.encoder.facts is not None)
        yield from self.open(self.archive)
        yield from self.user.until(lambda: app.index.possible)
        app.index.start()
        yield from self.indexing()
        yield from self.idle()
        self.warm_up()
        for _ in range(rounds):
            yield from self.round()
            self.say("round")
        if app.crashes.reported:
            raise app.crashes.reported[0]

    def warm_up(self) -> None:
        """Fill what is kept and bounded, where it would take hundreds of searches until it was full: the widths of
        texts, a bar for each score, what numpy keeps of small arrays (seven of each size below 1,024 bytes, up to
        3.7 MB: NCACHE and NBUCKETS in its ``alloc``), and CPython's table of interned strings, which doubles once, by
        2 MB, when names that are gone have filled it.
        """
        from ras.gui.list_row import bar_size
        from ras.gui.score_bar import score_bar
        from ras.records import Verdict

        theme = self.app.theme
        text = "a text as long as those that are said in the window – “é”"
        for number in range(theme.elided.cache_info().maxsize or 0):
            theme.elided(f"{number} {text}", "RasSmall", theme.px(200))
        for name in ("light", "dark"):
            theme.use(name)
            for part in range(101):
                for verdict in (Verdict.ALIKE, Verdict.UNLIKELY):
                    result = SimpleNamespace(score=part / 100, verdict=verdict)
                    for size in (bar_size(theme), (theme.px(60), theme.px(6))):
                        score_bar(theme, result, size, theme.palette.panel)  # type: ignore[arg-type]
        for size_of_array in range(1, 1024):
            at_once = [np.empty(size_of_array, np.uint8) for _ in range(7)]
            at_once.clear()
        for number in range(100_000):
            sys.intern(f"{number} {text}")

    def indexing(self) -> Iterator[int]:
        """What is indexed so far is searched, by Cached, and scrolled."""
        app, step = self.app, max(1, self.pictures // 30)
        shown = 0
        app.choose_mode("cached")
        while app.index.run.running:
            progress = app.index.run._shown
            done = progress.done if progress is not None and progress.total else 0
            if done >= shown + step:
                shown = done
                self.say("indexing")
            if done > 200 and app.inputs.query is None:
                app.inputs.load_query(query(5), "first query")
            for down in (True, True, False):
                self.user.wheel(app.results.canvas, down=down)
                yield 100
        assert app.index.run.through, "the indexing did not come to its end"

    def round(self) -> Iterator[int]:
        app, user = self.app, self.user
        app.choose_theme("light")
        yield 50
        for number in range(self.searches):
            app.choose_mode("faiss" if number % 2 else "cached")
            yield from self.search(self._other())
            if not self.brief:
                yield from self.look_around(number)
            for leak in self.leaks:
                leak(app.root)
        if not self.brief:
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
            self._next = (self._next + 7919) % self.pictures
            if not is_missing(self._next):
                return self._next

    def search(self, number: int, *, among: bool = True) -> Iterator[int]:
        """``among``: its picture is in the archive that is open."""
        app, before = self.app, self.app.run.report
        app.inputs.load_query(query(number), f"query {number % 7}")
        yield from self.user.until(lambda: app.run.report is not None and app.run.report is not before)
        yield from self.user.until(lambda: app.results.complete)
        if app.run.rest_hidden:
            app.show_rest()
        if among:
            self.searched += 1
            best = app.run.report.results[0] if app.run.report is not None and app.run.report.results else None
            self.found += best is not None and best.record.key.endswith(f"88{number:010}")

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
            app.inputs.load_query(query(1), "one")
            yield 10 + number % 40
            app.inputs.load_query(query(2), "two")
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
        yield from self.idle()

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
