"""Trials with hostile pictures, in a process of their own: what crashes, stalls or eats memory ends this one alone.

    python -m tests.reliability.picture_trials mutated SEED FIRST COUNT PIXELS BYTES
    python -m tests.reliability.picture_trials bombs
    python -m tests.reliability.picture_trials giants COUNT PIXELS

Prints one value as JSON at the end; ``mutated`` prints the number of each file before it is tried.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, Callable

from ras.errors import DecodeError

ROOT = Path(__file__).parents[2]


def run(*arguments: object, seconds: float = 600) -> tuple[int, list[str], dict[str, Any] | None]:
    """Such a process: its exit status, the lines that it printed, and its value, if it came that far."""
    command = [sys.executable, "-m", "tests.reliability.picture_trials", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", timeout=seconds, check=False)
    lines = done.stdout.splitlines()
    value = json.loads(lines[-1]) if done.returncode == 0 else None
    return done.returncode, lines, value


def through_all_of_indexing(max_pixels: int) -> Callable[[bytes], str]:
    """A function that does to a file what indexing does, and a query, a preview: without a process that could hide it.

    It says what became of the file, and lets through what is not to be raised.
    """
    import numpy as np

    from ras.encoders.fingerprint import FingerprintEncoder
    from ras.gui.shapes import open_preview
    from ras.images import decoding, memory, query, upright_size
    from ras.indexing import preparing
    from ras.matching.checking import _open
    from ras.matching.features import Features
    from ras.matching.local import LocalExtractor
    from ras.matching.query import QueryFeatures

    preparing.decode_shrunk, query.decode_image = decoding.decode_shrunk, decoding.decode_image
    encoder, extractor = FingerprintEncoder(), LocalExtractor()
    limits = preparing.Limits(max_pixels, extra_formats=True)

    def tried(data: bytes) -> str:
        memory.is_large(data, 512)
        upright_size(data)
        _open(data)
        assert open_preview(data).mode == "RGB"
        try:
            row, preview, image = preparing.prepared(data, encoder, limits, extractor, describe=True)
        except DecodeError as exc:
            outcome = exc.reason.value
            assert str(exc).isprintable()  # noqa: PT017  no test, but a process that tests start
        else:
            outcome = "decoded"
            assert np.isfinite(encoder.encode_batch(row[None])).all()
            assert image is not None
            Features.unpack(extractor.extract(image))
            assert _open(preview) is not None
        try:
            asked = query.load_query(data)
        except DecodeError:
            return outcome
        assert asked.image is not None
        QueryFeatures.of(asked.image)
        return outcome

    return tried


def mutated(seed: int, first: int, count: int, max_pixels: int, memory: int) -> dict[str, Any]:
    """Files of ``mutate_pictures``, with so many bytes of memory to spare."""
    from tests.reliability import mutate_pictures

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("error")  # of Pillow, of NumPy: somebody may have made them errors
    tried = through_all_of_indexing(max_pixels)
    for data in mutate_pictures.samples().values():
        tried(data)  # what is loaded once does not count
    before = _data()
    resource.setrlimit(resource.RLIMIT_DATA, (before + memory, resource.RLIM_INFINITY))
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    slowest = 0.0
    for number in range(first, first + count):
        os.write(1, b"%d\n" % number)
        how, data = mutate_pictures.mutated(seed, number)
        began = time.process_time()
        try:
            outcomes[tried(data)] += 1
        except Exception as exc:  # noqa: BLE001  that is what is looked for
            wrong.append(f"{number} ({how}): {exc!r}")
        slowest = max(slowest, time.process_time() - began)
    return {"outcomes": outcomes, "wrong": wrong, "slowest": slowest, "peak": _peak(resource.RUSAGE_SELF)}


def bombs() -> dict[str, Any]:
    """Each bomb, decoded as indexing does it."""
    from ras.images.decoders import Decoders
    from ras.images.messages import Request
    from tests.reliability.picture_bombs import FINE
    from tests.reliability.picture_bombs import bombs as made

    files = made()
    resource_before = _peak(resource.RUSAGE_SELF)
    decoders = Decoders()
    outcomes: dict[str, tuple[str, float, tuple[str, ...]]] = {}
    for name, (data, allowed) in files.items():
        began = time.monotonic()
        try:
            decoders.decode(Request(data, 1024, 120_000_000, True))
            outcome = FINE
        except DecodeError as exc:
            outcome = exc.reason.value
        outcomes[name] = (outcome, time.monotonic() - began, allowed)
    decoders.close()
    return {
        "outcomes": outcomes,
        "child": _peak(resource.RUSAGE_CHILDREN),
        "grown": _peak(resource.RUSAGE_SELF) - resource_before,
    }


def giants(count: int, pixels: int) -> dict[str, Any]:
    """An archive of the largest pictures that are decoded at all, indexed."""
    from benchmarks.decoding_process import Memory
    from ras.encoders.fingerprint import FingerprintEncoder
    from ras.images import decoders
    from ras.indexing import fill_store
    from ras.matching.local import LocalExtractor
    from ras.records import finish
    from ras.store import EmbeddingStore
    from tests.pictures import archive, local_record
    from tests.reliability.picture_bombs import giants as made

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        records = [local_record(folder, number, data) for number, data in enumerate(made(count, pixels))]
        memory = Memory()
        with EmbeddingStore(folder / "store") as store:
            job = fill_store(
                archive(records),
                store,
                lambda record: Path(record.local_path or "").read_bytes(),
                FingerprintEncoder(),
                connections=6,
                max_pixels=120_000_000,
                extractor=LocalExtractor(),
            )
            report = finish(job)
        seen = memory.stop()
        decoders.shared.close()
    peaks = {"program": _peak(resource.RUSAGE_SELF), "child": _peak(resource.RUSAGE_CHILDREN), "together": seen}
    return {"indexed": report.indexed, "skipped": report.skipped, **peaks}


def _peak(who: int) -> int:
    """Bytes of resident memory, the most there were."""
    return resource.getrusage(who).ru_maxrss * 1024


def _data() -> int:
    """What counts for the limit by now (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    WHAT = {"mutated": mutated, "bombs": bombs, "giants": giants}[sys.argv[1]]
    sys.stdout.write(json.dumps(WHAT(*map(int, sys.argv[2:]))) + "\n")
