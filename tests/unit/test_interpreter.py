from __future__ import annotations

import gc
import sys
import weakref

import pytest

from ras.gui.interpreter import collect, keep, share, uncollected, undisturbed


def test_workers_wait_only_while_something_is_computed() -> None:
    before = sys.getswitchinterval()
    try:
        share()
        often = sys.getswitchinterval()
        assert often < 0.005
        with undisturbed():
            assert sys.getswitchinterval() > 10 * often
        assert sys.getswitchinterval() == often
        with pytest.raises(ValueError, match="for the test"), undisturbed():
            raise ValueError("for the test")
        assert sys.getswitchinterval() == often
    finally:
        sys.setswitchinterval(before)


def test_what_is_made_uncollected_is_not_looked_through_later() -> None:
    before = gc.get_freeze_count()
    try:
        with uncollected():
            assert not gc.isenabled()
            made = [[number] for number in range(20_000)]
        assert gc.isenabled()
        frozen = gc.get_freeze_count()
        assert frozen >= before + 20_000
        del made
        assert gc.get_freeze_count() <= frozen - 20_000, "what nothing refers to is let go of"
    finally:
        gc.unfreeze()


def test_the_collector_goes_on_after_an_error() -> None:
    before = gc.get_freeze_count()
    with pytest.raises(ValueError, match="for the test"), uncollected():
        raise ValueError("for the test")
    assert gc.isenabled()
    assert gc.get_freeze_count() == before


class Knot:
    """Only the collector can tell that nobody needs it any more."""

    def __init__(self) -> None:
        self.itself = self


def test_garbage_is_not_kept_for_good() -> None:
    try:
        keep()
        ref = weakref.ref(Knot())
        keep()
        assert ref() is None
        ref = weakref.ref(Knot())
        collect()
        assert ref() is None
    finally:
        gc.unfreeze()


def test_what_was_kept_and_is_garbage_by_now_is_collected_on_request() -> None:
    try:
        knot = Knot()
        ref = weakref.ref(knot)
        keep()
        del knot
        collect(also_kept=True)
        assert ref() is None
        assert gc.get_freeze_count(), "the rest is not looked at next time"
    finally:
        gc.unfreeze()
