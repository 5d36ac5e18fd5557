"""Keeping the FAISS index up with the store: built and grown by one at a time, in the background where it is long."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ras.errors import RASError, StaleView, StoreError
from ras.records import Job, Notice, Progress
from ras.strategies.index_build import SIZES, STAGE, Built, Sizes, add, build
from ras.strategies.index_file import (
    UnusableIndex,
    failure,
    load_faiss,
    read_index,
    remove_unfinished,
    set_aside,
    set_threads,
    write_index,
)
from ras.text import percent

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from ras.store import EmbeddingStore, EmbeddingView, IndexFacts

log = logging.getLogger(__name__)

# While another thread or program builds, a look is taken at this interval (seconds).
POLL = 0.1

# After a failure nothing is tried for so long (seconds), unless an archive is indexed.
PAUSE = 60.0

# Starts that are made when the store changes under the building.
ATTEMPTS = 5


class IndexUpkeep:
    """Builds, grows and replaces the index of one encoder. Its methods may be called on any thread."""

    def __init__(self, encoder_id: str, sizes: Sizes = SIZES) -> None:
        self.encoder_id = encoder_id
        self.sizes = sizes
        self.version = 0
        """Grows when the index of the store may have become another."""
        self.trouble: str | None = None
        """Why the last building failed: a sentence."""
        self._failed_at = 0.0
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._part = 0.0

    def bring_up(self, store: EmbeddingStore, patience: float | None = None) -> Job[None]:
        """Make the index what the store needs, if it is not; ``store`` is the calling thread's own.

        Waits while another thread or program is at it, at most ``patience`` seconds. Until the new file is complete and
        the store names it, the old one stays. Raises StoreError, and ModeError where there is no FAISS.
        """
        if store.read_only or self._need(store, store.view(self.encoder_id))[0] is None:
            return
        lock = _lock(store.folder)
        given_up_at = None if patience is None else time.monotonic() + patience
        while not _acquired(lock, store.folder):
            if given_up_at is not None and time.monotonic() >= given_up_at:
                return
            yield Progress(STAGE, 0)
            time.sleep(POLL)
        try:
            remove_unfinished(store.indexes_folder)
            yield from self._bring_up(store)
            self.trouble = None
        except RASError as exc:
            self.trouble = str(exc)
            self._failed_at = time.monotonic()
            raise
        finally:
            self.version += 1
            lock.release()

    def _bring_up(self, store: EmbeddingStore) -> Job[None]:
        for attempt in range(1, ATTEMPTS + 1):
            view = store.view(self.encoder_id)
            what, facts = self._need(store, view)
            if what is None:
                return
            try:
                started = time.monotonic()
                built = yield from self._made(store, view, what, facts)
                break
            except (RuntimeError, MemoryError) as exc:
                log.warning("the index cannot be made", exc_info=True)
                raise failure(exc) from exc
            except StaleView as exc:
                if attempt == ATTEMPTS:
                    raise
                if exc.damaged:
                    yield Notice(str(exc))
        written = write_index(built.index, store.indexes_folder)
        from ras.store import IndexFacts

        facts = IndexFacts(
            written.file,
            built.kind,
            len(built.contents),
            view.generation,
            written.size,
            written.sha256,
            written.mtime_ns,
            built.nprobe,
            built.contents,
        )
        try:
            store.set_index(self.encoder_id, facts)
        except BaseException:
            with contextlib.suppress(OSError):
                (store.indexes_folder / written.file).unlink()
            raise
        seconds = time.monotonic() - started
        log.info("the index %s of %d rows was made in %.1f s (%s)", facts.kind, facts.rows, seconds, what)

    def _made(self, store: EmbeddingStore, view: EmbeddingView, what: str, facts: IndexFacts | None) -> Job[Built]:
        import numpy as np

        if what == "grow" and facts is not None:
            try:
                index = read_index(store.indexes_folder, facts, view.dimension, mapped=False)
            except UnusableIndex as exc:
                yield Notice(set_aside(store, self.encoder_id, facts, str(exc)))
            else:
                built = Built(index, facts.kind, facts.contents, facts.nprobe)
                yield from add(built, view, np.flatnonzero(~np.isin(view.contents, facts.contents)))
                return built
        return (yield from build(view, self.sizes))

    def _need(self, store: EmbeddingStore, view: EmbeddingView) -> tuple[str | None, IndexFacts | None]:
        """``build``, ``grow`` or None, and the facts of the index that this goes by."""
        import numpy as np

        facts = store.index_facts(self.encoder_id)
        if facts is None:
            return ("build" if len(view.contents) else None), None
        alive = int(np.isin(facts.contents, view.contents).sum())
        return self.sizes.need(facts.kind, facts.rows, facts.rows - alive, len(view.contents) - alive), facts

    @property
    def may_try(self) -> bool:
        """False for a while after a failure."""
        return self.trouble is None or time.monotonic() - self._failed_at >= PAUSE

    @property
    def is_building(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def begin(self, folder: Path) -> None:
        """Bring the index up in the background, with a store of its own; nothing if that is going on already."""
        if self.is_building or self._stopped.is_set():
            return
        self._part = 0.0
        self._thread = threading.Thread(target=self._run, args=(folder,), name="index", daemon=True)
        self._thread.start()

    def state(self) -> str:
        """Why there is no index to search, to stand behind a colon."""
        if self.is_building or self.trouble is None:
            return f"its index is being built ({percent(self._part)}); Cached answers meanwhile."
        return f"its index could not be built. {self.trouble}"

    def _run(self, folder: Path) -> None:
        from ras.store import EmbeddingStore

        trouble: str | None = "Something unexpected happened; see the log."
        try:
            # The other half of the processor is for searching meanwhile.
            set_threads(load_faiss(), (os.cpu_count() or 1) // 2)
            with EmbeddingStore(folder) as store, closing(self.bring_up(store)) as job:
                for event in job:
                    if self._stopped.is_set():
                        break
                    if isinstance(event, Progress) and event.total:
                        self._part = event.done / event.total
                    elif isinstance(event, Notice):
                        log.warning("%s", event.text)
            trouble = None
        except RASError as exc:
            trouble = str(exc)
            log.warning("the search index was not built: %s", exc)
        finally:
            self.trouble = trouble
            if trouble is not None:
                self._failed_at = time.monotonic()
            self.version += 1

    def close(self) -> None:
        """End the building in the background; what it had made is lost, and the old index stays."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()


def _lock(folder: Path) -> BaseFileLock:
    """Held by the thread, of whatever program, that makes an index of this store."""
    from filelock import FileLock

    from ras.store import INDEX_LOCK

    return FileLock(str(folder / INDEX_LOCK))


def _acquired(lock: BaseFileLock, folder: Path) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    except (OSError, NotImplementedError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise StoreError(
            f"The search index cannot be built in {folder}: files cannot be locked there ({why})."
        ) from exc
    return True
