"""Text from strangers, made safe to show; numbers made readable."""

from __future__ import annotations

import pytest

from ras.text import clean, count, duration, percent, size, unbroken


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred[0m"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("שלום עולם", "שלום עולם"),
        ("family 👨‍👩‍👧 émoji", "family 👨‍👩‍👧 émoji"),
        ("\x00\x85\u2067", ""),
        ("Z" + "\u0335" * 40 + "algo", "Z" + "\u0335" * 4 + "algo"),
    ],
)
def test_clean(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


def test_clean_keeps_lines_when_asked() -> None:
    assert clean("\none\r\ntwo\x1b\n\nthree", lines=True) == "one\ntwo\n\nthree"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "under 1 s"),
        (1.4, "1 s"),
        (9.4, "9 s"),
        (38, "40 s"),
        (54.9, "55 s"),
        (58, "1 min"),
        (89, "1 min"),
        (600, "10 min"),
        (3599, "1 h"),
        (7900, "2 h 12 min"),
    ],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_count() -> None:
    assert [count(1, "picture"), count(0, "picture"), count(3561, "picture")] == [
        "1 picture",
        "0 pictures",
        "3,561 pictures",
    ]


def test_a_long_text_is_cut() -> None:
    assert clean("a" * 30_000, longest=10) == "a" * 10 + "…"


@pytest.mark.parametrize(
    ("byte_count", "words"),
    [(1, "1 byte"), (412, "412 bytes"), (38_200, "38 KB"), (999_500, "1.0 MB"), (2_400_000, "2.4 MB"), (3e9, "3.0 GB")],
)
def test_size(byte_count: int, words: str) -> None:
    assert size(byte_count) == words


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (1.0, "100 %"),
        (0.99996, "100 %"),
        (0.996, "99 %"),
        (0.904, "90 %"),
        (0.906, "91 %"),
        (-0.2, "0 %"),
        (1.0001, "100 %"),
    ],
)
def test_percent(score: float, words: str) -> None:
    assert percent(score) == words


def test_no_line_ends_between_a_number_and_its_unit() -> None:
    said = "About 2 s for 94 pictures, 3 min or 1 h then; 93 % of 4.1 MB."
    assert unbroken(said) == "About 2\u00a0s for 94 pictures, 3\u00a0min or 1\u00a0h then; 93\u00a0% of 4.1\u00a0MB."
    assert unbroken("2 seconds and 3 hats") == "2 seconds and 3 hats"
