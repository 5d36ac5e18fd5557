"""Dead links on Discord's double, and what became of them."""

from __future__ import annotations

import pytest

from ras.bot_token import ENVIRONMENT, BotToken
from ras.downloader import Downloader, LinkRefresher, Patience
from ras.errors import FetchError, SkipReason
from ras.records import ImageRecord
from tests.discord_double import TOKEN, DiscordDouble
from tests.program import gradient

PNG, OTHER = gradient(1, 64), gradient(2, 64)
QUICK = Patience(connect=5, read=5, total=20, tries=3, backoff=0.01, longest_pause=2)


def refreshing(
    discord: DiscordDouble, patience: Patience = QUICK, token: str = TOKEN, source: str = ENVIRONMENT
) -> Downloader:
    """A downloader that refreshes by this token; to be closed."""
    return Downloader(discord.settings(), QUICK, LinkRefresher(lambda: BotToken(token, source), patience))


def refusal(downloader: Downloader, record: ImageRecord) -> SkipReason:
    with pytest.raises(FetchError) as caught:
        downloader.fetch(record)
    return caught.value.reason


def dead(discord: DiscordDouble, number: int = 2, data: bytes = PNG) -> ImageRecord:
    """The record of a picture that is there, and whose link expired a minute ago."""
    return discord.record(discord.post(1, number, "cat.png", data, live=-60))


def only_sentence(downloader: Downloader) -> str:
    (sentence,) = downloader.take_notices()
    assert downloader.take_notices() == []
    return sentence
