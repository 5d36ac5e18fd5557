"""Discord's endpoint that signs links anew: asked politely, its answers checked.

It is not in Discord's reference, so whatever is not as expected ends the refreshing. Rate limits and the form of the
User-Agent are those of the reference for the whole API.
"""

from __future__ import annotations

import json
import logging
import random
import re
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import requests
from urllib3.exceptions import HTTPError

from ras import __version__
from ras.cdn import canonical_url, is_dead, is_discord_host
from ras.downloader.connections import open_session
from ras.downloader.hosts import PassingTrouble, Patience, retry_after
from ras.downloader.sending import send
from ras.errors import FetchError, RASError
from ras.text import count, duration

if TYPE_CHECKING:
    from ras.bot_token import BotToken

log = logging.getLogger(__name__)

ENDPOINT = "https://discord.com/api/v10/attachments/refresh-urls"
MOST_URLS = 50
"""That one request may have."""

_LONGEST = 1_000_000
"""Bytes of an answer; 50 links take 20,000."""
_MOST_THROTTLED = 8
"""Answers with 429 in a run. Who gets 10,000 of 401, 403 and 429 in 10 minutes is banned for a while."""
_LARGEST_SPACING = 10.0
"""Seconds between two requests, after many answers with 429."""
_MOST_REFUSED = 24
"""Answers with 400 in a run."""
_MOST_IN_VAIN = 3
"""Answers in a row without one usable link."""

# Two numbers and a name without what would end or split a path.
_ATTACHMENT = re.compile(r"https://cdn\.discordapp\.com/attachments/[0-9]{1,20}/[0-9]{1,20}/[!$-.0->@-\[\]-~]{1,500}")


class Refusal(RASError):
    """Nothing more is refreshed in this run, and why."""


def sendable(url: str) -> str | None:
    """The link as Discord is asked for it: the address of an attachment, and nothing else. None for any other link."""
    bare = canonical_url(url).partition("?")[0]
    return bare if _ATTACHMENT.fullmatch(bare) else None


