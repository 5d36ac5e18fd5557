"""Discord's URLs: the form that outlives their signature, when they expire, which hosts are Discord's. No network."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import SplitResult, quote, unquote, urlsplit

_ATTACHMENT_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net", "cdn.discord.com"})
_PROXY_HOSTS = frozenset({"images-ext-1.discordapp.net", "images-ext-2.discordapp.net"})
DISCORD_HOSTS = _ATTACHMENT_HOSTS | _PROXY_HOSTS
"""The hosts that serve what people post on Discord. Nothing else is downloaded unless the user allows it."""

_SIGNATURE = frozenset({"ex", "is", "hm", "uc"})
_RENDITION = frozenset({"width", "height", "format", "quality", "animated"})
_PROXIED = re.compile(r"/external/[^/]+/(?:(%3F[^/]*)/)?(https?)/(.+)", re.IGNORECASE | re.DOTALL)
_MOST_LAYERS = 8
_EARLIEST_EXPIRY = datetime(2015, 1, 1, tzinfo=timezone.utc)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def canonical_url(url: str) -> str:
    """The address of the same picture without what changes from export to export; for identity, not for fetching.

    Attachments lose their signature (``ex``, ``is``, ``hm``, and ``uc`` in data packages) and the rendition parameters
    of the resizing proxy, and all their hosts become cdn.discordapp.com. An address of the embed proxy becomes the
    original one that it carries (``images-ext-1.discordapp.net/external/<signature>/https/<host>/<path>``). Any other
    URL is returned as it is.
    """
    # A proxied address can be an attachment's, or proxied itself: each turn takes one layer off. A megabyte can hold
    # twenty thousand.
    layers = 0
    while True:
        parts = _split(url)
        if parts is None or parts.scheme not in ("http", "https") or not is_discord_host(parts.hostname):
            return url
        proxied = _PROXIED.fullmatch(parts.path) if layers < _MOST_LAYERS else None
        if proxied is None:
            break
        layers += 1
        query, scheme, rest = proxied.groups()
        url = f"{scheme.lower()}://{rest}{unquote(query or '')}"
    host = parts.hostname
    if re.match(r"/(ephemeral-)?attachments/", parts.path):
        host = "cdn.discordapp.com"
        dropped = _SIGNATURE | _RENDITION
    else:
        dropped = _RENDITION if host in _PROXY_HOSTS else _SIGNATURE
    kept = "&".join(p for p in parts.query.split("&") if p and p.partition("=")[0] not in dropped)
    return f"https://{host}{parts.path}{'?' if kept else ''}{kept}"


def expires_at(url: str) -> datetime | None:
    """When Discord stops serving this signed URL: its ``ex``, Unix time in hexadecimal.

    None where it does not say: unsigned, not Discord's, or no time at all (links of a data package carry ``ex=0``).
    """
    parts = _split(url)
    if parts is None or not is_discord_host(parts.hostname):
        return None
    signed = re.search(r"(?:^|&)ex=([0-9a-fA-F]{1,10})(?:&|$)", parts.query)
    if signed is None:
        return None
    try:
        expiry = _UNIX_EPOCH + timedelta(seconds=int(signed.group(1), 16))
    except OverflowError:
        return None
    return expiry if expiry >= _EARLIEST_EXPIRY else None


def is_expired(url: str, now: datetime | None = None) -> bool:
    """Whether the URL says that its time is over; False where it says nothing."""
    expiry = expires_at(url)
    return expiry is not None and expiry <= (now or datetime.now(timezone.utc))


def is_dead(url: str, now: datetime | None = None) -> bool:
    """Whether Discord is known to answer 404: the URL's time is over, or it is an attachment's without signature."""
    if is_expired(url, now):
        return True
    parts = _split(url)
    if parts is None or not is_discord_host(parts.hostname):
        return False
    return parts.path.startswith("/attachments/") and re.search(r"(?:^|&)hm=", parts.query) is None


def is_discord_host(host: str | None) -> bool:
    """Whether ``host`` (a bare host name, no port, no user) is one of Discord's; letters of any case, exactly."""
    # Only ASCII: lower() turns the Kelvin sign and its like into plain letters.
    return host is not None and host.isascii() and host.lower() in DISCORD_HOSTS


def picture_key(attachment_id: str | None, url: str) -> str:
    """What identifies a picture for good: ``a:<attachment id>``, else ``u:<hash of the canonical URL>``."""
    if attachment_id:
        return f"a:{attachment_id}"
    canonical = canonical_url(url).encode("utf-8", "replace")
    return f"u:{hashlib.sha256(canonical).hexdigest()[:32]}"


def attachment_url(channel_id: str, attachment_id: str, file_name: str) -> str:
    """The unsigned URL of an attachment. Discord answers 404 until it is signed anew."""
    path = "/".join(quote(part, safe="", errors="replace") for part in (channel_id, attachment_id, file_name))
    return f"https://cdn.discordapp.com/attachments/{path}"


def rendition_url(url: str, width: int, height: int | None = None) -> str | None:
    """Where Discord's resizing proxy has an attachment no wider than ``width``, and no higher than ``height``.

    The same path with the same signature on another host. None where there is none: another URL than an attachment's
    own at Discord, or one of a rendition. The proxy is not documented; whether it does so is for the caller to see.
    """
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or (parts.hostname or "") not in _ATTACHMENT_HOSTS:
        return None
    kept = [part for part in parts.query.split("&") if part.strip("=")]
    is_attachment = re.match(r"/(ephemeral-)?attachments/", parts.path) is not None
    if not is_attachment or any(part.partition("=")[0] in _RENDITION for part in kept):
        return None
    asked = [f"width={width}", *([] if height is None else [f"height={height}"])]
    return f"https://media.discordapp.net{parts.path}?{'&'.join([*kept, *asked])}"


def app_link(message_link: str) -> str:
    """The link that opens a message in Discord's own program instead of the browser."""
    return re.sub(r"^https://discord(?:app)?\.com/channels/", "discord://-/channels/", message_link)


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:  # e.g. "http://[", from a hostile export
        return None
