"""Results as files: a table, JSON, a page. Whole, harmless, and never over another file unasked."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from ras.errors import RASError, SettingsError
from ras.media import MediaReader
from ras.records import Change, Channel, Query, SearchReport, SearchResult, Verdict
from ras.sheets import Answered, page, save_results
from ras.sheets.page import safe_link
from ras.sheets.report_json import report_as_json
from tests.pictures import picture, record

PICTURE = Query(Image.new("RGB", (900, 600), (200, 10, 10)), "red.png")
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e'

COPY = SearchResult(
    1, 0.98123456, record(1, content="that\n||one||"), picture("red"), 0, Verdict.ALTERED, (Change.CROPPED,)
)
ALIKE = SearchResult(2, 0.8, record(2), picture("blue"), 1, Verdict.ALIKE)
OTHER = SearchResult(3, -0.25, record(3), None, 2)


def answered(
    *results: SearchResult, query: Query = PICTURE, name: str = "/home/someone/red.png", text: str = ""
) -> Answered:
    report = SearchReport("cached", "clip:ViT-B/32:0123456789ab", "cpu", 9, {"gone": 2}, results, text=text)
    return Answered(query, name, report, "all")


def of_text(*results: SearchResult, text: str = "cat with a hat") -> Answered:
    return answered(*results, query=Query(None, text, text=text), name=text, text=text)


def saved(folder: Path, ending: str, *found: Answered) -> str:
    path = folder / f"results{ending}"
    number = save_results(path, found, MediaReader(), overwrite=True)
    assert number == sum(len(one.report.results) for one in found)
    assert os.listdir(folder) == [path.name]
    return path.read_bytes().decode("utf-8")


class Page(HTMLParser):
    """What a browser would see of a page: tags with their attributes, and texts."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and data.strip():
            self.texts.append(data.strip())

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


# -- any kind ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".html", ".csv", ".json", ".HTML"])
def test_another_file_is_not_overwritten_unasked(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"mine{ending}"
    path.write_text("precious")
    with pytest.raises(SettingsError, match="exists already and was not overwritten"):
        save_results(path, [answered(COPY)], MediaReader())
    assert path.read_text() == "precious"
    save_results(path, [answered(COPY)], MediaReader(), overwrite=True)
    assert path.read_text("utf-8") != "precious"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("name", ["results", "results.txt", "results.html.zip"])
def test_the_ending_says_the_kind(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"end its name with \.html, \.csv or \.json"):
        save_results(tmp_path / name, [answered(COPY)], MediaReader())
    assert os.listdir(tmp_path) == []


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    class Full(MediaReader):
        def find(self, *_: object) -> None:  # type: ignore[override]
            raise OSError(28, "No space left on device")

    for name in ("mine.csv", "mine.json"):
        (tmp_path / name).write_text("before")
        with pytest.raises(RASError, match="could not be written: No space left on device"):
            save_results(tmp_path / name, [answered(COPY)], Full(), overwrite=True)
        assert (tmp_path / name).read_text() == "before"
    assert sorted(os.listdir(tmp_path)) == ["mine.csv", "mine.json"]


@pytest.mark.parametrize("ending", [".html", ".csv", ".json"])
def test_what_utf8_cannot_carry_does_not_stop_it(tmp_path: Path, ending: str) -> None:
    broken = replace(COPY, record=record(1, author="a\ud800b", file_name="c\udfffd.png", content="\ud800"))
    text = saved(tmp_path, ending, answered(broken))
    if ending == ".json":
        assert json.loads(text)["results"][0]["author"] == "a\ud800b"


# -- JSON --------------------------------------------------------------------------------------------------------------


def test_json_is_what_the_command_line_prints(tmp_path: Path) -> None:
    one, two = answered(COPY, OTHER), of_text(ALIKE)
    assert json.loads(saved(tmp_path, ".json", one)) == report_as_json(one, MediaReader())
    both = json.loads(saved(tmp_path, ".json", one, two))
    assert both == {"queries": [report_as_json(each, MediaReader()) for each in (one, two)]}


# -- the table ---------------------------------------------------------------------------------------------------------


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline="")))


