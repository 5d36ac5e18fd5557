"""Tells which saved pictures of embeds are those of links in the text: Discord shows a picture link as an embed."""

from __future__ import annotations

import os
from typing import Iterable, Sequence

from ras.archive.messages import Found
from ras.archive.text_links import as_spoiler
from ras.saved_names import saved_names, unmarked


def with_links(found: Sequence[Found], links: Iterable[Found]) -> list[Found]:
    """The pictures of a message, in their order; those of embeds that lack their URL with that of their link.

    Exports with media save them from Discord's proxy, whose address nobody can tell from the file. But the file has the
    name at the link's end, and a mark. Of two links or files of one name, it is not clear which is which.
    """
    files: dict[str, set[str]] = {}
    for one in found:
        if _lacks_url(one):
            files.setdefault(_name_of(one), set()).add(one.local_path or "")
    if not files:
        return list(found)
    saved: dict[str, Found] = {}
    named: dict[str, list[Found]] = {}
    for link in links:
        if link.local_path:
            saved[link.local_path] = link
        for name in dict.fromkeys(map(unmarked, saved_names(link.url))):
            named.setdefault(name, []).append(link)
    whole: list[Found] = []
    for one in found:
        if _lacks_url(one):
            name = _name_of(one)
            only = named[name][0] if len(named.get(name, ())) == len(files[name]) == 1 else None
            link_of_it = saved.get(one.local_path or "", only)
            one = one if link_of_it is None else _joined(one, link_of_it)
        whole.append(one)
    return whole


def _lacks_url(one: Found) -> bool:
    return one.kind == "embed" and bool(one.local_path) and not one.url


def _name_of(one: Found) -> str:
    return unmarked(os.path.basename(one.local_path or ""))


def _joined(one: Found, link: Found) -> Found:
    hidden = one.file_name.startswith("SPOILER_")
    return one._replace(url=link.url, file_name=as_spoiler(link.file_name) if hidden else link.file_name)
