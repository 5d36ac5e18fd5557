"""The endpoint that signs links anew: what it is sent, which answers are believed, and when it is asked no more."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ras.bot_token import KEYRING
from ras.downloader import Downloader, Patience
from ras.downloader.endpoint import MOST_URLS, RefreshEndpoint, Refusal, sendable
from ras.errors import FetchError, SkipReason
from ras.token_variable import VARIABLE
from tests.discord_double import API, CDN, FOREIGN, MEDIA, DiscordDouble, Fault
from tests.refreshing import OTHER, PNG, QUICK, dead, only_sentence, refreshing, refusal


@pytest.fixture
def downloader(discord: DiscordDouble) -> Iterator[Downloader]:
    with refreshing(discord) as opened:
        yield opened


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        (f"https://{CDN}/attachments/1/2/a.png?ex=1&is=1&hm=1&", True),
        (f"http://{MEDIA}/attachments/1/2/a.png?width=5&hm=1", True),
        (f"https://{CDN}/attachments/1/2/a%20b.png", True),
        (f"https://images-ext-1.discordapp.net/external/x/https/{CDN}/attachments/1/2/a.png", True),
        (f"https://{CDN}/ephemeral-attachments/1/2/a.png", False),
        (f"https://{CDN}/emojis/1.png", False),
        (f"https://{CDN}/attachments/1/2/a/b.png", False),
        (f"https://{CDN}/attachments/1/x/a.png", False),
        (f"https://{CDN}/attachments/1/2/{'a' * 600}.png", False),
        (f"https://{CDN}/attachments/1/2/a b.png", False),
        ("https://foreign.example/attachments/1/2/a.png", False),
        (f"https://{CDN}@foreign.example/attachments/1/2/a.png", False),
        (f"https://foreign.example/https://{CDN}/attachments/1/2/a.png", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_only_attachments_are_ever_sent(url: str, sent: bool) -> None:
    assert (sendable(url) is not None) is sent
    if sent:
        assert str(sendable(url)).startswith(f"https://{CDN}/attachments/1/2/a")
        assert "?" not in str(sendable(url))


def other_attachment(discord: DiscordDouble) -> str:
    return discord.post(1, 3, "dog.png", OTHER)


LIES: dict[str, Callable[[DiscordDouble, str], Any]] = {
    "another picture": lambda discord, url: other_attachment(discord),
    "foreign host": lambda discord, url: url.replace(CDN, FOREIGN),
    "foreign host behind an @": lambda discord, url: url.replace(CDN, f"{CDN}@{FOREIGN}"),
    "another port": lambda discord, url: url.replace(CDN, f"{CDN}:8443"),
    "unprotected": lambda discord, url: url.replace("https:", "http:"),
    "expired": lambda discord, url: discord.sign(url, -5),
    "unsigned": lambda discord, url: url.partition("?")[0],
    "no URL": lambda discord, url: "http://[",
    "a number": lambda discord, url: 5,
    "nothing": lambda discord, url: None,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_link_to_something_else_is_not_followed(
    discord: DiscordDouble, downloader: Downloader, lie: Callable[[DiscordDouble, str], Any]
) -> None:
    record = dead(discord)
    discord.lie = lambda url: lie(discord, url)
    assert refusal(downloader, record) is SkipReason.EXPIRED
    assert refusal(downloader, record) is SkipReason.EXPIRED
    assert len(discord.refreshes) == 1, "it is not asked for again"
    assert discord.asked(CDN) == discord.asked(FOREIGN) == []
    assert only_sentence(downloader).startswith("1 expired link could not be refreshed")


def test_links_that_are_swapped_are_not_followed(discord: DiscordDouble, downloader: Downloader) -> None:
    one, two = dead(discord, 2), dead(discord, 3, OTHER)
    downloader.expect([one, two])
    signed = {record.url: discord.sign(record.url) for record in (one, two)}
    discord.lie = lambda url: signed[two.url if "/1/2/" in url else one.url]
    assert refusal(downloader, one) is SkipReason.EXPIRED
    assert discord.asked(CDN) == []


def test_it_gives_up_where_nothing_comes_of_it(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.lie = lambda url: url.partition("?")[0]
    for number in range(2, 12):
        assert refusal(downloader, dead(discord, number)) is SkipReason.EXPIRED
    assert len(discord.refreshes) == 3
    assert any("no usable ones" in sentence for sentence in downloader.take_notices())


NOT_UNDERSTOOD = {
    "no JSON": Fault.status(200, b"<html>"),
    "not UTF-8": Fault.status(200, b'{"refreshed_urls": "\xff"}'),
    "a list": Fault.status(200, b"[]"),
    "another key": Fault.status(200, b'{"urls": []}'),
    "no list": Fault.status(200, b'{"refreshed_urls": {"original": 1}}'),
    "list of texts": Fault.status(200, b'{"refreshed_urls": ["x"]}'),
    "nested": Fault.status(200, b"[" * 500_000),
    "endless": Fault.endless(),
    "compressed": Fault.encoded(b"\x1f\x8b\x08"),
    "redirect": Fault.redirect(f"https://{FOREIGN}/api/v10/attachments/refresh-urls", 307),
    "redirect to get": Fault.redirect(f"https://{FOREIGN}/", 302),
    "not found": Fault.status(404, b"{}"),
}


@pytest.mark.parametrize("fault", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_an_unknown_answer_ends_the_refreshing_and_nothing_else(
    discord: DiscordDouble, downloader: Downloader, fault: Fault
) -> None:
    discord.refresh_fault = fault
    for number in (2, 3, 4):
        assert refusal(downloader, dead(discord, number)) is SkipReason.EXPIRED
    assert len(discord.refreshes) == 1
    assert f"{FOREIGN}:443" not in discord.tunnels
    assert "not the one that this version of RAS knows" in only_sentence(downloader)
    assert downloader.fetch(discord.record(discord.post(1, 9, "cat.png", PNG))) == PNG


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("source", "remedy"), [("environment", VARIABLE), (KEYRING, "token set")])
def test_a_token_that_is_refused_is_not_used_again(
    discord: DiscordDouble, status: int, source: str, remedy: str
) -> None:
    discord.refresh_fault = Fault.status(status, b"{}")
    with refreshing(discord, source=source) as downloader:
        for number in (2, 3, 4):
            assert refusal(downloader, dead(discord, number)) is SkipReason.EXPIRED
        assert len(discord.asked(API)) == 1
        sentence = only_sentence(downloader)
    assert f"status {status}" in sentence
    assert remedy in sentence


def test_another_token_is_refused(discord: DiscordDouble) -> None:
    with refreshing(discord, token="wrong") as downloader:
        assert refusal(downloader, dead(discord)) is SkipReason.EXPIRED
        assert "refuses the bot token (status 401)" in only_sentence(downloader)


def test_429_is_waited_for(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.refresh_faults = [
        Fault.throttled("0.2"),
        Fault.status(429, b'{"message": "slow", "retry_after": 0.3, "global": true}'),
        Fault.status(429, b'{"retry_after": NaN}'),
        Fault.status(429, b'{"retry_after": "soon"}', retry_after="never"),
    ]
    assert downloader.fetch(dead(discord)) == PNG
    moments = [request.moment for request in discord.requests if request.headers["host"] == API]
    assert len(moments) == 5
    assert moments[1] - moments[0] >= 0.2
    assert moments[2] - moments[1] >= 0.3


@pytest.mark.parametrize(
    "fault",
    [
        Fault.throttled("3"),
        Fault.status(429, b'{"retry_after": 1e400}'),
        Fault.status(429, b'{"retry_after": 1' + b"0" * 400 + b"}"),
    ],
    ids=["header", "infinite", "astronomic"],
)
def test_a_long_pause_ends_the_refreshing(discord: DiscordDouble, downloader: Downloader, fault: Fault) -> None:
    discord.refresh_fault = fault
    assert refusal(downloader, dead(discord, 2)) is SkipReason.EXPIRED
    assert refusal(downloader, dead(discord, 3)) is SkipReason.EXPIRED
    assert len(discord.refreshes) == 1
    assert "asks to wait" in only_sentence(downloader)


def test_invalid_answers_are_few(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.refresh_fault = Fault.throttled("0")
    for number in (2, 3, 4):
        assert refusal(downloader, dead(discord, number)) is SkipReason.EXPIRED
    assert len(discord.refreshes) == 9
    assert "refuses too often" in only_sentence(downloader)


def test_after_a_refusal_it_asks_more_slowly(discord: DiscordDouble) -> None:
    discord.refresh_faults = [Fault.throttled("0"), Fault.throttled("0")]
    patience = Patience(backoff=0.2)
    with refreshing(discord, patience) as downloader:
        for number in (2, 3, 4):
            assert downloader.fetch(dead(discord, number)) == PNG
    moments = [request.moment for request in discord.requests if request.headers["host"] == API]
    assert len(moments) == 5
    assert moments[4] - moments[3] >= 0.2


def test_who_is_told_the_limit_does_not_run_into_it(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.refresh_headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "0.3"}
    assert downloader.fetch(dead(discord, 2)) == PNG
    assert downloader.fetch(dead(discord, 3)) == PNG
    first, second = (request.moment for request in discord.requests if request.headers["host"] == API)
    assert second - first >= 0.3


@pytest.mark.parametrize("fault", [Fault.status(500), Fault.status(503), Fault.cut(10), Fault.reset(5), Fault.reset()])
def test_passing_trouble_is_got_over_or_given_up(discord: DiscordDouble, downloader: Downloader, fault: Fault) -> None:
    discord.refresh_faults = [fault, fault]
    assert downloader.fetch(dead(discord, 2)) == PNG
    discord.refresh_fault = fault
    assert refusal(downloader, dead(discord, 3)) is SkipReason.EXPIRED
    assert refusal(downloader, dead(discord, 4)) is SkipReason.EXPIRED
    assert len(discord.refreshes) == 3 + 3
    assert "Try again later" in downloader.take_notices()[1]


def test_an_untrusted_certificate_gets_no_token(
    discord: DiscordDouble, downloader: Downloader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert refusal(downloader, dead(discord)) is SkipReason.EXPIRED
    assert discord.requests == []
    assert discord.tunnels == [f"{API}:443"], "to try again at once is in vain"
    assert "certificate of discord.com is not trusted" in only_sentence(downloader)


def test_discord_on_a_private_address_gets_no_token(
    discord: DiscordDouble, downloader: Downloader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HTTPS_PROXY")
    port = int(discord.host.rpartition(":")[2])
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: [(2, 1, 6, "", ("127.0.0.1", port))])
    assert refusal(downloader, dead(discord)) is SkipReason.EXPIRED
    assert discord.connections == 0
    assert "no address of the public internet" in only_sentence(downloader)


def test_a_link_that_discord_does_not_take_spoils_no_others(discord: DiscordDouble, downloader: Downloader) -> None:
    records = [dead(discord, number) for number in range(1, 21)]
    discord.takes = lambda url: "/attachments/1/13/" not in url
    downloader.expect(records)
    reasons = []
    for record in records:
        try:
            assert downloader.fetch(record) == PNG
        except FetchError as exc:
            reasons.append((record.attachment_id, exc.reason))
    assert reasons == [("13", SkipReason.EXPIRED)]
    assert "19 expired links were" in downloader.take_notices()[0]


def test_links_that_discord_does_not_take_are_not_sent_for_ever(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.takes = lambda url: False
    for number in range(1, 60):
        assert refusal(downloader, dead(discord, number)) is SkipReason.EXPIRED
    assert len(discord.asked(API)) == 25
    assert any("status 400" in sentence for sentence in downloader.take_notices())


@pytest.fixture(scope="module")
def endpoint() -> Iterator[RefreshEndpoint]:
    opened = RefreshEndpoint(QUICK)
    yield opened
    opened.close()


KEYS = st.sampled_from(["original", "refreshed", "refreshed_urls"])
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["refreshed_urls", "original", "refreshed"]), inner)
    ),
)
LINK = "https://cdn.discordapp.com/attachments/1/2/cat.png"


@given(answer=JSON | st.fixed_dictionaries({"refreshed_urls": st.lists(st.dictionaries(st.text(), JSON) | JSON)}))
def test_no_answer_breaks_it(endpoint: RefreshEndpoint, answer: Any) -> None:
    with contextlib.suppress(Refusal):
        assert endpoint._understood([LINK], json.loads(json.dumps(answer))) == {LINK: ""}


def test_a_batch_is_not_larger_than_discord_takes() -> None:
    assert MOST_URLS == 50