def test_a_table_has_a_row_for_every_result_and_says_all_of_it(tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    (media / "1.png").write_bytes(picture("red"))
    found = replace(COPY, record=record(1, content="a\nb", file_size=7, file_name="SPOILER_1.png"))
    local = replace(ALIKE, record=record(2, local_path=str(media / "1.png"), media_root=str(media)))
    path = tmp_path / "results.csv"
    assert save_results(path, [answered(found, local, OTHER), of_text(ALIKE)], MediaReader()) == 4
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    first, second, third, fourth = rows(data.decode("utf-8"))
    assert first == {
        "query": "/home/someone/red.png",
        "rank": "1",
        "verdict": "Same picture, altered",
        "changes": "cropped",
        "score": "0.981235",
        "author": "Mira",
        "author id": "7",
        "channel": "general",
        "category": "",
        "server": "Test guild",
        "date": "2021-03-02T12:01:00+00:00",
        "file name": "SPOILER_1.png",
        "kind": "attachment",
        "spoiler": "yes",
        "size": "7",
        "url": COPY.record.url,
        "message link": "https://discord.com/channels/10/20/1001",
        "message id": "1001",
        "path": "",
        "message": "a\nb",
    }
    assert second["path"] == str(media / "1.png")
    assert (third["verdict"], third["score"]) == ("Probably another picture", "-0.25")
    assert (fourth["query"], fourth["verdict"]) == ("cat with a hat", "Looks like it")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("https://x","y")'])
def test_no_cell_of_a_table_is_a_formula(tmp_path: Path, text: str) -> None:
    channel = Channel("20", text, "10", text, text)
    hostile = replace(
        COPY, record=record(1, author=text, author_id=text, file_name=text, content=text, url=text, channel=channel)
    )
    (row,) = rows(saved(tmp_path, ".csv", answered(hostile, name=text)))
    for name in ("query", "author", "author id", "channel", "category", "server", "file name", "url", "message"):
        assert row[name] == "'" + re.sub(r"([\t\r])=", r"\1'=", text), name


# -- the page ----------------------------------------------------------------------------------------------------------


def test_a_page_shows_the_query_and_what_was_found(tmp_path: Path) -> None:
    seen = Page(saved(tmp_path, ".html", answered(COPY, ALIKE, OTHER)))
    said = " | ".join(seen.texts)
    for text in ("red.png", "1 altered", "1 looks alike", "1 more is probably another picture", "Cropped", "Mira"):
        assert text in said
    assert "9 pictures compared by CLIP ViT-B/32; 2 more could not be." in said
    assert re.search(r"1\. · 98 % alike", said)
    assert "#general" in said
    assert re.search(r"[123] March 2021, \d\d:\d\d", said)
    assert "someone" not in said, "the page may be passed on"
    images = seen.of("img")
    assert len(images) == 3  # the query, and the two that have a preview
    assert all(image["src"].startswith(("data:image/jpeg;base64,", "data:image/png;base64,")) for image in images)
    links = seen.of("a")
    assert [link["href"] for link in links[:2]] == [COPY.record.message_link, COPY.record.url]
    assert all(link["rel"] == "noopener noreferrer" for link in links)


def test_a_page_needs_nothing_and_runs_nothing(tmp_path: Path) -> None:
    channel = Channel(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    about = {"author": HOSTILE, "content": HOSTILE, "file_name": HOSTILE, "message_id": HOSTILE, "channel": channel}
    hostile = replace(COPY, record=record(1, **about, url=f"https://x/{HOSTILE}"), preview=HOSTILE.encode())
    script = replace(ALIKE, record=record(2, url="javascript:alert(1)"))
    text = saved(tmp_path, ".html", answered(hostile, script, name=HOSTILE), of_text(hostile, text=HOSTILE))
    seen = Page(text)
    allowed = {
        *("html", "head", "meta", "title", "style", "body", "section", "div", "p", "h1", "h2", "bdi", "ul", "li", "ol"),
        *("img", "span", "b", "br", "time", "a", "label", "input", "details", "summary", "footer", "strong"),
    }
    assert {tag for tag, _ in seen.tags} <= allowed
    assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on")]
    assert all(image["src"].startswith("data:image/") for image in seen.of("img"))
    assert all(link["href"].startswith("https://discord.com/") for link in seen.of("a") if "cdn." not in link["href"])
    assert "\u202e" not in text
    assert "url(" not in text
    policy = next(meta["content"] for meta in seen.of("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert text.index("Content-Security-Policy") < text.index("<style>")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://cdn.discordapp.com/a.png?ex=1&is=2", "https://cdn.discordapp.com/a.png?ex=1&amp;is=2"),
        ("http://example.org/", "http://example.org/"),
        ("discord://-/channels/1/2/3", "discord://-/channels/1/2/3"),
        ("https://x/'\"<>", "https://x/&#x27;&quot;&lt;&gt;"),
        ("javascript:alert(1)", ""),
        ("JavaScript://x/%0aalert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("//example.org/", ""),
        ("https:", ""),
        ("https://[", ""),
        ("https://x/\u202eabc", ""),
        ("https://x/a b", ""),
        ("", ""),
    ],
)
def test_only_links_to_the_web_and_to_discord_are_links(url: str, kept: str) -> None:
    assert safe_link(url) == kept


def test_spoilers_wait_for_a_click(tmp_path: Path) -> None:
    hidden = replace(COPY, record=record(1, file_name="SPOILER_1.png", content="see ||the <end>|| and ||more"))
    text = saved(tmp_path, ".html", answered(hidden, ALIKE))
    assert text.count('class="frame veil"') == 1
    assert re.search(
        r'<label class="frame veil"><input type="checkbox"[^>]*><span class="word">SPOILER</span><img', text
    )
    assert text.count('class="hush"') == 1
    assert "<span>the &lt;end&gt;</span></label> and ||more" in text


def test_a_text_has_its_own_words_and_no_percentages(tmp_path: Path) -> None:
    said = " | ".join(Page(saved(tmp_path, ".html", of_text(ALIKE, OTHER))).texts)
    for text in (
        "“cat with a hat”",
        "1 looks like it",
        "Looks like it",
        "0.80",
        "1 more that fits less",
        "Probably not",
    ):
        assert text in said
    assert "%" not in said
    nothing = saved(tmp_path, ".html", of_text(OTHER))
    assert "Probably nothing of that kind in this archive" in nothing
    assert "<details open>" in nothing
    both = replace(PICTURE, text="at night")
    assert "together with the text “at night”" in saved(tmp_path, ".html", answered(COPY, query=both))


def test_several_queries_are_on_one_page(tmp_path: Path) -> None:
    seen = Page(saved(tmp_path, ".html", answered(COPY), of_text(ALIKE), answered()))
    assert [text for text in seen.texts if text.startswith("Searched for")] == [
        "Searched for, 1 of 3",
        "Searched for, 2 of 3",
        "Searched for, 3 of 3",
    ]
    assert (len(seen.of("h1")), len(seen.of("h2"))) == (1, 2)


@pytest.mark.parametrize("limit", ["MOST_PICTURES", "MOST_PICTURE_BYTES", "LARGEST_PICTURE"])
def test_pictures_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    small, large = picture("red"), picture("red", kind="JPEG")
    assert len(small) < len(large)
    monkeypatch.setattr(
        page, limit, {"MOST_PICTURES": 2, "MOST_PICTURE_BYTES": 2 * len(small), "LARGEST_PICTURE": len(small)}[limit]
    )
    monkeypatch.setattr(page, "make_preview", lambda *_: small)
    last = large if limit == "LARGEST_PICTURE" else small
    found = [replace(COPY, preview=small), replace(COPY, preview=small), replace(COPY, preview=last)]
    text = saved(tmp_path, ".html", answered(*found))
    assert text.count("<img") == 3  # the query and two of the results
    assert text.count("No picture of it is kept here") == 1
    assert text.count('<li class="card">') == 3
