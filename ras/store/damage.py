"""What to do with damage: set aside what cannot be trusted, never delete it, and keep the rest working."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from pathlib import Path
from typing import NoReturn

from ras import store_files
from ras.errors import StaleView, StoreError
from ras.store.connection import BUSY_SECONDS, FILE, DamagedFacts, Facts, MovedFacts
from ras.store.sentences import gone
from ras.store.shards import SHARD_NAME, Shard, ShardTrouble
from ras.text import count

log = logging.getLogger(__name__)

SALVAGED = store_files.SALVAGED
"""The folder that a whole new facts.sqlite waits in: see ``salvage``."""


def set_aside(path: Path, damaged: Path) -> Path:
    """Move a file or folder into the folder ``damaged``, under a name that is free; → where it is. Raises OSError."""
    damaged.mkdir(exist_ok=True)
    target = free_name(damaged / path.name)
    os.rename(path, target)
    return target


def free_name(path: Path) -> Path:
    """The path, or with a number behind it where something is there."""
    free, number = path, 1
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def clear_the_way(folder: Path) -> list[str]:
    """Set aside what stands where SQLite has its own files and is none, which it would not get past; → sentences.

    Raises DamagedFacts where facts.sqlite itself is no file, or gone from beside what was made later, or where one that
    was saved waits to take its place.
    """
    if os.path.isfile(folder / SALVAGED / FILE):
        raise DamagedFacts("what could be saved of it was not put in its place yet")
    if os.path.exists(folder / FILE) and not os.path.isfile(folder / FILE):
        raise DamagedFacts(f"{FILE} is no file")
    with contextlib.suppress(OSError):  # what may not be looked into, opening it tells of
        gone = not os.path.lexists(folder / FILE) or os.path.getsize(folder / FILE) == 0
        # Not while another program makes the store: these come long after the first page.
        if gone and store_files.has_remains(folder):
            raise DamagedFacts(f"{FILE} is gone")
    told = []
    for end in ("-wal", "-shm", "-journal"):
        path = folder / f"{FILE}{end}"
        if os.path.lexists(path) and (os.path.islink(path) or not os.path.isfile(path)):
            with contextlib.suppress(OSError):  # then SQLite says what it cannot do
                told.append(f"{path} is no file; it was set aside as {set_aside(path, folder / 'damaged')}.")
    return told


def drop_shard(facts: Facts, shard: Shard, trouble: ShardTrouble | OSError) -> str | None:
    """Set a damaged shard aside and forget its embeddings, so that the next indexing makes them anew.

    Returns a sentence for the user; None where the store does not have it any more: another program rewrote it.
    Raises StoreError, also where the file is there but cannot be read now: that may pass, nothing is forgotten for it.
    """
    with facts.reading() as connection:
        if connection.execute("SELECT 1 FROM shards WHERE id = ?", (shard.id,)).fetchone() is None:
            return None
    if isinstance(trouble, OSError):
        raise StoreError(
            f"The file {shard.file} of the embedding store in {facts.folder} cannot be read: "
            f"{trouble.strerror or trouble}."
        ) from trouble
    what = f"A part of the embedding store in {facts.folder}, {shard.file}, {trouble}"
    again = f"{count(shard.rows, 'picture')} must be indexed again: index the archive once more"
    if facts.read_only:
        return f"{what}; {again}, when the folder is writable."
    kept = ""
    with facts.transaction(durable=True) as connection:
        if connection.execute("SELECT 1 FROM shards WHERE id = ?", (shard.id,)).fetchone() is None:
            return None
        # First the file, then the row: where the program dies in between, the row points to a file that is missing.
        with contextlib.suppress(OSError):  # it is gone, or open elsewhere on Windows: ``compact`` deletes it later
            if SHARD_NAME.fullmatch(shard.file):  # else it may lie anywhere, and be anybody's
                aside = set_aside(facts.folder / "shards" / shard.file, facts.folder / "damaged")
                kept = f" It was set aside in {aside}."
        encoder = connection.execute("SELECT encoder FROM shards WHERE id = ?", (shard.id,)).fetchone()[0]
        connection.execute("DELETE FROM shards WHERE id = ?", (shard.id,))
        connection.execute("UPDATE encoders SET generation = generation + 1 WHERE id = ?", (encoder,))
    log.warning("%s.%s", what, kept)
    return f"{what}.{kept} {again}."


def raise_stale(sentence: str | None, folder: Path) -> NoReturn:
    """``sentence`` is None where another program changed the store."""
    if sentence is None:
        raise StaleView(f"The embedding store in {folder} was tidied up meanwhile; start the search again.")
    raise StaleView(sentence, damaged=True)


def set_folder_aside(folder: Path, why: str) -> str:
    """Rename the folder of a store whose facts are damaged; → a sentence for the user. Raises StoreError.

    Call it under a lock: of two programs, the second would rename the first one's new store.
    """
    target = free_name(folder.with_name(f"{folder.name}.damaged-{time.strftime('%Y-%m-%d')}"))
    try:
        os.rename(folder, target)
    except OSError as exc:
        raise StoreError(
            f"The embedding store in {folder} is damaged ({why}) and could not be set aside: {exc.strerror or exc}. "
            "Close other programs that use it, or move that folder away yourself."
        ) from exc
    log.warning("The store in %s is damaged (%s); it was set aside as %s.", folder, why, target)
    return (
        f"The embedding store was damaged ({why}). It was set aside as {target} and a new one was begun: "
        "index your archives again."
    )


def open_facts(folder: Path, notices: list[str]) -> Facts:
    """Open facts.sqlite, or make it where there is none. Raises StoreError and DamagedFacts."""
    try:
        notices += clear_the_way(folder)
        try:
            return Facts(folder)
        except MovedFacts:
            # Another program may just be putting what it saved in its place. Until it is there it waits elsewhere, so
            # that looking again tells. One that is made now would be another store, with whose log SQLite would then
            # overwrite the one that was saved.
            notices += clear_the_way(folder)
            return Facts(folder, make=True)
    except MovedFacts as exc:
        raise StoreError(gone(folder)) from exc


def begin_anew(folder: Path, notices: list[str]) -> Facts:
    """Save what can be read of damaged facts, or set the folder aside and begin a new store. Raises StoreError.

    Neither where another program just did.
    """
    from filelock import FileLock, Timeout

    from ras.store.salvage import salvage

    lock = folder.with_name(f".{folder.name}.lock")
    try:
        with FileLock(str(lock), timeout=BUSY_SECONDS):
            try:
                return open_facts(folder, notices)
            except DamagedFacts as exc:
                notices.append(salvage(folder, str(exc)) or set_folder_aside(folder, str(exc)))
            return open_facts(folder, notices)
    except Timeout as exc:
        raise StoreError(
            f"The embedding store in {folder} is damaged, and another program is saving what can still be read of it. "
            "Try again when it is through."
        ) from exc
    except (OSError, NotImplementedError) as exc:  # the second where files cannot be locked, on shares
        raise StoreError(
            f"The embedding store in {folder} is damaged, and could not be set aside: {exc}. Move that folder away."
        ) from exc
    except DamagedFacts as exc:
        raise StoreError(f"The embedding store in {folder} cannot be made anew: {exc}. Is the disk damaged?") from exc
