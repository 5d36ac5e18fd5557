"""Searching a FAISS index for candidates: all rows that may be among the best, with approximate scores."""

from __future__ import annotations

import logging
import math
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ras.scoring import slack
from ras.strategies.index_build import RECALL_TOP
from ras.strategies.index_file import damage, failure, load_faiss, read_index, set_threads

if TYPE_CHECKING:
    import numpy as np

    from ras.store import IndexFacts

log = logging.getLogger(__name__)

# So many candidates more than results, to see beyond the rounding errors of the last one.
MARGIN = 16

# Where a filter leaves no more rows than this, all lists are looked through, and what is best is found for certain.
FEW_ROWS = 20_000

# FAISS's threads pay from about this many rows compared on: below, waiting for each other costs more (8 ms a call were
# seen on two busy cores, for 2 ms of work).
ROWS_WORTH_THREADS = 100_000

# A GPU sorts out no more than this many results, and looks through no more lists.
GPU_MOST = 1024


def placed(index: Any, faiss: Any) -> Any | None:
    """The index on the first GPU; None where FAISS has no GPU, or none that can hold it."""
    if not hasattr(faiss, "StandardGpuResources") or faiss.get_num_gpus() == 0:
        return None
    try:
        resources = faiss.StandardGpuResources()
        on_gpu = faiss.index_cpu_to_gpu(resources, 0, index)
    except Exception as exc:  # noqa: BLE001  # whatever a driver comes up with: the CPU can always do it
        log.warning("FAISS searches on the CPU, since the index cannot be brought to the GPU: %s", exc)
        return None
    on_gpu.ras_resources = resources  # must live as long as the index
    log.info("FAISS searches on the GPU")
    return on_gpu


class OpenIndex:
    """An index file, open for searches by one thread.

    Once open, all of the file is compared with what was written, on a thread of its own: ``trouble`` tells.
    Raises UnusableIndex, and ModeError where there is no FAISS.
    """

    def __init__(self, folder: Path, facts: IndexFacts, dimension: int, faiss: Any | None = None) -> None:
        self._faiss = load_faiss() if faiss is None else faiss
        self.facts = facts
        self._index = read_index(folder, facts, dimension, mapped=True)
        self._on_gpu = placed(self._index, self._faiss)
        self._lists = self._index.nlist if facts.kind.startswith("IVF") else 0
        self._slack = slack(dimension)
        self.trouble: str | None = None
        """In what the file turned out not to be what was written."""
        self._closed = threading.Event()
        self._check = threading.Thread(
            target=self._check_all, args=(folder / facts.file,), name="index-check", daemon=True
        )
        self._check.start()

    def close(self) -> None:
        """End the check and let go of the file."""
        self._closed.set()
        self._check.join()
        self._index = self._on_gpu = None

    def _check_all(self, path: Path) -> None:
        self.trouble = damage(path, self.facts, self._closed.is_set)

    def candidates(
        self, views: np.ndarray, top_k: int, allowed: np.ndarray | None = None, everywhere: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Views, float32 (v, d) → scores, float32 (v, k), and rows of the index, int64 (v, k); -1 where there is none.

        Of every view all rows are there that can be among its ``top_k`` best, whatever rounding did to their scores (of
        those in the lists that are looked through, which are all with ``everywhere``). ``allowed``, bool (rows,): only
        these; None: all. At least ``top_k`` rows of each view, where so many are allowed. Raises StoreError where
        FAISS fails.
        """
        try:
            return self._candidates(views, top_k, allowed, everywhere)
        except (RuntimeError, MemoryError) as exc:
            log.warning("the index cannot be searched", exc_info=True)
            raise failure(exc) from exc

    def _candidates(
        self, views: np.ndarray, top_k: int, allowed: np.ndarray | None, everywhere: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        available = self.facts.rows if allowed is None else int(np.count_nonzero(allowed))
        if not available or not len(views):
            return np.zeros((len(views), 0), np.float32), np.zeros((len(views), 0), np.int64)
        selector = None
        if allowed is not None and available < self.facts.rows:
            selector = self._faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        wanted = min(top_k, available)
        k = min(top_k + MARGIN, available)
        nprobe = self._lists if everywhere else self._nprobe(top_k, available)
        while True:
            scores, rows = self._search(np.ascontiguousarray(views, np.float32), k, nprobe, selector)
            # Rows that the index does not have are none that it was given: a damaged file.
            rows = np.where((rows >= 0) & (rows < self.facts.rows), rows, -1)
            found = (rows >= 0).sum(axis=1)
            if nprobe < self._lists and (found < wanted).any():
                nprobe = min(self._lists, 4 * nprobe)
            elif (
                k < available and ((found == k) & (scores[:, -1] >= scores[:, wanted - 1] - 2 * self._slack)).any()
            ):  # the last one may tie with the one that still counts, so there may be more behind it
                k = min(available, 4 * k)
            else:
                return scores, rows

    def _nprobe(self, top_k: int, available: int) -> int:
        """How many lists to look through, so that as much of the best is found as was measured without a filter."""
        if available <= FEW_ROWS:
            return self._lists
        # As many allowed rows are looked at for each result as for the 50 of the measurement.
        nprobe = math.ceil(self.facts.nprobe * max(1.0, top_k / RECALL_TOP) * self.facts.rows / available)
        return max(1, min(self._lists, nprobe))

    def _search(self, views: np.ndarray, k: int, nprobe: int, selector: Any | None) -> tuple[np.ndarray, np.ndarray]:
        looked_at = self.facts.rows * (nprobe / self._lists if self._lists else 1)
        several = len(views) > 1 and len(views) * looked_at >= ROWS_WORTH_THREADS
        set_threads(self._faiss, (os.cpu_count() or 1) if several else 1)
        if self._on_gpu is not None and selector is None and max(k, nprobe) <= GPU_MOST:
            try:
                if self._lists:
                    self._on_gpu.nprobe = nprobe
                found: tuple[np.ndarray, np.ndarray] = self._on_gpu.search(views, k)
                return found
            except Exception as exc:  # noqa: BLE001  # as in ``placed``: memory of the GPU that is used up, say
                log.warning("FAISS goes on on the CPU: %s", exc)
                self._on_gpu = None
        if self._lists:
            parameters = self._faiss.SearchParametersIVF(nprobe=nprobe, sel=selector)
        else:
            parameters = None if selector is None else self._faiss.SearchParameters(sel=selector)
        found = self._index.search(views, k, params=parameters)
        return found
