"""Dead links are refreshed with the user's bot token: which, when, and for whom."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterator

import pytest

from ras.bot_token import BotToken
from ras.cdn import attachment_url, is_dead
from ras.downloader import Downloader, LinkRefresher, Patience, refresh
from ras.downloader.endpoint import sendable
from ras.errors import SkipReason, TokenError
from tests.discord_double import API, CDN, FOREIGN, TOKEN, DiscordDouble, Fault, make_record
from tests.refreshing import PNG, QUICK, dead, only_sentence, refreshing, refusal

LINK = "https://cdn.discordapp.com/attachments/1/2/cat.png"


@pytest.fixture
def downloader(discord: DiscordDouble) -> Iterator[Downloader]:
    with refreshing(discord) as opened:
        yield opened


def test_an_expired_link_is_refreshed_and_never_asked_for(discord: DiscordDouble, downloader: Downloader) -> None:
    record = dead(discord)
    assert downloader.fetch(record) == PNG
    assert discord.refreshes == [["https://cdn.discordapp.com/attachments/1/2/cat.png"]]
    assert len(discord.asked(CDN)) == 1
    assert only_sentence(downloader) == "1 expired link was refreshed with your bot token."


def test_an_unsigned_link_is_refreshed_and_never_asked_for(discord: DiscordDouble, downloader: Downloader) -> None:
    discord.post(1, 2, "ein hase.png".replace(" ", "%20"), PNG)
    assert downloader.fetch(make_record(url=attachment_url("1", "2", "ein hase.png"))) == PNG
    assert all("hm=" in path for path in discord.asked(CDN))


def test_a_link_that_lives_is_left_alone(discord: DiscordDouble, downloader: Downloader) -> None:
    assert downloader.fetch(discord.record(discord.post(1, 2, "cat.png", PNG))) == PNG
    assert discord.asked(API) == []
    assert downloader.take_notices() == []


def test_a_link_that_turns_out_dead_is_refreshed_once(discord: DiscordDouble, downloader: Downloader) -> None:
    url = discord.post(1, 2, "cat.png", PNG)
    discord.expire(url)
    assert downloader.fetch(discord.record(url)) == PNG
    gone = discord.post(1, 3, "dog.png", PNG)
    discord.delete(gone)
    assert refusal(downloader, discord.record(gone)) is SkipReason.GONE
    assert [len(batch) for batch in discord.refreshes] == [1, 1]


def test_links_to_pictures_that_are_gone_are_not_refreshed_for_ever(
    discord: DiscordDouble, downloader: Downloader
) -> None:
    for number in range(30):
        url = discord.post(1, number, "cat.png", PNG)
        discord.delete(url)
        assert refusal(downloader, discord.record(url)) is SkipReason.GONE
    assert len(discord.refreshes) == 20
    assert downloader.fetch(dead(discord, 99)) == PNG, "what is known to be dead is refreshed all the same"


def test_many_links_go_in_full_batches_one_at_a_time(discord: DiscordDouble, downloader: Downloader) -> None:
    at_once: list[int] = []
    answering = threading.Semaphore(0)

    def count_and_answer(handler: Any, data: bytes) -> None:
        answering.release()
        discord.wait(0.05)
        at_once.append(answering._value)
        handler.reply(200, data, {})
        answering.acquire()

    discord.refresh_fault = Fault(count_and_answer)
    records = [dead(discord, number) for number in range(1, 121)]
    downloader.expect(records)
    with ThreadPoolExecutor(6) as pool:
        assert all(data == PNG for data in pool.map(downloader.fetch, records))
    sent = [url for batch in discord.refreshes for url in batch]
    assert sorted(sent) == sorted(map(sendable, (record.url for record in records))), "each once"
    assert [len(batch) for batch in discord.refreshes] == [50, 50, 20]
    assert at_once == [1, 1, 1]
    assert only_sentence(downloader) == "120 expired links were refreshed with your bot token."


def test_links_that_are_waited_for_go_along_wherever_they_stand(discord: DiscordDouble, downloader: Downloader) -> None:
    go_on = threading.Event()

    def wait_and_answer(handler: Any, data: bytes) -> None:
        go_on.wait(20)
        handler.reply(200, data, {})

    discord.refresh_fault = Fault(wait_and_answer)
    records, links = [dead(discord, number) for number in range(1, 121)], downloader._refresher
    assert links is not None

    def until(true: Callable[[], object]) -> None:
        while not true():
            time.sleep(0.005)

    downloader.expect(records)
    with ThreadPoolExecutor(3) as pool:
        last = pool.submit(downloader.fetch, records[99])
        until(lambda: discord.refreshes)
        others = [pool.submit(downloader.fetch, records[number]) for number in (0, 60)]
        until(lambda: len(links._waiting) == 2)
        go_on.set()
        assert all(one.result() == PNG for one in (last, *others))
    first, second = discord.refreshes
    assert len(first) == 21
    assert {sendable(records[number].url) for number in (0, 60)} <= set(second)


def test_only_dead_links_that_come_next_go_along(discord: DiscordDouble, downloader: Downloader, tmp_path: Any) -> None:
    (tmp_path / "there.png").write_bytes(PNG)
    there = {"local_path": str(tmp_path / "there.png"), "media_root": str(tmp_path)}
    missing = {"local_path": str(tmp_path / "missing.png"), "media_root": str(tmp_path)}
    before, wanted, on_disk, lives, foreign, unsigned = (dead(discord, number) for number in range(1, 7))
    lost = discord.record(discord.post(1, 7, "cat.png", PNG, live=-60), **missing)
    on_disk = discord.record(on_disk.url, **there)
    lives = discord.record(discord.sign(lives.url))
    foreign = make_record(key="u:1", url="https://foreign.example/cat.png?ex=1&hm=2")
    unsigned = discord.record(str(sendable(unsigned.url)))
    downloader.expect([before, wanted, on_disk, lives, foreign, unsigned, lost])
    assert downloader.fetch(wanted) == PNG
    assert discord.refreshes == [[sendable(each.url) for each in (wanted, unsigned, lost)]]
    assert downloader.fetch(unsigned) == PNG
    assert downloader.fetch(lost) == PNG
    assert len(discord.refreshes) == 1


def test_what_was_refreshed_does_not_go_along_again(discord: DiscordDouble, downloader: Downloader) -> None:
    records = [dead(discord, number) for number in range(1, 11)]
    downloader.expect(records)
    assert downloader.fetch(records[6]) == PNG
    assert downloader.fetch(records[0]) == PNG
    assert [len(batch) for batch in discord.refreshes] == [4, 6]


def test_a_refreshed_link_that_expires_is_refreshed_again(
    discord: DiscordDouble, downloader: Downloader, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = dead(discord)
    assert downloader.fetch(record) == PNG
    monkeypatch.setattr(refresh, "is_expired", lambda url: True)
    assert downloader.fetch(record) == PNG
    assert len(discord.refreshes) == 2


def test_without_a_token_all_is_as_without_a_refresher(discord: DiscordDouble) -> None:
    asked: list[None] = []
    refresher = LinkRefresher(lambda: asked.append(None), QUICK)
    unsigned = discord.record(discord.post(1, 3, "cat.png", PNG).partition("?")[0])
    with Downloader(discord.settings(), QUICK, refresher) as downloader, Downloader(discord.settings(), QUICK) as plain:
        for each in (plain, downloader):
            assert refusal(each, dead(discord)) is SkipReason.EXPIRED
            assert refusal(each, unsigned) is SkipReason.EXPIRED
        assert downloader.take_notices() == plain.take_notices() == []
    assert discord.asked(API) == discord.asked(CDN) == []
    assert len(asked) == 1, "the keyring is asked once"


def test_a_keyring_in_trouble_is_said_once(discord: DiscordDouble) -> None:
    def find_token() -> BotToken:
        raise TokenError("The system keyring is locked.")

    with Downloader(discord.settings(), QUICK, LinkRefresher(find_token, QUICK)) as downloader:
        assert refusal(downloader, dead(discord, 2)) is SkipReason.EXPIRED
        assert refusal(downloader, dead(discord, 3)) is SkipReason.EXPIRED
        assert only_sentence(downloader) == "The system keyring is locked."


def test_cancel_does_not_wait_for_a_keyring(discord: DiscordDouble) -> None:
    asked, unlocked = threading.Event(), threading.Event()

    def find_token() -> None:
        asked.set()
        unlocked.wait(60)

    records = [dead(discord, number) for number in (2, 3)]
    with Downloader(discord.settings(), QUICK, LinkRefresher(find_token, QUICK)) as downloader:
        threads = [threading.Thread(target=refusal, args=(downloader, record)) for record in records]
        for thread in threads:
            thread.start()
        assert asked.wait(20)
        downloader.cancel()
        for thread in threads:
            thread.join(5)
        ended = not any(thread.is_alive() for thread in threads)
        unlocked.set()
        assert ended
        assert downloader.take_notices() == []


@pytest.mark.parametrize("fault", [Fault.slow_headers(60), Fault.stall(5), Fault.throttled("1.9"), Fault.status(500)])
def test_cancel_ends_what_is_in_flight(discord: DiscordDouble, fault: Fault) -> None:
    discord.refresh_fault = fault
    patience = Patience(connect=60, read=60, total=600, backoff=60)
    records = [dead(discord, number) for number in (2, 3)]
    with refreshing(discord, patience) as downloader:
        threads = [threading.Thread(target=refusal, args=(downloader, record)) for record in records]
        for thread in threads:
            thread.start()
        while not discord.refreshes:
            discord.wait(0.01)
        downloader.cancel()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)
        assert downloader.take_notices() == []


def test_the_token_goes_to_discord_alone_and_into_no_log(
    discord: DiscordDouble, downloader: Downloader, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert downloader.fetch(dead(discord, 2)) == PNG
        url = discord.post(1, 3, "cat.png", PNG, fault=Fault.redirect(f"https://{FOREIGN}/x"))
        assert refusal(downloader, discord.record(url)) is SkipReason.BLOCKED
        discord.refresh_fault = Fault.status(401, b"{}")
        assert refusal(downloader, dead(discord, 4)) is SkipReason.EXPIRED
    assert discord.authorized() == {API}
    assert TOKEN not in caplog.text
    assert not any(TOKEN in request.path for request in discord.requests)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (LINK, True),
        (f"{LINK}?ex=1&is=1&hm=1", False),  # 1970 is no expiry
        (f"{LINK}?ex=66000000&is=1&hm=1", True),
        (f"{LINK}?ex=ffffffff&is=1&hm=1&", False),
        (f"{LINK}?xhm=1", True),
        ("https://cdn.discordapp.com/emojis/1.png", False),
        ("https://foreign.example/attachments/1/2/cat.png", False),
        ("http://[", False),
    ],
)
def test_which_links_are_known_to_be_dead(url: str, expected: bool) -> None:
    assert is_dead(url) is expected
