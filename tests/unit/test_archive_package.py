"""Discord's data package: every layout gives the same, and nothing in it makes reading crash or wait."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import os
import tempfile
import tracemalloc
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ras.archive import read_archive
from ras.archive.data_package import layout as package_layout
from ras.archive.data_package import messages as package_messages
from ras.archive.data_package.layout import OWNER
from ras.archive.data_package.messages import CsvMessages
from ras.archive.timestamps import snowflake_time
from ras.cdn import expires_at
from ras.errors import ArchiveError
from ras.records import Archive, ImageRecord, PictureKinds, Progress, finish
from ras.trees import DiskTree
from tests import data_packages
from tests.data_packages import (
    CHANNEL_ID,
    DIRECT_ID,
    GUILD_ID,
    OWNER_ID,
    PackageChannel,
    Post,
    as_csv,
    as_json,
    channel,
    direct,
    files_of,
    link,
    make_package,
    post,
    write_files,
)
from tests.exports import attachment, make_export, message

FORMS = ("json", "csv")
FILES = {form: files_of(form=form) for form in FORMS}
"""The same ones in every trial."""


def read(*paths: Path, kinds: PictureKinds | None = None) -> Archive:
    return finish(read_archive(paths, kinds or PictureKinds()))


def facts(archive: Archive) -> Any:
    """The archive without what says where its files lie."""
    return [dataclasses.replace(record, media_root=None) for record in archive.records], archive.channels


@pytest.mark.parametrize("form", FORMS)
def test_what_becomes_a_record(tmp_path: Path, form: str) -> None:
    cat, dog = link("cat.png", id="881"), link("SPOILER_dog.jpg", id="882", channel_id=DIRECT_ID)
    when = datetime(2023, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
    first = post('a "cat",\nsee?', [cat, link("clip.mp4"), link("b.webp")], when=when)
    path = make_package(tmp_path, [channel(posted=[first, post("words")]), direct(posted=[post("", [dog])])], form=form)
    archive = read(path)
    assert archive.message_count == 3
    assert archive.warnings == ()
    assert [record.file_name for record in archive.records] == ["cat.png", "b.webp", "SPOILER_dog.jpg"]
    record = archive.records[0]
    assert record.key == "a:881"
    assert record.url == cat
    assert expires_at(record.url) is None
    assert record.content == 'a "cat",\nsee?'
    assert record.timestamp.replace(microsecond=0) == when
    assert (record.author, record.author_id) == ("The Owner", OWNER_ID)
    assert record.local_path is None
    assert record.message_link == f"https://discord.com/channels/{GUILD_ID}/{CHANNEL_ID}/{first.id}"
    assert (record.channel.name, record.channel.guild_name) == ("general", "My Server")
    spoiler = archive.records[2]
    assert spoiler.spoiler
    assert (spoiler.channel.name, spoiler.channel.guild_id) == ("ann", "0")
    assert spoiler.message_link.startswith(f"https://discord.com/channels/@me/{DIRECT_ID}/")


@pytest.mark.parametrize("names", ["ENGLISH", "BEFORE_2025", "JAPANESE"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prefix", ["c", ""])
def test_every_layout_gives_the_same(tmp_path: Path, names: str, form: str, prefix: str) -> None:
    channels = [
        channel(posted=[post(f"line one\nline {n}", [link(f"{n}.png")]) for n in range(5)]),
        direct(posted=[post("", [link("x.png", channel_id=DIRECT_ID)])]),
    ]
    how = {"form": form, "prefix": prefix, "names": getattr(data_packages, names)}
    folder = read(make_package(tmp_path, channels, **how))
    zipped = read(make_package(tmp_path, channels, as_zip=True, **how))
    assert folder.message_count == zipped.message_count == 6
    assert len(folder.records) == 6
    assert facts(folder) == facts(zipped)
    assert folder.warnings == zipped.warnings == ()
    expected = read(make_package(tmp_path / "new", channels))
    for record, other in zip(folder.records, expected.records):
        assert dataclasses.replace(record, timestamp=other.timestamp) == other
    # The package of before 2023 has fractions of a second.
    assert folder.records[0].timestamp.replace(microsecond=0) == expected.records[0].timestamp


def test_parts_of_a_package_may_be_opened(tmp_path: Path) -> None:
    package = make_package(tmp_path)
    whole = read(package)
    for part in (package / "Messages", package / "Messages" / "index.json"):
        archive = read(part)
        assert facts(archive) == facts(whole)
        assert archive.paths == whole.paths == (str(package / "Messages" / "index.json"),)
    zipped = make_package(tmp_path, as_zip=True)
    inside = zipped / "Messages" / "index.json"
    assert read(inside).paths == read(zipped).paths == (str(inside),)


@pytest.mark.parametrize("form", FORMS)
def test_one_channel_alone(tmp_path: Path, form: str) -> None:
    package = make_package(tmp_path, form=form)
    folder = package / "Messages" / f"c{CHANNEL_ID}"
    for part in (folder, folder / f"messages.{form}"):
        archive = read(part)
        assert archive.name == "My Server › general"
        assert archive.message_count == 2
        assert archive.warnings == ()
        (record,) = archive.records
        assert (record.author, record.channel.id) == (OWNER, CHANNEL_ID)
    (folder / "channel.json").unlink()
    assert read(folder).channels[0].id == CHANNEL_ID
    alone = folder / f"messages.{form}"
    elsewhere = Path(alone.rename(tmp_path / alone.name))
    assert read(elsewhere).records[0].message_link == ""


def test_the_same_package_in_several_ways_is_read_once(tmp_path: Path) -> None:
    channels = [channel(posted=[post("", [link("a.png")]), post("b")])]
    package, zipped = make_package(tmp_path, channels), make_package(tmp_path, channels, as_zip=True)
    single = package / "Messages" / f"c{CHANNEL_ID}" / "messages.json"
    archive = read(package, package / "Messages", zipped, single)
    assert archive.message_count == 2
    assert len(archive.records) == 1
    assert len(archive.channels) == 1


def test_a_package_in_a_folder_with_other_exports(tmp_path: Path) -> None:
    make_package(tmp_path)
    make_package(tmp_path, [channel("870000000000000044", "random", [post("", [link("r.png")])])], as_zip=True)
    make_export(tmp_path, messages=[message("", [attachment("dce.png")])])
    archive = read(tmp_path)
    assert archive.warnings == ()
    assert sorted(record.file_name for record in archive.records) == ["SPOILER_dog.jpg", "cat.png", "dce.png", "r.png"]


def test_other_json_of_a_package_is_not_complained_about(tmp_path: Path) -> None:
    files = files_of()
    files["Account/user.json"] = b'{"id": "1", "username": "x", "guild": {}, "channel": {}, "messages": 1}'
    files["Servers/index.json"] = b'{"860000000000000011": "My Server"}'
    files["Ads/traits.json"] = b'{"channel": 1}'
    for as_zip in (False, True):
        assert read(write_files(tmp_path, files, as_zip)).warnings == ()


def test_names_of_channels_without_a_description(tmp_path: Path) -> None:
    def listed(number: int, text: str | None, **about: Any) -> PackageChannel:
        id = f"8700000000000001{number:02}"
        return PackageChannel(id, {"id": id, **about}, text, (post("x"),))

    channels = [
        channel(posted=[post("x")]),
        listed(1, "left in here in My Server", type="GUILD_TEXT"),
        listed(2, "Unknown channel in Elsewhere", type="GUILD_TEXT"),
        listed(3, None, type=0),
        listed(4, None, type=1, recipients=[OWNER_ID, "810000000000000055"]),
        listed(5, "Direct Message with bob#1234", type="DM"),
        listed(6, "Book club", type=3, name="Book club"),
        listed(7, "None", type="DM"),
        listed(8, "threads in My Server", type="PUBLIC_THREAD", name="threads", guild={"id": GUILD_ID}),
    ]
    found = {
        one.id[-2:]: (one.name, one.guild_id, one.guild_name) for one in read(make_package(tmp_path, channels)).channels
    }
    assert found == {
        "12": ("general", GUILD_ID, "My Server"),
        "01": ("left in here", GUILD_ID, "My Server"),
        "02": ("Unknown channel in Elsewhere", "0", ""),
        "03": ("channel 870000000000000103", "0", ""),
        "04": ("810000000000000055", "0", "Direct Messages"),
        "05": ("bob#1234", "0", "Direct Messages"),
        "06": ("Book club", "0", "Direct Messages"),
        "07": ("channel 870000000000000107", "0", "Direct Messages"),
        "08": ("threads", GUILD_ID, "My Server"),
    }


def test_both_kinds_of_channel_folders_of_june_2021(tmp_path: Path) -> None:
    new = files_of([channel(posted=[post("", [link("a.png")])])])
    old = files_of([channel(posted=[post("", [link("b.png")])])], prefix="")
    for number, files in enumerate(({**new, **old}, {**old, **new})):
        (tmp_path / str(number)).mkdir()
        archive = read(write_files(tmp_path / str(number), files, as_zip=True))
        assert [record.file_name for record in archive.records] == ["a.png"]
        assert archive.message_count == 1


def test_names_of_files_in_any_case(tmp_path: Path) -> None:
    files = {
        name if "Activity" in name else "/".join([*name.split("/")[:-1], name.split("/")[-1].title()]): data
        for name, data in files_of().items()
    }
    assert "Messages/Index.Json" in files
    archive = read(write_files(tmp_path, files, as_zip=True))
    assert archive.warnings == ()
    assert len(archive.records) == 2
    assert archive.records[0].author == "The Owner"
    assert archive.channels[0].name == "general"


def test_links_in_the_text(tmp_path: Path) -> None:
    pasted = link("a.png", id="5")
    path = make_package(
        tmp_path, [channel(posted=[post(f"see https://i.test/b.png and {pasted}", [pasted]), post("https://i.test/c")])]
    )
    assert [(r.kind, r.file_name) for r in read(path).records] == [("attachment", "a.png"), ("link", "b.png")]
    assert [r.kind for r in read(path, kinds=PictureKinds(links=False)).records] == ["attachment"]


def test_emoji_in_the_text(tmp_path: Path) -> None:
    path = make_package(tmp_path, [channel(posted=[post("hi <:blob:123> <a:dance:124>")])])
    assert read(path).records == ()
    records = read(path, kinds=PictureKinds(emoji=True)).records
    assert [(r.kind, r.file_name, r.content[:2]) for r in records] == [
        ("emoji", "blob.png", "hi"),
        ("emoji", "dance.gif", "hi"),
    ]


def test_whose_it_is(tmp_path: Path) -> None:
    for user, expected in (
        ({"id": OWNER_ID, "username": "owner", "global_name": None}, "owner"),
        ({"id": 1, "username": "owner"}, "owner"),
        ({"id": OWNER_ID, "username": None}, OWNER),
        ({"id": OWNER_ID, "username": "x", "big": "y" * 300_000}, "x"),
        ({"id": OWNER_ID, "username": "x", "many": [{"a": "y" * 300}] * 40_000}, "x"),
    ):
        path = make_package(tmp_path / str(len(str(user))), user=user)
        assert read(path).records[0].author == expected


def test_only_the_beginning_of_a_huge_account_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_layout, "_LONGEST_USER", 500_000)
    many = {f"about{number}": "y" * 100_000 for number in range(20)}
    name = {"id": OWNER_ID, "username": "x"}
    assert read(make_package(tmp_path / "late", user={**many, **name})).records[0].author == OWNER
    assert read(make_package(tmp_path / "early", user={**name, **many})).records[0].author == "x"


def test_what_is_damaged_is_said(tmp_path: Path) -> None:
    files = files_of([channel(str(870_000_000_000_000_100 + n), posted=[post("x", [link("a.png")])]) for n in range(6)])
    names = [name for name in files if name.endswith("messages.json")]
    files[names[0]] = files[names[0]].replace(b'"ID": ', b'"ID": nonsense')
    files[names[1]] = files[names[1]][:-10]
    files[names[2]] = b""
    files[names[3]] = b'{"no": "array"}'
    del files[names[4]]
    archive = read(write_files(tmp_path, files))
    assert archive.message_count == 1
    assert len(archive.records) == 1
    assert len(archive.warnings) == 3
    assert all("“package”" in warning for warning in archive.warnings)
    assert "2 messages could not be read" in archive.warnings[0]
    assert "the messages of 2 channels end in the middle" in archive.warnings[1]
    assert "1 channel without the messages" in archive.warnings[2]


def test_one_bad_file_of_a_zip_does_not_spoil_the_others(tmp_path: Path) -> None:
    files = files_of([channel(str(870_000_000_000_000_100 + n), posted=[post(f"post {n}")]) for n in range(5)])
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        for name, data in files.items():
            zipped.writestr(name, data)
    path.write_bytes(path.read_bytes().replace(b"post 3", b"past 3"))  # its checksum is wrong now
    archive = read(path)
    assert archive.message_count in (4, 5)
    assert len(archive.warnings) == 1
    assert "the messages of 1 channel end in the middle" in archive.warnings[0]


def test_a_package_without_messages_says_so(tmp_path: Path) -> None:
    """Discord sent such packages in June 2021."""
    files = {name: data for name, data in files_of().items() if not name.endswith("messages.json")}
    with pytest.raises(ArchiveError, match=r"“package” is a data package of Discord, but none of its messages"):
        read(write_files(tmp_path, files))


def test_a_package_of_one_who_never_wrote(tmp_path: Path) -> None:
    archive = read(make_package(tmp_path, [channel()]))
    assert (archive.message_count, archive.records, archive.warnings) == (0, (), ())


def test_a_list_without_its_channels_is_refused(tmp_path: Path) -> None:
    files = {name: data for name, data in files_of().items() if name.endswith("index.json")}
    with pytest.raises(ArchiveError, match="holds no Discord export"):
        read(write_files(tmp_path, files))
    with pytest.raises(ArchiveError, match=r"“index.json” is .* part of the data package .* Open the whole package"):
        read(tmp_path / "package" / "Messages" / "index.json")


def test_progress_counts_all_files_of_messages(tmp_path: Path) -> None:
    channels = [
        channel(str(870_000_000_000_000_100 + n), posted=[post("x" * 3000) for _ in range(100)]) for n in range(10)
    ]
    for form in FORMS:
        files = files_of(channels, form=form)
        total = sum(len(data) for name, data in files.items() if name.endswith(f"messages.{form}"))
        events = list(read_archive([write_files(tmp_path / form, files)]))
        done = [event.done for event in events if isinstance(event, Progress)]
        assert done == sorted(done)
        assert {event.total for event in events if isinstance(event, Progress)} == {None, total}
        assert done[-1] == total


def test_thousands_of_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folder of the disk is listed once, and every file of messages opened once: no more work than there is."""

    def channels(number: int) -> list[PackageChannel]:
        first = 870_000_000_000_100_000
        return [channel(str(first + n), f"c{n}", [post("x", [link(f"{n}.png")])]) for n in range(number)]

    opened: list[str] = []
    listed: list[str] = []
    open_file, scan = DiskTree.open, os.scandir

    def opening(tree: DiskTree, name: str) -> Any:
        opened.append(name)
        return open_file(tree, name)

    def scanning(path: Any) -> Any:
        listed.append(path)
        return scan(path)

    package = make_package(tmp_path, channels(600))
    zipped = make_package(tmp_path, channels(10_000), as_zip=True)
    with monkeypatch.context() as patched:
        patched.setattr(DiskTree, "open", opening)
        patched.setattr(os, "scandir", scanning)
        archive = read(package)
    assert archive.message_count == len(archive.records) == len(archive.channels) == 600
    assert len(opened) < 2 * 600 + 20
    assert len(listed) < 600 + 20
    archive = read(zipped)
    assert archive.message_count == len(archive.records) == len(archive.channels) == 10_000
    assert archive.warnings == ()


