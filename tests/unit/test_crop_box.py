"""The box of a crop stays in its picture, whatever is done with it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ras.gui.crop_box import HANDLES, LEAST, CropBox

SIZE = (400, 300)
FAR = st.floats(-3000, 3000)


def test_a_drag_either_way_is_the_same_box() -> None:
    assert CropBox.between((40, 30), (240, 180), SIZE) == CropBox.between((240, 30), (40, 180), SIZE)
    assert CropBox.between((40, 30), (240, 180), SIZE).box == (40, 30, 240, 180)


def test_move_resize_and_grow() -> None:
    box = CropBox(100, 100, 200, 180, SIZE)
    assert box.moved(10, -20).box == (110, 80, 210, 160)
    assert box.moved(999, 999).box == (300, 220, 400, 300)
    assert box.resized("nw", -30, 10).box == (70, 110, 200, 180)
    assert box.resized("e", 50, 50).box == (100, 100, 250, 180)
    assert box.resized("w", 150, 0).box == (200, 100, 250, 180), "pulled past the opposite side"
    assert box.grown(20, -10).box == (100, 100, 220, 170)
    assert box.moved(999, 0).grown(40, 0).box == (260, 100, 400, 180), "at the picture's end it grows the other way"


def test_the_outline_on_a_part_stands_at_its_place_on_the_whole() -> None:
    assert CropBox(100, 150, 300, 300, SIZE).of_whole([(0, 0), (0.5, 1)]) == ((0.25, 0.5), (0.5, 1.0))


def test_a_box_of_everything_is_the_whole() -> None:
    assert CropBox.between((-50, -50), (9999, 9999), SIZE).whole
    assert not CropBox.middle(SIZE).whole


@given(st.tuples(st.integers(1, 500), st.integers(1, 500)), FAR, FAR, FAR, FAR, st.sampled_from(list(HANDLES)))
def test_it_never_leaves_the_picture(
    size: tuple[int, int], x: float, y: float, right: float, down: float, handle: str
) -> None:
    box = CropBox.between((x, y), (right, down), size)
    for one in (box, box.moved(right, down), box.resized(handle, right, down), box.grown(x, y)):
        assert one.left >= 0
        assert one.right <= size[0]
        assert one.top >= 0
        assert one.bottom <= size[1]
        assert one.width >= min(LEAST, size[0])
        assert one.height >= min(LEAST, size[1])
        assert all(isinstance(value, int) for value in one.box)
