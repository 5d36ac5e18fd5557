"""Downloads over a real server on loopback that misbehaves in every way we know."""

from __future__ import annotations

import contextlib
import gzip
import io
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from PIL import Image

from ras.downloader import Cancelled, Downloader, Patience
from ras.downloader.addresses import parse_allowed
from ras.downloader.connections import open_session
from ras.errors import FetchError, SkipReason
from ras.records import ImageRecord
from ras.settings import Settings
from tests.cdn_double import CA_FILE, CdnDouble, Fault, make_record

pytestmark = pytest.mark.usefixtures("no_proxy")

QUICK = Patience(connect=2, read=0.4, total=20, backoff=0.01, longest_pause=5, unreached=0.2, lost=5, useless=5)
PATIENT = replace(QUICK, read=20, unreached=20)
"""Where requests are counted: on a busy machine QUICK takes slowness for trouble."""


def encoded(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((120, 90), 60).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


PNG = encoded("PNG")
GIF = encoded("GIF")


@pytest.fixture
def downloader(cdn: CdnDouble) -> Iterator[Downloader]:
    with Downloader(cdn.settings(max_megabytes=1), QUICK) as fetching:
        yield fetching


def refusal(downloader: Downloader, record: ImageRecord) -> SkipReason:
    with pytest.raises(FetchError) as caught:
        downloader.fetch(record)
    text = str(caught.value)
    assert text.isprintable()
    assert text.endswith(".")
    assert text[0].isupper() or text[0] == "“"
    return caught.value.reason


def test_a_picture(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/1/2/cat.png", PNG)
    assert downloader.fetch(cdn.record("/1/2/cat.png?ex=1&is=2", file_size=len(PNG))) == PNG
    headers = cdn.requests[0].headers
    assert headers["user-agent"].startswith("ReverseArchiveSearch/")
    assert headers["accept-encoding"] == "identity"
    assert "cookie" not in headers
    assert "authorization" not in headers


def test_connections_are_kept(cdn: CdnDouble) -> None:
    paths = [f"/{number}.png" for number in range(60)]
    for path in paths[:50]:
        cdn.serve(path, PNG)  # the last ten are 404
    cdn.serve("/slow.png", PNG, fault=Fault.slow_headers(0.2))
    with Downloader(cdn.settings(connections=3), QUICK) as downloader, ThreadPoolExecutor(3) as pool:
        slow = [pool.submit(downloader.fetch, cdn.record("/slow.png")) for _ in range(3)]
        assert [future.result() for future in slow] == [PNG] * 3
        assert cdn.most_at_once == 3
        futures = [pool.submit(downloader.fetch, cdn.record(path)) for path in paths]
        assert [future.exception() is None for future in futures] == [True] * 50 + [False] * 10
    assert cdn.connections == 3


def test_two_hundred_pictures_need_no_more_connections_than_threads(cdn: CdnDouble) -> None:
    for number in range(200):
        cdn.serve(f"/{number}.png", PNG)
    with Downloader(cdn.settings(connections=4), PATIENT) as downloader, ThreadPoolExecutor(4) as pool:
        fetched = list(pool.map(lambda number: downloader.fetch(cdn.record(f"/{number}.png")), range(200)))
    assert fetched == [PNG] * 200
    assert len(cdn.requests) == 200
    assert cdn.connections <= 4


@pytest.mark.parametrize(
    ("faults", "connections"),
    [
        pytest.param([Fault.throttled("0")], 1, id="429"),
        pytest.param([Fault.status(503, retry_after="0")], 1, id="503"),
        pytest.param([Fault.status(500)] * 3, 1, id="500"),
        pytest.param([Fault.status(500, bytes(60_000))], 1, id="500 with a page"),
        pytest.param([Fault.redirect("/there.png")], 1, id="redirect"),
        pytest.param([Fault.status(404)], 1, id="404"),
        pytest.param([Fault.status(403)], 1, id="403"),
        pytest.param([Fault.status(415)], 1, id="415"),
        pytest.param([Fault.error_page()], 1, id="error page"),
        pytest.param([Fault(lambda handler, data: handler.reply(200, GIF + bytes(40_000), {}))], 1, id="GIF"),
        pytest.param([Fault(lambda handler, data: handler.reply(200, b"", {}))], 1, id="empty"),
        # A connection that broke off is lost; the one of the next try goes on.
        pytest.param([Fault.broken(5000)], 2, id="resumed"),
        pytest.param([Fault.broken(5000), Fault.rest("bytes 0-1/2")], 2, id="resumed in vain"),
        pytest.param([Fault.broken(5000), Fault.rest("", status=416)], 2, id="416"),
    ],
)
def test_connections_are_kept_whatever_is_answered(cdn: CdnDouble, faults: list[Fault], connections: int) -> None:
    cdn.serve("/there.png", PNG)
    cdn.serve("/cat.png", PNG, faults=faults, etag="")
    with Downloader(cdn.settings(), PATIENT) as downloader:
        for _ in range(2):
            with contextlib.suppress(FetchError):
                downloader.fetch(cdn.record("/cat.png"))
        assert downloader.fetch(cdn.record("/cat.png")) == PNG
    assert cdn.connections == connections


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault.status(500), id="500"),
        pytest.param(Fault.status(503, retry_after="0"), id="503"),
        pytest.param(Fault.status(522), id="522"),
        pytest.param(Fault.throttled(), id="429"),
        pytest.param(Fault.throttled("0"), id="429 with seconds"),
        pytest.param(Fault.throttled("Wed, 21 Oct 2015 07:28:00 GMT"), id="429 with a date"),
        pytest.param(Fault.throttled("Mon, 01 Jan 99999999999999 00:00:00 GMT"), id="429 with a date that is none"),
        pytest.param(Fault.throttled("Wed, 21 Oct 2015 07:28:00 +99999999999999999"), id="429 from no zone"),
        pytest.param(Fault.cut(0), id="cut at once"),
        pytest.param(Fault.cut(2000), id="cut"),
        pytest.param(Fault.wrong_length(len(PNG) + 1), id="one byte short"),
        pytest.param(Fault.chunked(cut=True), id="cut chunks"),
        pytest.param(Fault.stall(1000), id="stalled"),
        pytest.param(Fault.slow_headers(30), id="slow headers"),
        pytest.param(Fault.reset(), id="reset"),
        pytest.param(Fault.reset(2000), id="reset midway"),
        pytest.param(Fault.garbage(), id="garbage"),
    ],
)
def test_passing_trouble_is_got_over(cdn: CdnDouble, downloader: Downloader, fault: Fault) -> None:
    cdn.serve("/cat.png", PNG, fault=fault, times=2)
    assert downloader.fetch(cdn.record("/cat.png")) == PNG
    assert cdn.hits("/cat.png") == 3