# ---------------------------------------------------------------------------------------------------- CSV, row by row

relaxed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60, database=None
)
texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ['"', '""', "\n", "\r\n", ',"', "1,2020-01-01 00:00:00,a,b\n", "870,2020-01-01", "\0", "👀", "\u2028"]
    ),
)
posts = st.builds(
    lambda text, links: Post("870000000000000001", snowflake_time("870000000000000001"), text, " ".join(links)),
    st.lists(texts, max_size=4).map("".join),
    st.lists(st.sampled_from([link("a.png"), link("b.mp4")]), max_size=2),
)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_messages, "_BLOCK", 100)


def rows_of(data: bytes) -> tuple[list[Any], CsvMessages]:
    messages = CsvMessages(io.BytesIO(data))
    return [message for batch in messages for message in batch], messages


@relaxed
@given(st.lists(posts, max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_rows_are_read_back(posted: list[Any], newline: str, mark: bool) -> None:
    rows, messages = rows_of((b"\xef\xbb\xbf" if mark else b"") + as_csv(posted, newline))
    assert [(row.id, row.content, row.attachments) for row in rows] == [
        (one.id, one.content, one.attachments) for one in posted
    ]
    assert (messages.damaged, messages.closed) == (0, True)


@relaxed
@given(st.lists(posts, min_size=1, max_size=8), st.data())
def test_a_csv_cut_anywhere_gives_its_beginning(posted: list[Any], data: st.DataObject) -> None:
    raw = as_csv(posted)
    cut = data.draw(st.integers(0, len(raw) - 1))
    rows, messages = rows_of(raw[:cut])
    assert [row.id for row in rows] == [one.id for one in posted][: len(rows)]
    whole = len(rows_of(raw[: raw.rfind(b"\n", 0, cut) + 1])[0])
    assert len(rows) >= whole or not messages.closed


def test_a_line_that_somebody_wrote_is_no_row_though_its_message_was_cut() -> None:
    """Its day is not that of its id."""
    posted = post("I sent you this:\n870000000000000005,2020-01-01 00:00:00,look,\n1,2024-05-06,,\nand more", [])
    raw = as_csv([posted])
    rows, messages = rows_of(raw[: raw.index(b"and more")])
    assert rows == []
    assert not messages.closed


def test_damage_loses_its_row_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_messages, "_BLOCK", 50_000)
    good = [post(f"text {n}\nmore", [link("a.png")]) for n in range(6)]
    lines = [as_csv([one]).split(b"\n", 1)[1] for one in good]
    for damaged in (
        lines[2].replace(b'"text', b"text"),  # a quote is lost: the row ends in the middle of the next one
        lines[2].replace(b"more", b'mo"re'),
        lines[2].replace(b",", b";"),
        b"nonsense\n",
        b'"' * 999 + b"\n",
        b"x" * 2_000_000 + b"\n",
    ):
        rows, messages = rows_of(b"".join([*lines[:2], damaged, *lines[3:]]))
        assert [row.id for row in rows] == [one.id for one in (*good[:2], *good[3:])]
        assert messages.damaged >= 1
        assert messages.closed


def test_a_quote_that_is_never_closed_holds_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_messages, "_BLOCK", 10_000)
    raw = b'1,2020-01-01 00:00:00,"\n' + b"2,2020-01-01 00:00:00,x,\n" * 50_000
    messages = CsvMessages(io.BytesIO(raw))
    assert next(len(batch) for batch in messages if batch) > 0
    assert messages.bytes_read < 200_000


