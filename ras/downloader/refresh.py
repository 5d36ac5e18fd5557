"""Dead links of Discord are signed anew, in batches, with the user's own bot token: which, when, and for whom."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Callable, Iterator, Sequence

from ras.cdn import is_dead, is_expired
from ras.downloader.endpoint import MOST_URLS, RefreshEndpoint, sendable
from ras.downloader.hosts import Patience
from ras.errors import FetchError, RASError, SkipReason
from ras.records import ImageRecord
from ras.text import count

if TYPE_CHECKING:
    from ras.bot_token import BotToken

_MOST_IN_VAIN = 20
"""So many links in a row that seemed to live and lead to nothing, even refreshed: more of them are not refreshed."""
_AHEAD = 5000
"""So many records are looked through for dead links that come next."""

DEFAULT_PATIENCE = Patience(total=40.0)


class LinkRefresher:
    """Refreshes the links of one run, when the first dead one is asked for; any number of threads may ask.

    A link is refreshed together with dead ones that are expected next. One request is made at a time; who asks
    meanwhile waits for it. The token is asked for once, when it is needed; without one nothing is ever refreshed.
    """

    def __init__(self, find_token: Callable[[], BotToken | None], patience: Patience = DEFAULT_PATIENCE) -> None:
        """``find_token`` may raise RASError, which becomes the sentence."""
        self._find_token = find_token
        self._endpoint = RefreshEndpoint(patience)
        self._token: BotToken | None = None
        self._changed = threading.Condition()  # guards all that follows
        self._off = False
        self._busy = False
        self._waiting: dict[str, None] = {}
        """What is asked for by threads that wait: it may have come before what is asked for next."""
        self._known: dict[str, str] = {}
        """What was sent → the link that came, or nothing where Discord gave none."""
        self._records: Sequence[ImageRecord] = ()
        self._is_there: Callable[[ImageRecord], bool] = lambda record: False
        self._places: dict[str, int] | None = None
        self._why_off = ""
        self._in_vain = 0
        self._told = (0, 0)
        """Links refreshed and refused that the notices have counted."""

    def expect(
        self, records: Sequence[ImageRecord], is_there: Callable[[ImageRecord], bool] = lambda record: False
    ) -> None:
        """The records that will be asked for, about in this order, but for those whose media file ``is_there``."""
        with self._changed:
            self._records, self._places, self._is_there = records, None, is_there

    def fresh(self, record: ImageRecord) -> str | None:
        """A new link to the record's picture; None where none can be had. Waits for the network."""
        sent = sendable(record.url)
        if sent is None:
            return None
        with self._changed:
            self._waiting[sent] = None
            try:
                while self._busy and not self._off and not self._is_known(sent):
                    self._changed.wait()
            finally:
                self._waiting.pop(sent, None)
            if self._is_known(sent):
                return self._known[sent] or None
            if self._off:
                return None
            self._busy = True
        refreshed: dict[str, str] = {}
        why_off = ""
        try:
            if self._token is None:
                self._token = self._wait_for_token()
            if self._token is not None:
                refreshed = self._endpoint.refresh([sent, *self._next(record, sent)], self._token)
        except RASError as exc:
            why_off = str(exc)
        finally:
            with self._changed:
                self._busy = False
                self._off = self._off or self._token is None or bool(why_off)
                self._why_off = self._why_off or why_off
                self._known.update(refreshed)
                self._changed.notify_all()
        return refreshed.get(sent) or None

    def revive(self, record: ImageRecord, follow: Callable[[ImageRecord], bytes]) -> bytes:
        """What ``follow`` brings: of a refreshed link where its own is known to be dead, or turns out to be.

        Raises what ``follow`` raises.
        """
        was_dead = is_dead(record.url)
        fresh = self.fresh(record) if was_dead else None
        if fresh is not None:
            return follow(dataclasses.replace(record, url=fresh))
        try:
            return follow(record)
        except FetchError as exc:
            if was_dead or exc.reason is not SkipReason.GONE or self._in_vain >= _MOST_IN_VAIN:
                raise
            fresh = self.fresh(record)
            if fresh is None:
                raise
        self._in_vain += 1
        data = follow(dataclasses.replace(record, url=fresh))
        self._in_vain = 0
        return data

    def take_notices(self) -> list[str]:
        """Sentences for the user about what was refreshed and what was not, each once."""
        with self._changed:
            fresh = sum(map(bool, self._known.values()))
            refused = len(self._known) - fresh
            why_off, self._why_off = self._why_off, ""
            told, self._told = self._told, (fresh, refused)
        sentences = []
        if fresh > told[0]:
            number = fresh - told[0]
            sentences.append(
                f"{count(number, 'expired link')} {'was' if number == 1 else 'were'} refreshed with your bot token."
            )
        if refused > told[1]:
            links = count(refused - told[1], "expired link")
            sentences.append(f"{links} could not be refreshed: Discord gives no new one for it.")
        if why_off:
            sentences.append(why_off)
        return sentences

    def cancel(self) -> None:
        """End what is in flight within half a second; nothing is refreshed any more."""
        self._endpoint.cancel()
        with self._changed:
            self._off = True
            self._changed.notify_all()

    def close(self) -> None:
        self.cancel()
        self._endpoint.close()

    def _wait_for_token(self) -> BotToken | None:
        """Ask in a thread of its own, which is left behind when all is cancelled: a keyring may wait for its user.

        Raises what ``find_token`` raises.
        """
        answers: list[BotToken | Exception | None] = []

        def ask() -> None:
            answer: BotToken | Exception | None
            try:
                answer = self._find_token()
            except Exception as exc:  # noqa: BLE001  raised again by who asked
                answer = exc
            with self._changed:
                answers.append(answer)
                self._changed.notify_all()

        threading.Thread(target=ask, name="token", daemon=True).start()
        with self._changed:
            while not answers and not self._off:
                self._changed.wait()
        answer = answers[0] if answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _is_known(self, sent: str) -> bool:
        known = self._known.get(sent)
        return known is not None and not (known and is_expired(known))

    def _next(self, record: ImageRecord, first: str) -> list[str]:
        """Further dead links that are asked for already, or about to be."""
        with self._changed:
            found = {first: None, **{sent: None for sent in self._waiting if not self._is_known(sent)}}
        for too_many in list(found)[MOST_URLS:]:
            del found[too_many]
        for later in self._after(record):
            if len(found) >= MOST_URLS:
                break
            if is_dead(later.url) and not self._is_there(later):
                sent = sendable(later.url)
                if sent is not None and not self._is_known(sent):
                    found[sent] = None
        return list(found)[1:]

    def _after(self, record: ImageRecord) -> Iterator[ImageRecord]:
        with self._changed:
            records = self._records
            if self._places is None:
                self._places = {expected.key: place for place, expected in enumerate(records)}
            place = self._places.get(record.key)
        if place is not None:
            for number in range(place + 1, min(place + 1 + _AHEAD, len(records))):
                yield records[number]
