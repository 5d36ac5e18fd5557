from __future__ import annotations

import tkinter as tk

from ras.gui.tile_canvas import TileCanvas


def test_changes_are_made_at_once_and_texts_stay_as_they_are(root: tk.Tk) -> None:
    canvas = TileCanvas(root)
    one, two = canvas.create_text(0, 0, text="one"), canvas.create_text(0, 0, text="two")
    text = '-{ [exit] $tk_version "\\n" } 🔥 ;'
    canvas.later("itemconfigure", one, "-text", text, "-fill", "#123456")
    canvas.later("move", two, 30, 40)
    assert canvas.itemcget(one, "text") == "one"
    canvas.flush()
    assert canvas.itemcget(one, "text") == text
    assert canvas.itemcget(one, "fill") == "#123456"
    assert canvas.coords(two) == [30.0, 40.0]
    canvas.flush()
    assert canvas.coords(two) == [30.0, 40.0], "nothing is done twice"
    canvas.destroy()


def test_what_is_cleared_is_not_changed_any_more(root: tk.Tk) -> None:
    canvas = TileCanvas(root)
    item = canvas.create_text(0, 0, text="one")
    canvas.later("move", item, 5, 5)
    canvas.clear()
    assert canvas.find_all() == ()
    item = canvas.create_text(0, 0, text="two")
    canvas.flush()
    assert canvas.coords(item) == [0.0, 0.0]
    canvas.destroy()


def test_the_names_of_tags_come_again_when_everything_was_deleted(root: tk.Tk) -> None:
    """Tk keeps each that there ever was, 30 bytes of each tile that was made."""
    canvas = TileCanvas(root)
    first = [canvas.new_tag() for _ in range(3)]
    assert len(set(first)) == 3
    canvas.clear()
    assert [canvas.new_tag() for _ in range(3)] == first