def test_a_line_without_end_holds_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_messages, "_BLOCK", 100_000)
    raw = b"x" * 10_000_000
    tracemalloc.start()
    try:
        rows_of(raw)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "raw",
    [
        b'"' * 1_000_001,
        b'1,2020-01-01 00:00:00,"\n' * 50_000,
        b'1,2020-01-01 00:00:00,"\n' + b"1,2020-01-01 00:00:00,x\n" * 50_000,
        b"\n" * 1_000_000,
        b"a,b\n" * 200_000,
    ],
    ids=["quotes", "never closed", "one never closed", "line breaks", "short rows"],
)
def test_nothing_is_looked_at_again_and_again(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_messages, "_BLOCK", 10_000)
    looked_at = 0
    cells = CsvMessages._cells

    def counting(self: CsvMessages, row: list[str]) -> list[str]:
        nonlocal looked_at
        looked_at += sum(map(len, row))
        return cells(self, row)

    monkeypatch.setattr(CsvMessages, "_cells", counting)
    _, messages = rows_of(raw)
    assert looked_at < 8 * len(raw)
    assert messages.bytes_read == len(raw)


# ------------------------------------------------------------------------------------------------------ whole packages


def check(record: ImageRecord) -> None:
    for text in (record.key, record.message_id, record.file_name, record.url, record.author, record.content):
        assert isinstance(text, str)
        text.encode()
    assert record.message_id.isdigit()
    assert record.timestamp.tzinfo is not None
    assert record.local_path is None


