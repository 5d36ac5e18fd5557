"""The nouns."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Generator

from ras.records import Channel, Event, ImageRecord, Progress, finish

RECORD = ImageRecord(
    key="a:1",
    message_id="30",
    attachment_id="1",
    file_name="SPOILER_cat.png",
    url="https://cdn.discordapp.com/attachments/20/1/SPOILER_cat.png",
    local_path=None,
    file_size=3,
    author_id="4",
    author="Mira",
    channel=Channel("20", "general", "10", "Guild"),
    timestamp=datetime(2021, 3, 2, tzinfo=timezone.utc),
)


def test_the_message_link_of_a_guild_and_of_a_direct_message() -> None:
    assert RECORD.message_link == "https://discord.com/channels/10/20/30"
    direct = replace(RECORD, channel=Channel("20", "Mira", "0", "Direct Messages"))
    assert direct.message_link == "https://discord.com/channels/@me/20/30"


def test_a_spoiler_is_known_by_its_name() -> None:
    assert RECORD.spoiler
    assert not replace(RECORD, file_name="cat_SPOILER_.png").spoiler


def test_finish_returns_what_the_job_returns() -> None:
    def job() -> Generator[Event, None, str]:
        yield Progress("Working", 1)
        return "result"

    assert finish(job()) == "result"
