"""Exports that somebody made to hurt: each is readable or one clear sentence, in bounded memory and time.

A small part of the cases of ``benchmarks.reliability exports``, the same ones every time, read by a process under watch
(see ``exports_child``). What that found is kept in ``test_exports_found``.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras.archive import read_archive
from ras.errors import ArchiveError
from ras.records import Archive, finish
from tests.exports import make_export
from tests.reliability import hostile_databases, hostile_folders, hostile_texts, mutate_exports
from tests.reliability.exports_child import ExportReader, trials
from tests.reliability.mutate_exports import Case

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits, links and pipes")


def read(*paths: Path) -> Archive:
    return finish(read_archive(list(paths)))


# --------------------------------------------------------------------------------------------------------- the fuzzer


def some(cases: Iterable[Case], amount: int) -> list[Case]:
    """So many of them, the same ones every time."""
    every = list(cases)
    return random.Random(8).sample(every, min(amount, len(every)))


FAMILIES: dict[str, Callable[[], Iterable[Case]]] = {
    "values": lambda: some(mutate_exports.values(), 250),
    "cuts": lambda: mutate_exports.cuts(211, start=7),
    "noise": lambda: mutate_exports.noise(12, seed=1),
    "encodings": lambda: some(mutate_exports.encodings(), 60),
    "tables": lambda: some(hostile_texts.tables(), 40),
    "pages": lambda: some(hostile_texts.pages(), 20),
    "zips": lambda: some(hostile_folders.zips(), 60),
    "folders": hostile_folders.folders,
    "databases": hostile_databases.databases,
}


@posix
@pytest.mark.parametrize("family", FAMILIES)
def test_an_export_made_to_hurt_is_read_or_one_sentence(tmp_path: Path, family: str) -> None:
    hostile_folders.make_outside(tmp_path)
    seen = list(trials(FAMILIES[family](), tmp_path))
    assert {trial.name: trial.problems for trial in seen if trial.problems} == {}
    # A reader that takes nothing would pass as well.
    assert any(trial.seen.get("records") for trial in seen)


@posix
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("raise KeyError('x')", "KeyError"),
        ("raise ArchiveError('no\\nsentence')", "no sentence"),
        ("open('/etc/hostname').close()", "open outside"),
        ("os.scandir('/').close()", "os.scandir outside"),
        ("open(paths[0] + '.new', 'w').close()", "written"),
        ("sqlite3.connect('file:/tmp/x.db?mode=ro', uri=True)", "sqlite3.connect outside"),
        ("import socket; socket.socket()", "socket."),
        ("os.system('true')", "os.system"),
        ("bytes(600_000_000)", "MemoryError"),
        ("time.sleep(9)", "took longer"),
        ("os.abort()", "died"),
    ],
)
def test_the_watch_sees_what_it_looks_for(
    tmp_path: Path, what: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nothing that the other tests say would be worth anything."""
    code = "\n".join(
        (
            "import os, sqlite3, sys, time",
            f"sys.path.insert(0, {os.fspath(Path(__file__).parents[2])!r})",
            "import ras.archive",
            "from ras.errors import ArchiveError",
            "sound = ras.archive.read_archive",
            "def hurt(paths, kinds):",
            "    if 'hurt' not in str(paths[0]): return (yield from sound(paths, kinds))",
            f"    {what}",
            "    return (yield from sound(paths, kinds))",
            "ras.archive.read_archive = hurt",
        )
    )
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(code, "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.fspath(tmp_path / "site"))
    home = tmp_path / "home"
    path = make_export(home, name="hurt.json")
    with ExportReader(seconds=3 if "sleep" in what else 20) as reader:
        problems = reader.read(path, home)
        assert said in " ".join(problems)
        # And goes on.
        assert reader.read(make_export(home, name="fine.json"), home) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.data(), json_values)
def test_anything_in_any_place_of_an_export(data: st.DataObject, value: Any) -> None:
    document = data.draw(st.sampled_from(sorted(mutate_exports.documents())))
    whole = mutate_exports.documents()[document]
    place = data.draw(st.sampled_from(list(mutate_exports.places(whole))))
    text = json.dumps(value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.json"
        path.write_bytes(mutate_exports.replaced(whole, place, text, data.draw(st.sampled_from([2, None]))))
        try:
            archive: Archive | None = read(path)
        except ArchiveError as exc:
            sentence = str(exc)
            archive = None
    if archive is None:
        assert sentence.isprintable()
        return
    for record in archive.records:
        repr(record).encode()
        assert record.timestamp.tzinfo is not None
