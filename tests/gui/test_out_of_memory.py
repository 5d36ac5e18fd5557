"""Memory that ends while the window works: a sentence in it, and no fault of the program."""

from __future__ import annotations

from typing import Sequence

from ras.errors import OUT_OF_MEMORY
from ras.gui.bench import ArchiveFacts
from ras.records import DEFAULT_KINDS, Job, PictureKinds
from tests.gui.conftest import Driver
from tests.gui.streams import StreamBench


class GreedyBench(StreamBench):
    def open(self, paths: Sequence[str], kinds: PictureKinds = DEFAULT_KINDS) -> Job[ArchiveFacts]:
        if "greedy" in paths[0]:
            bytearray(1 << 62)
        return (yield from super().open(paths, kinds))


def test_it_is_said_and_the_next_archive_opens(driver: Driver) -> None:
    app = driver.open(GreedyBench(rounds=2, shown=5))
    app.inputs.open_archive(["greedy.json"])
    driver.until(lambda: app.notices.sentences)
    assert app.notices.sentences == [("Error", OUT_OF_MEMORY)]
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
