"""What the store has of an archive, as the modes that search the store need it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Callable, Sequence, TypeVar

from ras.called import NAME
from ras.cdn import is_dead
from ras.errors import SkipReason, StaleView, StoreError
from ras.matching import Finding
from ras.records import Archive, ImageRecord, Job, Notice, SearchReport, SearchResult
from ras.scoring import merit
from ras.strategies.ranking import result_of
from ras.text import count

if TYPE_CHECKING:
    import numpy as np

    from ras.encoders.base import Encoder
    from ras.filters import Filter
    from ras.store import EmbeddingStore, EmbeddingView, Failure

T = TypeVar("T")

# A search starts again this often when another program tidies up the store meanwhile, and when files turn out damaged.
FRESH_STARTS = 5
DAMAGED_FILES = 100

# After network trouble searches do without the picture for so long, rather than wait for the same trouble each time.
NETWORK_SECONDS = 600


class Coverage:
    """What the store has of one archive, at one moment: which row of a view belongs to which record.

    A *row* is one content, and may belong to several records; a *place* is that of a record in the archive. A *mask*,
    bool (records,), says which records a search may find.
    """

    def __init__(self, archive: Archive, encoder: Encoder, store: EmbeddingStore, limits: str = "") -> None:
        import numpy as np

        self.archive = archive
        self._masked: tuple[Filter, np.ndarray] | None = None
        # Asked first: what is committed from here on makes the next search look again.
        self.generation = store.generation(encoder.id)
        self._encoder, self._store = encoder, store
        self.view: EmbeddingView = store.view(encoder.id)
        self._order = np.argsort(self.view.contents, kind="stable")
        contents = store.contents_of(archive.records, encoder.id)
        self.rows = self.rows_of(contents)
        """int64 (records,): the row of each record, -1 where it has none."""
        self.contents = np.where(self.rows >= 0, contents, -1)
        """int64 (records,): the content of each record, -1 where it has no row."""
        failures = store.failures([archive.records[place].key for place in np.flatnonzero(self.rows < 0)])
        self.failed: dict[int, SkipReason] = {}
        """Place → why it has no row, where a search need not try to get it."""
        if failures:
            now = datetime.now(timezone.utc)
            for place in np.flatnonzero(self.rows < 0).tolist():
                failure = failures.get(archive.records[place].key)
                if failure is not None and not _is_worth_a_try(archive.records[place], failure, limits, now):
                    self.failed[place] = failure.reason
        waiting = self.rows < 0
        waiting[list(self.failed)] = False
        self.unsearched: tuple[int, ...] = tuple(np.flatnonzero(waiting).tolist())
        """The places of the records that have no row and may yet get one."""
        self.searchable = int((self.rows >= 0).sum())
        """How many records have a row."""
        self.row_count = len(np.unique(self.rows[self.rows >= 0]))
        """How many rows belong to the archive."""
        # Records by row: those of row r stand at the places _places[s:e], where s and e are r's bounds in _sorted_rows.
        self._places = np.argsort(self.rows, kind="stable")
        self._sorted_rows = self.rows[self._places]

    def rows_of(self, contents: np.ndarray) -> np.ndarray:
        """Content ids, int64 (n,) → the rows of the view that they have, int64 (n,); -1 where there is none."""
        import numpy as np

        if not len(self._order):
            return np.full(len(contents), -1, np.int64)
        where = np.searchsorted(self.view.contents, contents, sorter=self._order)
        rows = self._order[np.minimum(where, len(self._order) - 1)]
        return np.where(self.view.contents[rows] == contents, rows, -1)

    def mask(self, where: Filter) -> np.ndarray:
        """bool (records,): which records pass. Kept until another filter is asked for: people search repeatedly."""
        if self._masked is None or self._masked[0] != where:
            self._masked = where, where.mask(self.archive.records)
        return self._masked[1]

    def allowed_rows(self, mask: np.ndarray) -> np.ndarray:
        """The rows that belong to a record that passes, int64, ascending, each once."""
        import numpy as np

        allowed = np.zeros(len(self.view.contents), bool)
        allowed[self.rows[mask & (self.rows >= 0)]] = True
        return np.flatnonzero(allowed)

    def best(self, rows: np.ndarray, scores: np.ndarray, top_k: int, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(rows, scores) → those of them that the ``top_k`` best records can belong to, at most ``top_k``, best first.

        Of rows with one score those count that have a passing record first in the archive. Rows without one go.
        """
        import numpy as np

        places, which = self._places_of(rows, mask)
        # Both are grouped by row, and places ascend within a row: the first of a group is the row's first record.
        which, first = np.unique(which, return_index=True)
        chosen = which[np.lexsort((places[first], -scores[which]))[:top_k]]
        return rows[chosen], scores[chosen]

    def results(
        self, rows: np.ndarray, scores: np.ndarray, top_k: int, mask: np.ndarray, findings: Sequence[Finding]
    ) -> tuple[SearchResult, ...]:
        """Rows (each once), their exact scores and what they are → the best records that pass, each with its preview.

        A content that was posted seven times is seven results. In the order of ``rank_key``.
        """
        import numpy as np

        # Ranked before results are made: a picture may have been posted 100,000 times.
        merits = [merit(one.verdict, one.evidence, score) for one, score in zip(findings, scores.tolist())]
        standing = {value: number for number, value in enumerate(sorted(set(merits)))}
        places, which = self._places_of(rows, mask)
        chosen = np.lexsort((places, np.array([standing[value] for value in merits], np.int64)[which]))[:top_k]
        contents = self.contents[places[chosen]].tolist()
        previews = self._store.previews(sorted(set(contents)))
        found = zip(places[chosen].tolist(), which[chosen].tolist(), contents)
        return tuple(
            result_of(
                self.archive.records[place],
                place,
                float(scores[row]),
                findings[row],
                rank,
                previews.get(content),
                str(content),
            )
            for rank, (place, row, content) in enumerate(found, 1)
        )

    def _places_of(self, rows: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows → the places of their records that pass, and for each the position in ``rows`` that it belongs to."""
        import numpy as np

        start = np.searchsorted(self._sorted_rows, rows, "left")
        counts = np.searchsorted(self._sorted_rows, rows, "right") - start
        which = np.repeat(np.arange(len(rows)), counts)
        steps = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        places = self._places[np.repeat(start, counts) + steps]
        passing = mask[places]
        return places[passing], which[passing]

    def report(self, mode: str, results: tuple[SearchResult, ...], mask: np.ndarray) -> SearchReport:
        """What a search by ``mode`` for one query says of itself."""
        searched = int((mask & (self.rows >= 0)).sum())
        skipped = Counter(reason.value for place, reason in self.failed.items() if mask[place])
        return SearchReport(
            mode,
            self._encoder.id,
            self._encoder.device,
            searched,
            dict(skipped),
            results,
            int(mask.sum()) - searched - sum(skipped.values()),
        )

    def unavailable(self) -> str | None:
        """None if there is something to search, else why not and what to do, to stand behind a colon."""
        pictures = len(self.archive.records)
        if (self.rows >= 0).any():
            return None
        if not pictures:
            return "it has no pictures."
        none = "its only picture is not" if pictures == 1 else f"none of its {count(pictures, 'picture')} is"
        return f"{none} indexed yet; choose “Index archive”, or run {NAME} index."


def _is_worth_a_try(record: ImageRecord, failure: Failure, limits: str, now: datetime) -> bool:
    """Whether a picture that failed may well be had now. Indexing tries more: it has the time."""
    if failure.reason is SkipReason.EXPIRED:  # a later export of the message has a new link
        return not is_dead(record.url, now)
    if failure.reason is SkipReason.NETWORK:
        return abs(now.timestamp() - failure.at) > NETWORK_SECONDS  # also where the clock was set back
    return failure.limits != limits


class Holdings:
    """The coverage of the archive that is at hand, kept until the archive or the store is another.

    The modes of one engine share it. Archives are told apart as objects: comparing 100,000 records takes longer than
    a search. A picture that was refused under other ``limits`` (see ``Settings.limits``) is worth another try. Belongs
    to the thread of its store.
    """

    def __init__(self, encoder: Encoder, store: EmbeddingStore, limits: str = "") -> None:
        self._encoder, self._store, self._limits = encoder, store, limits
        self._kept: Coverage | None = None

    def of(self, archive: Archive) -> Coverage:
        """Raises StoreError."""
        kept = self._kept
        if kept is None or kept.archive is not archive or kept.generation != self._store.generation(self._encoder.id):
            kept = self._kept = None  # before the new one is made: two need twice the room
            self._kept = kept = Coverage(archive, self._encoder, self._store, self._limits)
        return kept

    def forget(self) -> None:
        """Look anew the next time."""
        self._kept = None

    def searching(self, archive: Archive, search: Callable[[Coverage], Job[T]]) -> Job[T]:
        """Run ``search`` on what the store has of the archive; again from the start when that has become stale.

        Damage is said in a Notice with its remedy. Raises StoreError where it goes on without end.
        """
        fresh_starts = damaged_files = 0
        while fresh_starts <= FRESH_STARTS and damaged_files <= DAMAGED_FILES:
            try:
                return (yield from search(self.of(archive)))
            except StaleView as exc:
                self.forget()
                fresh_starts += not exc.damaged
                damaged_files += exc.damaged
                reason = str(exc)
                if exc.damaged:
                    yield Notice(reason)
        raise StoreError(
            f"The embedding store could not be searched in {fresh_starts + damaged_files} attempts. {reason}"
        )


def unavailable(holdings: Holdings, archive: Archive) -> str | None:
    """What a strategy that searches the store answers to ``SearchStrategy.unavailable``."""
    try:
        return holdings.of(archive).unavailable()
    except StoreError as exc:
        return str(exc)
