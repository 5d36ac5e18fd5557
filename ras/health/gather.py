"""Gathers how RAS is. Opens the store as every part of the program does, asks nothing of the network."""

from __future__ import annotations

import os
import shutil

from ras.crashes.folder import reports
from ras.errors import StoreError
from ras.health.aside import set_aside
from ras.health.facts import NONE, READ_ONLY, UNUSABLE, WRITABLE, Health, StoreFacts
from ras.health.limits import limits
from ras.log_file import log_path
from ras.paths import data_folder, store_folder
from ras.records import Job, Progress
from ras.settings import Settings
from ras.store_files import is_there

_STAGE = "Looking at what RAS keeps"


def gather(settings: Settings) -> Job[Health]:
    """Whatever cannot be looked at is said in the facts; nothing of it is raised."""
    yield Progress(_STAGE, 0)
    store = store_facts()  # first: a damaged store is set aside when it is opened
    yield Progress(_STAGE, 0)
    return Health(
        store=store,
        aside=set_aside(),
        limits=limits(settings),
        data_folder=data_folder(),
        free=free_disk(),
        log=log_path(),
        crashes=reports(),
    )


def store_facts() -> StoreFacts:
    folder = store_folder()
    if not is_there(folder):
        return StoreFacts(folder, NONE)
    from ras.store import EmbeddingStore, last_verify

    try:
        with EmbeddingStore(folder) as store:
            return StoreFacts(
                folder,
                READ_ONLY if store.read_only else WRITABLE,
                tuple(store.notices),
                len(store.archives()),
                store.usage(),
                tuple(store.failures_by_reason().items()),
                last_verify(folder),
            )
    except StoreError as exc:
        return StoreFacts(folder, UNUSABLE, (str(exc),), verified=last_verify(folder))


def free_disk() -> int | None:
    """Bytes that are free where the data folder is, or will be."""
    folder = data_folder()
    while not os.path.exists(str(folder)) and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(str(folder)).free
    except OSError:
        return None
