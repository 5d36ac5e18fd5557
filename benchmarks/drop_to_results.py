"""From a drop to results on the screen: ``python benchmarks/drop_to_results.py [PICTURES [DROPS]]``.

Opens the real window with the fingerprint encoder on an archive of PICTURES (100,000) that the store knows: made up,
with random embeddings and real previews; no file and no network. Drops a picture DROPS (15) times, by calling what a
drop calls, and prints for each mode the median, the longest, and where the time goes: until the kind of the file is
known, until the picture is decoded, until the search has its results, until every tile that can be seen has its picture
and is drawn. Uses a data folder of its own; without a screen it starts Xvfb.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Sequence

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

if TYPE_CHECKING:
    from ras.gui.app import App
    from ras.records import Archive

PICTURES, DROPS = 100_000, 15
GOAL_MS = 150
STAGES = ("sorted", "decoded", "searched", "drawn")


def main(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["--window"]:
        return window(int(arguments[1]), int(arguments[2]))
    numbers = [*arguments, *(str(default) for default in (PICTURES, DROPS)[len(arguments) :])]

    def work(environment: dict[str, str]) -> None:
        with tempfile.TemporaryDirectory() as home:
            command = [sys.executable, __file__, "--window", *numbers]
            subprocess.run(command, env={**environment, "RAS_HOME": home}, check=True)

    if os.environ.get("DISPLAY") or sys.platform in ("win32", "darwin"):
        work(dict(os.environ))
    else:
        from benchmarks.screenshots import with_screen

        with_screen(96, work)
    return 0


def window(pictures: int, drops: int) -> int:
    from ras.gui import window
    from ras.gui.app import App
    from ras.gui.theme import Theme
    from ras.records import finish
    from ras.settings import Settings

    archive = fill(pictures)
    root = window.make_root()
    settings = Settings(
        encoder="fingerprint",
        download_clip=False,
        theme="dark",
        window_geometry="1240x800+0+0",
        last_archive=archive.paths,
    )
    app = App(root, Theme(root), settings)
    root.deiconify()
    app.start()
    live(app, lambda: app.encoder.facts is not None and app.inputs.archive is not None)
    assert app.inputs.archive is not None
    finish(app.bench.index(app.inputs.archive.archive, False))  # nothing is missing: it builds the FAISS index
    shown: list[object] = []
    app.pump.start(app.searches, app.bench.readiness, done=shown.append)
    live(app, lambda: shown)
    queries = make_queries(drops + 2)
    print(f"{pictures:,} pictures, {os.cpu_count()} cores, median of {drops} drops, milliseconds")
    for mode in ("faiss", "cached"):
        app.choose_mode(mode)
        runs = [drop(app, path) for path in queries][2:]  # not counted: what is loaded at the first search
        assert app.run.report is not None
        assert app.run.report.mode == mode, app.run.report.mode
        totals = [run["drawn"] for run in runs]
        median = statistics.median(totals)
        print(f"{mode:>7}: {median:.0f}, longest {max(totals):.0f} (goal {GOAL_MS}): ", end="")
        before = dict.fromkeys(range(drops), 0.0)
        parts = []
        for stage in STAGES:
            spent = [run[stage] - before[number] for number, run in enumerate(runs)]
            before = {number: run[stage] for number, run in enumerate(runs)}
            parts.append(f"{stage} {statistics.median(spent):.0f}")
        print(", ".join(parts), flush=True)
    os._exit(0)


def drop(app: App, path: str) -> dict[str, float]:
    """Drop the picture; the milliseconds until each stage was reached."""
    reached: dict[str, float] = {}
    started = 0.0

    def note(stage: str) -> None:
        reached.setdefault(stage, (time.perf_counter() - started) * 1000)

    load, search = app.inputs.load_query, app.search

    def loading(*arguments: object) -> None:
        note("sorted")
        load(*arguments)  # type: ignore[arg-type]

    def searching() -> None:
        note("decoded")
        search()

    app.inputs.load_query, app.search = loading, searching  # type: ignore[method-assign]
    started = time.perf_counter()
    app.inputs.take_files([path])
    live(app, lambda: "decoded" in reached)
    live(app, lambda: app.run.report is not None)
    note("searched")
    live(app, lambda: app.results.complete)
    app.root.update()
    app.root.winfo_pointerxy()  # a round trip to the screen: all is drawn
    note("drawn")
    del app.inputs.load_query, app.search
    live(app, lambda: False, 0.3)
    return reached


def make_queries(amount: int) -> list[str]:
    """Files of pictures as a phone sends them, 1600 × 1200, all different: each has results of its own to decode."""
    import numpy as np
    from PIL import Image

    generator, folder = np.random.default_rng(2), Path(os.environ["RAS_HOME"])
    paths = [folder / f"query-{number}.jpg" for number in range(amount)]
    for path in paths:
        pixels = generator.integers(0, 256, (9, 12, 3), np.uint8)
        Image.fromarray(pixels).resize((1600, 1200), Image.Resampling.BICUBIC).save(path, quality=90)
    return [str(path) for path in paths]


def fill(pictures: int) -> Archive:
    """The archive, in the store with random embeddings; its export file never was."""
    import numpy as np
    from PIL import Image

    from ras.encoders.fingerprint import FingerprintEncoder
    from ras.images import make_preview
    from ras.paths import store_folder
    from ras.records import Archive, Channel, ImageRecord
    from ras.store import EmbeddingStore, Entry

    encoder, generator = FingerprintEncoder(), np.random.default_rng(1)
    noise = [generator.integers(0, 256, (12, 16, 3), np.uint8) for _ in range(64)]
    previews = [make_preview(Image.fromarray(pixels).resize((256, 192))) for pixels in noise]
    channel, start = Channel("7", "landscapes", "5", "Wanderers"), datetime(2021, 3, 4, tzinfo=timezone.utc)
    records = tuple(
        ImageRecord(
            key=f"a:{number}",
            message_id=str(10**17 + number),
            attachment_id=str(number),
            file_name=f"view-{number}.png",
            url=f"https://cdn.discordapp.com/attachments/7/{number}/view-{number}.png?ex=65000000&is=64000000&hm=0",
            local_path=None,
            file_size=250_000,
            author_id=str(number % 50),
            author=f"author {number % 50}",
            channel=channel,
            timestamp=start + timedelta(minutes=number),
            content="What a view!",
        )
        for number in range(pictures)
    )
    path = str(Path(tempfile.gettempdir()) / "there is no such export.json")
    archive = Archive((path,), "Wanderers › landscapes", (channel,), pictures, records)
    with EmbeddingStore(store_folder()) as store:
        store.register(archive)
        for first in range(0, pictures, 4096):
            part = records[first : first + 4096]
            rows = generator.standard_normal((len(part), encoder.dimension), np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            entries = [
                Entry(record.key, hashlib.sha256(record.key.encode()).hexdigest(), row, previews[place % 64])
                for place, (record, row) in enumerate(zip(part, rows))
            ]
            store.add(encoder.id, encoder.dimension, entries)
    return archive


def live(app: App, done: Callable[[], object], seconds: float = 120) -> None:
    """Let the window live as its own loop does: woken by whatever comes, not by us."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        timer = app.root.after(2, lambda: None)
        app.root.tk.dooneevent(0)
        app.root.after_cancel(timer)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
