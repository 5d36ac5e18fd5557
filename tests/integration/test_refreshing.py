"""Exports whose links are dead, indexed and searched by the program with a bot token in its environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Generator, Iterator, Sequence, TypeVar

import pytest

from ras.archive import read_archive
from ras.bot_token import BotToken
from ras.engine import build_engine
from ras.records import Notice
from ras.settings import Settings, save_settings
from ras.token_variable import VARIABLE
from tests.discord_double import API, CDN, TOKEN, DiscordDouble, Fault
from tests.exports import attachment, make_export, message
from tests.keyring_double import KeyringDouble
from tests.program import gradient, index, names, picture, search

SEEDS = range(1, 56)
T = TypeVar("T")


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def dead_export(folder: Path, discord: DiscordDouble, seeds: Sequence[int], live: float = -3600) -> Path:
    """An export of an hour ago, when its links expired."""
    messages = []
    for seed in seeds:
        url = discord.post(1, seed, f"{seed}.png", gradient(seed, 160), live=live)
        messages.append(message("", [attachment(f"{seed}.png", url=url, id=str(seed))], id=str(10_000 + seed)))
    return make_export(folder, messages=messages)


def everything_in(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
        yield str(path).encode()


def test_an_export_of_dead_links_is_indexed_and_found(discord: DiscordDouble, tmp_path: Path, ras_home: Path) -> None:
    export = dead_export(tmp_path / "export", discord, SEEDS)
    done = index(export, "--json", "--progress", "json", **{VARIABLE: TOKEN})
    assert done.returncode == 0, done.stderr
    assert "55 expired links were refreshed with your bot token." in done.stderr
    assert [len(batch) for batch in discord.refreshes] == [50, 5]
    assert len(discord.asked(CDN)) >= len(SEEDS)
    assert discord.authorized() == {API}
    told = [done.stdout, done.stderr, *(request.path for request in discord.requests)]
    assert not any(TOKEN in text for text in told)
    assert not any(TOKEN.encode() in content for content in everything_in(ras_home))
    found = search("--indexed", "all", picture(tmp_path / "q.png", 17), "--json")
    assert names(json.loads(found.stdout))[0] == "17.png"


def test_a_search_in_real_time(discord: DiscordDouble, tmp_path: Path) -> None:
    export = dead_export(tmp_path / "export", discord, range(1, 6))
    done = search(export, picture(tmp_path / "q.png", 3), "--mode", "realtime", "--json", **{VARIABLE: TOKEN})
    assert names(json.loads(done.stdout))[0] == "3.png"
    assert "5 expired links were refreshed with your bot token." in done.stderr
    assert TOKEN not in done.stdout + done.stderr


def test_without_a_token_no_dead_link_is_asked_for(discord: DiscordDouble, tmp_path: Path) -> None:
    done = index(dead_export(tmp_path / "export", discord, range(1, 6)))
    assert done.returncode == 1
    assert "5 links expired" in done.stdout
    assert discord.tunnels == []
    assert "token" not in done.stderr


def test_the_setting_turns_it_off(discord: DiscordDouble, tmp_path: Path) -> None:
    save_settings(Settings(refresh_links=False))
    index(dead_export(tmp_path / "export", discord, range(1, 6)), **{VARIABLE: TOKEN})
    assert discord.tunnels == []


@pytest.mark.parametrize("token", ["wrong.wrong.wrong", f"{TOKEN} {TOKEN}"], ids=["refused", "no token"])
def test_a_token_that_does_not_work_is_said_and_the_rest_goes_on(
    discord: DiscordDouble, tmp_path: Path, token: str
) -> None:
    dead_export(tmp_path / "exports", discord, range(1, 6))
    make_export(
        tmp_path / "exports",
        name="living.json",
        messages=[
            message("", [attachment("9.png", url=discord.post(1, 9, "9.png", gradient(9, 160)), id="9")], id="10009")
        ],
    )
    done = index(tmp_path / "exports", **{VARIABLE: token})
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(VARIABLE) == 1
    assert token not in done.stdout + done.stderr
    assert len(discord.asked(API)) == (1 if "wrong" in token else 0)
    found = search("--indexed", "all", picture(tmp_path / "q.png", 9), "--json")
    assert names(json.loads(found.stdout)) == ["9.png"]


def test_what_could_not_be_refreshed_is_tried_again_the_next_time(discord: DiscordDouble, tmp_path: Path) -> None:
    export = dead_export(tmp_path / "export", discord, range(1, 6))
    discord.refresh_fault = Fault.status(200, b"[]")
    done = index(export, **{VARIABLE: TOKEN})
    assert done.returncode == 1
    assert "not the one that this version of RAS knows" in done.stderr
    discord.refresh_fault = None
    done = index(export, **{VARIABLE: TOKEN})
    assert done.returncode == 0, done.stderr
    assert "5 expired links were refreshed" in done.stderr


def test_a_token_in_the_keyring_is_used(
    discord: DiscordDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    KeyringDouble.use(monkeypatch)
    BotToken(TOKEN).keep()
    export = dead_export(tmp_path / "export", discord, range(1, 6))
    engine, _ = drain(build_engine(Settings(encoder="fingerprint")))
    archive, _ = drain(read_archive([export]))
    report, events = drain(engine.index(archive))
    engine.close()
    assert report.indexed == 5
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert "5 expired links were refreshed with your bot token." in notices


def drain(job: Generator[Any, None, T]) -> tuple[T, list[Any]]:
    events = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return stop.value, events
