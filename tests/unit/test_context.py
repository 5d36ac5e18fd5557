"""The messages around a picture's: found by a few looks at the file, whatever its layout, order, and size."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import pytest

from ras.archive import read_archive
from ras.archive.context import NearbyMessage, messages_around
from ras.errors import ArchiveError
from ras.records import ImageRecord, finish
from ras.trees.disk import DiskTree
from tests.exports import CHANNEL_ID, attachment, make_export, message, snowflake
from tests.gui.streams import record

START = datetime(2021, 3, 4, tzinfo=timezone.utc)


def messages(amount: int, text: Callable[[int], str] = lambda number: f"message {number}") -> list[Any]:
    found = []
    for number in range(amount):
        when = START + timedelta(minutes=number)
        one = message(text(number), [attachment(f"p{number}.png")] if number % 10 == 0 else [])
        found.append({**one, "id": snowflake(when), "timestamp": when.isoformat()})
    return found


def wanted(number: int) -> ImageRecord:
    channel = replace(record(1).channel, id=CHANNEL_ID)
    return record(1, message_id=snowflake(START + timedelta(minutes=number)), channel=channel)


def found(path: Path | list[Path], number: int, amount: int = 5) -> list[str]:
    paths = [str(each) for each in (path if isinstance(path, list) else [path])]
    return [one.content for one in finish(messages_around(paths, wanted(number), amount))]


def texts(first: int, last: int) -> list[str]:
    return [f"message {number}" for number in range(first, last + 1)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("number", [0, 3, 500, 2994, 2999])
def test_any_message_with_five_before_and_after_it(tmp_path: Path, number: int, indent: int | None) -> None:
    path = make_export(tmp_path, messages=messages(3000))
    path.write_text(json.dumps(json.loads(path.read_text("utf-8-sig")), indent=indent, ensure_ascii=False), "utf-8")
    assert found(path, number) == texts(max(0, number - 5), min(2999, number + 5))


def test_what_is_told_of_each(tmp_path: Path) -> None:
    path = make_export(tmp_path, messages=messages(30))
    (before, own) = finish(messages_around([str(path)], wanted(20), 1))[:2]
    assert before.pictures == 0
    assert own == NearbyMessage(
        wanted(20).message_id, own.author, START + timedelta(minutes=20), "message 20", pictures=1
    )
    assert own.author not in ("", "unknown")


def test_a_large_file_is_looked_at_in_a_few_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 MB no more is read than 2 MB, wherever the message is; and the file is not read from its start."""
    path = make_export(tmp_path, messages=messages(40_000, lambda number: f"message {number}"))
    assert path.stat().st_size > 20_000_000
    amounts: list[int] = []

    class Reading(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
            data: bytes = super().read(size)  # type: ignore[arg-type]
            amounts.append(len(data))
            return data

    plain = DiskTree.open

    def counting(tree: DiskTree, name: str) -> Any:
        with plain(tree, name) as file:
            return Reading(str(file.name))

    monkeypatch.setattr(DiskTree, "open", counting)
    for number in (7, 20_000, 31_234, 39_995):
        amounts.clear()
        assert found(path, number) == texts(number - 5, min(39_999, number + 5))
        assert sum(amounts) < 2_500_000


def test_newest_first_is_told_in_order_of_time(tmp_path: Path) -> None:
    path = make_export(tmp_path, messages=messages(3000)[::-1])
    assert found(path, 1234) == texts(1229, 1239)


def test_messages_out_of_order_are_found_by_reading_on(tmp_path: Path) -> None:
    mixed = messages(3000)
    mixed[500:2500] = mixed[1500:2500] + mixed[500:1500]
    path = make_export(tmp_path, messages=mixed)
    assert found(path, 1600) == texts(1595, 1605)
    assert found(path, 700) == texts(695, 705)


def test_a_text_that_looks_like_a_message_is_none(tmp_path: Path) -> None:
    trap = '{"id": "1", "type": "Default"}'
    path = make_export(tmp_path, messages=messages(2000, lambda number: f"{number} " + trap * 9))
    assert [text.split()[0] for text in found(path, 1000)] == [str(number) for number in range(995, 1006)]


def test_a_long_message_is_stepped_over(tmp_path: Path) -> None:
    path = make_export(tmp_path, messages=messages(900, lambda number: "x" * (400_000 if number == 450 else 10)))
    for number in (449, 450, 451, 3, 896):
        texts_found = found(path, number, 1)
        assert len(texts_found) == 3


def test_the_part_of_the_export_that_has_it_is_found(tmp_path: Path) -> None:
    all_of_them = messages(3000)
    paths = [
        make_export(tmp_path, name=f"part {part}.json", messages=all_of_them[part * 1000 : part * 1000 + 1000])
        for part in range(3)
    ]
    assert found(paths, 2500) == texts(2495, 2505)
    assert found(paths, 0) == texts(0, 5)


def test_in_a_zip_and_in_utf_16(tmp_path: Path) -> None:
    path = make_export(tmp_path, messages=messages(3000))
    text = path.read_text("utf-8-sig")
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/export.json", text)
    assert found(packed / "folder" / "export.json", 2000) == texts(1995, 2005)
    path.write_text(text, "utf-16")
    assert found(path, 2000) == texts(1995, 2005)


def test_an_export_that_was_cut_has_what_is_there(tmp_path: Path) -> None:
    path = make_export(tmp_path, messages=messages(3000))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    assert found(path, 1000) == texts(995, 1005)


def test_what_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = make_export(tmp_path, messages=messages(30))
    for number in (-5, 31):
        with pytest.raises(ArchiveError, match="no longer has this message"):
            found(path, number)
    between = replace(wanted(5), message_id=str(int(wanted(5).message_id) + 1))
    with pytest.raises(ArchiveError, match="no longer has this message"):
        finish(messages_around([str(path)], between))
    with pytest.raises(ArchiveError, match="does not say which message"):
        finish(messages_around([str(path)], replace(between, message_id="")))
    path.unlink()
    with pytest.raises(ArchiveError, match=r"“.*json” could not be opened|no such file|No such file"):
        found(path, 5)


def test_other_kinds_of_archives_have_none(tmp_path: Path) -> None:
    path = tmp_path / "a [1].csv"
    path.write_text('AuthorID,Author,Date,Content,Attachments,Reactions\n"1","a","2021-03-04T05:06:07","x","",""\n')
    with pytest.raises(ArchiveError, match="not available for this kind of archive"):
        found(path, 5)


def test_every_record_of_an_archive_finds_its_message(tmp_path: Path) -> None:
    path = make_export(tmp_path, messages=messages(400))
    archive = finish(read_archive([path]))
    assert len(archive.records) == 40
    for one in archive.records:
        near = finish(messages_around(archive.paths, one, 1))
        (own,) = (each for each in near if each.id == one.message_id)
        assert (own.id, own.content, own.timestamp) == (one.message_id, one.content, one.timestamp)
