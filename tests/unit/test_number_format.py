"""Numbers as regions write them: read from what the system says of a region, whether or not it is installed here."""

from __future__ import annotations

import locale
import re
import threading
from pathlib import Path
from typing import Any, Iterator

import pytest

from ras import number_format, text
from ras.errors import SkipReason
from ras.gui.dates import use_format
from ras.number_format import NumberFormat, format_of

GERMAN = {"decimal_point": ",", "thousands_sep": ".", "grouping": [3, 3, 0]}
FRENCH = {"decimal_point": ",", "thousands_sep": "\u202f", "grouping": [3, 0]}
HINDI = {"decimal_point": ".", "thousands_sep": ",", "grouping": [3, 2, 0]}
SWISS = {"decimal_point": ".", "thousands_sep": "’", "grouping": [3, 3, 0]}
POLISH = {"decimal_point": ",", "thousands_sep": " ", "grouping": [3, locale.CHAR_MAX]}
PORTUGUESE = {"decimal_point": ",", "thousands_sep": "", "grouping": []}


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(number_format, "_in_use", [NumberFormat()])
    number_format.of_the_region.cache_clear()
    yield
    number_format.of_the_region.cache_clear()


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the system say this of the user's region, which need not be installed for it."""
    setlocale = locale.setlocale

    def live_in(conventions: dict[str, Any], name: str = "de_DE.UTF-8") -> None:
        def answer(category: int, wanted: str | None = None) -> str:
            if category == locale.LC_NUMERIC:
                return "C" if wanted is None else name if wanted == "" else wanted
            return setlocale(category, wanted)

        monkeypatch.setattr(locale, "setlocale", answer)
        monkeypatch.setattr(locale, "localeconv", lambda: conventions)

    return live_in


@pytest.mark.parametrize(
    ("conventions", "whole", "decimal"),
    [
        (GERMAN, "1.234.567", "1.234,5"),
        (FRENCH, "1\u202f234\u202f567", "1\u202f234,5"),
        (HINDI, "12,34,567", "1,234.5"),
        (SWISS, "1’234’567", "1’234.5"),
        (POLISH, "1234\u00a0567", "1\u00a0234,5"),
        (PORTUGUESE, "1234567", "1234,5"),
    ],
)
def test_regions(conventions: dict[str, Any], whole: str, decimal: str) -> None:
    written = format_of(conventions)
    assert written.whole(1_234_567) == whole
    assert written.decimal(1234.5, 1) == decimal


@pytest.mark.parametrize(
    ("number", "whole"),
    [(0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (-12_044, "-12,044"), (10**12, "1,000,000,000,000")],
)
def test_english_is_as_python_writes_it(number: int, whole: str) -> None:
    assert NumberFormat().whole(number) == whole == f"{number:,}"


@pytest.mark.parametrize(
    ("value", "places", "written"),
    [(2.449, 1, "2.4"), (1204.5, 2, "1,204.50"), (-0.04, 1, "0.0"), (-0.06, 1, "-0.1"), (999.96, 1, "1,000.0")],
)
def test_decimals_are_rounded(value: float, places: int, written: str) -> None:
    assert NumberFormat().decimal(value, places) == written


@pytest.mark.parametrize(
    "conventions",
    [
        {"decimal_point": "", "thousands_sep": ".", "grouping": [3, 0]},
        {"decimal_point": "decimal", "thousands_sep": ".", "grouping": [3, 0]},
    ],
)
def test_what_makes_no_sense_is_english(conventions: dict[str, Any]) -> None:
    assert format_of(conventions) == NumberFormat()


def test_a_separator_that_is_the_point_is_none() -> None:
    assert format_of({"decimal_point": ",", "thousands_sep": ",", "grouping": [3, 0]}).whole(1234) == "1234"


def test_every_text_follows_the_region(region: Any) -> None:
    region(GERMAN)
    use_format("system")
    assert text.count(12_044, "picture") == "12.044 pictures"
    assert text.size(2_400_000) == "2,4 MB"
    assert text.size(412_000_000) == "412 MB"
    assert text.size(1_500_000_000) == "1,5 GB"
    assert text.percent(0.87) == "87 %"
    assert SkipReason.EXPIRED.counted(1340) == "1.340 links expired"
    use_format("iso")
    assert text.count(12_044, "picture") == "12,044 pictures"
    assert text.size(2_400_000) == "2.4 MB"


@pytest.mark.parametrize("name", ["C", "C.UTF-8", "POSIX"])
def test_without_a_region_it_is_english(region: Any, name: str) -> None:
    region(PORTUGUESE, name)
    number_format.use("system")
    assert text.whole(12_044) == "12,044"


def test_a_region_that_the_system_does_not_know_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    number_format.use("system")
    assert text.whole(12_044) == "12,044"


def test_c_libraries_go_on_reading_points(region: Any) -> None:
    before = locale.setlocale(locale.LC_NUMERIC)
    number_format.use("system")
    assert locale.setlocale(locale.LC_NUMERIC) == before
    assert f"{1.5:n}" == "1.5"


def test_the_region_is_asked_before_there_are_threads(region: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    region(GERMAN)
    number_format.use("iso")  # as at the start

    def refuse(*_: object) -> str:
        raise AssertionError("The process’s locale is changed while other threads may read numbers.")

    monkeypatch.setattr(locale, "setlocale", refuse)
    done: list[str] = []

    def change() -> None:
        number_format.use("system")  # as in the settings
        done.append(text.whole(12_044))

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    assert done == ["12.044"]


def test_no_other_place_decides() -> None:
    """But for what runs before RAS is set up, what is sent to its makers, and two limits of the lowest layer."""
    package = Path(text.__file__).parent
    elsewhere = {package / part for part in ("launch", "crashes", "trees")}
    own = [
        str(path.relative_to(package))
        for path in sorted(package.rglob("*.py"))
        if not elsewhere & set(path.parents) and re.search(r"\{[^{}\n]*:,(\.\d+f)?\}", path.read_text("utf-8"))
    ]
    assert own == []
