"""Rows in groups that fold: the arithmetic of a long list."""

from __future__ import annotations

import random

from ras.gui.fold_rows import FoldRows


def spelled(rows: FoldRows) -> str:
    return " ".join("".join(map(str, [group, "" if place is None else f".{place}"])) for group, place in all_of(rows))


def all_of(rows: FoldRows) -> list[tuple[int, int | None]]:
    return [rows.at(row) for row in range(rows.amount)]


def test_groups_are_folded_at_first_unless_there_is_only_one() -> None:
    assert spelled(FoldRows([2, 3])) == "0 1"
    assert spelled(FoldRows([2])) == "0 0.0 0.1"
    assert FoldRows([]).amount == 0
    assert FoldRows([]).chosen == []


def test_unfolding_shows_the_rows_of_a_group_in_their_place() -> None:
    rows = FoldRows([2, 3, 1])
    rows.fold(1, True)
    assert spelled(rows) == "0 1 1.0 1.1 1.2 2"
    rows.fold(0, True)
    assert spelled(rows) == "0 0.0 0.1 1 1.0 1.1 1.2 2"
    rows.fold(1, False)
    assert spelled(rows) == "0 0.0 0.1 1 2"
    assert [rows.row_of(group) for group in range(3)] == [0, 3, 4]


def test_with_nothing_selected_all_is_chosen() -> None:
    rows = FoldRows([2, 3])
    assert rows.chosen == [(0, slice(0, 2)), (1, slice(0, 3))]
    assert not rows.any_selected


def test_a_group_stands_for_all_its_rows_folded_or_not() -> None:
    rows = FoldRows([2, 3])
    rows.select(1, 1)
    assert rows.chosen == [(1, slice(0, 3))]
    rows.fold(1, True)
    assert rows.chosen == [(1, slice(0, 3))]
    assert [rows.is_selected(row) for row in range(5)] == [False, True, True, True, True]


def test_what_is_chosen_is_what_is_selected() -> None:
    """Against a model that keeps every selected row."""
    rng = random.Random(4)
    for _ in range(300):
        sizes = [rng.randrange(1, 5) for _ in range(rng.randrange(1, 4))]
        rows = FoldRows(sizes)
        for group in range(len(sizes)):
            rows.fold(group, rng.random() < 0.7)
        rows.select_none()
        model: set[int] = set()
        for _ in range(6):
            row = rng.randrange(rows.amount)
            if rng.random() < 0.2:
                last = rng.randrange(rows.amount)
                rows.select(row, last)
                model = set(range(min(row, last), max(row, last) + 1))
                continue
            whole = rows.row_of(rows.at(row)[0])
            if row != whole and whole in model:
                continue  # its group is selected as a whole
            rows.toggle(row)
            model ^= {row}
            heads = {each for each in model if rows.at(each)[1] is None}
            assert all(rows.is_selected(each) for each in model)
            expected = set()
            for group, size in enumerate(sizes):
                if not model or rows.row_of(group) in heads:
                    expected |= {(group, place) for place in range(size)}
            expected |= {rows.at(each) for each in model - heads}
            chosen = [(group, place) for group, part in rows.chosen for place in range(part.start, part.stop)]
            assert len(chosen) == len(set(chosen))
            assert set(chosen) == expected


def test_folding_keeps_of_the_selection_only_the_group() -> None:
    rows = FoldRows([2, 3])
    rows.fold(0, True)
    rows.select(1, 2)
    rows.fold(0, False)
    assert not rows.any_selected
    rows.select(0, 0)
    rows.fold(0, True)
    assert rows.chosen == [(0, slice(0, 2))]
