"""The CSV exports of DiscordChatExporter."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ras.archive import read_archive, text_blocks
from ras.archive.discord_chat_exporter import csv_stream
from ras.archive.discord_chat_exporter.csv_dialect import Dialect
from ras.archive.discord_chat_exporter.csv_stream import RowStream
from ras.archive.discord_chat_exporter.culture_dates import CultureDates, exact_time
from ras.errors import ArchiveError
from ras.records import DEFAULT_KINDS, Archive, ImageRecord, PictureKinds, finish
from tests.exports import attachment, author, cdn_url, document, make_export, message, snowflake
from tests.exports_csv import DIALECTS, HEADER, make_csv, table
from tests.exports_html import make_html

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
WHEN = datetime(2021, 5, 6, 7, 8, 9, 123000, tzinfo=timezone.utc)
OF_2_HOURS = timezone(timedelta(hours=2))
NAME = "Test Server - Text channels - general [870000000000000002].csv"


def read(*paths: Path, kinds: PictureKinds = DEFAULT_KINDS) -> Archive:
    return finish(read_archive(paths, kinds))


def written(folder: Path, text: str | bytes, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def sent(file_name: str = "a.png", when: datetime = WHEN, number: int = 1, **about: Any) -> Any:
    """An attachment whose id is of the time when its message was sent, as Discord's are."""
    return attachment(file_name, id=snowflake(when, number), **about)


def posts() -> list[Any]:
    hard = 'see https://a.test/x.png\n"quoted", ",""," ""\n"123456789012345678","not a row"\n\n;é 👀\t'
    files = [
        sent("cat photo.png", number=1, data=PNG),
        sent("SPOILER_x.jpg", number=2),
        sent("movie.mp4", number=3),
        sent("noextension", number=4, data=b"123"),
    ]
    later = WHEN + timedelta(hours=5)
    reacted = {**message("second\n", [sent("b.webp", later)], when=later), "reactions": []}
    reacted["reactions"] = [{"emoji": {"name": 'x"y', "imageUrl": "https://cdn.jsdelivr.net/1f.svg"}, "count": 2}]
    return [
        message(hard, files, when=WHEN),
        reacted,
        message("nothing", when=later),
        message("https://a.test/y.png", when=later, by=author("bob", None, "810000000000000009")),
    ]


def facts(record: ImageRecord) -> tuple[object, ...]:
    where = (record.channel.id, record.channel.name, record.channel.category, record.channel.guild_name)
    return (
        *where,
        record.timestamp.replace(second=0, microsecond=0),
        record.key,
        record.kind,
        record.file_name,
        record.url,
    )


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize(("encoding", "bom"), [("utf-8", False), ("utf-8", True), ("utf-16-le", True)])
def test_an_archive_is_the_same_as_json_and_as_csv(
    tmp_path: Path, dialect: str, newline: str, encoding: str, bom: bool
) -> None:
    posted = posts()
    expected = read(make_export(tmp_path / "json", messages=posted))
    archive = read(make_csv(tmp_path, messages=posted, dialect=dialect, newline=newline, encoding=encoding, bom=bom))
    assert [facts(record) for record in archive.records] == [facts(record) for record in expected.records]
    assert (archive.message_count, archive.warnings) == (4, ())
    contents = {record.content.replace(newline, "\n") for record in archive.records}
    assert contents == {record.content.replace(newline, "\n") for record in expected.records}
    authors = {"810000000000000003": "alice", "810000000000000009": "bob"}
    assert {record.author for record in archive.records} == {"alice", "bob"}
    if dialect != "2.5":
        assert {record.author_id: record.author for record in archive.records} == authors
    assert {(record.message_id, record.message_link) for record in archive.records} == {("", "")}