@pytest.mark.parametrize("fault", [Fault.status(502), Fault.cut(500), Fault.reset(), Fault.throttled()])
def test_lasting_trouble_ends(cdn: CdnDouble, fault: Fault) -> None:
    cdn.serve("/cat.png", PNG, fault=fault)
    with Downloader(cdn.settings(), PATIENT) as downloader:
        assert refusal(downloader, cdn.record("/cat.png")) is SkipReason.NETWORK
    assert PATIENT.tries <= cdn.hits("/cat.png") <= 2 * PATIENT.tries


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(Fault.status(404), SkipReason.GONE, id="404"),
        pytest.param(Fault.status(410), SkipReason.GONE, id="410"),
        # It may refuse this network or this hour, not the picture.
        pytest.param(Fault.status(401), SkipReason.NETWORK, id="401"),
        pytest.param(Fault.status(403), SkipReason.NETWORK, id="403"),
        pytest.param(Fault.status(407), SkipReason.NETWORK, id="407"),
        pytest.param(Fault.status(451), SkipReason.NETWORK, id="451"),
        pytest.param(Fault.status(204, b""), SkipReason.NETWORK, id="204"),
        pytest.param(Fault.status(304, b""), SkipReason.NETWORK, id="304"),
        pytest.param(Fault.status(302, b""), SkipReason.NETWORK, id="redirect to nowhere"),
        pytest.param(Fault.status(404, bytes(5_000_000)), SkipReason.GONE, id="404 with a long body"),
        pytest.param(Fault.status(415), SkipReason.UNSUPPORTED, id="415"),
        pytest.param(Fault.error_page(), SkipReason.NOT_A_PICTURE, id="error page"),
        pytest.param(Fault.encoded(gzip.compress(bytes(50_000_000))), SkipReason.NOT_A_PICTURE, id="gzip bomb"),
        pytest.param(Fault.encoded(b"", "identity"), SkipReason.NOT_A_PICTURE, id="empty"),
        pytest.param(Fault.endless(), SkipReason.TOO_LARGE, id="endless"),
        pytest.param(Fault.wrong_length(2_000_000), SkipReason.TOO_LARGE, id="stated as too large"),
    ],
)
def test_final_trouble_is_not_tried_again(
    cdn: CdnDouble, downloader: Downloader, fault: Fault, reason: SkipReason
) -> None:
    cdn.serve("/cat.png", PNG, fault=fault)
    assert refusal(downloader, cdn.record("/cat.png")) is reason
    assert cdn.hits("/cat.png") == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault.chunked(), id="chunked"),
        pytest.param(Fault.wrong_length(None), id="no length"),
        pytest.param(Fault.wrong_length("many"), id="no number"),
        pytest.param(Fault.trickle(0.01, 4000), id="slow"),
    ],
)
def test_oddities_that_do_no_harm(cdn: CdnDouble, downloader: Downloader, fault: Fault) -> None:
    cdn.serve("/cat.png", PNG, fault=fault)
    assert downloader.fetch(cdn.record("/cat.png")) == PNG


