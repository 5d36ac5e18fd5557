"""Filters pass what they say, and nothing else."""

from __future__ import annotations

import dataclasses
import fnmatch
import os
import sys
import time
import unicodedata
from datetime import datetime, timedelta, timezone
from typing import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras.errors import SettingsError
from ras.filters import Filter, parse_filter
from ras.records import Channel, ImageRecord
from tests.pictures import NOON, record

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="local time cannot be set for a process")

MEMES = Channel("21", "memes", "10", "Test guild")


@pytest.fixture
def berlin() -> Iterator[None]:
    """Local time is that of Berlin."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    time.tzset()
    yield
    del os.environ["TZ"]
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def passing(where: Filter, records: list[ImageRecord]) -> list[str]:
    """The keys of the records that pass, by both ways to ask."""
    mask = where.mask(records)
    assert mask.dtype == bool
    assert mask.tolist() == [where.matches(one) for one in records]
    return [one.key for one, passes in zip(records, mask) if passes]


def test_without_conditions_it_passes_everything_and_is_falsy() -> None:
    assert not Filter()
    assert Filter().mask([record(0), record(1)]).tolist() == [True, True]
    assert Filter().mask([]).shape == Filter(spoiler=True).mask([]).shape == (0,)
    assert Filter(spoiler=False)
    assert Filter(has_text=False)
    assert Filter(authors=("Mira",))


@pytest.mark.parametrize("name", ["Mira", "mira", " MIRA ", "@Mira", "7", "@7"])
def test_an_author_by_name_in_any_case_or_by_id(name: str) -> None:
    others = [record(1, author="Miranda", author_id="77"), record(2, author="Tom", author_id="8")]
    assert passing(Filter(authors=(name,)), [record(0), *others]) == ["a:0"]
    assert passing(Filter(authors=("nobody", name)), [record(0), *others]) == ["a:0"]


@pytest.mark.parametrize("name", ["memes", "#memes", "# Memes", "21", "#21"])
def test_a_channel_by_name_with_or_without_its_sign_or_by_id(name: str) -> None:
    assert passing(Filter(channels=(name,)), [record(0), record(1, channel=MEMES)]) == ["a:1"]


def test_any_of_several_names_and_all_of_several_conditions() -> None:
    records = [
        record(0, channel=MEMES),
        record(1, author="Tom", author_id="8", channel=MEMES),
        record(2, author="Ina", author_id="9", channel=MEMES),
        record(3, author="Tom", author_id="8"),
    ]
    assert passing(Filter(authors=("tom", "ina")), records) == ["a:1", "a:2", "a:3"]
    assert passing(Filter(authors=("tom", "ina"), channels=("memes",)), records) == ["a:1", "a:2"]


def test_letters_are_compared_however_their_accents_are_written() -> None:
    """A Mac writes é as e and an accent into file names; a keyboard writes it as one character."""
    apart = unicodedata.normalize("NFD", "Zoë")
    assert apart != "Zoë"
    named = [record(0, author=apart, file_name=f"{apart}.png"), record(1, author="Zoe", file_name="Zoe.png")]
    assert passing(Filter(authors=("zoë",)), named) == ["a:0"]
    assert passing(Filter(file_name="zoë"), named) == ["a:0"]
    assert passing(Filter(file_name="ZOË.*"), named) == ["a:0"]
    assert passing(Filter(authors=("STRASSE",)), [record(0, author="Straße")]) == ["a:0"]


def test_a_name_that_is_nothing_but_signs_is_itself() -> None:
    assert passing(Filter(authors=("##",)), [record(0, author="##"), record(1, author="@"), record(2)]) == ["a:0"]


def test_a_moment_counts_after_but_not_before() -> None:
    records = [record(number) for number in range(4)]
    second = NOON + timedelta(minutes=1)
    assert passing(Filter(after=second), records) == ["a:1", "a:2", "a:3"]
    assert passing(Filter(before=second), records) == ["a:0"]
    assert passing(Filter(after=second, before=second + timedelta(minutes=1)), records) == ["a:1"]
    assert passing(Filter(after=second.astimezone(timezone(timedelta(hours=9)))), records) == ["a:1", "a:2", "a:3"]


def test_text_is_more_than_white_space() -> None:
    records = [record(0), record(1, content=" \n"), record(2, content="look")]
    assert passing(Filter(has_text=True), records) == ["a:2"]
    assert passing(Filter(has_text=False), records) == ["a:0", "a:1"]


def test_kinds() -> None:
    records = [record(0), record(1, kind="embed"), record(2, kind="sticker")]
    assert passing(Filter(kinds=("embed",)), records) == ["a:1"]
    assert passing(Filter(kinds=("attachment", "sticker")), records) == ["a:0", "a:2"]


def test_spoilers() -> None:
    records = [record(0), record(1, file_name="SPOILER_a.png")]
    assert passing(Filter(spoiler=True), records) == ["a:1"]
    assert passing(Filter(spoiler=False), records) == ["a:0"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("cat", ["a cat.png", "CAT.jpg"]),
        (" cat ", ["a cat.png", "CAT.jpg"]),
        ("cat*", ["CAT.jpg"]),
        ("*.png", ["a cat.png", "x[1].png", "x1.png"]),
        ("x[1]", ["x[1].png"]),
        ("x[1].*", ["x[1].png"]),
        ("x?.png", ["x1.png"]),
        (".", ["a cat.png", "CAT.jpg", "x[1].png", "x1.png"]),
        ("", ["a cat.png", "CAT.jpg", "x[1].png", "x1.png"]),
    ],
)
def test_a_part_of_the_file_name_or_a_pattern_for_all_of_it(wanted: str, names: list[str]) -> None:
    records = [record(0, file_name=name, key=name) for name in ("a cat.png", "CAT.jpg", "x[1].png", "x1.png")]
    assert passing(Filter(file_name=wanted), records) == names


names = st.sampled_from(["Mira", "mira", "Tom", "#memes", "memes", "7", "8", "20", "21", "@tom", "general"])
moments = st.integers(0, 20).map(lambda minutes: NOON + timedelta(minutes=minutes))
filters = st.builds(
    Filter,
    authors=st.lists(names, max_size=2).map(tuple),
    channels=st.lists(names, max_size=2).map(tuple),
    after=st.none() | moments,
    before=st.none() | moments,
    has_text=st.none() | st.booleans(),
    file_name=st.text("ab.*?[]!", max_size=4),
    spoiler=st.none() | st.booleans(),
)
records_of_all_kinds = st.builds(
    record,
    st.integers(0, 20),
    author=st.sampled_from(["Mira", "Tom", "general"]),
    author_id=st.sampled_from(["7", "8", "20"]),
    channel=st.sampled_from([MEMES, Channel("20", "general", "10", "Test guild"), Channel("7", "mira", "0", "")]),
    content=st.sampled_from(["", " ", "text"]),
    file_name=st.text("ABab.[]!", max_size=5) | st.just("SPOILER_a"),
)


def expected(where: Filter, one: ImageRecord) -> bool:
    """The conditions once more, each written out."""

    def bare(text: str) -> str:
        return text.lower().lstrip("#@")

    authors, channels = {bare(name) for name in where.authors}, {bare(name) for name in where.channels}
    if authors and not {one.author_id, bare(one.author)} & authors:
        return False
    if channels and not {one.channel.id, bare(one.channel.name)} & channels:
        return False
    if where.after is not None and one.timestamp < where.after:
        return False
    if where.before is not None and one.timestamp >= where.before:
        return False
    if where.has_text is not None and (one.content.strip() != "") is not where.has_text:
        return False
    if where.spoiler is not None and one.spoiler is not where.spoiler:
        return False
    wanted = where.file_name.lower()
    if "*" in wanted or "?" in wanted:
        return fnmatch.fnmatchcase(one.file_name.lower(), wanted.replace("[", "[[]"))
    return wanted in one.file_name.lower()


@settings(derandomize=True, deadline=None)
@given(filters, st.lists(records_of_all_kinds, max_size=30))
def test_it_passes_what_each_condition_passes(where: Filter, records: list[ImageRecord]) -> None:
    mask = where.mask(records)
    np.testing.assert_array_equal(mask, [expected(where, one) for one in records])
    if bool(where) is False:
        assert mask.all()


@posix_only
def test_terms_of_the_command_line(berlin: None) -> None:
    where = parse_filter(
        [
            *("author=Mira", "Author = a=b", "channel=#memes", "after=2021-03-01", "before=2021-03-02T15:30"),
            *("text=yes", "spoiler=NO", "name=*.png", "kind=Embed", "kind=link"),
        ]
    )
    assert where.authors == ("Mira", "a=b")
    assert where.channels == ("#memes",)
    assert where.after == datetime(2021, 2, 28, 23, tzinfo=timezone.utc)
    assert where.before == datetime(2021, 3, 2, 14, 30, tzinfo=timezone.utc)
    assert (where.has_text, where.spoiler, where.file_name) == (True, False, "*.png")
    assert where.kinds == ("embed", "link")
    assert parse_filter([]) == Filter()


@posix_only
@pytest.mark.parametrize(
    ("term", "start", "hours"),
    [
        ("on=2021-03-02", "2021-03-01T23:00+00:00", 24),
        ("on=2021-03-28", "2021-03-27T23:00+00:00", 23),
        ("on=2021-10-31", "2021-10-30T22:00+00:00", 25),
        ("on=2021-03-02T15:30", "2021-03-01T23:00+00:00", 24),
        ("on=2021-03-02T15:30+05:00", "2021-03-01T19:00+00:00", 24),
        ("on=2021-03-02T15:30Z", "2021-03-02T00:00+00:00", 24),
    ],
)
def test_on_is_one_whole_day_of_the_clock(berlin: None, term: str, start: str, hours: int) -> None:
    where = parse_filter([term])
    assert where.after == datetime.fromisoformat(start)
    assert where.before == datetime.fromisoformat(start) + timedelta(hours=hours)


@settings(derandomize=True, deadline=None)
@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))
def test_a_moment_is_on_its_own_day_and_not_on_the_next(moment: datetime) -> None:
    aware = moment.astimezone()
    one = dataclasses.replace(record(0), timestamp=aware)
    day = aware.date()
    assert parse_filter([f"on={day.isoformat()}"]).matches(one)
    assert not parse_filter([f"on={(day + timedelta(days=1)).isoformat()}"]).matches(one)
    assert not parse_filter([f"on={(day - timedelta(days=1)).isoformat()}"]).matches(one)


@posix_only
@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("Mira", "Filters are author="),
        ("author=", "Filters are author="),
        ("=Mira", "no filter “”"),
        ("colour=red", "no filter “colour”"),
        ("text=maybe", "yes or no"),
        ("kind=picture", "attachment, embed, forwarded"),
        ("after=yesterday", "write 2021-03-02"),
        ("on=2021-02-30", "write 2021-03-02"),
        ("on=9999-12-31", "write 2021-03-02"),
    ],
)
def test_what_is_not_understood_is_said(term: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        parse_filter([term])
    assert term in str(caught.value) or "no filter" in str(caught.value)


@posix_only
@pytest.mark.parametrize("term", ["after=0001-01-01", "before=9999-12-31T23:59:59.999999", "on=0001-01-01"])
def test_the_ends_of_time_are_understood_or_refused(berlin: None, term: str) -> None:
    """Which of the two depends on the platform: local time is not known for every year."""
    try:
        where = parse_filter([term])
    except SettingsError as exc:
        assert "no date that RAS understands" in str(exc)  # noqa: PT017
    else:
        assert where.matches(record(0)) == (not term.startswith("on"))
