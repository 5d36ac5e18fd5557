"""Addresses, media files and what servers say about waiting; the network itself is in integration/test_downloads.py."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest

from ras.downloader import Downloader, Patience
from ras.downloader.addresses import is_allowed, is_local_name, is_public, parse_allowed
from ras.downloader.answers import next_url
from ras.downloader.hosts import Host, PassingTrouble, retry_after
from ras.errors import FetchError, SettingsError, SkipReason
from ras.media import MediaReader
from ras.settings import Settings
from tests.cdn_double import make_record

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.0.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7"),
        *("203.0.113.9", "192.88.99.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::1"),
        *("2002:7f00:1::", "2002:808:808::", "2001::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1"),
        *("", "localhost", "1.2.3", "0x7f.1"),
    ],
)
def test_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "162.159.133.233", "172.32.0.1", "100.128.0.1", "2606:4700::6810:1"])
def test_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST.", "a.localhost", "router", "printer.local", "db.internal", "nas.home.arpa", ""),
        *("127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "10.0.0.1", "169.254.169.254"),
        *("::1", "::ffff:127.0.0.1", "fe80::1%eth0", "64:ff9b::10.0.0.1", "127.0.0.1."),
    ],
)
def test_host_that_is_none_of_the_internet(host: str) -> None:
    assert is_local_name(host)


@pytest.mark.parametrize("host", ["example.org", "localhost.example.org", "8.8.8.8", "134744072", "2606:4700::6810:1"])
def test_host_that_may_be_one_of_the_internet(host: str) -> None:
    assert not is_local_name(host)


def test_allowed_hosts_with_and_without_port() -> None:
    allowed = parse_allowed(["Example.org", "localhost:8000", "[::1]:81", " media.lan "])
    assert is_allowed("example.org", 443, allowed)
    assert is_allowed("EXAMPLE.org", 8080, allowed)
    assert is_allowed("localhost", 8000, allowed)
    assert is_allowed("::1", 81, allowed)
    assert is_allowed("media.lan", 80, allowed)
    assert not is_allowed("localhost", 80, allowed)
    assert not is_allowed("www.example.org", 443, allowed)


@pytest.mark.parametrize("entry", ["", "http://example.org", "example.org/path", "a@b.org", "host:port", "host:99999"])
def test_allowed_host_that_is_none(entry: str) -> None:
    with pytest.raises(SettingsError, match="allowed_hosts"):
        Downloader(Settings(allowed_hosts=(entry,)))


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [("0", 0), ("2", 2), ("1.5", 1.5), ("", None), ("soon", None), ("-3", None), ("nan", None), ("9" * 500, None)],
)
def test_retry_after_in_seconds(stated: str, seconds: float | None) -> None:
    assert retry_after(stated) == seconds


def test_retry_after_as_a_date() -> None:
    now = datetime.now(timezone.utc)
    assert retry_after(format_datetime(now + timedelta(seconds=30), usegmt=True)) == pytest.approx(30, abs=5)
    assert retry_after((now + timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S -0000")) == pytest.approx(
        30, abs=5
    )
    assert retry_after(format_datetime(now - timedelta(days=1), usegmt=True)) == 0


def test_host_is_given_up_only_when_failures_last() -> None:
    host = Host("cdn", 6)
    trouble = PassingTrouble("it is down")
    for _ in range(10):
        host.failed(trouble, 1e12, silent=5, useless=60, answered=False)
    assert not host.given_up
    host.answered(0)
    for _ in range(2):
        host.failed(trouble, 0, silent=5, useless=60, answered=False)
    assert not host.given_up  # two are not enough
    host.failed(trouble, 1e12, silent=5, useless=60, answered=False)
    assert "it is down" in host.given_up


def test_a_host_that_answers_without_a_picture_is_given_more_time() -> None:
    """Pictures that stall show nothing of the others; only if for long nothing else comes, the host is given up."""
    host, trouble = Host("cdn", 6), PassingTrouble("the download stalled")
    started = time.monotonic() - 30
    for _ in range(20):
        host.failed(trouble, started, silent=5, useless=60, answered=True)
    host.failed(trouble, started, silent=5, useless=60, answered=False)
    assert not host.given_up
    host.failed(trouble, started - 60, silent=5, useless=60, answered=True)
    assert "stalled" in host.given_up


def test_refusals_of_one_moment_are_one() -> None:
    patience = Patience(backoff=1)
    alone, crowd = Host("cdn", 6), Host("cdn", 6)
    alone.pause(None, patience, started=0)
    for _ in range(6):
        crowd.pause(None, patience, started=0)
    assert crowd.resume_at == pytest.approx(alone.resume_at, abs=0.5)


def test_redirect_never_leaves_https() -> None:
    record = make_record()
    assert next_url("https://a.org/x/y", "../z", record) == "https://a.org/z"
    assert next_url("http://a.org/x", "http://b.org/", record) == "http://b.org/"
    for location in ("http://a.org/x", "HTTP://a.org", "ftp://a.org", "file:///etc/passwd", "data:image/png,x"):
        with pytest.raises(FetchError) as caught:
            next_url("https://a.org/x", location, record)
        assert caught.value.reason is SkipReason.BLOCKED
    with pytest.raises(FetchError):
        next_url("https://a.org/x", "https://[broken", record)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "cat.png").write_bytes(PNG)
    return folder


def read(path: Path, root: Path, *folders: Path, limit: int = 1000) -> bytes:
    record = make_record(local_path=str(path), media_root=str(root))
    return MediaReader([str(folder) for folder in folders]).read(record, limit)


def test_media_beside_the_export(export: Path) -> None:
    assert read(export / "cat.png", export) == PNG
    assert read(export / "sub" / ".." / "cat.png", export) == PNG


def test_media_outside_needs_the_users_word(export: Path, tmp_path: Path) -> None:
    outside = tmp_path / "other"
    outside.mkdir()
    (outside / "secret.png").write_bytes(PNG)
    (tmp_path / "export-2.png").write_bytes(PNG)
    os.symlink(outside / "secret.png", export / "link.png")
    os.symlink(outside, export / "linked")
    for path in (
        outside / "secret.png",
        export / ".." / "other" / "secret.png",
        export / "link.png",
        export / "linked" / "secret.png",
        tmp_path / "export-2.png",
        export,
    ):
        with pytest.raises(FetchError, match="media_folders"):
            read(path, export)
    assert read(export / "link.png", export, outside) == PNG
    assert read(outside / "secret.png", export, export / "linked") == PNG


def test_media_that_is_no_use(export: Path) -> None:
    (export / "empty.png").touch()
    (export / "page.png").write_bytes(b"<html>404</html>")
    (export / "huge.png").write_bytes(PNG + bytes(1000))
    os.mkfifo(export / "pipe.png")
    os.symlink(export / "loop.png", export / "loop.png")
    for name, reason in (
        ("none.png", SkipReason.MISSING),
        ("nul\0.png", SkipReason.MISSING),
        ("x" * 300 + ".png", SkipReason.MISSING),
        ("pipe.png", SkipReason.MISSING),
        ("loop.png", SkipReason.MISSING),
        ("empty.png", SkipReason.NOT_A_PICTURE),
        ("page.png", SkipReason.NOT_A_PICTURE),
        ("huge.png", SkipReason.TOO_LARGE),
    ):
        with pytest.raises(FetchError) as caught:
            read(export / name, export)
        assert caught.value.reason is reason, name
        assert "“cat.png”" in str(caught.value)


def test_names_are_shown_safely(export: Path) -> None:
    record = make_record(file_name="a\x1b[2J\u202egnp.png" + "x" * 500, local_path=str(export / "none"))
    with pytest.raises(FetchError) as caught:
        MediaReader([str(export)]).read(record, 10)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
