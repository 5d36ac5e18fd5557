"""The files of an index over features: which there are, and getting rid of those that are damaged, dead or left over.

What is in them is made of features that the store has, so that any of them can be made anew.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sqlite3
import time

import numpy as np

from ras.errors import StoreError
from ras.store.connection import Facts
from ras.store.damage import set_aside
from ras.store.features import contents_of_maker
from ras.store.packing import pack_ids, unpack_ids
from ras.store.shards import hash_of
from ras.store.values import FeatureSegment

log = logging.getLogger(__name__)

SEGMENT_NAME = re.compile(r"[0-9a-f]{32}\.words(\.partial)?", re.ASCII)
"""What the files are called, finished or not; no other is deleted or moved."""

FOLDER = "features"

_COLUMNS = "id, file, rows, size, sha256, contents"


def of(
    connection: sqlite3.Connection, features_id: str, known: dict[str, dict[int, FeatureSegment]]
) -> tuple[FeatureSegment, ...]:
    """The maker's segments, oldest first. ``known`` remembers them, since reading their content ids takes a while.

    One whose name RAS gives to no segment might lead anywhere, and is left out.
    """
    rows = connection.execute(
        "SELECT segments.id, file FROM segments JOIN feature_makers ON feature_makers.id = maker WHERE name = ?"
        " ORDER BY segments.id",
        (features_id,),
    ).fetchall()
    before = known.get(features_id, {})
    found = [
        before[id] if id in before and before[id].file == file else _read(connection, id)
        for id, file in rows
        if _is_segment(file)
    ]
    known[features_id] = {segment.id: segment for segment in found}
    return tuple(found)


def _read(connection: sqlite3.Connection, id: int) -> FeatureSegment:
    return _segment(connection.execute(f"SELECT {_COLUMNS} FROM segments WHERE id = ?", (id,)).fetchone())


def _is_segment(file: str) -> bool:
    return SEGMENT_NAME.fullmatch(file) is not None and not file.endswith(".partial")


def _segment(row: tuple[int, str, int, int, bytes, bytes]) -> FeatureSegment:
    contents = unpack_ids(row[-1])
    contents.flags.writeable = False
    return FeatureSegment(*row[:-1], contents=contents)


def add(facts: Facts, features_id: str, segment: FeatureSegment, known: dict[str, dict[int, FeatureSegment]]) -> bool:
    """See ``EmbeddingStore.add_segment``."""
    if not _is_segment(segment.file):
        raise ValueError(f"“{segment.file}” is no name for a segment.")
    with facts.transaction() as connection:
        maker = connection.execute("SELECT id FROM feature_makers WHERE name = ?", (features_id,)).fetchone()
        if maker is None:
            raise StoreError(f"The embedding store in {facts.folder} has no features by “{features_id}”.")
        for other in of(connection, features_id, known):
            if np.isin(segment.contents, other.contents).any():
                return False
        # SQLite does not take the integers of numpy.
        values = (maker[0], segment.file, int(segment.rows), int(segment.size), segment.sha256)
        connection.execute(
            "INSERT INTO segments (maker, file, rows, size, sha256, contents) VALUES (?, ?, ?, ?, ?, ?)",
            (*values, pack_ids(segment.contents)),
        )
    return True


def drop(facts: Facts, segment: FeatureSegment, why: str) -> str | None:
    """Set a segment's file aside and forget it. → a sentence; None where another program had dropped it already."""
    if facts.read_only:
        return f"{sentence(segment, why)[:-1]}, when the folder is writable."
    kept = ""
    with facts.transaction(durable=True) as connection:
        which = (segment.id, segment.file)
        if connection.execute("DELETE FROM segments WHERE id = ? AND file = ?", which).rowcount == 0:
            return None
        with contextlib.suppress(OSError):  # it is gone, or open elsewhere on Windows: ``compact`` deletes it later
            if SEGMENT_NAME.fullmatch(segment.file):
                aside = set_aside(facts.folder / FOLDER / segment.file, facts.folder / "damaged")
                kept = f" It was set aside in {aside}."
    told = f"{sentence(segment, why)}{kept}"
    log.warning("%s", told)
    return told


def sentence(segment: FeatureSegment, why: str) -> str:
    return f"A part of the index over local features, {segment.file}, {why}; the next search makes it anew."


def everywhere(facts: Facts) -> list[FeatureSegment]:
    """The segments of all makers."""
    with facts.reading() as connection:
        return [_segment(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM segments ORDER BY id")]


def trouble_with(facts: Facts, segment: FeatureSegment) -> str:
    """What is wrong with a segment's file, to stand behind its name; empty where nothing is. Reads it through."""
    path = facts.folder / FOLDER / segment.file
    try:
        if not _is_segment(segment.file):
            return "has a name that RAS gives to no segment"
        if path.stat().st_size != segment.size or hash_of(path) != segment.sha256:
            return "is damaged"
    except FileNotFoundError:
        return "is missing"
    except OSError as exc:
        return f"cannot be read ({exc.strerror or exc})"
    return ""


def drop_dead(facts: Facts) -> None:
    """Forget the segments of which a quarter or more are contents without features by their maker; delete their files.

    A search would leave those contents out one by one, and the files are large.
    """
    with facts.transaction(durable=True) as connection:
        featured: dict[int, np.ndarray] = {}
        dead = []
        for id, maker, file, packed in connection.execute("SELECT id, maker, file, contents FROM segments").fetchall():
            if maker not in featured:
                featured[maker] = contents_of_maker(connection, maker)
            contents = unpack_ids(packed)
            alive = int(np.isin(contents, featured[maker]).sum())
            if 4 * (len(contents) - alive) >= len(contents):
                dead.append((id, file))
        connection.executemany("DELETE FROM segments WHERE id = ?", [(id,) for id, _ in dead])
    for _, file in dead:
        if SEGMENT_NAME.fullmatch(file):
            # On Windows a file that is mapped cannot be deleted; ``compact`` does it later.
            with contextlib.suppress(OSError):
                (facts.folder / FOLDER / file).unlink()


def delete_left_over(facts: Facts, connection: sqlite3.Connection, age: float) -> None:
    """Delete files without a row that are older than ``age`` seconds: a younger one may just have been made."""
    known = {file for (file,) in connection.execute("SELECT file FROM segments")}
    for path in sorted((facts.folder / FOLDER).glob("*")):
        if SEGMENT_NAME.fullmatch(path.name) and path.name not in known:
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > age:
                    path.unlink()