def test_json_csv_and_html_give_the_same_pictures(tmp_path: Path) -> None:
    posted = posts()
    paths = [make(tmp_path, messages=posted) for make in (make_export, make_csv, make_html)]  # type: ignore[operator]
    first, *others = ({facts(record) for record in read(path).records} for path in paths)
    assert others == [first, first]
    assert len(first) == 6


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_saved_again_by_other_programs(tmp_path: Path, separator: str) -> None:
    posted = posts()
    expected = read(make_csv(tmp_path, messages=posted))
    archive = read(make_csv(tmp_path, messages=posted, dialect="saved again", separator=separator))
    assert [facts(record) for record in archive.records] == [facts(record) for record in expected.records]


@pytest.mark.parametrize("slash", ["/", "\\"])
@pytest.mark.parametrize("name", [NAME, "A, B & C, Inc. - x [5] (after 2020-01-01) [part 2].csv", "no,id.csv"])
def test_media_beside_the_table_are_found(tmp_path: Path, slash: str, name: str) -> None:
    files = [sent("a,b.png", data=PNG), sent("link.png", number=2), sent("c.png", number=3, data=PNG)]
    files += [sent("d.png", number=4, data=PNG), sent("SPOILER_e.png", number=5, data=PNG)]
    archive = read(make_csv(tmp_path, messages=[message("", files)], media=True, slash=slash, name=name))
    found = [(record.file_name, bool(record.local_path), bool(record.url)) for record in archive.records]
    local, linked = (True, False), (False, True)
    assert found == [
        ("a,b.png", *local),
        ("link.png", *linked),
        ("c.png", *local),
        ("d.png", *local),
        ("SPOILER_e.png", *local),
    ]
    assert all(Path(r.local_path).read_bytes() == PNG for r in archive.records if r.local_path)


def test_a_media_folder_of_another_name(tmp_path: Path) -> None:
    (tmp_path / "all media").mkdir()
    (tmp_path / "beside.png").write_bytes(PNG)
    for name in ("a,1-0A1B2.png", "b-0a1b2.png", "c-0123456789abcdef.png"):
        (tmp_path / "all media" / name).write_bytes(PNG)
    url = cdn_url(snowflake(WHEN), "y,z.png") + "?ex=1"
    cell = f"all media\\a,1-0A1B2.png,{url},all media\\b-0a1b2.png,all media\\c-0123456789abcdef.png"
    rows = "".join(f'"1","a","1","","{each}",""\r\n' for each in (cell, "beside.png"))
    archive = read(written(tmp_path, f"{HEADER}\r\n{rows}"))
    assert [record.file_name for record in archive.records] == ["a,1.png", "y,z.png", "b.png", "c.png", "beside.png"]
    assert sum(record.local_path is not None for record in archive.records) == 4


@pytest.mark.parametrize("folder", ["https://a.test", f"{NAME}_Files", "all media"])
def test_of_very_many_attachments_the_first_ones_are_taken(tmp_path: Path, folder: str) -> None:
    files = ",".join(f"{folder}/{number}.png" for number in range(1000))
    rows = table(document([message("a message")])["messages"]).replace('"a message",""', f'"a message","{files}"')
    records = read(written(tmp_path, rows, NAME)).records
    assert [record.file_name for record in records] == [f"{number}.png" for number in range(100)]


def test_the_channel_is_known_by_addresses_where_the_name_does_not_say_it(tmp_path: Path) -> None:
    posted = [message("", [attachment("e.png", url=cdn_url("5", "e.png", "999"))])]
    posted += [message("", [attachment()]) for _ in range(3)]
    archive = read(make_csv(tmp_path, messages=posted, name="chat.csv"))
    assert {(record.channel.id, record.channel.name) for record in archive.records} == {("870000000000000002", "chat")}


# When a message was posted.


@pytest.mark.parametrize("date_format", ["%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M", "%d-%b-%y %I:%M %p", "nonsense"])
def test_the_id_of_an_attachment_is_a_better_time_than_a_date_without_seconds(tmp_path: Path, date_format: str) -> None:
    posted = [message("", [sent("a.png", WHEN + timedelta(seconds=-2))], when=WHEN)]
    archive = read(make_csv(tmp_path, messages=posted, dialect="2.40", date_format=date_format))
    assert archive.records[0].timestamp == WHEN - timedelta(seconds=2)


