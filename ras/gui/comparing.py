"""“Compare with the query”: the result that is selected large, beside the query or under it, and what is done there."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any, Callable, Generator

from ras.gui import shapes
from ras.gui.commands import key_sequences
from ras.gui.compare_view import CompareView
from ras.gui.overlay import Layers, layers, projection
from ras.gui.zoom import Zoom
from ras.text import count, whole

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.gui.action_board import Action
    from ras.gui.app import App
    from ras.gui.compare_window import CompareWindow
    from ras.gui.pane import Pane
    from ras.records import Query, SearchResult
    from ras.worker import Ticket

_REST_MS = 120
"""A result that the keyboard only passes by is not decoded in full."""


class Comparing:
    """One window at most. It follows the selection: to go on in it is to go on in the results."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.window: CompareWindow | None = None
        self.view: CompareView | None = None
        """Of the window that is open."""
        self.is_sharp = False
        """Whether the picture itself is shown, not only the search's preview of it."""
        self._result: SearchResult | None = None
        self._query: Query | None = None
        self._jobs: list[Ticket] = []
        self._timer: str | None = None
        app.selection.watchers.append(self._selected)

    @property
    def possible(self) -> bool:
        return self._app.results.selection is not None

    @property
    def complete(self) -> bool:
        """Whether nothing is under way that would change what is seen."""
        return not self._jobs and self._timer is None and (self.view is None or not self.view.drawing)

    def open(self) -> None:
        """Show the selected result, in the window that there is or in a new one."""
        from ras.gui.compare_window import CompareWindow

        app, result = self._app, self._app.results.selection
        if result is None:
            return
        if self.window is None:
            window = self.window = CompareWindow(app.root, app.theme, self)
            self.view = CompareView(
                window.pane,
                window.query_pane,
                app.pump,
                app.workers.draw,
                ground=lambda: app.theme.palette.well,
                failed=app.failed,
                scaled=self._say_scale,
            )
            window.bind("<Destroy>", self._closed, add=True)
        self.window.lift()
        self.window.pane.focus_set()
        self._result = None
        self._selected(result)

    def space_on_result(self) -> None:
        """Show the spoiler that is selected, or any other result large."""
        result = self._app.results.selection
        if result is not None and self._app.results.is_veiled(result):
            self._app.results.reveal_selected()
        else:
            self.open()

    # -- what the window's keys and buttons do ---------------------------------------------------------------------

    def lay_out(self) -> None:
        """Bring the window in line with the mode that is chosen in it."""
        if self.window is not None:
            self.window.lay_out(over=self._is_over, alone=self._query is None)
            self._say()
            self.draw()

    def draw(self) -> None:
        """What is seen has changed: its size, how much of the query lies over it, or the pictures."""
        if self.view is not None and self.window is not None:
            self.view.over, self.view.blend = self._is_over, self.window.blend.get()
            self.view.draw()

    def choose(self, mode: str) -> None:
        if self.window is not None and self._query is not None:
            self.window.mode.set(mode)
            self.lay_out()

    def switch(self) -> None:
        """All of the picture, or all of the query in its place: what differs jumps to the eye."""
        if self.window is not None and self._query is not None:
            before = self.window.blend.get() if self._is_over else 1.0
            self.window.blend.set(0.0 if before > 0.5 else 1.0)
            self.choose("over")

    def step(self, by: int) -> None:
        results = self._app.results
        place = results.selected_place
        if place is not None and 0 <= place + by < results.amount:
            results.select(place + by)

    def space(self) -> None:
        """Show the spoiler, or else close the window that Space has opened."""
        if self._is_veiled:
            self._app.results.reveal_selected()
        elif self.window is not None:
            self.window.destroy()

    def double_click(self) -> None:
        """The whole picture or its true size, whichever is not seen."""
        if self._is_veiled:
            self._app.results.reveal_selected()
        elif self.view is not None and self.view.zoom.factor == 1.0:
            self.view.true_size()
        else:
            self.fit()

    def fit(self) -> None:
        if self.view is not None:
            self.view.fit()

    def true_size(self) -> None:
        if self.view is not None:
            self.view.true_size()

    def magnify(self, times: float) -> None:
        if self.view is not None:
            self.view.magnify(times)

    def turned(self, pane: Pane, notches: float, at: tuple[int, int]) -> None:
        if self.view is not None:
            self.view.turned(pane, notches, at)

    def dragged(self, pane: Pane, right: float, down: float) -> None:
        if self.view is not None:
            self.view.dragged(pane, right, down)

    def keys_of_actions(self) -> list[tuple[str, Callable[[], None]]]:
        """The shortcuts of what can be done with a result, as Tk binds them."""
        app = self._app

        def run(action: Action) -> None:
            if self._result is not None:
                action.run(self._result)

        return [
            (keys, lambda action=action: run(action))  # type: ignore[misc]
            for action in app.actions.in_menu
            if action is not None and action.sequence
            for keys in key_sequences(action.sequence, app.root)
        ]

    def pop_up(self, event: tk.Event[tk.Misc]) -> None:
        """The menu of what can be done with the result."""
        if self._result is not None:
            keyboard = str(event.type) == "KeyPress"
            x = event.widget.winfo_rootx() + 40 if keyboard else event.x_root
            y = event.widget.winfo_rooty() + 40 if keyboard else event.y_root
            self._app.actions.pop_up(self._result, x, y)

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def _is_over(self) -> bool:
        return self.window is not None and self.window.mode.get() == "over" and self._query is not None

    @property
    def _is_veiled(self) -> bool:
        return self._result is not None and self._app.results.is_veiled(self._result)

    def _selected(self, result: SearchResult | None) -> None:
        """The selection has changed, or whether its picture is veiled."""
        window, view, app = self.window, self.view, self._app
        if window is None or view is None:
            return
        if result is None:  # the results that come next have one
            if app.inputs.query is None:
                window.destroy()
            return
        if self._result is None or self._result.record.key != result.record.key:
            view.zoom = view.query_zoom = Zoom()
        self._stop()
        self._result, self.is_sharp = result, False
        view.onto_query = projection(result.matched_region) if result.matched_region else None
        view.words = "Spoiler – Space shows it" if self._is_veiled else ""
        preview = None if result.preview is None else shapes.open_preview(result.preview)
        if preview is not None and self._is_veiled:
            preview = shapes.veiled(preview)
        view.picture = None if preview is None else layers(preview)
        if preview is None:
            window.pane.clear("There is no preview of this picture.")
        if not self._is_veiled and (result.record.local_path is not None or app.settings.media_folders):
            self._timer = window.after(_REST_MS, self._look)
        self._take_query(view)
        self.lay_out()

    def _take_query(self, view: CompareView) -> None:
        loaded = self._app.inputs.query
        query = None if loaded is None or loaded.query.image is None else loaded.query
        if query is self._query and (query is None or view.query is not None):
            return
        self._query, view.query = query, None
        if query is not None and query.image is not None:
            image = query.image
            self._start(lambda: _layers(image), self._query_ready)

    def _query_ready(self, ready: Layers) -> None:
        if self.view is not None:
            self.view.query = ready

    def _look(self) -> None:
        from ras.gui.local_picture import look_closely

        self._timer = None
        if self._result is not None:
            record, folders = self._result.record, tuple(self._app.settings.media_folders)
            self._start(lambda: look_closely(record, folders), self._looked)

    def _looked(self, found: Layers | None) -> None:
        if found is not None and self.view is not None:
            self.view.picture, self.is_sharp = found, True

    def _start(self, make_job: Callable[[], Generator[Any, None, Any]], done: Callable[[Any], None]) -> None:
        def ended(value: Any) -> None:
            self._jobs.remove(ticket)
            done(value)
            self._say()
            self.draw()

        def failed(error: BaseException) -> None:
            self._jobs.remove(ticket)
            self._app.failed(error)

        ticket = self._app.pump.start(self._app.chores, make_job, done=ended, failed=failed)
        self._jobs.append(ticket)

    def _stop(self) -> None:
        for ticket in self._jobs:
            ticket.cancel()
        self._jobs.clear()
        if self._timer is not None and self.window is not None:
            self.window.after_cancel(self._timer)
        self._timer = None

    def _closed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self.window or self.view is None:
            return
        self._stop()
        self.view.close()
        self.window = self.view = self._result = self._query = None
        canvas = self._app.results.canvas
        if canvas.winfo_exists():  # else the program ends
            canvas.focus_set()

    # -- what is said ----------------------------------------------------------------------------------------------

    def _say_scale(self) -> None:
        if self.window is not None and self.view is not None:
            self.window.scale.configure(
                text=f"{whole(max(1, round(100 * self.view.scale)))} %" if self.is_sharp else ""
            )

    def _say(self) -> None:
        result, window, view, theme = self._result, self.window, self.view, self._app.theme
        if result is None or window is None or view is None:
            return
        place, results = self._app.results.selected_place, self._app.results
        name = theme.shown(result.record.file_name)
        seen = ""
        if view.picture is not None and self.is_sharp:
            seen = f" · {_pixels(view.picture)}" + (", shown reduced" if view.picture.reduced else "")
        elif not self._jobs and self._timer is None and not self._is_veiled:
            seen = " · only the preview of the search is here"
        if self._is_over and not self._is_veiled:
            seen += " · the query lies over it" + ("" if view.onto_query else "; where they match is not known")
        query = ""
        if self._query is not None:
            about = f" · {_pixels(view.query)}" if view.query else ""
            query = f"Query: {theme.shown(self._query.name)}{about}"
        title = theme.elided(result.verdict_text, "RasTitle", max(theme.px(200), window.winfo_width() - theme.px(140)))
        window.title(f"{name} – RAS")
        window.say(
            title, "" if place is None else f"{whole(place + 1)} of {whole(results.amount)}", query, f"{name}{seen}"
        )
        window.previous.configure(state="normal" if place else "disabled")
        last = place is None or place + 1 >= results.amount
        window.next.configure(state="disabled" if last else "normal")


def _layers(image: Image) -> Generator[Any, None, Layers]:
    yield from ()
    return layers(image)


def _pixels(shown: Layers) -> str:
    return f"{whole(shown.size[0])} × {count(shown.size[1], 'pixel')}"
