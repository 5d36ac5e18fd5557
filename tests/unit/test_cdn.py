from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ras.cdn import (
    DISCORD_HOSTS,
    app_link,
    attachment_url,
    canonical_url,
    expires_at,
    is_discord_host,
    is_expired,
    picture_key,
)

PLAIN = "https://cdn.discordapp.com/attachments/1/2/cat.png"
SIGNED = PLAIN + "?ex=65a1b2c3&is=658f3dc3&hm=" + "0f" * 32 + "&"


@pytest.mark.parametrize(
    "url",
    [
        PLAIN,
        SIGNED,
        SIGNED.rstrip("&"),
        SIGNED.replace("cdn.discordapp.com", "cdn.discord.com"),
        SIGNED.replace("cdn.discordapp.com", "media.discordapp.net") + "width=400&height=300",
        SIGNED.replace("cdn.discordapp.com", "media.discordapp.net") + "=&format=webp&quality=lossless&width=1",
        SIGNED.replace("https://cdn", "HTTP://CDN"),
    ],
)
def test_canonical_url_is_the_same_for_every_address_of_an_attachment(url: str) -> None:
    assert canonical_url(url).rstrip("=?") == PLAIN


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://images-ext-1.discordapp.net/external/Sig-1/https/i.imgur.com/a.png", "https://i.imgur.com/a.png"),
        (
            "https://images-ext-2.discordapp.net/external/x/https/i.imgur.com/a.png?format=webp&width=9",
            "https://i.imgur.com/a.png",
        ),
        (
            "https://images-ext-1.discordapp.net/external/x/%3Fv%3D1%26w%3D2/http/a.test/b.png",
            "http://a.test/b.png?v=1&w=2",
        ),
        ("https://images-ext-1.discordapp.net/external/x/https/cdn.discordapp.com/attachments/1/2/cat.png", PLAIN),
        ("https://cdn.discordapp.com/emojis/3.png?size=96", "https://cdn.discordapp.com/emojis/3.png?size=96"),
        ("https://cdn.discordapp.com/attachments/1/2/cat.png?ex=0&uc=dp", PLAIN),
        # Other hosts' parameters may mean anything.
        ("https://example.org/a.png?ex=1&is=2&width=3", "https://example.org/a.png?ex=1&is=2&width=3"),
        ("http://[", "http://["),
        ("", ""),
    ],
)
def test_canonical_url_of_other_addresses(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


def test_expiry_is_read_as_hexadecimal() -> None:
    assert expires_at(SIGNED) == datetime.fromtimestamp(0x65A1B2C3, timezone.utc)


@pytest.mark.parametrize(
    "url",
    [
        PLAIN,
        PLAIN + "?ex=0&is=0&hm=0&uc=dp",
        PLAIN + "?ex=&is=1",
        PLAIN + "?ex=xyz",
        PLAIN + "?ex=1",
        PLAIN + "?ex=ffffffffff",
        PLAIN + "?ex=" + "f" * 400,
        PLAIN + "?hex=65a1b2c3",
        "https://example.org/a.png?ex=65a1b2c3",
        "http://[?ex=65a1b2c3",
        "",
    ],
)
def test_urls_that_say_nothing_about_expiry(url: str) -> None:
    assert expires_at(url) is None
    assert not is_expired(url)


def test_is_expired() -> None:
    expiry = expires_at(SIGNED)
    assert expiry is not None
    assert is_expired(SIGNED)
    assert is_expired(SIGNED, now=expiry)
    assert not is_expired(SIGNED, now=expiry - timedelta(seconds=1))


def test_discord_hosts_are_exact() -> None:
    assert all(is_discord_host(host) for host in DISCORD_HOSTS)
    assert is_discord_host("CDN.DiscordApp.com")
    for host in (
        None,
        "",
        "discordapp.com",
        "evil-discordapp.com",
        "cdn.discordapp.com.evil.org",
        "evil.cdn.discordapp.com",
        "cdn.discordapp.com.",
        "cdn.discordapp.com:443",
        "cdn.discordapp.com@evil.org",
        "cdn.discordapp.com\n",
        "cdn.dıscordapp.com",
        "images-ext-１.discordapp.net",
        "xn--cdn.discordapp.com",
    ):
        assert not is_discord_host(host), host


def test_picture_key_outlives_the_url() -> None:
    assert picture_key("123", SIGNED) == "a:123"
    assert picture_key(None, SIGNED) == picture_key(None, PLAIN)
    assert picture_key(None, PLAIN).startswith("u:")
    assert picture_key(None, PLAIN) != picture_key(None, PLAIN + "x")
    assert picture_key(None, "https://a.test/\ud83d.png").startswith("u:")


def test_attachment_url_cannot_leave_its_place() -> None:
    assert attachment_url("1", "2", "cat.png") == PLAIN
    assert attachment_url("1", "2", "../a b?ex=1#.png").endswith("/attachments/1/2/..%2Fa%20b%3Fex%3D1%23.png")


def test_app_link() -> None:
    assert app_link("https://discord.com/channels/@me/1/2") == "discord://-/channels/@me/1/2"
    assert app_link("https://example.org/") == "https://example.org/"