def test_a_date_with_all_its_digits_is_the_time(tmp_path: Path) -> None:
    posted = [message("", [sent("a.png", WHEN - timedelta(days=9))], when=WHEN)]
    assert read(make_csv(tmp_path, messages=posted)).records[0].timestamp == WHEN


@pytest.mark.parametrize("date_format", ["%m/%d/%Y %H:%M", "%d/%m/%Y %I:%M %p", "%d.%m.%y %H:%M:%S"])
@pytest.mark.parametrize("hours", [-8, 0, 5.5])
def test_days_months_and_the_offset_are_learnt_from_other_rows(tmp_path: Path, date_format: str, hours: float) -> None:
    """The sixth of May could be the fifth of June; and nothing says in which time zone."""
    zone = timezone(timedelta(hours=hours))
    posted = [message("https://a.test/x.png", when=WHEN), message("", [sent()], when=WHEN)]
    archive = read(make_csv(tmp_path, messages=posted, dialect="2.40", date_format=date_format, zone=zone))
    assert abs(archive.records[0].timestamp - WHEN) < timedelta(minutes=1)


@pytest.mark.parametrize(("date_format", "day"), [("%m/%d/%Y %H:%M", 25), ("%d/%m/%Y %H:%M", 25)])
def test_any_date_may_show_that_months_come_first(tmp_path: Path, date_format: str, day: int) -> None:
    posted = [message("https://a.test/x.png", when=WHEN), message("nothing", when=WHEN.replace(day=day))]
    archive = read(make_csv(tmp_path, messages=posted, dialect="2.40", date_format=date_format))
    assert abs(archive.records[0].timestamp - WHEN) < timedelta(days=1, minutes=1)


def test_a_message_without_a_date_is_of_the_time_before_it(tmp_path: Path) -> None:
    posted = [message("", [sent()], when=WHEN), message("https://a.test/x.png", when=WHEN)]
    archive = read(make_csv(tmp_path, messages=posted, dialect="2.40", date_format="yesterday"))
    assert {record.timestamp for record in archive.records} == {WHEN}


def test_exact_times() -> None:
    moment = datetime(2021, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
    for text in ("2021-05-06T07:08:09Z", "2021-05-06T09:08:09.0000000+02:00", "1620284889", "1620284889000"):
        assert exact_time(text) == moment
    for text in ("2021-05-06 07:08:09", "05/06/2021", "", "16202848890", "9999-12-31T00:00:00Z"):
        assert exact_time(text) is None


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("05/26/2021 2:03 PM", (2021, 5, 26, 14, 3)),
        ("26.05.2021 14:03:09", (2021, 5, 26, 14, 3)),
        ("26-May-21 12:03 AM", (2021, 5, 26, 0, 3)),
        ("Wednesday, 26 May 2021 14.03", (2021, 5, 26, 14, 3)),
        ("May 26, 2021 2:03\u202fp.m.", (2021, 5, 26, 14, 3)),
        ("2021-05-26 14:03:09.123", (2021, 5, 26, 14, 3)),
        ("5/6/2021 2:03 PM", (2021, 5, 6, 14, 3)),
        ("5/6/2021 14:03", (2021, 6, 5, 14, 3)),
        ("32.13.2021 14:03", None),
        ("26.05.1021 14:03", None),
        ("26.05.2021 25:03", None),
        ("26. Mai 2021", None),
        ("0" * 100_000, None),
    ],
)
def test_dates_in_formats_of_people(text: str, read_as: tuple[int, ...] | None) -> None:
    when = CultureDates().time(text)
    assert (when and (when.year, when.month, when.day, when.hour, when.minute)) == read_as
    assert when is None or when.tzinfo is not None


# What is damaged, cut or hostile.


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_blocks, "_BLOCK", 100)


