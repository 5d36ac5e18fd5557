"""Sound exports of every format, and what can be made of them that is not: values, bytes, ends, encodings.

Each family yields cases, the same ones every time; of the random ones, the seed is in the name.
"""

from __future__ import annotations

import codecs
import copy
import json
import random
import tempfile
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Tuple

from tests import exports, exports_api
from tests.data_packages import files_of
from tests.exports_csv import make_csv
from tests.exports_html import make_html
from tests.trackers import kept, make_tracker, tracked


class Case(NamedTuple):
    """An export that somebody may have made to hurt."""

    name: str
    make: Callable[[Path], Path]
    """Writes it into an empty folder, and returns what is opened."""


def written(
    name: str, file: str, data: Callable[[], bytes], beside: Mapping[str, bytes] = MappingProxyType({})
) -> Case:
    """One file, which is opened; or its folder, where others lie beside it."""

    def make(folder: Path) -> Path:
        for other in beside:
            (folder / other).parent.mkdir(parents=True, exist_ok=True)
            (folder / other).write_bytes(beside[other])
        (folder / file).write_bytes(data())
        return folder if beside else folder / file

    return Case(name, make)


# --------------------------------------------------------------------------------------------------------- sound ones

Place = Tuple[Any, ...]


@lru_cache(maxsize=None)
def documents() -> dict[str, Any]:
    """The JSON of each format, a small one with everything in it."""
    forwarded = exports.message("sent on", [exports.attachment("far.png", id="880000000000000099")])
    full = exports.message(
        "look <:a:123456789012345678> https://example.org/b.png ||https://example.org/c.png||",
        [exports.attachment("cat.png", id="880000000000000001")],
        [exports.embed(image=exports.picture("https://example.org/d.png"), url="https://example.org/d.png")],
        forwarded=forwarded,
    )
    full["stickers"] = [{"id": "7", "name": "s", "format": "PNG", "sourceUrl": "https://example.org/s.png"}]
    emoji = {"id": "123456789012345678", "name": "a", "isAnimated": False, "imageUrl": "https://example.org/e.png"}
    full["inlineEmojis"], full["reactions"] = [emoji], [{"emoji": emoji, "count": 1}]
    saved = exports.message("", [exports.attachment("x.png", url="export.json_Files/x-0A1B2.png", id="8")])
    exporter = exports.document([full, saved, exports.message("bye")])
    api = [
        exports_api.message(
            "hi <:a:123456789012345678>",
            [exports_api.attachment("a.png")],
            [{"url": "https://example.org/d.png", "image": exports_api.picture("https://example.org/d.png")}],
            sticker_items=[{"id": "7", "name": "s", "format_type": 1}],
            reactions=[{"emoji": {"id": "5", "name": "e", "animated": False}}],
            member={"nick": "n"},
        ),
        exports_api.forward(exports_api.message("on", [exports_api.attachment("b.png")])),
    ]
    # Without the builders' own notes and times.
    return {"exporter": json.loads(json.dumps(_plain(exporter), default=str)), "api": api}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if key != "_data"}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


@lru_cache(maxsize=None)
def sound() -> dict[str, tuple[str, bytes]]:
    """The file of each format, by its name and content: short ones."""
    found = {
        "exporter": ("export.json", exports.dump(documents()["exporter"])),
        "exporter in one line": ("export.json", exports.dump(documents()["exporter"], layout="minified")),
        "api": ("messages.json", json.dumps(documents()["api"]).encode()),
        "api in lines": ("messages.jsonl", "\n".join(map(json.dumps, documents()["api"])).encode()),
    }
    posted = [exports.message("one", [exports.attachment("a.png")]), exports.message('two, "quoted"')]
    with tempfile.TemporaryDirectory() as folder:
        for dialect in ("2.47", "saved again", "2.18"):
            data = make_csv(Path(folder), messages=posted, dialect=dialect).read_bytes()
            found[f"csv {dialect}"] = ("export.csv", data)
        for version in ("2.47", "2.18"):
            data = make_html(Path(folder), messages=posted, version=version).read_bytes()
            found[f"html {version}"] = ("export.html", data)
        found["tracker"] = (
            "archive.dht",
            make_tracker(Path(folder), [tracked("hi", [kept("a.png", b"1")], [{"url": "x"}])]).read_bytes(),
        )
    package = files_of(form="csv")
    name = next(name for name in package if name.endswith("messages.csv"))
    found["package csv"] = ("messages.csv", package[name])
    return found


