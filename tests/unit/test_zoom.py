"""Which part of a picture a pane shows: nothing slips away under the pointer, and no empty space is let in."""

from __future__ import annotations

import pytest

from ras.gui.zoom import Zoom, fit

ROOM = (400, 300)
PICTURE = (1000, 500)


def place_at(zoom: Zoom, pixel: tuple[float, float]) -> tuple[float, float]:
    """Which pixel of the picture is seen at a pixel of the pane."""
    scale = zoom.scale(PICTURE, ROOM)
    left, top = (
        zoom.x * PICTURE[0] + (pixel[0] - ROOM[0] / 2) / scale,
        zoom.y * PICTURE[1] + (pixel[1] - ROOM[1] / 2) / scale,
    )
    return left, top


def test_a_picture_fits_at_first() -> None:
    assert fit(PICTURE, ROOM) == 0.4
    assert Zoom().scale(PICTURE, ROOM) == 0.4
    assert place_at(Zoom(), (0, 50)) == (0, 0)


def test_what_is_under_the_pointer_stays_there() -> None:
    zoom = Zoom().magnified(5, (200, 150), PICTURE, ROOM)
    before = place_at(zoom, (300, 80))
    closer = zoom.magnified(1.5, (300, 80), PICTURE, ROOM)
    assert closer.scale(PICTURE, ROOM) == pytest.approx(3)
    assert place_at(closer, (300, 80)) == pytest.approx(before)
    assert place_at(closer, (0, 0)) != pytest.approx(place_at(zoom, (0, 0)))


def test_a_drag_moves_the_picture_with_the_pointer_up_to_its_edge() -> None:
    zoom = Zoom().scaled(2.0, PICTURE, ROOM)
    assert place_at(zoom.moved((30, -10), PICTURE, ROOM), (230, 140)) == pytest.approx(place_at(zoom, (200, 150)))
    far = zoom.moved((99_999, 99_999), PICTURE, ROOM)
    assert place_at(far, (0, 0)) == pytest.approx((0, 0))


def test_what_is_smaller_than_the_pane_stays_in_its_middle() -> None:
    wide = Zoom().scaled(0.5, PICTURE, ROOM)  # 500 × 250 pixels of the screen: higher than it is the pane
    moved = wide.moved((-50, -50), PICTURE, ROOM)
    assert moved.y == 0.5
    assert moved.x > 0.5


@pytest.mark.parametrize(
    ("picture", "least", "most"),
    [((1000, 500), 0.4, 16.0), ((40, 30), 1.0, 16.0), ((4, 3), 1.0, 100.0), ((12_000, 10_000), 0.03, 16.0)],
)
def test_scales_from_all_of_it_or_its_true_size_to_single_pixels(
    picture: tuple[int, int], least: float, most: float
) -> None:
    assert Zoom().scaled(0.0001, picture, ROOM).scale(picture, ROOM) == pytest.approx(least)
    assert Zoom().scaled(9999, picture, ROOM).scale(picture, ROOM) == pytest.approx(most)
