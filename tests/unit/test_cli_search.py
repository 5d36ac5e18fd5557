"""The command ``search`` with made-up reports: what it asks the engine for, what it prints, how it ends."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Iterator

import pytest

from ras.cli.follow import show_progress
from ras.cli.parser import build_parser
from ras.cli.search import search
from ras.gui.bench import load_several
from ras.records import Job, Query, Results, SearchReport, SearchResult, Verdict, finish
from tests.pictures import record
from tests.program import gradient, local_export


class MadeUpEngine:
    """Answers every query with one result of each of its verdicts."""

    encoder = None

    def __init__(self, *verdicts: tuple[Verdict, ...]) -> None:
        self.verdicts = verdicts
        self.scopes: list[str] = []
        self.hashes: list[str] = []
        self.images: list[Any] = []

    def has_cache(self, archive: object) -> bool:
        return True

    def search_many(
        self, queries: list[Query], archive: object, mode: str, top_k: int, where: object, *, scope: str
    ) -> Job[tuple[SearchReport, ...]]:
        self.scopes.append(scope)
        self.hashes += [query.content_hash for query in queries]
        self.images += [query.image for query in queries]
        reports = []
        for number, (_query, verdicts) in enumerate(zip(queries, self.verdicts)):
            results = tuple(
                SearchResult(rank, 1 - rank / 10, record(rank), verdict=verdict)
                for rank, verdict in enumerate(verdicts, 1)
            )
            reports.append(SearchReport("realtime", "fake-1", "cpu", 9, {}, results))
            yield Results(results, final=True, query=number)
        return tuple(reports)

    def close(self) -> None:
        pass


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Runs ``search`` with an engine and options; the exit code."""
    export = local_export(tmp_path, 1)

    def run(engine: MadeUpEngine, *options: str, side: int = 320) -> int:
        def build(_settings: object) -> Job[MadeUpEngine]:
            yield from ()
            return engine

        monkeypatch.setattr("ras.engine.build_engine", build)
        pictures = []
        for number in range(len(engine.verdicts)):
            pictures.append(tmp_path / f"query{number}.png")
            pictures[-1].write_bytes(gradient(number, side))
        parsed = build_parser().parse_args(["search", str(export), *map(str, pictures), *options])
        show_progress(parsed.progress)
        return search(parsed)

    yield run
    show_progress("auto")


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([(Verdict.IDENTICAL, Verdict.UNLIKELY)], 0),
        ([(Verdict.ALTERED,)], 0),
        ([(Verdict.ALIKE, Verdict.UNLIKELY)], 0),
        ([(Verdict.UNLIKELY, Verdict.UNLIKELY)], 1),
        ([()], 1),
        ([(Verdict.UNLIKELY,), (Verdict.ALIKE,)], 0),
        ([(Verdict.UNLIKELY,), ()], 1),
    ],
)
@pytest.mark.parametrize("options", [(), ("--json",), ("--nearest",)])
def test_the_exit_code_tells_whether_something_is_believed(
    call: Any, verdicts: list[tuple[Verdict, ...]], code: int, options: tuple[str, ...]
) -> None:
    assert call(MadeUpEngine(*verdicts), *options) == code


@pytest.mark.parametrize("scope", ["all", "copies", "alike"])
def test_the_scope_is_asked_for_and_told(call: Any, scope: str, capsys: pytest.CaptureFixture[str]) -> None:
    engine = MadeUpEngine(())
    call(engine, "--show", scope, "--json")
    assert engine.scopes == [scope]
    assert json.loads(capsys.readouterr().out)["scope"] == scope


def test_the_saved_scope_counts_where_the_call_names_none(
    call: Any, ras_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ras_home / "settings.json").write_text('{"scope": "copies"}', "utf-8")
    engine = MadeUpEngine(())
    call(engine)
    call(engine, "--show", "alike")
    assert engine.scopes == ["copies", "alike"]
    told = capsys.readouterr().err
    assert told.index("No copy of this picture was found.") < told.index("No picture that looks alike was found.")


def test_another_scope_is_a_user_error(call: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call(MadeUpEngine(()), "--show", "psychic")
    assert ended.value.code == 2
    assert "psychic" in capsys.readouterr().err


def test_the_engine_is_told_the_hash_of_the_file(call: Any) -> None:
    engine = MadeUpEngine((), ())
    call(engine)
    assert engine.hashes == [hashlib.sha256(gradient(number)).hexdigest() for number in range(2)]


def test_doubtful_results_are_in_json_and_not_in_the_text(call: Any, capsys: pytest.CaptureFixture[str]) -> None:
    engine = MadeUpEngine((Verdict.ALTERED, Verdict.UNLIKELY))
    call(engine)
    assert capsys.readouterr().out.count("https://discord.com/") == 1
    call(engine, "--nearest")
    assert capsys.readouterr().out.count("https://discord.com/") == 2
    call(engine, "--json")
    assert [each["verdict"] for each in json.loads(capsys.readouterr().out)["results"]] == ["altered", "unlikely"]


def test_a_follower_is_told_the_verdicts(call: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call(MadeUpEngine((Verdict.IDENTICAL, Verdict.ALIKE)), "--progress", "json")
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (results,) = [event for event in events if event["event"] == "results"]
    assert [each["verdict"] for each in results["best"]] == ["identical", "alike"]


def test_several_large_pictures_are_made_smaller_as_in_the_window(call: Any, tmp_path: Path) -> None:
    alone, together = MadeUpEngine(()), MadeUpEngine((), ())
    call(alone, side=2500)
    call(together, side=2500)
    assert [image.size for image in alone.images] == [(2500, 2500)], "one has room"
    windows = finish(load_several([str(tmp_path / f"query{number}.png") for number in range(2)]))
    assert [image.size for image in together.images] == [(2048, 2048)] * 2
    assert [image.tobytes() for image in together.images] == [one.query.image.tobytes() for one in windows]
