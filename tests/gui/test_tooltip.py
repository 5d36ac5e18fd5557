"""What a control says of itself once the mouse rests on it."""

from __future__ import annotations

from tkinter import ttk

from ras.gui.tooltip import Tooltip
from tests.gui.conftest import Driver


def test_it_comes_while_the_mouse_rests_and_says_what_is_true_then(driver: Driver) -> None:
    said = ["as it is now"]
    button = ttk.Button(driver.root, text="one")
    button.pack()
    tip = Tooltip(button, driver.theme, lambda: said[0])
    button.event_generate("<Enter>")
    assert tip.window is None, "not before the mouse has rested"
    driver.until(lambda: tip.window is not None)
    (label,) = tip.window.winfo_children()  # type: ignore[union-attr]
    assert label.cget("text") == "as it is now"
    path = str(tip.window)
    button.event_generate("<Leave>")
    assert tip.window is None

    said[0] = "as it is later"
    button.event_generate("<Enter>")
    driver.until(lambda: tip.window is not None)
    (label,) = tip.window.winfo_children()  # type: ignore[union-attr]
    assert label.cget("text") == "as it is later"
    assert str(tip.window) == path, "Tk never forgets a name that there was once"
    button.destroy()
    assert tip.window is None


def test_what_has_nothing_to_say_shows_nothing(driver: Driver) -> None:
    button = ttk.Button(driver.root, text="one")
    button.pack()
    tip = Tooltip(button, driver.theme, str)
    button.event_generate("<Enter>")
    driver.live(0.6)
    assert tip.window is None
    button.destroy()
