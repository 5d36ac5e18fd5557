"""What is asked of the user's proxy and certificates before a request, and what is said where they do not work."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator

import pytest
import requests.utils

from ras.downloader import Downloader, Patience
from ras.errors import FetchError
from ras.settings import Settings
from tests.cdn_double import CdnDouble, make_record
from tests.program import gradient

PNG = gradient(1, 64)
QUICK = Patience(connect=5, read=5, total=20, tries=2, backoff=0.01)
LINK = "https://cdn.discordapp.com/a.png"


def told(downloader: Downloader, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        downloader.fetch(make_record(url=url))
    return str(caught.value)


@pytest.fixture
def answered() -> Iterator[threading.Event]:
    """Set when the test ends, for whatever would wait for ever."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def unanswered(no_proxy: None, monkeypatch: pytest.MonkeyPatch, answered: threading.Event) -> threading.Event:
    """Whether a host is reached past the proxy is asked of a name server that is silent; set when it is asked.

    So it is on Windows and macOS, whose settings name hosts and networks.
    """
    asked = threading.Event()

    def bypass(_host: str) -> bool:
        asked.set()
        return answered.wait(60)

    monkeypatch.setattr(requests.utils, "proxy_bypass", bypass)
    return asked


def test_cancel_does_not_wait_until_it_is_known_whether_there_is_a_proxy(unanswered: threading.Event) -> None:
    with Downloader(Settings(), QUICK) as downloader:
        said: list[str] = []
        thread = threading.Thread(target=lambda: said.append(told(downloader, LINK)))
        thread.start()
        assert unanswered.wait(20)
        downloader.cancel()
        thread.join(3)
        assert said == ["The download was cancelled."]


def test_it_is_not_waited_for_longer_than_for_a_connection(unanswered: threading.Event) -> None:
    with Downloader(Settings(), Patience(connect=0.3, total=20, tries=2, backoff=0.01)) as downloader:
        assert "cdn.discordapp.com does not answer" in told(downloader, LINK)


def test_it_is_asked_once_for_each_host(cdn: CdnDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(requests.utils, "proxy_bypass", lambda host: asked.append(host) or False)
    port = cdn.host.rpartition(":")[2]
    records = [cdn.record(path) for path in ("/a.png", "/b.png", "/c.png")]
    for path in ("/a.png", "/b.png", "/c.png"):
        cdn.serve(path, PNG)
    settings = Settings(allowed_hosts=(cdn.host, f"localhost:{port}"))
    with Downloader(settings, QUICK) as downloader, ThreadPoolExecutor(3) as pool:
        assert all(data == PNG for data in pool.map(downloader.fetch, records * 2))
        assert asked == ["127.0.0.1"]
        assert downloader.fetch(make_record(url=f"http://localhost:{port}/a.png")) == PNG
    assert asked == ["127.0.0.1", "localhost"]


def test_an_answer_that_comes_late_serves_the_next_try(
    cdn: CdnDouble, unanswered: threading.Event, answered: threading.Event
) -> None:
    cdn.serve("/a.png", PNG)
    with Downloader(cdn.settings(), Patience(connect=0.3, total=20, tries=2, backoff=0.01)) as downloader:
        told(downloader, cdn.record("/a.png").url)
        answered.set()
        assert downloader.fetch(cdn.record("/a.png")) == PNG


@pytest.mark.parametrize(
    "proxy",
    [
        "http://",
        "http://user:S3CRET#pw@127.0.0.1:1",
        "socks5h://user:S3CRET@127.0.0.1:1",
        "S3CRET://x",
        "http://[S3CRET",
    ],
)
def test_a_proxy_that_cannot_be_used_is_blamed_and_not_quoted(
    no_proxy: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with caplog.at_level(logging.DEBUG), Downloader(Settings(), QUICK) as downloader:
        said = told(downloader, LINK)
    assert said.endswith("the address of the proxy is not valid, or of a kind that RAS cannot use.")
    assert "The proxy cannot be used: " in caplog.text
    assert caplog.text.count("The proxy cannot be used: ") == 1, "to try again at once is in vain"
    assert "S3CRET" not in said + caplog.text


def test_a_proxy_that_is_away_is_no_wrong_address(no_proxy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with Downloader(Settings(), QUICK) as downloader:
        assert "cdn.discordapp.com cannot be reached" in told(downloader, LINK)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_are_not_there_are_named(
    no_proxy: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    missing = str(tmp_path / "missing.pem")
    monkeypatch.setenv(variable, missing)
    with Downloader(Settings(), QUICK) as downloader:
        said = told(downloader, LINK)
    assert f"there is no “{missing}”" in said
    assert variable in said
