"""What is done while the disk fails or the program is killed, in ``forks``; ``kept`` has what must be true after.

Two exports are indexed by the real engine, the first is removed and the store compacted. All limits are so small that
a few pictures make several commits, shards and index files.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from PIL import Image

from ras.archive import read_archive
from ras.engine import SearchEngine, build_engine
from ras.indexing import commits
from ras.matching import inverted
from ras.matching.local import LocalExtractor
from ras.records import Archive, Notice, finish
from ras.settings import Settings
from ras.store import EmbeddingStore, Entry, Failure, FeatureEntry, care, filling, rewriting
from tests.drawn_archives import drawn, file_of
from tests.exports import attachment, make_export, message
from tests.reliability.forks import say

SETTINGS = Settings(encoder="fingerprint", connections=2)
SIDES = (128, 96)

OLD, NEW = range(8), range(4, 20)
"""The pictures of the first export and of the second: some are in both, with the same bytes and other keys."""


def picture_file(number: int) -> bytes:
    return file_of(drawn(number).resize(SIDES), "JPEG", quality=85)


def make_exports(folder: Path) -> None:
    """The exports, with their files; of the second, one is no picture and one was cut."""
    files = {number: picture_file(number) for number in {*OLD, *NEW}}
    files.update({900: b"<html>gone</html>", 901: files[5][: len(files[5]) // 3]})
    for name, channel, numbers in (("old", 100, [*OLD]), ("new", 200, [*NEW, 900, 901])):
        messages = [
            message(f"number {number}", [attachment(f"{number}.jpg", data=files[number], id=str(channel + number))])
            for number in numbers
        ]
        make_export(folder / name, messages=messages, media=True, name=f"{name}.json", channel_id=str(channel))


class Work:
    """The job, on the exports of ``folder``, in a data folder of its own."""

    def __init__(self, folder: Path, home: Path, tell: Callable[[Any], object] = say) -> None:
        """``tell`` is told of Notices and, after ``tell_commits``, of what is kept."""
        os.environ["RAS_HOME"] = str(home)
        filling.SHARD_ROWS = rewriting.SHARD_ROWS = inverted.SEGMENT_PICTURES = 6
        rewriting._SMALL = 4
        commits.COMMIT_PICTURES = 5
        care._INDEX_AGE = -1.0  # no other program is at work: what has no row now is left over
        self.folder, self.home, self.store_folder = folder, home, home / "store"
        self._tell = tell
        self._features = _Remembered(folder / "features.pickle")

    def tell_commits(self) -> None:
        """From now on, of every ``EmbeddingStore.add`` that returned, what it has kept."""
        real, tell = EmbeddingStore.add, self._tell

        def add(
            self: EmbeddingStore,
            encoder_id: str,
            dimension: int,
            entries: Sequence[Entry],
            failures: Sequence[Failure] = (),
            features: Sequence[FeatureEntry] = (),
        ) -> None:
            real(self, encoder_id, dimension, entries, failures, features)
            kept: dict[str, Any] = {"pictures": {entry.key: entry.content_hash for entry in entries}}
            kept["failures"] = [failure.key for failure in failures]
            kept["features"] = [entry.content_hash for entry in features]
            tell(kept)

        EmbeddingStore.add = add  # type: ignore[method-assign]

    def export(self, name: str) -> Path:
        return self.folder / name / f"{name}.json"

    def archive(self, name: str) -> Archive:
        return finish(read_archive([str(self.export(name))], SETTINGS.kinds))

    def steps(self, begun: Sequence[str] = (), engine: SearchEngine | None = None) -> Iterator[str]:
        """Each name is said when the step begins; of those that had ``begun`` before, the last is taken up again.

        Without an engine, one is made for it.
        """
        made = finish(build_engine(SETTINGS)) if engine is None else engine
        try:
            for name in ("old", "new"):
                if name == "old" and "removing" in begun:
                    continue
                yield name
                for event in made.index(self.archive(name)):
                    if isinstance(event, Notice):
                        self._tell({"notice": event.text})
            with EmbeddingStore(self.store_folder) as store:
                yield "removing"
                old = store.find(self.archive("old").paths)
                if old is not None:
                    finish(store.remove(old.id))
                yield "compacting"
                finish(store.compact())
        finally:
            if engine is None:
                made.close()
        yield "done"
        self._features.keep()


class _Remembered:
    """Features by the picture they are of: finding keypoints takes longer than all the rest, and is not on trial."""

    def __init__(self, path: Path) -> None:
        self._path = path
        known = self._known = pickle.loads(path.read_bytes()) if path.exists() else {}
        real = LocalExtractor.extract

        def extract(self: LocalExtractor, image: Image.Image) -> bytes:
            key = hashlib.sha256(repr(image.size).encode() + image.tobytes()).digest()
            if key not in known:
                known[key] = real(self, image)
            return bytes(known[key])

        if not getattr(LocalExtractor.extract, "remembers", False):
            extract.remembers = True  # type: ignore[attr-defined]
            LocalExtractor.extract = extract  # type: ignore[method-assign]

    def keep(self) -> None:
        if not self._path.exists():
            self._path.write_bytes(pickle.dumps(self._known))
