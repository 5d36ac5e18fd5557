"""The elements of DiscordChatExporter's web pages, in every layout that they had."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Iterable
from urllib.parse import quote

from tests.exports import Json, _number


def is_reply(message: Json) -> bool:
    return message.get("reference") is not None and "forwardedMessage" not in message


class Layout:
    """Writes the elements of one version."""

    def __init__(self, version: str) -> None:
        known = _number(version)
        self.scriban, self.minified = known < _number("2.20"), known >= _number("2.35")
        self.razor = not self.scriban and known < _number("2.30")
        self.encoded = known < _number("2.43")
        self.titled = not self.scriban

    def text(self, text: str) -> str:
        """As ``WebUtility.HtmlEncode``."""
        named = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
        return "".join(named.get(c) or (f"&#{ord(c)};" if 160 <= ord(c) < 256 or ord(c) > 0xFFFF else c) for c in text)

    def tag(self, name: str, attributes: dict[str, str | None], inner: str | None = None) -> str:
        written = []
        for key, value in attributes.items():
            if value is None:
                continue
            bare = self.minified and re.fullmatch(r"[^\s\"'`=<>]+", value)
            written.append(f"{key}={value}" if bare else f'{key}="{self.text(value)}"')
        space = "" if self.minified else "\n            "
        closing = "" if name in ("img", "source") else f"{inner or ''}</{name}>"
        return f"<{' '.join([name, *written])}>{closing}{space}"

    def url(self, url: str) -> str:
        """A link as it is; a path as a part of a URL."""
        if re.match(r"https?://", url):
            return url
        url = url.replace("\\", "/")
        return quote(url, safe="/") if self.encoded else url.replace("%", "%25")

    def date(self, text: str) -> str:
        return datetime.fromisoformat(text).astimezone(timezone.utc).strftime("%d.%m.%Y %H:%M")

    def markdown(self, text: str) -> str:
        """Links, bold text and emoji; line breaks stay."""
        html = self.text(text)
        html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html)
        html = re.sub(r"https?://[^\s<]+", lambda link: f'<a href="{link[0]}">{link[0]}</a>', html)
        return re.sub(r"&lt;(a?):(\w+):(\d+)&gt;", self._emoji, html)

    def _emoji(self, found: re.Match[str]) -> str:
        animated, name, id = found.groups()
        url = f"https://cdn.discordapp.com/emojis/{id}.{'gif' if animated else 'png'}"
        kind = "emoji" if self.scriban or self.razor else "chatlog__emoji"
        return f'<img\n    loading="lazy"\n    class="{kind} "\n    alt="{name}"\n    title="{name}"\n    src="{url}">'

    def group(self, run: list[Json]) -> str:
        inner = "".join(self.container(each, first=number == 0) for number, each in enumerate(run))
        return self.tag("div", {"class": "chatlog__message-group"}, inner)

    def container(self, message: Json, *, first: bool) -> str:
        if message["type"] not in ("Default", "Reply"):
            return self._wrapped(message, self.notification(message))
        aside, primary = "", ""
        if first:
            aside = self.tag(
                "img", {"class": "chatlog__avatar", "src": self.url(message["author"]["avatarUrl"]), "alt": "Avatar"}
            )
            primary = (self.reply() if is_reply(message) else "") + self.header(message)
        else:
            aside = self.tag(
                "div", {"class": "chatlog__short-timestamp", "title": self.date(message["timestamp"])}, "1:00"
            )
        primary += self.content(message["content"], message.get("timestampEdited"))
        primary += self.forwarded(message["forwardedMessage"]) if message.get("forwardedMessage") else ""
        primary += "".join(self.attachment(each) for each in message["attachments"])
        primary += "".join(self.embed(each) for each in message["embeds"])
        primary += "".join(self.sticker(each) for each in message.get("stickers", ()))
        primary += self.reactions(message.get("reactions", ()))
        inner = self.tag("div", {"class": "chatlog__message-aside"}, aside)
        return self._wrapped(message, inner + self.tag("div", {"class": "chatlog__message-primary"}, primary))

    def _wrapped(self, message: Json, inner: str) -> str:
        pinned = " chatlog__message-container--pinned" if message["isPinned"] else "" if self.minified else " "
        attributes = {
            "id": f"chatlog__message-container-{message['id']}",
            "class": "chatlog__message-container" + pinned,
            "data-message-id": message["id"],
        }
        return self.tag("div", attributes, self.tag("div", {"class": "chatlog__message"}, inner))

    def notification(self, message: Json) -> str:
        by = message["author"]
        attributes = {"class": "chatlog__system-notification-author", "title": by["name"], "data-user-id": by["id"]}
        inner = self.tag("span", attributes, self.text(by.get("nickname") or by["name"]))
        inner += self.tag("span", {"class": "chatlog__system-notification-content"}, "<span>joined the server.</span>")
        return self.tag("div", {"class": "chatlog__message-primary"}, inner)

    def reply(self) -> str:
        """Who is answered posted an emoji; none of it belongs to the message."""
        avatar = {
            "class": "chatlog__reply-avatar",
            "src": "https://cdn.discordapp.com/avatars/9/9.png",
            "alt": "Avatar",
        }
        inner = self.tag("img", avatar)
        inner += self.tag("div", {"class": "chatlog__reply-author", "title": "data-message-id=77"}, "Somebody")
        link = self.tag(
            "span",
            {"class": "chatlog__reply-link", "onclick": "scrollToMessage(event, '77')"},
            self.markdown("see https://elsewhere.test/answered.png <:no:870000000000000077>"),
        )
        return self.tag(
            "div", {"class": "chatlog__reply"}, inner + self.tag("div", {"class": "chatlog__reply-content"}, link)
        )

    def header(self, message: Json) -> str:
        by = message["author"]
        names = ("chatlog__author-name" if self.scriban or self.razor else "chatlog__author"), "chatlog__timestamp"
        full = by["name"] if by.get("discriminator") in (None, "0000") else f"{by['name']}#{by['discriminator']}"
        author = {"class": names[0], "title": full, "data-user-id": by["id"]}
        inner = self.tag("span", author, self.text(by.get("nickname") or by["name"]))
        inner += self.tag("span", {"class": "chatlog__author-tag"}, "BOT") if by.get("isBot") else ""
        inner += self.tag("span", {"class": names[1]}, self.date(message["timestamp"]))
        return inner if self.scriban or self.razor else self.tag("div", {"class": "chatlog__header"}, inner)

    def content(self, text: str, edited: str | None) -> str:
        if not text and not edited:
            return ""
        shown = self.markdown(text)
        mark = self.tag("span", {"class": "chatlog__edited-timestamp", "title": "today"}, "(edited)") if edited else ""
        if self.scriban:
            return self.tag("div", {"class": "chatlog__content"}, f'<div class="markdown">{shown}{mark}</div>')
        if self.razor:
            inner = (
                f'\n        <div class="markdown">\n <span class="preserve-whitespace">{shown}</span>\n {mark}</div>'
            )
            return self.tag("div", {"class": "chatlog__content"}, inner)
        inner = f"{self.tag('span', {'class': 'chatlog__markdown-preserve'}, shown)}{mark}"
        return self.tag("div", {"class": "chatlog__content chatlog__markdown"}, inner)

    def forwarded(self, message: Json) -> str:
        inner = self.tag("div", {"class": "chatlog__forwarded-header"}, "<span>Forwarded</span>")
        if message["content"]:
            kind = {"class": "chatlog__forwarded-content chatlog__markdown"}
            inner += self.tag(
                "div",
                kind,
                self.tag("span", {"class": "chatlog__markdown-preserve"}, self.markdown(message["content"])),
            )
        pictures = "".join(self._attached(each, "chatlog__forwarded-attachment") for each in message["attachments"])
        inner += self.tag("div", {"class": "chatlog__forwarded-attachments"}, pictures) if pictures else ""
        inner += "".join(self.embed(each) for each in message["embeds"])
        return self.tag("div", {"class": "chatlog__forwarded"}, inner)

    def attachment(self, attached: Json) -> str:
        hidden = attached["fileName"].startswith("SPOILER_")
        kind = "chatlog__attachment-thumbnail" if self.scriban or self.razor else "chatlog__attachment-media"
        inner = self._attached(attached, kind)
        if self.scriban or self.razor:
            inner = (
                f'<div class="spoiler spoiler--hidden"><div class="spoiler-image">{inner}</div></div>'
                if hidden
                else inner
            )
            return self.tag("div", {"class": "chatlog__attachment"}, inner)
        if hidden:
            inner = self.tag("div", {"class": "chatlog__attachment-spoiler-caption"}, "SPOILER") + inner
        return self.tag("div", {"class": "chatlog__attachment" + " chatlog__attachment--hidden" * hidden}, inner)

    def _attached(self, attached: Json, kind: str) -> str:
        url, name = self.url(attached["url"]), attached["fileName"]
        size = f"{attached['fileSizeBytes'] / 1000:.1f} KB"
        ending = name.lower().rpartition(".")[2]
        if ending in ("png", "jpg", "jpeg", "gif", "webp"):
            title = f"Image: {name} ({size})" if self.titled else None
            picture = self.tag("img", {"class": kind, "src": url, "alt": "Image attachment", "title": title})
            return self.tag("a", {"href": url}, picture)
        if ending in ("mp4", "webm", "mov"):
            return self.tag(
                "video", {"class": kind}, self.tag("source", {"src": url, "title": f"Video: {name} ({size})"})
            )
        if self.scriban or self.razor:
            return self.tag("a", {"href": url}, f"\n        Attachment: {self.text(name)} ({size})\n")
        link = self.tag(
            "div", {"class": "chatlog__attachment-generic-name"}, self.tag("a", {"href": url}, self.text(name))
        )
        link += self.tag("div", {"class": "chatlog__attachment-generic-size"}, size)
        return self.tag(
            "div", {"class": "chatlog__attachment-generic"}, '<svg><use href="#attachment-icon"/></svg>' + link
        )

    def embed(self, embed: Json) -> str:
        text = self.tag("div", {"class": "chatlog__embed-title"}, self.text(embed.get("title") or ""))
        icon = {"class": "chatlog__embed-author-icon", "src": "https://elsewhere.test/icon.png", "alt": "Author icon"}
        inner = self.tag("div", {"class": "chatlog__embed-text"}, self.tag("img", icon) + text)
        if embed.get("thumbnail"):
            inner += self._pictured(embed["thumbnail"], "thumbnail")
        images = embed.get("images") or [embed[key] for key in ("image",) if embed.get(key)]
        pictures = "".join(self._pictured(each, "image") for each in images)
        inner += self.tag("div", {"class": "chatlog__embed-images"}, pictures) if pictures else ""
        return self.tag("div", {"class": "chatlog__embed"}, self.tag("div", {"class": "chatlog__embed-content"}, inner))

    def _pictured(self, picture: Json, kind: str) -> str:
        url = self.url(picture["url"])
        image = self.tag("img", {"class": f"chatlog__embed-{kind}", "src": url, "alt": kind})
        link = self.tag("a", {"class": f"chatlog__embed-{kind}-link", "href": url}, image)
        return self.tag("div", {"class": f"chatlog__embed-{kind}-container"}, link)

    def sticker(self, sticker: Json) -> str:
        image = self.tag(
            "img", {"class": "chatlog__sticker--media", "src": self.url(sticker["sourceUrl"]), "alt": "Sticker"}
        )
        return self.tag("div", {"class": "chatlog__sticker", "title": sticker["name"]}, image)

    def reactions(self, reactions: Iterable[Json]) -> str:
        inner = ""
        for reaction in reactions:
            emoji = {"class": "chatlog__emoji chatlog__emoji--small", "alt": reaction["emoji"]["name"]}
            inner += self.tag("img", {**emoji, "src": self.url(reaction["emoji"]["imageUrl"])})
        return self.tag("div", {"class": "chatlog__reactions"}, inner) if inner else ""

    def old_group(self, run: list[Json]) -> str:
        avatar = {"class": "chatlog__author-avatar", "src": self.url(run[0]["author"]["avatarUrl"]), "alt": "Avatar"}
        inner = self.tag("div", {"class": "chatlog__author-avatar-container"}, self.tag("img", avatar))
        messages = self.header(run[0])
        for posted in run:
            primary = self.content(posted["content"], posted.get("timestampEdited"))
            primary += "".join(self.attachment(each) for each in posted["attachments"])
            primary += "".join(self.embed(each) for each in posted["embeds"])
            primary += self.reactions(posted.get("reactions", ()))
            kind = "chatlog__message " + "chatlog__message--pinned" * posted["isPinned"]
            attributes = {"class": kind, "data-message-id": posted["id"], "id": f"message-{posted['id']}"}
            messages += self.tag("div", attributes, primary)
        inner += self.tag("div", {"class": "chatlog__messages"}, messages)
        return self.tag("div", {"class": "chatlog__message-group"}, inner)