def check_sentence(text: str) -> None:
    assert "\n" not in text
    assert text.endswith(".")


def read_files(files: dict[str, bytes], as_zip: bool = False) -> Archive | None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_files(Path(folder), files, as_zip)
        try:
            archive = read(path)
        except ArchiveError as exc:
            check_sentence(str(exc))
            return None
    for record in archive.records:
        check(record)
    return archive


garbage = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud83d"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in list(items) for place in [(value, key), *places(inner)]]


@relaxed
@given(garbage, st.data())
def test_garbage_in_any_field_is_survived(value: Any, data: st.DataObject) -> None:
    files = dict(FILES["json"])
    name = data.draw(st.sampled_from([name for name in files if name.endswith(".json") and "Activity" not in name]))
    whole = [json.loads(files[name])]
    container, key = data.draw(st.sampled_from(places(whole)))
    container[key] = copy.deepcopy(value)
    files[name] = json.dumps(whole[0]).encode()
    read_files(files)


@relaxed
@given(st.sampled_from(FORMS), st.binary(max_size=100), st.booleans(), st.data())
def test_bytes_changed_or_cut_anywhere_are_survived(form: str, noise: bytes, cut: bool, data: st.DataObject) -> None:
    files = dict(FILES[form])
    name = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[name])))
    rest = b"" if cut else files[name][at + data.draw(st.integers(0, 50)) :]
    files[name] = files[name][:at] + noise + rest
    read_files(files)


