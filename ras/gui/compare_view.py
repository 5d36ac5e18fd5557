"""What is seen of two pictures, and where: beside each other or one over the other, magnified and dragged together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Generator, Sequence

from ras.gui.overlay import Layers, draw_over, draw_part, inside, mapped
from ras.gui.zoom import Zoom

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.gui.overlay import Matrix
    from ras.gui.pane import Pane
    from ras.gui.pump import Pump
    from ras.gui.zoom import Size
    from ras.worker import Worker

Drawing = Callable[[], "Image"]

_SAME: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


class CompareView:
    """``pane`` shows the ``picture``; the ``query`` is shown in its own pane, or over the picture by ``blend``."""

    def __init__(
        self,
        pane: Pane,
        query_pane: Pane,
        pump: Pump,
        worker: Worker,
        *,
        ground: Callable[[], str],
        failed: Callable[[BaseException], None],
        scaled: Callable[[], None],
    ) -> None:
        self._pane, self._query_pane = pane, query_pane
        self._pump, self._worker = pump, worker
        self._ground, self._failed, self._scaled = ground, failed, scaled
        self.picture: Layers | None = None
        self.query: Layers | None = None
        self.onto_query: Matrix | None = None
        """Shares of the picture → shares of the query; None where that is not known."""
        self.zoom, self.query_zoom = Zoom(), Zoom()
        self.over, self.blend = False, 0.5
        self.words = ""
        """Shown over the picture."""
        self.drawing = False
        self._again = self._closed = False

    @property
    def scale(self) -> float:
        """Pixels of the screen for one of the picture."""
        return 1.0 if self.picture is None else self.zoom.scale(self.picture.size, self._pane.room)

    def close(self) -> None:
        """Draw no more: the panes are about to go."""
        self._closed, self.picture, self.query = True, None, None

    def fit(self) -> None:
        self.zoom = self.query_zoom = Zoom()
        self.draw()

    def true_size(self) -> None:
        self._change(self._pane, lambda zoom, size, room: zoom.scaled(1.0, size, room))

    def magnify(self, times: float) -> None:
        self._change(self._pane, lambda zoom, size, room: zoom.magnified(times, (room[0] / 2, room[1] / 2), size, room))

    def turned(self, pane: Pane, notches: float, at: tuple[int, int]) -> None:
        self._change(pane, lambda zoom, size, room: zoom.magnified(1.25**notches, at, size, room))

    def dragged(self, pane: Pane, right: float, down: float) -> None:
        shown = self.query if pane is self._query_pane else self.picture
        if shown is None:
            return
        before = self.query_zoom if pane is self._query_pane else self.zoom
        self._change(pane, lambda zoom, size, room: zoom.moved((right, down), size, room))
        after = self.query_zoom if pane is self._query_pane else self.zoom
        wide, high = (side * after.scale(shown.size, pane.room) for side in shown.size)
        pane.shift((before.x - after.x) * wide, (before.y - after.y) * high)

    def draw(self) -> None:
        """Draw what is seen on the worker. What changes meanwhile is drawn after it."""
        if self._closed:
            return
        if self.drawing:
            self._again = True
            return
        self._scaled()
        panes = self._drawings()
        if not panes or min(panes[0][0].room) <= 1:  # not laid out yet
            return
        for pane, _, _ in panes:
            pane.asked()
        self.drawing = True
        self._pump.start(
            self._worker,
            lambda: _drawn([drawing for _, drawing, _ in panes]),
            done=lambda images: self._show(panes, images),
            failed=self._not_drawn,
        )

    def _drawings(self) -> list[tuple[Pane, Drawing, str]]:
        """For each pane what draws it, and the words over it. They run on the worker, and know all that they need."""
        found: list[tuple[Pane, Drawing, str]] = []
        picture, query, ground = self.picture, self.query, self._ground()
        zoom, room, blend = self.zoom, self._pane.room, self.blend
        if picture is not None and query is not None and self.over and not self.words:
            onto = self.onto_query or inside(picture.size, query.size)
            found.append((self._pane, lambda: draw_over(picture, query, onto, blend, zoom, room, ground), ""))
        elif picture is not None:
            found.append((self._pane, lambda: draw_part(picture, zoom, room, ground), self.words))
        if query is not None and not self.over:
            query_zoom, query_room = self.query_zoom, self._query_pane.room
            found.append((self._query_pane, lambda: draw_part(query, query_zoom, query_room, ground), ""))
        return found

    def _show(self, panes: Sequence[tuple[Pane, Drawing, str]], images: Sequence[Image]) -> None:
        self.drawing = False
        if self._closed:
            return
        for (pane, _, words), image in zip(panes, images):
            pane.show(image, words)
        if self._again:
            self._again = False
            self.draw()

    def _not_drawn(self, error: BaseException) -> None:
        self.drawing = self._again = False
        self._failed(error)

    def _change(self, pane: Pane, change: Callable[[Zoom, Size, Size], Zoom]) -> None:
        """Change what is seen in a pane; the other shows the same place."""
        if self.picture is None:
            return
        query = None if self.query is None or self.over else self.query.size
        if query is not None and pane is self._query_pane:
            self.query_zoom = change(self.query_zoom, query, pane.room)
            back = _inverse(self.onto_query or _SAME)
            self.zoom = _following(self.query_zoom, back).kept(self.picture.size, self._pane.room)
        else:
            self.zoom = change(self.zoom, self.picture.size, self._pane.room)
            if query is not None:
                there = _following(self.zoom, self.onto_query or _SAME)
                self.query_zoom = there.kept(query, self._query_pane.room)
        self.draw()


def _following(zoom: Zoom, matrix: Matrix) -> Zoom:
    """As much of the other picture, around the place that is the same."""
    x, y = mapped(matrix, (zoom.x, zoom.y)) or (0.5, 0.5)
    return Zoom(zoom.factor, x, y)


def _inverse(matrix: Matrix) -> Matrix:
    import numpy as np

    found = np.linalg.inv(np.array(matrix).reshape(3, 3))
    return tuple(found.ravel().tolist())


def _drawn(drawings: Sequence[Drawing]) -> Generator[Any, None, list[Image]]:
    yield from ()
    return [drawing() for drawing in drawings]
