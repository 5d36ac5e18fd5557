"""Small renditions in place of originals, over a double of Discord whose media proxy is honest, or is not."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from ras.bot_token import BotToken
from ras.downloader import Downloader, LinkRefresher, Patience, renditions
from ras.downloader.renditions import FORMS, SAMPLES, SIDE, SURPRISES
from ras.engine import build_engine
from ras.errors import FetchError, SkipReason
from ras.images import decode_image, load_query
from ras.records import Archive, ImageRecord, Notice, Verdict
from ras.text import size
from tests.discord_double import CDN, MEDIA, TOKEN, DiscordDouble, Fault
from tests.media_proxy import ENLARGED, LIES, ON_BLACK, drawn, proxy

PATIENCE = Patience(connect=10, read=20, total=60, backoff=0.01, longest_pause=5, unreached=20, lost=20, useless=20)
FILES = {kind: [drawn(number, kind) for number in range(3)] for kind in ("PNG", "JPEG")}


@pytest.fixture
def downloader(discord: DiscordDouble) -> Any:
    with Downloader(discord.settings(), PATIENCE) as one:
        yield one


def posted(discord: DiscordDouble, amount: int, kind: str = "PNG", first: int = 1) -> list[tuple[ImageRecord, bytes]]:
    """So many large pictures, of which every third is the same."""
    ending = {"PNG": "png", "JPEG": "jpg"}[kind]
    return [
        post(discord, number, f"picture.{ending}", FILES[kind][number % 3]) for number in range(first, first + amount)
    ]


def post(discord: DiscordDouble, number: int, name: str, data: bytes, **posted: Any) -> tuple[ImageRecord, bytes]:
    url = discord.post(1, number, name, data, **posted)
    return discord.record(url, file_size=len(data)), data


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def prove(discord: DiscordDouble, downloader: Downloader, kind: str = "PNG") -> None:
    """Have renditions of this kind proven."""
    for record, data in posted(discord, SAMPLES, kind, first=1000):
        assert downloader.fetch(record) == data


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_renditions_are_used_once_they_are_proven(discord: DiscordDouble, downloader: Downloader, kind: str) -> None:
    discord.media = proxy()
    pictures = posted(discord, SAMPLES + 6, kind)
    given = [downloader.fetch(record) for record, _ in pictures]
    assert given[:SAMPLES] == [data for _, data in pictures[:SAMPLES]]  # of these both are there: the original is used
    for small, (_, data) in zip(given[SAMPLES:], pictures[SAMPLES:]):
        assert size_of(small) == (SIDE, 512)
        assert len(small) < len(data)
    assert len(discord.asked(CDN)) == SAMPLES
    assert len(discord.asked(MEDIA)) == len(pictures)
    for asked in discord.asked(MEDIA):
        query = parse_qs(urlsplit(asked).query)
        assert query["width"] == query["height"] == [str(SIDE)]
        assert set(query) == {"width", "height", "ex", "is", "hm"}


def test_kinds_are_proven_each_for_itself(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.media = proxy()
    prove(discord, downloader, "JPEG")
    (png, data), *_ = posted(discord, 1, "PNG")
    assert downloader.fetch(png) == data


def test_what_was_saved_is_said_once(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.media = proxy()
    pictures = posted(discord, SAMPLES + 6)
    given = [downloader.fetch(record) for record, _ in pictures]
    notices = downloader.take_notices()
    assert downloader.take_notices() == []
    proof = [downloader.fetch(record) for record, _ in pictures[:SAMPLES]]  # fetched a second time, they are small
    saved = sum(len(data) for _, data in pictures[SAMPLES:]) - sum(map(len, [*given[SAMPLES:], *proof]))
    assert notices == [f"Small previews were fetched instead of 6 originals: about {size(saved)} less."]


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_from_the_start_leads_to_originals(discord: DiscordDouble, downloader: Downloader, lie: str) -> None:
    discord.media = LIES[lie]
    for kind in ("PNG", "JPEG"):
        for record, data in posted(discord, 3 * SAMPLES, kind):
            assert downloader.fetch(record) == data
    # One of each form refutes it; what may be the network's fault is tried twice, for each sample.
    assert len(discord.asked(MEDIA)) <= 2 * (2 * SAMPLES if lie in ("403", "500") else len(FORMS))
    assert downloader.take_notices() == []
    assert all("foreign" not in tunnel for tunnel in discord.tunnels)


@pytest.mark.parametrize(
    ("knows", "form"), [("box", {"width", "height"}), ("width", {"width"}), ("size", {"width", "height"})]
)
def test_the_form_that_the_proxy_knows_is_found(
    discord: DiscordDouble, downloader: Downloader, knows: str, form: set[str]
) -> None:
    discord.media = proxy(knows)
    for record, data in posted(discord, SAMPLES + len(FORMS) - 1):
        assert downloader.fetch(record)[:8] == data[:8]
    tall, data = post(discord, 500, "tall.png", drawn(5, size=(900, 1300)))
    small = downloader.fetch(tall)
    assert size_of(small) == ((SIDE, 1109) if knows == "width" else (532, SIDE))
    query = parse_qs(urlsplit(discord.asked(MEDIA)[-1]).query)
    assert set(query) - {"ex", "is", "hm"} == form
    if knows == "size":
        assert query["width"] == ["532"]
        beginnings = [request for request in discord.requests if "range" in request.headers]
        assert {request.headers["host"] for request in beginnings} == {CDN}


def test_transparent_pictures_are_compared_as_they_are_searched(discord: DiscordDouble) -> None:
    clear = drawn(1, size=(1000, 800), clear=True)
    for media, proven in ((proxy(), True), (ON_BLACK, False)):
        discord.media = media
        with Downloader(discord.settings(), PATIENCE) as downloader:
            for number in range(2 * SAMPLES):
                record, data = post(discord, number, "clear.png", clear)
                given = downloader.fetch(record)
                assert (given == data) is not (proven and number >= SAMPLES)
        if proven:
            assert decode_image(given).getpixel((10, 10)) == (255, 255, 255)


def test_originals_that_are_small_prove_nothing(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.media = proxy()
    little = drawn(1, "JPEG", size=(768, 768))
    for number in range(SAMPLES + 2):
        record, data = post(discord, number, "small.jpg", little)
        assert downloader.fetch(record) == data
    for record, data in posted(discord, SAMPLES, "JPEG", first=100):
        assert downloader.fetch(record) == data
    (record, data), *_ = posted(discord, 1, "JPEG", first=200)
    assert downloader.fetch(record) != data


def test_enlarged_renditions_refute(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.media = ENLARGED
    little = drawn(1, size=(600, 500))
    for number in range(10):
        record, data = post(discord, number, "small.png", little)
        assert downloader.fetch(record) == data
    # Once by their box; by their width alone they come as they are, which proves nothing.
    assert ["height" in asked for asked in discord.asked(MEDIA)] == [True] + [False] * 9


UNSEEN = ("wrong picture", "mirrored", "grey", "another aspect", "cropped to the aspect")
"""What nothing tells but the original, see ``test_one_in_some_is_compared_later_too``."""


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie not in UNSEEN])
def test_surprises_later_lead_back_to_originals(discord: DiscordDouble, downloader: Downloader, lie: str) -> None:
    discord.media = proxy()
    prove(discord, downloader)
    discord.media = LIES[lie]
    before = len(discord.asked(MEDIA))
    for record, data in posted(discord, SURPRISES + 3):
        assert downloader.fetch(record) == data
    assert len({asked.partition("?")[0] for asked in discord.asked(MEDIA)[before:]}) == SURPRISES
    assert downloader.take_notices() == []


def test_one_in_some_is_compared_later_too(
    discord: DiscordDouble, downloader: Downloader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renditions, "EACH", 3)
    discord.media = proxy()
    prove(discord, downloader)
    pictures = posted(discord, 3)
    given = [downloader.fetch(record) for record, _ in pictures]
    assert [small == data for small, (_, data) in zip(given, pictures)] == [False, False, True]
    discord.media = LIES["mirrored"]
    for record, _ in posted(discord, 3, first=10):
        downloader.fetch(record)
    before = len(discord.asked(MEDIA))
    for record, data in posted(discord, 3, first=20):
        assert downloader.fetch(record) == data
    assert len(discord.asked(MEDIA)) == before


def test_a_rare_surprise_is_got_over(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.media = proxy()
    prove(discord, downloader)
    honest, small = discord.media, 0
    for number, (record, data) in enumerate(posted(discord, 50)):
        discord.media = Fault.status(415) if number % 12 == 11 else honest
        given = downloader.fetch(record)
        assert (given == data) == (number % 12 == 11)
        small += given != data
    assert small == 46


@pytest.mark.parametrize(
    "change",
    [
        lambda record: replace(record, file_size=200_000),
        lambda record: replace(record, file_size=None),
        lambda record: replace(record, url=record.url.replace(CDN, MEDIA) + "width=100&height=100"),
    ],
    ids=["small", "of unknown size", "rendition"],
)
def test_never_asked_for(
    discord: DiscordDouble, downloader: Downloader, change: Callable[[ImageRecord], ImageRecord]
) -> None:
    discord.media = proxy()
    record, _ = post(discord, 7, "picture.png", FILES["PNG"][0])
    changed = change(record)
    downloader.fetch(changed)
    (request,) = discord.requests
    assert request.path.endswith(urlsplit(changed.url).query)


def test_other_kinds_are_never_asked_for(discord: DiscordDouble) -> None:
    discord.media = proxy()
    with Downloader(discord.settings(extra_formats=True), PATIENCE) as downloader:
        for name, kind in (("a.gif", "GIF"), ("a.webp", "WEBP"), ("a", "PNG")):
            file = io.BytesIO()
            Image.effect_noise((900, 800), 50).save(file, kind)
            record, data = post(discord, name, name, file.getvalue())
            assert downloader.fetch(record) == data
    assert discord.asked(MEDIA) == []


def test_small_previews_can_be_switched_off(discord: DiscordDouble) -> None:
    discord.media = proxy()
    with Downloader(discord.settings(small_previews=False), PATIENCE) as downloader:
        for record, data in posted(discord, SAMPLES + 2):
            assert downloader.fetch(record) == data
    assert discord.asked(MEDIA) == []


def test_pictures_that_are_gone_are_not_the_proxys_fault(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.media = proxy()
    prove(discord, downloader)
    for record, _ in posted(discord, SURPRISES + 2, first=2000):
        discord.delete(record.url)
        with pytest.raises(FetchError, match="no longer") as caught:
            downloader.fetch(record)
        assert caught.value.reason is SkipReason.GONE
    (record, data), *_ = posted(discord, 1)
    assert downloader.fetch(record) != data


def test_refreshed_links_have_renditions_too(discord: DiscordDouble) -> None:
    discord.media = proxy()
    with Downloader(discord.settings(), PATIENCE, LinkRefresher(lambda: BotToken(TOKEN))) as downloader:
        prove(discord, downloader)
        record, _ = post(discord, 7, "old.png", FILES["PNG"][0], live=-60)
        assert size_of(downloader.fetch(record)) == (SIDE, 512)


def test_a_proxy_that_is_slow_to_answer_is_not_waited_for_long(discord: DiscordDouble) -> None:
    discord.media = Fault.stall()
    impatient = replace(PATIENCE, read=0.3, lost=0.5)
    with Downloader(discord.settings(), impatient) as downloader:
        for record, data in posted(discord, 3 * SAMPLES):
            assert downloader.fetch(record) == data
    assert len(discord.asked(MEDIA)) < 2 * SAMPLES


def test_many_threads_share_what_is_proven(discord: DiscordDouble) -> None:
    discord.media = proxy()
    waves = [[*posted(discord, 12, first=n), *posted(discord, 12, "JPEG", first=100 + n)] for n in (1, 50)]
    with Downloader(discord.settings(), PATIENCE) as downloader, ThreadPoolExecutor(6) as pool:
        first, second = [list(pool.map(lambda one: downloader.fetch(one[0]), wave)) for wave in waves]
        (notice,) = downloader.take_notices()
    assert all(size_of(small) == (SIDE, 512) for small in second)
    used = sum(small != data for small, (_, data) in zip([*first, *second], [*waves[0], *waves[1]]))
    assert notice.startswith(f"Small previews were fetched instead of {used} originals: about ")
    # Each once, and those that were compared a second time.
    assert len(discord.asked(MEDIA)) + len(discord.asked(CDN)) == 48 + 2 * SAMPLES


def test_what_was_indexed_small_is_found_by_its_original(discord: DiscordDouble) -> None:
    discord.media = proxy()
    pictures = [post(discord, number, "picture.jpg", drawn(number, "JPEG")) for number in range(SAMPLES + 2)]
    records = tuple(record for record, _ in pictures)
    archive = Archive(("test.json",), "general", (records[0].channel,), len(records), records)
    events, engine = finished(build_engine(discord.settings(encoder="fingerprint", connections=1)))
    try:
        events, report = finished(engine.index(archive))
        assert report.indexed == len(records)
        (notice,) = [event.text for event in events if isinstance(event, Notice)]
        assert notice.startswith("Small previews were fetched instead of 2 originals: about ")
        assert len(discord.asked(CDN)) == SAMPLES
        query = load_query(pictures[-1][1], "query")
        _, report = finished(engine.search(query, archive, "cached"))
        assert report.results[0].record == records[-1]
        assert report.results[0].verdict is Verdict.IDENTICAL
    finally:
        engine.close()


def finished(job: Any) -> tuple[list[Any], Any]:
    """The job's events and what it returns."""
    events = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return events, stop.value