def test_type_is_told_by_the_bytes(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/cat.jpg", PNG, content_type="text/html")
    assert downloader.fetch(cdn.record("/cat.jpg")) == PNG


def test_without_a_length_the_exports_size_tells_a_cut(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/cat.png", PNG[:3000], fault=Fault.wrong_length(None))
    assert refusal(downloader, cdn.record("/cat.png", file_size=len(PNG))) is SkipReason.NETWORK


def test_other_formats_only_when_they_are_searched(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/cat.gif", GIF)
    assert refusal(downloader, cdn.record("/cat.gif")) is SkipReason.UNSUPPORTED
    with Downloader(cdn.settings(extra_formats=True), QUICK) as other:
        assert other.fetch(cdn.record("/cat.gif")) == GIF


def test_stated_size_over_the_limit_asks_nobody(cdn: CdnDouble, downloader: Downloader) -> None:
    assert refusal(downloader, cdn.record("/cat.png", file_size=1_000_001)) is SkipReason.TOO_LARGE
    assert not cdn.requests


def test_expired_link_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: pytest.fail("the network was asked"))
    url = "https://cdn.discordapp.com/attachments/1/2/cat.png?ex=65000000&is=64ff0000&hm=00&"
    with Downloader(Settings(), QUICK) as downloader:
        assert refusal(downloader, make_record(url=url)) is SkipReason.EXPIRED


@pytest.mark.parametrize("date", [False, True], ids=["seconds", "date"])
def test_a_pause_holds_for_all_threads(cdn: CdnDouble, date: bool) -> None:
    asked = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=3), usegmt=True) if date else "1"
    cdn.serve("/first.png", PNG, fault=Fault.throttled(asked), times=1)
    for number in range(8):
        cdn.serve(f"/{number}.png", PNG)
    with Downloader(cdn.settings(), PATIENT) as downloader, ThreadPoolExecutor(9) as pool:
        first = pool.submit(downloader.fetch, cdn.record("/first.png"))
        while not cdn.requests:
            time.sleep(0.01)
        time.sleep(0.2)
        others = [pool.submit(downloader.fetch, cdn.record(f"/{number}.png")) for number in range(8)]
        assert [future.result() for future in [first, *others]] == [PNG] * 9
    moments = [request.moment for request in cdn.requests]
    assert len(moments) == 10
    assert moments[1] - moments[0] >= 0.95


