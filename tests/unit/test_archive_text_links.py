"""Links to pictures in a message's text: which count, what Discord's markup leaves of them, hostile texts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras.archive import text_links
from ras.archive.text_links import linked_pictures

CAT = "https://i.imgur.com/cat.png"
SIGNED = "https://cdn.discordapp.com/attachments/1/2/unknown.png?ex=66aa&is=66bb&hm=" + "ab" * 32 + "&"


def links_in(text: str) -> Iterator[str]:
    return (found.url for found in linked_pictures(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CAT, [CAT]),
        (f"look: {CAT}, nice", [CAT]),
        (f"{CAT}.", [CAT]),
        (f"is it {CAT}?!", [CAT]),
        (f"<{CAT}>", [CAT]),
        (f"<{CAT}>{CAT}?2 <{CAT}>", [CAT, f"{CAT}?2"]),
        (f"||{CAT}||", [CAT]),
        (f"||{CAT} || {CAT}?2||rest", [CAT, f"{CAT}?2"]),
        (f"[a cat]({CAT})", [CAT]),
        (f'[a cat]({CAT} "of mine")', [CAT]),
        (f"[a]({CAT})[b]({CAT}?b)", [CAT, f"{CAT}?b"]),
        (f"[{CAT}]", [CAT]),
        (f"(see {CAT})", [CAT]),
        (f"**{CAT}** __{CAT}?2__ ~~{CAT}?3~~ *{CAT}?4*", [CAT, f"{CAT}?2", f"{CAT}?3", f"{CAT}?4"]),
        (f"`{CAT}` ```\n{CAT}?2\n```", [CAT, f"{CAT}?2"]),
        (f"“{CAT}”? “{CAT} ”", [CAT]),
        (f"見て（{CAT}）、{CAT}?2。", [CAT, f"{CAT}?2"]),
        (f"\u202e{CAT}\u200b", [CAT]),
        ("https://a.test/cat_(1).jpg", ["https://a.test/cat_(1).jpg"]),
        ("(https://a.test/cat_(1).jpg)", ["https://a.test/cat_(1).jpg"]),
        ("https://a.test/a[1].gif", ["https://a.test/a[1].gif"]),
        (SIGNED, [SIGNED]),
        ("HTTP://A.TEST/CAT.JPEG#top", ["HTTP://A.TEST/CAT.JPEG#top"]),
        ("https://pbs.twimg.com/media/x.jpg:large", ["https://pbs.twimg.com/media/x.jpg:large"]),
        ("https://a.test/%E7%8C%AB%2Epng", ["https://a.test/%E7%8C%AB%2Epng"]),
        ("https://a.test/猫.webp", ["https://a.test/猫.webp"]),
        (
            "https://web.archive.org/web/2020/https://a.test/a.png",
            ["https://web.archive.org/web/2020/https://a.test/a.png"],
        ),
        (f"{CAT}\n{CAT}\n", [CAT]),
        # No picture's address
        ("https://a.test/", []),
        ("https://a.test/cat", []),
        ("https://a.test/cat.html https://a.test/cat.mp4 https://a.test/cat.gifv", []),
        ("https://a.test/page?picture=cat.png", []),
        ("https://a.test/cat.png/revision", []),
        ("https://png", []),
        ("https://a.test/.png", []),
        ("ftp://a.test/cat.png file:///cat.png //a.test/cat.png a.test/cat.png", []),
        ("https:///cat.png https://[/cat.png http://[::1/cat.png", []),
        ("", []),
    ],
)
def test_links(text: str, found: list[str]) -> None:
    assert list(links_in(text)) == found


def test_hidden_links_are_named_as_spoilers() -> None:
    text = (
        f"{CAT} ||https://a.test/dog.png and https://a.test/SPOILER_x.jpg|| https://a.test/c.png ||https://a.test/d.png"
    )
    found = list(linked_pictures(text))
    assert [picture.file_name for picture in found] == ["cat.png", "SPOILER_dog.png", "SPOILER_x.jpg", "c.png", "d.png"]
    assert [picture.url.rpartition("/")[2] for picture in found] == [
        "cat.png",
        "dog.png",
        "SPOILER_x.jpg",
        "c.png",
        "d.png",
    ]
    assert {(picture.kind, picture.attachment_id, picture.local_path) for picture in found} == {("link", None, None)}


def test_hostile_texts_are_bounded() -> None:
    assert len(list(links_in(" ".join(f"https://a.test/{n}.png" for n in range(10_000))))) == 50
    assert list(links_in("https://a.test/" + "x" * 3000 + ".png " + CAT)) == [CAT]
    assert list(links_in("x" * 1_000_000 + CAT)) == []


@pytest.mark.parametrize(
    "repeated",
    ["https://", "https://x)", "||https://a", "https://a.png(", "||", "[](http://a", "http://a.png|", "((((["],
)
def test_time_grows_with_the_length_alone(repeated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted: the places at which a pattern is tried for a piece of a link."""
    tried = 0

    class Counting:
        def match(self, text: str, position: int) -> Any:
            nonlocal tried
            tried += 1
            return piece.match(text, position)

    piece: re.Pattern[str] = text_links._PIECE
    monkeypatch.setattr(text_links, "_PIECE", Counting())
    list(links_in(repeated * 100_000))
    assert tried <= 3 * text_links._LONGEST_TEXT


@settings(deadline=None, database=None, max_examples=300)
@given(
    st.text(alphabet=st.sampled_from("htps:/.ag()[]<>|*_ \n\"'`\\png?&#%@\u202e猫"), max_size=200), st.text(max_size=20)
)
def test_whatever_is_written_a_link_is_one_plain_address(noise: str, more: str) -> None:
    for text in (noise, noise + CAT + more, more + "https://" + noise):
        for url in links_in(text):
            assert url in text
            assert re.match(r"https?://[^\s<>\"`\\]+\Z", url, re.IGNORECASE)
            assert not url.endswith((".", ",", "|"))
    assert CAT in list(links_in(f"{noise} ( {CAT} ) {more}")) or len(list(links_in(noise))) == 50 or "|" in noise


def test_a_saved_file_of_the_link_is_found(tmp_path: Path) -> None:
    from ras.archive.export import ExportFile
    from ras.archive.media import MediaFolder
    from ras.trees import DiskTree
    from tests.exports import media_name

    folder = tmp_path / "x.json_Files"
    folder.mkdir()
    (folder / media_name(CAT)).write_bytes(b"1")
    media = MediaFolder(ExportFile(DiskTree(str(tmp_path)), "x.json"))
    (picture,) = linked_pictures(CAT, media)
    assert picture.local_path == str(folder / media_name(CAT))
