"""Nobody is asked who should not be: no address of this machine or its network, and no one at all without need.

The rules one by one are in ``unit/test_downloader.py`` and ``integration/test_downloads.py``; here is what the
operating system is asked for, by Python's audit events.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from ras.downloader import Downloader
from ras.errors import FetchError, SkipReason
from ras.settings import Settings
from ras.token_variable import VARIABLE
from tests.cdn_double import CdnDouble, Fault, make_record
from tests.discord_double import TOKEN
from tests.exports import attachment, make_export, message, signed
from tests.program import FINGERPRINT, REPOSITORY, gradient, ras
from tests.refreshing import QUICK

RECORDER = Path(__file__).with_name("recorder")

PRIVATE = {
    "loopback": "127.0.0.1",
    "loopback, another": "127.8.8.8",
    "this host": "0.0.0.0",
    "private 10": "10.0.0.1",
    "private 172": "172.16.5.4",
    "private 192": "192.168.1.1",
    "link-local, cloud metadata": "169.254.169.254",
    "carrier-grade NAT": "100.64.0.1",
    "multicast": "224.0.0.251",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 link-local": "fe80::1",
    "IPv6 unique local": "fd00::1",
    "IPv6 multicast": "ff02::fb",
    "IPv4-mapped": "::ffff:192.168.1.1",
    "NAT64": "64:ff9b::c0a8:101",
    "6to4": "2002:c0a8:101::1",
}
LINK = signed("https://cdn.discordapp.com/attachments/1/2/a.png")


def resolver(*answers: str) -> Callable[..., list[Any]]:
    """Of names that Discord has: the first answer for the first look-up, the last from then on; numbers as they are."""
    real, asked = socket.getaddrinfo, list(answers)

    def look_up(host: str, port: int, *rest: Any) -> list[Any]:
        if "discord" not in host:
            found: list[Any] = real(host, port, *rest)
            return found
        address = asked.pop(0) if len(asked) > 1 else asked[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        where = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, 6, "", where)]

    return look_up


def refused(downloader: Downloader, url: str) -> SkipReason:
    with pytest.raises(FetchError) as caught:
        downloader.fetch(make_record(url=url))
    return caught.value.reason


@pytest.mark.parametrize("address", PRIVATE.values(), ids=list(PRIVATE))
def test_a_name_that_leads_into_the_network_here(
    monkeypatch: pytest.MonkeyPatch,
    connected: list[Any],
    address: str,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolver(address))
    with Downloader(Settings(allowed_hosts=("other.example",)), QUICK) as downloader:
        assert refused(downloader, LINK) is SkipReason.BLOCKED
    assert connected == []


@pytest.mark.parametrize("address", PRIVATE.values(), ids=list(PRIVATE))
def test_a_redirect_that_leads_into_the_network_here(
    cdn: CdnDouble,
    monkeypatch: pytest.MonkeyPatch,
    connected: list[Any],
    address: str,
) -> None:
    """By a name that is allowed and leads there, and by the number itself."""
    monkeypatch.setattr(socket, "getaddrinfo", resolver(address))
    number = f"[{address}]" if ":" in address else address
    with Downloader(cdn.settings(), QUICK) as downloader:
        for target in (LINK, f"https://{number}/a.png", f"http://{number}:80/a.png"):
            cdn.serve("/cat.png", fault=Fault.redirect(target))
            assert refused(downloader, cdn.url("/cat.png")) is SkipReason.BLOCKED
    assert {f"{host}:{port}" for host, port in connected} == {cdn.host}


@pytest.mark.parametrize("address", PRIVATE.values(), ids=list(PRIVATE))
def test_a_name_that_changes_between_check_and_connection(
    monkeypatch: pytest.MonkeyPatch,
    connected: list[Any],
    address: str,
) -> None:
    """Public at the first look-up (RFC 5737's addresses are not; nobody is at this one without a network)."""
    monkeypatch.setattr(socket, "getaddrinfo", resolver("8.8.8.8", address))
    with Downloader(Settings(), QUICK) as downloader:
        assert refused(downloader, LINK) in (SkipReason.NETWORK, SkipReason.BLOCKED)
    assert {host for host, _ in connected} <= {"8.8.8.8"}


def test_a_host_that_is_allowed_may_lead_there(cdn: CdnDouble, connected: list[Any]) -> None:
    """Else the tests above would show nothing."""
    cdn.serve("/cat.png", gradient(1))
    with Downloader(cdn.settings(), QUICK) as downloader:
        assert downloader.fetch(cdn.record("/cat.png")) == gradient(1)
    assert {f"{host}:{port}" for host, port in connected} == {cdn.host}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Three pictures beside it, and one whose link is dead: nothing of it needs the network."""
    posts = [message(f"post {seed}", [attachment(f"{seed}.png", data=gradient(seed))]) for seed in range(3)]
    posts.append(message("", [attachment("dead.png", url="https://cdn.discordapp.com/attachments/1/2/dead.png")]))
    return make_export(tmp_path / "export", messages=posts, media=True)


def recorded(folder: Path, *arguments: object, **environment: str) -> tuple[str, list[list[str]]]:
    """What the program said, and what it did about the network and other programs."""
    record = folder / "record.jsonl"
    record.unlink(missing_ok=True)
    paths = os.pathsep.join((str(RECORDER), str(REPOSITORY)))
    done = ras(*arguments, PYTHONPATH=paths, RAS_TEST_RECORD=str(record), **environment)
    assert "Traceback" not in done.stderr, done.stderr
    lines = record.read_text("utf-8").splitlines() if record.exists() else []
    return done.stdout + done.stderr, [json.loads(line) for line in lines]


def test_a_whole_run_connects_to_nobody(export: Path, tmp_path: Path) -> None:
    query = tmp_path / "query.png"
    query.write_bytes(gradient(1, 200))
    started: list[str] = []
    for arguments in (
        ("show", export),
        ("index", export, *FINGERPRINT),
        ("search", export, query, *FINGERPRINT, "--mode", "realtime"),
        ("search", export, query, *FINGERPRINT, "--mode", "faiss", "--save", tmp_path / "found.html"),
        ("archives", "verify"),
        ("archives", "failures", "1"),
        ("archives", "remove", "1", "--yes"),
        ("doctor",),
    ):
        _said, events = recorded(tmp_path, *arguments)
        assert [event for event in events if event[0].startswith("socket.")] == [], arguments
        started += [" ".join(event[1:3]) for event in events if arguments[0] not in ("doctor",)]
    assert [command for command in started if sys.executable not in command] == [], "programs of others were started"


def test_the_recorder_sees_a_connection(cdn: CdnDouble, tmp_path: Path) -> None:
    """Else the test above would show nothing."""
    posts = [message("", [attachment("a.png", url=cdn.serve("/a.png", gradient(1)))])]
    export = make_export(tmp_path / "remote", messages=posts)
    said, events = recorded(tmp_path, "index", export, *FINGERPRINT, "--allow-host", cdn.host)
    connections = [event for event in events if event[0] == "socket.connect"]
    assert connections, said
    assert all(cdn.host.partition(":")[2] in event[1] for event in connections), connections


def test_other_programs_and_arguments_never_get_the_token(export: Path, tmp_path: Path, ras_home: Path) -> None:
    for arguments in (("index", export, *FINGERPRINT), ("doctor",)):
        said, events = recorded(tmp_path, *arguments, **{VARIABLE: TOKEN})
        assert [event for event in events if event[0] == "subprocess.Popen"], said
        assert TOKEN not in said
        assert TOKEN not in json.dumps(events), "on a command line, or in the environment of a child"
    assert not [path for path in ras_home.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
