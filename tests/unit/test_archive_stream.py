"""Properties of reading: the layout does not matter, a cut loses only the end, nothing makes it crash."""

from __future__ import annotations

import copy
import io
import json
import random
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ras.archive import json_stream, json_values, read_archive
from ras.archive.json_stream import ElementStream
from ras.errors import ArchiveError
from ras.records import Archive, ImageRecord, finish
from tests.exports import attachment, author, document, dump, embed, message, picture

EXPORTED = datetime(2026, 1, 2, tzinfo=timezone.utc)

# Text that looks like the structure of an export is the hardest to cut right.
texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ['"messages": [', '},{"id":"1","type":', "\n    }", "\n    {", "]}", "\\", '\\"', "👀", "\x85\u2028"]
    ),
)


@st.composite
def messages(draw: st.DrawFn) -> Any:
    attachments = [
        attachment(draw(st.sampled_from(["a.png", "b.jpg", "c.mp4", "noextension"])), id=str(number + 1))
        for number in range(draw(st.integers(0, 3)))
    ]
    embeds = [embed(image=picture(f"https://a.test/{n}.png")) for n in range(draw(st.integers(0, 2)))]
    made = message(draw(texts), attachments, embeds, by=author(nickname=draw(texts)))
    if draw(st.booleans()):
        made["embeds"].append({"title": draw(texts), "fields": [{"name": draw(texts), "value": draw(texts)}]})
    return made


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of some hundred bytes: the smallest export is cut many times."""
    monkeypatch.setattr(json_stream, "_BLOCK", 700)


relaxed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40, database=None
)


def read(data: bytes) -> Archive:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.json"
        path.write_bytes(data)
        return finish(read_archive([path]))


def public(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: public(inner) for key, inner in value.items() if key != "_data"}
    return [public(inner) for inner in value] if isinstance(value, list) else value


@relaxed
@given(st.lists(messages(), max_size=12))
def test_every_layout_gives_the_same_records(posted: list[Any]) -> None:
    whole = public(document(posted, exported_at=EXPORTED))
    expected = read(dump(whole))
    assert expected.message_count == len(posted)
    assert expected.warnings == ()
    assert [r.content for r in expected.records] == [
        m["content"]
        for m in posted
        for _ in range(sum(a["fileName"] != "c.mp4" for a in m["attachments"]) + sum("image" in e for e in m["embeds"]))
    ]
    spaced = json.dumps(whole)
    for other in (
        dump(whole, layout="minified"),
        dump(whole, newline="\r\n"),
        dump(whole, bom=True),
        dump(whole, encoding="utf-16-le", bom=True),
        spaced.encode(),
        json.dumps(whole, indent=0).encode(),
        json.dumps(whole, indent="\t").encode(),
        json.dumps(whole, sort_keys=True).encode(),
        json.dumps(whole, sort_keys=True, indent=4).encode(),
        spaced.replace("}, {", "}\n,\r\n{").encode(),
    ):
        archive = read(other)
        assert archive.records == expected.records
        assert archive.message_count == expected.message_count
        assert archive.warnings == ()


@relaxed
@given(st.lists(messages(), min_size=1, max_size=6), st.sampled_from(["pretty", "minified"]), st.data())
def test_a_cut_anywhere_gives_the_beginning_and_a_warning(posted: list[Any], layout: str, data: st.DataObject) -> None:
    raw = dump(public(document(posted, exported_at=EXPORTED)), layout=layout)
    expected = read(raw).records
    for _ in range(8):
        cut = data.draw(st.integers(0, len(raw) - 1))
        try:
            archive = read(raw[:cut])
        except ArchiveError:
            assert cut <= raw.index(b'"messages":', raw.index(b"exportedAt")) + 13
            continue
        assert archive.records == expected[: len(archive.records)]
        assert len(archive.warnings) == 1
        assert archive.message_count >= len(posted) - 1 - raw[cut:].count(b'"isPinned"') - 1


garbage = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud83d"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in list(items) for place in [(value, key), *places(inner)]]


@relaxed
@given(st.lists(messages(), min_size=1, max_size=3), st.sampled_from([None, 2]), garbage, st.data())
def test_garbage_in_any_field_is_survived(
    posted: list[Any], indent: int | None, value: Any, data: st.DataObject
) -> None:
    whole = public(document(posted, exported_at=EXPORTED))
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(whole)))
        container[key] = copy.deepcopy(value)
    try:
        archive = read(json.dumps(whole, indent=indent).encode())
    except ArchiveError:
        return
    for record in archive.records:
        check(record)


def check(record: ImageRecord) -> None:
    """A record is what its type says, and every text of it can be written down."""
    for text in (record.key, record.message_id, record.file_name, record.url, record.author, record.content):
        assert isinstance(text, str)
        text.encode()
    assert record.message_id.isdigit()
    assert record.timestamp.astimezone(timezone.utc)
    assert record.message_link.startswith("https://discord.com/channels/") or not record.channel.id


@relaxed
@given(st.binary(max_size=200), st.data())
def test_bytes_changed_anywhere_are_survived(noise: bytes, data: st.DataObject) -> None:
    raw = dump(public(document([message(f"{n}", [attachment()]) for n in range(4)], exported_at=EXPORTED)))
    at = data.draw(st.integers(0, len(raw)))
    try:
        archive = read(raw[:at] + noise + raw[at + data.draw(st.integers(0, 300)) :])
    except ArchiveError:
        return
    for record in archive.records:
        check(record)


def stream(raw: bytes, **about: Any) -> ElementStream[Any]:
    options = {"key": "items", "decode_block": json.loads, "decode_element": json.loads, "element_start": r'\{"id":'}
    return ElementStream(io.BytesIO(raw), **{**options, **about})


def test_elements_a_line_each() -> None:
    lines = [json.dumps({"id": n, "in": [{"id": 0}, {"id": 0}], "text": "x" * 50}) for n in range(40)]
    for broken in (0, 20, 39):
        damaged = [line.replace("[", "[!") if n == broken else line for n, line in enumerate(lines)]
        for end in ("", "\n"):
            found = stream(("\n".join(damaged) + end).encode(), key=None, element_start=r"\{")
            assert [item["id"] for batch in found for item in batch] == [n for n in range(40) if n != broken]
            # A damaged last line without an end may as well be one that was cut.
            assert (found.damaged, found.closed) == (1, broken < 39 or end == "\n")
    found = stream("\n".join(lines)[:-5].encode(), key=None)
    assert [item["id"] for batch in found for item in batch] == list(range(39))
    assert (found.damaged, found.closed) == (0, False)


@pytest.mark.parametrize(
    "raw",
    [
        "[[]" + ",[]" * 100_000 + "]",
        "[[{}]" + ",[{}]" * 50_000 + "]",
        '{"id":1}\n' + "]\n" * 100_000,
        "[[" + "]" * 100_000,
    ],
)
def test_brackets_are_passed_over_together(raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_BLOCK", 10_000)

    def block(raw: bytes) -> list[Any]:
        items = [item for inner in json.loads(raw) for item in (inner if isinstance(inner, list) else [inner])]
        if {} in items:
            raise ValueError("no id")
        return items

    found = stream(raw.encode(), key=None, decode_block=block, decode_element=lambda raw: json.loads(raw) or None)
    batches = list(found)
    assert [item["id"] for batch in batches for item in batch] == [1] * raw.startswith("{")
    assert len(batches) < 500


def test_an_element_longer_than_a_block() -> None:
    items = [{"id": n, "text": "x" * random.Random(n).randrange(5000)} for n in range(30)]
    for indent in (None, 2):
        found = stream(json.dumps({"items": items}, indent=indent).encode())
        assert [item for batch in found for item in batch] == items
        assert found.closed


def test_a_document_too_large_to_be_true_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_LONGEST_WALKED", 10_000)
    found = stream(b'{"items": [{"id":1},{"id":2,"x":"' + b"y" * 50_000 + b'"},{"id":3}]}')
    assert [item["id"] for batch in found for item in batch] == [1, 3]
    assert found.damaged == 1
    found = stream(b'{"topic": "' + b"y" * 50_000 + b'", "items": [1]}')
    assert not any(found)
    assert not found.closed
    found = stream(b"{" + b'"a":1,' * 5000 + b'"items":[1]}')
    assert not any(found)


def test_memory_stays_small_while_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """No buffer ever holds more than a few blocks, whatever the layout."""
    items = [{"id": n, "type": "x", "text": "y" * 100} for n in range(3000)]
    for raw in (
        json.dumps({"items": items}, indent=2),
        json.dumps({"items": items}),
        json.dumps({"items": [{"z": 1, **item} for item in items]}),
    ):
        found = stream(raw.encode())
        largest = 0
        for _ in found:
            largest = max(largest, len(found._buffer))
        assert largest < 5 * 700


@pytest.mark.parametrize(
    "last", ['"timestamp":!', '"timestamp":"open', '"timestamp":[{"a"', '"timestamp":[[', '"author":{"name":"a"']
)
@pytest.mark.parametrize("end", ["]}", '],"messageCount":2}', ' ]\n,"messageCount" : 2 }\n'])
@pytest.mark.parametrize("before", ['"id":', '"x":0,"id":'])
def test_a_damaged_last_element_is_no_missing_end(last: str, end: str, before: str) -> None:
    found = stream(('{"items":[{' + before + "1},{" + before + "2," + last + "}" + end).encode())
    assert [item["id"] for batch in found for item in batch] == [1]
    assert (found.damaged, found.closed) == (1, True)


def test_the_end_of_a_damaged_file_is_still_missed() -> None:
    found = stream(b'{"items":[{"id":1},{"id":2,"x":!},{"id":3,"x":"')
    assert [item["id"] for batch in found for item in batch] == [1]
    assert (found.damaged, found.closed) == (1, False)


@pytest.mark.parametrize(
    "raw",
    [
        '{"items":[' + '{"id":1,"x":[' * 20_000 + "]}",
        '{"items":[' + ('{"id":1,"x":["' + "y" * 5_000 + '",') * 200 + "]}",
        '{"items":[' + "[" * 200_000 + "]" * 200_000 + "]}",
        '{"items":[\n  {' + "\n  {" * 50_000 + "\n]}",
        '{"items":[{"id":1,"x":[' + "[]," * 100_000 + "[]]",
    ],
    ids=["nested", "long and nested", "deep", "opened only", "many small values"],
)
def test_nothing_is_looked_at_again_and_again(raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given to the scanner, all in all, stays within a small multiple of the file."""
    monkeypatch.setattr(json_stream, "_BLOCK", 10_000)
    looked_at = 0
    scan = json_values._scan

    def counting(text: str) -> Any:
        nonlocal looked_at
        try:
            value, end = scan(text)
        except json.JSONDecodeError as exc:
            looked_at += exc.pos
            raise
        except RecursionError:
            looked_at += len(text)
            raise
        looked_at += end
        return value, end

    monkeypatch.setattr(json_values, "_scan", counting)
    assert not any(stream(raw.encode()))
    assert looked_at < 12 * len(raw)