# -------------------------------------------------------------------------------------------------------------- values

LAYERS = "https://" + "images-ext-1.discordapp.net/external/a/https/" * 15_000 + "example.org/a.png"
VALUES = {
    **{
        text or "nothing": text
        for text in ("null", "true", "-1", "0", "1e999", "-1e400", "NaN", "-Infinity", '""', "[]", "{}")
    },
    "nested": '[{"a": [{"b": [null, {}]}]}]',
    "400 digits": "9" * 400,
    "100,000 digits": "9" * 100_000,
    "2**64": str(2**64),
    "2**64 as a text": f'"{2**64}"',
    "a negative id": '"-5"',
    "other digits": '"٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣"',
    "a megabyte": '"' + "x" * 1_000_000 + '"',
    "100,000 spaces in a date": '"2024-01-01 00:00' + " " * 100_000 + 'x"',
    "100,000 levels": "[" * 100_000 + "]" * 100_000,
    "100,000 objects in objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "100,000 brackets that stay open": "[" * 100_000,
    "50,000 empty objects": "[" + ",".join(["{}"] * 50_000) + "]",
    "a lone surrogate": r'"\ud800.png"',
    "two surrogates the wrong way round": r'"\udc00\ud800"',
    "a null character": r'"a\u0000.png"',
    "a bare null character": '"a\0.png"',
    "control characters": '"\\u001b[31m\\u202e\x1b\x07a.png"',
    "line breaks": r'"a\n\r\u2028b.png"',
    "the year 0": '"0000-00-00T00:00:00Z"',
    "the year 99999": '"99999-01-01T00:00:00+00:00"',
    "the year 9999": '"9999-12-31T23:59:59-23:59"',
    "a far offset": '"2024-01-01T00:00:00+99:99"',
    "a URL with a name and password": '"https://user:pw@cdn.discordapp.com/attachments/1/2/a.png"',
    "a URL with control characters": r'"https://cdn.discordapp.com/attachments/1/2/\u0000\n\u001b.png"',
    "a URL in URLs": f'"{LAYERS}"',
    "a URL that is none": '"https://[::"',
    "a URL of another kind": '"javascript:alert(1)//a.png"',
    "a URL of data": '"data:image/png;base64,iVBORw0KGgo="',
    "a file's URL": '"file:///etc/passwd"',
    "a path that leads out": '"../outside/secret.png"',
    "a path of Windows that leads out": r'"..\\outside\\secret.png"',
    "an absolute path": '"/etc/passwd"',
    "a path of a drive": r'"C:\\Windows\\a.png"',
    "a path of a drive without a slash": '"C:a.png"',
    "a path on the network": r'"\\\\host\\share\\a.png"',
    "a device": '"export.json_Files/CON"',
    "a path through a link": '"link/secret.png"',
    "a long path": '"' + "d/" * 3_000 + 'a.png"',
}
"""What may stand in the place of any value, as JSON text."""
_HERE = "\x01here\x01"


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where values stand in a document; of long lists, those of the first two elements."""
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*place, key))


def replaced(document: Any, place: Place, text: str, indent: int | None) -> bytes:
    """The document with other JSON text in one place."""
    if not place:
        return text.encode("utf-8", "surrogatepass")
    changed = copy.deepcopy(document)
    holder = changed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = _HERE
    whole = json.dumps(changed, indent=indent, ensure_ascii=False).replace(json.dumps(_HERE), text)
    return whole.encode("utf-8", "surrogatepass")


def values() -> Iterator[Case]:
    """Every value of a JSON export replaced by each of ``VALUES``, or standing there twice."""
    package = files_of(form="json")
    parts = ("channel.json", "messages.json", "index.json", "user.json")
    targets = [(name, document, "export.json", {}) for name, document in documents().items()]
    targets += [(name, json.loads(data), name, package) for name, data in package.items() if name.endswith(parts)]
    for name, document, file, beside in targets:
        for place in places(document):
            shown = "/".join(map(str, place))
            twice = (
                {"there twice": f'"a", {json.dumps(place[-1])}: {{}}'} if place and isinstance(place[-1], str) else {}
            )
            for what, text in {**VALUES, **twice}.items():
                for indent in (2, None):
                    data = partial(replaced, document, place, text, indent)
                    yield written(f"{name}: {shown} is {what} ({indent})", file, data, beside)


# ----------------------------------------------------------------------------------------------------- bytes and texts


def cuts(step: int = 1, start: int = 0) -> Iterator[Case]:
    """Every file cut after each byte, or after every so many."""
    for form, (file, data) in sound().items():
        # Most of a page is its style sheet, most of a database is empty.
        for end in range(start, len(data), step if len(data) < 8_000 else step * 10):
            yield written(f"{form}: cut after {end} bytes", file, partial(data.__getitem__, slice(end)))


def noise(amount: int, seed: int) -> Iterator[Case]:
    """Each file with some of its bytes changed, lost, doubled, moved or made many."""
    for form, (file, data) in sound().items():
        for number in range(amount):
            yield written(f"{form}: noise {seed} {number}", file, partial(_noisy, data, f"{form} {seed} {number}"))


def _noisy(data: bytes, seed: str) -> bytes:
    random_ = random.Random(seed)
    changed = bytearray(data)
    for _ in range(random_.choice((1, 1, 2, 8, 40))):
        _change(changed, random_)
        del changed[MOST:]
    return bytes(changed)


MOST = 2_000_000
"""Bytes that noise makes of a file at most."""
_TOKENS = (
    *(
        b'"',
        b'""',
        b"\0",
        b"\n",
        b"\r\n",
        b",",
        b";",
        b"{",
        b"}",
        b"[",
        b"]",
        b"[[",
        b"<",
        b">",
        b"<!--",
        b"</div>",
        b"\\",
    ),
    *(b'{"id":', b'"messages":[', b"\xff", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xef\xbb\xbf", b"-1", b"1e999"),
    *(b"<div class=chatlog__message data-message-id=1>", b"&#9999999999;", b"\\ud800", b'"id":"1","type":'),
)


def _change(data: bytearray, random_: random.Random) -> None:
    at = random_.randrange(len(data) + 1)
    length = random_.choice((1, 1, 4, 50, 1000))
    how = random_.randrange(6)
    if how == 0 and at < len(data):
        data[at] ^= 1 << random_.randrange(8)
    elif how == 1:
        del data[at : at + length]
    elif how == 2:
        data[at:at] = random_.choice(_TOKENS) * random_.choice((1, 1, 3, 20_000))
    elif how == 3:
        data[at:at] = data[at : at + length] * random_.choice((1, 2, 500))
    elif how == 4:
        to = random_.randrange(len(data) + 1)
        data[to:to] = data[at : at + length]
    else:
        data[at : at + length] = random_.randbytes(length) if hasattr(random_, "randbytes") else bytes(length)


def encodings() -> Iterator[Case]:
    """Texts in encodings that are none, or others than they seem."""
    for form, (file, data) in sound().items():
        if form == "tracker":
            continue
        text = data.decode("utf-8")
        made: dict[str, bytes] = {}
        for name in ("utf-16-le", "utf-16-be", "utf-32-le", "cp1252", "cp037"):
            raw = text.encode(name, "replace")
            mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(name, codecs.BOM_UTF32_LE)
            made[f"{name} without a mark"] = raw
            made[f"{name} with a mark"] = mark + raw
            made[f"{name}, an odd number of bytes"] = mark + raw[:-1]
        made["UTF-8 that is called UTF-16"] = codecs.BOM_UTF16_LE + data
        made["two marks"] = codecs.BOM_UTF8 * 2 + data
        made["invalid UTF-8"] = data.replace(b"e", b"\xff\xc0\x80")
        made["surrogates in UTF-8"] = data.replace(b"one", b"\xed\xa0\x80").replace(b"hi", b"\xed\xb0\x80")
        made["null characters"] = data.replace(b" ", b"\0 ")
        made["half surrogates in UTF-16"] = codecs.BOM_UTF16_LE + text.encode("utf-16-le").replace(b"e\0", b"\0\xd8")
        for what, raw in made.items():
            yield written(f"{form}: {what}", file, partial(bytes, raw))