@relaxed
@given(st.data())
def test_a_zip_with_bytes_changed_anywhere_is_survived(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_files(Path(folder), FILES["json"], as_zip=True)
        raw = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 5))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(raw)
        try:
            archive = read(path)
        except ArchiveError as exc:
            check_sentence(str(exc))
            return
        for record in archive.records:
            check(record)


@pytest.mark.parametrize(
    "index",
    [
        b'{"1":"' + b"\\x" * 500_000,
        b'{"870000000000000012":"' * 50_000,
        b'{"870000000000000012":"\\ud83d in \\u202eMy Server"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_hostile_list_of_channels(tmp_path: Path, index: bytes) -> None:
    files = files_of()
    files["Messages/index.json"] = index
    archive = read(write_files(tmp_path, files))
    assert len(archive.records) == 2
    for record in archive.records:
        record.channel.name.encode()


def test_links_that_lead_elsewhere_are_kept_as_links(tmp_path: Path) -> None:
    odd = "file:///etc/passwd.png ../../x.png https://evil.test/a.png https://cdn.discordapp.com/attachments/1/2/../../x.png"
    archive = read(make_package(tmp_path, [channel(posted=[post("", odd.split(" "))])]))
    assert [record.url for record in archive.records] == odd.split(" ")[2:]
    assert all(record.local_path is None for record in archive.records)
    assert all(record.attachment_id is None for record in archive.records)


def test_as_json_and_as_csv_of_the_builder_agree() -> None:
    posted = [post("a", [link("a.png")])]
    assert json.loads(as_json(posted))[0]["ID"] == int(rows_of(as_csv(posted))[0][0].id)
