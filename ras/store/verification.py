"""Reading a store through: facts.sqlite, shards, index files, segments."""

from __future__ import annotations

import contextlib
import re
import sqlite3

from ras.records import Job, Progress
from ras.store import previews, segments
from ras.store.connection import Facts
from ras.store.damage import drop_shard, set_aside
from ras.store.index_files import INDEX_NAME
from ras.store.mending import mend
from ras.store.rewriting import live_contents, shards_of
from ras.store.schema import TABLES
from ras.store.sentences import is_damage
from ras.store.shards import ShardTrouble, check_shard, hash_of
from ras.store.values import VerifyReport
from ras.text import count

_STAGE = "Verifying the store"


def verify(facts: Facts) -> Job[VerifyReport]:
    """See ``EmbeddingStore.verify``."""
    yield Progress(_STAGE, 0, None, "bytes")
    trouble = yield from _facts_trouble(facts)
    damaged: list[str] = []
    lost = 0
    if trouble and _ONLY_AN_INDEX.match(trouble) and not facts.read_only:
        trouble = yield from _reindexed(facts, trouble, damaged)
    if trouble:
        facts.mark_damaged()
        sentence = (
            f"The facts of the embedding store in {facts.folder} are damaged ({trouble}). When RAS starts again it "
            "saves what can still be read, and sets the rest aside: index your archives again then."
        )
        return VerifyReport(0, (sentence,), 0)
    mended = yield from mend(facts)
    damaged += mended.told
    lost += mended.lost
    with facts.reading() as connection:
        without = previews.missing(connection, again=False)
    if facts.read_only:  # then those that are damaged are still there
        without += mended.previews
    if without > mended.previews:  # others were taken out when they were to be shown
        gone = count(without - mended.previews, "picture")
        damaged.append(
            f"Previews in the embedding store in {facts.folder} were damaged and are missing, those of {gone}: index "
            "the archive once more, which makes them anew of pictures that can still be had."
        )
    found = shards_of(facts)
    live = live_contents(facts)
    parts = segments.everywhere(facts)
    total, done = sum(shard.size for _, _, shard in found) + sum(part.size for part in parts), 0
    for _, _, shard in found:
        yield Progress(_STAGE, done, total, "bytes")
        done += shard.size
        try:
            check_shard(facts.folder / "shards", shard, again=True)
            continue
        except ShardTrouble as exc:
            trouble_with_it = exc
        except OSError as exc:  # where the disk cannot read it, waiting does not help: the user asked for the truth
            trouble_with_it = ShardTrouble(f"cannot be read ({exc.strerror or exc})")
        told = drop_shard(facts, shard, trouble_with_it)
        if told is not None:
            damaged.append(told)
            lost += int(live[shard.contents].sum())
    for part in parts:
        yield Progress(_STAGE, done, total, "bytes")
        done += part.size
        why = segments.trouble_with(facts, part)
        told = segments.drop(facts, part, why) if why else None
        damaged += [told] if told is not None else []
    damaged += _index_trouble(facts)
    yield Progress(_STAGE, total, total, "bytes")
    return VerifyReport(len(found), tuple(damaged), lost, without)


def _facts_trouble(facts: Facts) -> Job[str]:
    """What SQLite finds wrong with facts.sqlite; empty where nothing is."""
    # One table at a time, where SQLite can: so it may be stopped in between.
    by_table = sqlite3.sqlite_version_info >= (3, 33)
    troubles = []
    for table in TABLES if by_table else ("",):
        yield Progress(_STAGE, 0, None, "bytes")
        with facts.translated():
            try:
                pragma = f"PRAGMA integrity_check({table})" if table else "PRAGMA integrity_check"
                troubles += [text for (text,) in facts.connection.execute(pragma) if text != "ok"]
            except sqlite3.DatabaseError as exc:
                if not is_damage(exc):
                    raise
                troubles.append(str(exc))
    return troubles[0].replace("\n", " ") if troubles else ""


_ONLY_AN_INDEX = re.compile(r"row \d+ missing from index|wrong # of entries in index|non-unique entry in index")


def _reindexed(facts: Facts, trouble: str, damaged: list[str]) -> Job[str]:
    """Have SQLite make its own indexes anew, of the tables that they are of; → what is wrong after that."""
    mended = yield from mend(facts)  # a row that was damaged may stand in the way
    damaged += mended.told
    try:
        with facts.translated():
            facts.connection.execute("REINDEX")
    except sqlite3.IntegrityError as exc:
        return f"{trouble}; {exc}"
    damaged.append(f"Lists in the facts of {facts.folder} were damaged ({trouble}); they were made anew.")
    return (yield from _facts_trouble(facts))


def _index_trouble(facts: Facts) -> list[str]:
    """A sentence on each index whose file is not the one that was made; it is set aside and will be made anew."""
    folder = facts.folder / "indexes"
    with facts.reading() as connection:
        found = connection.execute("SELECT id, file, size, sha256 FROM indexes").fetchall()
    sentences = []
    for id, file, size, sha256 in found:
        path = folder / file
        try:
            if not INDEX_NAME.fullmatch(file):
                what = "has a name that RAS gives to no index"
            elif path.stat().st_size != size or hash_of(path).hex() != sha256:
                what = "is damaged"
            else:
                continue
        except FileNotFoundError:
            what = "is missing"
        except OSError as exc:
            what = f"cannot be read ({exc.strerror or exc})"
        if not facts.read_only:
            with facts.transaction() as connection:
                if connection.execute("DELETE FROM indexes WHERE id = ?", (id,)).rowcount == 0:
                    continue  # replaced meanwhile
                # It is gone, or open elsewhere on Windows, by the window itself: ``compact`` deletes it later.
                with contextlib.suppress(OSError):
                    if INDEX_NAME.fullmatch(file):
                        set_aside(path, facts.folder / "damaged")
        sentences.append(f"The FAISS index {file} {what}; the next indexing makes it anew.")
    return sentences
