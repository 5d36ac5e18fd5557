"""Links to pictures in what browsers hand over, and the picture in a link."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from ras.errors import DecodeError, FetchError, SkipReason
from ras.gui.picture_links import link_in, load_link, picture_name
from ras.records import finish
from ras.settings import Settings
from tests.cdn_double import CdnDouble, Fault
from tests.gui.pictures import encoded, picture


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://example.org/a.png", "https://example.org/a.png"),
        ("# comment\r\nhttps://example.org/a.png\r\nhttps://example.org/b.png\r\n", "https://example.org/a.png"),
        ("HTTP://example.org/a.png\nThe title", "HTTP://example.org/a.png"),
        ('<meta><a href="https://e.org/page"><IMG alt="" src="https://e.org/x.jpg?a=1&amp;b=2"></a>',
         "https://e.org/x.jpg?a=1&b=2"),
        ('<img src="//cdn.e.org/x.jpg">', "https://cdn.e.org/x.jpg"),
        ("data:image/png;base64,AAAA", "data:image/png;base64,AAAA"),
        ('<img src="data:image/png;base64,AAAA">', "data:image/png;base64,AAAA"),
        ("\ufeffhttps://example.org/a.png\0", "https://example.org/a.png"),
        ("just words", ""),
        ("see https://example.org/a.png", ""),
        ("https://example.org/a b.png", ""),
        ('<img src="/relative.png">', ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,<b>", ""),
        ("ftp://example.org/a.png", ""),
        ("https://" + "a" * 9000, ""),
        ("<img", ""),
    ],
)  # fmt: skip
def test_the_link_that_is_meant(text: str, link: str) -> None:
    assert link_in(text) == link


def test_names() -> None:
    assert picture_name("https://e.org/a/cat%20one.png?w=80") == "cat one.png"
    assert picture_name("https://e.org/") == "e.org"
    assert picture_name("http://[") == "picture"
    assert picture_name("data:image/png,") == "Picture of a page"


def test_a_picture_in_the_link() -> None:
    data = base64.b64encode(encoded(picture(4))).decode()
    loaded = finish(load_link(f"data:image/png;base64,{data[:40]}\n{data[40:]}", Settings()))
    assert loaded.query.image.tobytes() == picture(4).convert("RGB").tobytes()


def test_a_picture_in_the_link_that_is_none() -> None:
    with pytest.raises(DecodeError, match="damaged: save it"):
        finish(load_link("data:image/png;base64,%%%", Settings()))
    with pytest.raises(DecodeError, match="not a picture"):
        finish(load_link("data:image/png,hello", Settings()))
    with pytest.raises(DecodeError, match="larger than 1 MB"):
        finish(load_link("data:image/png;base64," + "A" * 1_400_000, Settings(max_megabytes=1)))


def test_a_picture_behind_a_link() -> None:
    with CdnDouble() as cdn:
        url = cdn.serve("/pages/cat.png?width=80", encoded(picture(4)))
        loaded = finish(load_link(url, cdn.settings()))
        assert loaded.query.name == "cat.png"
        assert loaded.query.image.size == (320, 240)
        assert loaded.query.content_hash


def refused(url: str, settings: Settings) -> FetchError:
    with pytest.raises(FetchError) as caught:
        finish(load_link(url, settings))
    return caught.value


def test_a_private_address_is_refused() -> None:
    with CdnDouble() as cdn:
        url = cdn.serve("/cat.png", encoded(picture(4)))
        error = refused(url, Settings())
        assert error.reason is SkipReason.BLOCKED
        assert cdn.connections == 0


def test_a_redirect_to_a_private_address_is_refused() -> None:
    with CdnDouble() as inside, CdnDouble() as cdn:
        target = inside.serve("/cat.png", encoded(picture(4)))
        url = cdn.serve("/hop.png", fault=Fault.redirect(target))
        assert refused(url, cdn.settings()).reason is SkipReason.BLOCKED
        assert inside.connections == 0


@pytest.mark.parametrize("target", ["ftp://example.org:99999/x.png", "ftp://example.org/x.png", "https://[/x.png"])
def test_a_redirect_to_no_web_server_is_refused(target: str) -> None:
    with CdnDouble() as cdn:
        url = cdn.serve("/hop.png", fault=Fault.redirect(target))
        assert refused(url, cdn.settings()).reason in (SkipReason.BLOCKED, SkipReason.MISSING, SkipReason.GONE)


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:631/admin", "http://192.168.1.1/reboot.png", "https://2130706433/", "http://localhost/"],
)
def test_behind_a_proxy_a_private_address_is_refused_too(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy would connect to it, from this computer perhaps."""
    with CdnDouble() as proxy:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert refused(target, Settings()).reason is SkipReason.BLOCKED
        assert proxy.connections == 0


def test_what_is_no_png_or_jpeg_is_one_sentence() -> None:
    webp = io.BytesIO()
    picture(4).save(webp, "WEBP")
    with CdnDouble() as cdn:
        sentence = str(refused(cdn.serve("/a.webp", webp.getvalue()), cdn.settings(extra_formats=True)))
        assert sentence == "“a.webp” is a WebP picture. RAS searches for PNG and JPEG pictures."
        page = cdn.serve("/page", b"<html>" + b" " * 900, content_type="text/html")
        assert "Open the picture itself in the browser" in str(refused(page, cdn.settings()))
        large = io.BytesIO()
        Image.effect_noise((1100, 1100), 90).save(large, "PNG")
        sentence = str(refused(cdn.serve("/large.png", large.getvalue()), cdn.settings(max_megabytes=1)))
        assert "larger than 1 MB" in sentence
        assert "Save the picture" in str(refused(cdn.url("/none.png"), cdn.settings()))


def test_the_download_can_be_cancelled() -> None:
    with CdnDouble() as cdn:
        url = cdn.serve("/slow.png", encoded(picture(4)), fault=Fault.stall())
        job = load_link(url, cdn.settings())
        assert next(job).stage == "Downloading the picture"
        job.close()
