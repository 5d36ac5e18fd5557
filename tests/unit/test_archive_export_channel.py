"""Which channel an export is of, by its name and by the addresses in it."""

from __future__ import annotations

import pytest

from ras.archive.discord_chat_exporter.export_channel import ChannelHints, channel_in_name
from ras.records import Channel


@pytest.mark.parametrize(
    ("file_name", "channel"),
    [
        ("Server - Text - general [123].csv", ("123", "general", "", "Server", "Text")),
        ("Server - general [123].html", ("123", "general", "", "Server", "")),
        ("Server - Text - general [123] (after 2020-01-31).csv", ("123", "general", "", "Server", "Text")),
        (
            "Server - Text - general [123] (2020-01-31 to 2021-02-28) [part 12].csv",
            ("123", "general", "", "Server", "Text"),
        ),
        ("A - B - C - general [123] (before 2020-01-31).html", ("123", "general", "", "A", "B - C")),
        ("Server [x] - [old] - general [1] [123].csv", ("123", "general [1]", "", "Server [x]", "[old]")),
        ("Direct Messages - Private - bob [123].csv", ("123", "bob", "0", "Direct Messages", "Private")),
        ("general.csv", ("", "general", "", "", "")),
        ("general [part 2].csv", ("", "general", "", "", "")),
        ("general [12345678901234567890].csv", ("", "general [12345678901234567890]", "", "", "")),
        ("[123].csv", ("123", "", "", "", "")),
        ("no ending", ("", "no ending", "", "", "")),
        (" - " * 50_000 + "[1", ("", " - " * 50_000 + "[1", "", "", "")),
    ],
)
def test_names_of_files(file_name: str, channel: tuple[str, ...]) -> None:
    assert channel_in_name(file_name) == Channel(*channel)


def test_what_most_addresses_say_counts() -> None:
    hints = ChannelHints()
    for channel in ("1", "2", "2"):
        hints.attachment(f"https://cdn.discordapp.com/attachments/{channel}/3/a.png")
    hints.attachment("https://elsewhere.test/attachments/9/3/a.png")
    hints.text("https://discord.com/channels/7/2/5 https://discord.com/channels/8/9/5", "2")
    assert hints.complete(Channel("", "x", "", "")) == Channel("2", "x", "7", "")
    assert hints.complete(Channel("5", "x", "6", "y")) == Channel("5", "x", "6", "y")
    hints.text("<img src=https://cdn.discordapp.com/guilds/8/users/1/avatars/a.png>" * 2, "2")
    assert hints.complete(Channel("", "x", "", "")).guild_id == "8"
    assert ChannelHints().complete(Channel("", "x", "", "")) == Channel("", "x", "", "")
