"""A fuzzer over every reader of exports, and exports too large to be made by hand: see ``tests.reliability``."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator

from benchmarks.reliability.rows import Row
from tests.exports import attachment, document, dump, message
from tests.reliability import hostile_databases, hostile_folders, hostile_texts, mutate_exports
from tests.reliability.exports_child import MEMORY, SECONDS, ExportReader, trials
from tests.reliability.mutate_exports import Case

_RECORD = 2_000
"""Bytes that a picture may cost, beside what reading itself may take."""


def run(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    """Trials of every family, then the large ones."""
    hostile_folders.make_outside(folder)
    for name, cases in _families(scale, seed).items():
        yield _row(name, cases, folder)
    for name, (make, records) in _LARGE.items():
        yield _large(name, make, records, scale, folder)


def _families(scale: float, seed: int) -> dict[str, Iterable[Case]]:
    def some(cases: Iterable[Case], amount: int) -> Iterable[Case]:
        every = list(cases)
        return random.Random(seed).sample(every, min(len(every), max(10, int(amount * scale))))

    return {
        "values of JSON replaced": some(mutate_exports.values(), 33_000),
        "cut after each byte": some(mutate_exports.cuts(), 60_000),
        "bytes changed, lost, doubled": mutate_exports.noise(max(1, int(3_000 * scale)), seed),
        "encodings": some(mutate_exports.encodings(), 1_000),
        "cells of tables": some(hostile_texts.tables(), 1_000),
        "pieces of web pages": some(hostile_texts.pages(), 1_000),
        "zips": some(hostile_folders.zips(), 1_000),
        "folders with links and pipes": hostile_folders.folders(),
        "databases": hostile_databases.databases(),
    }


def _row(name: str, cases: Iterable[Case], folder: Path) -> Row:
    runs = failed = readable = refused = 0
    slowest = peak = 0.0
    first = ""
    for trial in trials(cases, folder):
        runs += 1
        if trial.problems:
            failed += 1
            first = first or f"; {trial.name}: {trial.problems[0]}"
        readable += "records" in trial.seen
        refused += "sentence" in trial.seen
        slowest, peak = max(slowest, trial.seen.get("seconds", SECONDS)), max(peak, trial.seen.get("peak", 0))
    note = f"{readable:,} read, {refused:,} refused in a sentence; slowest {slowest:.1f} s; at most {peak / 1e6:.0f} MB"
    return Row(name, runs, failed, note + first.replace("\n", " ").replace("|", "/")[-300:])


# ---------------------------------------------------------------------------------------------------------- large ones


def _large(name: str, make: Callable[[Path, float], Path], records: int, scale: float, folder: Path) -> Row:
    """One export; ``records`` pictures of it, where all of it is made, may need memory."""
    home = folder / "home"
    home.mkdir()
    path = make(home, scale)
    memory = MEMORY + int(records * scale * _RECORD)
    with ExportReader(memory=memory, seconds=1_800) as reader:
        problems = reader.read(path, home)
        seen = reader.last
    size = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
    shutil.rmtree(home)
    came = seen.get("sentence") or f"{seen.get('messages', 0):,} messages, {seen.get('records', 0):,} pictures"
    note = f"{size / 1e6:,.0f} MB: {came}; {seen.get('seconds', 0):.1f} s, {seen.get('peak', 0) / 1e6:.0f} MB"
    return Row(name, 1, int(bool(problems)), note + "".join(f"; {problem[-200:]}" for problem in problems[:1]))


def _around(path: Path, pieces: Iterable[bytes]) -> Path:
    """An export of DiscordChatExporter with these messages."""
    before, after = dump({**document([]), "messages": ["HERE"]}, layout="minified").split(b'"HERE"')
    with path.open("wb") as file:
        file.write(before)
        file.writelines(pieces)
        file.write(after)
    return path


def _tiny(home: Path, scale: float) -> Path:
    ids = range(1, max(2, int(10_000_000 * scale)))
    rows = (b'%s{"id":"%d","type":""}' % (b"," * (number > 1), number) for number in ids)
    return _around(home / "tiny.json", rows)


def _tiny_pictures(home: Path, scale: float) -> Path:
    row = b'%s{"id":"%d","type":"","attachments":[{"id":"%d"}]}'
    ids = range(1, max(2, int(1_000_000 * scale)))
    return _around(home / "pictures.json", (row % (b"," * (number > 1), number, number) for number in ids))


def _long(home: Path, scale: float) -> Path:
    before, after = json.dumps(_plain(message("HERE", [attachment("a.png")]))).encode().split(b"HERE")
    good = json.dumps(_plain(message("good", [attachment("b.png")]))).encode()
    text = itertools.repeat(b"x" * 1_000_000, max(1, int(1_000 * scale)))
    return _around(home / "long.json", itertools.chain((good, b",", before), text, (after, b",", good)))


def _plain(value: dict[str, Any]) -> Any:
    text = json.dumps(value, default=str)
    return json.loads(text.replace(', "_data": null', ""))


def _attachments(home: Path, scale: float) -> Path:
    one = _plain(message("", [attachment("HERE.png")]))
    text = json.dumps(one["attachments"][0]).encode()
    before, after = json.dumps({**one, "attachments": ["HERE"]}).encode().split(b'"HERE"')
    number = max(1, int(1_000_000 * scale))
    return _around(
        home / "attachments.json", itertools.chain((before, text), (b"," + text for _ in range(number)), (after,))
    )


def _zeros(home: Path, scale: float) -> Path:
    """A zip of one file of 10 GB of zeros, packed as well as can be, and honest about it."""
    size = max(1_000_000, int(10_000_000_000 * scale))
    packer, crc = zlib.compressobj(9, zlib.DEFLATED, -15), 0
    path, block = home / "zeros.zip", bytes(1_000_000)
    name = b"export.json"
    with path.open("wb") as file:
        file.write(struct.pack("<4s5H3L2H", b"PK\3\4", 45, 8, 8, 0, 0, 0, 0, 0, len(name), 0) + name)
        for _ in range(size // len(block)):
            crc = zlib.crc32(block, crc)
            file.write(packer.compress(block))
        file.write(packer.flush())
        packed = file.tell() - 30 - len(name)
        start = file.tell()
        extra = struct.pack("<2H2Q", 1, 16, size // len(block) * len(block), packed)
        facts = (0x031E, 45, 8, 8, 0, 0, crc, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra), 0, 0, 0, 0, 0)
        file.write(struct.pack("<4s6H3L5H2L", b"PK\1\2", *facts) + name + extra)
        length = file.tell() - start
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, length, start, 0))
    return path


def _entries(home: Path, scale: float) -> Path:
    """A zip whose list has two million files."""
    number = max(10, int(2_000_000 * scale))
    path = home / "entries.zip"
    with path.open("wb") as file:
        file.write(struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a")
        start = file.tell()
        for n in range(number):
            name = b"%d.json" % n
            facts = (0x031E, 45, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0)
            file.write(struct.pack("<4s6H3L5H2L", b"PK\1\2", *facts) + name)
        length = file.tell() - start
        end = file.tell()
        file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, number, number, length, start))
        file.write(struct.pack("<4sLQL", b"PK\6\7", 0, end, 1))
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    return path


def _members(home: Path, scale: float) -> Path:
    member = b"[" + b",".join([b"{}"] * 80_000) + b"]"
    path = home / "members.json"
    with path.open("wb") as file:
        file.write(b'{"guild":{},"channel":{}')
        for number in range(max(5, int(500 * scale))):
            file.write(b',"m%d":' % number + member)
        file.write(b',"messages":[]}')
    return path


_LARGE: dict[str, tuple[Callable[[Path, float], Path], int]] = {
    "10 million tiny messages": (_tiny, 0),
    "a million tiny messages with a picture each": (_tiny_pictures, 1_000_000),
    "a text of 1 GB in one message": (_long, 0),
    "a million attachments in one message": (_attachments, 0),
    "120 MB of empty objects beside the messages": (_members, 0),
    "a zip of 10 GB of zeros": (_zeros, 0),
    "a zip of two million files": (_entries, 0),
}
"""What makes it, and how many pictures it has."""
