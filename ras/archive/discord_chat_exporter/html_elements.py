"""The tags and texts of a piece of HTML, in time that grows with its length alone.

The standard library's parser reads 5 MB a second and needs quadratic time for hostile input on the Pythons that many
people have; this one only knows what exporters write. Nothing is loaded, run or expanded but characters' names.
"""

from __future__ import annotations

import html
import re

TAG = re.compile(
    # A comment, else "/" of an end tag, name, attributes. Each alternative begins differently and no part can be
    # matched in two ways, so that nothing is tried again and again.
    r"<(?:!--.*?(?:-->|\Z)|(/?)([A-Za-z][A-Za-z0-9-]*)([^<>\"']*(?:(?:\"[^\"]*\"|'[^']*')[^<>\"']*)*)>)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_LONG_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
_SCRIPT = re.compile(r"<(script|style)\b.*?(?:</\1|\Z)", re.DOTALL)


def without_scripts(text: str) -> str:
    """The HTML without what only looks like it: the content of scripts and styles."""
    return _SCRIPT.sub("", text) if "<script" in text or "<style" in text else text


def attributes_of(text: str) -> dict[str, str]:
    """A tag's attributes, names in lower case; the first one of a name counts."""
    attributes: dict[str, str] = {}
    for name, quoted, single, bare in _ATTRIBUTE.findall(text):
        attributes.setdefault(name.lower(), unescaped(quoted or single or bare))
    return attributes


def classes_of(attributes: dict[str, str]) -> frozenset[str]:
    return frozenset(attributes.get("class", "").split())


def unescaped(text: str) -> str:
    """``&amp;`` and its like as characters, null characters left out."""
    if "\0" in text:
        text = text.replace("\0", "")
    if "&" not in text:
        return text
    # No character has such a number, and Python takes long for a million digits, or refuses them.
    return html.unescape(_LONG_NUMBER.sub("\ufffd", text))
