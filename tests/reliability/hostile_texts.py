"""Tables and web pages that somebody made to hurt: giant cells, open quotes, elements in elements, scripts."""

from __future__ import annotations

from functools import partial
from typing import Iterator

from tests.reliability.mutate_exports import Case, sound, written

CELLS = {
    "a megabyte": b"x" * 1_000_000,
    "a megabyte of quotes": b'"' * 1_000_000,
    "a megabyte of commas": b"," * 1_000_000,
    "a megabyte of line breaks": b"\n" * 1_000_000,
    "a quote that stays open": b'"',
    "commas behind an address": b"https://a/" + b"," * 200_000,
    "addresses": b"https://a/b.png," * 50_000,
    "folders": b"export.csv_Files/a.png," * 50_000,
    "a date with spaces": b"2024-01-01 00:00" + b" " * 200_000 + b"xZ",
    "rows that break off": b'\n"1","a","' * 50_000,
    "formulas": b"=cmd|' /C calc'!A0",
    "a null character": b"\0",
    "invalid UTF-8": b"\xff\xfe\xf8",
    "control characters": b"\x1b[31m\r\x07",
}


def tables() -> Iterator[Case]:
    """Each cell of each dialect, of DiscordChatExporter's tables and a package's, holds each of ``CELLS``."""
    for form, (file, data) in sound().items():
        for cell in (b"one", b"a.png", b"2024-", b"Alice", b"alice", b"a cat", b"AuthorID", b"Timestamp"):
            for what, new in CELLS.items():
                if file.endswith(".csv") and cell in data:
                    yield written(f"{form}: {what} for {cell!r}", file, partial(data.replace, cell, new, 1))
    lines = b"ID,Timestamp,Contents,Attachments\n" + (b'1,2024-01-01 00:00:00,"\n' + b"\n" * 130_000) * 3
    yield written("package csv: lines in a cell that stays open", "messages.csv", partial(bytes, lines))


PIECES = {
    "entities in entities": b'<!DOCTYPE z [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>&b;' * 100,
    "100,000 elements in elements": b"<b>" * 100_000,
    "100,000 end tags": b"</b>" * 100_000,
    "100,000 ends of what was not begun": b"<i>" * 150 + b"</b>" * 100_000,
    "styles with addresses": b"<style>a{background:url(file:///etc/passwd)}</style>" * 1_000,
    "a script": b"<script>fetch('http://127.0.0.1/')</script>" * 1_000,
    "a script that stays open": b"<script>",
    "scripts that stay open": b"<script <style " * 50_000,
    "comments that stay open": b"<!--" * 100_000,
    "a tag that stays open": b'<img src="' + b"a" * 500_000,
    "100,000 attributes": b"<img " + b"a=b " * 100_000 + b">",
    "attributes without quotes' ends": b"<a b='\"" * 50_000,
    "numbers of characters": b"&#99999999999;&#x110000;&#xD800;&#0;" * 10_000,
    "30,000 pictures": b'<img class=chatlog__attachment-media src="https://example.org/a.png">' * 30_000,
    "messages without ids": b"<div class=chatlog__message>" * 50_000,
    "messages of one id": b"<div class=chatlog__message data-message-id=1></div>" * 50_000,
    "groups": b"<div class=chatlog__message-group>" * 50_000,
    "spaces in a tag": b"<div " + b" " * 500_000 + b"class=chatlog__message data-message-id=1>",
    "marks of messages": b"data-message-id" * 100_000,
    "links": b'<a href="https://example.org/a.png">' * 20_000,
    "a frame of a file": b'<iframe src="file:///etc/passwd"></iframe><object data="/etc/passwd"></object>',
    "a path that leads out": b'<img class=chatlog__attachment-media src="../outside/secret.png">',
}


def pages() -> Iterator[Case]:
    """Each of ``PIECES`` in the text of a message, in an attribute, and before the first message."""
    for form, (file, data) in sound().items():
        if not form.startswith("html"):
            continue
        for what, piece in PIECES.items():
            for place in (b"one", b"a.png", b"</title>", b"<body>"):
                assert place in data
                yield written(f"{form}: {what} at {place!r}", file, partial(data.replace, place, place + piece, 1))
