"""Says what a file that is no export seems to be, so that people see which mistake they made."""

from __future__ import annotations

import codecs
import re

_MAGIC = (
    (b"PK\x03\x04", "a ZIP file. Unpack it and open the JSON file inside"),
    (b"\x1f\x8b", "a gzip file. Unpack it and open the JSON file inside"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip file. Unpack it and open the JSON file inside"),
    (b"Rar!", "a RAR file. Unpack it and open the JSON file inside"),
    (b"\x89PNG", "a picture (PNG). Use it as the picture to search for"),
    (b"\xff\xd8\xff", "a picture (JPEG). Use it as the picture to search for"),
    (b"GIF8", "a picture (GIF)"),
    (b"RIFF", "a picture, sound or video (RIFF)"),
    (b"%PDF", "a PDF document"),
)
_AGAIN = "Export the channel again with DiscordChatExporter and choose the format JSON"


def seems(head: bytes) -> str:
    """What a file that starts with ``head`` seems to be, and what to do: to go between “it seems to be ” and “.”."""
    if not head:
        return f"an empty file. {_AGAIN}"
    if not head.strip(b"\0"):
        return f"damaged: it holds nothing but zero bytes. {_AGAIN}"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    text = head_text(head).lstrip()
    if not text:
        return f"an empty file. {_AGAIN}"
    if text[:1] == "<":
        return f"a web page (HTML) of another kind than DiscordChatExporter’s. {_AGAIN}"
    if text.startswith("=====") and "Guild:" in text:
        return f"DiscordChatExporter’s plain text format. {_AGAIN}"
    if re.match(r'\[\s*\{\s*"ID"|\{\s*"\d{15,20}"\s*:\s*(?:"|null)', text):
        return "a part of the data package that Discord sends. Open the whole package: its zip or its folder"
    if text[:1] in "{[":
        return f"JSON of another kind. {_AGAIN}"
    if "\0" in text or "\ufffd" in text[:1000]:
        return f"a binary file. {_AGAIN}"
    if _is_table(text):
        return f"a table (CSV) of another kind than DiscordChatExporter’s. {_AGAIN}"
    return f"a text file. {_AGAIN}"


def _is_table(text: str) -> bool:
    """Whether the first two lines have the same columns."""
    lines = text.split("\n", 2)[:2]
    return len(lines) == 2 and any(lines[0].count(mark) == lines[1].count(mark) > 1 for mark in ",;\t")


def head_text(head: bytes) -> str:
    """The first bytes of a file as text, without its byte order mark."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    return head.decode("utf-8-sig", "replace")
