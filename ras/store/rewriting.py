"""Rewriting shards: without the rows that no picture has any more, and small ones as one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Iterator, Sequence

import numpy as np

from ras.records import Job, Progress
from ras.store import counters
from ras.store.connection import Facts
from ras.store.damage import drop_shard
from ras.store.filling import insert_shard, writing_shard
from ras.store.packing import unpack_ids
from ras.store.shards import SHARD_NAME, SHARD_ROWS, Shard, ShardTrouble, map_shard, write_shard

_SMALL = SHARD_ROWS // 2


@dataclass(frozen=True)
class _Group:
    """Shards of one encoder that become one."""

    encoder: int
    encoder_id: str
    shards: tuple[Shard, ...]


def shards_of(facts: Facts) -> list[tuple[int, str, Shard]]:
    """All shards, with their encoder's row and id."""
    with facts.reading() as connection:
        found = connection.execute(
            """SELECT encoder, name, shards.id, file, rows, dimension, size, sha256, contents
               FROM shards JOIN encoders ON encoders.id = encoder ORDER BY encoder, shards.id"""
        ).fetchall()
    return [
        (encoder, encoder_id, Shard(id, file, rows, dimension, size, sha256, unpack_ids(contents)))
        for encoder, encoder_id, id, file, rows, dimension, size, sha256, contents in found
    ]


def live_contents(facts: Facts) -> np.ndarray:
    """bool, by content id: which contents there are. What is not there will never be again: ids are not reused."""
    with facts.reading() as connection:
        end = counters.value(connection, "next_content")
        ids = np.fromiter((id for (id,) in connection.execute("SELECT id FROM contents")), np.int64)
    live = np.zeros(end, bool)
    live[ids] = True
    return live


def rewrite(facts: Facts, stage: str, join: bool) -> Job[None]:
    """Rewrite every shard with rows of contents that are gone; with ``join``, the small ones too, as fewer."""
    found = shards_of(facts)
    live = live_contents(facts)  # after them: another program may just be adding a shard with contents that are new
    groups = list(_groups(found, live, join))
    total = sum(len(group.shards) for group in groups)
    done = 0
    for group in groups:
        yield Progress(stage, done, total, "files")
        _rewrite(facts, group, live)
        done += len(group.shards)


def _groups(found: Sequence[tuple[int, str, Shard]], live: np.ndarray, join: bool) -> Iterator[_Group]:
    # First those that need no new file, which a full disk may have no room for.
    for encoder, encoder_id, shard in found:
        if not live[shard.contents].any():
            yield _Group(encoder, encoder_id, (shard,))
    waiting: list[Shard] = []
    rows = 0
    for place, (encoder, encoder_id, shard) in enumerate(found):
        alive = int(live[shard.contents].sum())
        if 0 < alive < shard.rows or (join and 0 < alive < _SMALL):
            waiting.append(shard)
            rows += alive
        last = place + 1 == len(found) or found[place + 1][0] != encoder
        if waiting and (last or rows >= SHARD_ROWS):
            if len(waiting) > 1 or rows < waiting[0].rows:
                yield _Group(encoder, encoder_id, tuple(waiting))
            waiting, rows = [], 0


def _rewrite(facts: Facts, group: _Group, live: np.ndarray) -> None:
    folder = facts.folder / "shards"
    shards = list(group.shards)
    while True:
        current = shards[0]
        try:
            # Durable: a power cut must not bring back rows whose files are deleted below.
            with writing_shard(facts, durable=True) as (connection, written):
                shards = [shard for shard in shards if connection.execute(_IS_THERE, (shard.id, shard.file)).fetchone()]
                contents, rows = [np.zeros(0, np.int64)], []
                for current in shards:
                    keep = live[current.contents]
                    if not keep.any():
                        continue
                    mapped = map_shard(folder, current)
                    contents.append(current.contents[keep])
                    rows.append(mapped.rows[keep])
                    del mapped  # Windows deletes no file that is mapped
                ids = np.concatenate(contents)
                if len(ids):
                    file, size, sha256 = write_shard(folder, group.encoder_id, np.concatenate(rows))
                    written.append(file)
                    insert_shard(connection, group.encoder, file, size, sha256, ids)
                connection.executemany("DELETE FROM shards WHERE id = ?", [(shard.id,) for shard in shards])
                connection.execute("UPDATE encoders SET generation = generation + 1 WHERE id = ?", (group.encoder,))
            break
        except ShardTrouble as exc:
            drop_shard(facts, current, exc)
            shards.remove(current)
            if not shards:
                return
    for shard in shards:
        # Where another program has it open on Windows it stays, and a later ``compact`` deletes it.
        with contextlib.suppress(OSError):
            if SHARD_NAME.fullmatch(shard.file):
                (folder / shard.file).unlink()


_IS_THERE = "SELECT 1 FROM shards WHERE id = ? AND file = ?"
