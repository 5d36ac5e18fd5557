"""The names that DiscordChatExporter gives to the files that it saves."""

from __future__ import annotations

import hashlib

import pytest

from ras.saved_names import has_short_mark, saved_names
from tests.exports import cdn_url, media_name, signed


@pytest.mark.parametrize("version", ["2.42", "2.46.1", "2.47"])
@pytest.mark.parametrize(
    "name", ["cat.png", "no_ending", "x" * 60 + ".png", "a%20b.png", "dots.in.name.jpg", ".png", "SPOILER_a.png"]
)
def test_every_version_s_name_is_among_them(version: str, name: str) -> None:
    url = cdn_url("5", name)
    assert media_name(url, version) in list(saved_names(signed(url)))
    assert media_name(url, version) in list(saved_names(url))


def test_other_hosts_are_hashed_whole() -> None:
    url = "https://example.org/cat.png?size=512&ex=1"
    assert media_name(url) in list(saved_names(url))
    assert media_name(url) not in list(saved_names("https://example.org/cat.png?size=512"))


def test_the_resizing_proxy() -> None:
    url = cdn_url("5", "cat.png").replace("cdn.discordapp.com", "media.discordapp.net") + "?width=400"
    whole = signed(url.partition("?")[0]) + "width=400"
    for hashed in (whole, url.replace("?", "")):  # of 2.47, of later versions
        mark = hashlib.sha256(hashed.encode()).hexdigest()[:16]
        assert f"cat-{mark}.png" in list(saved_names(whole))


def test_a_url_without_a_name() -> None:
    url = "https://example.org/pictures/"
    assert hashlib.sha256(url.encode()).hexdigest()[:16] in list(saved_names(url))


def test_names_that_no_system_has_are_mended() -> None:
    names = list(saved_names("https://example.org/a:b|c.png"))
    assert any(name.startswith("a_b_c-") for name in names)


def test_short_marks() -> None:
    url = cdn_url("5", "cat.png")
    for version, short in (("2.42", True), ("2.46.1", True), ("2.47", False)):
        assert has_short_mark(media_name(url, version)) is short
    assert has_short_mark("no_ending-ABCDE")
    assert has_short_mark("ABCDE.png")
    assert not has_short_mark("cat.png")
    assert not has_short_mark("cat-ABCDEF.png")