relaxed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60, database=None
)
texts = st.one_of(
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r"), max_size=30),
    st.sampled_from(['"', '""', '","', '",""', '\n"', '\n"12","', '"\n', "\n12,", ",", ";"]),
)


@st.composite
def some_messages(draw: st.DrawFn) -> list[Any]:
    return [
        message(
            draw(texts),
            [sent(draw(st.sampled_from(["a.png", "b.mp4"])), number=n) for n in range(draw(st.integers(0, 2)))],
            by=author(draw(st.sampled_from(["ann", 'b"ob', "c,arl"])), id=draw(st.sampled_from(["11", "12"]))),
        )
        for _ in range(draw(st.integers(1, 6)))
    ]


def dumped(posted: list[Any], dialect: str) -> bytes:
    return table(document(posted)["messages"], dialect).encode()


def read_raw(raw: bytes) -> Archive:
    with tempfile.TemporaryDirectory() as folder:
        return read(written(Path(folder), raw))


@pytest.mark.usefixtures("small_blocks")
@relaxed
@given(some_messages(), st.sampled_from(DIALECTS[1:]), st.integers(1, 500))
def test_rows_are_those_that_the_standard_library_reads(posted: list[Any], dialect: str, size: int) -> None:
    raw = dumped(posted, dialect)
    expected = list(csv.reader(io.StringIO(raw.decode(), newline="")))[1:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "_BLOCK", size)
        stream = RowStream(io.BytesIO(raw))
        raws = [row for batch in stream for row in batch]
    assert stream.dialect is not None
    rows = [stream.dialect.read(row) for row in (*raws, stream.last)]
    assert [(*row, damaged) for row, damaged in rows if row] == [(*row[:5], 0) for row in expected]
    archive = read_raw(raw)
    assert (archive.message_count, archive.warnings) == (len(posted), ())


@pytest.mark.usefixtures("small_blocks")
@relaxed
@given(some_messages(), st.sampled_from(DIALECTS[1:-1]), st.data())
def test_a_cut_anywhere_gives_the_beginning_and_a_warning(posted: list[Any], dialect: str, data: st.DataObject) -> None:
    raw = dumped(posted, dialect)
    expected = read_raw(raw)
    for _ in range(5):
        cut = data.draw(st.integers(len(HEADER) + 2, len(raw) - 3))
        archive = read_raw(raw[:cut])
        keys = [record.key for record in expected.records]
        assert [record.key for record in archive.records] == keys[: len(archive.records)]
        if archive.warnings:
            assert "ends in the middle" in archive.warnings[0]
            assert archive.message_count < len(posted)
        else:
            # Nothing tells that a file goes on, where it was cut behind a row.
            assert len(RowStream(io.BytesIO(raw[cut:])).last) == 0


def check(record: ImageRecord) -> None:
    for text in (record.key, record.file_name, record.url, record.author, record.content):
        assert isinstance(text, str)
        text.encode()
    assert record.timestamp.tzinfo is not None
    assert (record.message_id, record.message_link) == ("", "")


@relaxed
@given(st.binary(max_size=200), st.sampled_from(DIALECTS), st.data())
def test_bytes_changed_anywhere_are_survived(noise: bytes, dialect: str, data: st.DataObject) -> None:
    raw = dumped([message(f"{n}", [attachment()]) for n in range(4)], dialect)
    at = data.draw(st.integers(len(HEADER) if data.draw(st.booleans()) else 0, len(raw)))
    try:
        archive = read_raw(raw[:at] + noise + raw[at + data.draw(st.integers(0, 300)) :])
    except ArchiveError:
        return
    for record in archive.records:
        check(record)


