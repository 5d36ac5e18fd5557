"""The care of what RAS keeps, as jobs: repairing the store, and clearing what is not wanted any more."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ras.health.aside import clear_set_aside
from ras.kept_store import kept_store
from ras.paths import store_folder
from ras.records import Job, Progress
from ras.store import CompactReport, EmbeddingStore, VerifyReport
from ras.store.verified import forget
from ras.text import clean, count, size, whole


@dataclass(frozen=True)
class Repaired:
    """How a repair went."""

    verified: VerifyReport
    compacted: CompactReport | None
    """None where the facts were so damaged that what could be read was saved into new ones, or nothing could."""
    notices: tuple[str, ...]
    incomplete: tuple[tuple[str, int], ...]
    """(name, pictures that must be indexed again) of each archive that damage has cost embeddings or previews."""

    @property
    def sentence(self) -> str:
        said = [*self.notices, *(self.verified.damaged if self.compacted is not None else ())]
        if not said:
            said.append("Nothing is damaged.")
        if self.compacted is not None and self.compacted.after < self.compacted.before:
            said.append(f"{size(self.compacted.before - self.compacted.after)} that nothing used were given back.")
        if self.incomplete:
            named = ", ".join(
                f"“{clean(name, longest=60)}” ({count(lost, 'picture')})" for name, lost in self.incomplete[:5]
            )
            more = f" and {whole(len(self.incomplete) - 5)} more" if len(self.incomplete) > 5 else ""
            said.append(f"Open and index again: {named}{more}.")
        return " ".join(said)


def repair() -> Job[Repaired]:
    """Read everything through, set aside what is damaged, give back what nothing uses; begin anew where need be."""
    with kept_store() as store:
        notices = tuple(store.notices)
        known = [(archive.name, archive.pictures) for archive in store.archives()]
        verified = yield from store.verify()
        sound = not verified.damaged or _is_open(store)
        if sound:
            compacted = yield from store.compact()
            lost = (yield from _incomplete(store)) if verified.to_make else ()
            return Repaired(verified, compacted, notices, lost)
    with kept_store() as store:  # saves what can be read of what verify found damaged
        there = {archive.name for archive in store.archives()}
        lost = (yield from _incomplete(store)) + tuple(one for one in known if one[0] not in there)
        return Repaired(verified, None, (*notices, *store.notices), lost)


def forget_failures() -> Job[int]:
    """Have the next indexing try again what could not be had; how many pictures that are."""
    yield Progress("Forgetting what could not be had", 0)
    with kept_store() as store:
        return store.forget_failures()


def clear_everything() -> Job[int]:
    """Forget every archive and delete what was set aside; how many bytes that freed. Exports stay as they are."""
    freed = 0
    with kept_store() as store:
        for archive in store.archives():
            freed += yield from store.remove(archive.id)
        report = yield from store.compact()
        freed += max(0, report.before - report.after)
    forget(store_folder())
    return freed + (yield from clear_set_aside())


def _is_open(store: EmbeddingStore) -> bool:
    """Whether the facts can be read; where they were found damaged, the next opening sets the store aside."""
    from ras.store.connection import MARK

    return not os.path.exists(str(store.folder / MARK))


def _incomplete(store: EmbeddingStore) -> Job[tuple[tuple[str, int], ...]]:
    found = []
    encoders = list(store.usage().embeddings)
    for archive in store.archives():
        yield Progress("Looking for what must be indexed again", 0)
        records = store.load([archive.id]).records
        there = max((int((store.contents_of(records, each) >= 0).sum()) for each in encoders), default=0)
        failed = len(store.failures([record.key for record in records]))
        unseen = max((int(store.lacking_previews(records, each).sum()) for each in encoders), default=0)
        if len(records) - there - failed + unseen > 0:
            found.append((archive.name, len(records) - there - failed + unseen))
    return tuple(found)