def test_a_host_never_gets_more_at_once_than_the_settings_say(cdn: CdnDouble) -> None:
    """However many threads there are, and by whatever name the host is called."""
    cdn.serve("/cat.png", PNG, fault=Fault.slow_headers(0.1))
    by_another_name = cdn.url("/cat.png").replace("http://", "HTTP://someone@")
    records = [cdn.record("/cat.png"), make_record(url=by_another_name)] * 8
    with Downloader(cdn.settings(connections=3), PATIENT) as downloader, ThreadPoolExecutor(16) as pool:
        assert list(pool.map(downloader.fetch, records)) == [PNG] * 16
    assert cdn.most_at_once == 3
    assert cdn.connections == 3


def test_waiting_for_ones_turn_is_not_held_against_a_picture(cdn: CdnDouble) -> None:
    cdn.serve("/cat.png", PNG, fault=Fault.slow_headers(0.4))
    patience = replace(PATIENT, total=1.6)
    with Downloader(cdn.settings(connections=1), patience) as downloader, ThreadPoolExecutor(6) as pool:
        assert list(pool.map(downloader.fetch, [cdn.record("/cat.png")] * 6)) == [PNG] * 6


def test_a_host_that_refuses_gets_less_at_once(cdn: CdnDouble) -> None:
    """It takes two at once and refuses the rest; all pictures come, and few requests are refused on the way."""
    for number in range(120):
        cdn.serve(f"/{number}.png", PNG, fault=Fault.crowded(2))
    with Downloader(cdn.settings(connections=16), PATIENT) as downloader, ThreadPoolExecutor(16) as pool:
        fetched = list(pool.map(lambda number: downloader.fetch(cdn.record(f"/{number}.png")), range(120)))
    assert fetched == [PNG] * 120
    assert len(cdn.requests) - 120 < 60
    assert cdn.connections <= 16


def test_after_a_refusal_half_as_many_come_at_once(cdn: CdnDouble) -> None:
    cdn.serve("/first.png", PNG, faults=[Fault.throttled("0.1")])
    cdn.serve("/cat.png", PNG, fault=Fault.slow_headers(0.2))
    with Downloader(cdn.settings(connections=6), PATIENT) as downloader, ThreadPoolExecutor(6) as pool:
        assert downloader.fetch(cdn.record("/first.png")) == PNG
        assert list(pool.map(downloader.fetch, [cdn.record("/cat.png")] * 12)) == [PNG] * 12
        assert cdn.most_at_once == 3
        cdn.serve("/cat.png", PNG)
        for _ in range(200):
            downloader.fetch(cdn.record("/cat.png"))
        cdn.serve("/cat.png", PNG, fault=Fault.slow_headers(0.2))
        assert list(pool.map(downloader.fetch, [cdn.record("/cat.png")] * 12)) == [PNG] * 12
        assert cdn.most_at_once == 6


def test_a_late_refusal_of_what_was_under_way_counts_with_the_first(cdn: CdnDouble) -> None:
    cdn.serve("/first.png", PNG, faults=[Fault.slow_headers(0.1, then=Fault.throttled("0"))])
    cdn.serve("/late.png", PNG, faults=[Fault.slow_headers(0.6, then=Fault.throttled("0"))])
    cdn.serve("/cat.png", PNG, fault=Fault.slow_headers(0.2))
    with Downloader(cdn.settings(connections=8), PATIENT) as downloader, ThreadPoolExecutor(8) as pool:
        refused = [pool.submit(downloader.fetch, cdn.record(path)) for path in ("/first.png", "/late.png")]
        assert [future.result() for future in refused] == [PNG] * 2
        assert list(pool.map(downloader.fetch, [cdn.record("/cat.png")] * 16)) == [PNG] * 16
    assert cdn.most_at_once == 4