def damaged(folder: Path, old: str, new: str, dialect: str = "2.47") -> Archive:
    """Three messages with a picture each; the second one is spoilt."""
    posted = [message(f"text {n}", [attachment(f"{n}.png")]) for n in range(3)]
    path = make_csv(folder, messages=posted, dialect=dialect)
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    return read(written(folder, text.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "content"),
    [
        ('"text 1"', '"te"xt 1"', 'te"xt 1'),
        ('"text 1"', '"text 1', "text 1"),
        ('"text 1"', 'text 1"', "text 1"),
        ('"text 1"', '"te"\nx"t 1"', 'te"\nx"t 1'),
        ('"text 1"', '"te\0xt 1"', "text 1"),
    ],
)
def test_a_quote_too_many_or_too_few_costs_nothing(tmp_path: Path, old: str, new: str, content: str) -> None:
    archive = damaged(tmp_path, old, new)
    assert [(record.file_name, record.content) for record in archive.records] == [
        ("0.png", "text 0"),
        ("1.png", content),
        ("2.png", "text 2"),
    ]
    assert archive.message_count == 3


@pytest.mark.parametrize("dialect", ["2.47", "saved again"])
@pytest.mark.parametrize("new", ["text 1\x01,", '"text 1,', "text,1,2,3,4,5"])
def test_a_row_that_makes_no_sense_is_left_out_alone(tmp_path: Path, dialect: str, new: str) -> None:
    old = "text 1" if dialect == "saved again" else '"text 1"'
    archive = damaged(tmp_path, old + ",", new + ',"x","y","z",', dialect)
    names = [record.file_name for record in archive.records]
    assert names in (["0.png", "2.png"], ["0.png", "1.png", "2.png"])


@pytest.mark.parametrize(
    ("content", "left"), [("text 1", ["0.png", "1.png", "3.png"]), ('te"xt 1', ["0.png", "3.png"])]
)
def test_a_row_whose_start_is_gone_is_not_taken_for_the_one_before(
    tmp_path: Path, content: str, left: list[str]
) -> None:
    posted = [message(f"text {n}", [attachment(f"{n}.png")]) for n in range(4)]
    path = make_csv(tmp_path, messages=posted, newline="\n")
    rows = path.read_text("utf-8").replace("text 1", content).split("\n")
    rows[3] = rows[3].replace('"810000000000000003"', "\0" * 20)
    archive = read(written(tmp_path, "\n".join(rows)))
    assert [record.file_name for record in archive.records] == left
    assert "is damaged inside: 1 message could not be read" in archive.warnings[0]


def test_a_missing_quote_in_a_table_saved_again_costs_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_stream, "_LONGEST_UNCLOSED", 2000)
    posted = [message(f"text {n}", [attachment(f"{n}.png")]) for n in range(100)]
    path = make_csv(tmp_path, messages=posted, dialect="saved again")
    archive = read(written(tmp_path, path.read_text("utf-8").replace("text 50", '"text 50')))
    names = {record.file_name for record in archive.records}
    assert names == {f"{n}.png" for n in range(100) if n != 50}
    assert "is damaged inside: 1 message could not be read" in archive.warnings[0]


def test_a_row_too_long_to_be_true_is_left_out(tmp_path: Path) -> None:
    archive = damaged(tmp_path, "text 1", "x" * 1_000_000)
    assert [record.file_name for record in archive.records] == ["0.png", "2.png"]
    assert "1 message could not be read" in archive.warnings[0]


def test_a_cut_file_says_how_far_it_goes(tmp_path: Path) -> None:
    posted = [message(f"{n}", [attachment()], when=datetime(2021, 5, 1 + n, 12, tzinfo=timezone.utc)) for n in range(5)]
    path = make_csv(tmp_path, messages=posted)
    path.write_bytes(path.read_bytes()[:-40])
    assert read(path).warnings == (
        f"“{NAME}” ends in the middle: 4 messages up to 4 May 2021 were read; export the channel again to get the "
        "rest.",
    )


def test_a_word_on_the_separator_before_the_columns(tmp_path: Path) -> None:
    path = make_csv(tmp_path, dialect="saved again", separator=";")
    archive = read(written(tmp_path, "sep=;\r\n" + path.read_text("utf-8")))
    assert (archive.message_count, len(archive.records)) == (3, 3)


