"""How results are shown, as it is chosen and remembered: their order, their size, and one tile for each picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ras.gui.commands import Choice, Command
from ras.gui.tile_layout import SIZES
from ras.settings import ORDERS

if TYPE_CHECKING:
    from ras.gui.app import App

_MIDDLE = 3


class ResultLooks:
    def __init__(self, app: App) -> None:
        self._app, self._view = app, app.centre.view
        main = "Command" if app.root.tk.call("tk", "windowingsystem") == "aqua" else "Control"
        # The plus of many keyboards is the equals sign with Shift, which nobody presses for this.
        for keys, step in (("equal", 1), ("KP_Add", 1), ("KP_Subtract", -1)):
            app.root.bind(f"<{main}-{keys}>", lambda _event, step=step: self._step(step))  # type: ignore[misc]
        self.apply()

    def entries(self) -> list[Command | Choice]:
        """Of the Search menu and the View menu."""
        results, centre = self._app.results, self._app.centre
        return [
            Command("Search", "Filter the results", centre.find, "Mod-f", possible=lambda: centre.view.amount > 0),
            Choice(
                "View",
                tuple(ORDERS.items()),
                lambda: self._app.settings.order,
                lambda order: self.choose(order=order),
                after_line=True,
            ),
            Command(
                "View",
                "One tile for each picture",
                lambda: self.choose(group_postings=not self._app.settings.group_postings),
                "Mod-g",
                ticked=lambda: self._app.settings.group_postings,
                after_line=True,
            ),
            Command(
                "View",
                "Show all its posts, or one",
                results.controls.turn_selected,
                "Mod-u",
                possible=lambda: results.controls.can_turn,
            ),
            Command(
                "View",
                "List",
                self.turn_list,
                "Mod-Shift-L",
                ticked=lambda: self._app.settings.results_as_list,
                after_line=True,
            ),
            Command("View", "Larger pictures", lambda: self._step(1), "Mod-plus"),
            Command("View", "Smaller pictures", lambda: self._step(-1), "Mod-minus"),
            Command("View", "Pictures of middle size", lambda: self.choose(tile_size=_MIDDLE), "Mod-0"),
        ]

    def turn_list(self) -> None:
        """From tiles to the list, or back."""
        self.choose(results_as_list=not self._app.settings.results_as_list)

    def _step(self, step: int) -> None:
        size = self._app.settings.tile_size + step
        if size in SIZES:
            self.choose(tile_size=size)

    def choose(self, **fields: Any) -> None:
        """Change settings of the same names, and what is seen with them."""
        self._app.change(**fields)
        self.apply()

    def apply(self) -> None:
        settings = self._app.settings
        self._app.centre.bar.show_order(settings.order)
        self._app.centre.bar.show_size(settings.tile_size)
        self._app.centre.bar.show_list(settings.results_as_list)
        self._app.results.look(size=settings.tile_size, as_list=settings.results_as_list)
        self._app.results.head.show_order(settings.order)
        self._view.arrange(order=settings.order, grouped=settings.group_postings)
