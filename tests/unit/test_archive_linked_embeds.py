"""A picture link that somebody pasted is one record, also where an export saved what Discord shows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ras.archive import read_archive
from ras.records import ImageRecord, PictureKinds, finish
from tests import exports, exports_html
from tests.exports import Json, attachment, cdn_url, embed, make_export, message, picture
from tests.exports_html import make_html

LINK = "https://i.imgur.com/a%20cat.png"
POSTED_FILE = cdn_url("880000000000000005", "cat.png") + "?ex=65a1b2c3&is=658f3dc3&hm=" + "0f" * 32 + "&"
FORMATS = [
    *((make_export, version) for version in exports.VERSIONS),
    *((make_html, version) for version in exports_html.VERSIONS),
]


def shown(link: str, data: bytes = b"1", signature: str = "sig", **about: Any) -> Json:
    """What Discord shows of a link: a picture from its proxy, which says so since 2.46.1."""
    host, path = link.split("://")[1].split("/", 1)
    proxied = f"https://images-ext-1.discordapp.net/external/{signature}/https/{host}/{path}"
    if host.endswith("discordapp.com"):
        proxied = link.replace("cdn.discordapp.com", "media.discordapp.net")
    return embed(thumbnail=picture(proxied, link, data=data), url=link, **about)


def read(path: Path, *, links: bool = True) -> list[ImageRecord]:
    return list(finish(read_archive([path], PictureKinds(links=links))).records)


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("link", [LINK, POSTED_FILE])
@pytest.mark.parametrize(("make", "version"), FORMATS)
def test_the_link_and_the_file_are_one_record(tmp_path: Path, make: Any, version: str, link: str, links: bool) -> None:
    posted = [message(f"look: {link}", embeds=[shown(link)])]
    (one,) = read(make(tmp_path, messages=posted, version=version, media=True), links=links)
    (bare,) = read(make_export(tmp_path / "bare", messages=posted), links=links)
    assert (one.kind, one.file_name, one.key) == ("embed", bare.file_name, bare.key)
    assert Path(one.local_path or "").read_bytes() == b"1"
    if make is make_export and version in ("2.46.1", "2.47"):
        assert one.url in (link, bare.url)
    else:
        assert one.url == link


@pytest.mark.parametrize("make", [make_export, make_html])
def test_links_that_end_alike(tmp_path: Path, make: Any) -> None:
    """JSON says which embed is of which link; of a web page nobody can tell."""
    links = [f"https://{host}.test/image.png" for host in "ab"]
    posted = [message(" ".join(links), embeds=[shown(link, link.encode()) for link in links])]
    records = read(make(tmp_path, messages=posted, version="2.44", media=True))
    files = {record.url: Path(record.local_path or "").read_text() for record in records if record.local_path}
    if make is make_export:
        assert files == {link: link for link in links}
        assert len(records) == 2
    else:
        assert [record.url for record in records] == ["", "", *links]


@pytest.mark.parametrize("make", [make_export, make_html])
def test_other_pictures_stay_what_they_are(tmp_path: Path, make: Any) -> None:
    """A page's picture has another name than the link; an attachment is no picture of a link."""
    page = embed(thumbnail=picture("https://i.test/preview.png", data=b"1"), url="https://a.test/page.png")
    posted = [
        message("https://a.test/page.png", embeds=[page]),
        message("https://a.test/cat.png", [attachment("cat.png", data=b"2")]),
        message("nothing", embeds=[embed(images=[picture(f"https://i.test/{n}.png", data=b"1") for n in range(2)])]),
    ]
    records = read(make(tmp_path, messages=posted, version="2.44", media=True))
    assert [(record.kind, record.local_path is None) for record in records] == [
        *(("embed", False), ("link", True)),
        *(("attachment", False), ("link", True)),
        *(("embed", False), ("embed", False)),
    ]


@pytest.mark.parametrize("make", [make_export, make_html])
def test_what_the_text_hides_is_hidden(tmp_path: Path, make: Any) -> None:
    content = LINK if make is make_html else f"||{LINK}||"
    path = make(tmp_path, messages=[message(content, embeds=[shown(LINK)])], version="2.44", media=True)
    if make is make_html:
        anchor = f'<a href="{LINK}">{LINK}</a>'
        page = path.read_text("utf-8")
        assert anchor in page
        hidden = page.replace(anchor, f"<span class=chatlog__markdown-spoiler>{anchor}</span>")
        path.write_text(hidden, "utf-8")
    (one,) = read(path)
    assert (one.file_name, one.spoiler) == ("SPOILER_a cat.png", True)


@pytest.mark.parametrize("make", [make_export, make_html])
def test_a_forwarded_link(tmp_path: Path, make: Any) -> None:
    posted = [message(forwarded=message(LINK, embeds=[shown(LINK)]))]
    (one,) = read(make(tmp_path, messages=posted, media=True))
    assert (one.kind, one.content, one.local_path is None) == ("forwarded", LINK, False)