def test_exports_without_messages(tmp_path: Path) -> None:
    for text in (HEADER, HEADER + "\r\n", "\ufeff" + HEADER + "\n\n"):
        archive = read(written(tmp_path, text))
        assert (archive.message_count, archive.records, archive.warnings) == (0, (), ())


@pytest.mark.parametrize(
    "text",
    [
        "ID,Name,Author\n1,2,3\n",
        "Author,Date,Text\n1,2,3\n",
        "AuthorID;Author,Date,Content,Attachments\n1,2,3,4,5\n",
        "Channel,AuthorID,Author,Date,Content,Attachments,Reactions\n1,2,3,4,5,6,7\n",
        "AuthorID,Author,Date,Content\n1,2,3,4\n",
        "a\tb\tc\n1\t2\t3\n",
    ],
)
def test_other_tables_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ArchiveError, match=r"it seems to be a (table \(CSV\) of another kind|text file)"):
        read(written(tmp_path, text))


def test_no_path_leads_outside(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    cells = [
        "../secret.png",
        "..\\secret.png",
        "/etc/passwd",
        "file:///etc/passwd",
        "C:\\x.png",
        f"{NAME}_Files/../../secret.png",
    ]
    rows = "".join(f'"1","a","1","","{cell}",""\n' for cell in cells)
    archive = read(written(tmp_path / "in", f"{HEADER}\n{rows}"))
    assert archive.message_count == len(cells)
    for record in archive.records:
        assert Path(record.local_path or "").parent == tmp_path / "in" / f"{NAME}_Files"


@pytest.mark.parametrize(
    "body",
    [
        '"1","a","1","","",""\n' * 200_000,
        '"' * 4_000_000,
        '\n"1","' * 500_000,
        '"1","a","1","' + '","' * 1_000_000,
        '"1","a","1","' + 'x"' * 100_000 + '","",""\n',
        "1," * 2_000_000,
        '1,"' + "\n1," * 1_000_000,
        "\n" * 4_000_000,
        "," * 4_000_000,
        '"1","a","1","","' + "https://a.test/1.png," * 10_000 + '",""\n',
        '"1","a","1","","' + "b/c," * 50_000 + '",""\n',
        '"1","' + "1/" * 100_000 + '","' + "1/" * 10_000 + '","https://","",""\n',
    ],
    ids=lambda body: body[:20].strip(),
)
def test_hostile_tables_cost_no_more_than_their_length(tmp_path: Path, body: str) -> None:
    """Any of these would take minutes if a part of it were looked at again and again."""
    last = table(document([message("", [sent("last.png")])])["messages"]).partition("\n")[2]
    archive = read(written(tmp_path, f"{HEADER}\r\n{body}\r\n{last}"))
    assert [record.file_name for record in archive.records][-1:] in (["last.png"], [])
    if body[0] == '"':
        assert archive.records[-1].file_name == "last.png"


def test_memory_stays_small_while_reading(small_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_stream, "_LONGEST_ROW", 2000)
    lines = table(document([message("x" * 100) for _ in range(500)])["messages"]).encode().split(b"\r\n")
    lines[250:250] = [b"y" * 50_000]
    stream = RowStream(io.BytesIO(b"\r\n".join(lines)))
    largest = count = 0
    for batch in stream:
        count += len(batch)
        largest = max(largest, len(stream._buffer))
    assert stream.damaged == 1
    assert count + stream.damaged + bool(stream.last) == 500
    assert largest < 2000 + 1100


def test_a_dialect_is_told_by_its_first_lines() -> None:
    for head, quoted in ((f"{HEADER}\n", True), (f'{HEADER}\n"1"', True), (f"{HEADER}\n1,", False)):
        found = Dialect.of(head.encode())
        assert found is not None
        assert (found[0].quoted, found[1]) == (quoted, len(HEADER) + 1)