class RefreshEndpoint:
    """Asked by one thread at a time; ``cancel`` and ``close`` may come from any."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._session = open_session(1, frozenset(), self._watch)
        self._cancelled = threading.Event()
        self._deadline = self._resume_at = 0.0
        self._spacing = 0.0
        self._throttled = self._refused = self._in_vain = 0

    def cancel(self) -> None:
        """End what is in flight within half a second; it refreshes nothing, without a word."""
        self._cancelled.set()

    def close(self) -> None:
        self.cancel()
        self._session.close()

    def refresh(self, links: list[str], token: BotToken) -> dict[str, str]:
        """For each of up to ``MOST_URLS`` links, which are ``sendable``, a fresh one, or "" where Discord gives none.

        What is missing was cancelled. Raises Refusal.
        """
        refreshed: dict[str, str] = {}
        waiting = [links]
        failures = 0
        while waiting:
            batch = waiting.pop()
            self._cancelled.wait(max(0.0, self._resume_at - time.monotonic()))
            if self._cancelled.is_set():
                break
            try:
                status, answer, pause = self._ask(batch, token)
            except (PassingTrouble, FetchError) as exc:
                if self._cancelled.is_set():
                    break
                failures += 1
                self._failed(str(exc), failures, final=getattr(exc, "final", True))
                waiting.append(batch)
                continue
            if status == 429:  # from now on slower, or it would be refused again and again
                self._spacing = min(max(2 * self._spacing, self._patience.backoff / 2), _LARGEST_SPACING)
            pause = max(pause, self._spacing)
            self._resume_at = time.monotonic() + min(pause, self._patience.longest_pause)
            if status == 200:
                refreshed.update(self._understood(batch, answer))
            elif status == 400:  # one link that Discord does not take spoils all of them: it is looked for
                self._refused += 1
                if self._refused > _MOST_REFUSED:
                    raise Refusal("Links are not refreshed any more: Discord does not take them (status 400).")
                half = len(batch) // 2
                if half:
                    waiting += [batch[half:], batch[:half]]
                else:
                    refreshed[batch[0]] = ""
            elif status == 429:
                self._throttled += 1
                if pause > self._patience.longest_pause:
                    wait = duration(min(pause, 1e6))
                    raise Refusal(f"Links are not refreshed any more: Discord asks to wait {wait}. Try again later.")
                if self._throttled > _MOST_THROTTLED:
                    raise Refusal("Links are not refreshed any more: Discord refuses too often. Try again later.")
                waiting.append(batch)
            elif status >= 500:
                failures += 1
                self._failed(f"discord.com answers with status {status}", failures)
                waiting.append(batch)
            else:
                raise Refusal(_why_refused(status, token))
        return refreshed

    def _failed(self, what: str, failures: int, final: bool = False) -> None:
        """Wait before the next try. Raises Refusal if there shall be none."""
        if final or failures >= self._patience.tries:
            raise Refusal(f"Expired links are not refreshed: {what.rstrip('.')}. Try again later.")
        self._cancelled.wait(random.uniform(0.5, 1) * self._patience.backoff * 2**failures)

    def _ask(self, links: list[str], token: BotToken) -> tuple[int, Any, float]:
        """The status, the answer (None if it is no JSON), and how many seconds nothing shall be asked.

        Raises PassingTrouble, Refusal, and FetchError if discord.com leads to no address of the public internet.
        """
        headers = {
            "Accept": "application/json",
            "User-Agent": f"DiscordBot (ReverseArchiveSearch, {__version__})",
        }
        request = requests.Request("POST", ENDPOINT, headers, json={"attachment_urls": links})
        prepared = self._session.prepare_request(request)
        # For this request alone: the session does not have it, and no redirect is followed.
        prepared.headers["Authorization"] = token.authorization()
        self._deadline = time.monotonic() + self._patience.total
        with closing(send(self._session, prepared, self._patience)) as response:
            answer = _json(_body(response))
        log.info(
            "Discord answers with status %d to %s to be refreshed.", response.status_code, count(len(links), "link")
        )
        return response.status_code, answer, self._stated_pause(response, answer)

    def _stated_pause(self, response: requests.Response, answer: Any) -> float:
        if response.status_code in (429, 503):
            in_body = answer.get("retry_after") if isinstance(answer, dict) else None
            return max(
                self._patience.backoff,
                retry_after(response.headers.get("retry-after", "")) or 0.0,
                in_body if isinstance(in_body, (int, float)) and in_body > 0 else 0.0,
            )
        if response.headers.get("x-ratelimit-remaining") == "0":  # better than to be refused
            return retry_after(response.headers.get("x-ratelimit-reset-after", "")) or 0.0
        return 0.0

    def _understood(self, batch: list[str], answer: Any) -> dict[str, str]:
        """For each link of the batch the fresh one, or "". Raises Refusal if the answer is another than expected."""
        pairs = answer.get("refreshed_urls") if isinstance(answer, dict) else None
        if not isinstance(pairs, list) or not all(isinstance(pair, dict) for pair in pairs):
            raise Refusal(_NOT_UNDERSTOOD)
        refreshed = dict.fromkeys(batch, "")
        for pair in pairs:
            original, fresh = pair.get("original"), pair.get("refreshed")
            if (
                isinstance(original, str)
                and original in refreshed
                and isinstance(fresh, str)
                and _is_fresh(fresh, original)
            ):
                refreshed[original] = fresh
        self._in_vain = 0 if any(refreshed.values()) else self._in_vain + 1
        if self._in_vain >= _MOST_IN_VAIN:
            raise Refusal(
                "Links are not refreshed any more: Discord gives no usable ones. If the date of this computer is "
                "right, it no longer has the pictures."
            )
        return refreshed

    def _watch(self) -> None:
        """Called during every wait for the network."""
        if self._cancelled.is_set():
            raise PassingTrouble("it was cancelled")
        if time.monotonic() > self._deadline:
            raise PassingTrouble(f"discord.com takes longer than {duration(self._patience.total)}")


_NOT_UNDERSTOOD = "Expired links are not refreshed: Discord’s answer is not the one that this version of RAS knows."


def _why_refused(status: int, token: BotToken) -> str:
    if status not in (401, 403):
        return f"{_NOT_UNDERSTOOD[:-1]} (status {status})."
    return f"Discord refuses the bot token (status {status}), so expired links are not refreshed. {token.remedy}"


def _is_fresh(url: str, original: str) -> bool:
    """Whether it is a live link to the same attachment, and to nothing else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # Without the query: names may be quoted in two ways.
    same = unquote(canonical_url(url).partition("?")[0]) == unquote(original)
    return same and parts.scheme == "https" and is_discord_host(parts.netloc) and not is_dead(url)


def _body(response: requests.Response) -> bytes:
    """Raises PassingTrouble if it breaks off, Refusal if it is far too long."""
    body = bytearray()
    try:
        for chunk in response.raw.stream(16 * 1024, decode_content=False):
            body += chunk
            if len(body) > _LONGEST:
                raise Refusal(_NOT_UNDERSTOOD)
    except (HTTPError, OSError, ValueError) as exc:
        raise PassingTrouble("the connection to discord.com broke off") from exc
    return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