def test_a_very_long_pause_is_not_waited_for(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/cat.png", PNG, fault=Fault.throttled("3600"))
    cdn.serve("/dog.png", PNG)
    assert refusal(downloader, cdn.record("/cat.png")) is SkipReason.NETWORK
    assert refusal(downloader, cdn.record("/dog.png")) is SkipReason.NETWORK
    assert len(cdn.requests) == 1


def test_redirects_are_followed(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/a", fault=Fault.redirect("/b?x=1", 301))
    cdn.serve("/b", fault=Fault.redirect(cdn.url("/c"), 307))
    cdn.serve("/c", PNG)
    assert downloader.fetch(cdn.record("/a")) == PNG
    assert cdn.connections == 1


def test_redirects_in_circles_end(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/a", fault=Fault.redirect("/b"))
    cdn.serve("/b", fault=Fault.redirect("/a"))
    assert refusal(downloader, cdn.record("/a")) is SkipReason.GONE
    assert len(cdn.requests) == 6


def test_redirect_to_a_private_address(cdn: CdnDouble, downloader: Downloader) -> None:
    with CdnDouble() as router:
        router.serve("/admin", PNG)
        for target in (router.url("/admin"), router.url("/admin").replace("127.0.0.1", "localhost")):
            cdn.serve("/cat.png", fault=Fault.redirect(target))
            assert refusal(downloader, cdn.record("/cat.png")) is SkipReason.BLOCKED
        assert router.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://example.org/a.png",
        "https://cdn.discordapp.com.evil.org/a.png",
        "https://cdn.discordapp.com@evil.org/a.png",
        "https://cdn.discordapp.com\\@evil.org/a.png",
        "https://evil.org\\@cdn.discordapp.com/a.png",
        "https://evil.org\t@cdn.discordapp.com\\.evil.org/a.png",
        "https://evil.org#@cdn.discordapp.com/a.png",
        "https://xn--evil.org/a.png",
        "https://cdn.discordapp.com。evil.org/a.png",
        "http://127.0.0.1/a.png",
        "http://2130706433/a.png",
        "http://0x7f.1/a.png",
        "http://[::1]/a.png",
        "http://[::ffff:127.0.0.1]/a.png",
        "http://[/a.png",
        "https:///a.png",
        "https://cdn.discordapp.com:99999/a.png",
        "https://" + "a" * 300 + ".org/",
        "https://*.discordapp.com/",
    ],
)
def test_other_hosts_are_never_asked(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    asked: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_: asked.append(host) or [])
    with Downloader(Settings(), QUICK) as downloader:
        refusal(downloader, make_record(url=url))
    # Parsers may differ on who is meant by a crooked link; whoever is meant, nobody but Discord is asked.
    assert set(asked) <= {"cdn.discordapp.com"}


@pytest.mark.parametrize("url", ["", "cat.png", "ftp://cdn.discordapp.com/a.png", "file:///etc/passwd", "C:\\a.png"])
def test_no_link_is_a_missing_file(url: str) -> None:
    with Downloader(Settings(), QUICK) as downloader:
        assert refusal(downloader, make_record(url=url)) is SkipReason.MISSING


def test_a_name_that_leads_to_a_private_address(cdn: CdnDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    cdn.serve("/cat.png", PNG)
    port = int(cdn.host.rpartition(":")[2])
    session = open_session(1, parse_allowed([]), lambda: None)
    for host in ("localhost", "127.0.0.1", "127.1", "2130706433"):
        with pytest.raises(FetchError) as caught:
            session.get(f"http://{host}:{port}/cat.png")
        assert caught.value.reason is SkipReason.BLOCKED
    session.close()
    # Discord's own name, hijacked; the public address comes first and changes nothing (it is never connected to here).
    there = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [there])
    with Downloader(cdn.settings(), QUICK) as downloader:
        assert refusal(downloader, make_record(url="https://cdn.discordapp.com/a.png")) is SkipReason.BLOCKED
    assert cdn.connections == 0


def test_the_checked_address_is_the_one_connected_to(cdn: CdnDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers differently at every look-up is looked up once, and only what was checked is used."""
    cdn.serve("/cat.png", PNG)
    port = int(cdn.host.rpartition(":")[2])
    looked_up: list[Any] = []

    def rebinding(host: str, *_: Any) -> list[Any]:
        looked_up.append(host)
        address = "198.51.100.1" if len(looked_up) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    session = open_session(1, parse_allowed([]), lambda: None)
    with pytest.raises(FetchError):
        session.get(f"http://rebind.example:{port}/cat.png", timeout=0.5)
    session.close()
    assert len(looked_up) == 1
    assert cdn.connections == 0


def test_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    with CdnDouble(tls=True) as cdn:
        cdn.serve("/cat.png", PNG)
        cdn.serve("/cut.png", PNG, fault=Fault.cut(2000), times=1)
        cdn.serve("/down", fault=Fault.redirect(cdn.url("/cat.png").replace("https:", "http:")))
        with Downloader(cdn.settings(), QUICK) as downloader:  # the server's authority is not trusted
            assert refusal(downloader, cdn.record("/cat.png")) is SkipReason.NETWORK
        assert not cdn.requests
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", CA_FILE)
        with Downloader(cdn.settings(), QUICK) as downloader:
            assert downloader.fetch(cdn.record("/cat.png")) == PNG
            assert downloader.fetch(cdn.record("/cut.png")) == PNG
            assert refusal(downloader, cdn.record("/down")) is SkipReason.BLOCKED


def test_a_proxy_is_the_users_choice(cdn: CdnDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    cdn.serve("/cat.png", PNG)
    monkeypatch.setenv("HTTP_PROXY", f"http://{cdn.host}")
    with Downloader(Settings(allowed_hosts=("pictures.example",)), QUICK) as downloader:
        assert downloader.fetch(make_record(url="http://pictures.example/cat.png")) == PNG
        assert refusal(downloader, make_record(url="http://other.example/cat.png")) is SkipReason.BLOCKED
    assert [request.path for request in cdn.requests] == ["http://pictures.example/cat.png"]


@pytest.mark.parametrize("proxy", ["http://", "socks5://127.0.0.1:1", "http://127.0.0.1:1", "nonsense://x"])
def test_a_proxy_that_does_not_work(cdn: CdnDouble, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with Downloader(cdn.settings(), QUICK) as downloader:
        assert refusal(downloader, cdn.record("/cat.png")) is SkipReason.NETWORK


@pytest.mark.parametrize("fault", [Fault.trickle(0.02, 50), Fault.trickling_headers(0.02)], ids=["body", "headers"])
def test_total_time_is_limited(cdn: CdnDouble, fault: Fault) -> None:
    cdn.serve("/cat.png", PNG, fault=fault)
    with Downloader(cdn.settings(), Patience(total=0.5, read=5)) as downloader:
        assert refusal(downloader, cdn.record("/cat.png")) is SkipReason.NETWORK
    assert cdn.hits("/cat.png") == 1


def test_without_a_network_thousands_end_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []

    def unplugged(host: str, *_: Any) -> None:
        looked_up.append(host)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unplugged)
    signed = "?ex=ffffffff&is=65df2db3&hm=00"
    records = [make_record(url=f"https://cdn.discordapp.com/attachments/1/{n}/a.png{signed}") for n in range(3000)]
    with Downloader(Settings(), QUICK) as downloader, ThreadPoolExecutor(6) as pool:
        reasons = list(pool.map(lambda record: refusal(downloader, record), records))
    assert reasons == [SkipReason.NETWORK] * 3000
    assert len(looked_up) < 300


def test_pictures_that_stall_do_not_cost_the_others(cdn: CdnDouble) -> None:
    """All connections at once are held up, for longer than a host without an answer is waited for."""
    stalled = [cdn.record(f"/{number}.png") for number in range(12)]
    for record in stalled:
        cdn.serve(f"/{record.file_name}", PNG, fault=Fault.stall(10))
    cdn.serve("/fine.png", PNG)
    patience = replace(QUICK, read=0.2, lost=0.3, useless=60, tries=3)
    with Downloader(cdn.settings(connections=6), patience) as downloader, ThreadPoolExecutor(6) as pool:
        for future in [pool.submit(refusal, downloader, record) for record in stalled]:
            assert future.result() is SkipReason.NETWORK
        assert downloader.fetch(cdn.record("/fine.png")) == PNG


def test_one_dead_host_does_not_stop_the_others(cdn: CdnDouble, downloader: Downloader) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"127.0.0.1:{unused.getsockname()[1]}"
    cdn.serve("/cat.png", PNG)
    with Downloader(Settings(allowed_hosts=(cdn.host, dead)), QUICK) as both:
        for _ in range(3):
            assert refusal(both, make_record(url=f"http://{dead}/a.png")) is SkipReason.NETWORK
        assert both.fetch(cdn.record("/cat.png")) == PNG


def start_stalled_body(cdn: CdnDouble, _: pytest.MonkeyPatch) -> ImageRecord:
    cdn.serve("/cat.png", PNG, fault=Fault.stall(1000))
    return cdn.record("/cat.png")


def start_stalled_headers(cdn: CdnDouble, _: pytest.MonkeyPatch) -> ImageRecord:
    cdn.serve("/cat.png", PNG, fault=Fault.slow_headers(60))
    return cdn.record("/cat.png")


def start_pause(cdn: CdnDouble, _: pytest.MonkeyPatch) -> ImageRecord:
    cdn.serve("/cat.png", PNG, fault=Fault.throttled("60"))
    return cdn.record("/cat.png")


def start_backoff(cdn: CdnDouble, _: pytest.MonkeyPatch) -> ImageRecord:
    cdn.serve("/cat.png", PNG, fault=Fault.status(500))
    return cdn.record("/cat.png")


def start_wait_for_a_place(cdn: CdnDouble, _: pytest.MonkeyPatch) -> ImageRecord:
    """One of the three is refused, so that there is one place left: one or two wait for it."""
    cdn.serve("/cat.png", PNG, fault=Fault.stall(1000), faults=[Fault.throttled("0")])
    return cdn.record("/cat.png")


def start_look_up(cdn: CdnDouble, monkeypatch: pytest.MonkeyPatch) -> ImageRecord:
    cdn.serve("/cat.png", PNG)

    def hanging(*_: Any) -> list[Any]:
        cdn.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    return cdn.record("/cat.png")


@pytest.mark.parametrize(
    "start",
    [start_stalled_body, start_stalled_headers, start_pause, start_backoff, start_wait_for_a_place, start_look_up],
    ids=lambda f: f.__name__,
)
def test_cancel_ends_what_is_in_flight(
    cdn: CdnDouble, monkeypatch: pytest.MonkeyPatch, start: Callable[[CdnDouble, pytest.MonkeyPatch], ImageRecord]
) -> None:
    record = start(cdn, monkeypatch)
    patience = Patience(connect=60, read=60, total=600, backoff=60)
    with Downloader(cdn.settings(), patience) as downloader:
        assert_cancel_ends(downloader, record)


def test_cancel_ends_a_stall_inside_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", CA_FILE)
    with CdnDouble(tls=True) as cdn:
        cdn.serve("/cat.png", PNG, fault=Fault.stall(1000))
        with Downloader(cdn.settings(), Patience(read=60)) as downloader:
            assert_cancel_ends(downloader, cdn.record("/cat.png"))


def test_cancel_ends_a_tls_handshake() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        with Downloader(Settings(allowed_hosts=(host,)), Patience(connect=60, read=60)) as downloader:
            assert_cancel_ends(downloader, make_record(url=f"https://{host}/cat.png"))


def test_cancel_ends_a_connection_attempt() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]  # once its queue is full, connecting to it hangs
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        host = f"127.0.0.1:{address[1]}"
        with Downloader(Settings(allowed_hosts=(host,)), Patience(connect=60)) as downloader:
            assert_cancel_ends(downloader, make_record(url=f"http://{host}/cat.png"))
        for filler in fillers:
            filler.close()


def assert_cancel_ends(downloader: Downloader, record: ImageRecord) -> None:
    """Three fetches in flight end when cancelled; the time is what cancelling promises, not a speed."""
    ended: list[BaseException | None] = []

    def fetch() -> None:
        try:
            downloader.fetch(record)
        except FetchError as exc:
            ended.append(exc)

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    assert not ended
    downloader.cancel()
    limit = time.monotonic() + 2
    for thread in threads:
        thread.join(max(0, limit - time.monotonic()))
    assert [type(error) for error in ended] == [Cancelled] * 3
    with pytest.raises(Cancelled):
        downloader.fetch(record)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    (tmp_path / "whole.png").write_bytes(PNG)
    (tmp_path / "cut.png").write_bytes(PNG[:2000])
    (tmp_path / "page.png").write_bytes(b"<html>404 Not Found</html>")
    return tmp_path


def local(cdn: CdnDouble, export: Path, name: str, **values: Any) -> ImageRecord:
    return cdn.record("/cat.png", local_path=str(export / name), media_root=str(export), file_size=len(PNG), **values)


def test_whole_media_needs_no_network(cdn: CdnDouble, downloader: Downloader, export: Path) -> None:
    assert downloader.fetch(local(cdn, export, "whole.png")) == PNG
    expired = "https://cdn.discordapp.com/attachments/1/2/cat.png?ex=65000000&is=64ff0000&hm=00&"
    assert downloader.fetch(local(cdn, export, "whole.png", url=expired)) == PNG
    assert not cdn.requests


@pytest.mark.parametrize("name", ["cut.png", "page.png", "missing.png", "../outside.png"])
def test_media_of_no_use_is_downloaded(cdn: CdnDouble, downloader: Downloader, export: Path, name: str) -> None:
    cdn.serve("/cat.png", PNG)
    assert downloader.fetch(local(cdn, export, name)) == PNG
    assert cdn.hits("/cat.png") == 1


def test_cut_media_is_better_than_nothing(cdn: CdnDouble, downloader: Downloader, export: Path) -> None:
    assert downloader.fetch(local(cdn, export, "cut.png")) == PNG[:2000]
    assert downloader.fetch(local(cdn, export, "cut.png", url="")) == PNG[:2000]


def test_both_reasons_are_told(cdn: CdnDouble, downloader: Downloader, export: Path) -> None:
    with pytest.raises(FetchError, match=r"holds no picture.*status 404") as caught:
        downloader.fetch(local(cdn, export, "page.png"))
    assert caught.value.reason is SkipReason.GONE
    assert refusal(downloader, local(cdn, export, "page.png", url="")) is SkipReason.NOT_A_PICTURE


def test_a_closed_downloader_fetches_nothing(cdn: CdnDouble) -> None:
    cdn.serve("/cat.png", PNG)
    with Downloader(cdn.settings(), QUICK) as downloader:
        downloader.fetch(cdn.record("/cat.png"))
    with pytest.raises(Cancelled):
        downloader.fetch(cdn.record("/cat.png"))
