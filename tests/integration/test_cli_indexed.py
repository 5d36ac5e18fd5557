"""Searching what is indexed from the command line: modes, filters, several pictures, archives that are gone."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from ras.store import EmbeddingStore
from tests.cdn_double import CdnDouble
from tests.exports import attachment, author, make_export, message
from tests.program import (
    found,
    gradient,
    index,
    listed,
    local_export,
    names,
    online_export,
    picture,
    ras,
    search,
)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals, terminals or permissions")


@pytest.fixture
def query(tmp_path: Path) -> Path:
    """A smaller copy of picture 1."""
    return picture(tmp_path / "query.png", 1)


def test_answers_stay_when_links_server_and_export_are_gone(tmp_path: Path, query: Path, ras_home: Path) -> None:
    with CdnDouble() as cdn:
        export = online_export(tmp_path / "export", cdn, 1, 2, 3)
        assert index(export, "--allow-host", cdn.host).returncode == 0
    shutil.rmtree(export.parent)
    done = search(export, query, "--json")
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"is no longer there; what was indexed of it on \d{4}-\d\d-\d\d \d\d:\d\d is searched\.", done.stderr
    )
    report = json.loads(done.stdout)
    assert (names(report)[0], len(report["results"]), report["not_indexed"]) == ("1.png", 3, 0)
    for name in ("Test Server › general", "test server › GENERAL", "1", "all"):
        assert names(found("--indexed", name, query)) == names(report)
    assert names(found(export.parent, query)) == names(report)  # the folder that it was in
    with EmbeddingStore(ras_home / "store") as store:
        contents = store.contents_of(store.load([1]).records, report["encoder"]).tolist()
        previews = store.previews(contents)
        assert len(contents) == len(previews) == 3
        assert all(preview.startswith((b"\xff\xd8\xff", b"\x89PNG")) for preview in previews.values())
    assert [path["exists"] for path in listed()[0]["paths"]] == [False]
    assert "export file is gone" in ras("archives").stdout


def test_an_export_that_was_never_indexed_and_is_gone_is_still_a_user_error(tmp_path: Path, query: Path) -> None:
    index(local_export(tmp_path / "export", 1))
    done = search(tmp_path / "other.json", query)
    assert (done.returncode, done.stdout) == (2, "")
    assert "other.json" in done.stderr
    done = search("--indexed", "nothing of this name", query)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing of this name" in done.stderr


def test_without_an_index_named_archives_are_a_user_error_and_no_store_is_made(query: Path, ras_home: Path) -> None:
    done = search("--indexed", "all", query)
    assert done.returncode == 2
    assert "No archive is indexed yet" in done.stderr
    assert ras("archives").stdout.startswith("No archive is indexed yet")
    verified = {"shards": 0, "damaged": [], "lost": 0, "previews": 0}
    assert json.loads(ras("archives", "verify", "--json").stdout) == verified
    assert json.loads(ras("archives", "--json").stdout) == {"archives": [], "usage": None}
    assert not (ras_home / "store").exists()


def test_exports_and_indexed_archives_are_searched_together(tmp_path: Path, query: Path) -> None:
    kept = local_export(tmp_path / "kept", 1, 2)
    index(kept)
    shutil.rmtree(kept.parent)
    new = local_export(tmp_path / "new", 3, channel="memes", channel_id="870000000000000077")
    report = found(new, query, "--indexed", "all")
    assert sorted(names(report)) == ["1.png", "2.png", "3.png"]
    assert names(report)[0] == "1.png"
    assert {result["channel"] for result in report["results"]} == {"general", "memes"}


def test_pictures_that_are_not_indexed_yet_are_named_once(tmp_path: Path, query: Path) -> None:
    messages = [message("", [attachment(f"{seed}.png", data=gradient(seed))]) for seed in (2, 3)]
    folder = tmp_path / "export"
    index(make_export(folder, messages=messages, media=True))
    messages.append(message("", [attachment("1.png", data=gradient(1))]))
    export = make_export(folder, messages=messages, media=True)
    for mode in ("cached", "faiss"):
        done = search(export, query, "--mode", mode, "--json")
        report = json.loads(done.stdout)
        assert (report["mode"], report["not_indexed"]) == (mode, 1)
        assert sorted(names(report)) == ["2.png", "3.png"]
        assert done.stderr.count("not indexed") == 1
        assert "1 of 3 pictures" in done.stderr
    done = search(export, query, "--json")  # Auto has all of them
    assert json.loads(done.stdout)["not_indexed"] == 0
    assert names(json.loads(done.stdout))[0] == "1.png"


def test_all_modes_print_the_same(tmp_path: Path, query: Path) -> None:
    export = local_export(tmp_path, 5, 1, 2, 1, 9)
    realtime = found(export, query, "--mode", "realtime")
    index(export)
    for mode in ("cached", "faiss"):
        report = found(export, query, "--mode", mode)
        assert report["mode"] == mode
        assert report["results"] == realtime["results"]


@pytest.mark.parametrize("mode", ["realtime", "cached", "faiss"])
def test_filters_let_through_what_passes_and_top_k_is_full(tmp_path: Path, query: Path, mode: str) -> None:
    messages = [
        message("", [attachment(f"{seed}.png", data=gradient(seed))], by=author(nickname="Mira" if seed % 2 else "Bob"))
        for seed in range(1, 9)
    ]
    export = make_export(tmp_path, messages=messages, media=True)
    index(export)
    report = found(export, query, "--mode", mode, "--filter", "author=bob", "--top-k", 3)
    assert len(report["results"]) == 3
    assert {result["author"] for result in report["results"]} == {"Bob"}
    report = found(export, query, "--mode", mode, "--filter", "author=mira", "--filter", "name=[13].png")
    assert names(report) == []
    report = found(export, query, "--mode", mode, "--filter", "author=mira", "--filter", "name=3")
    assert names(report) == ["3.png"]
    done = search(export, query, "--mode", mode, "--filter", "author=Nobody")
    assert done.returncode == 1
    assert "No picture passes the filters." in done.stderr
    for term in ("colour=red", "after=yesterday", "author"):
        done = search(export, query, "--mode", mode, "--filter", term)
        assert (done.returncode, done.stdout) == (2, "")
        assert term.partition("=")[0] in done.stderr


def test_several_pictures_are_searched_for_at_once(tmp_path: Path) -> None:
    one = local_export(tmp_path / "one", 1, 2)
    two = local_export(tmp_path / "two", 3, 4, channel="memes", channel_id="870000000000000077")
    index(one)
    pictures = [picture(tmp_path / f"query{seed}.png", seed) for seed in (4, 1)]
    told = found(pictures[0], one, two, pictures[1], "--top-k", 2)  # in any order
    assert [each["query"] for each in told["queries"]] == [str(each) for each in pictures]
    assert [names(each)[0] for each in told["queries"]] == ["4.png", "1.png"]
    assert all(each["searched"] == 4 and len(each["results"]) == 2 for each in told["queries"])
    single = found(one, two, pictures[1], "--top-k", 2)
    assert single["results"] == told["queries"][1]["results"]
    text = search(one, two, *pictures, "--top-k", 1)
    assert text.returncode == 0
    headings = [line for line in text.stdout.splitlines() if line.startswith("Picture ")]
    assert headings == [f"Picture {number} of 2: {path}" for number, path in enumerate(pictures, 1)]
    assert text.stdout.index("Picture 1") < text.stdout.index("4.png") < text.stdout.index("Picture 2")
    assert text.stderr.count("Compared 4 pictures") == 1


def test_nothing_found_for_all_of_several_pictures_is_exit_code_1(tmp_path: Path, query: Path) -> None:
    empty = make_export(tmp_path / "export", messages=[message("no pictures here")])
    done = search(empty, query, query, "--json")
    assert done.returncode == 1
    assert [each["results"] for each in json.loads(done.stdout)["queries"]] == [[], []]


def test_pictures_and_archives_are_told_apart_by_content(tmp_path: Path, query: Path) -> None:
    export = local_export(tmp_path / "export", 1, 2)
    odd = tmp_path / "export" / "an export.png"  # still an export, as its content says
    shutil.move(str(export), str(odd))
    nameless = tmp_path / "picture without an ending"
    shutil.copy(str(query), str(nameless))
    assert names(found(odd, nameless))[0] == "1.png"
    assert names(found(nameless, odd))[0] == "1.png"
    assert names(found(nameless, "--top-k", 1, odd)) == ["1.png"]
    for arguments, said in (
        ((query, query, query), "No archive was given"),
        ((odd, odd, odd), "No picture to search for was given"),
        ((odd,), "needs an archive and a picture"),
        ((query,), "--indexed all"),
    ):
        done = search(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_an_archive_that_another_encoder_indexed_is_called_so(tmp_path: Path, query: Path, ras_home: Path) -> None:
    export = local_export(tmp_path, 1, 2)
    index(export)
    assert "is indexed by" not in search(export, query).stderr
    # The same embeddings under the name of an encoder that is not the one of the search.
    database = sqlite3.connect(str(ras_home / "store" / "facts.sqlite"))
    database.execute("UPDATE encoders SET name = 'fingerprint-0'")
    database.commit()
    database.close()
    done = search(export, query)
    assert done.returncode == 0
    assert "This archive is indexed by fingerprint-0, and the search is by fingerprint-2" in done.stderr
    assert "(Real-time)" in done.stderr


def test_an_archive_is_known_from_every_folder(tmp_path: Path, query: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = local_export(tmp_path / "export", 1, 2)
    monkeypatch.chdir(export.parent)
    index(export.name)
    monkeypatch.chdir(tmp_path)
    assert [path["exists"] for path in listed()[0]["paths"]] == [True]
    shutil.rmtree(export.parent)
    assert names(found(Path("export") / export.name, query))[0] == "1.png"
